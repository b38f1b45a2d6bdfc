//! What follows a change: events are told, segments are made, deadlines are set, and connections that are
//! done disappear.

use synfin_tcp::{Connection, Event, MemoryPressure, State};
use synfin_wire::Instant;

use super::{Host, signature};
use crate::compact::Slot;
use crate::config::Medium;
use crate::counters::Counters;
use crate::emit::IpMarks;
use crate::event::TcpHandle;
use crate::events::EventQueue;
use crate::packet::PacketOut;
use crate::ready::ReadyQueue;
use crate::table::{Entry, Held, Owner, Phase};

impl Host {
    /// How scarce the memory is that connections share.
    pub(super) fn pressure(&self) -> MemoryPressure {
        let (held, limit) = (self.table.held(), self.config.limits.buffers);
        match held {
            _ if held < limit / 4 * 3 => MemoryPressure::None,
            _ if held < limit => MemoryPressure::Scarce,
            _ => MemoryPressure::Exhausted,
        }
    }

    /// Something was done to a connection: tell the owner what came of it, and have it asked for segments.
    pub(super) fn touch(&mut self, handle: TcpHandle) {
        let Some(entry) = self.table.get_mut(handle) else { return };
        let touched = touched(handle, entry, &mut self.ready, &mut self.counters, &mut self.events);
        self.after_touch(handle, touched);
    }

    /// Has the table follow what [`touched`] has found.
    #[inline]
    pub(super) fn after_touch(&mut self, handle: TcpHandle, touched: Touched) {
        self.table.reckoned(touched.held);
        if touched.closed {
            // Its ends are free for another connection, even while its owner still reads.
            self.table.unindex(handle);
        }
    }

    /// The owner of a connection has gone. What he left is sent still, unless there are too many like it.
    pub(super) fn adopt(&mut self, handle: TcpHandle, now: Instant) {
        let is_crowded = self.table.orphans() >= self.config.limits.orphans;
        let Some(connection) = self.table.get_mut(handle).and_then(Entry::connection_mut) else { return };
        match connection.state() {
            State::Closed | State::TimeWait => {}
            _ if is_crowded => {
                connection.abandon(now);
                self.counters.orphans_reset += 1;
            }
            _ => self.table.begin_orphan(handle),
        }
    }

    pub(super) fn mark_ready(&mut self, handle: TcpHandle) {
        if let Some(entry) = self.table.get_mut(handle) {
            self.ready.mark(handle, entry);
        }
    }

    /// The hint for a connection has come up: what is due?
    pub(super) fn look_at(&mut self, handle: TcpHandle, now: Instant) {
        let Some(deadline) = self.table.slot(handle).and_then(Slot::poll_timeout) else { return };
        if deadline > now {
            self.timers.arm(handle, Some(deadline));
            return;
        }
        if self.table.remove_time_wait(handle) {
            return;
        }
        let Some(entry) = self.table.get_mut(handle) else { return };
        match &mut entry.phase {
            Phase::Request(_) => self.withdraw(handle),
            Phase::HalfOpen(_) if self.listeners.is_closed(entry.owner) => drop(self.forget(handle)),
            Phase::HalfOpen(phase) => match phase.half_open.handle_timeout(&entry.config, now) {
                Some(reason) => self.end_half_open(handle, reason),
                None => self.ready.mark(handle, entry),
            },
            Phase::Connection(connection) => {
                connection.handle_timeout(now);
                self.touch(handle);
                self.follow_fast_open(handle, now);
            }
            Phase::TimeWait(time_wait) => {
                if time_wait.handle_timeout(now) {
                    self.forget(handle);
                } else {
                    self.ready.mark(handle, entry);
                }
            }
            Phase::Closed(_) => {}
        }
    }

    /// What goes out next: what is queued, then a segment of the connection whose turn it is.
    pub(super) fn next_packet(&mut self, now: Instant) -> Option<PacketOut> {
        loop {
            if let Some(packet) = self.outbox.pop() {
                self.counters.sent(packet.len());
                return Some(packet);
            }
            let Some(handle) = self.ready.pop() else {
                self.table.pass(now);
                return None;
            };
            let Some(entry) = self.table.get_mut(handle) else { continue };
            entry.ready = false;
            let pair = entry.pair;
            let marks = IpMarks { dscp: entry.dscp, hop_limit: entry.config.hop_limit };
            let key = signature::key_of(entry, &self.listeners).cloned();
            let mut polled = entry.poll_transmit(self.emitter.limits(key.is_some()), now);
            let Some(segment) = &mut polled else {
                self.settle(handle, now);
                continue;
            };
            if entry.end_if_last(now) {
                self.settle(handle, now);
            } else {
                self.ready.mark(handle, entry);
            }
            if segment.reason.is_challenge() && !self.challenges.allows(pair.remote.ip(), now) {
                // As if it had been lost.
                self.counters.challenges_suppressed += 1;
                continue;
            }
            let packet = self.emitter.segment(segment, &pair, marks, key.as_ref());
            let length = packet.len();
            if self.config.medium == Medium::Ip {
                self.counters.sent(length);
                return Some(packet);
            }
            if let Some(packet) = self.dispatch(packet, pair.remote.ip(), now) {
                self.counters.sent(length);
                return Some(packet);
            }
        }
    }

    /// A connection has nothing to send for now: it waits, shrinks or goes.
    fn settle(&mut self, handle: TcpHandle, now: Instant) {
        let Some(entry) = self.table.get_mut(handle) else { return };
        if entry.owner == Owner::Nobody && entry.state() == State::Closed {
            self.forget(handle);
            return;
        }
        let is_left = entry.owner == Owner::Nobody && entry.state() == State::TimeWait;
        if is_left {
            entry.shrink();
        }
        self.timers.arm(handle, entry.poll_timeout());
        if entry.connection().is_some_and(Connection::has_events) {
            // What was sent may have made room for its writer.
            tell(&mut self.counters, &mut self.events, handle, entry);
        }
        // Memory that was kept for a writer's next text goes when there is nothing more to send.
        let held = entry.reckon();
        self.table.reckoned(held);
        if is_left {
            self.table.end_orphan(handle);
        }
        self.table.calm(handle, now);
    }

    /// Removes a connection from everywhere.
    pub(super) fn forget(&mut self, handle: TcpHandle) -> Option<Box<Entry>> {
        let entry = self.table.remove(handle)?;
        self.timers.remove(handle);
        match (&entry.phase, entry.owner) {
            (Phase::Request(_), _) => self.forwarder.ended(),
            (Phase::HalfOpen(_), Owner::Listener(listener)) => self.listeners.ended(listener),
            _ => {}
        }
        if let Some(listener) = entry.fast_open.and_then(|listener| self.listeners.get_mut(listener)) {
            listener.fast_open.ended(None);
        }
        Some(entry)
    }
}

/// What the table is to know of a connection to which something was done.
#[derive(Default)]
#[must_use]
pub(super) struct Touched {
    held: Held,
    closed: bool,
}

/// Something was done to a connection: tells the owner what came of it, and has it asked for segments. What is returned is
/// for [`Host::after_touch`].
#[inline]
pub(super) fn touched(
    handle: TcpHandle,
    entry: &mut Entry,
    ready: &mut ReadyQueue,
    counters: &mut Counters,
    events: &mut EventQueue,
) -> Touched {
    let Phase::Connection(connection) = &entry.phase else { return Touched::default() };
    let (closed, has_news) = (connection.state() == State::Closed, connection.has_events());
    ready.mark(handle, entry);
    if has_news {
        tell(counters, events, handle, entry);
    }
    Touched { held: entry.reckon(), closed }
}

/// Tells the owner what has happened to a connection.
fn tell(counters: &mut Counters, events: &mut EventQueue, handle: TcpHandle, entry: &mut Entry) {
    let Phase::Connection(connection) = &mut entry.phase else { return };
    let news = connection.take_events();
    counters.established += u64::from(news.contains(Event::Established));
    entry.close_reason = news.closed().or(entry.close_reason);
    entry.events.join(news);
    events.tcp(handle, entry);
}
