//! Octets that everybody knows: a receiver can tell each of them from its place alone.

use std::sync::LazyLock;

use bytes::Bytes;

use crate::random::Stream;

/// A prime, so that no segment size and no power of two ever comes back to the same octets.
const PERIOD: usize = 65_521;

static BLOCK: LazyLock<Bytes> = LazyLock::new(|| {
    let mut stream = Stream::new(0, 0);
    (0..PERIOD).map(|_| stream.below(256) as u8).collect()
});

/// The octets of the pattern from place `from` on: at least one, at most `most`, unless that is 0.
#[must_use]
pub fn pattern(from: u64, most: u64) -> Bytes {
    let at = (from % PERIOD as u64) as usize;
    let len = most.min((PERIOD - at) as u64) as usize;
    BLOCK.slice(at..at + len)
}

/// Whether `octets` are those of the pattern from place `from` on.
#[must_use]
pub fn is_pattern(from: u64, octets: &[u8]) -> bool {
    let mut at = from;
    let mut rest = octets;
    while !rest.is_empty() {
        let expected = pattern(at, rest.len() as u64);
        if !rest.starts_with(&expected) {
            return false;
        }
        at += expected.len() as u64;
        rest = &rest[expected.len()..];
    }
    true
}
