//! The AccECN option (RFC 9768 section 3.2.3).

use smallvec::SmallVec;

use crate::ip::Ecn;

/// A counter takes so many octets.
pub(super) const COUNTER_LEN: usize = 3;
/// There is one for ECT(0), one for CE and one for ECT(1).
pub(super) const MAX_COUNTERS: usize = 3;

/// How many octets have arrived under each ECN codepoint: up to three counters of 24 bits.
///
/// The last ones may be missing, so the kind says which counter stands first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AccEcn {
    /// Kind 174, "order 1": ECT(1), CE, ECT(0). Else kind 172, "order 0": ECT(0), CE, ECT(1).
    pub ect1_first: bool,
    /// The counters that are there, in the order of the wire.
    pub counters: SmallVec<[u32; MAX_COUNTERS]>,
}

impl AccEcn {
    /// The codepoints in the order in which the option counts them.
    #[must_use]
    pub const fn order(&self) -> [Ecn; MAX_COUNTERS] {
        if self.ect1_first { [Ecn::Ect1, Ecn::Ce, Ecn::Ect0] } else { [Ecn::Ect0, Ecn::Ce, Ecn::Ect1] }
    }

    /// Each counter that is there, with its codepoint.
    pub fn iter(&self) -> impl Iterator<Item = (Ecn, u32)> + '_ {
        self.order().into_iter().zip(self.counters.iter().copied())
    }

    /// From what stands behind kind and length; a counter cut short is left out.
    pub(super) fn read(ect1_first: bool, body: &[u8]) -> Self {
        let (counters, _) = body.as_chunks::<COUNTER_LEN>();
        let counters = counters.iter().take(MAX_COUNTERS);
        let counters = counters.map(|[high, middle, low]| u32::from_be_bytes([0, *high, *middle, *low]));
        Self { ect1_first, counters: counters.collect() }
    }

    /// Kind, length and counters, without padding.
    pub(super) fn len(&self) -> usize {
        2 + self.counters.len().min(MAX_COUNTERS) * COUNTER_LEN
    }
}
