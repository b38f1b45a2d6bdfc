//! Slow start, congestion avoidance and the halving (RFC 5681 sections 3.1 and 3.2), with byte counting
//! (RFC 3465): an acknowledgment of a super-segment counts for all that it covers.

use super::{AckEvent, CongestionController, IdleEvent, LossEvent, RecoveredEvent, TimeoutEvent};

/// Reno's variables, in octets.
#[derive(Clone, Debug)]
pub(crate) struct Reno {
    window: u32,
    threshold: u32,
    /// Octets acknowledged in congestion avoidance since cwnd grew last.
    counted: u32,
}

impl Reno {
    pub(crate) fn new(initial_window: u32) -> Self {
        Self { window: initial_window, threshold: u32::MAX, counted: 0 }
    }

    fn halve(&mut self, flight_size: u32, mss: u32) {
        self.threshold = (flight_size / 2).max(2 * mss);
        self.counted = 0;
    }
}

impl CongestionController for Reno {
    fn on_ack(&mut self, event: &AckEvent) {
        // A window that is not used proves nothing about the path (RFC 7661 section 1).
        let slow_start = self.window < self.threshold;
        let used = if slow_start { event.in_flight.saturating_mul(2) } else { event.in_flight };
        if used + event.mss <= self.window {
            return;
        }
        if slow_start {
            // After a timeout one acknowledgment may cover much that had arrived before: L = 1
            // (RFC 3465 section 2.3).
            let limit = if event.after_timeout { event.mss } else { u32::MAX };
            let grown = self.window.saturating_add(event.acknowledged.min(limit));
            self.window = grown.min(self.threshold.max(self.window + event.mss));
            return;
        }
        self.counted = self.counted.saturating_add(event.acknowledged);
        if self.counted >= self.window {
            self.counted -= self.window;
            self.window = self.window.saturating_add(event.mss);
        }
    }

    fn on_loss(&mut self, event: &LossEvent) {
        self.halve(event.flight_size, event.mss);
        self.window = self.threshold;
    }

    fn on_recovered(&mut self, event: &RecoveredEvent) {
        // RFC 6582 section 3.2 (1): no burst when little is left in flight.
        self.window = self.threshold.min(event.in_flight.max(event.mss) + event.mss);
    }

    fn on_timeout(&mut self, event: &TimeoutEvent) {
        if !event.repeated {
            self.halve(event.flight_size, event.mss);
        }
        self.window = event.mss;
    }

    fn on_idle(&mut self, event: &IdleEvent) {
        self.window = self.window.min(event.restart_window);
    }

    fn window(&self) -> u32 {
        self.window
    }

    fn slow_start_threshold(&self) -> u32 {
        self.threshold
    }
}

#[cfg(test)]
mod tests;
