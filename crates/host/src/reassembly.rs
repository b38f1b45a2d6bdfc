//! Fragments put together again (RFC 791 section 3.2, RFC 8200 section 4.5).
//!
//! What a stranger can make us hold is bounded in octets and in pieces; when there is no room the oldest
//! datagram gives way. A fragment that overlaps another proves an attack or a fault: the datagram is given
//! up (RFC 5722 section 3; RFC 1858 says why over IPv4 too). An exact duplicate is only a duplicate.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use hashbrown::HashMap;
use synfin_wire::ip::{Fragment, IpHeader, IpPacket};
use synfin_wire::{Ecn, Instant, IpProtocol};

use crate::counters::PacketDrop;
use crate::keyed::{Key, Purpose};

/// How long a datagram may take: RFC 1122 section 3.3.2 asks for 60 to 120 s, RFC 8200 for 60; Linux
/// takes 30, and what is not whole by then seldom will be.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most fragments of one datagram: 64 KiB over a link with the smallest MTU there is, 68 octets.
const MOST_PIECES: usize = 1366;
/// What a piece costs beside its octets.
const PIECE_OVERHEAD: usize = 64;

/// What a datagram's fragments have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct FragmentKey {
    source: IpAddr,
    destination: IpAddr,
    protocol: IpProtocol,
    identification: u32,
}

/// Datagrams that are not whole yet.
#[derive(Debug)]
pub(crate) struct Reassembler {
    by_key: HashMap<FragmentKey, u64, Key>,
    /// By the order in which they began, which is the order in which they time out.
    datagrams: BTreeMap<u64, Partial>,
    began: u64,
    octets: usize,
    limit: usize,
}

#[derive(Debug)]
struct Partial {
    key: FragmentKey,
    deadline: Instant,
    first: Option<IpHeader>,
    /// One of them had CE, and one was Not-ECT.
    is_marked: bool,
    is_unmarkable: bool,
    /// Sorted by offset, disjoint.
    pieces: Vec<Piece>,
    held: usize,
    /// The length of the whole, once the last fragment has come.
    total: Option<usize>,
}

#[derive(Debug)]
struct Piece {
    offset: usize,
    octets: Bytes,
}

/// What became of a fragment.
#[derive(Debug)]
pub(crate) enum Reassembled {
    /// It completed this datagram.
    Whole(Box<IpPacket>),
    /// It waits for the others.
    Waiting,
    /// It was discarded.
    Dropped(PacketDrop),
}

/// How a fragment fits among those that are there.
enum Fit {
    Overlap,
    Duplicate,
    At(usize),
}

impl Reassembler {
    pub(crate) fn new(secret: &[u8; 32], limit: usize) -> Self {
        Self {
            by_key: HashMap::with_hasher(Key::derive(secret, Purpose::Reassembly)),
            datagrams: BTreeMap::new(),
            began: 0,
            octets: 0,
            limit,
        }
    }

    /// A fragment has come.
    pub(crate) fn insert(&mut self, packet: &IpPacket, fragment: Fragment, now: Instant) -> Reassembled {
        let header = &packet.header;
        // Over IPv6 fragments may differ in what they claim to carry: the first one's word counts.
        let protocol = if header.is_v4() { header.protocol } else { IpProtocol(0) };
        let key = FragmentKey {
            source: header.source,
            destination: header.destination,
            protocol,
            identification: fragment.identification,
        };
        let cost = packet.payload.len() + PIECE_OVERHEAD;
        if cost > self.limit {
            return Reassembled::Dropped(PacketDrop::ReassemblyFull);
        }
        let serial = self.find_or_begin(key, now);
        let Some(partial) = self.datagrams.get_mut(&serial) else {
            return Reassembled::Dropped(PacketDrop::ReassemblyFull);
        };
        if partial.marks_contradict(header.ecn) {
            self.discard(serial);
            return Reassembled::Dropped(PacketDrop::Malformed);
        }
        match partial.fit(fragment, packet.payload.len()) {
            Fit::Duplicate => return Reassembled::Waiting,
            Fit::Overlap => {
                self.discard(serial);
                return Reassembled::Dropped(PacketDrop::FragmentOverlap);
            }
            Fit::At(index) => partial.add(index, packet, fragment),
        }
        partial.held += cost;
        self.octets += cost;
        if partial.is_whole() {
            let Some(partial) = self.discard(serial) else { return Reassembled::Waiting };
            return partial.join();
        }
        self.make_room();
        if self.datagrams.contains_key(&serial) {
            Reassembled::Waiting
        } else {
            Reassembled::Dropped(PacketDrop::ReassemblyFull)
        }
    }

    /// When the oldest datagram is given up.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.datagrams.first_key_value().map(|(_, partial)| partial.deadline)
    }

    /// Gives up a datagram that took too long; `None` when there is none. Its first fragment comes along,
    /// if it had arrived.
    pub(crate) fn next_overdue(&mut self, now: Instant) -> Option<Option<IpPacket>> {
        let (&serial, partial) = self.datagrams.first_key_value()?;
        if partial.deadline > now {
            return None;
        }
        Some(self.discard(serial)?.into_first())
    }

    fn find_or_begin(&mut self, key: FragmentKey, now: Instant) -> u64 {
        if let Some(&serial) = self.by_key.get(&key) {
            return serial;
        }
        let serial = self.began;
        self.began += 1;
        self.by_key.insert(key, serial);
        let deadline = now + PATIENCE;
        let partial = Partial {
            key,
            deadline,
            first: None,
            is_marked: false,
            is_unmarkable: false,
            pieces: Vec::new(),
            held: 0,
            total: None,
        };
        self.datagrams.insert(serial, partial);
        serial
    }

    fn make_room(&mut self) {
        while self.octets > self.limit {
            let Some((&oldest, _)) = self.datagrams.first_key_value() else { break };
            self.discard(oldest);
        }
    }

    fn discard(&mut self, serial: u64) -> Option<Partial> {
        let partial = self.datagrams.remove(&serial)?;
        self.by_key.remove(&partial.key);
        self.octets -= partial.held;
        Some(partial)
    }
}

impl Partial {
    /// Whether a fragment with these bits does not belong to the others: one was marked, and one was not to be (RFC 3168
    /// section 5.3).
    fn marks_contradict(&self, ecn: Ecn) -> bool {
        (self.is_marked || ecn == Ecn::Ce) && (self.is_unmarkable || ecn == Ecn::NotEct)
    }

    fn fit(&self, fragment: Fragment, len: usize) -> Fit {
        let start = usize::from(fragment.offset);
        let end = start + len;
        let index = self.pieces.partition_point(|piece| piece.end() <= start);
        if let Some(next) = self.pieces.get(index) {
            if next.offset == start && next.end() == end {
                return Fit::Duplicate;
            }
            if next.offset < end {
                return Fit::Overlap;
            }
        }
        let beyond = match self.total {
            Some(total) => end > total || !fragment.more,
            None => !fragment.more && index < self.pieces.len(),
        };
        if beyond || self.pieces.len() == MOST_PIECES { Fit::Overlap } else { Fit::At(index) }
    }

    fn add(&mut self, index: usize, packet: &IpPacket, fragment: Fragment) {
        let offset = usize::from(fragment.offset);
        if offset == 0 {
            self.first = Some(packet.header);
        }
        self.is_marked |= packet.header.ecn == Ecn::Ce;
        self.is_unmarkable |= packet.header.ecn == Ecn::NotEct;
        if !fragment.more {
            self.total = Some(offset + packet.payload.len());
        }
        // Copied, so that a small fragment does not keep the large buffer that it was read into.
        let octets = Bytes::copy_from_slice(&packet.payload);
        self.pieces.insert(index, Piece { offset, octets });
    }

    /// Disjoint pieces within `total` that add up to it leave no gap.
    fn is_whole(&self) -> bool {
        self.total.is_some_and(|total| self.held - self.pieces.len() * PIECE_OVERHEAD == total)
    }

    fn into_first(self) -> Option<IpPacket> {
        let header = self.first?;
        let payload = self.pieces.into_iter().next()?.octets;
        Some(IpPacket { header, header_len: header.len(), payload })
    }

    fn join(self) -> Reassembled {
        let Some(mut first) = self.first else { return Reassembled::Dropped(PacketDrop::Malformed) };
        if self.is_marked {
            first.ecn = Ecn::Ce;
        }
        let mut whole = Vec::with_capacity(self.total.unwrap_or(0));
        for piece in &self.pieces {
            whole.extend_from_slice(&piece.octets);
        }
        match IpPacket::reassembled(&first, whole.into()) {
            Ok(packet) => Reassembled::Whole(Box::new(packet)),
            Err(_) => Reassembled::Dropped(PacketDrop::Malformed),
        }
    }
}

impl Piece {
    fn end(&self) -> usize {
        self.offset + self.octets.len()
    }
}

#[cfg(test)]
mod tests;
