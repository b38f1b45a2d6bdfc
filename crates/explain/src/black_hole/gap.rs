//! The same from the receiver's end, where the long segments never come: text is missing while shorter segments behind
//! it are there, until it comes in pieces that are shorter than what the receiver takes.

use std::time::Duration;

use synfin_wire::{Instant, SeqNumber};

use super::MOST_FRAMES;
use crate::packet::Packet;

/// A gap that is filled sooner was made by ordinary loss: a retransmission timer has not run out twice by then
/// (RFC 6298 section 5.5).
pub(super) const LONG_MISSING: Duration = Duration::from_millis(600);
/// Options take no more of a segment than this, octets.
pub(super) const MOST_OPTIONS: u32 = 40;
/// So many pieces show that it is their size, not their number, that lets them through.
const ENOUGH: u32 = 2;

/// One direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Gaps {
    /// Octets of the longest text so far.
    longest: u32,
    missing: Option<Missing>,
    found: Option<Pieces>,
}

/// Text that is not there.
#[derive(Clone, Debug)]
struct Missing {
    seq: SeqNumber,
    /// Where what lies behind it begins.
    edge: SeqNumber,
    since: Instant,
    pieces: Option<Pieces>,
}

/// What it came in.
#[derive(Clone, Debug)]
pub(crate) struct Pieces {
    /// Octets of the longest.
    pub(crate) len: u32,
    /// How long the text was missing.
    pub(crate) waited: Duration,
    pub(crate) frames: Vec<u64>,
    pub(super) count: u32,
}

impl Gaps {
    /// Text comes; its receiver awaits this number, and takes segments of `mss` octets.
    pub(super) fn take(&mut self, packet: &Packet<'_>, awaited: SeqNumber, mss: u32) {
        let (seq, len) = (packet.header.seq, packet.len);
        let longest = self.longest;
        self.longest = longest.max(len);
        if seq.after(awaited) {
            let missing = self.missing.take().filter(|missing| missing.edge.after(awaited));
            let new = Missing { seq: awaited, edge: seq, since: packet.at, pieces: None };
            self.missing = Some(missing.unwrap_or(new));
            return;
        }
        let Some(missing) = &mut self.missing else { return };
        let waited = packet.at - missing.since;
        // Messages that are no longer than those before were lost for another reason than their length.
        let is_new = seq.at_or_before(missing.seq) && waited >= LONG_MISSING && len > longest;
        if missing.pieces.is_none() && !is_new {
            self.missing = None;
            return;
        }
        let pieces =
            missing.pieces.get_or_insert_with(|| Pieces { len: 0, waited, frames: Vec::new(), count: 0 });
        pieces.len = pieces.len.max(len);
        pieces.count += 1;
        if pieces.frames.len() < MOST_FRAMES {
            pieces.frames.push(packet.frame);
        }
        if (seq + len).at_or_after(missing.edge) {
            // Whatever was lost had room for a whole segment.
            let is_long = missing.edge.octets_since(missing.seq) + MOST_OPTIONS >= mss;
            let pieces = self.missing.take().and_then(|missing| missing.pieces);
            let pieces = pieces.filter(|pieces| is_long && pieces.count >= ENOUGH);
            self.found = self.found.take().or(pieces);
        }
    }

    /// What had been missing and came in pieces, if nothing that is as long as the receiver takes has come.
    pub(super) fn found(&self, is_short: impl Fn(u32) -> bool) -> Option<&Pieces> {
        self.found.as_ref().filter(|_| is_short(self.longest))
    }
}
