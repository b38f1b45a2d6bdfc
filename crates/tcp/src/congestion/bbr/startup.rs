//! Finding out what the path delivers, and emptying the queue that this has made (sections 5.3.1 and 5.3.2).

use super::{Bbr, DeliveryEvent, Mode, Sample};
use crate::compact::compact;
use crate::congestion::bandwidth::Bandwidth;
use crate::connection::status::RecoveryState;

/// A bandwidth that has not grown by a quarter in a round trip is as good as the one before.
const GROWTH: u64 = 125;
/// After so many round trips the pipe is full.
const FULL_ROUNDS: u8 = 3;
/// StartupFullLossCnt.
const FULL_LOSSES: u32 = 6;

/// Whether the bandwidth still grows (section 5.3.1.2).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FullPipe {
    /// BBR.full_bw.
    bandwidth: Bandwidth,
    rounds: u8,
    /// BBR.full_bw_now: it does not.
    pub(super) now: bool,
    /// BBR.full_bw_reached: there was a time when it did not.
    pub(super) reached: bool,
}

compact!(FullPipe { bandwidth, rounds, now, reached });

impl FullPipe {
    /// BBRCheckFullBWReached.
    pub(super) fn look(&mut self, sample: &Sample, round_started: bool) {
        if self.now || sample.app_limited || sample.prior_delivered.is_none() {
            return;
        }
        if sample.rate > Bandwidth::ZERO && sample.rate >= self.bandwidth.percent(GROWTH) {
            self.begin(sample.rate);
            return;
        }
        if !round_started {
            return;
        }
        self.rounds += 1;
        self.now = self.rounds >= FULL_ROUNDS;
        self.reached |= self.now;
    }

    /// Growth is to be compared with this.
    pub(super) fn begin(&mut self, bandwidth: Bandwidth) {
        self.reset();
        self.bandwidth = bandwidth;
    }

    /// BBRResetFullBW.
    pub(super) fn reset(&mut self) {
        self.bandwidth = Bandwidth::ZERO;
        self.rounds = 0;
        self.now = false;
    }
}

impl Bbr {
    /// BBRCheckStartupDone: no more growth, or a round trip of recovery with many losses (section 5.3.1.3).
    pub(super) fn check_startup(&mut self, event: &DeliveryEvent, sample: &Sample) {
        if self.mode != Mode::Startup {
            return;
        }
        let recovering =
            event.recovery == RecoveryState::Recovery && self.recovery == RecoveryState::Recovery;
        let many = self.latest.round_started && self.latest.loss_events >= FULL_LOSSES;
        if recovering && many && sample.lost_too_much() {
            self.full.reached = true;
            let held = self.in_path(self.max_bandwidth.get(), 100);
            self.bounds.in_flight_high = held.max(self.latest.in_flight);
        }
        if self.full.reached {
            self.mode = Mode::Drain;
        }
    }

    /// BBRCheckDrainDone: what is in flight is what the path holds.
    pub(super) fn check_drain(&mut self, event: &DeliveryEvent) {
        if self.mode == Mode::Drain && event.in_flight <= self.inflight(self.max_bandwidth.get(), 100) {
            self.go_down(event);
        }
    }
}
