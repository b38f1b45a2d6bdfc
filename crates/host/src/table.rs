//! Every connection there is, whatever its phase: found by its pair of ends with one keyed hash, and by its
//! handle with none.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hashbrown::HashTable;
use synfin_tcp::{
    CloseReason, Config, Connection, HalfOpen, Incoming, SegmentOut, State, TimeWait, TransmitLimits,
};
use synfin_wire::{Instant, SeqNumber};

use crate::compact::Slot;
use crate::event::{ListenerHandle, TcpEvents, TcpHandle};
use crate::keyed::{Key, Purpose};
use crate::md5::Md5Key;
use crate::pages::{self, Pages};
use crate::rest::RestLine;
use crate::spare;

/// The two ends of a connection, as this host sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
}

/// A connection and what the host must remember about it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) pair: Pair,
    pub(crate) config: Arc<Config>,
    pub(crate) phase: Phase,
    pub(crate) owner: Owner,
    /// The six DSCP bits of its packets.
    pub(crate) dscp: u8,
    /// Its segments are signed with this key. Of a half-open connection its listener knows better.
    pub(crate) md5_key: Option<Md5Key>,
    /// What happened and was not told yet.
    pub(crate) events: TcpEvents,
    /// Why it is CLOSED, once it is.
    pub(crate) close_reason: Option<CloseReason>,
    /// Its owner has gone, and it is not over: it is one of [`ConnectionTable::orphans`].
    pub(crate) orphan: bool,
    /// What its buffers held when it was last looked at, octets.
    held: usize,
    /// Its place in the Fast Open queue of this listener, until its handshake is over.
    pub(crate) fast_open: Option<ListenerHandle>,
    /// It is in the event queue.
    pub(crate) reported: bool,
    /// It is in the ready queue.
    pub(crate) ready: bool,
    /// It can be found by its pair.
    indexed: bool,
    /// It is in the line of those who may go to rest.
    in_line: bool,
    /// Something was done with it since it went there.
    busy: bool,
}

/// What stage a connection is in: each holds no more than it needs. Every packet asks which, so that is told by a number of
/// its own.
#[derive(Debug)]
#[repr(u8)]
#[allow(clippy::large_enum_variant, reason = "the others do not stay: they have compact forms")]
pub(crate) enum Phase {
    /// A SYN whose answer the forwarder's owner decides.
    Request(Box<Request>),
    /// SYN-RECEIVED after a passive open.
    HalfOpen(Box<HalfOpenPhase>),
    /// Everything with buffers.
    Connection(Connection),
    /// TIME-WAIT whose owner has gone.
    TimeWait(Box<TimeWait>),
    /// It came to nothing before it had buffers, and its owner has not let go of it.
    Closed(CloseReason),
}

/// Who holds a connection's handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The host's owner.
    User,
    /// It waits to be established or accepted.
    Listener(ListenerHandle),
    /// The forwarder's owner is deciding.
    Forwarder,
    /// It ends by itself.
    Nobody,
}

/// A SYN that waits for a decision.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) syn: Incoming,
    /// The front of the packet, for an ICMP error.
    pub(crate) quote: Bytes,
    pub(crate) minimum_iss: Option<SeqNumber>,
    pub(crate) deadline: Instant,
    /// The owner knows of it.
    pub(crate) seen: bool,
}

/// A half-open connection, and what its owner wants of it once it is established.
#[derive(Debug)]
pub(crate) struct HalfOpenPhase {
    pub(crate) half_open: HalfOpen,
    pub(crate) iss: SeqNumber,
    pub(crate) irs: SeqNumber,
    pub(crate) wishes: Wishes,
}

/// Calls of the owner that wait for the handshake.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) close: bool,
    pub(crate) nodelay: Option<bool>,
    pub(crate) keep_alive: Option<Option<synfin_tcp::KeepAlive>>,
    pub(crate) user_timeout: Option<Option<std::time::Duration>>,
    pub(crate) congestion: Option<synfin_tcp::CongestionAlgorithm>,
    pub(crate) max_pacing_rate: Option<Option<u64>>,
}

impl Entry {
    pub(crate) fn new(pair: Pair, config: Arc<Config>, phase: Phase, owner: Owner) -> Self {
        Self {
            pair,
            dscp: config.dscp & 0x3f,
            config,
            phase,
            owner,
            md5_key: None,
            events: TcpEvents::default(),
            close_reason: None,
            orphan: false,
            held: 0,
            fast_open: None,
            reported: false,
            ready: false,
            indexed: true,
            in_line: false,
            busy: false,
        }
    }

    /// Looks at what the buffers hold; [`ConnectionTable::reckoned`] is to be told.
    pub(crate) fn reckon(&mut self) -> Held {
        let now = self.connection().map_or(0, Connection::held_octets);
        Held(now.wrapping_sub(std::mem::replace(&mut self.held, now)))
    }

    /// When this connection is to be looked at.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Request(request) => Some(request.deadline),
            Phase::HalfOpen(phase) => phase.half_open.poll_timeout(),
            Phase::Connection(connection) => connection.poll_timeout(),
            Phase::TimeWait(time_wait) => time_wait.poll_timeout(),
            Phase::Closed(_) => None,
        }
    }

    /// The next segment.
    pub(crate) fn poll_transmit(&mut self, limits: TransmitLimits, now: Instant) -> Option<SegmentOut> {
        match &mut self.phase {
            Phase::HalfOpen(phase) => phase.half_open.poll_transmit(&self.config, now),
            Phase::Connection(connection) => connection.poll_transmit(limits, now),
            Phase::TimeWait(time_wait) => time_wait.poll_transmit(now),
            Phase::Request(_) | Phase::Closed(_) => None,
        }
    }

    /// Ends the turn if the segment that [`Entry::poll_transmit`] has just returned was plainly the last one for now.
    pub(crate) fn end_if_last(&mut self, now: Instant) -> bool {
        self.connection_mut().is_some_and(|connection| connection.end_if_last(now))
    }

    /// A connection whose segments are not signed.
    pub(crate) fn is_unsigned_connection(&self) -> bool {
        self.md5_key.is_none() && matches!(self.phase, Phase::Connection(_))
    }

    /// A connection that has heard its peer.
    pub(crate) fn was_heard(&self) -> bool {
        self.connection().is_some_and(|connection| connection.state() != State::SynSent)
    }

    /// It is between these ends, and to be found by them.
    pub(crate) fn is_indexed_of(&self, pair: &Pair) -> bool {
        self.pair == *pair && self.indexed
    }

    /// It waits to go to rest.
    pub(crate) fn is_in_line(&self) -> bool {
        self.in_line
    }

    /// Nothing of it waits to be done, nor is anything known of it that its compact form has no room for.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.indexed
            && !self.ready
            && self.held == 0
            && self.fast_open.is_none()
            && self.close_reason.is_none()
    }

    /// TIME-WAIT without its buffers, now that nobody will read them.
    #[cold]
    pub(crate) fn shrink(&mut self) {
        let aside = Phase::Closed(CloseReason::Finished);
        self.phase = match std::mem::replace(&mut self.phase, aside) {
            Phase::Connection(connection) => match connection.into_time_wait() {
                Ok(time_wait) => Phase::TimeWait(Box::new(time_wait)),
                Err(connection) => Phase::Connection(connection),
            },
            other => other,
        };
    }

    pub(crate) fn state(&self) -> State {
        match &self.phase {
            Phase::Request(_) | Phase::HalfOpen(_) => State::SynReceived,
            Phase::Connection(connection) => connection.state(),
            Phase::TimeWait(_) => State::TimeWait,
            Phase::Closed(_) => State::Closed,
        }
    }

    pub(crate) fn connection(&self) -> Option<&Connection> {
        match &self.phase {
            Phase::Connection(connection) => Some(connection),
            _ => None,
        }
    }

    pub(crate) fn connection_mut(&mut self) -> Option<&mut Connection> {
        match &mut self.phase {
            Phase::Connection(connection) => Some(connection),
            _ => None,
        }
    }
}

/// What the buffers of a connection hold beyond what they held when they were last looked at, octets; modulo the largest
/// number.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub(crate) struct Held(usize);

/// How many connections there are in phases that are bounded on their own.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) half_open: usize,
    pub(crate) requests: usize,
}

/// The table.
#[derive(Debug)]
pub(crate) struct ConnectionTable {
    key: Key,
    /// The numbers of the slots, by the pairs in them.
    index: HashTable<u32>,
    /// The slot that was found last: the next segment is often of the same connection.
    found: Cell<u32>,
    slots: Pages<TcpHandle, Slot>,
    line: RestLine,
    limit: usize,
    orphans: usize,
    held: usize,
}

impl ConnectionTable {
    pub(crate) fn new(secret: &[u8; 32], limit: usize, rest_after: Option<Duration>) -> Self {
        Self {
            key: Key::derive(secret, Purpose::ConnectionTable),
            index: HashTable::new(),
            found: Cell::new(0),
            slots: Pages::default(),
            line: RestLine::new(rest_after),
            limit,
            orphans: 0,
            held: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.slots.len() >= self.limit
    }

    /// How many connections end by themselves, before TIME-WAIT.
    pub(crate) fn orphans(&self) -> usize {
        self.orphans
    }

    /// The owner of a connection has gone.
    pub(crate) fn begin_orphan(&mut self, handle: TcpHandle) {
        if let Some(entry) = self.get_mut(handle)
            && !std::mem::replace(&mut entry.orphan, true)
        {
            self.orphans += 1;
        }
    }

    /// An orphan is in TIME-WAIT, or CLOSED.
    #[cold]
    pub(crate) fn end_orphan(&mut self, handle: TcpHandle) {
        if let Some(entry) = self.get_mut(handle)
            && std::mem::take(&mut entry.orphan)
        {
            self.orphans -= 1;
        }
    }

    /// What the buffers of all connections hold, octets.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// The buffers of a connection may have changed.
    pub(crate) fn reckoned(&mut self, held: Held) {
        self.held = self.held.wrapping_add(held.0);
    }

    /// The connection between these ends, in whatever form.
    pub(crate) fn find(&self, pair: &Pair) -> Option<(TcpHandle, &Slot)> {
        let last = self.found.get();
        if self.slots.at(last).is_some_and(|slot| slot.is_indexed_of(pair)) {
            return self.slots.entry_at(last);
        }
        let hash = self.key.hash_pair(pair.local, pair.remote);
        let slots = &self.slots;
        let found =
            *self.index.find(hash, |&number| slots.at(number).is_some_and(|slot| slot.is_of(pair)))?;
        self.found.set(found);
        slots.entry_at(found)
    }

    /// Whose turn it is, by the number of its slot.
    pub(crate) fn handle_at(&self, number: u32) -> Option<TcpHandle> {
        self.slots.handle_at(number)
    }

    /// The slot of a connection, in whatever form.
    pub(crate) fn slot(&self, handle: TcpHandle) -> Option<&Slot> {
        self.slots.get(handle)
    }

    /// A connection that has no compact form, or is not in it.
    pub(crate) fn get(&self, handle: TcpHandle) -> Option<&Entry> {
        match self.slots.get(handle)? {
            Slot::Whole(_, entry) => Some(entry),
            _ => None,
        }
    }

    /// A connection, brought back from its compact form if it was in that.
    #[inline]
    pub(crate) fn get_mut(&mut self, handle: TcpHandle) -> Option<&mut Entry> {
        let Self { slots, line, .. } = self;
        whole(slots.get_mut(handle)?, handle, line)
    }

    /// As [`ConnectionTable::get_mut`], of a connection whose handle this one holds.
    #[inline]
    pub(crate) fn get_mut_of(&mut self, handle: TcpHandle, owner: Owner) -> Option<&mut Entry> {
        let Self { slots, line, .. } = self;
        let slot = slots.get_mut(handle).filter(|slot| slot.owner() == owner)?;
        whole(slot, handle, line)
    }

    /// Nothing is to be done with a connection for now: what is half-open or in TIME-WAIT goes into its compact form at
    /// once, what may have more to do when it has been quiet for a while.
    pub(crate) fn calm(&mut self, handle: TcpHandle, now: Instant) {
        self.line.pass(now);
        let Some(slot) = self.slots.get_mut(handle) else { return };
        let Slot::Whole(_, entry) = slot else { return };
        if !matches!(entry.phase, Phase::Connection(_)) {
            if std::mem::take(&mut entry.in_line) {
                self.leave_line();
            }
            if let Some(slot) = self.slots.get_mut(handle) {
                slot.pack();
            }
            return;
        }
        entry.busy = true;
        if !entry.in_line {
            entry.in_line = self.line.enter(handle);
        }
    }

    fn leave_line(&mut self) {
        let slots = &self.slots;
        self.line.leave(|handle| slots.get(handle).is_some_and(Slot::is_in_line));
    }

    /// Time has come so far.
    pub(crate) fn pass(&mut self, now: Instant) {
        self.line.pass(now);
    }

    /// When [`ConnectionTable::rest`] has something to do.
    pub(crate) fn next_rest(&self) -> Option<Instant> {
        self.line.next()
    }

    /// Connections that have been quiet for long enough go into their compact form; a few at a time, so that nothing else
    /// waits for it.
    pub(crate) fn rest(&mut self, now: Instant) {
        for _ in 0..self.line.begin(now) {
            let Some(handle) = self.line.pop_due(now) else { return };
            let Some(slot) = self.slots.get_mut(handle).filter(|slot| slot.is_in_line()) else {
                self.line.passed_over();
                continue;
            };
            let Slot::Whole(_, entry) = slot else { continue };
            entry.in_line = false;
            if std::mem::take(&mut entry.busy) {
                entry.in_line = self.line.enter(handle);
            } else {
                slot.pack();
            }
        }
    }

    /// Adds a connection. There must be none between these ends.
    pub(crate) fn insert(&mut self, entry: Entry) -> TcpHandle {
        let Self { key, index, slots, .. } = self;
        let hash = key.hash_pair(entry.pair.local, entry.pair.remote);
        let handle = slots.insert(|version| Slot::Whole(version, Box::new(entry)));
        index.insert_unique(hash, pages::number(handle), |&number| hash_of(key, slots, number));
        handle
    }

    /// Frees the pair of ends for another connection; the entry stays until it is removed.
    pub(crate) fn unindex(&mut self, handle: TcpHandle) {
        let Some(entry) = self.get_mut(handle) else { return };
        if std::mem::replace(&mut entry.indexed, false) {
            let pair = entry.pair;
            self.remove_from_index(handle, pair);
        }
    }

    fn remove_from_index(&mut self, handle: TcpHandle, pair: Pair) {
        let Self { key, index, slots, .. } = self;
        let hash = key.hash_pair(pair.local, pair.remote);
        if let Ok(found) = index.find_entry(hash, |&number| number == pages::number(handle)) {
            found.remove();
        }
        if let Some(room) = spare::room(index.len(), index.capacity()) {
            index.shrink_to(room, |&number| hash_of(key, slots, number));
        }
    }

    /// For how many connections there is room: entries, and places in the index.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> (usize, usize) {
        (self.slots.capacity(), self.index.capacity())
    }

    /// Every connection is sound, and found by its pair if it is to be.
    pub(crate) fn check_invariants(&self) -> Counts {
        let mut counts = Counts::default();
        let (mut indexed, mut orphans, mut held) = (0, 0, 0);
        for (handle, slot) in self.slots.iter() {
            let unpacked = slot.unpacked();
            let entry = match (slot, &unpacked) {
                (Slot::Whole(_, entry), _) | (_, Some(entry)) => entry,
                _ => continue,
            };
            indexed += usize::from(entry.indexed);
            orphans += usize::from(entry.orphan);
            held += entry.held;
            if entry.indexed {
                let found = self.find(&entry.pair).map(|(found, _)| found);
                assert_eq!(found, Some(handle), "a connection cannot be found");
            }
            match (&entry.phase, entry.owner) {
                (Phase::Request(_), _) => counts.requests += 1,
                (Phase::HalfOpen(_), Owner::Listener(_)) => counts.half_open += 1,
                (Phase::Connection(connection), _) => {
                    connection.check_invariants();
                    let is_right = entry.ready || entry.held == connection.held_octets();
                    assert!(is_right, "the books do not say what the buffers hold");
                }
                _ => {}
            }
        }
        assert_eq!(self.index.len(), indexed, "the index holds what is gone");
        assert_eq!(self.held, held, "the buffers are miscounted");
        assert_eq!(self.orphans, orphans, "orphans are miscounted");
        counts
    }

    pub(crate) fn remove(&mut self, handle: TcpHandle) -> Option<Box<Entry>> {
        self.unindex(handle);
        self.end_orphan(handle);
        let Slot::Whole(_, entry) = self.slots.remove(handle)? else { return None };
        if entry.in_line {
            self.leave_line();
        }
        self.held -= entry.held;
        Some(entry)
    }

    /// Removes a connection in the compact form of TIME-WAIT, with which nothing else goes; false when it is no such.
    pub(crate) fn remove_time_wait(&mut self, handle: TcpHandle) -> bool {
        let pair = self.slots.get(handle).filter(|slot| slot.is_time_wait_form()).and_then(Slot::pair);
        let Some(pair) = pair else { return false };
        self.remove_from_index(handle, pair);
        self.slots.remove(handle).is_some()
    }
}

/// The entry of a slot, whatever form it was in.
#[inline]
fn whole<'a>(slot: &'a mut Slot, handle: TcpHandle, line: &mut RestLine) -> Option<&'a mut Entry> {
    if !matches!(slot, Slot::Whole(..)) {
        unpack(slot, handle, line);
    }
    match slot {
        Slot::Whole(_, entry) => Some(entry),
        _ => None,
    }
}

#[cold]
fn unpack(slot: &mut Slot, handle: TcpHandle, line: &mut RestLine) {
    let rested = matches!(slot, Slot::Resting(..));
    slot.unpack();
    if let Slot::Whole(_, entry) = slot
        && rested
    {
        // Whatever it was woken for, it goes to rest again. What has another form does so when it settles.
        entry.in_line = line.enter_late(handle);
    }
}

fn hash_of(key: &Key, slots: &Pages<TcpHandle, Slot>, number: u32) -> u64 {
    let pair = slots.at(number).and_then(Slot::pair).expect("what is in the index is in the table");
    key.hash_pair(pair.local, pair.remote)
}
