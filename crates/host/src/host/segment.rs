//! A TCP segment's way in: to its connection, to a listener, to the forwarder, or back as an RST.

use bytes::Bytes;
use synfin_tcp::connection::half_open::HalfOpenOutcome;
use synfin_tcp::{CloseReason, Connection, DropReason, Event, HalfOpen, Incoming, SendReason, no_connection};
use synfin_wire::ip::{IpHeader, IpPacket};
use synfin_wire::tcp::SegmentError;
use synfin_wire::{Instant, Segment, SeqNumber};

use super::fast_open::SynAnswer;
use super::message::quote;
use super::receive::DeviceNote;
use super::settle::touched;
use super::{Host, signature};
use crate::compact::Slot;
use crate::counters::Fate;
use crate::emit::IpMarks;
use crate::event::{ListenerHandle, TcpHandle};
use crate::forwarder::request_id;
use crate::md5::Md5Key;
use crate::route::Destination;
use crate::table::{Entry, HalfOpenPhase, Owner, Pair, Phase, Request, Wishes};

/// A segment for no connection that there is.
pub(super) struct Stray {
    pub(super) pair: Pair,
    pub(super) incoming: Incoming,
    ip: IpHeader,
    /// It ends a TIME-WAIT: our numbers must begin here or later.
    minimum_iss: Option<SeqNumber>,
    /// What it is signed with, and its answer will be.
    key: Option<Md5Key>,
}

impl Host {
    pub(super) fn receive_segment(&mut self, packet: IpPacket, device: DeviceNote, now: Instant) -> Fate {
        let pseudo_header = packet.pseudo_header();
        let IpPacket { header: ip, payload, .. } = packet;
        let incoming = Incoming {
            segment: match Segment::parse(payload, (!device.trust).then_some(&pseudo_header)) {
                Ok(segment) => segment,
                Err(error) => return self.refused(&ip).unwrap_or(no_segment(error).into()),
            },
            ecn: ip.ecn,
            segment_size: device.segment_size,
            arrived: now,
        };
        let header = &incoming.segment.header;
        let pair = Pair {
            local: (ip.destination, header.destination_port).into(),
            remote: (ip.source, header.source_port).into(),
        };
        let found = self.table.find(&pair);
        // RFC 9293 MUST-63 is about strangers: of who was heard before, the addresses were looked at then.
        let is_known = found.is_some_and(|(_, slot)| slot.was_heard());
        if !is_known && let Some(fate) = self.refused(&ip) {
            return fate;
        }
        let slot = found.map(|(_, slot)| slot);
        let key = match self.check_signature(slot, &pair, &pseudo_header, &incoming.segment) {
            Ok(key) => key,
            Err(reason) => return reason.into(),
        };
        let Some((handle, _)) = found else {
            return self.receive_stray(Stray { pair, incoming, ip, minimum_iss: None, key }, now);
        };
        let pressure = self.pressure();
        let may_open = incoming.segment.header.flags.syn()
            && slot.is_some_and(Slot::is_time_wait)
            && self.has_use_for_syn(pair);
        let Some(entry) = self.table.get_mut(handle) else { return DropReason::NoConnection.into() };
        if ip.hop_limit < entry.config.least_hop_limit {
            return DropReason::TooFar.into();
        }
        match &mut entry.phase {
            Phase::Connection(connection) => {
                if may_open && let Some(minimum_iss) = connection.give_way(&incoming) {
                    self.touch(handle);
                    let stray = Stray { pair, incoming, ip, minimum_iss: Some(minimum_iss), key };
                    return self.receive_stray(stray, now);
                }
                connection.set_memory_pressure(pressure);
                let verdict = connection.handle_segment(incoming);
                let teaches = entry.fast_open.is_some() || connection.has_fast_open_news();
                let touched = touched(handle, entry, &mut self.ready, &mut self.counters, &mut self.events);
                self.after_touch(handle, touched);
                if teaches {
                    self.follow_fast_open(handle, now);
                }
                verdict.into()
            }
            Phase::HalfOpen(_) => self.receive_half_open(handle, incoming, ip, key, now),
            Phase::Request(request) if !is_reset_of(&request.syn.segment, &incoming.segment) => {
                DropReason::Undecided.into()
            }
            Phase::Request(_) => {
                self.withdraw(handle);
                Fate::Taken
            }
            Phase::TimeWait(time_wait)
                if may_open && time_wait.gives_way_to(&entry.config, &incoming.segment.header) =>
            {
                let minimum_iss = Some(time_wait.minimum_iss());
                self.forget(handle);
                self.receive_stray(Stray { pair, incoming, ip, minimum_iss, key }, now)
            }
            Phase::TimeWait(time_wait) => {
                let verdict = time_wait.handle_segment(&entry.config, &incoming);
                self.ready.mark(handle, entry);
                verdict.into()
            }
            Phase::Closed(_) => DropReason::Closed.into(),
        }
    }

    /// Why a segment of a stranger is dropped for its addresses, if it is.
    #[cold]
    fn refused(&self, ip: &IpHeader) -> Option<Fate> {
        match self.look_at_addresses(ip) {
            Ok(Destination::NotUnicast) => Some(DropReason::NotUnicast.into()),
            Ok(Destination::Ours | Destination::Forwarded | Destination::Foreign) => None,
            Err(fate) => Some(fate),
        }
    }

    #[cold]
    fn receive_half_open(
        &mut self,
        handle: TcpHandle,
        incoming: Incoming,
        ip: IpHeader,
        key: Option<Md5Key>,
        now: Instant,
    ) -> Fate {
        let Some(entry) = self.table.get_mut(handle) else { return DropReason::NoConnection.into() };
        if let Owner::Listener(listener) = entry.owner {
            let flags = incoming.segment.header.flags;
            let would_establish = flags.ack() && !flags.rst();
            match self.listeners.get(listener) {
                None => {
                    let pair = entry.pair;
                    self.forget(handle);
                    return self.receive_stray(Stray { pair, incoming, ip, minimum_iss: None, key }, now);
                }
                Some(listener) if would_establish && listener.accept_queue_is_full() => {
                    self.ready.mark(handle, entry);
                    return DropReason::Backlog.into();
                }
                Some(_) => {}
            }
        }
        let Phase::HalfOpen(phase) = &mut entry.phase else { return DropReason::NoConnection.into() };
        match phase.half_open.handle_segment(&entry.config, incoming) {
            HalfOpenOutcome::Stay(verdict) => {
                self.ready.mark(handle, entry);
                verdict.into()
            }
            HalfOpenOutcome::Promoted(connection, verdict) => {
                let wishes = phase.wishes;
                self.promote(handle, connection, wishes, now);
                verdict.into()
            }
            HalfOpenOutcome::Gone(reason) => {
                self.end_half_open(handle, reason);
                Fate::Taken
            }
        }
    }

    /// The handshake is complete: the connection gets its buffers and goes to the accept queue.
    pub(super) fn promote(
        &mut self,
        handle: TcpHandle,
        mut connection: Connection,
        wishes: Wishes,
        now: Instant,
    ) {
        wishes.apply(&mut connection, now);
        let Some(entry) = self.table.get_mut(handle) else { return };
        let key = signature::key_of(entry, &self.listeners).cloned();
        signature::adopt(entry, key);
        connection.set_signature_len(entry.config.signature_len);
        entry.phase = Phase::Connection(connection);
        if let Owner::Listener(listener) = entry.owner {
            self.listeners.ended(listener);
            if let Some(found) = self.listeners.get_mut(listener) {
                found.established(handle);
                self.events.accept(listener, found);
            }
        }
        self.touch(handle);
    }

    /// A half-open connection came to nothing.
    pub(super) fn end_half_open(&mut self, handle: TcpHandle, reason: CloseReason) {
        let Some(entry) = self.table.get_mut(handle) else { return };
        if entry.owner != Owner::User {
            self.forget(handle);
            return;
        }
        entry.phase = Phase::Closed(reason);
        entry.close_reason = Some(reason);
        entry.events.raise(Event::Closed(reason));
        self.events.tcp(handle, entry);
        self.table.unindex(handle);
    }

    /// Somebody listens for a SYN of this pair. TIME-WAIT gives way to nothing else, as in Linux.
    fn has_use_for_syn(&self, pair: Pair) -> bool {
        let ours = self.routes.is_ours(pair.local.ip());
        self.forwarder.on || self.listeners.find(pair.local, ours).is_some()
    }

    /// LISTEN, or CLOSED (RFC 9293 section 3.10.7.2 and 3.10.7.1).
    #[cold]
    fn receive_stray(&mut self, stray: Stray, now: Instant) -> Fate {
        let flags = stray.incoming.segment.header.flags;
        let ours = self.routes.is_ours(stray.pair.local.ip());
        match self.listeners.find(stray.pair.local, ours) {
            Some(listener) => self.receive_listen(listener, stray, now),
            None if self.forwarder.on && flags.syn() && !flags.ack() && !flags.rst() => {
                self.request(stray, now)
            }
            None => {
                self.reset(&stray, now);
                DropReason::NoConnection.into()
            }
        }
    }

    fn receive_listen(&mut self, listener: ListenerHandle, stray: Stray, now: Instant) -> Fate {
        let Some(config) = self.listeners.get(listener).map(|listener| listener.config.clone()) else {
            return DropReason::NoConnection.into();
        };
        // Before anything is answered: by a cookie a stranger from afar would come in otherwise.
        if stray.ip.hop_limit < config.least_hop_limit {
            return DropReason::TooFar.into();
        }
        let flags = stray.incoming.segment.header.flags;
        if flags.rst() {
            return DropReason::NotForListen.into();
        }
        if flags.ack() {
            if let Some(fate) =
                self.receive_cookie(listener, stray.pair, &stray.incoming, stray.key.as_ref(), now)
            {
                return fate;
            }
            self.reset(&stray, now);
            return DropReason::NotForListen.into();
        }
        // Nobody opens and ends a connection with one segment: as in Linux, that is not heard.
        if !flags.syn() || flags.fin() {
            return DropReason::NotForListen.into();
        }
        let full = self.table.is_full() || !self.listeners.may_begin(listener);
        if self.wants_cookie(listener, &stray, full) {
            return self.send_cookie(listener, stray.pair, stray.incoming, stray.key.as_ref(), now);
        }
        if full {
            return DropReason::Backlog.into();
        }
        let config = signature::config_for(config, stray.key.as_ref());
        let answer = if stray.key.is_some() {
            SynAnswer::Handshake(None)
        } else {
            self.answer_syn(listener, stray.pair, &stray.incoming)
        };
        let cookie = match answer {
            SynAnswer::Connection(answer) => {
                let Stray { pair, incoming, minimum_iss, .. } = stray;
                self.open_from_syn(listener, pair, incoming, minimum_iss, config, answer);
                return Fate::Taken;
            }
            SynAnswer::Handshake(cookie) => cookie,
        };
        let identity = self.identify(stray.pair, stray.minimum_iss, now);
        let half_open = HalfOpen::from_syn(&config, &stray.incoming, identity);
        let phase = Phase::HalfOpen(Box::new(HalfOpenPhase {
            half_open: match cookie {
                Some(cookie) => half_open.with_cookie(cookie),
                None => half_open,
            },
            iss: identity.iss,
            irs: stray.incoming.segment.header.seq,
            wishes: Wishes::default(),
        }));
        self.listeners.began(listener);
        let mut entry = Entry::new(stray.pair, config, phase, Owner::Listener(listener));
        if entry.config.reflect_dscp {
            entry.dscp = stray.ip.dscp;
        }
        entry.md5_key = stray.key;
        let handle = self.table.insert(entry);
        self.mark_ready(handle);
        Fate::Taken
    }

    /// Holds a SYN for the forwarder's owner. Text in it is left out: the client sends it again.
    fn request(&mut self, stray: Stray, now: Instant) -> Fate {
        if self.table.is_full() || !self.forwarder.has_room() {
            return DropReason::Backlog.into();
        }
        let Stray { pair, mut incoming, ip, minimum_iss, .. } = stray;
        incoming.segment.payload = Bytes::new();
        let quote = quote_syn(&ip, &incoming.segment);
        let deadline = now + self.config.limits.request_timeout;
        let config = self.tcp_config(None, pair.local.is_ipv4());
        let request = Request { syn: incoming, quote, minimum_iss, deadline, seen: false };
        let phase = Phase::Request(Box::new(request));
        let handle = self.table.insert(Entry::new(pair, config, phase, Owner::Forwarder));
        self.timers.arm(handle, Some(deadline));
        self.forwarder.began(handle);
        self.events.request();
        Fate::Taken
    }

    /// A request is void.
    pub(super) fn withdraw(&mut self, handle: TcpHandle) {
        let Some(entry) = self.forget(handle) else { return };
        if matches!(&entry.phase, Phase::Request(request) if request.seen) {
            self.events.withdrawn(request_id(handle));
        }
    }

    fn reset(&mut self, stray: &Stray, now: Instant) {
        if let Some(reset) = no_connection(&stray.incoming.segment) {
            self.send_reply(reset, None, stray.pair, stray.key.as_ref(), now);
        }
    }

    /// Queues a segment that no connection sends.
    pub(super) fn send_reply(
        &mut self,
        mut segment: synfin_tcp::SegmentOut,
        reason: Option<SendReason>,
        pair: Pair,
        key: Option<&Md5Key>,
        now: Instant,
    ) {
        segment.reason = reason.unwrap_or(segment.reason);
        let packet = self.emitter.segment(&mut segment, &pair, IpMarks::default(), key);
        self.enqueue(packet, pair.remote.ip(), now);
    }
}

impl Wishes {
    fn apply(self, connection: &mut Connection, now: Instant) {
        if let Some(nodelay) = self.nodelay {
            connection.set_nodelay(nodelay, now);
        }
        if let Some(keep_alive) = self.keep_alive {
            connection.set_keep_alive(keep_alive, now);
        }
        if let Some(timeout) = self.user_timeout {
            connection.set_user_timeout(timeout, now);
        }
        if let Some(algorithm) = self.congestion {
            connection.set_congestion(algorithm, now);
        }
        if let Some(rate) = self.max_pacing_rate {
            connection.set_max_pacing_rate(rate, now);
        }
        if self.close {
            connection.close(now);
        }
    }
}

/// Why what TCP's number stood on is dropped.
fn no_segment(error: SegmentError) -> DropReason {
    match error {
        SegmentError::Checksum => DropReason::Checksum,
        SegmentError::Truncated | SegmentError::DataOffset => DropReason::Malformed,
    }
}

/// Whether `segment` is the client's RST for its own `syn`: in SYN-SENT it knows nothing of ours to
/// acknowledge, so only its number speaks for it.
fn is_reset_of(syn: &Segment, segment: &Segment) -> bool {
    let (first, seq) = (syn.header.seq, segment.header.seq);
    segment.header.flags.rst() && (seq == first || seq == first + 1)
}

/// The packet that the SYN came in, without its text.
fn quote_syn(ip: &IpHeader, syn: &Segment) -> Bytes {
    let mut header = vec![0; syn.header.len()];
    syn.header.write(&mut header);
    quote(&IpPacket { header: *ip, header_len: ip.len(), payload: header.into() })
}
