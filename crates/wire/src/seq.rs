//! Sequence numbers: 32 bits, modulo 2^32 (RFC 9293 section 3.4).

use core::fmt;
use core::ops::{Add, AddAssign, Sub};

/// A sequence or acknowledgment number.
///
/// The space is a circle, so there is no `<`: two numbers are compared by [`before`](Self::before) and
/// [`after`](Self::after), which are right as long as they lie less than 2^31 apart.
///
/// ```
/// use synfin_wire::SeqNumber;
/// let last = SeqNumber::new(u32::MAX);
/// let next = last + 1;
/// assert_eq!(next, SeqNumber::new(0));
/// assert!(last.before(next) && next.after(last));
/// assert_eq!(next.distance(last), 1);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SeqNumber(u32);

impl SeqNumber {
    /// The number as it stands in a header.
    #[must_use]
    pub const fn new(value: u32) -> Self {
        Self(value)
    }

    /// The number as it stands in a header.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }

    /// How far `self` lies beyond `origin`, in octets; negative when it lies before it.
    #[must_use]
    pub const fn distance(self, origin: Self) -> i32 {
        self.0.wrapping_sub(origin.0) as i32
    }

    /// The octets from `origin` up to `self`, or 0 when `self` lies before `origin`.
    #[must_use]
    pub const fn octets_since(self, origin: Self) -> u32 {
        let distance = self.distance(origin);
        if distance > 0 { distance as u32 } else { 0 }
    }

    /// Earlier than `other`.
    #[must_use]
    pub const fn before(self, other: Self) -> bool {
        self.distance(other) < 0
    }

    /// Earlier than `other`, or the same.
    #[must_use]
    pub const fn at_or_before(self, other: Self) -> bool {
        self.distance(other) <= 0
    }

    /// Later than `other`.
    #[must_use]
    pub const fn after(self, other: Self) -> bool {
        self.distance(other) > 0
    }

    /// Later than `other`, or the same.
    #[must_use]
    pub const fn at_or_after(self, other: Self) -> bool {
        self.distance(other) >= 0
    }

    /// The later of the two.
    #[must_use]
    pub const fn later(self, other: Self) -> Self {
        if self.after(other) { self } else { other }
    }

    /// The earlier of the two.
    #[must_use]
    pub const fn earlier(self, other: Self) -> Self {
        if self.before(other) { self } else { other }
    }
}

impl Add<u32> for SeqNumber {
    type Output = Self;
    fn add(self, octets: u32) -> Self {
        Self(self.0.wrapping_add(octets))
    }
}

impl AddAssign<u32> for SeqNumber {
    fn add_assign(&mut self, octets: u32) {
        *self = *self + octets;
    }
}

impl Sub<u32> for SeqNumber {
    type Output = Self;
    fn sub(self, octets: u32) -> Self {
        Self(self.0.wrapping_sub(octets))
    }
}

impl fmt::Debug for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests;
