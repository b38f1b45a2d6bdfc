//! Which congestion control, and when its slow start ends.

use crate::compact::compact;

/// The congestion control algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CongestionAlgorithm {
    /// Slow start and congestion avoidance (RFC 5681).
    Reno,
    /// CUBIC (RFC 9438).
    #[default]
    Cubic,
    /// BBR version 3 (draft-ietf-ccwg-bbr).
    Bbr,
    /// Every loss, however it is found, leaves one segment and slow start, as before there was fast recovery. For
    /// lessons alone: it has no name.
    #[cfg(feature = "counterfactual")]
    Tahoe,
}

impl core::str::FromStr for CongestionAlgorithm {
    type Err = UnknownAlgorithm;

    /// By the names that Linux gives them.
    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        match name {
            "reno" => Ok(Self::Reno),
            "cubic" => Ok(Self::Cubic),
            "bbr" => Ok(Self::Bbr),
            _ => Err(UnknownAlgorithm),
        }
    }
}

/// There is no congestion control of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAlgorithm;

impl core::fmt::Display for UnknownAlgorithm {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("it is reno, cubic or bbr")
    }
}

impl core::error::Error for UnknownAlgorithm {}

/// When slow start ends before it has lost anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SlowStartExit {
    /// It does not.
    Loss,
    /// HyStart as Linux has it: at once, when the delay grows or acknowledgments come as one long train.
    #[default]
    HyStart,
    /// HyStart++ (RFC 9406): when the delay grows it goes on more slowly for a while, to see whether it was the
    /// queue.
    HyStartPlusPlus,
}

compact!(
    enum SlowStartExit {
        Loss,
        HyStart,
        HyStartPlusPlus,
    }
);
