//! The value of the user timeout option (RFC 5482 section 3.3).

use core::num::NonZeroU16;
use core::time::Duration;

/// The user timeout that an end suggests to the other: 1 to 32,767 seconds, or as many minutes.
///
/// ```
/// use core::time::Duration;
/// use synfin_wire::UserTimeout;
/// assert_eq!(UserTimeout::new(Duration::from_millis(1500)).duration(), Duration::from_secs(2));
/// let day = Duration::from_secs(24 * 3600);
/// assert_eq!(UserTimeout::new(day).duration(), day, "in minutes");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserTimeout(NonZeroU16);

const MINUTES: u16 = 1 << 15;
const LARGEST: u16 = MINUTES - 1;
const SECONDS_PER_MINUTE: u64 = 60;

impl UserTimeout {
    /// The least that can be said and is no shorter than `timeout`, or else the longest, nearly 23 days.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        let seconds = timeout.as_secs().saturating_add(u64::from(timeout.subsec_nanos() > 0)).max(1);
        let bits = match u16::try_from(seconds) {
            Ok(seconds) if seconds <= LARGEST => seconds,
            _ => {
                let minutes = u16::try_from(seconds.div_ceil(SECONDS_PER_MINUTE)).unwrap_or(LARGEST);
                MINUTES | minutes.min(LARGEST)
            }
        };
        Self(NonZeroU16::new(bits).unwrap_or(NonZeroU16::MIN))
    }

    /// From the 16 bits of the option; `None` for a timeout of zero, which is reserved (section 3.4).
    #[must_use]
    pub const fn from_bits(bits: u16) -> Option<Self> {
        match NonZeroU16::new(bits) {
            Some(nonzero) if bits & LARGEST != 0 => Some(Self(nonzero)),
            _ => None,
        }
    }

    /// The 16 bits of the option: the granularity, and the timeout.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0.get()
    }

    /// How long that is.
    #[must_use]
    pub const fn duration(self) -> Duration {
        let count = (self.bits() & LARGEST) as u64;
        Duration::from_secs(if self.bits() & MINUTES == 0 { count } else { count * SECONDS_PER_MINUTE })
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, UserTimeout};

    #[test]
    fn seconds_are_said_as_far_as_they_go_and_then_minutes() {
        for (seconds, bits, said) in [
            (0, 1, 1),
            (1, 1, 1),
            (32_767, 32_767, 32_767),
            (32_768, 0x8000 | 547, 32_820),
            (32_767 * 60, 0xffff, 32_767 * 60),
            (u64::MAX, 0xffff, 32_767 * 60),
        ] {
            let option = UserTimeout::new(Duration::from_secs(seconds));
            assert_eq!((option.bits(), option.duration()), (bits, Duration::from_secs(said)), "{seconds}");
            assert_eq!(UserTimeout::from_bits(bits), Some(option));
        }
        assert_eq!(UserTimeout::new(Duration::MAX).bits(), 0xffff);
    }

    #[test]
    fn zero_is_reserved_whatever_its_granularity() {
        assert_eq!(UserTimeout::from_bits(0), None);
        assert_eq!(UserTimeout::from_bits(0x8000), None);
    }
}
