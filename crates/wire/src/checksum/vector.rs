//! The sum of a long piece by vector code, chosen at run time: who builds for any x86-64 may use no more than SSE2, which is
//! slower at this than sums of whole words are.

use fearless_simd::{Level, Simd, dispatch};

use super::{add_with_carry, sum_of_lanes};

/// Octets of one step. The compiler makes as many steps at once as the processor's vectors are wide.
const STEP: usize = 32;

/// As `sum_in_native_order` has it.
pub(super) fn sum(bytes: &[u8]) -> u64 {
    let level = Level::new();
    dispatch!(level, simd => sum_of_words(simd, bytes))
}

/// Words of 64 bits, as the sums of their two halves: nothing that fits into memory overflows these. The sum of the lower
/// halves is what the upper ones leave of that of whole words, which takes one instruction less than to cut each word in two.
/// Compiled once for each kind of processor.
#[inline(always)]
fn sum_of_words<S: Simd>(_: S, bytes: &[u8]) -> u64 {
    let (steps, rest) = bytes.as_chunks::<STEP>();
    let (mut whole, mut upper) = ([0_u64; STEP / 8], [0_u64; STEP / 8]);
    for step in steps {
        let (words, _) = step.as_chunks::<8>();
        for ((whole, upper), word) in whole.iter_mut().zip(&mut upper).zip(words) {
            let word = u64::from_ne_bytes(*word);
            *whole = whole.wrapping_add(word);
            *upper += word >> 32;
        }
    }
    let whole = whole.into_iter().fold(0, u64::wrapping_add);
    let upper: u64 = upper.into_iter().sum();
    let lower = whole.wrapping_sub(upper << 32);
    add_with_carry(lower + upper, sum_of_lanes(rest))
}
