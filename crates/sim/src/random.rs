//! Chance that repeats: one stream of xoshiro256++ for each kind of fault.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

use crate::units::Probability;

/// A stream of draws.
///
/// Only whole numbers leave the generator, and only by multiplication and shift, so that a seed means the
/// same on every platform; `tests.rs` pins the first of them.
#[derive(Clone, Debug)]
pub(crate) struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream with this number under `seed`. No two overlap within 2^128 draws.
    pub(crate) fn new(seed: u64, number: u32) -> Self {
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
        for _ in 0..number {
            generator.jump();
        }
        Self(generator)
    }

    /// True with this probability. Always one draw: raising a probability keeps every earlier `true`.
    pub(crate) fn chance(&mut self, probability: Probability) -> bool {
        self.below(Probability::ONE_IN_BILLIONTHS.into()) < u64::from(probability.billionths())
    }

    /// A number from 0 up to `bound`, which is not reached; 0 when `bound` is 0. Always one draw.
    ///
    /// The bias of the multiplication is under `bound` / 2^64.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }
}

/// A seed for one of many things that share a seed, by what it is and its number, which is under 2^56.
pub(crate) fn derive(seed: u64, what: u8, number: u64) -> u64 {
    // Multiplied by an odd number, different ones stay different. What the generator makes of a seed has no
    // likeness to what it makes of a neighbouring one.
    seed ^ (u64::from(what) << 56 | number).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests;
