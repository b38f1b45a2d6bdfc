//! How much a path carries in a time: segments a microsecond, in units fine enough for a slow path.

use crate::compact::compact;
use crate::span::Span;

/// The unit is 2^-24 segments a microsecond: a sixteenth of a segment a second.
const SHIFT: u32 = 24;

/// Segments in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Bandwidth(u64);

compact!(Bandwidth(value));

impl Bandwidth {
    pub(crate) const ZERO: Self = Self(0);
    /// No path carries more.
    pub(crate) const UNBOUNDED: Self = Self(u64::MAX);

    /// So many segments in so long.
    pub(crate) fn of(segments: u64, interval: Span) -> Self {
        let micros = u128::from(interval.as_micros().max(1));
        Self(narrow((u128::from(segments) << SHIFT) / micros))
    }

    /// So many hundredths of it.
    pub(crate) fn percent(self, percent: u64) -> Self {
        Self(narrow(u128::from(self.0) * u128::from(percent) / 100))
    }

    /// Segments in a span, a part of one as a whole.
    pub(crate) fn segments_in(self, span: Span) -> u32 {
        let parts = u128::from(self.0).saturating_mul(span.as_micros().into());
        u32::try_from(parts.div_ceil(1 << SHIFT)).unwrap_or(u32::MAX)
    }

    /// Octets a second, in segments of `mss` octets.
    pub(crate) fn octets_a_second(self, mss: u32) -> u64 {
        narrow((u128::from(self.0) * u128::from(mss) * 1_000_000) >> SHIFT)
    }
}

fn narrow(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
