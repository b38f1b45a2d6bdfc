//! The same from the receiver's end, where nothing but long segments was lost: after a long silence text comes in pieces
//! whose seams show where the segments ended that had been tried before (RFC 4821 section 7.7).

use synfin_wire::{Instant, SeqNumber};

use super::MOST_FRAMES;
use super::gap::{LONG_MISSING, Pieces};
use crate::packet::Packet;

/// So many seams where a full segment would end are no accident.
const ENOUGH: u32 = 2;
/// A piece fits so many times at most between two of them.
const MOST_PIECES: u32 = 8;
/// Timestamps, with what aligns them (RFC 7323 section 3.2).
const TIMESTAMPS_LEN: u32 = 12;

/// One direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Seams {
    /// When its sender was heard last.
    heard_at: Option<Instant>,
    longest: u32,
    follows: Option<Run>,
    found: Option<Pieces>,
}

/// Pieces in order since the silence.
#[derive(Clone, Debug)]
struct Run {
    /// Behind the last of them, and behind the last seam where a full segment would end.
    next: SeqNumber,
    seam: SeqNumber,
    since_seam: u32,
    seams: u32,
    pieces: Pieces,
}

impl Seams {
    /// A packet of a sender whose receiver awaits this number, and takes segments of `mss` octets.
    pub(super) fn take(&mut self, packet: &Packet<'_>, awaited: SeqNumber, mss: u32) {
        let silence = self.heard_at.replace(packet.at).map(|heard| packet.at - heard).unwrap_or_default();
        if packet.len == 0 {
            return;
        }
        let (seq, len, longest) = (packet.header.seq, packet.len, self.longest);
        self.longest = longest.max(len);
        let options = packet.header.options.timestamps.map_or(0, |_| TIMESTAMPS_LEN);
        let full = mss.saturating_sub(options);
        if silence >= LONG_MISSING {
            // What is as long as something before was not cut because it was too long.
            let is_piece = seq == awaited && len > longest && len < full;
            self.follows = is_piece.then(|| Run::new(packet, silence));
            return;
        }
        let Some(run) = self.follows.as_mut().filter(|run| seq == run.next) else {
            // What lies behind a gap may come between the pieces that fill it.
            self.follows.take_if(|_| seq.at_or_before(awaited));
            return;
        };
        run.add(packet, full);
        if run.seams >= ENOUGH && self.found.is_none() {
            self.found = Some(run.pieces.clone());
        }
        self.follows.take_if(|run| run.since_seam > MOST_PIECES);
    }

    /// What came in pieces, if nothing that is as long as the receiver takes has come.
    pub(super) fn found(&self, is_short: impl Fn(u32) -> bool) -> Option<&Pieces> {
        self.found.as_ref().filter(|_| is_short(self.longest))
    }
}

impl Run {
    fn new(packet: &Packet<'_>, waited: std::time::Duration) -> Self {
        let (seq, len) = (packet.header.seq, packet.len);
        let pieces = Pieces { len, waited, frames: vec![packet.frame], count: 1 };
        Self { next: seq + len, seam: seq, since_seam: 1, seams: 0, pieces }
    }

    fn add(&mut self, packet: &Packet<'_>, full: u32) {
        self.next = packet.header.seq + packet.len;
        self.since_seam += 1;
        self.pieces.count += 1;
        self.pieces.len = self.pieces.len.max(packet.len);
        if self.pieces.frames.len() < MOST_FRAMES {
            self.pieces.frames.push(packet.frame);
        }
        // The rest of a segment is shorter than what its pieces have room for.
        let is_rest = packet.len < self.pieces.len;
        if is_rest && full > 0 && self.next.octets_since(self.seam).is_multiple_of(full) {
            (self.seam, self.since_seam) = (self.next, 0);
            self.seams += 1;
        }
    }
}
