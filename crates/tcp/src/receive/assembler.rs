//! Text that arrived beyond a gap, held until the gap is filled (RFC 9293 section 3.10.7.4, SHLD-31).

use alloc::collections::VecDeque;

use bytes::Bytes;
use synfin_wire::{SeqNumber, tcp::SackRange};

use super::COPY_BELOW;
use super::cost::{COPIED_TOGETHER, Cost};

/// So many pieces are held whatever they cost. Each is at least an octet inside the window, so a sender of single octets
/// cannot make the queue cost more than that, or than the receive buffer if that is more.
const FREE_PIECES: usize = 4096;
/// What a piece costs at the least, octets, even where the accounts have it in the memory of the one before.
const LEAST_CHARGE: usize = 832;

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
    /// Nothing, where it is in the memory of the piece before.
    cost: Cost,
}

impl Piece {
    fn end(&self) -> SeqNumber {
        self.start + self.len()
    }

    fn len(&self) -> u32 {
        self.bytes.len() as u32
    }
}

/// What has become of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// The run of octets without a gap that it lies in.
    pub(crate) run: SackRange,
    /// It was worth holding: some of its octets are new, or it takes the place of several others.
    pub(crate) is_taken: bool,
    /// What the queue cost before it.
    pub(crate) charge_before: usize,
}

/// Text that was held and is in order now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Popped {
    pub(crate) bytes: Bytes,
    /// All the text in its memory, of which it is the first; nothing where that was popped before.
    pub(crate) whole: u32,
    /// What that memory costs.
    pub(crate) cost: Cost,
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
    /// Octets that are held already stay as they came first. `cost` is what the segment costs.
    pub(crate) fn insert(
        &mut self,
        start: SeqNumber,
        bytes: Bytes,
        cost: Cost,
        most: usize,
    ) -> Result<Held, Full> {
        let end = start + bytes.len() as u32;
        let mut position = start;
        let mut unpaid = None;
        let mut charge_before = self.charge;
        while position.before(end) {
            // The first piece that ends beyond `position`: it either holds the octet or bounds the gap.
            let index = self.pieces.partition_point(|piece| piece.end().at_or_before(position));
            let next = self.pieces.get(index);
            if let Some(held) = next.filter(|piece| piece.start.at_or_before(position)) {
                position = held.end();
                continue;
            }
            let gap_end = next.map_or(end, |piece| piece.start.earlier(end));
            if self.pieces.len() >= FREE_PIECES && self.charge.max(self.pieces.len() * LEAST_CHARGE) >= most {
                return Err(Full);
            }
            let from = position.octets_since(start) as usize;
            let to = gap_end.octets_since(start) as usize;
            let slice = &bytes[from..to];
            let bytes =
                if slice.len() < COPY_BELOW { Bytes::copy_from_slice(slice) } else { bytes.slice(from..to) };
            let Cost { charge, room } = match unpaid {
                Some(nothing) => nothing,
                None => {
                    let (cost, before) = self.pay(start, end, position, cost);
                    charge_before = before;
                    cost
                }
            };
            self.charge += charge as usize;
            let at_end = if gap_end == end { room } else { 0 };
            self.pieces.insert(index, Piece { start: position, bytes, cost: Cost { charge, room: at_end } });
            unpaid = Some(Cost { charge: 0, room });
            position = gap_end;
        }
        let replaces = unpaid.is_none() && !self.is_in_one(start, end);
        if replaces {
            charge_before = self.replace(start, end, cost);
        }
        Ok(Held { run: self.run_at(start), is_taken: unpaid.is_some() || replaces, charge_before })
    }

    /// Whether all from `start` to `end`, which is held, is in the memory of one segment.
    fn is_in_one(&self, start: SeqNumber, end: SeqNumber) -> bool {
        let index = self.pieces.partition_point(|piece| piece.end().at_or_before(start));
        let mut others = self.pieces.range(index + 1..).take_while(|piece| piece.start.before(end));
        others.all(|piece| piece.cost.charge == 0)
    }

    /// A segment has come that has all of several others: it takes their place. Returns what the queue costs without it.
    fn replace(&mut self, start: SeqNumber, end: SeqNumber, cost: Cost) -> usize {
        let (Cost { room, .. }, others) = self.pay(start, end, end, cost);
        let last = self.pieces.partition_point(|piece| piece.end().before(end));
        if let Some(last) = self.pieces.get_mut(last).filter(|piece| piece.end() == end) {
            last.cost.room = room;
        }
        others
    }

    /// What the first piece of a segment from `start` to `end` costs, of which nothing before `gap` is new; and what all
    /// others do. That is nothing, if the piece right before the segment has room for it, or if the segment begins with what
    /// it takes the place of, which is paid for instead.
    fn pay(&mut self, start: SeqNumber, end: SeqNumber, gap: SeqNumber, cost: Cost) -> (Cost, usize) {
        let index = self.pieces.partition_point(|piece| piece.end().before(start));
        let len = end.octets_since(start);
        if let Some(before) = self.pieces.get_mut(index).filter(|piece| piece.end() == start)
            && before.cost.room >= len
        {
            let room = core::mem::take(&mut before.cost.room) - len;
            return (Cost { charge: 0, room }, self.charge);
        }
        let from = self.pieces.partition_point(|piece| piece.start.before(start));
        for piece in self.pieces.range_mut(from..).take_while(|piece| piece.end().at_or_before(end)) {
            self.charge -= core::mem::take(&mut piece.cost).charge as usize;
        }
        let others = self.charge;
        let first = self.pieces.get_mut(from).filter(|piece| piece.end().at_or_before(end));
        let Some(first) = first.filter(|piece| piece.start.before(gap)) else { return (cost, others) };
        first.cost.charge = cost.charge;
        self.charge += cost.charge as usize;
        (Cost { charge: 0, room: cost.room }, others)
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
    pub(crate) fn pop(&mut self, nxt: SeqNumber) -> Option<Popped> {
        while let Some(front) = self.pieces.front() {
            if front.start.after(nxt) {
                return None;
            }
            let mut piece = self.pieces.pop_front()?;
            self.charge -= piece.cost.charge as usize;
            let stale = nxt.octets_since(piece.start) as usize;
            if stale >= piece.bytes.len() {
                continue;
            }
            let mut whole = 0;
            if piece.cost.charge > 0 {
                whole = piece.len() - stale as u32;
                for other in self.pieces.iter().take_while(|other| other.cost.charge == 0) {
                    whole += other.len();
                    piece.cost.room = other.cost.room;
                }
            }
            let bytes = if stale > 0 { piece.bytes.slice(stale..) } else { piece.bytes };
            return Some(Popped { bytes, whole, cost: piece.cost });
        }
        None
    }

    /// Reckons as if each run had been copied together, from the first segment on that [is loose](super::ReceiveMemory::is_loose).
    /// Where it is not worth the work, because there are many small ones far apart, the rest stays.
    #[cold]
    pub(crate) fn collapse(&mut self, is_loose: impl Fn(u32, u32) -> bool, buffer: usize) {
        let (mut index, mut small) = (0, 0);
        while index < self.pieces.len() {
            let (end, text, charge) = self.run_from(index);
            if charge == self.pieces[index].cost.charge as usize && text < COPIED_TOGETHER {
                small += charge;
                if small > buffer / 8 {
                    return;
                }
            } else {
                self.collapse_run(index, end, &is_loose);
            }
            index = end;
        }
    }

    /// Where the run ends that begins with the piece at `index`, how much text it has and what that costs.
    fn run_from(&self, index: usize) -> (usize, u32, usize) {
        let start = self.pieces[index].start;
        let (mut end, mut text, mut charge) = (index, 0, 0);
        for piece in self.pieces.range(index..) {
            if piece.start != start + text {
                break;
            }
            end += 1;
            text += piece.len();
            charge += piece.cost.charge as usize;
        }
        (end, text, charge)
    }

    fn collapse_run(&mut self, index: usize, end: usize, is_loose: impl Fn(u32, u32) -> bool) {
        let text_of_segment = |at: usize| -> u32 {
            let others = self.pieces.range(at + 1..end).take_while(|piece| piece.cost.charge == 0);
            self.pieces[at].len() + others.map(Piece::len).sum::<u32>()
        };
        let loose = (index..end).find(|&at| {
            let charge = self.pieces[at].cost.charge;
            charge > 0 && is_loose(charge, text_of_segment(at))
        });
        let Some(first) = loose else { return };
        let text: u32 = self.pieces.range(first..end).map(Piece::len).sum();
        let (mut position, mut paid, mut room) = (0, 0, 0);
        for piece in self.pieces.range_mut(first..end) {
            self.charge -= core::mem::take(&mut piece.cost).charge as usize;
            position += piece.len();
            // Each page is paid for with the piece that its first octet is of.
            while paid < position {
                let copied = COPIED_TOGETHER.min(text - paid);
                let cost = Cost::of_copy(copied);
                piece.cost.charge += cost.charge;
                self.charge += cost.charge as usize;
                paid += copied;
                room = cost.room;
            }
        }
        self.pieces[end - 1].cost.room = room;
    }

    /// Lets go of what lies furthest off, a part of the buffer at a time, until `fits` what is left; but of nothing before
    /// `number`. RFC 2018 section 8 lets a receiver do so when memory runs out, for what is in order is worth more. Whether
    /// anything was let go.
    #[cold]
    pub(crate) fn renege(&mut self, number: SeqNumber, part: usize, fits: impl Fn(usize) -> bool) -> bool {
        let held = self.pieces.len();
        let mut freed = 0;
        while self.pieces.back().is_some_and(|last| last.start.at_or_after(number))
            && let Some(last) = self.pieces.pop_back()
        {
            self.charge -= last.cost.charge as usize;
            freed += last.cost.charge as usize;
            if freed >= part || self.pieces.is_empty() {
                if fits(self.charge) {
                    break;
                }
                freed = 0;
            }
        }
        self.pieces.len() < held
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
