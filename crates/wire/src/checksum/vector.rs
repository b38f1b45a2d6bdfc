//! The sum of a long piece by vector code, chosen at run time: who builds for any x86-64 may use no more than SSE2, which is
//! slower at this than sums of whole words are.

use fearless_simd::{Level, Simd, dispatch};

use super::{add_with_carry, sum_of_lanes};

/// Octets of one step: as many words as several registers hold, so that none waits for another.
const STEP: usize = 64;

/// As `sum_in_native_order` has it.
pub(super) fn sum(bytes: &[u8]) -> u64 {
    let level = Level::new();
    dispatch!(level, simd => sum_of_words(simd, bytes))
}

/// Words of 32 bits, added up in 64: nothing that fits into memory overflows. Compiled once for each kind of processor.
#[inline(always)]
fn sum_of_words<S: Simd>(_: S, bytes: &[u8]) -> u64 {
    let (steps, rest) = bytes.as_chunks::<STEP>();
    let mut lanes = [0_u64; STEP / 4];
    for step in steps {
        let (words, _) = step.as_chunks::<4>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane += u64::from(u32::from_ne_bytes(*word));
        }
    }
    add_with_carry(lanes.into_iter().sum(), sum_of_lanes(rest))
}
