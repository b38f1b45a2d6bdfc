//! Who is where on an Ethernet: ARP (RFC 826) and neighbour discovery (RFC 4861), in one cache.
//!
//! Bounded: the entry that was made first gives way. A neighbour that is being looked for holds the last
//! packet for it (RFC 1122 section 2.3.2.2). One that was heard of too long ago is used still, and asked
//! again meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use hashbrown::HashMap;
use synfin_wire::Instant;

use crate::MacAddress;
use crate::emit;
use crate::keyed::{Key, Purpose};
use crate::packet::PacketOut;

/// How long what was heard counts (RFC 4861 section 10, REACHABLE_TIME).
const FRESH: Duration = Duration::from_secs(30);
/// Between two questions (RETRANS_TIMER; RFC 1122 section 2.3.2.1 asks for no more than one a second).
const RETRY: Duration = Duration::from_secs(1);
/// How many questions (MAX_MULTICAST_SOLICIT).
const TRIES: u8 = 3;

/// The cache.
#[derive(Debug)]
pub(crate) struct Neighbours {
    table: HashMap<IpAddr, Neighbour, Key>,
    /// By the order in which they were made.
    made: BTreeMap<u64, IpAddr>,
    next_serial: u64,
    /// Those that are being asked for, by when to ask again.
    asking: BTreeSet<(Instant, IpAddr)>,
    limit: usize,
}

#[derive(Debug)]
struct Neighbour {
    serial: u64,
    mac: Option<MacAddress>,
    fresh_until: Instant,
    ask: Option<Ask>,
    pending: Option<Box<PacketOut>>,
}

#[derive(Clone, Copy, Debug)]
struct Ask {
    again: Instant,
    asked: u8,
}

/// What becomes of a packet for a neighbour.
#[derive(Debug)]
pub(crate) struct Resolution {
    /// The packet, addressed: it may go.
    pub(crate) packet: Option<PacketOut>,
    /// The neighbour has to be asked for.
    pub(crate) ask: bool,
}

impl Neighbours {
    pub(crate) fn new(secret: &[u8; 32], limit: usize) -> Self {
        Self {
            table: HashMap::with_hasher(Key::derive(secret, Purpose::Neighbours)),
            made: BTreeMap::new(),
            next_serial: 0,
            asking: BTreeSet::new(),
            limit: limit.max(1),
        }
    }

    /// Addresses `packet` to the neighbour at `hop`, or keeps it until the neighbour has answered.
    pub(crate) fn resolve(
        &mut self,
        mut packet: PacketOut,
        hop: IpAddr,
        ours: MacAddress,
        now: Instant,
    ) -> Resolution {
        let neighbour = self.find_or_make(hop);
        let stale = neighbour.mac.is_none() || now >= neighbour.fresh_until;
        let ask = stale && neighbour.ask.is_none();
        if ask {
            neighbour.ask = Some(Ask { again: now + RETRY, asked: 1 });
            self.asking.insert((now + RETRY, hop));
        }
        let neighbour = self.find_or_make(hop);
        match neighbour.mac {
            Some(mac) => {
                emit::address(&mut packet, ours, mac);
                Resolution { packet: Some(packet), ask }
            }
            None => {
                neighbour.pending = Some(Box::new(packet));
                Resolution { packet: None, ask }
            }
        }
    }

    /// The neighbour at `address` has said where it is. One that nobody asked for is remembered only if
    /// `make` says so. Returns the packet that waited for this, addressed.
    pub(crate) fn learn(
        &mut self,
        address: IpAddr,
        mac: MacAddress,
        make: bool,
        ours: MacAddress,
        now: Instant,
    ) -> Option<PacketOut> {
        if mac.is_multicast() || !make && !self.table.contains_key(&address) {
            return None;
        }
        let neighbour = self.find_or_make(address);
        neighbour.mac = Some(mac);
        neighbour.fresh_until = now + FRESH;
        let ask = neighbour.ask.take();
        let pending = neighbour.pending.take();
        if let Some(ask) = ask {
            self.asking.remove(&(ask.again, address));
        }
        pending.map(|mut packet| {
            emit::address(&mut packet, ours, mac);
            *packet
        })
    }

    /// Where a neighbour is, as far as is known.
    pub(crate) fn known(&self, address: IpAddr) -> Option<MacAddress> {
        self.table.get(&address)?.mac
    }

    /// When somebody is to be asked for again.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.asking.first().map(|(again, _)| *again)
    }

    /// The next one to be asked for again. One that does not answer is forgotten, and the packet for it.
    pub(crate) fn next_due(&mut self, now: Instant) -> Option<IpAddr> {
        while let Some(&(again, address)) = self.asking.first() {
            if again > now {
                break;
            }
            self.asking.pop_first();
            let Some(neighbour) = self.table.get_mut(&address) else { continue };
            let Some(ask) = neighbour.ask.as_mut().filter(|ask| ask.asked < TRIES) else {
                self.forget(address);
                continue;
            };
            ask.asked += 1;
            ask.again = now + RETRY;
            self.asking.insert((ask.again, address));
            return Some(address);
        }
        None
    }

    fn find_or_make(&mut self, address: IpAddr) -> &mut Neighbour {
        if !self.table.contains_key(&address) {
            if self.table.len() >= self.limit
                && let Some((_, &oldest)) = self.made.first_key_value()
            {
                self.forget(oldest);
            }
            self.made.insert(self.next_serial, address);
        }
        let serial = &mut self.next_serial;
        self.table.entry(address).or_insert_with(|| {
            *serial += 1;
            let fresh_until = Instant::ZERO;
            Neighbour { serial: *serial - 1, mac: None, fresh_until, ask: None, pending: None }
        })
    }

    fn forget(&mut self, address: IpAddr) {
        let Some(neighbour) = self.table.remove(&address) else { return };
        self.made.remove(&neighbour.serial);
        if let Some(ask) = neighbour.ask {
            self.asking.remove(&(ask.again, address));
        }
    }
}

#[cfg(test)]
mod tests;
