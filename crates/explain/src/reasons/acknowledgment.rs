//! Why an acknowledgment was sent that carries nothing else (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2).
//!
//! What came since the last one is kept, and when, by what it asks for. Of several things the first made it go. Where
//! the RFCs leave room, what Linux does in it is expected: acknowledgments at once of a peer that is new or was quiet,
//! none where the user answers what he reads, one for two short segments.

use std::time::Duration;

use synfin_ladder::Seen;
use synfin_wire::{Flags, Instant, SendReason, SeqNumber, State};

use super::text::Sender;
use super::{Context, Why};
use crate::packet::Packet;
use crate::track::{Arrival, Moment};
use far::Afar;

mod far;

/// What follows sooner than this upon what came was made by it.
const PROMPT: Duration = Duration::from_micros(500);
/// The first guess at the size of the peer's full segments, octets.
const FIRST_FULL_SEGMENT: u32 = 536;
/// What a segment takes on most links; more of a peer whose SYN was not seen was put together here, octets.
pub(super) const USUAL_FULL_SEGMENT: u16 = 1460;
/// A new peer, or one that was quiet, is acknowledged at once so many times.
const QUICK: u8 = 16;
/// Who answers sooner than this answers what he has read.
const ANSWERS: Duration = Duration::from_millis(40);

/// What one side has received, and what it has said of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Receiver {
    /// What came last.
    last: Option<(Arrival, Moment)>,
    due: Due,
    /// The largest text of one segment.
    full_segment: u32,
    /// Acknowledgments that are still sent at once.
    quick: u8,
    /// The user answers what he reads: acknowledgments wait for the answer.
    is_interactive: bool,
    /// When the peer's SYN came, and text last.
    syn_at: Option<Instant>,
    text_at: Option<Instant>,
    /// The newest timestamp of a segment that was awaited (RFC 7323 section 4.3).
    recent: Option<u32>,
    /// A gap was filled: what follows it may have been sent before, and its timestamp be older.
    has_filled: bool,
    /// The acknowledgment and the window that were sent last.
    ack: Option<SeqNumber>,
    window: u16,
    most_window: u16,
    acks: u32,
    /// It has sent a SYN without an acknowledgment.
    pub(super) crossed: bool,
    /// And a SYN-ACK after that: both ends have opened at the same time.
    has_met: bool,
    /// What it is told, seen from where its answers take a round trip.
    afar: Afar,
}

/// What came since the last acknowledgment.
#[derive(Clone, Copy, Debug, Default)]
struct Due {
    /// Octets that came in order.
    octets: u32,
    /// Segments that were shorter than the peer's largest.
    short: u32,
    /// One of them was pushed.
    is_pushed: bool,
    /// The first of what came in order, and whether the user was answering then.
    first: Option<Moment>,
    is_interactive: bool,
    /// What brought it to more than a full segment, or to two short ones.
    second: Option<Moment>,
    /// The first thing that asks for an acknowledgment by itself.
    other: Option<(SendReason, Moment)>,
}

impl Receiver {
    pub(super) fn why(&self, context: &Context<'_>, sender: &Sender) -> Why {
        let header = &context.packet.header;
        if header.seq.before(context.most_sent()) && self.ack.is_some() {
            return sender.why_probe(context);
        }
        let because = self.last.map(|(_, moment)| moment.frame);
        let is_prompt = self.last.is_some_and(|(_, moment)| context.ago(moment.at) <= PROMPT);
        let advances = self.ack.is_none_or(|ack| header.ack.after(ack));
        let state = context.tracker.state(context.from);
        if self.acks == 0 && context.tracker.has_opened(context.from) {
            // The SYN-ACK that crosses its own has a SYN that came before (RFC 9293 section 3.5, Figure 7).
            let reason = if self.has_met { SendReason::UnacceptableAck } else { SendReason::HandshakeAck };
            return Why::seen(reason, because);
        }
        let certain = |reason, because| Why { certainty: context.certainty(), ..Why::seen(reason, because) };
        // Nothing can be sent that would carry the acknowledgment of the peer's FIN.
        if state == State::TimeWait && advances {
            return certain(SendReason::FinAck, because);
        }
        if self.last.is_none() {
            // What it acknowledges came before the capture, or is not in it.
            return Why::inferred(Seen::Ack, None);
        }
        if let Some(trip) = Self::trip(context) {
            return self.why_far(context, advances, trip);
        }
        let Some((reason, moment)) = self.first_due(context, advances) else {
            return match is_prompt {
                true if header.window > self.window && !advances => {
                    certain(SendReason::WindowUpdate, because)
                }
                true if !advances => Why::inferred(Seen::Ack, because),
                _ => self.why_late(context, advances, because),
            };
        };
        let reason = match reason {
            SendReason::UnacceptableAck if state == State::TimeWait => SendReason::TimeWaitAck,
            SendReason::QuickAck if header.window == 0 && !advances => SendReason::NoRoomAck,
            reason => reason,
        };
        self.unlike_arrival(context, reason, advances).unwrap_or_else(|| certain(reason, Some(moment.frame)))
    }

    /// What asked for an acknowledgment just now, and did so first.
    fn first_due(&self, context: &Context<'_>, advances: bool) -> Option<(SendReason, Moment)> {
        let window = context.packet.header.window;
        let is_quick = !self.due.is_interactive && (self.quick > 0 || window > self.most_window);
        // A window that would shrink is better kept back (RFC 9293 section 3.8.6.2.2).
        let second = self.due.second.filter(|_| window >= self.window || self.due.first.is_none());
        let pushed = self.due.first.filter(|_| self.due.is_pushed && !self.is_interactive && advances);
        let reasons = [
            self.due.other,
            second.map(|moment| (SendReason::SecondSegmentAck, moment)),
            self.due.first.filter(|_| is_quick).map(|moment| (SendReason::QuickAck, moment)),
        ];
        let prompt = |due: &(SendReason, Moment)| context.ago(due.1.at) <= PROMPT;
        // Where the window cannot grow, what is not read yet makes it smaller: then it is the user, who reads what came
        // with one interrupt, that asks, and behind all of it.
        let is_last = |reason| reason == SendReason::SecondSegmentAck && window <= self.most_window;
        let order = |due: &(SendReason, Moment)| (due.1.at, is_last(due.0), due.1.frame);
        let first = reasons.into_iter().flatten().filter(prompt).min_by_key(order);
        // Once the user has read what was pushed, there is nothing to wait for.
        first.or_else(|| pushed.map(|moment| (SendReason::SecondSegmentAck, moment)).filter(prompt))
    }

    /// What asks for an acknowledgment by itself, if it is answered at once.
    fn asks_for(&self, arrival: Arrival, flags: Flags, state: State) -> Option<SendReason> {
        Some(match arrival {
            Arrival::Syn => SendReason::ChallengeSyn,
            Arrival::Rst => SendReason::ChallengeRst,
            Arrival::Probe => SendReason::ProbeAck,
            Arrival::Old => SendReason::UnacceptableAck,
            Arrival::TooOld => SendReason::PawsAck,
            Arrival::BadAck => SendReason::ChallengeAck,
            Arrival::BeyondGap => SendReason::OutOfOrderAck,
            Arrival::FillsGap => SendReason::GapFilledAck,
            Arrival::Fin if self.due.octets == 0 && flags.fin() => SendReason::FinAck,
            // Nothing more is to come that could carry it.
            Arrival::Fin if matches!(state, State::FinWait1 | State::FinWait2) => SendReason::FinAck,
            Arrival::InOrder | Arrival::Fin | Arrival::Nothing => return None,
        })
    }

    /// Nothing came just now: a timer or the user made it go.
    fn why_late(&self, context: &Context<'_>, advances: bool, because: Option<u64>) -> Why {
        let reason = match advances {
            true if self.due.octets > self.full_segment() => SendReason::SecondSegmentAck,
            true => SendReason::DelayedAck,
            false if self.last.is_some_and(|(arrival, _)| arrival == Arrival::BeyondGap) => {
                SendReason::OutOfOrderAck
            }
            false if context.packet.header.window > self.window => SendReason::WindowUpdate,
            false => return Why::inferred(Seen::Ack, because),
        };
        Why { certainty: context.certainty(), ..Why::seen(reason, because) }
    }

    fn full_segment(&self) -> u32 {
        self.full_segment.max(FIRST_FULL_SEGMENT)
    }

    /// It sends a SYN, which may acknowledge one.
    pub(super) fn sends_syn(&mut self, acknowledges: bool) {
        self.has_met |= acknowledges && self.crossed;
        self.crossed = !acknowledges;
    }

    pub(super) fn sent(&mut self, context: &Context<'_>) {
        let (packet, header) = (context.packet, &context.packet.header);
        if !header.flags.ack() {
            return;
        }
        self.answers_afar(context);
        let is_late = self.last.is_some_and(|(_, moment)| context.ago(moment.at) > PROMPT);
        let single = self.due.first.is_some() && self.due.second.is_none() && self.due.other.is_none();
        if packet.sequence_length() == 0 && single && is_late {
            // It has waited for an answer in vain, or acknowledges nothing at once.
            self.quick = if self.is_interactive { self.quick } else { 0 };
            self.is_interactive = false;
        }
        let follows =
            |before: Option<Instant>, limit| before.is_some_and(|before| context.ago(before) < limit);
        if packet.len > 0 && (follows(self.text_at, ANSWERS) || follows(self.syn_at, PROMPT)) {
            self.is_interactive = true;
        }
        if header.window > self.most_window && !header.flags.syn() {
            self.most_window = header.window;
            // Even a peer that is answered is acknowledged once where the window has grown.
            self.quick |= 1;
        }
        // What only answers, and acknowledges nothing, is not counted.
        let is_owed = self.due.first.is_some()
            || self.due.other.is_some_and(|(reason, _)| {
                matches!(reason, SendReason::OutOfOrderAck | SendReason::GapFilledAck | SendReason::FinAck)
            });
        self.quick = self.quick.saturating_sub(u8::from(is_owed));
        self.due = Due::default();
        self.acks += u32::from(!header.flags.syn());
        self.ack = Some(self.ack.map_or(header.ack, |ack| ack.later(header.ack)));
        // That of a SYN is in other units (RFC 7323 section 2.2).
        self.window = if header.flags.syn() { 0 } else { header.window };
    }

    /// A packet came. Whoever was quiet for longer than `rto` begins anew.
    pub(super) fn received(&mut self, context: &Context<'_>, arrival: Arrival, rto: Duration) {
        let (packet, flags) = (context.packet, context.packet.header.flags);
        let arrival = if self.is_too_old(packet, arrival) { Arrival::TooOld } else { arrival };
        if flags.syn() {
            // A client that has something to say says it at once: what the peer says to that is an answer.
            self.syn_at = Some(packet.at);
            self.quick = QUICK;
        }
        let state = context.tracker.state(context.from.other());
        self.is_sent(context, arrival);
        if let Some(reason) = self.asks_for(arrival, flags, state) {
            // From afar, what goes again before it is acknowledged is what is missing.
            let end = packet.header.seq + packet.sequence_length();
            let is_had = self.ack.is_some_and(|ack| end.at_or_before(ack));
            self.is_asked(reason, context.moment);
            if is_had || arrival != Arrival::Old {
                self.afar.asks(reason, context.moment);
            }
        }
        match arrival {
            Arrival::InOrder | Arrival::FillsGap | Arrival::Fin => self.in_order(context, rto),
            Arrival::Old if packet.sequence_length() > 0 && !flags.syn() => self.is_had_already(),
            _ => {}
        }
        self.is_interactive |= arrival == Arrival::Fin;
        self.last = Some((arrival, context.moment));
    }

    /// What has come before came again.
    pub(super) fn received_again(&mut self, moment: Moment) {
        self.is_asked(SendReason::UnacceptableAck, moment);
        self.afar.asks(SendReason::UnacceptableAck, moment);
        self.is_had_already();
        self.last = Some((Arrival::Old, moment));
    }

    /// All of a segment had come before: its sender has lost acknowledgments, and the next do not wait.
    fn is_had_already(&mut self) {
        self.quick = QUICK;
        self.is_interactive = false;
    }

    /// Something came that it does not take, and answers (RFC 9293 section 3.10.7.4, RFC 5961 sections 3.2 and 4.2).
    pub(super) fn received_stray(&mut self, arrival: Arrival, answer: SendReason, moment: Moment) {
        self.is_asked(answer, moment);
        self.afar.asks(answer, moment);
        self.last = Some((arrival, moment));
    }

    fn is_asked(&mut self, reason: SendReason, moment: Moment) {
        // What was not answered at once will not be.
        self.due.other = self.due.other.filter(|(_, first)| moment.at - first.at <= PROMPT);
        self.due.other.get_or_insert((reason, moment));
    }

    fn in_order(&mut self, context: &Context<'_>, rto: Duration) {
        let packet = context.packet;
        if packet.len > 0 {
            if self.text_at.is_none_or(|before| packet.at - before > rto) {
                self.quick = QUICK;
            }
            self.text_at = Some(packet.at);
        }
        let most = context.tracker.space(context.from).largest_text(packet, USUAL_FULL_SEGMENT);
        self.full_segment = self.full_segment.max(packet.len.min(most));
        let (full, due) = (self.full_segment(), &mut self.due);
        due.octets = due.octets.saturating_add(packet.sequence_length());
        due.short += u32::from(packet.len > 0 && packet.len < full);
        due.is_pushed |= packet.header.flags.psh();
        if due.first.is_none() {
            due.first = Some(context.moment);
            due.is_interactive = self.is_interactive;
        }
        if due.octets > full || due.short > 1 {
            due.second.get_or_insert(context.moment);
        }
    }

    /// Whether its timestamp is older than one that came with an awaited segment (RFC 7323 section 5.3). Text that was
    /// overtaken is taken all the same.
    fn is_too_old(&mut self, packet: &Packet<'_>, arrival: Arrival) -> bool {
        let header = &packet.header;
        let Some(stamps) = header.options.timestamps.filter(|_| arrival != Arrival::Rst) else {
            return false;
        };
        let is_older = self.recent.is_some_and(|recent| (stamps.value.wrapping_sub(recent) as i32) < 0);
        let spans = self.ack.is_none_or(|ack| header.seq.at_or_before(ack));
        if !is_older && spans {
            self.recent = Some(stamps.value);
        }
        self.has_filled |= arrival == Arrival::FillsGap;
        match arrival {
            Arrival::Nothing | Arrival::Old => is_older,
            Arrival::InOrder => is_older && !self.has_filled,
            _ => false,
        }
    }

    /// When the peer's last packet came.
    pub(super) fn last_received(&self) -> Option<Moment> {
        self.last.map(|(_, moment)| moment)
    }
}
