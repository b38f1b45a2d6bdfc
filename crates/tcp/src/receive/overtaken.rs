//! What retransmissions have overtaken.
//!
//! A retransmission that fills a gap carries a newer timestamp than what was sent before it and is still on its way, on a
//! path that reorders. By RFC 7323's R1 (section 5.3) all of that would be dropped as old, and be lost in truth; sent
//! again, it would do the same to what comes behind. PAWS is against duplicates that are as old as it takes the sequence
//! numbers to wrap. So here text is held against what TS.Recent was a short while before the gap was filled.

use core::time::Duration;

use synfin_wire::{Instant, SeqNumber};

use crate::compact::compact;

/// By how much later than the retransmission something may come that it has overtaken.
const GRACE: Duration = Duration::from_millis(500);
/// So many octets later numbers are closer to wrapping than to where they were.
const FAR: u32 = 1 << 29;

/// TS.Recent before gaps were filled.
#[derive(Clone, Copy, Debug)]
struct Before {
    recent: u32,
    /// RCV.NXT then.
    nxt: SeqNumber,
}

compact!(Before { recent, nxt });

/// The bound that takes the place of TS.Recent for text, while gaps are being filled and shortly after.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Overtaken {
    bound: Before,
    /// What the bound will be, and since when.
    next: Before,
    since: Instant,
    /// When a gap was filled last.
    filled_at: Instant,
}

compact!(Overtaken { bound, next, since, filled_at });

impl Overtaken {
    /// A gap at `nxt` is being filled, and TS.Recent will be newer than `recent`.
    pub(crate) fn filled(known: Option<Self>, recent: u32, nxt: SeqNumber, now: Instant) -> Self {
        let before = Before { recent, nxt };
        match known.filter(|known| known.holds(nxt, now)) {
            None => Self { bound: before, next: before, since: now, filled_at: now },
            Some(known) if now - known.since >= GRACE => {
                Self { bound: known.next, next: before, since: now, filled_at: now }
            }
            Some(known) => Self { filled_at: now, ..known },
        }
    }

    /// Whether text with this timestamp may still be on its way.
    pub(crate) fn allows(&self, timestamp: u32, nxt: SeqNumber, now: Instant) -> bool {
        self.holds(nxt, now) && timestamp.wrapping_sub(self.bound.recent) as i32 >= 0
    }

    fn holds(&self, nxt: SeqNumber, now: Instant) -> bool {
        now - self.filled_at < GRACE && nxt.octets_since(self.bound.nxt) < FAR
    }
}

#[cfg(test)]
mod tests;
