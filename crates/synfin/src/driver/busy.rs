//! Looking again for a while before sleeping, where that has paid.

use std::time::Duration;

use synfin_wire::Instant;

/// How often it is looked at most without a packet, should the clock stand still meanwhile.
const MOST_LOOKS: u32 = 1000;

/// After so many looks, which take two microseconds, others are seen to: that takes as long as two looks.
const LOOKS: u32 = 4;

/// When a driver that has nothing to do goes on looking. Who sleeps has to be woken, which takes longer than most answers
/// from the same machine: as long as packets come close together, it is better not to sleep at all. One look that was in
/// vain to its end, and there is no other until they do so again.
#[derive(Debug)]
pub(super) struct BusyPoll {
    /// How long; zero for never.
    limit: Duration,
    /// How many packets there had been, and when that was seen first.
    packets: u64,
    since: Instant,
    looks: u32,
    pays: bool,
}

impl BusyPoll {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, packets: 0, since: Instant::ZERO, looks: 0, pays: false }
    }

    /// Whether to look again at once. There have been so many packets by now, in and out.
    pub(super) fn goes_on(&mut self, packets: u64, now: Instant) -> bool {
        if packets != self.packets {
            self.pays = now - self.since <= 2 * self.limit;
            (self.packets, self.since, self.looks) = (packets, now, 0);
        }
        self.looks += 1;
        self.pays &= self.looks <= MOST_LOOKS && now - self.since < self.limit;
        self.pays
    }

    /// Whether it is time for others, of the same runtime and on the same processor: at the first look of a row, and then
    /// every few.
    pub(super) fn gives_way(&self) -> bool {
        self.looks % LOOKS == 1
    }
}

#[cfg(test)]
mod tests;
