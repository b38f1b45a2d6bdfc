//! Sizes that a header carries: windows and the maximum segment size.

/// A window in octets, already scaled: what may be in flight beyond the acknowledgment number.
///
/// An unsigned 32-bit number (RFC 9293 MUST-1, REC-1); with the largest scale it reaches 2^30.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WindowSize(u32);

impl WindowSize {
    /// A closed window.
    pub const ZERO: Self = Self(0);
    /// The largest window that RFC 7323 section 2.3 allows: 65,535 shifted by 14.
    pub const MAX: Self = Self(65_535 << 14);

    /// From octets; capped at [`WindowSize::MAX`].
    #[must_use]
    pub const fn new(octets: u32) -> Self {
        if octets > Self::MAX.0 { Self::MAX } else { Self(octets) }
    }

    /// In octets.
    #[must_use]
    pub const fn octets(self) -> u32 {
        self.0
    }

    /// The field's value under `scale`, rounded down, at most 65,535.
    #[must_use]
    pub const fn to_field(self, scale: WindowScale) -> u16 {
        let field = self.0 >> scale.shift();
        if field > u16::MAX as u32 { u16::MAX } else { field as u16 }
    }

    /// What a field means under `scale`.
    #[must_use]
    pub const fn from_field(field: u16, scale: WindowScale) -> Self {
        Self((field as u32) << scale.shift())
    }
}

/// The shift count of the Window Scale option: 0 to 14 (RFC 7323 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WindowScale(u8);

impl WindowScale {
    /// No scaling.
    pub const NONE: Self = Self(0);
    /// The largest shift allowed.
    pub const MAX: Self = Self(14);

    /// A shift count; one over 14 is taken as 14 (RFC 7323 section 2.3).
    #[must_use]
    pub const fn new(shift: u8) -> Self {
        if shift > 14 { Self::MAX } else { Self(shift) }
    }

    /// The shift count.
    #[must_use]
    pub const fn shift(self) -> u8 {
        self.0
    }

    /// The smallest shift under which a buffer of `octets` can be announced whole.
    #[must_use]
    pub const fn for_buffer(octets: usize) -> Self {
        let mut shift = 0;
        while shift < 14 && (octets >> shift) > u16::MAX as usize {
            shift += 1;
        }
        Self(shift)
    }
}

/// A maximum segment size: octets of payload without TCP and IP headers or options
/// (RFC 9293 section 3.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mss(u16);

impl Mss {
    /// What is assumed over IPv4 when the peer sent no option (MUST-15).
    pub const DEFAULT_V4: Self = Self(536);
    /// What is assumed over IPv6 when the peer sent no option (MUST-15).
    pub const DEFAULT_V6: Self = Self(1220);
    /// The smallest that is used whatever a peer announces, so that a segment can hold
    /// something beside 40 octets of options.
    pub const FLOOR: Self = Self(48);

    /// From octets.
    #[must_use]
    pub const fn new(octets: u16) -> Self {
        Self(octets)
    }

    /// In octets.
    #[must_use]
    pub const fn octets(self) -> u16 {
        self.0
    }
}

#[cfg(test)]
mod tests;
