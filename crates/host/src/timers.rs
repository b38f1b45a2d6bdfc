//! When each connection is to be looked at: a queue of hints.
//!
//! A connection is in the queue at most once, at a moment no later than its deadline. A deadline that moves
//! away, as it does with every acknowledgment, leaves the hint where it is: the hint comes up early, the
//! connection says what it really waits for, and a new hint takes its place. So re-arming per segment costs
//! one comparison, and the queue is never longer than there are connections.

use synfin_wire::Instant;

use crate::event::TcpHandle;
use crate::pages::Pages;
use crate::spare;

/// A binary heap, soonest first, that knows where each connection stands in it.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: Vec<Hint>,
    position: Pages<TcpHandle, usize>,
}

#[derive(Clone, Copy, Debug)]
struct Hint {
    at: Instant,
    handle: TcpHandle,
}

impl Timers {
    /// The soonest hint.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.first().map(|hint| hint.at)
    }

    /// `handle` waits for `deadline`, or for nothing.
    pub(crate) fn arm(&mut self, handle: TcpHandle, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return };
        match self.position.get(handle) {
            Some(&position) if self.heap[position].at <= deadline => {}
            Some(&position) => {
                self.heap[position].at = deadline;
                self.sift_up(position);
            }
            None => {
                let position = self.heap.len();
                self.heap.push(Hint { at: deadline, handle });
                self.position.insert_beside(handle, position);
                self.sift_up(position);
            }
        }
    }

    /// `handle` is gone.
    pub(crate) fn remove(&mut self, handle: TcpHandle) {
        let Some(position) = self.position.remove(handle) else { return };
        self.heap.swap_remove(position);
        if let Some(room) = spare::room(self.heap.len(), self.heap.capacity()) {
            self.heap.shrink_to(room);
        }
        if position < self.heap.len() {
            self.position.insert_beside(self.heap[position].handle, position);
            self.sift_down(position);
            self.sift_up(position);
        }
    }

    /// Takes the soonest hint out if it is due.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<TcpHandle> {
        let hint = *self.heap.first()?;
        if hint.at > now {
            return None;
        }
        self.remove(hint.handle);
        Some(hint.handle)
    }

    /// For how many hints there is room.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.heap.capacity().max(self.position.capacity())
    }

    /// Each stands where it is said to, no earlier than its parent.
    pub(crate) fn check_invariants(&self) {
        assert_eq!(self.heap.len(), self.position.len(), "a hint without a place");
        for (index, hint) in self.heap.iter().enumerate() {
            assert_eq!(self.position.get(hint.handle), Some(&index), "a hint is elsewhere");
            assert!(index == 0 || self.heap[(index - 1) / 2].at <= hint.at, "a hint is too late");
        }
    }

    fn sift_up(&mut self, mut position: usize) {
        while position > 0 {
            let parent = (position - 1) / 2;
            if self.heap[parent].at <= self.heap[position].at {
                break;
            }
            self.swap(parent, position);
            position = parent;
        }
    }

    fn sift_down(&mut self, mut position: usize) {
        loop {
            let sooner = |a: usize, b: usize| {
                if b < self.heap.len() && self.heap[b].at < self.heap[a].at { b } else { a }
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
        self.position.insert_beside(self.heap[a].handle, a);
        self.position.insert_beside(self.heap[b].handle, b);
    }
}

#[cfg(test)]
mod tests;
