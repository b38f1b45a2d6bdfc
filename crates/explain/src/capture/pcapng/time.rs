//! Ticks of an interface's clock, as nanoseconds since 1970.

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// How an interface counts time: `if_tsresol` and `if_tsoffset` (section 4.2 of the draft).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    ticks: Ticks,
    /// Seconds that are to be added.
    offset: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ticks {
    /// One takes this many nanoseconds.
    OfNanos(u64),
    /// This many make a nanosecond.
    PerNano(u128),
    /// Two to this power make a second.
    Binary(u8),
}

impl Scale {
    /// What holds for an interface that says nothing.
    pub(super) const MICROSECONDS: u8 = 6;

    /// `resolution` is a negative power of ten, or, with its highest bit set, of two.
    pub(super) fn new(resolution: u8, offset: i64) -> Self {
        let exponent = resolution & 0x7f;
        let ticks = match resolution {
            0x80.. => Ticks::Binary(exponent),
            0..=9 => Ticks::OfNanos(10u64.pow(9 - u32::from(exponent))),
            _ => Ticks::PerNano(10u128.checked_pow(u32::from(exponent) - 9).unwrap_or(u128::MAX)),
        };
        Self { ticks, offset }
    }

    /// Nanoseconds since 1970; those that do not fit in 64 bits are the nearest that do.
    #[inline]
    pub(super) fn to_nanos(self, ticks: u64) -> u64 {
        if let (Ticks::OfNanos(nanos), 0) = (self.ticks, self.offset) {
            return ticks.saturating_mul(nanos);
        }
        let ticks = u128::from(ticks);
        let nanos = match self.ticks {
            Ticks::OfNanos(nanos) => ticks * u128::from(nanos),
            Ticks::PerNano(count) => ticks / count,
            Ticks::Binary(exponent) => (ticks * NANOS_PER_SECOND) >> exponent,
        };
        // Under 2^95 each, so that neither the cast nor the sum can overflow.
        let nanos = nanos as i128 + i128::from(self.offset) * NANOS_PER_SECOND as i128;
        u64::try_from(nanos.max(0)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::Scale;

    #[test]
    fn every_resolution_comes_out_in_nanoseconds() {
        const SECOND: u64 = 1_000_000_000;
        assert_eq!(Scale::new(0, 0).to_nanos(3), 3 * SECOND);
        assert_eq!(Scale::new(3, 0).to_nanos(3), 3_000_000);
        assert_eq!(Scale::new(6, 0).to_nanos(3), 3_000);
        assert_eq!(Scale::new(9, 0).to_nanos(3), 3);
        assert_eq!(Scale::new(12, 0).to_nanos(3_999), 3);
        assert_eq!(Scale::new(127, 0).to_nanos(u64::MAX), 0);
        assert_eq!(Scale::new(0x80, 0).to_nanos(7), 7 * SECOND);
        assert_eq!(Scale::new(0x80 | 32, 0).to_nanos(5 << 31), 5 * SECOND / 2);
        assert_eq!(Scale::new(0x80 | 127, 0).to_nanos(u64::MAX), 0);
        assert_eq!(Scale::new(6, -2).to_nanos(3_000_000), SECOND);
        assert_eq!(Scale::new(6, -4).to_nanos(3_000_000), 0);
        assert_eq!(Scale::new(9, 1).to_nanos(3), SECOND + 3);
        assert_eq!(Scale::new(0, i64::MAX).to_nanos(u64::MAX), u64::MAX);
        assert_eq!(Scale::new(0x80, i64::MIN).to_nanos(u64::MAX), u64::MAX);
    }
}
