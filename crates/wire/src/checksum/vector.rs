//! The sum of a long piece by vector code, chosen at run time: who builds for any x86-64 may use no more than SSE2, which is
//! slower at this than sums of whole words are.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch};

use super::{add_with_carry, sum_of_few};

/// As `sum_in_native_order` has it.
pub(super) fn sum(bytes: &[u8]) -> u64 {
    let level = Level::new();
    dispatch!(level, simd => sum_of_words(simd, bytes))
}

/// The same, and copies `bytes` to `to`, which is as long.
pub(super) fn sum_of_copied(bytes: &[u8], to: &mut [u8]) -> u64 {
    let level = Level::new();
    dispatch!(level, simd => sum_of_copied_words(simd, bytes, to))
}

// These two are compiled once for each kind of processor.

#[inline(always)]
fn sum_of_words<S: Simd>(simd: S, bytes: &[u8]) -> u64 {
    let mut halves = Halves::new(simd);
    let mut steps = bytes.chunks_exact(S::u8s::LEN);
    for step in &mut steps {
        halves.add(S::u8s::from_slice(simd, step).bitcast());
    }
    add_with_carry(halves.sum(), sum_of_few(steps.remainder()))
}

#[inline(always)]
fn sum_of_copied_words<S: Simd>(simd: S, bytes: &[u8], to: &mut [u8]) -> u64 {
    let mut halves = Halves::new(simd);
    let mut steps = bytes.chunks_exact(S::u8s::LEN);
    let mut copies = to.chunks_exact_mut(S::u8s::LEN);
    for (step, copy) in (&mut steps).zip(&mut copies) {
        let octets = S::u8s::from_slice(simd, step);
        octets.store_slice(copy);
        halves.add(octets.bitcast());
    }
    copies.into_remainder().copy_from_slice(steps.remainder());
    add_with_carry(halves.sum(), sum_of_few(steps.remainder()))
}

/// Words of 64 bits, as the sums of their two halves: nothing that fits into memory overflows these. The sum of the lower
/// halves is what the upper ones leave of that of whole words, which takes one instruction less than to cut each word in two.
struct Halves<S: Simd> {
    whole: S::u64s,
    upper: S::u64s,
}

impl<S: Simd> Halves<S> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        let zero = S::u64s::splat(simd, 0);
        Self { whole: zero, upper: zero }
    }

    #[inline(always)]
    fn add(&mut self, words: S::u64s) {
        self.whole += words;
        self.upper += words >> 32;
    }

    #[inline(always)]
    fn sum(self) -> u64 {
        let lower = self.whole - (self.upper << 32);
        (lower + self.upper).reduce_sum()
    }
}
