//! What losses have taught: how much in flight the path bears in the long run, and how much it does at present
//! (sections 5.5.7, 5.5.8 and 5.5.10).

use super::{BETA, Bbr, MIN_WINDOW, Sample, percent};
use crate::compact::compact;
use crate::congestion::bandwidth::Bandwidth;

/// What is left to others below the bound: Headroom.
const HEADROOM: u64 = 85;

/// Bounds of the model; the largest number is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// BBR.inflight_longterm: more in flight than this was too much.
    pub(super) in_flight_high: u32,
    /// BBR.inflight_shortterm.
    pub(super) in_flight_low: u32,
    /// BBR.bw_shortterm.
    pub(super) bandwidth_low: Bandwidth,
}

compact!(Bounds { in_flight_high, in_flight_low, bandwidth_low });

impl Default for Bounds {
    fn default() -> Self {
        Self { in_flight_high: u32::MAX, in_flight_low: u32::MAX, bandwidth_low: Bandwidth::UNBOUNDED }
    }
}

impl Bounds {
    /// BBRResetShortTermModel.
    pub(super) fn reset_low(&mut self) {
        self.in_flight_low = u32::MAX;
        self.bandwidth_low = Bandwidth::UNBOUNDED;
    }

    /// BBRInflightWithHeadroom.
    pub(super) fn with_headroom(&self) -> u32 {
        if self.in_flight_high == u32::MAX {
            return u32::MAX;
        }
        percent(self.in_flight_high, HEADROOM).min(self.in_flight_high - 1).max(MIN_WINDOW)
    }

    /// No tighter than `others`.
    pub(super) fn loosen(&mut self, others: &Self) {
        self.in_flight_high = self.in_flight_high.max(others.in_flight_high);
        self.in_flight_low = self.in_flight_low.max(others.in_flight_low);
        self.bandwidth_low = self.bandwidth_low.max(others.bandwidth_low);
    }
}

impl Bbr {
    /// BBRAdaptLowerBoundsFromCongestion: once a round trip, by what that has delivered. The draft does it for any
    /// loss; here only for as many as end a probe, since else the pacing margin alone would slow down, round trip by
    /// round trip, a flow that loses one segment in a hundred by chance.
    pub(super) fn adapt_lower_bounds(&mut self, window: u32, sample: &Sample) {
        let lost = self.latest.round_started && self.latest.loss_in_round && sample.lost_too_much();
        if !lost || self.mode.seeks_bandwidth() {
            return;
        }
        let bounds = &mut self.bounds;
        if bounds.bandwidth_low == Bandwidth::UNBOUNDED {
            bounds.bandwidth_low = self.max_bandwidth.get();
        }
        if bounds.in_flight_low == u32::MAX {
            bounds.in_flight_low = window;
        }
        bounds.bandwidth_low = bounds.bandwidth_low.percent(BETA).max(self.latest.bandwidth);
        bounds.in_flight_low = percent(bounds.in_flight_low, BETA).max(self.latest.in_flight);
    }

    /// BBRHandleInflightTooHigh: the probe has found the bound.
    pub(super) fn bound_in_flight(&mut self, window: u32, sample: &Sample) {
        self.cycle.samples_probe = false;
        if !sample.app_limited {
            let least = percent(self.target_in_flight(window), BETA);
            self.bounds.in_flight_high = sample.sent_in_flight.max(least);
        }
    }

    /// BBRTargetInflight.
    pub(super) fn target_in_flight(&self, window: u32) -> u32 {
        self.in_path(self.bandwidth(), 100).min(window)
    }
}
