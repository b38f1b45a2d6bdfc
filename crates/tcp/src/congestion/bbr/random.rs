//! Chance that repeats: each connection's own, so that flows which share a path do not probe it in step.

use synfin_wire::SeqNumber;

use crate::compact::compact;

/// SplitMix64, from the connection's initial sequence number, which nobody can foresee.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

compact!(Chance(value));

impl Chance {
    pub(super) fn new(seed: SeqNumber) -> Self {
        Self(seed.value().into())
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

#[cfg(test)]
mod tests;
