//! One direction of a link.
//!
//! A packet's way through it, in this order:
//!
//! 1. **cut** and **mtu**: a link that is down takes nothing, and none takes what is too long.
//! 2. **rules**: the first that matches decides on the packet; see [`Rule`].
//! 3. **duplicate**: a copy follows right behind it.
//! 4. **queue**: what does not fit before the transmitter is dropped; CoDel marks or drops what waits long.
//! 5. **rate**: it waits its turn, then takes its length's time; it is lost, if it will be, only after
//!    that, as on a wire.
//! 6. **loss**, then **corrupt**: it vanishes, or one of its bits flips.
//! 7. **delay** and **jitter**: it travels. Jitter alone keeps the order, as a route does whose queues
//!    grow and shrink, unless [`LinkConfig::jitter_reorders`]; **reorder** lets a packet skip the travel,
//!    and so overtake those still under way.
//!
//! Every kind of fault has its own stream of chance: with one seed, a run at 3 % loss loses what the run at
//! 2 % lost, and more; turning on jitter changes nothing of that.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use synfin_host::PacketNote;
use synfin_wire::Instant;

use crate::packet;
use crate::random::Stream;
use crate::rule::{self, Act, Rule};
use crate::units::{Probability, Rate};

mod loss;
mod queue;

pub use loss::{GilbertElliott, Loss};
pub use queue::Queue;

use loss::Misfortune;
use queue::{Sent, Transmitter};

/// How a link behaves. The default does nothing to a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkConfig {
    /// What passes in a second; `None`: everything at once.
    pub rate: Option<Rate>,
    /// What waits while the transmitter is busy. Without a rate nothing waits.
    pub queue: Queue,
    /// The longest packet, octets; `None`: whatever comes. Longer ones are dropped without a word: it is
    /// for the router before the link to tell their senders.
    pub mtu: Option<usize>,
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
        let Self {
            rate,
            queue: _,
            mtu,
            delay,
            jitter,
            jitter_reorders: _,
            loss,
            reorder: _,
            duplicate,
            corrupt,
        } = self;
        rate.is_none()
            && mtu.is_none()
            && delay.is_zero()
            && jitter.is_zero()
            && *loss == Loss::default()
            && *duplicate == Probability::NEVER
            && *corrupt == Probability::NEVER
    }
}

/// What a link did so far, in packets.
///
/// `taken + duplicated` is `delivered + lost + queue_dropped + too_long + cut` and those still inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkCounters {
    /// Pushed in.
    pub taken: u64,
    /// Popped out.
    pub delivered: u64,
    /// Vanished on the way, by chance or by a rule.
    pub lost: u64,
    /// Copies added.
    pub duplicated: u64,
    /// Sent ahead of one that was pushed before them.
    pub reordered: u64,
    /// Changed by a bit.
    pub corrupted: u64,
    /// Changed by a rule.
    pub rewritten: u64,
    /// Marked "congestion experienced" by the queue.
    pub marked: u64,
    /// Dropped because the queue, or the link's memory, was full, or by CoDel.
    pub queue_dropped: u64,
    /// Dropped because they were longer than the MTU.
    pub too_long: u64,
    /// Dropped because the link was down when they came, or went down while they were under way.
    pub cut: u64,
}

/// What a link does to a packet, told when it is pushed in. A copy that the link makes has a fate of its
/// own, which is counted and not told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Treatment {
    /// Why it will not arrive; `None`: it will, unless the link is cut.
    pub dropped: Option<LinkDrop>,
    /// A copy follows it.
    pub duplicated: bool,
    /// A bit is flipped.
    pub corrupted: bool,
    /// A rule changed it.
    pub rewritten: bool,
    /// The queue marked it.
    pub marked: bool,
    /// It overtakes one that was pushed before it.
    pub reordered: bool,
    /// When it comes out, unless the link is cut before.
    pub arrives: Option<Instant>,
}

/// Why a packet does not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkDrop {
    /// Chance had it so.
    Lost,
    /// A rule had it so.
    Rule,
    /// The queue was full, or CoDel dropped it.
    Queue,
    /// It was longer than the MTU.
    TooLong,
    /// The link was down.
    Cut,
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
    rules: Vec<Rule>,
    up: bool,
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
            rules: Vec::new(),
            up: true,
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

    /// Changes how the link behaves towards packets that come from now on.
    pub fn set_config(&mut self, config: LinkConfig) {
        self.config = config;
    }

    /// Adds a rule behind those there are.
    pub fn add_rule(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// Cuts the link, and all that is under way is lost; or mends it.
    pub fn set_up(&mut self, up: bool) {
        self.up = up;
        if !up {
            self.counters.cut += self.travelling.len() as u64;
            self.travelling.clear();
            self.travelling_octets = 0;
            self.transmitter = Transmitter::default();
        }
    }

    /// Takes a packet. `now` never goes back from one call to the next.
    pub fn push(&mut self, packet: Bytes, now: Instant) -> Treatment {
        self.push_noted(packet, None, now)
    }

    /// As [`Link::push`], with what the packet's sender says of it, for whoever pops it.
    pub fn push_noted(&mut self, packet: Bytes, note: Option<PacketNote>, now: Instant) -> Treatment {
        self.counters.taken += 1;
        let number = self.counters.taken;
        if !self.up {
            self.counters.cut += 1;
            return Treatment { dropped: Some(LinkDrop::Cut), ..Treatment::default() };
        }
        if self.config.mtu.is_some_and(|mtu| packet.len() > mtu) {
            self.counters.too_long += 1;
            return Treatment { dropped: Some(LinkDrop::TooLong), ..Treatment::default() };
        }
        let act = rule::judge(&mut self.rules, &packet, number, now);
        let by_chance = self.chance.duplicate.chance(self.config.duplicate);
        let (packet, rewritten) = match &act {
            Some(Act::Rewrite(rewrite)) => (rewrite(&packet), true),
            _ => (packet, false),
        };
        self.counters.rewritten += u64::from(rewritten);
        let duplicated = match act {
            Some(Act::Pass) => false,
            Some(Act::Duplicate) => true,
            _ => by_chance,
        };
        let copy = duplicated.then(|| packet.clone());
        let treatment = self.carry(packet, note, Some(number), act.as_ref(), now);
        if let Some(copy) = copy {
            self.counters.duplicated += 1;
            self.carry(copy, note, None, act.as_ref().filter(|act| !matches!(act, Act::Delay(_))), now);
        }
        Treatment { duplicated, rewritten, ..treatment }
    }

    /// The next packet that has arrived by `now`.
    pub fn pop(&mut self, now: Instant) -> Option<Bytes> {
        self.pop_noted(now).map(|(packet, _)| packet)
    }

    /// As [`Link::pop`], with what the packet's sender said of it.
    pub fn pop_noted(&mut self, now: Instant) -> Option<(Bytes, Option<PacketNote>)> {
        if self.next_due()? > now {
            return None;
        }
        let Reverse(arrived) = self.travelling.pop()?;
        self.travelling_octets -= arrived.packet.len();
        self.counters.delivered += 1;
        Some((arrived.packet, arrived.note))
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

    /// Steps 4 to 7 of the way of a packet. `number` is `None` for a copy.
    fn carry(
        &mut self,
        packet: Bytes,
        note: Option<PacketNote>,
        number: Option<u64>,
        act: Option<&Act>,
        now: Instant,
    ) -> Treatment {
        let faults = self.chance.draw(&self.config, packet.len(), number, act);
        let mut treatment = Treatment::default();

        let full = self.travelling.len() >= Self::MAX_PACKETS || self.travelling_octets >= Self::MAX_OCTETS;
        let sent = if full {
            Sent::Dropped
        } else {
            self.transmitter.send(packet.len(), packet::is_ecn_capable(&packet), &self.config, now)
        };
        let (sent, packet) = match sent {
            Sent::At(moment) => (moment, packet),
            Sent::Marked(moment) => {
                self.counters.marked += 1;
                treatment.marked = true;
                (moment, packet::mark(&packet))
            }
            Sent::Dropped => {
                self.counters.queue_dropped += 1;
                return Treatment { dropped: Some(LinkDrop::Queue), ..treatment };
            }
        };
        if faults.lost.is_some() {
            self.counters.lost += 1;
            return Treatment { dropped: faults.lost, ..treatment };
        }
        let packet = match faults.flipped {
            Some(bit) if !packet.is_empty() => {
                treatment.corrupted = true;
                self.with_flipped_bit(&packet, bit)
            }
            _ => packet,
        };
        let (due, overtakes) = self.arrival(sent, &faults);
        treatment.reordered = overtakes;
        treatment.arrives = Some(due);
        self.travelling_octets += packet.len();
        let number = self.counters.taken + self.counters.duplicated;
        self.travelling.push(Reverse(Travelling { due, number, packet, note }));
        treatment
    }

    /// When a packet arrives whose last bit was sent at `sent`, and whether it overtakes another by that;
    /// keeps the order where it is to be kept.
    fn arrival(&mut self, sent: Instant, faults: &Faults) -> (Instant, bool) {
        let due = if faults.skips {
            sent
        } else if !faults.detour.is_zero() {
            sent + faults.travel + faults.detour
        } else if self.config.jitter_reorders {
            sent + faults.travel
        } else {
            self.last_in_order = self.last_in_order.max(sent + faults.travel);
            self.last_in_order
        };
        let overtakes = due < self.latest;
        self.counters.reordered += u64::from(overtakes);
        self.latest = self.latest.max(due);
        (due, overtakes)
    }

    /// A copy of the packet, which others may hold too, with this bit flipped.
    fn with_flipped_bit(&mut self, packet: &Bytes, bit: u64) -> Bytes {
        self.counters.corrupted += 1;
        let mut copy = BytesMut::from(packet.as_ref());
        copy[(bit / 8) as usize] ^= 1 << (bit % 8);
        copy.freeze()
    }
}

/// The streams of chance of one link.
#[derive(Clone, Debug)]
struct Chance {
    loss: Misfortune,
    duplicate: Stream,
    corrupt: Stream,
    reorder: Stream,
    jitter: Stream,
}

/// What is going to happen to one packet.
#[derive(Clone, Copy, Debug)]
struct Faults {
    lost: Option<LinkDrop>,
    /// Which bit.
    flipped: Option<u64>,
    skips: bool,
    travel: Duration,
    /// What a rule adds to the travel.
    detour: Duration,
}

impl Chance {
    fn new(seed: u64) -> Self {
        Self {
            loss: Misfortune::new(Stream::new(seed, 0), Stream::new(seed, 5)),
            duplicate: Stream::new(seed, 1),
            corrupt: Stream::new(seed, 2),
            reorder: Stream::new(seed, 3),
            jitter: Stream::new(seed, 4),
        }
    }

    /// Everything is drawn for every packet, wanted or not, so that one kind of fault never shifts another's
    /// stream, nor a rule any.
    fn draw(&mut self, config: &LinkConfig, len: usize, number: Option<u64>, act: Option<&Act>) -> Faults {
        let lost = self.loss.strikes(&config.loss, number);
        let corrupt = self.corrupt.chance(config.corrupt);
        let bit = self.corrupt.below((len as u64).saturating_mul(8));
        let skips = self.reorder.chance(config.reorder);
        let travel = self.travel(config.delay, config.jitter);
        let faults = Faults {
            lost: lost.then_some(LinkDrop::Lost),
            flipped: corrupt.then_some(bit),
            skips,
            travel,
            detour: Duration::ZERO,
        };
        match act {
            Some(Act::Pass) => Faults { lost: None, flipped: None, skips: false, ..faults },
            Some(Act::Drop) => Faults { lost: Some(LinkDrop::Rule), ..faults },
            Some(Act::Delay(detour)) => Faults { skips: false, detour: *detour, ..faults },
            Some(Act::Duplicate | Act::Rewrite(_)) | None => faults,
        }
    }

    fn travel(&mut self, delay: Duration, jitter: Duration) -> Duration {
        let spread = u64::try_from(jitter.as_nanos()).unwrap_or(u64::MAX);
        let drawn = self.jitter.below(spread.saturating_mul(2).saturating_add(1));
        delay.saturating_add(Duration::from_nanos(drawn)).saturating_sub(jitter)
    }
}

/// A packet under way. Ordered by arrival, then by when it came.
#[derive(Clone, Debug)]
struct Travelling {
    due: Instant,
    number: u64,
    packet: Bytes,
    note: Option<PacketNote>,
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
