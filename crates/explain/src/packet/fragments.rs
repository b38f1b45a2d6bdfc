//! Fragments put together again (RFC 791 section 3.2, RFC 8200 section 4.5).
//!
//! What is held is bounded in octets, and in time as the capture counts it: when there is no room, the oldest datagram
//! gives way. Over IPv6 an overlap makes the whole datagram void, the fragments that come later included (RFC 5722
//! section 4); over IPv4, where overlaps are allowed, what came first stands. An exact duplicate is only a duplicate.
//!
//! A fragment of which the end was not captured still counts with all its length: the datagram is then whole, but its
//! octets are known up to there alone.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use synfin_wire::{Ecn, Instant, IpProtocol};

use super::ip::{Datagram, Fragment};
use super::{Malformed, NotTcp};

/// How long a datagram may take: RFC 8200 section 4.5, and the least that RFC 1122 section 3.3.2 asks for.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most octets that are held, with what each fragment costs beside its own.
const MOST_HELD: usize = 16 << 20;
const FRAGMENT_OVERHEAD: usize = 64;
const DATAGRAM_OVERHEAD: usize = 512;
/// The most fragments of one datagram: 64 KiB in pieces of eight octets.
const MOST_PIECES: usize = 8192;
/// The longest payload of a datagram that can be fragmented.
const LONGEST: u32 = 65_535;

/// What a datagram's fragments have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    /// Over IPv6 fragments may differ in what they claim to carry: the first one's word counts.
    protocol: Option<u8>,
    identification: u32,
}

/// Datagrams that are not whole yet.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    by_key: BTreeMap<Key, u64>,
    /// By the order in which they began, which is the order in which they are given up.
    waiting: BTreeMap<u64, Waiting>,
    begun: u64,
    held: usize,
    given_up: u64,
    /// The payload of the datagram that was completed last.
    whole: Vec<u8>,
}

#[derive(Debug)]
struct Waiting {
    key: Key,
    since: Instant,
    first: Option<First>,
    /// Sorted, disjoint.
    pieces: Vec<Piece>,
    /// The length of the whole, once the last fragment has come.
    total: Option<u32>,
    held: usize,
    void: bool,
}

/// What the fragment at offset zero says of the whole.
#[derive(Clone, Copy, Debug)]
struct First {
    protocol: IpProtocol,
    hop_limit: u8,
    ecn: Ecn,
    rerouted: bool,
}

#[derive(Debug)]
struct Piece {
    start: u32,
    end: u32,
    /// What was captured of it.
    octets: Box<[u8]>,
}

impl Fragments {
    pub(super) const fn given_up(&self) -> u64 {
        self.given_up
    }

    /// A fragment has come. If it is the last that was missing, the whole datagram goes out.
    pub(super) fn insert(
        &mut self,
        datagram: &Datagram<'_>,
        fragment: Fragment,
        now: Instant,
    ) -> Result<Datagram<'_>, NotTcp> {
        let end = fragment.offset + datagram.len.min(LONGEST + 1);
        let aligned = !fragment.more || datagram.len.is_multiple_of(8);
        if datagram.len == 0 || !aligned || end > LONGEST {
            return Err(NotTcp::Malformed(Malformed::Fragment));
        }
        self.give_up_overdue(now);
        let key = Key {
            source: datagram.source,
            destination: datagram.destination,
            protocol: datagram.source.is_ipv4().then_some(datagram.protocol.0),
            identification: fragment.identification,
        };
        let serial = self.find_or_begin(key, now);
        let Some(waiting) = self.waiting.get_mut(&serial) else { return Err(NotTcp::FragmentDropped) };
        let held_before = waiting.held;
        waiting.add(datagram, fragment, end);
        self.held = self.held + waiting.held - held_before;
        if waiting.void {
            return Err(NotTcp::FragmentDropped);
        }
        if !waiting.is_whole() {
            self.make_room();
            let is_there = self.waiting.contains_key(&serial);
            return Err(if is_there { NotTcp::FragmentWaiting } else { NotTcp::FragmentDropped });
        }
        let Some(waiting) = self.remove(serial) else { return Err(NotTcp::FragmentDropped) };
        self.join(&waiting, datagram)
    }

    fn find_or_begin(&mut self, key: Key, now: Instant) -> u64 {
        if let Some(&serial) = self.by_key.get(&key) {
            return serial;
        }
        let serial = self.begun;
        self.begun += 1;
        self.by_key.insert(key, serial);
        let held = DATAGRAM_OVERHEAD;
        self.held += held;
        let pieces = Vec::new();
        let waiting = Waiting { key, since: now, first: None, pieces, total: None, held, void: false };
        self.waiting.insert(serial, waiting);
        serial
    }

    fn give_up_overdue(&mut self, now: Instant) {
        while let Some((&serial, oldest)) = self.waiting.first_key_value()
            && now - oldest.since > PATIENCE
        {
            self.give_up(serial);
        }
    }

    fn make_room(&mut self) {
        while self.held > MOST_HELD
            && let Some((&oldest, _)) = self.waiting.first_key_value()
        {
            self.give_up(oldest);
        }
    }

    fn give_up(&mut self, serial: u64) {
        self.remove(serial);
        self.given_up += 1;
    }

    fn remove(&mut self, serial: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&serial)?;
        self.by_key.remove(&waiting.key);
        self.held -= waiting.held;
        Some(waiting)
    }

    /// Lays the pieces end to end, as far as they were captured.
    fn join(&mut self, waiting: &Waiting, last: &Datagram<'_>) -> Result<Datagram<'_>, NotTcp> {
        let (Some(first), Some(len)) = (waiting.first, waiting.total) else {
            return Err(NotTcp::FragmentDropped);
        };
        self.whole.clear();
        for piece in &waiting.pieces {
            self.whole.extend_from_slice(&piece.octets);
            if piece.octets.len() < (piece.end - piece.start) as usize {
                break;
            }
        }
        Ok(Datagram {
            source: last.source,
            destination: last.destination,
            protocol: first.protocol,
            hop_limit: first.hop_limit,
            identification: last.identification,
            ecn: first.ecn,
            bytes: &self.whole,
            len,
            rerouted: first.rerouted,
        })
    }
}

impl Waiting {
    fn add(&mut self, datagram: &Datagram<'_>, fragment: Fragment, end: u32) {
        if self.void {
            return;
        }
        let start = fragment.offset;
        if self.pieces.iter().any(|piece| piece.start == start && piece.end == end) {
            return;
        }
        let contradicts = match self.total {
            Some(total) => end > total || (!fragment.more && end != total),
            None => !fragment.more && self.pieces.last().is_some_and(|piece| piece.end > end),
        };
        let overlaps = self.fill(start, end, datagram.bytes);
        if contradicts || (overlaps && datagram.source.is_ipv6()) || self.pieces.len() > MOST_PIECES {
            self.make_void();
            return;
        }
        if start == 0 && self.first.is_none() {
            self.first = Some(First {
                protocol: datagram.protocol,
                hop_limit: datagram.hop_limit,
                ecn: datagram.ecn,
                rerouted: datagram.rerouted,
            });
        }
        if !fragment.more {
            self.total = Some(end);
        }
    }

    /// Puts `start..end` wherever there is nothing yet, and tells whether there was something.
    fn fill(&mut self, start: u32, end: u32, octets: &[u8]) -> bool {
        let mut index = self.pieces.partition_point(|piece| piece.end <= start);
        let (mut at, mut overlaps) = (start, false);
        while at < end {
            let next = self.pieces.get(index).map_or((end, end), |piece| (piece.start, piece.end));
            if next.0 <= at {
                overlaps = true;
                at = next.1;
            } else {
                let stop = next.0.min(end);
                let from = octets.len().min((at - start) as usize);
                let to = octets.len().min((stop - start) as usize);
                let octets = Box::from(&octets[from..to]);
                self.held += (to - from) + FRAGMENT_OVERHEAD;
                self.pieces.insert(index, Piece { start: at, end: stop, octets });
                at = stop;
            }
            index += 1;
        }
        overlaps
    }

    /// Keeps the place, so that what comes later is known to be void too.
    fn make_void(&mut self) {
        self.void = true;
        self.pieces = Vec::new();
        self.held = DATAGRAM_OVERHEAD;
    }

    fn is_whole(&self) -> bool {
        let Some(total) = self.total else { return false };
        let sum: u32 = self.pieces.iter().map(|piece| piece.end - piece.start).sum();
        sum == total
    }
}

#[cfg(test)]
mod tests;
