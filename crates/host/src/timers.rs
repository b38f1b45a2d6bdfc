//! When each connection is to be looked at: a queue of hints.
//!
//! A connection is in the queue at most once, at a moment no later than its deadline. A deadline that moves
//! away, as it does with every acknowledgment, leaves the hint where it is: the hint comes up early, the
//! connection says what it really waits for, and a new hint takes its place. So re-arming per segment costs
//! one comparison, and the queue is never longer than there are connections.

use synfin_wire::Instant;

use crate::event::TcpHandle;
use crate::pages;
use crate::spare;

/// A binary heap, soonest first, that knows where each connection stands in it. A connection goes by the number of its
/// slot: it is taken out before another one has that.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: Vec<Hint>,
    positions: Positions,
}

/// Twelve octets: there is one for every connection that waits.
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed(4))]
struct Hint {
    at: Instant,
    slot: u32,
}

/// Where each connection stands in the heap, by the number of its slot.
#[derive(Debug, Default)]
struct Positions {
    pages: Vec<Option<Box<Page>>>,
}

#[derive(Debug)]
struct Page {
    /// One bit for each that has a position.
    taken: u64,
    positions: [u32; PAGE],
}

const PAGE: usize = u64::BITS as usize;

impl Positions {
    fn get(&self, slot: u32) -> Option<usize> {
        let (at, slot) = (slot as usize / PAGE, slot as usize % PAGE);
        let page = self.pages.get(at)?.as_ref()?;
        (page.taken >> slot & 1 == 1).then(|| page.positions[slot] as usize)
    }

    fn set(&mut self, slot: u32, position: usize) {
        let (at, slot) = (slot as usize / PAGE, slot as usize % PAGE);
        if self.pages.len() <= at {
            self.pages.resize_with(at + 1, || None);
        }
        let page = self.pages[at].get_or_insert_with(|| Box::new(Page { taken: 0, positions: [0; PAGE] }));
        page.taken |= 1 << slot;
        page.positions[slot] = position as u32;
    }

    fn remove(&mut self, slot: u32) -> Option<usize> {
        let position = self.get(slot)?;
        let (at, slot) = (slot as usize / PAGE, slot as usize % PAGE);
        let page = self.pages[at].as_mut()?;
        page.taken &= !(1 << slot);
        if page.taken == 0 {
            self.pages[at] = None;
        }
        Some(position)
    }
}

impl Timers {
    /// The soonest hint.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.first().map(|hint| hint.at)
    }

    /// `handle` waits for `deadline`, or for nothing.
    pub(crate) fn arm(&mut self, handle: TcpHandle, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return };
        let slot = pages::number(handle);
        match self.positions.get(slot) {
            Some(position) if self.at(position) <= deadline => {}
            Some(position) => {
                self.heap[position].at = deadline;
                self.sift_up(position);
            }
            None => {
                let position = self.heap.len();
                self.heap.push(Hint { at: deadline, slot });
                self.positions.set(slot, position);
                self.sift_up(position);
            }
        }
    }

    /// `handle` is gone.
    pub(crate) fn remove(&mut self, handle: TcpHandle) {
        self.take_out(pages::number(handle));
    }

    fn take_out(&mut self, slot: u32) {
        let Some(position) = self.positions.remove(slot) else { return };
        self.heap.swap_remove(position);
        if let Some(room) = spare::room(self.heap.len(), self.heap.capacity()) {
            self.heap.shrink_to(room);
        }
        if position < self.heap.len() {
            self.positions.set(self.heap[position].slot, position);
            self.sift_down(position);
            self.sift_up(position);
        }
    }

    /// Takes the soonest hint out if it is due: the number of the connection's slot.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<u32> {
        let hint = *self.heap.first()?;
        if { hint.at } > now {
            return None;
        }
        self.take_out(hint.slot);
        Some(hint.slot)
    }

    /// For how many hints there is room.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.heap.capacity().max(self.positions.pages.iter().flatten().count() * PAGE)
    }

    /// Each stands where it is said to, no earlier than its parent.
    pub(crate) fn check_invariants(&self) {
        let positions: u32 = self.positions.pages.iter().flatten().map(|page| page.taken.count_ones()).sum();
        assert_eq!(self.heap.len(), positions as usize, "a hint without a place");
        for (index, hint) in self.heap.iter().enumerate() {
            assert_eq!(self.positions.get(hint.slot), Some(index), "a hint is elsewhere");
            assert!(index == 0 || self.at((index - 1) / 2) <= self.at(index), "a hint is too late");
        }
    }

    fn at(&self, position: usize) -> Instant {
        self.heap[position].at
    }

    fn sift_up(&mut self, mut position: usize) {
        while position > 0 {
            let parent = (position - 1) / 2;
            if self.at(parent) <= self.at(position) {
                break;
            }
            self.swap(parent, position);
            position = parent;
        }
    }

    fn sift_down(&mut self, mut position: usize) {
        loop {
            let sooner = |a: usize, b: usize| {
                if b < self.heap.len() && self.at(b) < self.at(a) { b } else { a }
            };
            let soonest = sooner(sooner(position, 2 * position + 1), 2 * position + 2);
            if soonest == position {
                break;
            }
            self.swap(soonest, position);
            position = soonest;
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.positions.set(self.heap[a].slot, a);
        self.positions.set(self.heap[b].slot, b);
    }
}

#[cfg(test)]
mod tests;
