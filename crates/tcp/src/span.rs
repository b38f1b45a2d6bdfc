//! How long something takes, as the engine reckons it: nanoseconds in one number, which are compared and added up with each
//! segment. Settings and reports have `Duration`, which is seconds and the rest of one.

use core::ops::{Add, AddAssign, Div, Mul};
use core::time::Duration;

use synfin_wire::Instant;

use crate::compact::compact;

/// Nanoseconds; 64 bits last 584 years. Sums and products saturate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Span(u64);

compact!(Span(nanos));

impl Span {
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(crate) const fn from_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    pub(crate) const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    pub(crate) const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// From `earlier` to `later`; zero when it is the other way round.
    pub(crate) const fn between(earlier: Instant, later: Instant) -> Self {
        Self(later.as_nanos().saturating_sub(earlier.as_nanos()))
    }

    pub(crate) const fn as_nanos(self) -> u64 {
        self.0
    }

    pub(crate) const fn as_micros(self) -> u64 {
        self.0 / 1_000
    }

    pub(crate) const fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Self::from_secs(duration.as_secs()) + Self(duration.subsec_nanos().into())
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        Self::from_nanos(span.0)
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<u32> for Span {
    type Output = Self;
    fn mul(self, factor: u32) -> Self {
        Self(self.0.saturating_mul(factor.into()))
    }
}

impl Div<u32> for Span {
    type Output = Self;
    fn div(self, divisor: u32) -> Self {
        Self(self.0 / u64::from(divisor))
    }
}

impl Add<Span> for Instant {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self::from_nanos(self.as_nanos().saturating_add(span.0))
    }
}

impl AddAssign<Span> for Instant {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}
