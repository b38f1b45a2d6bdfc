//! Why an acknowledgment was sent, told from afar.
//!
//! A round trip lies between what is seen to go to an end and the acknowledgment of it, and other segments pass meanwhile.
//! So what had come by then is read off the acknowledgment itself: its number, the ranges beyond it, its window. Whether it
//! was delayed shows where it took longer than the shortest round trip.

use std::collections::VecDeque;
use std::time::Duration;

use synfin_ladder::{Certainty, Seen};
use synfin_wire::{SendReason, State, tcp::SackRange};

use super::{Context, PROMPT, Receiver, Why};
use crate::lost::come_twice;
use crate::track::{Arrival, Moment};

/// What strays by no more than half the round trip or this, whichever is less, did not wait: no stack delays for less.
const LEAST_DELAY: Duration = Duration::from_millis(20);
/// Nobody answers a probe later than this and two round trips.
const LATEST_ANSWER: Duration = Duration::from_millis(500);
/// So many questions that are not answered yet are kept.
const MOST_ASKED: usize = 8;

/// What an end is seen to be told that no acknowledgment of new text answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Afar {
    asked: VecDeque<(SendReason, Moment)>,
    /// The newest packet that carried what is awaited next.
    awaited: Option<Moment>,
    /// The last acknowledgment said that something before what has come is missing.
    reports_gap: bool,
}

impl Afar {
    /// Something comes that asks for an answer.
    pub(super) fn asks(&mut self, reason: SendReason, moment: Moment) {
        let is_of_text =
            matches!(reason, SendReason::OutOfOrderAck | SendReason::GapFilledAck | SendReason::FinAck);
        if is_of_text {
            return;
        }
        if self.asked.len() == MOST_ASKED {
            self.asked.pop_front();
        }
        self.asked.push_back((reason, moment));
    }

    /// What was asked first, and so long ago that the answer can be here.
    fn first_asked(&self, context: &Context<'_>, trip: Duration) -> Option<(SendReason, Moment)> {
        self.asked.front().copied().filter(|(_, moment)| context.ago(moment.at) * 4 >= trip * 3)
    }
}

/// The range that says that something has come twice (RFC 2883 section 4).
fn reports_duplicate(ranges: &[SackRange], context: &Context<'_>) -> bool {
    let within = |outer: &SackRange, inner: &SackRange| {
        inner.start.at_or_after(outer.start) && inner.end.at_or_before(outer.end)
    };
    let is_within = matches!(ranges, [first, second, ..] if within(second, first));
    is_within || come_twice(ranges, context.packet.header.ack).is_some()
}

impl Receiver {
    /// The shortest round trip to an end from where this is seen; `None` at the end itself, and next to it.
    pub(super) fn trip(context: &Context<'_>) -> Option<Duration> {
        if context.is_here() {
            return None;
        }
        context.tracker.answered_in(context.from).filter(|trip| *trip > PROMPT)
    }

    pub(super) fn why_far(&self, context: &Context<'_>, advances: bool, trip: Duration) -> Why {
        let (reason, because) = if advances {
            self.why_advances(context, trip)
        } else {
            match self.why_stays(context, trip) {
                Some(why) => why,
                None => return Why::inferred(Seen::Ack, None),
            }
        };
        match reason {
            Some(reason) => Why { certainty: Certainty::Inferred, ..Why::seen(reason, because) },
            None => Why::inferred(Seen::Ack, because),
        }
    }

    /// It acknowledges something new.
    fn why_advances(&self, context: &Context<'_>, trip: Duration) -> (Option<SendReason>, Option<u64>) {
        let header = &context.packet.header;
        let peer = context.tracker.space(context.from.other());
        let ranges = header.options.sack.as_slice();
        let first = peer.moment_of(header.ack);
        // What was awaited may have gone again.
        let newest = first.into_iter().chain(self.afar.awaited).max_by_key(|moment| moment.frame);
        let because = newest.map(|moment| moment.frame);
        let slack = (trip / 2).clamp(PROMPT, LEAST_DELAY);
        let next = peer.next_after(header.ack);
        // What follows at once is acknowledged with it: then a queue on the way took the time.
        let is_late = newest.is_some_and(|moment| {
            context.ago(moment.at) > trip + slack
                && next.is_none_or(|next| next.at - moment.at >= LEAST_DELAY)
        });
        let octets = self.ack.map_or(0, |ack| header.ack.octets_since(ack));
        let reason = if self.afar.reports_gap {
            return (Some(SendReason::GapFilledAck), self.afar.awaited.map(|moment| moment.frame));
        } else if !ranges.is_empty() && !reports_duplicate(ranges, context) {
            SendReason::OutOfOrderAck
        } else if octets > self.full_segment() {
            SendReason::SecondSegmentAck
        } else if is_late {
            SendReason::DelayedAck
        } else if peer.fin_covered_by(header.ack) {
            SendReason::FinAck
        } else if self.quick > 0 {
            SendReason::QuickAck
        } else {
            return (None, because);
        };
        (Some(reason), because)
    }

    /// What was seen to go to it need not have come, however near it is: then the acknowledgment says something else
    /// than what was seen asks for.
    pub(super) fn unlike_arrival(
        &self,
        context: &Context<'_>,
        reason: SendReason,
        advances: bool,
    ) -> Option<Why> {
        let header = &context.packet.header;
        let peer = context.tracker.space(context.from.other());
        let newest = self.last_received().map(|moment| moment.frame);
        let ranges = header.options.sack.as_slice();
        match reason {
            SendReason::QuickAck | SendReason::SecondSegmentAck if !advances => {
                let is_gap = if ranges.is_empty() {
                    self.may_be_gap(context) && !context.tracker.negotiated_sack()
                } else {
                    !reports_duplicate(ranges, context)
                };
                is_gap.then(|| Why::inferred(SendReason::OutOfOrderAck, newest))
            }
            SendReason::UnacceptableAck if advances => {
                let awaited = self.afar.awaited.map(|moment| moment.frame).or(newest);
                let is_other = ranges.is_empty() || !reports_duplicate(ranges, context);
                is_other.then(|| match self.afar.reports_gap {
                    true => Why::inferred(SendReason::GapFilledAck, awaited),
                    false if peer.fin_covered_by(header.ack) => Why::inferred(SendReason::FinAck, awaited),
                    false => Why::inferred(Seen::Ack, awaited),
                })
            }
            _ => None,
        }
    }

    /// It says once more what it has said.
    fn why_stays(&self, context: &Context<'_>, trip: Duration) -> Option<(Option<SendReason>, Option<u64>)> {
        let header = &context.packet.header;
        let peer = context.tracker.space(context.from.other());
        let ranges = header.options.sack.as_slice();
        let asked = self.afar.first_asked(context, trip);
        if let Some(range) = ranges.first()
            && !reports_duplicate(ranges, context)
        {
            return Some((
                Some(SendReason::OutOfOrderAck),
                peer.moment_of(range.end).map(|moment| moment.frame),
            ));
        }
        if let Some((reason, moment)) = asked {
            let is_late_text = reason == SendReason::UnacceptableAck;
            let waits = context.tracker.state(context.from) == State::TimeWait;
            let reason = if is_late_text && waits { SendReason::TimeWaitAck } else { reason };
            return Some((Some(reason), Some(moment.frame)));
        }
        if !ranges.is_empty() {
            return Some((Some(SendReason::UnacceptableAck), None));
        }
        let may_be_gap = self.may_be_gap(context) && !context.tracker.negotiated_sack();
        if header.window > self.window && !may_be_gap {
            return Some((Some(SendReason::WindowUpdate), None));
        }
        may_be_gap.then_some((Some(SendReason::OutOfOrderAck), None))
    }

    /// Something is under way to it, and its window is what it was; that of a SYN cannot be compared.
    fn may_be_gap(&self, context: &Context<'_>) -> bool {
        let header = &context.packet.header;
        let in_flight = context.tracker.space(context.from.other()).most_sent().after(header.ack);
        in_flight && (self.acks == 0 || header.window == self.window)
    }

    /// It sends an acknowledgment, before that is remembered.
    pub(super) fn answers_afar(&mut self, context: &Context<'_>) {
        let header = &context.packet.header;
        let is_bare = context.packet.sequence_length() == 0;
        let advances = self.ack.is_none_or(|ack| header.ack.after(ack));
        let ranges = header.options.sack.as_slice();
        let trip = context.tracker.answered_in(context.from).unwrap_or_default();
        let has_gap = !ranges.is_empty() && !reports_duplicate(ranges, context);
        let is_answer = !has_gap && is_bare && !advances && self.afar.first_asked(context, trip).is_some();
        if is_answer {
            self.afar.asked.pop_front();
        }
        self.afar.asked.retain(|(_, moment)| context.ago(moment.at) <= trip * 2 + LATEST_ANSWER);
        let is_repeat = is_bare && !advances && !is_answer && self.may_be_gap(context);
        let may_be_gap = is_repeat && !context.tracker.negotiated_sack();
        self.afar.reports_gap = has_gap || may_be_gap || self.afar.reports_gap && !advances;
        if advances {
            self.afar.awaited = None;
        }
    }

    /// A packet is on its way to it.
    pub(super) fn is_sent(&mut self, context: &Context<'_>, arrival: Arrival) {
        let (packet, seq) = (context.packet, context.packet.header.seq);
        let end = seq + packet.sequence_length();
        let carries = self.ack.is_some_and(|ack| seq.at_or_before(ack) && end.after(ack));
        if carries && arrival != Arrival::Rst {
            self.afar.awaited = Some(context.moment);
        }
    }
}
