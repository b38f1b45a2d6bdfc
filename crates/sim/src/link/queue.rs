//! What sends one packet after the other at the link's rate, and the queue before it.
//!
//! A first-in-first-out queue before a transmitter of known rate has no secrets: when a packet comes, the
//! moment at which it will be sent is certain. So everything is decided then, CoDel's signals too: each
//! packet's depends on those before it alone.

use std::collections::VecDeque;
use std::time::Duration;

use synfin_wire::Instant;

use super::LinkConfig;
use crate::units::Rate;

/// What happens to packets that come faster than the link's rate. First in, first out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Queue {
    /// What does not fit is dropped. The packet in transmission counts.
    DropTail {
        /// The most packets.
        packets: usize,
        /// The most octets; a longer packet still enters an empty queue.
        octets: usize,
    },
    /// Controlled delay (RFC 8289): once packets have waited for longer than `target` throughout an
    /// `interval`, one is marked, and the longer this goes on, the more often. One that is not ECN-capable
    /// (RFC 3168) is dropped instead. What does not fit is dropped as well.
    CoDel {
        /// The most packets.
        packets: usize,
        /// How long a packet may wait; it is never taken to be less than [`Queue::FULL_SIZE`] octets take.
        target: Duration,
        /// How long waiting may exceed that: a round trip's time, for the sender to react.
        interval: Duration,
    },
}

impl Queue {
    /// A full-sized packet, octets: CoDel never takes offence at the wait for one of these.
    pub const FULL_SIZE: usize = 1500;

    /// A drop-tail queue that takes `span` to drain at `rate`, but holds at least 64 KiB.
    #[must_use]
    pub fn draining_in(span: Duration, rate: Rate) -> Self {
        Self::DropTail { packets: usize::MAX, octets: rate.octets_in(span).max(64 * 1024) }
    }

    /// CoDel with the times of RFC 8289 section 4.4, 5 ms and 100 ms, and room for a thousand packets.
    #[must_use]
    pub const fn codel() -> Self {
        Self::CoDel { packets: 1_000, target: Duration::from_millis(5), interval: Duration::from_millis(100) }
    }
}

impl Default for Queue {
    /// A thousand packets, the length of a Linux interface's queue.
    fn default() -> Self {
        Self::DropTail { packets: 1_000, octets: usize::MAX }
    }
}

/// What becomes of a packet at the transmitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Its last bit is sent at this moment.
    At(Instant),
    /// So too, and it is to be marked.
    Marked(Instant),
    /// It is dropped.
    Dropped,
}

/// A transmitter and its queue.
#[derive(Clone, Debug, Default)]
pub(super) struct Transmitter {
    free_at: Instant,
    /// When each packet leaves the queue for good, and its octets. Empty where there is no rate.
    waiting: VecDeque<(Instant, usize)>,
    waiting_octets: usize,
    codel: CoDel,
}

impl Transmitter {
    /// Takes a packet that comes at `now`.
    pub(super) fn send(&mut self, octets: usize, markable: bool, config: &LinkConfig, now: Instant) -> Sent {
        let Some(rate) = config.rate else { return Sent::At(now) };
        while let Some((_, gone)) = self.waiting.front().filter(|(left, _)| *left <= now) {
            self.waiting_octets -= gone;
            self.waiting.pop_front();
        }
        if !self.admits(octets, &config.queue) {
            return Sent::Dropped;
        }
        let begin = self.free_at.max(now);
        let signal = match config.queue {
            Queue::DropTail { .. } => false,
            Queue::CoDel { target, interval, .. } => {
                let target = target.max(rate.time_for(Queue::FULL_SIZE));
                self.codel.signals(begin, begin - now, target, interval)
            }
        };
        let dropped = signal && !markable;
        let end = if dropped { begin } else { begin + rate.time_for(octets) };
        self.free_at = end;
        self.waiting.push_back((end, octets));
        self.waiting_octets += octets;
        match (dropped, signal) {
            (true, _) => Sent::Dropped,
            (false, true) => Sent::Marked(end),
            (false, false) => Sent::At(end),
        }
    }

    fn admits(&self, octets: usize, queue: &Queue) -> bool {
        let (packets, most) = match *queue {
            Queue::DropTail { packets, octets } => (packets, octets),
            Queue::CoDel { packets, .. } => (packets, usize::MAX),
        };
        self.waiting.is_empty()
            || (self.waiting.len() < packets && self.waiting_octets.saturating_add(octets) <= most)
    }
}

/// The state of RFC 8289 section 5.
#[derive(Clone, Copy, Debug, Default)]
struct CoDel {
    /// When waiting will have been too long for an interval; `None` while it is short enough.
    patience_ends: Option<Instant>,
    /// Signals are being given.
    signalling: bool,
    /// When the next one is due.
    next: Instant,
    /// How many were given since this bout began.
    count: u64,
    /// What `count` began with.
    count_before: u64,
}

impl CoDel {
    /// Whether the packet that leaves the queue at `now`, having waited for `sojourn`, is to bear a signal.
    fn signals(&mut self, now: Instant, sojourn: Duration, target: Duration, interval: Duration) -> bool {
        let impatient = sojourn >= target && now >= *self.patience_ends.get_or_insert(now + interval);
        if sojourn < target {
            self.patience_ends = None;
        }
        if !impatient {
            self.signalling = false;
            return false;
        }
        if !self.signalling {
            self.signalling = true;
            // A bout soon after another goes on at the pace that the other had come to.
            let pace = self.count - self.count_before;
            self.count = if pace > 1 && now - self.next < 16 * interval { pace } else { 1 };
            self.count_before = self.count;
            self.next = now + Self::pause(interval, self.count);
            return true;
        }
        if now < self.next {
            return false;
        }
        self.count += 1;
        self.next += Self::pause(interval, self.count);
        true
    }

    /// `interval / sqrt(count)`, in whole numbers: the root is taken with 16 bits behind the point.
    fn pause(interval: Duration, count: u64) -> Duration {
        let root = (count.min(u64::from(u32::MAX)) << 32).isqrt();
        let nanos = (interval.as_nanos() << 16) / u128::from(root);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests;
