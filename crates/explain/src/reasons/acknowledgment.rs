//! Why an acknowledgment was sent that carries nothing else (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2).

use std::time::Duration;

use synfin_ladder::Seen;
use synfin_wire::{SendReason, SeqNumber, State};

use super::text::Sender;
use super::{Context, Why};
use crate::track::{Arrival, Moment};

/// What follows sooner than this upon what came was made by it.
const PROMPT: Duration = Duration::from_micros(500);
/// The first guess at the size of the peer's full segments, octets.
const FIRST_FULL_SEGMENT: u32 = 536;

/// What one side has received, and what it has said of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Receiver {
    /// What came last.
    last: Option<(Arrival, Moment)>,
    /// What asked for an acknowledgment first since the last one.
    due: Option<(SendReason, Moment)>,
    /// Octets that came in order since the last acknowledgment.
    octets: u32,
    /// The largest text of one segment.
    full_segment: u32,
    /// The last acknowledgment of a single segment was delayed, so that the next one will be.
    delays: bool,
    /// The acknowledgment and the window that were sent last.
    ack: Option<SeqNumber>,
    window: u32,
    acks: u32,
    /// It has sent a SYN without an acknowledgment.
    pub(super) crossed: bool,
}

impl Receiver {
    pub(super) fn why(&self, context: &Context<'_>, sender: &Sender) -> Why {
        let header = &context.packet.header;
        if header.seq.before(context.most_sent()) && self.ack.is_some() {
            return sender.why_probe(context);
        }
        let because = self.last.map(|(_, moment)| moment.frame);
        let prompt = self.last.filter(|(_, moment)| context.ago(moment.at) <= PROMPT);
        let advances = self.ack.is_none_or(|ack| header.ack.after(ack));
        let state = context.tracker.state(context.from);
        if self.acks == 0 && context.tracker.has_opened(context.from) {
            return Why::seen(SendReason::HandshakeAck, because);
        }
        // Of several things that came at once the first made it go.
        let due = self.due.filter(|(_, moment)| context.ago(moment.at) <= PROMPT);
        let (reason, moment) = match (due, prompt) {
            (Some((reason, moment)), _) => (reason, moment),
            (None, Some((_, moment))) if self.scaled(context) > self.window && !advances => {
                (SendReason::WindowUpdate, moment)
            }
            (None, Some(_)) if !advances => return Why::inferred(Seen::Ack, because),
            (None, _) => return self.why_late(context, advances, because),
        };
        let reason = match reason {
            SendReason::UnacceptableAck if state == State::TimeWait => SendReason::TimeWaitAck,
            SendReason::QuickAck if header.window == 0 && !advances => SendReason::NoRoomAck,
            SendReason::QuickAck if state == State::Closing => SendReason::FinAck,
            // Both directions are over: whatever else it says, this is for the FIN.
            _ if state == State::TimeWait && advances => SendReason::FinAck,
            reason => reason,
        };
        Why { certainty: context.certainty(), ..Why::seen(reason, Some(moment.frame)) }
    }

    /// What asks for an acknowledgment at once, if it is answered at once.
    fn asks_for(&self, arrival: Arrival) -> Option<SendReason> {
        Some(match arrival {
            Arrival::Syn => SendReason::ChallengeSyn,
            Arrival::Rst => SendReason::ChallengeRst,
            Arrival::Probe => SendReason::ProbeAck,
            Arrival::Old => SendReason::UnacceptableAck,
            Arrival::BadAck => SendReason::ChallengeAck,
            Arrival::BeyondGap => SendReason::OutOfOrderAck,
            Arrival::FillsGap => SendReason::GapFilledAck,
            Arrival::Fin if self.octets <= 1 => SendReason::FinAck,
            Arrival::InOrder | Arrival::Fin if self.octets > self.full_segment() => {
                SendReason::SecondSegmentAck
            }
            Arrival::InOrder | Arrival::Fin if !self.delays => SendReason::QuickAck,
            Arrival::InOrder | Arrival::Fin | Arrival::Nothing => return None,
        })
    }

    /// Nothing came just now: a timer or the user made it go.
    fn why_late(&self, context: &Context<'_>, advances: bool, because: Option<u64>) -> Why {
        let reason = match advances {
            true if self.octets > self.full_segment() => SendReason::SecondSegmentAck,
            true => SendReason::DelayedAck,
            false if self.last.is_some_and(|(arrival, _)| arrival == Arrival::BeyondGap) => {
                SendReason::OutOfOrderAck
            }
            false if self.scaled(context) > self.window => SendReason::WindowUpdate,
            false => return Why::inferred(Seen::Ack, because),
        };
        Why { certainty: context.certainty(), ..Why::seen(reason, because) }
    }

    fn full_segment(&self) -> u32 {
        self.full_segment.max(FIRST_FULL_SEGMENT)
    }

    fn scaled(&self, context: &Context<'_>) -> u32 {
        u32::from(context.packet.header.window)
    }

    pub(super) fn sent(&mut self, context: &Context<'_>) {
        let header = &context.packet.header;
        if header.flags.ack() {
            if context.packet.sequence_length() == 0 && self.octets > 0 && self.octets <= self.full_segment()
            {
                self.delays = self.last.is_some_and(|(_, moment)| context.ago(moment.at) > PROMPT);
            }
            self.acks += u32::from(!header.flags.syn());
            self.ack = Some(self.ack.map_or(header.ack, |ack| ack.later(header.ack)));
            self.window = u32::from(header.window);
            self.octets = 0;
            self.due = None;
        }
    }

    pub(super) fn received(&mut self, context: &Context<'_>, arrival: Arrival) {
        let packet = context.packet;
        if matches!(arrival, Arrival::InOrder | Arrival::FillsGap | Arrival::Fin) {
            self.octets = self.octets.saturating_add(packet.sequence_length());
            self.full_segment = self.full_segment.max(packet.len);
        }
        let still_due = self.due.is_some_and(|(_, moment)| context.ago(moment.at) <= PROMPT);
        if !still_due {
            self.due = self.asks_for(arrival).map(|reason| (reason, context.moment));
        }
        self.last = Some((arrival, context.moment));
    }

    /// When the peer's last packet came.
    pub(super) fn last_received(&self) -> Option<Moment> {
        self.last.map(|(_, moment)| moment)
    }
}
