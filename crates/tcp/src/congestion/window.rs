//! cwnd and ssthresh, and the two ways in which a window grows (RFC 5681 section 3.1).

use crate::compact::compact;

/// Before the first loss there is no threshold.
pub(crate) const NO_THRESHOLD: u32 = u32::MAX;

/// The congestion window, in segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// cwnd.
    pub(crate) size: u32,
    /// ssthresh.
    pub(crate) threshold: u32,
    /// Segments that have arrived since `size` grew last, out of slow start.
    pub(crate) counted: u32,
}

compact!(Window { size, threshold, counted });

impl Window {
    pub(crate) fn new(size: u32) -> Self {
        Self { size: size.max(1), threshold: NO_THRESHOLD, counted: 0 }
    }

    pub(crate) fn in_slow_start(&self) -> bool {
        self.size < self.threshold
    }

    /// Slow start: as much as has arrived, up to the threshold. Returns what was left over.
    pub(crate) fn grow_exponentially(&mut self, delivered: u32) -> u32 {
        let grown = self.size.saturating_add(delivered).min(self.threshold);
        let used = grown - self.size;
        self.size = grown;
        delivered - used
    }

    /// A segment more for every `per` that have arrived.
    pub(crate) fn grow_linearly(&mut self, per: u32, delivered: u32) {
        let per = per.max(1);
        if self.counted >= per {
            self.counted = 0;
            self.size = self.size.saturating_add(1);
        }
        self.counted = self.counted.saturating_add(delivered);
        self.size = self.size.saturating_add(self.counted / per);
        self.counted %= per;
    }

    /// The threshold that an idle time leaves: three quarters of the window, that slow start may come back to
    /// (RFC 2861 section 3).
    pub(crate) fn threshold_after_idle(&self) -> u32 {
        if self.threshold == NO_THRESHOLD {
            return NO_THRESHOLD;
        }
        self.threshold.max(self.size / 2 + self.size / 4)
    }
}
