//! Packets become connections.
//!
//! In: the packets of a capture, in its order. Out: each connection, once it is over or the capture ends. Memory is
//! bounded by the connections that are open: of one that is over only what is told of it is kept, and its segments
//! only where they were asked for.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use synfin_ladder::{Connection, Side};
use synfin_wire::Instant;

use crate::flow::Flow;
use crate::packet::Packet;

/// Of which connections the segments are kept.
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

/// Connections that are over and may still get late segments, before the oldest of them are told.
const MOST_OVER: usize = 10_000;
/// Open connections, before the one that was quiet for longest is told as it stands.
const MOST_OPEN: usize = 1_000_000;

/// Two addresses and ports, whichever of them sends.
type Pair = (SocketAddr, SocketAddr);

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
    flows: HashMap<Pair, Flow>,
    /// Those that are over, the first first: the pair and the number.
    over: VecDeque<(Pair, u64)>,
    told: Vec<Connection>,
    next_number: u64,
    end: Instant,
}

impl Explainer {
    /// Of a capture of which nothing was seen.
    #[must_use]
    pub fn new(detail: Detail) -> Self {
        Self { detail, next_number: 1, ..Self::default() }
    }

    /// Takes one packet.
    pub fn observe(&mut self, packet: &Packet<'_>) {
        self.end = self.end.max(packet.at);
        let pair = ordered(packet.source, packet.destination);
        match self.flows.get_mut(&pair) {
            Some(flow) if !flow.is_succeeded_by(packet) => {
                let was_over = flow.is_over();
                flow.observe(packet);
                if flow.is_over() && !was_over {
                    self.over.push_back((pair, flow.number()));
                    self.make_room();
                }
            }
            Some(_) => {
                let before = self.flows.remove(&pair).expect("it was just there");
                self.told.push(before.tell(packet.at));
                self.begin(pair, packet, true);
            }
            None => self.begin(pair, packet, false),
        }
    }

    fn begin(&mut self, pair: Pair, packet: &Packet<'_>, reuses_ports: bool) {
        let number = self.next_number;
        self.next_number += 1;
        let mut flow = Flow::new(number, packet, reuses_ports, self.detail.wants(number));
        flow.observe(packet);
        if flow.is_over() {
            self.over.push_back((pair, number));
        }
        self.flows.insert(pair, flow);
        self.make_room();
    }

    fn make_room(&mut self) {
        while self.over.len() > MOST_OVER || self.flows.len() > MOST_OPEN {
            let Some((pair, number)) = self.over.pop_front() else { break };
            // Its ports may be in use by a later one.
            if self.flows.get(&pair).is_some_and(|flow| flow.number() == number)
                && let Some(flow) = self.flows.remove(&pair)
            {
                self.told.push(flow.tell(self.end));
            }
        }
    }

    /// How many connections there were so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.next_number - 1
    }

    /// Those that are told so far, and are not asked for again.
    pub fn take_told(&mut self) -> Vec<Connection> {
        std::mem::take(&mut self.told)
    }

    /// The capture has ended: the rest of the connections, by their numbers.
    #[must_use]
    pub fn finish(mut self) -> Vec<Connection> {
        let end = self.end;
        let mut rest: Vec<Flow> = self.flows.into_values().collect();
        rest.sort_unstable_by_key(Flow::number);
        self.told.extend(rest.into_iter().map(|flow| flow.tell(end)));
        self.told.sort_by_key(|connection| connection.number);
        self.told
    }
}

fn ordered(one: SocketAddr, other: SocketAddr) -> Pair {
    if one <= other { (one, other) } else { (other, one) }
}

/// Which side of a picture sent a packet: the left one is `left`.
pub(crate) fn side_of(packet: &Packet<'_>, left: SocketAddr) -> Side {
    if packet.source == left { Side::Left } else { Side::Right }
}
