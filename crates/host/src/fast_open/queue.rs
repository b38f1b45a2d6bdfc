//! How many connections of one listener may use Fast Open at the same time (RFC 7413 section 5.1).

use std::collections::VecDeque;
use std::time::Duration;

use synfin_wire::Instant;

/// How long a connection that was reset in its handshake keeps its place.
const RESET_KEEPS_PLACE: Duration = Duration::from_secs(60);

/// The connections whose SYN was taken with its text, and whose handshake is not over. A reset is what a host sends
/// whose address was forged: its connection keeps its place for a while, so that a flood of forged SYNs ends in
/// ordinary handshakes.
#[derive(Debug, Default)]
pub(crate) struct FastOpenQueue {
    pub(crate) limit: usize,
    handshaking: usize,
    /// When the places of those that were reset become free, soonest first.
    reset: VecDeque<Instant>,
}

impl FastOpenQueue {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Whether one more may begin. It never holds more than `limit`.
    pub(crate) fn has_room(&mut self, now: Instant) -> bool {
        while self.reset.front().is_some_and(|free_at| *free_at <= now) {
            self.reset.pop_front();
        }
        self.handshaking + self.reset.len() < self.limit
    }

    pub(crate) fn began(&mut self) {
        self.handshaking += 1;
    }

    /// A handshake is over; `reset_at` when the peer reset it.
    pub(crate) fn ended(&mut self, reset_at: Option<Instant>) {
        self.handshaking -= 1;
        if let Some(now) = reset_at {
            self.reset.push_back(now + RESET_KEEPS_PLACE);
        }
    }
}

#[cfg(test)]
mod tests;
