//! One connection while its packets come: what is followed of it, and what is told in the end.

use std::net::SocketAddr;
use std::time::Duration;

use synfin_ladder::{Certainty, Counts, Fate, Mark, Marks, Role, Seen, Side, Step, Window};
use synfin_wire::{DropReason, Flags, Instant, Note, SendReason, SeqNumber, State};

use crate::analysis::{Analysis, Observed};
use crate::explainer::side_of;
use crate::findings::{Evidences, Path};
use crate::handshake::Handshake;
use crate::mirror::Mirror;
use crate::packet::{IcmpError, IcmpKind, Packet};
use crate::reasons::{Reasons, Why};
use crate::round_trips::RoundTrips;
use crate::stamps::Stamps;
use crate::track::{Arrival, Moment, Space, Tracker};
use crate::window_limit::WindowLimits;
use crate::zeek::ZeekTracker;

mod telling;

/// No connection keeps more segments than this; what comes later is counted, not kept.
const MOST_STEPS: usize = 1 << 20;

/// The three flags of a SYN that offers accurate ECN.
const ALL_ACE: u8 = 0b111;

/// What a segment takes on most links, octets.
const USUAL_MSS: u16 = 1460;

/// One in so many packets twice: the capture has doubled them.
const MIRRORED: u64 = 4;

/// A connection that is followed.
#[derive(Debug)]
pub(crate) struct Flow {
    number: u64,
    addresses: [SocketAddr; 2],
    span: (Instant, Instant),
    pub(crate) tracker: Tracker,
    reasons: Reasons,
    pub(crate) announced: [Announced; 2],
    pub(crate) counts: [Counts; 2],
    pub(crate) evidence: Evidences,
    mirror: Mirror,
    /// How many packets of each side stand in the capture twice.
    seen_again: [u64; 2],
    analysis: Analysis,
    zeek: ZeekTracker,
    handshake: Handshake,
    pub(crate) window_limits: WindowLimits,
    /// By the side that answered.
    rtt: [RoundTrips; 2],
    stamps: Stamps,
    /// The frame since which it is over.
    over_in: Option<u64>,
    /// An older one on the same ports was over before.
    follows_closed: bool,
    heeds_notes: bool,
    steps: Option<Vec<Step>>,
}

/// How a connection is to be followed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// An older one had the same ports.
    pub(crate) reuses_ports: bool,
    /// It was over before.
    pub(crate) follows_closed: bool,
    pub(crate) keeps_steps: bool,
    /// What a recorder has noted on packets is believed.
    pub(crate) heeds_notes: bool,
}

/// What a SYN announces.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Announced {
    pub(crate) mss: Option<u16>,
    pub(crate) window_scale: Option<u8>,
    pub(crate) sack_permitted: bool,
    pub(crate) timestamps: bool,
    pub(crate) ecn: bool,
    pub(crate) accurate_ecn: bool,
    pub(crate) fast_open: bool,
}

impl Flow {
    pub(crate) fn new(number: u64, first: &Packet<'_>, manner: Manner) -> Self {
        let Manner { reuses_ports, follows_closed, keeps_steps, heeds_notes } = manner;
        let flags = first.header.flags;
        // A SYN-ACK is the server's, wherever it stands in the capture.
        let is_answer = flags.syn() && flags.ack();
        let addresses =
            if is_answer { [first.destination, first.source] } else { [first.source, first.destination] };
        Self {
            number,
            addresses,
            span: (first.at, first.at),
            tracker: Tracker::default(),
            reasons: Reasons::default(),
            announced: [Announced::default(); 2],
            counts: [Counts::default(); 2],
            evidence: Evidences::new(reuses_ports),
            mirror: Mirror::default(),
            seen_again: [0; 2],
            analysis: if reuses_ports { Analysis::on_reused_ports() } else { Analysis::default() },
            zeek: ZeekTracker::default(),
            handshake: Handshake::default(),
            window_limits: WindowLimits::default(),
            rtt: [RoundTrips::default(); 2],
            stamps: Stamps::default(),
            over_in: None,
            follows_closed,
            heeds_notes,
            steps: keeps_steps.then(Vec::new),
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// When its last packet came.
    pub(crate) fn last(&self) -> Instant {
        self.span.1
    }

    /// How many segments it keeps.
    pub(crate) fn steps(&self) -> usize {
        self.steps.as_ref().map_or(0, Vec::len)
    }

    /// The frame with which it was over; nothing but a late segment is to be expected since.
    pub(crate) fn over_in(&self) -> Option<u64> {
        self.over_in
    }

    /// A segment that goes again may show that it is not over after all.
    fn note_whether_over(&mut self, frame: u64) {
        self.over_in = self.tracker.is_over().then(|| self.over_in.unwrap_or(frame));
    }

    /// What a recorder has noted on a packet; nothing where that is not to be believed.
    fn note_on(&self, packet: &Packet<'_>) -> Note {
        let comment = packet.comment.as_deref().filter(|_| self.heeds_notes);
        comment.and_then(Note::read).map(|(note, _)| note).unwrap_or_default()
    }

    /// Whether a packet begins another connection on the same ports.
    pub(crate) fn is_succeeded_by(&self, packet: &Packet<'_>) -> bool {
        let side = side_of(packet, self.addresses[0]);
        self.analysis.is_new_connection(side, packet)
            || packet.header.flags.syn() && self.is_opened_again(side, &self.note_on(packet))
    }

    /// Whether a note tells that an end opens which has opened before, or that an old SYN opens the other: not one that
    /// the network has doubled while the first was being answered.
    fn is_opened_again(&self, side: Side, note: &Note) -> bool {
        let Some(reason) = note.reason else { return false };
        let is_open = !matches!(self.tracker.state(side), State::Closed | State::Listen | State::TimeWait);
        match reason {
            SendReason::Syn | SendReason::SynText | SendReason::SynCookieRequest => {
                let again = note.sender == Some(State::SynSent) && self.tracker.space(side).is_seen();
                self.tracker.is_over() || again && !is_open
            }
            SendReason::SynAck | SendReason::SynAckCookie | SendReason::SynAckText => {
                self.tracker.is_over() && note.sender == Some(State::SynReceived)
            }
            _ => false,
        }
    }

    pub(crate) fn observe(&mut self, packet: &Packet<'_>) {
        let from = side_of(packet, self.addresses[0]);
        let note = self.note_on(packet);
        self.span.1 = self.span.1.max(packet.at);
        let again = self.mirror.first_of(from, packet, self.tracker.answered_in(from));
        // Linux sends every SYN-ACK with the identification 0, which tells none from another. Where the SYNs stand there
        // twice, so does what answers them.
        let alike = packet.identification == 0
            && self.seen_again[from.other().index()] == 0
            && self.reasons.has_syn_again(from.other(), packet.at);
        let is_syn_ack = packet.header.flags.contains(Flags::SYN | Flags::ACK);
        let answers = |first: &u64| is_syn_ack && (alike || self.reasons.has_syn_since(from.other(), *first));
        if let Some(first) = again.filter(|first| !answers(first)) {
            self.observe_again(from, packet, first, &note);
            return;
        }
        let dropped = self.tracker.discards(from, packet);
        let is_of_older = !self.follows_closed && self.tracker.is_of_older(from, packet);
        let awaited = Some(self.tracker.space(from)).filter(|space| space.is_seen()).map(Space::whole);
        let peer = self.tracker.space(from.other());
        let (peer_una, sack) = (peer.acknowledged_to(), &packet.header.options.sack);
        // What goes from where the capture was made is seen before its receiver can report it.
        let is_at_peer = self.tracker.captured_at() == Some(from.other()) && peer.syn_seen();
        let is_unsent = |end: SeqNumber| is_at_peer && end.after(peer.most_sent());
        let reports_foreign = sack.iter().any(|range| peer.is_foreign(range.start) || is_unsent(range.end));
        self.announce(from, packet);
        let arrival = self.tracker.arrival(from, packet);
        self.measure(from, packet);
        let is_new = self.is_new(from, packet);
        let own = self.tracker.space(from);
        let is_idle = own.acknowledged_to().is_some_and(|known| known.at_or_after(own.most_sent()));
        self.handshake.observe(from, packet, is_new);
        self.stamps.observe(from, packet, is_new);
        let (seq, end) = (packet.header.seq, packet.header.seq + packet.sequence_length());
        // Where it is known how long a retransmission takes at least, that has been asked already.
        let may_be_overtaken = self.tracker.space(from).fills_hole(seq, end)
            && self.tracker.answered_in(from).is_none()
            && !self.reasons.is_younger(from, packet);
        let is_too_soon = self.answers_too_soon(from, packet);
        let mut why = self.why(from, packet, arrival, &note);
        let observed = self.analysis.observe(from, packet);
        let is_out_of_order = observed.marks.contains(Mark::OutOfOrder);
        let is_overtaken = why.reason == Seen::Retransmit.into() && may_be_overtaken && is_out_of_order;
        if is_overtaken || !is_new && packet.len > 0 && self.evidence.comes_late(from, packet) {
            why = Why::inferred(Seen::Reordered, None);
        }
        if self.steps.is_some() {
            self.zeek.observe(packet);
        }
        self.count(from, packet, is_new, observed.marks);
        let path = Path {
            mss: self.announced[from.other().index()].mss,
            answered_in: [&self.rtt[0], &self.rtt[1]].map(|rtt| rtt.figures().map(|figures| figures[0])),
            serves: self.serves(from),
            echoes_marks: self.echoes_marks(packet),
            // What is wrong about the answer to a SYN tells nothing of the capture.
            acks_unseen: arrival == Arrival::BadAck && !packet.header.flags.syn(),
            is_of_older,
            is_alone: !self.tracker.is_captured(from.other()),
            is_new,
            is_idle,
            is_too_soon,
            fills_window: self.fills_window(from, packet),
            room: self.tracker.space(from).room_after(end),
            reports_foreign,
            peer_una,
            peer_is_mirrored: self.is_mirrored(from.other()),
            is_few: self.seen_again[from.other().index()] < 3,
            peer_first: self.tracker.space(from.other()).first_number(),
            awaited,
            dropped,
        };
        let told = why.noted(&note);
        // That it was overtaken is the network's doing, whatever its sender says of it.
        let is_reordered = why.reason == Seen::Reordered.into();
        self.evidence.note(from, packet, if is_reordered { &why } else { &told }, observed.marks, &path);
        self.note_whether_over(packet.frame);
        self.keep(from, packet, &told, &observed, note, dropped);
    }

    /// Whether an RST acknowledges text that was seen so shortly before that it cannot have come to its sender.
    fn answers_too_soon(&self, from: Side, packet: &Packet<'_>) -> bool {
        /// What is faster is not measured well enough.
        const FAR: Duration = Duration::from_millis(2);
        let (flags, peer) = (packet.header.flags, self.tracker.space(from.other()));
        let sent = peer.moment_of(packet.header.ack).filter(|_| flags.rst() && flags.ack());
        let trip = self.tracker.answered_in(from).filter(|trip| *trip >= FAR);
        // What went before that was acknowledged earlier.
        let is_last = peer.acknowledged_to().is_some_and(|known| packet.header.ack.after(known));
        sent.zip(trip).is_some_and(|(sent, trip)| is_last && (packet.at - sent.at) * 2 < trip)
    }

    /// Whether text fills its receiver's window, and others before it did.
    fn fills_window(&mut self, from: Side, packet: &Packet<'_>) -> bool {
        let shift = self.shift(from, packet);
        let is_here = self.tracker.captured_at() == Some(from);
        let trip = if is_here { Some(Duration::ZERO) } else { self.tracker.answered_in(from) };
        let full = self.tracker.space(from).largest_text(packet, USUAL_MSS);
        self.window_limits.observe(from, packet, shift, trip.unwrap_or(Duration::MAX), full)
    }

    /// Why a packet was sent, which is followed from now on.
    fn why(&mut self, from: Side, packet: &Packet<'_>, arrival: Arrival, note: &Note) -> Why {
        if !packet.header.flags.rst() {
            let why = self.reasons.of(from, packet, arrival, &self.tracker);
            self.tracker.observe_noted(from, packet, note);
            return why;
        }
        self.tracker.observe_noted(from, packet, note);
        if self.tracker.resets().last().is_some_and(|reset| !reset.acceptable) {
            self.reasons.stray(from, packet, DropReason::RstNotExact);
        }
        self.why_reset()
    }

    /// Whether a segment echoes a mark. Of accurate ECN the flags are a counter, and tell otherwise.
    fn echoes_marks(&self, packet: &Packet<'_>) -> bool {
        let flags = packet.header.flags;
        let is_classic = self.announced.iter().all(|end| end.ecn && !end.accurate_ecn);
        is_classic && !flags.syn() && flags.contains(Flags::ECE)
    }

    /// ICMP says what became of a segment. Only of one that is in flight is it believed (RFC 5927 section 4.1).
    pub(crate) fn hear(&mut self, error: &IcmpError) {
        let from = if error.about.0 == self.addresses[0] { Side::Left } else { Side::Right };
        let is_in_flight = error.seq.is_some_and(|seq| self.tracker.space(from).is_in_flight(seq));
        self.evidence.hear(from, error, is_in_flight);
        match error.kind {
            _ if !is_in_flight => {}
            IcmpKind::TooBig { mtu } => self.reasons.narrowed(from, mtu, error.at, &self.tracker),
            IcmpKind::Unreachable(_) => {
                self.tracker.unreachable(from, Moment { frame: error.frame, at: error.at });
            }
            IcmpKind::HopLimitExceeded
            | IcmpKind::ReassemblyTimeExceeded
            | IcmpKind::ParameterProblem { .. }
            | IcmpKind::SourceQuench => {}
        }
        self.note_whether_over(error.frame);
    }

    /// A packet that stands in the capture already: nobody has sent it twice.
    fn observe_again(&mut self, from: Side, packet: &Packet<'_>, first: u64, note: &Note) {
        let observed = self.analysis.observe(from, packet);
        if self.steps.is_some() {
            self.zeek.observe(packet);
        }
        let counts = &mut self.counts[from.index()];
        counts.packets += 1;
        self.seen_again[from.index()] += 1;
        // A few were doubled by the network, and their receiver has them twice.
        if !self.is_mirrored(from) {
            self.reasons.doubled(from, packet);
        }
        let reason = Seen::NetworkDuplicate.into();
        let why = Why { reason, certainty: Certainty::Inferred, because: Some(first) };
        self.tracker.seen_again(from, packet, note);
        self.evidence.note_mirrored(from, packet);
        let dropped = self.tracker.discards(from, packet);
        self.keep(from, packet, &why, &observed, *note, dropped);
    }

    /// Whether the capture has doubled a side's packets.
    fn is_mirrored(&self, side: Side) -> bool {
        let again = self.seen_again[side.index()];
        again > 0 && again * MIRRORED >= self.counts[side.index()].packets
    }

    fn why_reset(&self) -> Why {
        match self.tracker.resets().last() {
            Some(reset) => {
                Why { reason: reset.cause.reason(), certainty: Certainty::Inferred, because: reset.because }
            }
            None => {
                Why { reason: Seen::ResetUnexplained.into(), certainty: Certainty::Unknown, because: None }
            }
        }
    }

    fn announce(&mut self, from: Side, packet: &Packet<'_>) {
        let header = &packet.header;
        if !header.flags.syn() {
            return;
        }
        let options = &header.options;
        let echo = Flags::ECE | Flags::CWR;
        self.announced[from.index()] = Announced {
            mss: options.mss,
            window_scale: options.window_scale.map(|shift| shift.min(14)),
            sack_permitted: options.sack_permitted,
            timestamps: options.timestamps.is_some(),
            ecn: if header.flags.ack() {
                header.flags.contains(Flags::ECE) || header.flags.ace() > 1
            } else {
                header.flags.contains(echo)
            },
            accurate_ecn: if header.flags.ack() {
                ![0, 1].contains(&header.flags.ace())
            } else {
                header.flags.ace() == ALL_ACE
            },
            fast_open: options.fast_open.is_some(),
        };
    }

    /// The round trip that this acknowledgment measures.
    fn measure(&mut self, from: Side, packet: &Packet<'_>) {
        let flags = packet.header.flags;
        let peer = self.tracker.space(from.other());
        let ack = packet.header.ack;
        let is_new = flags.ack() && peer.acknowledged_to().is_none_or(|known| ack.after(known));
        // Of what was sent twice it is not known which one is acknowledged (RFC 6298 section 3).
        let is_clear = is_new && ack.at_or_before(peer.most_sent()) && peer.unanswered().is_none();
        if let Some(sent) = peer.moment_of(ack).filter(|_| is_clear) {
            let in_flight = self.in_flight(from.other()).unwrap_or(0);
            self.rtt[from.index()].add(packet.at - sent.at, in_flight);
        }
    }

    /// From one end to the other and back. Where the capture was made at an end the other's answers take that long;
    /// between them the way to either end and back makes a part of it.
    fn round_trips(&self) -> Option<[Duration; 3]> {
        let [left, right] = [&self.rtt[0], &self.rtt[1]].map(RoundTrips::figures);
        match (self.tracker.captured_at(), left, right) {
            (Some(Side::Left), _, Some(right)) => Some(right),
            (Some(Side::Right), Some(left), _) => Some(left),
            (None, Some(left), Some(right)) => {
                Some(std::array::from_fn(|figure| left[figure] + right[figure]))
            }
            (_, left, right) => left.or(right),
        }
    }

    /// The shortest way there and back, where both parts of it were seen.
    pub(crate) fn whole_trip(&self) -> Option<Duration> {
        let [left, right] = [&self.rtt[0], &self.rtt[1]].map(|rtt| rtt.figures().map(|[least, ..]| least));
        match self.tracker.captured_at() {
            Some(Side::Left) => right,
            Some(Side::Right) => left,
            None => left.zip(right).map(|(left, right)| left + right),
        }
    }

    /// Whether a side was seen to have it open when the other had not, nor was seen to close it.
    pub(crate) fn is_half_open(&self, side: Side) -> bool {
        self.tracker.is_captured(side) && self.tracker.space(side.other()).fin_end().is_none()
    }

    /// Whether a side answers, as far as that is known: else the lower port is the well-known one.
    pub(crate) fn serves(&self, side: Side) -> bool {
        match self.tracker.role(side) {
            Role::Client => false,
            Role::Server => true,
            Role::Peer => self.addresses[side.index()].port() < self.addresses[side.other().index()].port(),
        }
    }

    /// How the connection was opened.
    pub(crate) const fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// How long its ends have been silent at a moment.
    pub(crate) fn silent_for(&self, moment: Instant) -> Duration {
        moment - self.span.1
    }

    /// How long a round trip takes while much of a side is in flight, where that is far longer than otherwise.
    pub(crate) fn queued(&self, side: Side) -> Option<Duration> {
        // At the receiver's end acknowledgments take no time, and its own timestamps come back with the text.
        let least = || self.rtt[side.index()].figures().map(|[least, ..]| least);
        self.rtt[side.other().index()].queued().or_else(|| self.stamps.queued(side, least()?))
    }

    fn is_new(&self, from: Side, packet: &Packet<'_>) -> bool {
        let space = self.tracker.space(from);
        !space.is_seen() || (packet.header.seq + packet.sequence_length()).after(space.most_sent())
    }

    fn count(&mut self, from: Side, packet: &Packet<'_>, is_new: bool, marks: Marks) {
        let in_flight = u64::from(self.in_flight(from).unwrap_or(0));
        let counts = &mut self.counts[from.index()];
        counts.packets += 1;
        counts.duplicate_acks += u64::from(marks.contains(Mark::DuplicateAck));
        counts.reordered += u64::from(marks.contains(Mark::OutOfOrder));
        counts.most_in_flight = counts.most_in_flight.max(in_flight);
        if packet.header.window == 0 && !packet.header.flags.rst() && !packet.header.flags.syn() {
            counts.zero_windows += 1;
        }
        if packet.len > 0 {
            counts.data_packets += 1;
            counts.octets += u64::from(packet.len);
        }
        if is_new {
            counts.new_octets += u64::from(packet.len);
        } else if packet.sequence_length() > 0 && !packet.header.flags.rst() {
            counts.retransmitted += 1;
            counts.spurious += u64::from(marks.contains(Mark::SpuriousRetransmission));
        }
    }

    /// Octets that a side has sent and that are not acknowledged.
    fn in_flight(&self, side: Side) -> Option<u32> {
        let space = self.tracker.space(side);
        let from = space.acknowledged_to().or(space.first_number())?;
        Some(space.most_sent().octets_since(from))
    }

    fn keep(
        &mut self,
        from: Side,
        packet: &Packet<'_>,
        why: &Why,
        observed: &Observed,
        note: Note,
        dropped: Option<DropReason>,
    ) {
        if self.steps.as_ref().is_none_or(|steps| steps.len() == MOST_STEPS) {
            return;
        }
        let relative = (
            self.relative(from, packet.header.seq),
            if packet.header.flags.ack() { self.relative(from.other(), packet.header.ack) } else { 0 },
        );
        let shift = self.shift(from, packet);
        let mss = self.announced[from.other().index()].mss.filter(|mss| *mss > 0);
        let segments =
            mss.map_or(1, |mss| packet.len.div_ceil(u32::from(mss)).clamp(1, u32::from(u16::MAX)) as u16);
        let header = &packet.header;
        let step = Step {
            frame: packet.frame,
            at: packet.at,
            from,
            seq: header.seq,
            ack: header.ack,
            relative,
            flags: header.flags,
            len: packet.len,
            window: header.window,
            window_octets: shift.map(|shift| u32::from(header.window) << shift),
            urgent_pointer: header.urgent_pointer,
            options: header.options.clone(),
            segments,
            reason: why.reason,
            certainty: why.certainty,
            because: why.because,
            states: Default::default(),
            marks: observed.marks,
            ack_rtt: observed.ack_rtt,
            in_flight: observed.in_flight,
            fate: dropped.map_or(Fate::Unknown, Fate::Dropped),
            arrival: Window { earliest: Some(packet.at), latest: None },
            comment: packet.comment.as_deref().map(str::to_owned),
            note,
        };
        self.steps.as_mut().expect("they are kept").push(step);
    }

    /// By how much the window of a segment is shifted; `None` where a SYN that says so was not seen.
    fn shift(&self, from: Side, packet: &Packet<'_>) -> Option<u8> {
        let [own, peer] = [from, from.other()].map(|side| &self.announced[side.index()]);
        let seen = Side::BOTH.iter().all(|side| self.tracker.space(*side).syn_seen());
        match (packet.header.flags.syn(), seen) {
            // The window of a SYN is never scaled (RFC 7323 section 2.2).
            (true, _) => Some(0),
            (false, true) if peer.window_scale.is_some() => Some(own.window_scale.unwrap_or(0)),
            (false, true) => Some(0),
            (false, false) => None,
        }
    }

    fn relative(&self, side: Side, number: SeqNumber) -> u32 {
        self.tracker.first_number(side).map_or(0, |first| number.distance(first).max(0) as u32)
    }
}
