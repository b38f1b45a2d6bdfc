//! One direction of a link.
//!
//! A packet's way through it, in this order:
//!
//! 1. **duplicate**: a copy follows right behind it.
//! 2. **queue**: what does not fit before the transmitter is dropped.
//! 3. **rate**: it waits its turn, then takes its length's time; it is lost, if it will be, only after
//!    that, as on a wire.
//! 4. **loss**, then **corrupt**: it vanishes, or one of its bits flips.
//! 5. **delay** and **jitter**: it travels. Jitter alone keeps the order, as a route does whose queues
//!    grow and shrink, unless [`LinkConfig::jitter_reorders`]; **reorder** lets a packet skip the travel,
//!    and so overtake those still under way.
//!
//! Every kind of fault has its own stream of chance: with one seed, a run at 3 % loss loses what the run at
//! 2 % lost, and more; turning on jitter changes nothing of that.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use synfin_wire::Instant;

use crate::random::Stream;
use crate::units::{Probability, Rate};

/// How a link behaves. The default does nothing to a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkConfig {
    /// What passes in a second; `None`: everything at once.
    pub rate: Option<Rate>,
    /// What waits while the transmitter is busy. Without a rate nothing waits.
    pub queue: Queue,
    /// How long a packet travels.
    pub delay: Duration,
    /// How far the travel may stray from `delay`, evenly to both sides; never below zero.
    pub jitter: Duration,
    /// Whether jitter may let a packet overtake another.
    pub jitter_reorders: bool,
    /// Which packets vanish.
    pub loss: Loss,
    /// How many packets skip the travel. Without a delay there is nothing to skip.
    pub reorder: Probability,
    /// How many packets arrive twice.
    pub duplicate: Probability,
    /// How many packets arrive with one bit flipped.
    pub corrupt: Probability,
}

impl LinkConfig {
    /// Whether such a link leaves every packet as it was, at once.
    ///
    /// ```
    /// assert!(synfin_sim::LinkConfig::default().is_clean());
    /// ```
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let Self { rate, queue: _, delay, jitter, jitter_reorders: _, loss, reorder: _, duplicate, corrupt } =
            self;
        rate.is_none()
            && delay.is_zero()
            && jitter.is_zero()
            && *loss == Loss::default()
            && *duplicate == Probability::NEVER
            && *corrupt == Probability::NEVER
    }
}

/// Which packets a link loses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Loss {
    /// Each with this probability, whatever became of the one before it.
    Independent(Probability),
}

impl Default for Loss {
    fn default() -> Self {
        Self::Independent(Probability::NEVER)
    }
}

/// What happens to packets that come faster than the link's rate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Queue {
    /// First in, first out; what does not fit is dropped. The packet in transmission counts.
    DropTail {
        /// The most packets.
        packets: usize,
        /// The most octets; a longer packet still enters an empty queue.
        octets: usize,
    },
}

impl Queue {
    /// A drop-tail queue that takes `span` to drain at `rate`, but holds at least 64 KiB.
    #[must_use]
    pub fn draining_in(span: Duration, rate: Rate) -> Self {
        Self::DropTail { packets: usize::MAX, octets: rate.octets_in(span).max(64 * 1024) }
    }
}

impl Default for Queue {
    /// A thousand packets, the length of a Linux interface's queue.
    fn default() -> Self {
        Self::DropTail { packets: 1_000, octets: usize::MAX }
    }
}

/// What a link did so far, in packets.
///
/// `taken + duplicated` is `delivered + lost + queue_dropped` and those still inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkCounters {
    /// Pushed in.
    pub taken: u64,
    /// Popped out.
    pub delivered: u64,
    /// Vanished on the way.
    pub lost: u64,
    /// Copies added.
    pub duplicated: u64,
    /// Sent ahead of one that was pushed before them.
    pub reordered: u64,
    /// Changed by a bit.
    pub corrupted: u64,
    /// Dropped because the queue, or the link's memory, was full.
    pub queue_dropped: u64,
}

/// One direction of a link: packets go in, and come out when and as the link's config has it.
///
/// ```
/// use std::time::Duration;
/// use synfin_sim::{Link, LinkConfig};
/// use synfin_wire::Instant;
///
/// let mut link = Link::new(LinkConfig { delay: Duration::from_millis(80), ..LinkConfig::default() }, 7);
/// link.push("hello".into(), Instant::ZERO);
/// assert_eq!(link.pop(Instant::from_millis(79)), None);
/// assert_eq!(link.next_due(), Some(Instant::from_millis(80)));
/// assert_eq!(link.pop(Instant::from_millis(80)).as_deref(), Some(b"hello".as_slice()));
/// ```
#[derive(Clone, Debug)]
pub struct Link {
    config: LinkConfig,
    chance: Chance,
    transmitter: Transmitter,
    travelling: BinaryHeap<Reverse<Travelling>>,
    travelling_octets: usize,
    /// The arrival of the last packet that keeps the order: none of those behind it comes earlier.
    last_in_order: Instant,
    /// The latest arrival of all.
    latest: Instant,
    counters: LinkCounters,
}

impl Link {
    /// The most octets under way, waiting ones included; what comes on top is dropped. Only a link that is
    /// fed faster than its packets arrive comes near it.
    pub const MAX_OCTETS: usize = 256 << 20;

    /// The most packets under way, waiting ones included.
    pub const MAX_PACKETS: usize = 1 << 20;

    /// A link at rest. The same `seed` gives the same faults.
    #[must_use]
    pub fn new(config: LinkConfig, seed: u64) -> Self {
        Self {
            config,
            chance: Chance::new(seed),
            transmitter: Transmitter::default(),
            travelling: BinaryHeap::new(),
            travelling_octets: 0,
            last_in_order: Instant::ZERO,
            latest: Instant::ZERO,
            counters: LinkCounters::default(),
        }
    }

    /// Both directions of a link, alike but with faults of their own.
    #[must_use]
    pub fn pair(config: LinkConfig, seed: u64) -> (Self, Self) {
        (Self::new(config.clone(), seed), Self::new(config, !seed))
    }

    /// Takes a packet. `now` never goes back from one call to the next.
    pub fn push(&mut self, packet: Bytes, now: Instant) {
        self.counters.taken += 1;
        let duplicate = self.chance.duplicate.chance(self.config.duplicate);
        let copy = duplicate.then(|| packet.clone());
        self.carry(packet, now);
        if let Some(copy) = copy {
            self.counters.duplicated += 1;
            self.carry(copy, now);
        }
    }

    /// The next packet that has arrived by `now`.
    pub fn pop(&mut self, now: Instant) -> Option<Bytes> {
        if self.next_due()? > now {
            return None;
        }
        let Reverse(arrived) = self.travelling.pop()?;
        self.travelling_octets -= arrived.packet.len();
        self.counters.delivered += 1;
        Some(arrived.packet)
    }

    /// When the next packet arrives; `None` when none is under way.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        self.travelling.peek().map(|Reverse(next)| next.due)
    }

    /// The packets inside: waiting, in transmission and travelling.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.travelling.len()
    }

    /// What the link did so far.
    #[must_use]
    pub fn counters(&self) -> LinkCounters {
        self.counters
    }

    /// How the link behaves.
    #[must_use]
    pub fn config(&self) -> &LinkConfig {
        &self.config
    }

    /// Steps 2 to 5 of the way of a packet.
    fn carry(&mut self, packet: Bytes, now: Instant) {
        // Drawn for every packet, wanted or not, so that one kind of fault never shifts another's stream.
        let lost = self.chance.is_lost(&self.config.loss);
        let corrupt = self.chance.corrupt.chance(self.config.corrupt);
        let bit = self.chance.corrupt.below((packet.len() as u64).saturating_mul(8));
        let skips = self.chance.reorder.chance(self.config.reorder);
        let travel = self.chance.travel(self.config.delay, self.config.jitter);

        let full = self.travelling.len() >= Self::MAX_PACKETS || self.travelling_octets >= Self::MAX_OCTETS;
        let sent = if full { None } else { self.transmitter.send(packet.len(), &self.config, now) };
        let Some(sent) = sent else {
            self.counters.queue_dropped += 1;
            return;
        };
        if lost {
            self.counters.lost += 1;
            return;
        }
        let packet = if corrupt && !packet.is_empty() { self.with_flipped_bit(packet, bit) } else { packet };
        let due = self.arrival(sent, travel, skips);
        self.travelling_octets += packet.len();
        let number = self.counters.taken + self.counters.duplicated;
        self.travelling.push(Reverse(Travelling { due, number, packet }));
    }

    /// When a packet arrives whose last bit was sent at `sent`; keeps the order where it is to be kept.
    fn arrival(&mut self, sent: Instant, travel: Duration, skips: bool) -> Instant {
        let due = if skips {
            sent
        } else if self.config.jitter_reorders {
            sent + travel
        } else {
            self.last_in_order = self.last_in_order.max(sent + travel);
            self.last_in_order
        };
        if due < self.latest {
            self.counters.reordered += 1;
        }
        self.latest = self.latest.max(due);
        due
    }

    /// A copy of the packet, which others may hold too, with this bit flipped.
    fn with_flipped_bit(&mut self, packet: Bytes, bit: u64) -> Bytes {
        self.counters.corrupted += 1;
        let mut copy = BytesMut::from(packet.as_ref());
        copy[(bit / 8) as usize] ^= 1 << (bit % 8);
        copy.freeze()
    }
}

/// The streams of chance of one link.
#[derive(Clone, Debug)]
struct Chance {
    loss: Stream,
    duplicate: Stream,
    corrupt: Stream,
    reorder: Stream,
    jitter: Stream,
}

impl Chance {
    fn new(seed: u64) -> Self {
        Self {
            loss: Stream::new(seed, 0),
            duplicate: Stream::new(seed, 1),
            corrupt: Stream::new(seed, 2),
            reorder: Stream::new(seed, 3),
            jitter: Stream::new(seed, 4),
        }
    }

    fn is_lost(&mut self, loss: &Loss) -> bool {
        match loss {
            Loss::Independent(probability) => self.loss.chance(*probability),
        }
    }

    fn travel(&mut self, delay: Duration, jitter: Duration) -> Duration {
        let spread = u64::try_from(jitter.as_nanos()).unwrap_or(u64::MAX);
        let drawn = self.jitter.below(spread.saturating_mul(2).saturating_add(1));
        delay.saturating_add(Duration::from_nanos(drawn)).saturating_sub(jitter)
    }
}

/// What sends one packet after the other at the link's rate, and the queue before it.
#[derive(Clone, Debug, Default)]
struct Transmitter {
    free_at: Instant,
    /// When each packet's last bit is sent, and its octets. Empty where there is no rate.
    waiting: VecDeque<(Instant, usize)>,
    waiting_octets: usize,
}

impl Transmitter {
    /// When the last bit of a packet is sent that comes at `now`; `None` when the queue is full.
    fn send(&mut self, octets: usize, config: &LinkConfig, now: Instant) -> Option<Instant> {
        let Some(rate) = config.rate else { return Some(now) };
        while let Some((_, gone)) = self.waiting.front().filter(|(sent, _)| *sent <= now) {
            self.waiting_octets -= gone;
            self.waiting.pop_front();
        }
        if !self.admits(octets, &config.queue) {
            return None;
        }
        let sent = self.free_at.max(now) + rate.time_for(octets);
        self.free_at = sent;
        self.waiting.push_back((sent, octets));
        self.waiting_octets += octets;
        Some(sent)
    }

    fn admits(&self, octets: usize, queue: &Queue) -> bool {
        let Queue::DropTail { packets, octets: most } = *queue;
        self.waiting.is_empty()
            || (self.waiting.len() < packets && self.waiting_octets.saturating_add(octets) <= most)
    }
}

/// A packet under way. Ordered by arrival, then by when it came.
#[derive(Clone, Debug)]
struct Travelling {
    due: Instant,
    number: u64,
    packet: Bytes,
}

impl Ord for Travelling {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

impl PartialOrd for Travelling {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Travelling {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Travelling {}

#[cfg(test)]
mod tests;
