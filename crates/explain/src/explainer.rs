//! Packets become connections.
//!
//! In: the packets of a capture, in its order. Out: each connection, once it is over or the capture ends. Memory is
//! bounded by the connections that are open: of one that is over only what is told of it is kept, and its segments
//! only where they were asked for.

use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

use synfin_ladder::{Connection, Side};
use synfin_wire::Instant;

use crate::flow::{Flow, Manner};
use crate::packet::{Dissected, IcmpError, Packet};

/// Of which connections the segments are kept. Of the others only what a list shows is told: neither the states of their
/// ends nor what Zeek would say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Detail {
    /// Of none: a list is wanted.
    #[default]
    None,
    /// Of the first: there may be but one.
    First,
    /// Of this one, by its number from 1.
    One(u64),
    /// Of all.
    All,
}

impl Detail {
    fn wants(self, number: u64) -> bool {
        match self {
            Self::None => false,
            Self::First => number == 1,
            Self::One(wanted) => number == wanted,
            Self::All => true,
        }
    }
}

/// For so many frames a connection that is over gets late segments, and its ports are known for its own. Counted in frames
/// of the capture, for all who follow a share of it to agree; few enough to tell it before the processor has forgotten it.
const FRAMES_OVER: u64 = if cfg!(test) { 1 << 10 } else { 1 << 13 };
/// Segments that those may keep together, where segments are kept.
const MOST_STEPS_OVER: usize = if cfg!(test) { 1 << 8 } else { 1 << 18 };
/// Connections that are followed, before those that were quiet for longest are told as they stand: an eighth of them at
/// a time, so that looking for them costs little.
const MOST_FOLLOWED: usize = if cfg!(test) { 1 << 10 } else { 1 << 17 };

/// A connection that is over.
#[derive(Debug)]
struct Over {
    pair: Pair,
    number: u64,
    frame: u64,
    since: Instant,
    /// How many segments it kept by then.
    steps: usize,
}

/// The connection that had the same ports before, as far as the capture knows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    None,
    Open,
    Closed,
}

/// Two addresses and ports, whichever of them sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair(SocketAddr, SocketAddr);

/// Makes connections of packets.
///
/// ```
/// use synfin_explain::explainer::{Detail, Explainer};
/// let explainer = Explainer::new(Detail::All);
/// assert!(explainer.finish().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Explainer {
    detail: Detail,
    /// Boxed: the table is searched far more often than it is walked, and must lie close together.
    flows: HashMap<Pair, Box<Flow>>,
    /// Those that are over, the first first.
    over: VecDeque<Over>,
    /// How many segments those keep.
    steps_over: usize,
    told: Vec<Connection>,
    /// Room of those that were told: to allocate so much for each anew is slow.
    spare: Vec<Box<Flow>>,
    begun: u64,
    /// A connection's number is that of its first frame.
    numbers_by_frame: bool,
    ignores_notes: bool,
    /// The last frame and the last moment so far.
    frame: u64,
    end: Instant,
}

impl Explainer {
    /// Of a capture of which nothing was seen.
    #[must_use]
    pub fn new(detail: Detail) -> Self {
        Self { detail, ..Self::default() }
    }

    /// Of one share of a capture: what a connection's number is among all is not known here, so that of its first frame
    /// stands for it, in `detail` too.
    pub(crate) fn of_share(detail: Detail) -> Self {
        Self { detail, numbers_by_frame: true, ..Self::default() }
    }

    /// The same, inferring from packets alone: what a recorder that knew the engine has [noted](synfin_wire::note) on them
    /// is a comment like any other.
    #[must_use]
    pub fn ignoring_notes(self) -> Self {
        Self { ignores_notes: true, ..self }
    }

    /// Takes one packet.
    pub fn observe(&mut self, packet: &Packet<'_>) {
        self.observe_run(Pair::of(packet.source, packet.destination), [packet]);
        self.settle();
    }

    /// Takes a frame, whatever it turned out to be: of what is neither a segment nor an ICMP error about one nothing is
    /// taken.
    pub fn take(&mut self, dissected: &Dissected<'_>) {
        match dissected {
            Dissected::Tcp(packet) => self.observe(packet),
            Dissected::Icmp(error) => self.hear(error),
            Dissected::Other(_) => {}
        }
    }

    /// Takes what ICMP says of a segment. An error about a connection that is not known tells nothing.
    pub fn hear(&mut self, error: &IcmpError) {
        self.hear_of(error);
        self.settle();
    }

    /// The same, where [settling](Self::settle) has to wait.
    pub(crate) fn hear_of(&mut self, error: &IcmpError) {
        self.frame = self.frame.max(error.frame);
        self.end = self.end.max(error.at);
        let pair = Pair::of(error.about.0, error.about.1);
        if let Some(flow) = self.flows.get_mut(&pair)
            && !is_forgotten(flow, error.frame)
        {
            let was_over = flow.over_in();
            flow.hear(error);
            self.note_whether_over(pair, was_over);
        }
    }

    /// Takes packets between the same two addresses and ports. Whoever has given all that it has of some stretch of the
    /// capture then [settles](Self::settle) what is over.
    pub(crate) fn observe_run<'p>(&mut self, pair: Pair, packets: impl IntoIterator<Item = &'p Packet<'p>>) {
        let mut packets = packets.into_iter().peekable();
        while let Some(first) = packets.peek().copied() {
            (self.frame, self.end) = (self.frame.max(first.frame), self.end.max(first.at));
            let Some(flow) = self.flows.get_mut(&pair) else {
                self.begin(pair, first, Before::None);
                packets.next();
                continue;
            };
            if takes(flow, first) {
                let was_over = flow.over_in();
                while let Some(packet) = packets.next_if(|packet| takes(flow, packet)) {
                    (self.frame, self.end) = (self.frame.max(packet.frame), self.end.max(packet.at));
                    flow.observe(packet);
                }
                self.note_whether_over(pair, was_over);
            } else {
                let is_forgotten = is_forgotten(flow, first.frame);
                let before = self.flows.remove(&pair).expect("it was just there");
                let earlier = match (is_forgotten, before.over_in()) {
                    (true, _) => Before::None,
                    (false, Some(_)) => Before::Closed,
                    (false, None) => Before::Open,
                };
                self.tell(before, first.at);
                self.begin(pair, first, earlier);
                packets.next();
            }
        }
    }

    fn begin(&mut self, pair: Pair, packet: &Packet<'_>, earlier: Before) {
        self.begun += 1;
        let number = if self.numbers_by_frame { packet.frame } else { self.begun };
        let manner = Manner {
            reuses_ports: earlier != Before::None,
            follows_closed: earlier == Before::Closed,
            keeps_steps: self.detail.wants(number),
            heeds_notes: !self.ignores_notes,
        };
        let flow = Flow::new(number, packet, manner);
        let mut flow = match self.spare.pop() {
            Some(mut room) => {
                *room = flow;
                room
            }
            None => Box::new(flow),
        };
        flow.observe(packet);
        self.flows.insert(pair, flow);
        self.note_whether_over(pair, None);
    }

    /// Whether a connection is over that was not.
    fn note_whether_over(&mut self, pair: Pair, was_over: Option<u64>) {
        let Some(flow) = self.flows.get(&pair) else { return };
        if let Some(frame) = flow.over_in().filter(|frame| was_over != Some(*frame)) {
            let steps = flow.steps();
            self.over.push_back(Over { pair, number: flow.number(), frame, since: self.end, steps });
            self.steps_over += steps;
        }
    }

    /// Tells what is over for long enough, and what there is no room for. No frame before the last may come after this.
    pub(crate) fn settle(&mut self) {
        while self.over.front().is_some_and(|over| over.frame + FRAMES_OVER < self.frame)
            || (self.steps_over > MOST_STEPS_OVER && self.over.len() > 1)
        {
            self.tell_first_over();
        }
        if self.flows.len() > MOST_FOLLOWED {
            self.tell_the_quietest();
        }
    }

    fn tell_first_over(&mut self) {
        let Some(over) = self.over.pop_front() else { return };
        self.steps_over -= over.steps;
        // Its ports may be in use by a later one, or it goes on.
        let is_it = |flow: &Flow| (flow.number(), flow.over_in()) == (over.number, Some(over.frame));
        if self.flows.get(&over.pair).is_some_and(|flow| is_it(flow))
            && let Some(flow) = self.flows.remove(&over.pair)
        {
            self.tell(flow, self.end);
        }
    }

    fn tell(&mut self, mut flow: Box<Flow>, end: Instant) {
        self.told.push(flow.tell(end));
        self.spare.push(flow);
    }

    /// Tells those that were quiet for longest, whatever became of them.
    fn tell_the_quietest(&mut self) {
        let mut by_age: Vec<(Instant, u64, Pair)> =
            self.flows.iter().map(|(pair, flow)| (flow.last(), flow.number(), *pair)).collect();
        let too_many = by_age.len() - MOST_FOLLOWED / 8 * 7;
        let (oldest, ..) = by_age.select_nth_unstable(too_many);
        oldest.sort_unstable();
        for (_, _, pair) in oldest {
            let flow = self.flows.remove(pair).expect("it was just there");
            self.tell(flow, self.end);
        }
    }

    /// Tells those that were over at a moment already: one who waits for packets does not wait to tell them.
    pub fn tell_over_at(&mut self, moment: Instant) {
        while self.over.front().is_some_and(|over| over.since <= moment) {
            self.tell_first_over();
        }
    }

    /// How many connections there were so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.begun
    }

    /// Whether there is something for [`take_told`](Self::take_told).
    #[must_use]
    pub fn has_told(&self) -> bool {
        !self.told.is_empty()
    }

    /// Those that are told so far, and are not asked for again. Who takes them while packets come holds no more in
    /// memory than the connections that are open or may still get late segments.
    pub fn take_told(&mut self) -> Vec<Connection> {
        std::mem::take(&mut self.told)
    }

    /// The capture has ended: the rest of the connections, by their numbers.
    #[must_use]
    pub fn finish(mut self) -> Vec<Connection> {
        let end = self.end;
        let mut rest: Vec<_> = self.flows.into_values().collect();
        rest.sort_unstable_by_key(|flow| flow.number());
        self.told.extend(rest.into_iter().map(|mut flow| flow.tell(end)));
        // They are large, and moved but once so.
        self.told.sort_by_cached_key(|connection| connection.number);
        self.told
    }
}

/// Whether a packet belongs to this connection still, and not to a later one on the same ports.
fn takes(flow: &Flow, packet: &Packet<'_>) -> bool {
    !flow.is_succeeded_by(packet) && !is_forgotten(flow, packet.frame)
}

/// Whether it was over for so long by a frame that it was told, or could have been.
fn is_forgotten(flow: &Flow, frame: u64) -> bool {
    flow.over_in().is_some_and(|over| over + FRAMES_OVER < frame)
}

impl Pair {
    pub(crate) fn of(one: SocketAddr, other: SocketAddr) -> Self {
        if one <= other { Self(one, other) } else { Self(other, one) }
    }

    /// Whether a packet goes between the two.
    pub(crate) fn is_of(self, packet: &Packet<'_>) -> bool {
        let (source, destination) = (packet.source, packet.destination);
        (source, destination) == (self.0, self.1) || (destination, source) == (self.0, self.1)
    }
}

/// In few pieces: a connection is looked up for each packet.
impl Hash for Pair {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match (self.0.ip(), self.1.ip()) {
            (IpAddr::V4(one), IpAddr::V4(other)) => {
                state.write_u64(u64::from(u32::from(one)) << 32 | u64::from(u32::from(other)));
            }
            (one, other) => {
                let octets = |address: IpAddr| match address {
                    IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
                    IpAddr::V6(address) => address.octets(),
                };
                for octets in [octets(one), octets(other)] {
                    state.write_u128(u128::from_be_bytes(octets));
                }
            }
        }
        state.write_u32(u32::from(self.0.port()) << 16 | u32::from(self.1.port()));
    }
}

/// Which side of a picture sent a packet: the left one is `left`.
pub(crate) fn side_of(packet: &Packet<'_>, left: SocketAddr) -> Side {
    if packet.source == left { Side::Left } else { Side::Right }
}

#[cfg(test)]
mod tests;
