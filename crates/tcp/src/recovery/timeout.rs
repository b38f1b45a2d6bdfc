//! The retransmission timer ran out: what is lost then (RFC 6298 section 5.4, RFC 8985 section 6.3), and
//! whether it was for nothing (F-RTO, RFC 5682).

use synfin_wire::{Instant, SeqNumber};

use super::scoreboard::AckNews;
use super::{AckInput, AckPlan, LossRecovery, Repair, Sender};
use crate::congestion::{Cause, CongestionEvent, TimeoutEvent};
use crate::connection::status::RecoveryState;
use crate::send::retransmission_queue::Finding;

/// What a timeout depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeoutInput {
    pub(crate) una: SeqNumber,
    pub(crate) nxt: SeqNumber,
    pub(crate) now: Instant,
    /// Both ends agreed on SACK.
    pub(crate) sack: bool,
    /// The timer had run out before for the same data.
    pub(crate) repeated: bool,
    /// Spurious timeouts are to be looked for.
    pub(crate) frto: bool,
    /// The next timeout is no longer than this one.
    pub(crate) linear: bool,
}

impl LossRecovery {
    /// The window shrinks to what is in flight and one segment, and what is lost is to be sent again.
    pub(crate) fn on_timeout(&mut self, input: &TimeoutInput, sender: &mut Sender<'_>) {
        let was_calm = !matches!(self.state, RecoveryState::Recovery | RecoveryState::Loss);
        self.mark_lost_by_timeout(input, sender);
        self.reduce_by_timeout(input, sender);
        let sacked = sender.queue.counts().sacked;
        let disordered = matches!(self.state, RecoveryState::Open | RecoveryState::Disorder);
        if disordered && sacked >= self.rack.first_span() {
            self.rack.span_was_too_large();
        }
        self.state = RecoveryState::Loss;
        self.point = input.nxt;
        self.probe.clear();
        self.owes_cwr = true;
        self.partial = false;
        self.narrowed = None;
        // RFC 5682 section 3.1, step 1: not when an earlier loss is still being repaired.
        self.frto = input.frto && (was_calm || input.repeated);
        if input.linear {
            self.rto.measured(&self.rtt);
        } else {
            self.rto.back_off();
        }
    }

    fn mark_lost_by_timeout(&mut self, input: &TimeoutInput, sender: &mut Sender<'_>) {
        let reneged = sender.queue.front().is_some_and(|front| front.sacked);
        if reneged {
            sender.queue.forget_sacked();
            self.reneged = true;
        } else if !input.sack {
            self.duplicates = 0;
        }
        let before = sender.queue.counts();
        let rack = self.rack;
        let front = sender.queue.front().map(|front| front.start);
        sender.queue.find_lost(|range| {
            // What was sent a moment ago has not had its time (RFC 8985 section 6.3).
            let spared = !reneged && Some(range.start) != front && rack.is_recent(range, input.now);
            if spared { Finding::Keep } else { Finding::Lost }
        });
        sender.queue.front_is_due();
        self.count_lost(before, sender.queue);
    }

    /// The threshold falls once for each window of data (RFC 5681 section 3.1).
    fn reduce_by_timeout(&mut self, input: &TimeoutInput, sender: &mut Sender<'_>) {
        let first = matches!(self.state, RecoveryState::Open | RecoveryState::Disorder)
            || self.point.at_or_before(input.una)
            || (self.state == RecoveryState::Loss && !input.repeated);
        if first {
            self.undo.threshold = self.threshold_to_restore(sender);
            self.undo.window = sender.congestion.window();
            sender.congestion.on_congestion(&CongestionEvent { cause: Cause::Timeout });
            self.undo.begin(input.una, sender.queue.counts(), self.probe.retransmits());
        }
        sender.congestion.on_timeout(&TimeoutEvent { now: input.now, nxt: input.nxt });
        sender.congestion.window.size = self.in_flight(sender.queue) + 1;
        sender.congestion.window.counted = 0;
    }

    /// An acknowledgment after a timeout.
    pub(super) fn after_timeout(
        &mut self,
        ack: &AckInput<'_>,
        sender: &mut Sender<'_>,
        news: &mut AckNews,
        plan: &mut AckPlan,
    ) {
        let recovered = ack.una.at_or_after(self.point);
        if ack.advances() && self.undo_timeout(ack, sender, false) {
            return;
        }
        if self.frto {
            // Step 3b: something arrived that was sent before the timeout and only then.
            if news.original_arrived && self.undo_timeout(ack, sender, true) {
                return;
            }
            if ack.nxt.after(self.point) {
                // Step 3a: what was sent after it makes duplicates, so the loss was real.
                if news.sacked || Self::is_duplicate(ack, news) {
                    self.frto = false;
                }
            } else if ack.advances() && !recovered {
                self.point = ack.nxt;
                if ack.has_new {
                    // Step 2b.
                    plan.repair = Repair::NewFirst;
                    return;
                }
                self.frto = false;
            }
        }
        if recovered {
            self.undo_at_the_end(ack, sender);
            return;
        }
        if !ack.sack {
            // A duplicate after step 2b tells of new data that arrived.
            if ack.nxt.after(self.point) && Self::is_duplicate(ack, news) {
                self.one_more_duplicate(sender.queue, news);
            } else if ack.advances() {
                self.duplicates = 0;
            }
        }
        plan.repair = Repair::Lost;
    }

    /// Nothing had been lost: the window as it was before, and on with new data.
    fn undo_timeout(&mut self, ack: &AckInput<'_>, sender: &mut Sender<'_>, by_frto: bool) -> bool {
        if !by_frto && !self.may_undo(ack) {
            return false;
        }
        self.restore(sender, true);
        if self.holds_without_sack(ack, sender.queue) {
            return true;
        }
        if by_frto || ack.sack {
            self.state = RecoveryState::Open;
            self.reneged = false;
        }
        true
    }
}
