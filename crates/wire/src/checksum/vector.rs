//! The sum of a long piece by vector code, chosen at run time: who builds for any x86-64 may use no more than SSE2, which is
//! slower at this than sums of whole words are.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch};

use super::{add_with_carry, sum_of_lanes};

/// As `sum_in_native_order` has it.
pub(super) fn sum(bytes: &[u8]) -> u64 {
    let level = Level::new();
    dispatch!(level, simd => sum_of_words(simd, bytes))
}

/// Words of 64 bits, as the sums of their two halves: nothing that fits into memory overflows these. The sum of the lower
/// halves is what the upper ones leave of that of whole words, which takes one instruction less than to cut each word in two.
/// Compiled once for each kind of processor.
#[inline(always)]
fn sum_of_words<S: Simd>(simd: S, bytes: &[u8]) -> u64 {
    let mut whole = S::u64s::splat(simd, 0);
    let mut upper = whole;
    let mut steps = bytes.chunks_exact(S::u8s::LEN);
    for step in &mut steps {
        let words: S::u64s = S::u8s::from_slice(simd, step).bitcast();
        whole += words;
        upper += words >> 32;
    }
    let upper = upper.reduce_sum();
    let lower = whole.reduce_sum().wrapping_sub(upper << 32);
    add_with_carry(lower + upper, sum_of_lanes(steps.remainder()))
}
