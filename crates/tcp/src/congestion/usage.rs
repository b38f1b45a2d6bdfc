//! Whether the window was what held sending back: one that was not proves nothing about the path
//! (RFC 7661 section 1, RFC 2861).

use synfin_wire::{Instant, SeqNumber};

use super::Window;
use crate::compact::compact;
use crate::span::Span;

/// How far the window was used of late.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// It was the limit in this round trip.
    limited: bool,
    /// The most segments that were outstanding in this round trip.
    most_outstanding: u32,
    /// The round trip ends when this is acknowledged.
    until: SeqNumber,
    /// The most that was outstanding since it was the limit.
    used: u32,
    /// When it was the limit last, or an acknowledgment spoke for it.
    valid_at: Instant,
}

compact!(Usage { limited, most_outstanding, until, used, valid_at });

/// What was sent, and what is in flight after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UsageInput {
    /// The window, or all of it that one more segment needs, is full.
    pub(crate) limited: bool,
    pub(crate) outstanding: u32,
    /// SND.UNA.
    pub(crate) una: SeqNumber,
    /// SND.NXT.
    pub(crate) nxt: SeqNumber,
    pub(crate) now: Instant,
}

impl Usage {
    pub(crate) fn new(nxt: SeqNumber, now: Instant) -> Self {
        Self { limited: false, most_outstanding: 0, until: nxt, used: 0, valid_at: now }
    }

    /// The strongest sign of a round trip stands until that round trip is over.
    pub(crate) fn sent(&mut self, window: &Window, input: &UsageInput) {
        let over = input.una.at_or_after(self.until);
        let more = !self.limited && input.outstanding > self.most_outstanding;
        if over || input.limited || more {
            self.limited = input.limited;
            self.most_outstanding = input.outstanding;
            self.until = input.nxt;
        }
        if self.is_limited(window) {
            self.used = 0;
            self.valid_at = input.now;
        } else {
            self.used = self.used.max(input.outstanding);
        }
    }

    /// New data is acknowledged: nothing speaks against the window as it is.
    pub(crate) fn acknowledged(&mut self, now: Instant) {
        self.valid_at = now;
    }

    /// Something had to wait for the window in this round trip.
    pub(crate) fn was_the_limit(&self) -> bool {
        self.limited
    }

    /// In slow start the window may grow to twice what was outstanding.
    pub(crate) fn is_limited(&self, window: &Window) -> bool {
        self.limited || (window.in_slow_start() && window.size < self.most_outstanding.saturating_mul(2))
    }

    /// A window that was not used for a whole RTO, in which nothing was acknowledged either, comes half the way down to what
    /// was (RFC 2861 section 3).
    pub(crate) fn decay(&mut self, window: &mut Window, initial: u32, rto: Span, now: Instant) {
        if self.is_limited(window) || Span::between(self.valid_at, now) < rto {
            return;
        }
        let used = self.used.max(initial);
        if used < window.size {
            window.threshold = window.threshold_after_idle();
            window.size = window.size.midpoint(used);
        }
        self.used = 0;
        self.valid_at = now;
    }

    /// A window of which nothing was used halves for every RTO of the pause, down to the one that a connection
    /// begins with (RFC 2861 section 3, RFC 5681 section 4.1).
    pub(crate) fn restart(&mut self, window: &mut Window, initial: u32, rto: Span, idle: Span, now: Instant) {
        window.threshold = window.threshold_after_idle();
        let least = initial.min(window.size);
        let halvings = (idle.as_nanos().saturating_sub(1) / rto.as_nanos().max(1)).min(31) as u32;
        window.size = (window.size >> halvings).max(least);
        self.used = 0;
        self.valid_at = now;
    }
}
