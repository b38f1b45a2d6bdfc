//! Why text or a FIN was sent, or sent again (RFC 9293 section 3.8, RFC 5681, 6298, 8985), and what a probe is for.

use std::time::Duration;

use synfin_ladder::Seen;
use synfin_wire::{Instant, SendReason, SeqNumber, TcpHeader};

use super::acknowledgment::{Receiver, USUAL_FULL_SEGMENT};
use super::{Context, Why};
use crate::lost::is_before;
use crate::packet::Packet;

/// No retransmission timer is shorter than this (RFC 6298 asks for a second; stacks take 200 ms).
const SHORTEST_RTO: Duration = Duration::from_millis(195);
/// The timer before a round trip was measured (RFC 6298 section 2.1).
const FIRST_RTO: Duration = Duration::from_secs(1);
/// Duplicate acknowledgments that show a loss (RFC 5681 section 3.2).
const DUPLICATES: u32 = 3;
/// What fills a gap sooner than this was overtaken, where no round trip is known. tshark takes the same.
const OVERTAKEN: Duration = Duration::from_millis(3);
/// Who heeds an ICMP message does so sooner than this.
const AT_ONCE: Duration = Duration::from_millis(5);
/// Nobody asks sooner than this whether his peer is still there.
const SHORTEST_KEEP_ALIVE: Duration = Duration::from_secs(1);
/// Octets of the headers of IPv4 and TCP without options.
const SHORTEST_HEADERS: u32 = 40;

/// What one side has sent, and what it has learnt of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Sender {
    /// The oldest number that is not acknowledged.
    una: Option<SeqNumber>,
    /// When that moved last, or text went last.
    moved_at: Instant,
    last_sent_at: Option<Instant>,
    /// The highest number that the peer has reported by SACK.
    sacked: Option<SeqNumber>,
    duplicates: u32,
    last_ack_at: Instant,
    peer_window: Option<u16>,
    /// The peer has closed its window, and nothing new went since.
    is_shut_out: bool,
    /// The last probe, and how long it had waited.
    knocked: Option<(Instant, Duration)>,
    /// The timestamp of the first acknowledgment that told of a gap, while there is one.
    gap_told_at: Option<u32>,
    /// A retransmission timer ran out last.
    timed_out_at: Option<Instant>,
    /// After a timeout: up to here everything goes again.
    loss_until: Option<SeqNumber>,
    /// What was sent again since that timeout.
    repeats: u32,
    /// During fast recovery: up to here.
    recovery_until: Option<SeqNumber>,
    partial: bool,
    /// What was sent again last: its end, and when.
    repeated: Option<(SeqNumber, Instant)>,
    /// When that was sent which was acknowledged and sent last (RFC 8985 section 6.2, RACK.xmit_ts).
    delivered_at: Instant,
    /// The timestamp of the first retransmission that is not acknowledged: an older echo shows that it was for nothing
    /// (RFC 3522). And behind the last that is not.
    repeated_at: Option<u32>,
    repeated_to: Option<SeqNumber>,
    /// The newest timestamp of what it has sent for the first time.
    newest: Option<u32>,
    /// The tail loss probe that is out.
    probe: Option<Probe>,
    /// What has to go in smaller segments.
    narrowed: Option<Narrowed>,
    /// Behind the text of the SYN.
    syn_text: Option<SeqNumber>,
    srtt: Option<Duration>,
    /// Four mean deviations, the most of them since the round trip before last, and as many as the timer allows for.
    deviation: Duration,
    peak: Duration,
    rttvar: Duration,
    timing: Option<(SeqNumber, Instant)>,
}

/// A tail loss probe (RFC 8985 section 7.4).
#[derive(Clone, Copy, Debug)]
struct Probe {
    /// Behind all that was sent by then.
    end: SeqNumber,
    is_retransmission: bool,
}

/// What was in flight when a link turned out to be narrower (RFC 9293 section 3.7.2).
#[derive(Clone, Copy, Debug)]
struct Narrowed {
    /// The link's MTU, octets; 0 where it was not said.
    mtu: u32,
    /// When it was said.
    at: Instant,
    /// Up to here it has gone again.
    from: Option<SeqNumber>,
    /// Behind all of it.
    until: SeqNumber,
}

impl Narrowed {
    /// Whether this goes again because of it: for the first time since then, and short enough or at once.
    fn repeats(&self, packet: &Packet<'_>) -> bool {
        let seq = packet.header.seq;
        let is_first = self.from.is_none_or(|from| seq.at_or_after(from));
        // What goes at once goes because of it, whatever its length: the card may cut it, shorter than before.
        let is_fit = self.mtu == 0 || packet.len + SHORTEST_HEADERS <= self.mtu;
        is_first && seq.before(self.until) && (is_fit || packet.at - self.at < AT_ONCE)
    }
}

impl Probe {
    /// Whether an acknowledgment leaves it open what became of it: then no other goes.
    fn is_still_out(self, header: &TcpHeader, is_duplicate: bool) -> bool {
        let ack = header.ack;
        // A range that is acknowledged already was received twice (RFC 2883).
        let reports_it = header.options.sack.first().is_some_and(|range| range.end.at_or_before(ack));
        ack.before(self.end) || self.is_retransmission && ack == self.end && !reports_it && !is_duplicate
    }
}

impl Sender {
    pub(super) fn why(&mut self, context: &Context<'_>, receiver: &Receiver) -> Why {
        let packet = context.packet;
        let end = packet.header.seq + packet.sequence_length();
        let is_new = !context.tracker.space(context.from).is_seen() || end.after(context.most_sent());
        if is_new { self.why_new(context, receiver) } else { self.why_again(context) }
    }

    fn why_new(&mut self, context: &Context<'_>, receiver: &Receiver) -> Why {
        let packet = context.packet;
        let because = receiver.last_received().map(|moment| moment.frame);
        let reason = match packet.len {
            0 => SendReason::Fin,
            1 if self.peer_window == Some(0) => SendReason::ZeroWindowProbe,
            // Once the second segment has gone again, the timeout is not doubted any more (RFC 5682 section 2.1).
            _ if self.loss_until.is_some() && self.repeats < 2 && self.peer_window != Some(0) => {
                SendReason::FrtoData
            }
            // Elsewhere what it had heard by then, and how long it had waited, is not to be seen.
            _ if !context.is_here() => SendReason::Data,
            _ if self.probe.is_none() && self.is_overdue(context) => {
                let end = packet.header.seq + packet.sequence_length();
                self.probe = Some(Probe { end, is_retransmission: false });
                SendReason::TailLossProbe
            }
            _ if self.is_open() && self.has_disorder(context) => SendReason::LimitedTransmit,
            _ => SendReason::Data,
        };
        Why::seen(reason, because)
    }

    /// Nothing is being repaired.
    fn is_open(&self) -> bool {
        self.recovery_until.is_none() && self.loss_until.is_none()
    }

    /// Something was duplicated or reported out of order, and nothing is taken for lost yet (RFC 3042).
    fn has_disorder(&self, context: &Context<'_>) -> bool {
        if context.tracker.negotiated_sack() { self.sacked.is_some() } else { self.duplicates > 0 }
    }

    /// Something is in flight, and for longer than its acknowledgment takes nothing was heard or sent.
    fn is_overdue(&self, context: &Context<'_>) -> bool {
        let in_flight = self.una.is_some_and(|una| una.before(context.most_sent()));
        let quiet_since = self.last_sent_at.unwrap_or_default().max(self.last_ack_at);
        in_flight && self.srtt.is_some_and(|srtt| context.ago(quiet_since) * 2 > srtt * 3)
    }

    fn why_again(&mut self, context: &Context<'_>) -> Why {
        let packet = context.packet;
        let (seq, end) = (packet.header.seq, packet.header.seq + packet.sequence_length());
        let space = context.tracker.space(context.from);
        let is_unseen = space.fills_hole(seq, end);
        let may_be_older = !self.is_younger(packet) && !self.repairs(context);
        let was_overtaken = self.is_older(packet)
            || may_be_older && (self.was_overtaken(context, end) || self.is_unaware(packet));
        if is_unseen && was_overtaken {
            return Why::inferred(Seen::Reordered, None);
        }
        let first = space.moment_of(end).filter(|_| !is_unseen);
        let overtaken = first.is_some_and(|first| first.at < self.delivered_at);
        let first = first.map(|moment| moment.frame);
        let una = self.una.unwrap_or(seq);
        let quiet = self.last_sent_at.is_some_and(|last| context.ago(last) >= SHORTEST_RTO);
        if quiet && packet.len > 1 {
            self.timed_out_at = Some(packet.at);
        }
        if end.at_or_before(una) {
            return match packet.len {
                // Its acknowledgment was seen here, and has not come to the sender.
                _ if packet.header.flags.fin() => Why::inferred(Seen::FinRetransmit, first),
                0 | 1 => self.why_probe(context),
                _ => Why::inferred(Seen::Retransmit, first),
            };
        }
        if packet.len == 1 && seq == una && self.peer_window == Some(0) {
            return Why::seen(SendReason::ZeroWindowProbe, None);
        }
        if self.syn_text.take_if(|until| seq == una && seq.before(*until)).is_some() {
            return Why::seen(SendReason::SynTextRetransmit, first);
        }
        if let Some(narrowed) = self.narrowed.as_mut().filter(|narrowed| narrowed.repeats(packet)) {
            narrowed.from = Some(end);
            return self.again(context, SendReason::PathMtuRetransmit, first);
        }
        if self.loss_until.is_some_and(|until| seq.before(until)) {
            return self.again(context, SendReason::RtoRetransmit, first);
        }
        let has_sack = context.tracker.negotiated_sack();
        let is_tail = end == context.most_sent();
        let waited = context.ago(self.moved_at.max(self.last_sent_at.unwrap_or_default()));
        // A probe is one segment (RFC 8985 section 7.3): what the card will cut into several is none.
        let is_one = packet.len <= space.largest_text(packet, USUAL_FULL_SEGMENT);
        let may_probe =
            is_tail && is_one && has_sack && self.probe.is_none() && self.sacked.is_none() && !overtaken;
        if seq == una && waited >= SHORTEST_RTO && !may_probe {
            return self.timed_out(context, first);
        }
        let shown_lost = self.sacked.is_some_and(|sacked| sacked.after(end))
            || self.duplicates >= DUPLICATES
            || overtaken && has_sack;
        let in_recovery = self.recovery_until.is_some_and(|until| seq.before(until));
        if shown_lost || in_recovery {
            // What lies beyond the point up to which recovery goes begins another.
            let until = self.recovery_until.filter(|_| in_recovery).unwrap_or(context.most_sent());
            self.recovery_until = Some(until);
            let reason = match (has_sack, self.partial) {
                (true, _) => SendReason::RackRetransmit,
                (false, true) => SendReason::PartialAckRetransmit,
                (false, false) => SendReason::FastRetransmit,
            };
            return self.again(context, reason, first);
        }
        if may_probe {
            self.probe = Some(Probe { end, is_retransmission: true });
            return self.again(context, SendReason::TailLossProbe, first);
        }
        if seq == una && waited >= SHORTEST_RTO.min(self.srtt.unwrap_or(SHORTEST_RTO) * 2) {
            return self.timed_out(context, first);
        }
        Why::inferred(if packet.header.flags.fin() { Seen::FinRetransmit } else { Seen::Retransmit }, first)
    }

    /// It was sent before something that has come: what goes again has the time at which it does so (RFC 7323 section 3.2).
    fn is_older(&self, packet: &Packet<'_>) -> bool {
        let stamps = packet.header.options.timestamps.zip(self.newest);
        stamps.is_some_and(|(stamps, newest)| is_before(stamps.value, newest))
    }

    /// Its sender had not heard of the gap when it went: it echoes something older (RFC 7323 section 4.3).
    fn is_unaware(&self, packet: &Packet<'_>) -> bool {
        let stamps = packet.header.options.timestamps.zip(self.gap_told_at);
        stamps.is_some_and(|(stamps, told)| is_before(stamps.echo, told))
    }

    /// Its retransmission timer has run out a moment ago: what fills a gap goes again.
    fn repairs(&self, context: &Context<'_>) -> bool {
        self.timed_out_at.is_some_and(|at| context.ago(at) < SHORTEST_RTO)
    }

    /// It was sent after all that has come.
    pub(super) fn is_younger(&self, packet: &Packet<'_>) -> bool {
        let stamps = packet.header.options.timestamps.zip(self.newest);
        stamps.is_some_and(|(stamps, newest)| is_before(newest, stamps.value))
    }

    /// It comes behind what was sent later, and too soon after that for its sender to have heard of the gap.
    fn was_overtaken(&self, context: &Context<'_>, end: SeqNumber) -> bool {
        let since = context.tracker.space(context.from).missing_since(end);
        let trip = context.tracker.answered_in(context.from).unwrap_or(OVERTAKEN);
        // The shortest trip need not be the shortest there is.
        since.is_some_and(|since| context.ago(since) * 4 < trip * 3)
    }

    /// A link on the way takes no more than this.
    pub(super) fn narrowed(&mut self, mtu: u32, at: Instant, until: SeqNumber) {
        let from = self.narrowed.filter(|narrowed| narrowed.mtu == mtu).and_then(|narrowed| narrowed.from);
        self.narrowed = Some(Narrowed { mtu, at, from, until });
    }

    fn timed_out(&mut self, context: &Context<'_>, first: Option<u64>) -> Why {
        self.loss_until = Some(context.most_sent());
        self.repeats = 0;
        self.probe = None;
        self.recovery_until = None;
        self.again(context, SendReason::RtoRetransmit, first)
    }

    fn again(&self, context: &Context<'_>, reason: SendReason, first: Option<u64>) -> Why {
        Why { certainty: context.certainty(), ..Why::seen(reason, first) }
    }

    /// An old number without text or with one octet: a knock at a closed window, or a question whether the peer is
    /// still there (RFC 9293 sections 3.8.6.1 and 3.8.4).
    pub(super) fn why_probe(&self, context: &Context<'_>) -> Why {
        // Elsewhere than at its end, a window that opens again may not have come to it.
        let may_be_shut_out = self.peer_window == Some(0) || self.is_shut_out && !context.is_here();
        let reason = if may_be_shut_out || self.knocks_at_closed_window(context) {
            SendReason::ZeroWindowProbe
        } else if context.packet.header.seq + 1 == context.most_sent() {
            SendReason::KeepAliveProbe
        } else {
            return Why::inferred(Seen::Ack, None);
        };
        Why::seen(reason, None)
    }

    /// Whether probes come so soon, or further and further apart, as only those at a closed window do (RFC 9293 section
    /// 3.8.6.1, RFC 1122 section 4.2.3.6). That is all there is to tell them where the other direction was not captured.
    fn knocks_at_closed_window(&self, context: &Context<'_>) -> bool {
        let Some(since) = self.knocked.map(|(at, _)| at).or(self.last_sent_at) else { return false };
        if context.tracker.is_captured(context.from.other()) {
            return false;
        }
        let waited = context.ago(since);
        let backs_off = self.knocked.is_some_and(|(_, before)| waited * 2 > before * 3);
        waited < SHORTEST_KEEP_ALIVE || backs_off
    }

    pub(super) fn sent(&mut self, context: &Context<'_>) {
        let packet = context.packet;
        let len = packet.sequence_length();
        if len <= 1 && packet.header.seq + 1 == context.most_sent() {
            let since = self.knocked.map(|(at, _)| at).or(self.last_sent_at);
            self.knocked = since.map(|since| (packet.at, context.ago(since)));
        }
        if len == 0 {
            return;
        }
        let end = packet.header.seq + len;
        let is_new = !context.tracker.space(context.from).is_seen() || end.after(context.most_sent());
        if is_new {
            (self.is_shut_out, self.knocked) = (false, None);
        }
        if let Some(stamps) = packet.header.options.timestamps.filter(|_| is_new && !self.is_older(packet)) {
            self.newest = Some(stamps.value);
        }
        if self.una.is_none() || is_new && self.una == Some(context.most_sent()) {
            self.moved_at = packet.at;
        }
        self.una.get_or_insert(packet.header.seq);
        if packet.header.flags.syn() && packet.len > 0 {
            self.syn_text = Some(end);
        }
        if is_new && self.timing.is_none() {
            self.timing = Some((end, packet.at));
        } else if !is_new {
            // Karn: what was sent twice measures nothing.
            self.timing = None;
            self.repeats += 1;
            self.repeated = Some((end, packet.at));
            self.repeated_to = Some(self.repeated_to.map_or(end, |to| to.later(end)));
            self.moved_at = packet.at;
            self.repeated_at =
                self.repeated_at.or(packet.header.options.timestamps.map(|stamps| stamps.value));
        }
        self.last_sent_at = Some(packet.at);
    }

    /// The other side has sent an acknowledgment, which arrives now.
    pub(super) fn acknowledged(&mut self, context: &Context<'_>) {
        let (packet, header) = (context.packet, &context.packet.header);
        let una = *self.una.get_or_insert(header.ack);
        self.last_ack_at = packet.at;
        if !header.options.sack.is_empty() {
            // What is behind a hole is acknowledged when that is filled.
            self.timing = None;
        }
        let own = context.tracker.space(context.from.other());
        for range in &header.options.sack {
            if range.end.after(header.ack) && !own.is_foreign(range.start) {
                self.sacked = Some(self.sacked.map_or(range.end, |sacked| sacked.later(range.end)));
            }
        }
        let is_duplicate = header.ack == una && packet.sequence_length() == 0;
        if packet.ranges_cut > 0 && is_duplicate && header.ack.before(own.most_sent()) {
            // Which ranges they were is not known: some beyond the gap.
            self.sacked = Some(own.most_sent());
        }
        self.probe = self.probe.filter(|probe| probe.is_still_out(header, is_duplicate));
        if header.ack.after(una) {
            let echo = header.options.timestamps.map(|stamps| stamps.echo);
            let in_vain = echo.zip(self.repeated_at).is_some_and(|(echo, sent)| is_before(echo, sent));
            if in_vain {
                (self.loss_until, self.recovery_until) = (None, None);
            }
            self.repeated_to = self.repeated_to.filter(|to| to.after(header.ack));
            self.repeated_at = self.repeated_at.filter(|_| self.repeated_to.is_some());
            self.delivered(context);
            self.advance(header.ack, packet.at);
        } else if is_duplicate && self.peer_window == Some(header.window) {
            self.duplicates += 1;
        }
        if is_duplicate && header.ack.before(own.most_sent()) {
            self.gap_told_at = self.gap_told_at.or(header.options.timestamps.map(|stamps| stamps.value));
        }
        self.peer_window = Some(header.window);
        self.is_shut_out |= header.window == 0 && !header.flags.syn();
    }

    fn delivered(&mut self, context: &Context<'_>) {
        let ack = context.packet.header.ack;
        let first = context.tracker.space(context.from.other()).moment_of(ack).map(|moment| moment.at);
        let repeated = self.repeated.take_if(|(end, _)| ack.at_or_after(*end)).map(|(_, at)| at);
        self.delivered_at = first.into_iter().chain(repeated).fold(self.delivered_at, Instant::max);
    }

    fn advance(&mut self, ack: SeqNumber, at: Instant) {
        self.una = Some(ack);
        self.moved_at = at;
        self.duplicates = 0;
        self.narrowed = self.narrowed.filter(|narrowed| narrowed.until.after(ack));
        self.partial = self.recovery_until.is_some_and(|until| ack.before(until));
        self.loss_until = self.loss_until.filter(|until| ack.before(*until));
        self.sacked = self.sacked.filter(|sacked| sacked.after(ack));
        self.recovery_until = self.recovery_until.filter(|until| ack.before(*until));
        // Of the next gap its sender may have heard with the first.
        self.gap_told_at =
            self.gap_told_at.filter(|_| self.sacked.is_some() || self.recovery_until.is_some());
        if let Some((end, sent)) = self.timing
            && ack.at_or_after(end)
        {
            let sample = at - sent;
            self.measured(sample);
            self.timing = None;
        }
    }

    /// RFC 6298 section 2; the deviation as Linux has it, which falls slowly and not below the shortest timer.
    fn measured(&mut self, sample: Duration) {
        match self.srtt {
            None => {
                self.srtt = Some(sample);
                self.deviation = sample * 2;
                self.rttvar = self.deviation.max(SHORTEST_RTO);
                self.peak = self.rttvar;
            }
            Some(srtt) => {
                self.deviation = (self.deviation * 3) / 4 + srtt.abs_diff(sample);
                let least = self.peak.max(self.deviation);
                self.rttvar = self.rttvar.max(least) - self.rttvar.saturating_sub(least) / 4;
                self.peak = SHORTEST_RTO;
                self.srtt = Some((srtt * 7 + sample) / 8);
            }
        }
    }

    /// How long its retransmission timer runs, as far as that can be told from here.
    pub(super) fn rto(&self) -> Duration {
        self.srtt.map_or(FIRST_RTO, |srtt| srtt + self.rttvar)
    }
}
