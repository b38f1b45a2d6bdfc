//! Quantities as a person writes them: `2%`, `10mbit`, `80ms`.
//!
//! Read exactly, in whole numbers: no floating point stands between what was typed and what happens.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::time::Duration;

/// Why a quantity was not understood. Its text says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnitError {
    /// It does not begin with a plain decimal number.
    NotANumber {
        /// What was written.
        text: String,
        /// A value that would do.
        example: &'static str,
    },
    /// A number without a unit, or with one that is not known.
    Unit {
        /// What was written.
        text: String,
        /// The units that are known.
        known: &'static str,
    },
    /// A percentage over 100 %.
    OverHundred {
        /// What was written.
        text: String,
    },
    /// `mbps` and its like, which mean bits to most people and octets to `tc`.
    Ambiguous {
        /// What was written.
        text: String,
    },
    /// Zero where something has to be, or more than fits.
    OutOfRange {
        /// What was written.
        text: String,
        /// The range that is taken.
        range: &'static str,
    },
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber { text, example } => {
                write!(f, "'{text}' does not begin with a number: write it like {example}")
            }
            Self::Unit { text, known } => {
                write!(f, "'{text}' has no unit that is known: write it with {known}")
            }
            Self::OverHundred { text } => {
                write!(f, "'{text}' is over 100 %: give a percentage from 0% to 100%")
            }
            Self::Ambiguous { text } => {
                write!(
                    f,
                    "'{text}' may mean bits or octets: write bits, like 10mbit for ten million a second"
                )
            }
            Self::OutOfRange { text, range } => write!(f, "'{text}' is out of range: give {range}"),
        }
    }
}

impl std::error::Error for UnitError {}

/// How likely something is, in steps of a billionth.
///
/// ```
/// use synfin_sim::Probability;
/// let loss: Probability = "0.1%".parse()?;
/// assert_eq!(loss.billionths(), 1_000_000);
/// assert_eq!(loss.to_string(), "0.1%");
/// assert_eq!(
///     "150%".parse::<Probability>().unwrap_err().to_string(),
///     "'150%' is over 100 %: give a percentage from 0% to 100%",
/// );
/// # Ok::<(), synfin_sim::UnitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Probability(u32);

impl Probability {
    /// Certainty, in billionths.
    pub(crate) const ONE_IN_BILLIONTHS: u32 = 1_000_000_000;
    /// It never happens.
    pub const NEVER: Self = Self(0);
    /// It always happens.
    pub const ALWAYS: Self = Self(Self::ONE_IN_BILLIONTHS);

    /// From billionths; capped at certainty.
    #[must_use]
    pub const fn from_billionths(billionths: u32) -> Self {
        if billionths > Self::ONE_IN_BILLIONTHS { Self::ALWAYS } else { Self(billionths) }
    }

    /// From whole percent; capped at certainty.
    #[must_use]
    pub const fn from_percent(percent: u32) -> Self {
        Self::from_billionths(percent.saturating_mul(10_000_000))
    }

    /// In billionths.
    #[must_use]
    pub const fn billionths(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 10_000_000, self.0 % 10_000_000);
        if fraction == 0 {
            return write!(f, "{whole}%");
        }
        let digits = format!("{fraction:07}");
        write!(f, "{whole}.{}%", digits.trim_end_matches('0'))
    }
}

impl FromStr for Probability {
    type Err = UnitError;

    /// A percentage with its sign, to seven places. Without the sign nobody knows whether `0.02` is a
    /// share or a fiftieth of a percent.
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = split(text, "2%")?;
        if unit != "%" {
            return Err(UnitError::Unit { text: text.into(), known: "%, like 2% or 0.1%" });
        }
        number
            .times(10_000_000)
            .and_then(|billionths| u32::try_from(billionths).ok())
            .filter(|billionths| *billionths <= Self::ONE_IN_BILLIONTHS)
            .map(Self)
            .ok_or_else(|| UnitError::OverHundred { text: text.into() })
    }
}

/// How much passes in a second, in bits; never zero.
///
/// ```
/// use synfin_sim::Rate;
/// assert_eq!("2.5gbit".parse::<Rate>()?.bits_per_second(), 2_500_000_000);
/// # Ok::<(), synfin_sim::UnitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(NonZeroU64);

impl Rate {
    /// From bits a second; `None` when that is zero.
    #[must_use]
    pub const fn from_bits_per_second(bits: u64) -> Option<Self> {
        match NonZeroU64::new(bits) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }

    /// In bits a second.
    #[must_use]
    pub const fn bits_per_second(self) -> u64 {
        self.0.get()
    }

    /// How long `octets` take, rounded up to a nanosecond.
    #[must_use]
    pub fn time_for(self, octets: usize) -> Duration {
        let bit_nanos = (octets as u128).saturating_mul(8 * 1_000_000_000);
        let nanos = bit_nanos.div_ceil(u128::from(self.bits_per_second()));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The octets that pass within `span`, rounded down.
    #[must_use]
    pub fn octets_in(self, span: Duration) -> usize {
        let octets = u128::from(self.bits_per_second()).saturating_mul(span.as_nanos()) / (8 * 1_000_000_000);
        usize::try_from(octets).unwrap_or(usize::MAX)
    }
}

impl FromStr for Rate {
    type Err = UnitError;

    /// The bit units of `tc`: `bit`, `kbit`, `mbit`, `gbit`, `tbit`, in steps of 1,000, and `kibit`,
    /// `mibit`, `gibit`, `tibit`, in steps of 1,024; case does not matter.
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = split(text, "10mbit")?;
        let factor: u64 = match unit.to_ascii_lowercase().as_str() {
            "bit" => 1,
            "kbit" => 1_000,
            "mbit" => 1_000_000,
            "gbit" => 1_000_000_000,
            "tbit" => 1_000_000_000_000,
            "kibit" => 1 << 10,
            "mibit" => 1 << 20,
            "gibit" => 1 << 30,
            "tibit" => 1 << 40,
            "bps" | "kbps" | "mbps" | "gbps" | "tbps" => {
                return Err(UnitError::Ambiguous { text: text.into() });
            }
            _ => return Err(UnitError::Unit { text: text.into(), known: "bit, kbit, mbit, gbit or tbit" }),
        };
        number.times(factor).and_then(Self::from_bits_per_second).ok_or_else(|| UnitError::OutOfRange {
            text: text.into(),
            range: "a rate from 1bit to 18446744tbit",
        })
    }
}

/// Reads a duration: a number with `ns`, `us`, `ms`, `s`, `m` or `h`.
///
/// # Errors
/// No number, no unit, or longer than 584 years.
///
/// ```
/// use std::time::Duration;
/// use synfin_sim::units::parse_duration;
/// assert_eq!(parse_duration("1.5s")?, Duration::from_millis(1500));
/// assert!(parse_duration("80").is_err());
/// # Ok::<(), synfin_sim::UnitError>(())
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let (number, unit) = split(text, "80ms")?;
    let factor: u64 = match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60 * 1_000_000_000,
        "h" => 3_600 * 1_000_000_000,
        _ => return Err(UnitError::Unit { text: text.into(), known: "ns, us, ms, s, m or h" }),
    };
    number
        .times(factor)
        .map(Duration::from_nanos)
        .ok_or_else(|| UnitError::OutOfRange { text: text.into(), range: "at most 584 years" })
}

/// A decimal number as written: the digits before the point and those after it.
struct Decimal<'a> {
    whole: &'a str,
    fraction: &'a str,
}

impl Decimal<'_> {
    /// This many times `factor`, rounded down; `None` when it does not fit.
    fn times(&self, factor: u64) -> Option<u64> {
        let whole: u128 = self.whole.parse().ok()?;
        // Beyond 18 places a digit is worth less than one part of any factor here.
        let places = &self.fraction[..self.fraction.len().min(18)];
        let fraction = if places.is_empty() { 0 } else { places.parse::<u128>().ok()? };
        let part = fraction * u128::from(factor) / 10_u128.pow(places.len() as u32);
        u64::try_from(whole.checked_mul(u128::from(factor))?.checked_add(part)?).ok()
    }
}

/// Takes the number off the front; what follows is the unit.
fn split<'a>(text: &'a str, example: &'static str) -> Result<(Decimal<'a>, &'a str), UnitError> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return Err(UnitError::NotANumber { text: text.into(), example });
    }
    Ok((Decimal { whole, fraction }, unit.trim_start()))
}

#[cfg(test)]
mod tests;
