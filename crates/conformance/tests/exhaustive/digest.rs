//! What makes two states of an end the same: all that `Debug` shows, with moments counted from now, and without
//! what is only counted.

use std::fmt::{Debug, Write};
use std::hash::{DefaultHasher, Hash, Hasher};

use synfin_wire::Instant;

/// A moment prints as seconds with so many decimals.
const DECIMALS: usize = 9;
/// What lies back further than this makes no difference any more: challenges look back half a second.
const LONG_AGO: i64 = -1_000_000_000;
/// What a connection has counted does not bear on what it does.
const COUNTED: &str = "tally: Tally {";

/// The digest of something at a moment.
pub(crate) fn digest(what: &impl Debug, now: Instant) -> u64 {
    let mut text = String::with_capacity(4096);
    write!(text, "{what:?}").expect("a string");
    let mut hasher = DefaultHasher::new();
    let mut rest = match text.find(COUNTED) {
        Some(start) => {
            let (before, counted) = text.split_at(start);
            write(before, now, &mut hasher);
            counted.find('}').map_or("", |end| &counted[end..])
        }
        None => &text[..],
    };
    rest = write(rest, now, &mut hasher);
    rest.hash(&mut hasher);
    hasher.finish()
}

/// Hashes a text with its moments counted from now; returns what is left of it, which is nothing.
fn write<'a>(text: &'a str, now: Instant, hasher: &mut DefaultHasher) -> &'a str {
    let (bytes, mut from) = (text.as_bytes(), 0);
    for (point, _) in text.match_indices('.') {
        let decimals = bytes[point + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_moment = decimals == DECIMALS && bytes.get(point + 1 + DECIMALS) == Some(&b's');
        if !is_moment {
            continue;
        }
        let whole = bytes[..point].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let (start, end) = (point - whole, point + 1 + DECIMALS);
        let number = |text: &str| text.parse::<u64>().expect("digits");
        let nanos = number(&text[start..point]).saturating_mul(1_000_000_000) + number(&text[point + 1..end]);
        text[from..start].hash(hasher);
        if nanos > u64::MAX / 2 {
            "never".hash(hasher);
        } else {
            (nanos as i64 - now.as_nanos() as i64).max(LONG_AGO).hash(hasher);
        }
        from = end;
    }
    text[from..].hash(hasher);
    ""
}
