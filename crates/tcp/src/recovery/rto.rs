//! The retransmission timeout (RFC 6298 sections 2 and 5).

use core::time::Duration;

use super::rtt::RttEstimator;
use crate::compact::compact;

/// The RTO with its bounds and its back-off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rto {
    base: Duration,
    /// The timeout in force: `base` after as many doublings as there were.
    current: Duration,
    min: Duration,
    max: Duration,
    /// What is added to every timeout that was measured.
    slop: Duration,
    /// How often it was doubled since the last sample.
    backoff: u8,
}

compact!(Rto { base, current, min, max, slop, backoff });

impl Rto {
    pub(crate) fn new(initial: Duration, min: Duration, max: Duration) -> Self {
        let max = max.max(min);
        let base = initial.clamp(min, max);
        Self { base, current: base, min, max, slop: Duration::ZERO, backoff: 0 }
    }

    /// The same with something added to every timeout that is measured from now on.
    pub(crate) fn with_slop(self, slop: Duration) -> Self {
        Self { slop, ..self }
    }

    /// The timeout in force.
    pub(crate) fn current(&self) -> Duration {
        self.current
    }

    /// The least timeout.
    pub(crate) fn least(&self) -> Duration {
        self.min
    }

    /// How often it was doubled since the last sample.
    pub(crate) fn backoff(&self) -> u8 {
        self.backoff
    }

    /// The timeout after so many doublings: zero-window probes count theirs apart.
    pub(crate) fn backed_off(&self, doublings: u8) -> Duration {
        let factor = 1u32.checked_shl(doublings.into()).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.max)
    }

    /// RTO <- SRTT + 4 * RTTVAR, within its bounds; a fresh sample ends the back-off (2.3, 5.7).
    pub(crate) fn measured(&mut self, rtt: &RttEstimator) {
        if let Some(timeout) = rtt.timeout() {
            self.begin_at((timeout + self.slop).clamp(self.min, self.max));
        }
    }

    /// The timer ran out: it doubles (5.5).
    pub(crate) fn back_off(&mut self) {
        self.backoff = self.backoff.saturating_add(1);
        self.current = self.backed_off(self.backoff);
    }

    /// The SYN had to be sent again: no data goes out with less than 3 s (5.7).
    pub(crate) fn after_lost_syn(&mut self) {
        self.begin_at(self.base.max(Duration::from_secs(3)));
    }

    fn begin_at(&mut self, base: Duration) {
        self.base = base;
        self.backoff = 0;
        self.current = base.min(self.max);
    }
}

#[cfg(test)]
mod tests;
