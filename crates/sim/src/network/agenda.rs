//! What is going to happen, in order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use synfin_wire::Instant;

use super::id::{CableId, HostId, Way};

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// Packets have come to the end of a link.
    Arrival(CableId, Way),
    /// A host has something to do.
    Timer(HostId),
    /// A program wanted to be woken.
    Alarm(usize),
    /// A fault.
    Fault(usize),
}

/// For when something is put down, if it is. A booking moves only to an earlier moment; what it left behind
/// in the agenda is void.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Booking(Option<Instant>);

impl Booking {
    pub(super) fn is_at(self, moment: Instant) -> bool {
        self.0 == Some(moment)
    }

    pub(super) fn take_if_at(&mut self, moment: Instant) -> bool {
        let is_at = self.is_at(moment);
        if is_at {
            self.0 = None;
        }
        is_at
    }

    pub(super) fn cancel(&mut self) {
        self.0 = None;
    }
}

/// Ordered by moment, then by when it was put down.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    entries: BinaryHeap<Reverse<(Instant, u64, What)>>,
    serial: u64,
}

impl Agenda {
    pub(super) fn add(&mut self, moment: Instant, what: What) {
        self.serial += 1;
        self.entries.push(Reverse((moment, self.serial, what)));
    }

    /// Puts something down for `moment`, unless it is put down for one that is not later.
    pub(super) fn book(&mut self, booking: &mut Booking, moment: Instant, what: What) {
        if booking.0.is_none_or(|booked| moment < booked) {
            booking.0 = Some(moment);
            self.add(moment, what);
        }
    }

    pub(super) fn peek(&self) -> Option<(Instant, What)> {
        self.entries.peek().map(|Reverse((moment, _, what))| (*moment, *what))
    }

    pub(super) fn pop(&mut self) -> Option<(Instant, What)> {
        self.entries.pop().map(|Reverse((moment, _, what))| (moment, what))
    }
}
