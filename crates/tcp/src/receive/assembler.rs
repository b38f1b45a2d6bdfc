//! Text that arrived beyond a gap, held until the gap is filled (RFC 9293 section 3.10.7.4, SHLD-31).

use alloc::collections::VecDeque;

use bytes::Bytes;
use synfin_wire::{SeqNumber, tcp::SackRange};

use super::COPY_BELOW;
use super::memory::charge;

/// So many pieces are held whatever they cost. Each is at least an octet inside the window, so a sender of single octets
/// with gaps between them cannot make the queue cost more than that, or than the receive buffer if that is more.
const FREE_PIECES: usize = 4096;

/// Pieces in the order of their numbers, without overlap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assembler {
    pieces: VecDeque<Piece>,
    charge: usize,
}

#[derive(Clone, Debug)]
struct Piece {
    start: SeqNumber,
    bytes: Bytes,
}

impl Piece {
    fn end(&self) -> SeqNumber {
        self.start + self.bytes.len() as u32
    }
}

/// The queue holds as many pieces as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Assembler {
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// What the pieces cost in the receive buffer, octets.
    pub(crate) fn charge(&self) -> usize {
        self.charge
    }

    /// Octets from `nxt` to the end of the last piece.
    pub(crate) fn reach(&self, nxt: SeqNumber) -> u32 {
        self.pieces.back().map_or(0, |piece| piece.end().octets_since(nxt))
    }

    /// Holds `bytes`, of which the first octet has number `start`, as long as all that is held costs no more than `most`.
    /// Octets that are held already stay as they came first. Returns the run of octets without a gap that `start` now
    /// lies in.
    pub(crate) fn insert(&mut self, start: SeqNumber, bytes: Bytes, most: usize) -> Result<SackRange, Full> {
        let end = start + bytes.len() as u32;
        let mut position = start;
        while position.before(end) {
            // The first piece that ends beyond `position`: it either holds the octet or bounds the gap.
            let index = self.pieces.partition_point(|piece| piece.end().at_or_before(position));
            let next = self.pieces.get(index);
            if let Some(held) = next.filter(|piece| piece.start.at_or_before(position)) {
                position = held.end();
                continue;
            }
            let gap_end = next.map_or(end, |piece| piece.start.earlier(end));
            if self.pieces.len() >= FREE_PIECES && self.charge >= most {
                return Err(Full);
            }
            let from = position.octets_since(start) as usize;
            let to = gap_end.octets_since(start) as usize;
            let slice = &bytes[from..to];
            let bytes =
                if slice.len() < COPY_BELOW { Bytes::copy_from_slice(slice) } else { bytes.slice(from..to) };
            self.charge += charge(bytes.len());
            self.pieces.insert(index, Piece { start: position, bytes });
            position = gap_end;
        }
        Ok(self.run_at(start))
    }

    /// The first of the octets from `start` to `end` that are held, up to the next gap.
    #[cold]
    pub(crate) fn first_held(&self, start: SeqNumber, end: SeqNumber) -> Option<SackRange> {
        let index = self.pieces.partition_point(|piece| piece.end().at_or_before(start));
        let first = self.pieces.get(index).filter(|piece| piece.start.before(end))?;
        let mut held_until = first.end();
        for piece in self.pieces.range(index + 1..) {
            if piece.start != held_until || held_until.at_or_after(end) {
                break;
            }
            held_until = piece.end();
        }
        Some(SackRange { start: first.start.later(start), end: held_until.earlier(end) })
    }

    /// Takes the text that begins at `nxt`, if it is here; what lies before `nxt` is let go.
    pub(crate) fn pop(&mut self, nxt: SeqNumber) -> Option<Bytes> {
        while let Some(front) = self.pieces.front() {
            if front.start.after(nxt) {
                return None;
            }
            let piece = self.pieces.pop_front()?;
            self.charge -= charge(piece.bytes.len());
            let stale = nxt.octets_since(piece.start) as usize;
            if stale < piece.bytes.len() {
                return Some(piece.bytes.slice(stale..));
            }
        }
        None
    }

    /// Octets at `number` or later are held.
    pub(crate) fn reaches_beyond(&self, number: SeqNumber) -> bool {
        self.pieces.back().is_some_and(|piece| piece.end().after(number))
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The run of octets without a gap around `at`.
    fn run_at(&self, at: SeqNumber) -> SackRange {
        let index = self.pieces.partition_point(|piece| piece.end().at_or_before(at));
        let mut run = SackRange { start: self.pieces[index].start, end: self.pieces[index].end() };
        for piece in self.pieces.range(index + 1..) {
            if piece.start != run.end {
                break;
            }
            run.end = piece.end();
        }
        for piece in self.pieces.range(..index).rev() {
            if piece.end() != run.start {
                break;
            }
            run.start = piece.start;
        }
        run
    }

    /// The pieces are in order, apart, and beyond `nxt`.
    pub(crate) fn check_invariants(&self, nxt: SeqNumber) {
        let mut last = nxt;
        for (index, piece) in self.pieces.iter().enumerate() {
            assert!(!piece.bytes.is_empty(), "an empty piece");
            let apart = if index == 0 { piece.start.after(last) } else { piece.start.at_or_after(last) };
            assert!(apart, "pieces out of order, or one that the user could have read");
            last = piece.end();
        }
    }
}

#[cfg(test)]
mod tests;
