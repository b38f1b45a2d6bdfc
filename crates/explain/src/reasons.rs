//! Why each segment was sent.
//!
//! In: a packet, what its sender had sent and received by then, and when. Out: the reason, with how well it is known,
//! and the frame that brought it about. The rules are those by which stacks send: RFC 9293 sections 3.8 and 3.10,
//! RFC 5681, 6298, 8985. A reason that packets cannot show is one of [`Seen`].
//!
//! Times are those of the point of capture. At the end where the capture was made an answer follows what it answers
//! at once; elsewhere a round trip is allowed for, and what depends on it is inferred, not seen.

mod acknowledgment;
mod text;

use std::time::Duration;

use synfin_ladder::{Certainty, Reason, Seen, Side};
use synfin_wire::{DropReason, Instant, Note, SendReason, SeqNumber};

use crate::packet::Packet;
use crate::track::{Arrival, Moment, SHORTEST_RTO, Tracker};
use acknowledgment::Receiver;
use text::Sender;

/// No retransmission timer is as short as this.
const NO_TIMER: Duration = Duration::from_millis(1);

/// Why a segment was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why {
    /// The reason.
    pub reason: Reason,
    /// How well it is known.
    pub certainty: Certainty,
    /// The frame that brought it about.
    pub because: Option<u64>,
}

/// What the rules remember of one connection.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    senders: [Sender; 2],
    receivers: [Receiver; 2],
    syns: [Syns; 2],
}

/// The SYNs of one side.
#[derive(Clone, Copy, Debug, Default)]
struct Syns {
    sent: u32,
    last: Option<Moment>,
}

/// What is at hand when a segment is looked at.
struct Context<'a> {
    from: Side,
    packet: &'a Packet<'a>,
    tracker: &'a Tracker,
    moment: Moment,
}

impl Context<'_> {
    /// The next number that the sender has not sent yet.
    fn most_sent(&self) -> SeqNumber {
        self.tracker.space(self.from).most_sent()
    }

    /// What depends on times is seen where the capture was made, and inferred elsewhere.
    fn certainty(&self) -> Certainty {
        if self.is_here() { Certainty::Seen } else { Certainty::Inferred }
    }

    /// Whether the capture was made at the sender.
    fn is_here(&self) -> bool {
        self.tracker.captured_at() == Some(self.from)
    }

    fn ago(&self, earlier: Instant) -> Duration {
        self.packet.at - earlier
    }
}

impl Reasons {
    /// The reason of a packet that is no RST, which the tracker has not seen yet; `arrival` is what the other end will
    /// make of it.
    pub fn of(&mut self, from: Side, packet: &Packet<'_>, arrival: Arrival, tracker: &Tracker) -> Why {
        let moment = Moment { frame: packet.frame, at: packet.at };
        let context = Context { from, packet, tracker, moment };
        if tracker.is_of_older(from, packet) && packet.sequence_length() == 0 {
            let syn = self.syns[from.other().index()].last.map(|moment| moment.frame);
            return Why::inferred(SendReason::ChallengeSyn, syn);
        }
        let why = self.decide(&context);
        match tracker.discards(from, packet) {
            None => self.remember(&context, arrival),
            Some(dropped) => self.stray(from, packet, dropped),
        }
        why
    }

    /// Whether a SYN of `from` has come since a frame: what looks like a SYN-ACK doubled may answer it.
    #[must_use]
    pub(crate) fn has_syn_since(&self, from: Side, frame: u64) -> bool {
        self.syns[from.index()].last.is_some_and(|last| last.frame > frame)
    }

    /// Whether a packet of a side was sent after all of its that has come, as its timestamp tells.
    pub(crate) fn is_younger(&self, from: Side, packet: &Packet<'_>) -> bool {
        self.senders[from.index()].is_younger(packet)
    }

    /// Whether a SYN of `from` went again just before a moment: its answer and what the peer's timer sends are then alike.
    #[must_use]
    pub(crate) fn has_syn_again(&self, from: Side, at: Instant) -> bool {
        let syns = &self.syns[from.index()];
        syns.sent > 1 && syns.last.is_some_and(|last| at - last.at <= NO_TIMER)
    }

    /// ICMP says that what `from` has in flight is too long for a link of this MTU, octets; 0 where it is not said.
    pub(crate) fn narrowed(&mut self, from: Side, mtu: u32, at: Instant, tracker: &Tracker) {
        self.senders[from.index()].narrowed(mtu, at, tracker.space(from).most_sent());
    }

    /// The network has doubled a packet: its receiver gets it a second time.
    pub fn doubled(&mut self, from: Side, packet: &Packet<'_>) {
        if packet.sequence_length() > 0 {
            self.receivers[from.other().index()]
                .received_again(Moment { frame: packet.frame, at: packet.at });
        }
    }

    /// Something came that its receiver does not take. What is whole, it answers.
    pub(crate) fn stray(&mut self, from: Side, packet: &Packet<'_>, dropped: DropReason) {
        let (arrival, answer) = match dropped {
            DropReason::RstNotExact => (Arrival::Rst, SendReason::ChallengeRst),
            DropReason::OutsideWindow => (Arrival::Old, SendReason::UnacceptableAck),
            _ => return,
        };
        let moment = Moment { frame: packet.frame, at: packet.at };
        self.receivers[from.other().index()].received_stray(arrival, answer, moment);
    }

    fn decide(&mut self, context: &Context<'_>) -> Why {
        let flags = context.packet.header.flags;
        let side = context.from.index();
        if flags.syn() && (flags.fin() || flags.rst()) {
            return Why::inferred(Seen::Senseless, None);
        }
        if flags.syn() {
            return self.syn(context);
        }
        if flags.fin() && !flags.ack() {
            return Why::inferred(Seen::Senseless, None);
        }
        if context.packet.sequence_length() > 0 {
            return self.senders[side].why(context, &self.receivers[side]);
        }
        if !flags.ack() {
            return Why::inferred(Seen::Senseless, None);
        }
        self.receivers[side].why(context, &self.senders[side])
    }

    fn syn(&self, context: &Context<'_>) -> Why {
        let (own, peer) = (&self.syns[context.from.index()], &self.syns[context.from.other().index()]);
        let header = &context.packet.header;
        let cookie = header.options.fast_open.as_ref();
        if !header.flags.ack() {
            let reason = match (own.sent, cookie) {
                (1.., _) => SendReason::SynRetransmit,
                (0, _) if context.packet.len > 0 => SendReason::SynText,
                (0, Some(option)) if option.cookie.is_request() => SendReason::SynCookieRequest,
                (0, _) => SendReason::Syn,
            };
            return Why::seen(reason, own.last.map(|moment| moment.frame));
        }
        let because = peer.last.map(|moment| moment.frame);
        let answered = own.last.map(|moment| moment.frame);
        let is_repeat = because > answered;
        let reason = match own.sent {
            0 if cookie.is_some() => SendReason::SynAckCookie,
            0 if context.tracker.space(context.from.other()).syn_text_covered_by(header.ack) => {
                SendReason::SynAckText
            }
            0 => SendReason::SynAck,
            _ if self.receivers[context.from.index()].crossed => SendReason::SimultaneousOpen,
            _ if is_repeat => SendReason::SynAckRepeat,
            // The other SYN was not captured, or one of the two is the timer's; which, nothing tells.
            _ if own.last.is_some_and(|last| context.ago(last.at) < SHORTEST_RTO) => {
                return Why::inferred(SendReason::SynAckRepeat, because);
            }
            _ => return Why::seen(SendReason::SynAckRetransmit, answered),
        };
        Why::seen(reason, because)
    }

    fn remember(&mut self, context: &Context<'_>, arrival: Arrival) {
        let Context { from, packet, moment, .. } = *context;
        let (own, other) = (from.index(), from.other().index());
        let flags = packet.header.flags;
        if flags.syn() {
            self.syns[own].sent += 1;
            self.syns[own].last = Some(moment);
            self.receivers[own].sends_syn(flags.ack());
        }
        self.senders[own].sent(context);
        self.receivers[own].sent(context);
        if flags.ack() {
            self.senders[other].acknowledged(context);
        }
        self.receivers[other].received(context, arrival, self.senders[other].rto());
    }
}

/// What reasons are about.
#[derive(PartialEq, Eq)]
enum About {
    /// Something that goes again.
    Again,
    /// Something that has come.
    Received,
    /// Something new.
    New,
}

fn about(reason: Reason) -> About {
    use SendReason as S;
    match reason {
        Reason::Seen(Seen::Retransmit | Seen::FinRetransmit | Seen::Reordered | Seen::NetworkDuplicate)
        | Reason::Sent(
            S::SynRetransmit
            | S::SynPathMtu
            | S::SynAckRetransmit
            | S::RtoRetransmit
            | S::FastRetransmit
            | S::PartialAckRetransmit
            | S::RackRetransmit
            | S::TailLossProbe
            | S::SynTextRetransmit
            | S::PathMtuRetransmit,
        ) => About::Again,
        Reason::Seen(Seen::Ack)
        | Reason::Sent(
            S::HandshakeAck
            | S::DelayedAck
            | S::SecondSegmentAck
            | S::QuickAck
            | S::OutOfOrderAck
            | S::GapFilledAck
            | S::UnacceptableAck
            | S::NoRoomAck
            | S::PawsAck
            | S::EcnAck
            | S::WindowUpdate
            | S::FinAck
            | S::ProbeAck
            | S::ChallengeRst
            | S::ChallengeSyn
            | S::ChallengeAck
            | S::TimeWaitAck,
        ) => About::Received,
        Reason::Seen(_) | Reason::Sent(_) => About::New,
    }
}

impl Why {
    /// The reason that is noted on a packet, if one is. The frame that brought it about is noted nowhere: what was
    /// inferred stands if it is about the same.
    pub(crate) fn noted(self, note: &Note) -> Self {
        let Some(reason) = note.reason.map(Reason::from) else { return self };
        let because = self.because.filter(|_| about(reason) == about(self.reason));
        Self { reason, certainty: Certainty::Told, because }
    }

    fn seen(reason: SendReason, because: Option<u64>) -> Self {
        Self { reason: reason.into(), certainty: Certainty::Seen, because }
    }

    pub(crate) fn inferred(reason: impl Into<Reason>, because: Option<u64>) -> Self {
        Self { reason: reason.into(), certainty: Certainty::Inferred, because }
    }
}
