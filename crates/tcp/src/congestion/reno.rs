//! Slow start, congestion avoidance and the halving (RFC 5681 sections 3.1 and 3.2), by what has arrived rather
//! than by acknowledgments (RFC 3465).
//!
//! As in Linux it is the window that is halved and not FlightSize, as equation (4) has it: the window grows only where it
//! is used, and shrinks where it is not (RFC 2861), so that it is no more than what was in flight a while ago.

use super::{AckEvent, CongestionController, CongestionEvent, Window};

/// Reno has no state of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reno;

impl CongestionController for Reno {
    fn on_ack(&mut self, window: &mut Window, event: &AckEvent) {
        let mut delivered = event.delivered;
        if window.in_slow_start() {
            delivered = window.grow_exponentially(delivered);
        }
        if delivered > 0 {
            window.grow_linearly(window.size, delivered);
        }
    }

    fn on_congestion(&mut self, window: &Window, _: &CongestionEvent) -> u32 {
        (window.size / 2).max(2)
    }
}

#[cfg(test)]
mod tests;
