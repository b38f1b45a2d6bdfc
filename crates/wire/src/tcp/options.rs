//! TCP options (RFC 9293 section 3.2): what TCP knows, in the order in which Linux lays it out.

use smallvec::SmallVec;

use crate::seq::SeqNumber;

/// The two timestamps of RFC 7323 section 3.2, in the sender's ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamps {
    /// TSval: the sender's clock.
    pub value: u32,
    /// TSecr: the last value seen from the other end; counts only when ACK is set.
    pub echo: u32,
}

/// A run of octets that arrived beyond the acknowledgment number: `start..end` (RFC 2018 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SackRange {
    /// The first octet.
    pub start: SeqNumber,
    /// The octet after the last one.
    pub end: SeqNumber,
}

/// The options of one segment. An absent option is `None`, `false` or empty.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TcpOptions {
    /// Kind 2: maximum segment size, octets.
    pub mss: Option<u16>,
    /// Kind 3: window scale, the shift count as sent (may be over 14).
    pub window_scale: Option<u8>,
    /// Kind 4: SACK permitted.
    pub sack_permitted: bool,
    /// Kind 8: timestamps.
    pub timestamps: Option<Timestamps>,
    /// Kind 5: SACK ranges, at most four; three beside timestamps.
    pub sack: SmallVec<[SackRange; 4]>,
}

impl TcpOptions {
    /// The length as written, padding included: a multiple of four, at most 40.
    #[must_use]
    pub fn len(&self) -> usize {
        todo!()
    }

    /// Whether there is no option at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
