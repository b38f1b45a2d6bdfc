//! The retransmission timeout (RFC 6298 sections 2 and 5).

use super::rtt::RttEstimator;
use crate::compact::compact;
use crate::span::Span;

/// The RTO with its bounds and its back-off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rto {
    base: Span,
    /// The timeout in force: `base` after as many doublings as there were.
    current: Span,
    min: Span,
    max: Span,
    /// What is added to every timeout that was measured.
    slop: Span,
    /// How often it was doubled since the last sample.
    backoff: u8,
}

compact!(Rto { base, current, min, max, slop, backoff });

impl Rto {
    pub(crate) fn new(initial: Span, min: Span, max: Span) -> Self {
        let max = max.max(min);
        let base = initial.clamp(min, max);
        Self { base, current: base, min, max, slop: Span::ZERO, backoff: 0 }
    }

    /// The same with something added to every timeout that is measured from now on.
    pub(crate) fn with_slop(self, slop: Span) -> Self {
        Self { slop, ..self }
    }

    /// Other bounds for the timeouts from now on.
    pub(crate) fn set_bounds(&mut self, min: Span, max: Span) {
        (self.min, self.max) = (min, max.max(min));
        self.base = self.base.max(self.min).min(self.max);
        self.current = self.backed_off(self.backoff);
    }

    /// The timeout in force.
    pub(crate) fn current(&self) -> Span {
        self.current
    }

    /// The least timeout.
    pub(crate) fn least(&self) -> Span {
        self.min
    }

    /// How often it was doubled since the last sample.
    pub(crate) fn backoff(&self) -> u8 {
        self.backoff
    }

    /// The timeout after so many doublings: zero-window probes count theirs apart.
    pub(crate) fn backed_off(&self, doublings: u8) -> Span {
        let factor = 1u32.checked_shl(doublings.into()).unwrap_or(u32::MAX);
        (self.base * factor).min(self.max)
    }

    /// Whether the timeout after so many doublings is `patience`, or as long as it ever becomes.
    pub(crate) fn is_spent(&self, doublings: u8, patience: Span) -> bool {
        self.backed_off(doublings) >= patience.min(self.max)
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
        self.begin_at(self.base.max(Span::from_secs(3)));
    }

    fn begin_at(&mut self, base: Span) {
        self.base = base;
        self.backoff = 0;
        self.current = base.min(self.max);
    }
}

#[cfg(test)]
mod tests;
