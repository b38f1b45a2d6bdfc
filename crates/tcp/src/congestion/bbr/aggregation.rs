//! Acknowledgments that come in lumps: how much more they tell at once than the path delivers meanwhile, so that
//! the window is not used up between two of them (section 5.5.9).

use synfin_wire::Instant;

use crate::compact::compact;
use crate::congestion::DeliveryEvent;
use crate::congestion::bandwidth::Bandwidth;
use crate::span::Span;

/// BBR.ExtraAckedFilterLen.
pub(super) const ROUNDS: u64 = 10;

/// The largest excess of the last rounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aggregation {
    began: Instant,
    delivered: u32,
    /// The largest excess of this half of the window, and of the one before.
    most: [u32; 2],
    half_began: u64,
}

compact!(Aggregation { began, delivered, most, half_began });

impl Aggregation {
    pub(super) fn new(now: Instant) -> Self {
        Self { began: now, delivered: 0, most: [0; 2], half_began: 0 }
    }

    /// BBR.extra_acked.
    pub(super) fn extra(&self) -> u32 {
        self.most[0].max(self.most[1])
    }

    /// What comes after an idle time is compared with what the path does from now on.
    pub(super) fn restart(&mut self, now: Instant) {
        self.began = now;
        self.delivered = 0;
    }

    pub(super) fn take(
        &mut self,
        event: &DeliveryEvent,
        bandwidth: Bandwidth,
        window: u32,
        round: u64,
        filter_rounds: u64,
    ) {
        let mut expected = bandwidth.segments_in(Span::between(self.began, event.now));
        if self.delivered <= expected {
            self.restart(event.now);
            expected = 0;
        }
        self.delivered = self.delivered.saturating_add(event.delivered);
        let extra = self.delivered.saturating_sub(expected).min(window);
        if round - self.half_began >= filter_rounds.div_ceil(2) {
            self.half_began = round;
            self.most = [0, self.most[0]];
        }
        self.most[0] = self.most[0].max(extra);
    }
}
