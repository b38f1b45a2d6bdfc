//! The sequence numbers of one direction: what was sent, what of it was seen whole, what was acknowledged.

use std::time::Duration;

use synfin_wire::tcp::sack_len;
use synfin_wire::{Instant, SeqNumber};

use super::automaton::{LONGEST_TIMEOUT, Moment};
use crate::packet::Packet;

/// Runs beyond a gap that are kept; further ones are forgotten, and the gap's end is then known by acknowledgments.
const MOST_RUNS: usize = 64;
/// Frames that are kept to tell when a number was sent.
const MOST_MARKERS: usize = 64;
/// As many as a short connection has.
const USUAL_MARKERS: usize = 16;

/// What a packet is to its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Text that is awaited next.
    InOrder,
    /// Text behind a gap.
    BeyondGap,
    /// Text before what has come already.
    FillsGap,
    /// The FIN, nothing before it missing.
    Fin,
    /// Nothing that was not there before.
    Old,
    /// Its timestamp is older than one that came before.
    TooOld,
    /// An old number with one octet or none: it wants an answer.
    Probe,
    /// A SYN on a synchronized connection.
    Syn,
    /// An RST.
    Rst,
    /// An acknowledgment of what was never sent.
    BadAck,
    /// No number, and nothing to answer.
    Nothing,
}

/// A segment: when it was seen, and the newest frame of the other end that its sender had by then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queued {
    pub(crate) sent: Moment,
    pub(crate) after: Option<Moment>,
}

/// A packet that lies behind a gap: its number, when it was seen, and what its sender had received before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ahead {
    seq: SeqNumber,
    pub(crate) seen: Moment,
    pub(crate) before: Option<Moment>,
}

/// What was seen beyond a gap without another in it.
#[derive(Clone, Copy, Debug)]
struct Run {
    start: SeqNumber,
    end: SeqNumber,
    /// When the first of it came: then there was a gap before it.
    since: Instant,
}

/// One direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Space {
    /// The number of the SYN, or else the first that was seen.
    first: Option<SeqNumber>,
    syn_seen: bool,
    sack_permitted: bool,
    /// Behind the last number that was sent.
    most_sent: SeqNumber,
    /// Behind the last number up to which nothing is missing.
    whole: SeqNumber,
    /// What was seen beyond that, in order, apart from each other.
    runs: Vec<Run>,
    /// Behind the FIN.
    fin_end: Option<SeqNumber>,
    /// The most that the other end has acknowledged.
    acknowledged: Option<SeqNumber>,
    /// Numbers with the frame that first carried them, the newest last.
    markers: Vec<(SeqNumber, Moment)>,
    /// The first packet whose number lies behind all that was seen: what lies between was sent before it.
    ahead: Option<Ahead>,
    /// The last new text and the FIN.
    last_text: Option<Moment>,
    fin: Option<Moment>,
    /// How often the oldest unacknowledged thing was sent again, and when last.
    repeats: u32,
    last_sent_at: Instant,
    /// The longest that it waited between two of these.
    waited: Duration,
    /// Keep-alive probes, or knocks at a closed window, since the other end was heard last.
    probes: u32,
    /// What the other end's SYN allows in one segment, octets.
    mss: Option<u16>,
    /// By how much it shifts its windows.
    shift: u8,
    /// The first new text since the sender had nothing queued.
    queued_since: Option<Queued>,
    /// How long the last segment was that did not end what the user has written.
    full_len: u32,
    /// The last new text.
    last_queued: Option<Queued>,
    /// When the other end was heard last.
    answered_at: Option<Instant>,
    /// When all that was sent became acknowledged, while that lasts.
    idle_since: Option<Instant>,
    /// Behind the last number that the other end's window takes.
    window_edge: Option<SeqNumber>,
    /// So much was sent that a number before the first may be one behind it.
    has_come_far: bool,
    /// Packets far beyond it since the other end was heard last.
    strays: u8,
}

/// A timer runs for no longer than this at first (RFC 6298 section 2.1).
pub(crate) const INITIAL_RTO: Duration = Duration::from_secs(1);

/// What lies further than this beyond the window is not there because a few acknowledgments are not in the capture,
/// octets.
const FAR: u32 = 1 << 16;
/// A quarter of all numbers, octets: behind that what lies before and what lies behind may be mistaken for each other.
const COME_FAR: u32 = 1 << 30;
/// So many packets far beyond the window show that the capture lacks more than a few.
const MOST_STRAYS: u8 = 4;

/// A segment of less than what the peer allows, timestamps aside, ends what its user has written (RFC 9293 3.7.4).
const DEFAULT_MSS: u16 = 536;
const TIMESTAMPS_LEN: u16 = 12;

impl Space {
    /// A packet of this direction that is no RST.
    ///
    /// Text that follows an acknowledgment of everything within `patience` was queued before that came. `before` and
    /// `after` are the newest frames of the other end that the sender had at its last packet, and has at this one.
    pub(crate) fn sent(
        &mut self,
        packet: &Packet<'_>,
        before: Option<Moment>,
        after: Option<Moment>,
        patience: Duration,
    ) {
        let (header, len) = (&packet.header, packet.sequence_length());
        let (seq, end) = (header.seq, header.seq + len);
        match self.first {
            None => self.begin(seq, packet),
            // The SYN comes behind what follows it where the network has exchanged them.
            Some(_) if header.flags.syn() && !self.syn_seen => {
                self.first = Some(seq);
                self.syn_seen = true;
            }
            Some(_) => {}
        }
        self.sack_permitted |= header.options.sack_permitted || !header.options.sack.is_empty();
        if header.flags.fin() {
            self.fin_end = Some(end);
            self.fin.get_or_insert(Moment { frame: packet.frame, at: packet.at });
        }
        if seq.after(self.most_sent) && self.ahead.is_none_or(|ahead| seq.after(ahead.seq)) {
            self.ahead = Some(Ahead { seq, seen: Moment { frame: packet.frame, at: packet.at }, before });
        }
        // What is not acknowledged yet goes again for its own sake.
        let is_had = self.acknowledged.is_some_and(|acknowledged| end.at_or_before(acknowledged));
        let opens_or_closes = header.flags.syn() || header.flags.fin();
        if len <= 1 && seq.before(self.whole) && is_had && !opens_or_closes {
            self.probes += 1;
        }
        if len == 0 {
            return;
        }
        if end.after(self.most_sent) {
            self.queue(packet, after, patience);
            self.starts_anew();
            self.mark(end, Moment { frame: packet.frame, at: packet.at });
            self.most_sent = end;
            self.has_come_far |= self.first.is_some_and(|first| end.octets_since(first) >= COME_FAR);
            if packet.len > 0 {
                self.last_text = Some(Moment { frame: packet.frame, at: packet.at });
            }
        } else if self.acknowledged.is_none_or(|acknowledged| end.after(acknowledged)) {
            self.repeats += 1;
            self.waited = self.waited.max(packet.at - self.last_sent_at);
        }
        self.last_sent_at = packet.at;
        self.take(Run { start: seq, end, since: packet.at });
    }

    /// What was sent again was answered, or is not the newest: the next that goes again is the first.
    fn starts_anew(&mut self) {
        self.repeats = 0;
        self.waited = Duration::ZERO;
    }

    fn begin(&mut self, seq: SeqNumber, packet: &Packet<'_>) {
        self.first = Some(seq);
        self.syn_seen = packet.header.flags.syn();
        self.whole = seq;
        self.most_sent = seq;
    }

    /// New text was sent: it was queued, and whether more is queued behind it shows in its length.
    fn queue(&mut self, packet: &Packet<'_>, after: Option<Moment>, patience: Duration) {
        let queued = Queued { sent: Moment { frame: packet.frame, at: packet.at }, after };
        if self.was_idle(packet.at, patience) {
            self.queued_since = None;
        }
        self.idle_since = None;
        if packet.len == 0 {
            return;
        }
        self.last_queued = Some(queued);
        self.queued_since.get_or_insert(queued);
        let full = self.full_segment();
        // What it reports of the other direction takes room as well.
        let options = sack_len(packet.header.options.sack.len()) as u32;
        let is_full = |full: u32| packet.len.is_multiple_of(full.saturating_sub(options).max(1));
        let is_short =
            !is_full(full) && !is_full(full + u32::from(TIMESTAMPS_LEN)) && packet.len != self.full_len;
        if !is_short {
            self.full_len = packet.len;
        }
        let end = packet.header.seq + packet.len;
        let leaves_room = self.window_edge.is_some_and(|edge| edge.octets_since(end) >= full);
        if is_short && packet.header.flags.psh() && leaves_room {
            self.queued_since = None;
        }
    }

    /// Text of the largest segment that the other end takes, timestamps beside it; octets.
    pub(crate) fn full_segment(&self) -> u32 {
        u32::from(self.mss.unwrap_or(DEFAULT_MSS).saturating_sub(TIMESTAMPS_LEN)).max(1)
    }

    /// Octets of text in a segment of the largest size, with the options that this packet has; `guess` where the SYN
    /// that says so was not seen.
    pub(crate) fn largest_text(&self, packet: &Packet<'_>, guess: u16) -> u32 {
        let options = if packet.header.options.timestamps.is_some() { TIMESTAMPS_LEN } else { 0 };
        u32::from(self.mss.unwrap_or(guess).saturating_sub(options)).max(1)
    }

    fn was_idle(&self, now: Instant, patience: Duration) -> bool {
        self.idle_since.is_some_and(|since| now - since > patience)
    }

    /// The first segment of what may still have been queued when the user closed; `None` where the FIN went as he did.
    ///
    /// A FIN without text found nothing queued, or it would have gone with that: it can only have waited for room in
    /// the congestion window, which an acknowledgment made.
    pub(crate) fn queued_since(
        &self,
        fin: &Packet<'_>,
        after: Option<Moment>,
        patience: Duration,
    ) -> Option<Queued> {
        if fin.len > 0 {
            let own = Queued { sent: Moment { frame: fin.frame, at: fin.at }, after };
            return if self.was_idle(fin.at, patience) {
                Some(own)
            } else {
                Some(self.queued_since.unwrap_or(own))
            };
        }
        let in_flight = self.acknowledged.is_some_and(|acknowledged| self.most_sent.after(acknowledged));
        let clocked = self.answered_at.is_some_and(|at| fin.at - at <= patience);
        self.last_queued.filter(|_| in_flight && clocked)
    }

    fn mark(&mut self, end: SeqNumber, moment: Moment) {
        if self.markers.len() == MOST_MARKERS {
            // Every second of the older half: what is far back needs less precision.
            let mut index = 0;
            self.markers.retain(|_| {
                index += 1;
                index > MOST_MARKERS / 2 || index % 2 == 0
            });
        }
        if self.markers.is_empty() {
            self.markers.reserve(USUAL_MARKERS);
        }
        self.markers.push((end, moment));
    }

    fn take(&mut self, run: Run) {
        if run.start.after(self.whole) {
            self.take_beyond(run);
            return;
        }
        self.whole = self.whole.later(run.end);
        self.join();
    }

    /// Runs that touch become one, so that there are as many as there are gaps.
    fn take_beyond(&mut self, new: Run) {
        let at = self.runs.iter().position(|run| run.end.at_or_after(new.start)).unwrap_or(self.runs.len());
        let touched = self.runs[at..].iter().take_while(|run| run.start.at_or_before(new.end)).count();
        if touched == 0 {
            if self.runs.len() < MOST_RUNS {
                self.runs.insert(at, new);
            }
            return;
        }
        let merged = self.runs[at..at + touched].iter().fold(new, |merged, run| Run {
            start: merged.start.earlier(run.start),
            end: merged.end.later(run.end),
            since: merged.since.min(run.since),
        });
        self.runs.splice(at..at + touched, [merged]);
    }

    fn join(&mut self) {
        let mut joined = 0;
        for run in &self.runs {
            if run.start.after(self.whole) {
                break;
            }
            self.whole = self.whole.later(run.end);
            joined += 1;
        }
        self.runs.drain(..joined);
    }

    /// A packet of the other direction, which tells of this one.
    pub(crate) fn answered(&mut self, packet: &Packet<'_>) {
        self.probes = 0;
        self.strays = 0;
        self.answered_at = Some(packet.at);
        let header = &packet.header;
        if header.flags.syn() {
            self.mss = header.options.mss.or(self.mss);
            self.shift = header.options.window_scale.unwrap_or(0).min(14);
        }
        if header.flags.ack() {
            let shift = if header.flags.syn() { 0 } else { self.shift };
            let window = u32::from(header.window) << shift;
            if header.flags.syn() && self.syn_seen && header.ack.after(self.most_sent) {
                // It does not answer the SYN that was sent (RFC 9293 section 3.10.7.3).
                return;
            }
            self.window_edge = Some(header.ack + window);
            self.acknowledged(header.ack);
            if window == 0 {
                // What knocks at a closed window goes again without end (RFC 9293 section 3.8.6.1).
                self.starts_anew();
            }
            // Less than a segment is not worth sending into (RFC 9293 section 3.8.6.2.1).
            if window >= self.full_segment() && header.ack == self.most_sent {
                self.idle_since.get_or_insert(packet.at);
            }
        }
    }

    fn acknowledged(&mut self, ack: SeqNumber) {
        if self.first.is_none() {
            // This direction was not seen so far: what is acknowledged was sent.
            self.first = Some(ack);
            self.whole = ack;
            self.most_sent = ack;
        }
        if self.acknowledged.is_none_or(|acknowledged| ack.after(acknowledged)) {
            self.acknowledged = Some(ack);
            self.starts_anew();
        }
        // What was acknowledged arrived, whether it was captured or not.
        if ack.after(self.whole) {
            self.whole = ack;
            self.most_sent = self.most_sent.later(ack);
            self.join();
        }
    }

    /// What a packet of this direction is to the other end, if everything before it has arrived.
    pub(crate) fn arrival(&self, packet: &Packet<'_>) -> Arrival {
        let (seq, len) = (packet.header.seq, packet.sequence_length());
        let end = seq + len;
        if !self.is_seen() {
            return if packet.header.flags.fin() { Arrival::Fin } else { Arrival::InOrder };
        }
        if seq.before(self.whole) && len <= 1 && end.at_or_before(self.whole) && !packet.header.flags.fin() {
            return Arrival::Probe;
        }
        match len {
            0 => Arrival::Nothing,
            _ if end.at_or_before(self.whole) => Arrival::Old,
            _ if seq.after(self.whole) => Arrival::BeyondGap,
            _ if !self.runs.is_empty() => Arrival::FillsGap,
            _ if packet.header.flags.fin() => Arrival::Fin,
            _ => Arrival::InOrder,
        }
    }

    /// Whether a segment with this number was sent, and is not acknowledged as far as was seen.
    pub(crate) fn is_in_flight(&self, number: SeqNumber) -> bool {
        let oldest = self.acknowledged.or(self.first);
        oldest.is_some_and(|oldest| number.at_or_after(oldest) && number.before(self.most_sent))
    }

    /// Whether a number lies by more than another window beyond what the other end takes.
    pub(crate) fn is_far_beyond_window(&self, number: SeqNumber) -> bool {
        self.strays < MOST_STRAYS
            && self.acknowledged.zip(self.window_edge).is_some_and(|(from, edge)| {
                let size = if edge.after(from) { edge.octets_since(from) } else { 0 };
                number.after(edge + size.max(FAR)) && number.after(self.most_sent)
            })
    }

    /// Whether a number is none of this direction's: before the SYN, or far beyond what was ever allowed. Only where both
    /// SYNs were seen is it known.
    pub(crate) fn is_foreign(&self, number: SeqNumber) -> bool {
        let (Some(first), Some(edge)) = (self.first, self.window_edge) else { return false };
        let from = self.acknowledged.unwrap_or(first);
        let size = if edge.after(from) { edge.octets_since(from) } else { 0 };
        let is_beyond = number.after(self.most_sent.later(edge) + size.max(FAR));
        let is_before = !self.has_come_far && number.before(first);
        self.syn_seen && self.mss.is_some() && (is_before || is_beyond)
    }

    /// A packet far beyond the window has passed.
    pub(super) fn strays(&mut self) {
        self.strays = self.strays.saturating_add(1);
    }

    pub(crate) fn sack_permitted(&self) -> bool {
        self.sack_permitted
    }

    /// The number that relative ones count from.
    pub(crate) fn first_number(&self) -> Option<SeqNumber> {
        self.first
    }

    pub(crate) fn syn_seen(&self) -> bool {
        self.syn_seen
    }

    pub(crate) fn is_seen(&self) -> bool {
        self.first.is_some()
    }

    /// Whether this number is one that the other end has had.
    pub(crate) fn has_passed(&self, number: SeqNumber) -> bool {
        self.is_seen() && number.before(self.whole)
    }

    /// Whether all that a packet carries was carried before. Its receiver looks no further (RFC 9293 section 3.10.7.4).
    pub(crate) fn has_had(&self, packet: &Packet<'_>) -> bool {
        let len = packet.sequence_length();
        self.is_seen() && len > 0 && (packet.header.seq + len).at_or_before(self.whole)
    }

    /// Behind the last number that was sent.
    pub(crate) fn most_sent(&self) -> SeqNumber {
        self.most_sent
    }

    /// What the other end awaits next if everything that was seen has arrived: RCV.NXT.
    pub(crate) fn whole(&self) -> SeqNumber {
        self.whole
    }

    pub(crate) fn acknowledged_to(&self) -> Option<SeqNumber> {
        self.acknowledged
    }

    pub(crate) fn fin_end(&self) -> Option<SeqNumber> {
        self.fin_end
    }

    /// When the FIN was seen first.
    pub(crate) fn fin_moment(&self) -> Option<Moment> {
        self.fin
    }

    pub(crate) fn has_sent_text_or_fin(&self) -> bool {
        self.last_text.is_some() || self.fin_end.is_some()
    }

    fn last_text_frame(&self) -> Option<u64> {
        self.last_text.map(|moment| moment.frame)
    }

    /// When new text went last.
    pub(crate) fn last_text_at(&self) -> Option<Instant> {
        self.last_text.map(|moment| moment.at)
    }

    /// It has sent text since the other end sent its own last.
    pub(crate) fn has_spoken_since(&self, other: &Self) -> bool {
        self.last_text_frame() > other.last_text_frame()
    }

    /// It has sent text since the other end sent its FIN.
    pub(crate) fn has_spoken_since_fin_of(&self, other: &Self) -> bool {
        other.fin.is_some() && self.last_text_frame() > other.fin.map(|fin| fin.frame)
    }

    /// Whether an acknowledgment covers the SYN that was sent.
    pub(crate) fn syn_covered_by(&self, ack: SeqNumber) -> bool {
        match self.first {
            Some(first) if self.syn_seen => ack.after(first) && ack.at_or_before(self.most_sent),
            _ => false,
        }
    }

    /// Whether an acknowledgment of the SYN covers text, too.
    pub(crate) fn syn_text_covered_by(&self, ack: SeqNumber) -> bool {
        self.first.is_some_and(|first| ack.after(first + 1)) && ack.at_or_before(self.most_sent)
    }

    /// Whether an acknowledgment covers the FIN that was sent.
    pub(crate) fn fin_covered_by(&self, ack: SeqNumber) -> bool {
        self.fin_end.is_some_and(|end| ack.at_or_after(end) && ack.at_or_before(self.most_sent))
    }

    /// The packet that shows that this one was sent before it, lost, and sent again.
    pub(crate) fn ahead_of(&self, packet: &Packet<'_>) -> Option<Ahead> {
        let end = packet.header.seq + packet.sequence_length();
        self.ahead.filter(|ahead| ahead.seq.at_or_after(end))
    }

    /// Behind the FIN, when nothing before it is missing.
    pub(crate) fn whole_to_the_fin(&self) -> Option<SeqNumber> {
        self.fin_end.filter(|end| self.whole.at_or_after(*end))
    }

    /// Whether a FIN is the first.
    pub(crate) fn is_new_fin(&self, packet: &Packet<'_>) -> bool {
        let end = packet.header.seq + packet.sequence_length();
        self.fin_end.is_none_or(|known| end.after(known))
    }

    /// The newest frame that an acknowledgment covers: it arrived before that was sent.
    pub(crate) fn moment_of(&self, ack: SeqNumber) -> Option<Moment> {
        self.markers.iter().rev().find(|(end, _)| end.at_or_before(ack)).map(|(_, moment)| *moment)
    }

    /// Whether some of these numbers are seen for the first time.
    pub(crate) fn fills_hole(&self, seq: SeqNumber, end: SeqNumber) -> bool {
        let is_within = |run: &Run| seq.at_or_after(run.start) && end.at_or_before(run.end);
        self.is_seen() && end.after(self.whole) && !self.runs.iter().any(is_within)
    }

    /// The first frame that carried something behind this number.
    pub(crate) fn next_after(&self, ack: SeqNumber) -> Option<Moment> {
        let behind = self.markers.iter().rev().take_while(|(end, _)| end.after(ack));
        behind.last().map(|(_, moment)| *moment)
    }

    /// Since when something is missing before this number.
    pub(crate) fn missing_since(&self, end: SeqNumber) -> Option<Instant> {
        let behind = self.runs.iter().filter(|run| run.start.at_or_after(end));
        behind.map(|run| run.since).min().or(self.next_after(end).map(|later| later.at))
    }

    /// The newest packet with something new that had been seen by a moment.
    pub(crate) fn newest_at(&self, at: Instant) -> Option<Moment> {
        self.markers.iter().rev().map(|(_, moment)| *moment).find(|moment| moment.at <= at)
    }

    /// Octets that the other end's window takes behind this number, as far as is known.
    pub(crate) fn room_after(&self, end: SeqNumber) -> Option<u32> {
        self.window_edge.map(|edge| edge.octets_since(end))
    }

    /// Whether the other end's window is closed.
    pub(crate) fn is_shut_out(&self) -> bool {
        self.window_edge.is_some() && self.window_edge == self.acknowledged
    }

    /// Probes since the other end was heard last.
    pub(crate) fn probes(&self) -> u32 {
        self.probes
    }

    /// How often what is unacknowledged was sent again without an answer, and when last.
    pub(crate) fn unanswered(&self) -> Option<(u32, Instant)> {
        let open = self.acknowledged.is_none_or(|acknowledged| self.most_sent.after(acknowledged));
        (open && self.repeats > 0).then_some((self.repeats, self.last_sent_at))
    }

    /// Whether what is unacknowledged has waited for so long before it went again.
    pub(crate) fn has_waited(&self, least: Duration) -> bool {
        self.waited >= least
    }

    /// Whether what was sent again would have gone once more by `end`: a timer that backs off runs for twice as long as
    /// before (RFC 6298 section 5.5), up to a limit. A quarter of it is left to timers that are late.
    pub(crate) fn falls_silent(&self, end: Instant) -> bool {
        let next = (self.waited * 2).clamp(INITIAL_RTO, LONGEST_TIMEOUT);
        end - self.last_sent_at > next + next / 4
    }
}
