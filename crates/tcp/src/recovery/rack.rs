//! RACK: what was sent before something that has arrived, and by more than the reordering window, is lost
//! (RFC 8985 sections 5 and 6).

use synfin_wire::{Instant, SeqNumber};

use super::rtt::RttEstimator;
use crate::compact::compact;
use crate::config::ReorderingConfig;
use crate::send::RetransmissionQueue;
use crate::send::retransmission_queue::{Finding, SentRange};
use crate::span::Span;

/// How many recoveries a reordering window that DSACKs have widened outlives (section 6.2, step 4).
const PERSISTS: u8 = 16;

/// What RACK knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rack {
    /// When the newest of what has arrived was sent: RACK.xmit_ts.
    sent_at: Instant,
    /// Where it ends: RACK.end_seq.
    end: SeqNumber,
    /// The round trip that it measured: RACK.rtt.
    rtt: Span,
    /// Something newer has arrived since losses were last looked for.
    advanced: bool,
    /// Quarters of the least round trip in the reordering window: RACK.reo_wnd_mult.
    steps: u8,
    /// Recoveries until `steps` goes back to one: RACK.reo_wnd_persist.
    persist: u8,
    /// How late something was that had been taken for lost.
    lateness: Span,
    /// A DSACK came: the window was too narrow.
    dsack: bool,
    /// How much had been delivered when the window was last widened.
    widened_at: u64,
    /// How often reordering was seen.
    reorderings: u32,
    /// How many segments reordering spans; at least as many as at first.
    span: u32,
    config: ReorderingConfig,
}

compact!(Rack {
    sent_at,
    end,
    rtt,
    advanced,
    steps,
    persist,
    lateness,
    dsack,
    widened_at,
    reorderings,
    span,
    config
});

impl Rack {
    pub(crate) fn new(config: ReorderingConfig) -> Self {
        Self {
            sent_at: Instant::ZERO,
            end: SeqNumber::default(),
            rtt: Span::ZERO,
            advanced: false,
            steps: 1,
            persist: 0,
            lateness: Span::ZERO,
            dsack: false,
            widened_at: 0,
            reorderings: 0,
            span: config.span,
            config,
        }
    }
}

/// What else the search for losses depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RackInput<'a> {
    pub(crate) rtt: &'a RttEstimator,
    /// Recovery is going on already.
    pub(crate) recovering: bool,
    pub(crate) now: Instant,
}

impl Rack {
    /// `range` has arrived (section 6.2, step 2).
    pub(crate) fn delivered(&mut self, range: &SentRange, rtt: &RttEstimator, now: Instant) {
        let sample = Span::between(range.sent_at, now);
        // An answer that is too quick for the retransmission is one to the original.
        if range.retransmissions > 0 && rtt.minimum().is_some_and(|least| sample < least) {
            return;
        }
        self.advanced = true;
        self.rtt = sample;
        if self.is_newer(range) {
            self.sent_at = range.sent_at;
            self.end = range.end;
        }
    }

    fn is_newer(&self, range: &SentRange) -> bool {
        range.sent_at > self.sent_at || (range.sent_at == self.sent_at && range.end.after(self.end))
    }

    /// Losses are to be looked for whether anything arrives or not.
    pub(crate) fn look_again(&mut self) {
        self.advanced = true;
    }

    /// Takes note of reordering that spans from `low` to `high` (section 6.2, step 3).
    pub(crate) fn reordered(&mut self, low: SeqNumber, high: SeqNumber, mss: u32) {
        if low.at_or_after(high) {
            return;
        }
        self.reordered_by(high.octets_since(low).div_ceil(mss.max(1)));
    }

    /// The same without SACK, where only a number of segments is known.
    pub(crate) fn reordered_by(&mut self, segments: u32) {
        self.span = self.span.max(segments.min(self.config.max_span));
        self.reorderings = self.reorderings.saturating_add(1);
    }

    /// How many segments reordering is taken to span at first.
    pub(crate) fn first_span(&self) -> u32 {
        self.config.span
    }

    /// How many segments reordering spans.
    pub(crate) fn span(&self) -> u32 {
        self.span
    }

    /// How often reordering was seen.
    pub(crate) fn reorderings(&self) -> u32 {
        self.reorderings
    }

    /// A timeout in spite of many duplicates: reordering spans less than was believed.
    pub(crate) fn span_was_too_large(&mut self) {
        self.span = self.span.min(self.config.span);
    }

    /// A DSACK for something that RACK had taken for lost.
    pub(crate) fn dsack(&mut self) {
        self.dsack |= self.reorderings > 0;
    }

    /// Widens the reordering window by a quarter of the least round trip, once a round trip at the most, when
    /// a DSACK came (step 4). `prior` is what had been delivered when the segment was sent that was
    /// acknowledged last.
    pub(crate) fn adapt(&mut self, prior: Option<u64>, delivered: u64) {
        let Some(prior) = prior.filter(|_| self.config.adapts) else { return };
        if prior < self.widened_at {
            self.dsack = false;
        }
        if core::mem::take(&mut self.dsack) {
            self.steps = self.steps.saturating_add(1);
            self.widened_at = delivered;
            self.persist = PERSISTS;
        } else if self.persist == 0 {
            self.steps = 1;
            self.lateness = Span::ZERO;
        }
    }

    /// An echoed timestamp shows that the original of something sent again has arrived after so long: the window
    /// was too narrow by what it was late beyond RACK.rtt. A DSACK would say the same (section 6.2, step 4), but
    /// later, and not by how much.
    pub(crate) fn original_was_late(&mut self, rtt: Span) {
        self.lateness = self.lateness.max(rtt.saturating_sub(self.rtt));
        self.persist = PERSISTS;
    }

    /// A recovery has ended that was not in vain.
    pub(crate) fn recovered(&mut self) {
        self.persist = self.persist.saturating_sub(1);
    }

    /// A recovery was in vain: what widened the window goes on.
    pub(crate) fn was_in_vain(&mut self) {
        self.persist = self.persist.saturating_add(1).min(PERSISTS);
    }

    /// RACK.reo_wnd: nothing while no reordering was seen and losses are plain, else a quarter or more of the
    /// least round trip, and at most an SRTT.
    fn window(&self, queue: &RetransmissionQueue, input: &RackInput<'_>) -> Span {
        let is_plain = self.config.counts_duplicates && queue.counts().sacked >= self.span;
        if self.reorderings == 0 && (input.recovering || is_plain) {
            return Span::ZERO;
        }
        let least = input.rtt.minimum().unwrap_or_default();
        let widened = (least / 4 * u32::from(self.steps)).max(self.lateness);
        widened.min(input.rtt.smoothed().unwrap_or_default())
    }

    /// Marks what is lost, and tells how long the rest may still take (step 5); `None` when nothing has
    /// arrived since the last look, or nothing waits.
    pub(crate) fn find_lost(
        &mut self,
        queue: &mut RetransmissionQueue,
        input: &RackInput<'_>,
    ) -> Option<Span> {
        if core::mem::take(&mut self.advanced) { self.look(queue, input) } else { None }
    }

    /// The same, whether anything has arrived or not: the reordering timer ran out.
    pub(crate) fn look(&self, queue: &mut RetransmissionQueue, input: &RackInput<'_>) -> Option<Span> {
        let patience = self.rtt + self.window(queue, input);
        let mut wait = None;
        queue.find_lost(|range| {
            if self.is_newer(range) || (range.sent_at == self.sent_at && range.end == self.end) {
                return Finding::Stop;
            }
            let due = range.sent_at + patience;
            if due <= input.now {
                return Finding::Lost;
            }
            wait = wait.max(Some(Span::between(input.now, due)));
            Finding::Keep
        });
        wait
    }

    /// What was sent so lately that a timeout says nothing of it.
    pub(crate) fn is_recent(&self, range: &SentRange, now: Instant) -> bool {
        range.sent_at + self.rtt > now
    }
}

#[cfg(test)]
mod tests;
