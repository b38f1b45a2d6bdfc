//! One connection, as its owner calls it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use smallvec::smallvec;
use synfin_tcp::{
    CloseReason, CongestionAlgorithm, Connection, KeepAlive, ReceiveError, ReceiveMeasures, SegmentOut,
    SendError, SendMeasures, SendOptions, SendReason, State, Status, UserTimeoutOption,
};
use synfin_wire::{Ecn, Flags, Instant, Mss, TcpHeader, TcpOptions};

use super::settle::touched;
use super::{Host, signature};
use crate::event::TcpHandle;
use crate::md5::Md5Key;
use crate::table::{ConnectionTable, Entry, HalfOpenPhase, Owner, Pair, Phase};

/// A connection, borrowed from its host for one or more calls.
///
/// A connection that the forwarder accepted is half-open until its client answers: it can be called, and
/// says [`SendError::WouldBlock`] and [`ReceiveError::WouldBlock`] until it is established.
#[derive(Debug)]
pub struct TcpSocket<'a> {
    host: &'a mut Host,
    handle: TcpHandle,
}

impl<'a> TcpSocket<'a> {
    /// The handle must name a connection of the owner's.
    pub(super) fn new(host: &'a mut Host, handle: TcpHandle) -> Self {
        Self { host, handle }
    }

    /// This host's end.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.entry().pair.local
    }

    /// The peer's end.
    #[must_use]
    pub fn remote_addr(&self) -> SocketAddr {
        self.entry().pair.remote
    }

    /// The state.
    #[must_use]
    pub fn state(&self) -> State {
        self.entry().state()
    }

    /// Why the connection is CLOSED; `None` while it is not.
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.entry().close_reason
    }

    /// A snapshot for people and programs (RFC 9293 section 3.10.6); `None` while half-open.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.entry().connection().map(Connection::status)
    }

    /// What the receive side knows of the peer; `None` while half-open or closed.
    #[must_use]
    pub fn receive_measures(&self) -> Option<ReceiveMeasures> {
        self.entry().connection()?.receive_measures()
    }

    /// What held sending up until `now`; `None` while half-open or closed.
    #[must_use]
    pub fn send_measures(&self, now: Instant) -> Option<SendMeasures> {
        self.entry().connection()?.send_measures(now)
    }

    /// Free octets in the send buffer; none before the connection is established by a forwarder's client.
    #[must_use]
    pub fn send_capacity(&self) -> usize {
        self.entry().connection().map_or(0, Connection::send_capacity)
    }

    /// How much text the SYN will carry, octets: what is sent now goes with it. None once it has left, or where it may
    /// carry none (RFC 7413).
    #[must_use]
    pub fn syn_capacity(&self) -> usize {
        self.entry().connection().map_or(0, Connection::syn_capacity)
    }

    /// Queues the first octets of `data`, as many as there is room for, and returns how many: at least
    /// one of a `data` that is not empty.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send(&mut self, data: Bytes, now: Instant) -> Result<usize, SendError> {
        self.send_with(data, SendOptions::default(), now)
    }

    /// [`TcpSocket::send`], with options.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send_with(&mut self, data: Bytes, options: SendOptions, now: Instant) -> Result<usize, SendError> {
        self.send_by(|connection| connection.send_with(data, options, now))
    }

    fn send_by(
        &mut self,
        send: impl FnOnce(&mut Connection) -> Result<usize, SendError>,
    ) -> Result<usize, SendError> {
        let host = &mut *self.host;
        let pressure = host.pressure();
        let entry = whole(&mut host.table, self.handle);
        let sent = match &mut entry.phase {
            Phase::Connection(connection) => {
                connection.set_memory_pressure(pressure);
                send(connection)
            }
            Phase::Closed(reason) => Err(SendError::Closed(*reason)),
            Phase::HalfOpen(phase) if phase.wishes.close => Err(SendError::Closing),
            Phase::HalfOpen(_) | Phase::Request(_) | Phase::TimeWait(_) => Err(SendError::WouldBlock),
        };
        if sent.is_ok() {
            let touched = touched(self.handle, entry, &mut host.ready, &mut host.counters, &mut host.events);
            host.after_touch(self.handle, touched);
        }
        sent
    }

    /// [`TcpSocket::send_with`] of octets that are copied: for what is short, or not in memory that can be shared.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send_slice(
        &mut self,
        text: &[u8],
        options: SendOptions,
        now: Instant,
    ) -> Result<usize, SendError> {
        self.send_by(|connection| connection.send_slice(text, options, now))
    }

    /// Whether a writer should come; see [`Connection::is_writable`].
    pub fn is_writable(&mut self) -> bool {
        self.entry_mut().connection_mut().is_some_and(Connection::is_writable)
    }

    /// The same, for one who does not wait for the writable event.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.entry().connection().is_some_and(Connection::has_room)
    }

    /// A writer has found no room, and the writable event has not come since.
    #[must_use]
    pub fn waits_for_room(&self) -> bool {
        self.entry().connection().is_some_and(Connection::waits_for_room)
    }

    /// Unread octets.
    #[must_use]
    pub fn receive_available(&self) -> usize {
        self.entry().connection().map_or(0, Connection::receive_available)
    }

    /// Unread octets up to the end of the urgent data, those that have not arrived included; none where no urgent data
    /// is left (RFC 9293 MUST-33).
    #[must_use]
    pub fn urgent_left(&self) -> usize {
        self.entry().connection().map_or(0, Connection::urgent_left)
    }

    /// Takes at most `max` octets; `Ok(None)` is the peer's FIN.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn receive(&mut self, max: usize, now: Instant) -> Result<Option<Bytes>, ReceiveError> {
        self.receive_by(|connection| connection.receive(max, now))
    }

    /// [`TcpSocket::receive`] into `room`: how many octets were copied; `Ok(None)` is the peer's FIN.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn receive_slice(&mut self, room: &mut [u8], now: Instant) -> Result<Option<usize>, ReceiveError> {
        self.receive_by(|connection| connection.receive_slice(room, now))
    }

    /// [`TcpSocket::receive`] would return something, be it the end or an error.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        match &self.entry().phase {
            Phase::Connection(connection) => connection.is_readable(),
            Phase::TimeWait(_) | Phase::Closed(_) => true,
            Phase::Request(_) | Phase::HalfOpen(_) => false,
        }
    }

    /// [`TcpSocket::receive_slice`] of octets that stay to be read: for the peer, nothing has happened.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn peek_slice(&self, room: &mut [u8]) -> Result<Option<usize>, ReceiveError> {
        match &self.entry().phase {
            Phase::Connection(connection) => connection.peek_slice(room),
            Phase::Closed(reason) => Err(ReceiveError::Closed(*reason)),
            Phase::HalfOpen(_) | Phase::Request(_) | Phase::TimeWait(_) => Err(ReceiveError::WouldBlock),
        }
    }

    fn receive_by<T>(
        &mut self,
        receive: impl FnOnce(&mut Connection) -> Result<Option<T>, ReceiveError>,
    ) -> Result<Option<T>, ReceiveError> {
        let host = &mut *self.host;
        let pressure = host.pressure();
        let entry = whole(&mut host.table, self.handle);
        let received = match &mut entry.phase {
            Phase::Connection(connection) => {
                connection.set_memory_pressure(pressure);
                receive(connection)
            }
            Phase::Closed(reason) => Err(ReceiveError::Closed(*reason)),
            Phase::HalfOpen(_) | Phase::Request(_) | Phase::TimeWait(_) => Err(ReceiveError::WouldBlock),
        };
        if matches!(received, Ok(Some(_))) {
            // The window may have opened.
            let touched = touched(self.handle, entry, &mut host.ready, &mut host.counters, &mut host.events);
            host.after_touch(self.handle, touched);
        }
        received
    }

    /// Ends this direction: a FIN behind what is queued. Reading goes on.
    pub fn close(&mut self, now: Instant) {
        self.call(|connection| connection.close(now), |phase| phase.wishes.close = true);
    }

    /// The owner has closed, and reads no more either: text that comes from now on resets the connection.
    pub fn refuse_text(&mut self) {
        self.call(Connection::refuse_text, |_| {});
    }

    /// The owner has gone: the handle is void, and the connection ends by itself: in order, or by an RST
    /// when data is unread or more comes (RFC 9293 SHLD-3), or when as many connections as
    /// [`Limits::orphans`](crate::Limits::orphans) end by themselves already.
    pub fn release(mut self, now: Instant) {
        let entry = self.entry_mut();
        entry.owner = Owner::Nobody;
        match &mut entry.phase {
            Phase::Connection(connection) => {
                connection.release(now);
                self.host.adopt(self.handle, now);
                self.host.touch(self.handle);
            }
            Phase::HalfOpen(phase) => {
                let reset = reset_of(phase, entry.pair);
                let (pair, key) = (entry.pair, entry.md5_key.take());
                self.host.forget(self.handle);
                self.host.send_reply(reset, None, pair, key.as_ref(), now);
            }
            Phase::Request(_) | Phase::TimeWait(_) | Phase::Closed(_) => {
                self.host.forget(self.handle);
            }
        }
    }

    /// Resets the connection. The handle stays until it is released.
    pub fn abort(&mut self, now: Instant) {
        let entry = self.entry_mut();
        let Phase::HalfOpen(phase) = &entry.phase else {
            self.call(|connection| connection.abort(now), |_| {});
            return;
        };
        let (reset, pair, key) = (reset_of(phase, entry.pair), entry.pair, entry.md5_key.clone());
        self.host.end_half_open(self.handle, CloseReason::Aborted);
        self.host.send_reply(reset, None, pair, key.as_ref(), now);
    }

    /// SO_SNDBUF: how much unacknowledged and unsent data is held, octets. Before the handshake is over it
    /// has no effect.
    pub fn set_send_buffer(&mut self, octets: usize) {
        self.call(|connection| connection.set_send_buffer(octets), |_| {});
    }

    /// The MTU of the link, or of the route, has changed: segments of so many octets, text and options, fit it. See
    /// [`Connection::set_mss`]. Before the handshake is over it has no effect.
    pub fn set_mss(&mut self, mss: Mss) {
        self.call(|connection| connection.set_mss(mss), |_| {});
    }

    /// TCP_NODELAY (RFC 9293 MUST-17).
    pub fn set_nodelay(&mut self, nodelay: bool, now: Instant) {
        let later = |phase: &mut HalfOpenPhase| phase.wishes.nodelay = Some(nodelay);
        self.call(|connection| connection.set_nodelay(nodelay, now), later);
    }

    /// TCP_CORK: holds back segments that are not full until it is taken off. Before the handshake is over
    /// it has no effect.
    pub fn set_cork(&mut self, cork: bool) {
        self.call(|connection| connection.set_cork(cork), |_| {});
    }

    /// SO_RCVBUF: how much unread data is held from now on, octets. Before the handshake is over it has no
    /// effect.
    pub fn set_receive_buffer(&mut self, octets: usize) {
        self.call(|connection| connection.set_receive_buffer(octets), |_| {});
    }

    /// TCP_WINDOW_CLAMP: the largest window to announce, octets. Before the handshake is over it has no effect.
    pub fn set_window_clamp(&mut self, octets: u32) {
        self.call(|connection| connection.set_window_clamp(octets), |_| {});
    }

    /// TCP_QUICKACK: whether acknowledgments go at once rather than wait for an answer of the user's.
    pub fn set_quick_ack(&mut self, quick: bool, now: Instant) {
        self.call(|connection| connection.set_quick_ack(quick, now), |_| {});
    }

    /// Whether acknowledgments go at once rather than wait for an answer of the user's.
    #[must_use]
    pub fn is_quick_ack(&self) -> bool {
        self.entry().connection().is_some_and(Connection::is_quick_ack)
    }

    /// Everything that was sent is acknowledged, and the FIN after [`TcpSocket::close`]. Never before the handshake of a
    /// passive open is over.
    #[must_use]
    pub fn is_all_acknowledged(&self) -> bool {
        self.entry().connection().is_some_and(Connection::is_all_acknowledged)
    }

    /// TCP_NOTSENT_LOWAT: how much may be held that was never sent, octets; `None` sets no limit but the
    /// send buffer's. Before the handshake is over it has no effect.
    pub fn set_unsent_limit(&mut self, octets: Option<u32>) {
        self.call(|connection| connection.set_unsent_limit(octets), |_| {});
    }

    /// Whether Nagle's algorithm is off.
    #[must_use]
    pub fn nodelay(&self) -> bool {
        let entry = self.entry();
        match &entry.phase {
            Phase::Connection(connection) => !connection.config().nagle,
            Phase::HalfOpen(phase) => phase.wishes.nodelay.unwrap_or(!entry.config.nagle),
            Phase::Request(_) | Phase::TimeWait(_) | Phase::Closed(_) => !entry.config.nagle,
        }
    }

    /// The six Diffserv bits of the packets from now on (RFC 9293 MUST-48); higher bits do not count.
    pub fn set_dscp(&mut self, dscp: u8) {
        self.entry_mut().dscp = dscp & 0x3f;
    }

    /// The TTL or hop limit of the packets from now on (RFC 9293 MUST-49); `None` is the host's.
    pub fn set_hop_limit(&mut self, hop_limit: Option<u8>) {
        Arc::make_mut(&mut self.entry_mut().config).hop_limit = hop_limit;
    }

    /// What comes with a smaller TTL or hop limit from now on is not the peer's (RFC 5082 section 3).
    pub fn set_least_hop_limit(&mut self, least: u8) {
        Arc::make_mut(&mut self.entry_mut().config).least_hop_limit = least;
    }

    /// SO_KEEPALIVE (RFC 9293 MUST-24).
    pub fn set_keep_alive(&mut self, keep_alive: Option<KeepAlive>, now: Instant) {
        let later = |phase: &mut HalfOpenPhase| phase.wishes.keep_alive = Some(keep_alive);
        self.call(|connection| connection.set_keep_alive(keep_alive, now), later);
    }

    /// The smallest and the largest RTO (RFC 6298 sections 2.4 and 2.5); no effect before the handshake of a connection
    /// that a forwarder has accepted.
    pub fn set_rto_bounds(&mut self, min: Duration, max: Duration) {
        self.call(|connection| connection.set_rto_bounds(min, max), |_| {});
    }

    /// The user timeout (RFC 9293 section 3.9.1.1).
    pub fn set_user_timeout(&mut self, timeout: Option<Duration>, now: Instant) {
        let later = |phase: &mut HalfOpenPhase| phase.wishes.user_timeout = Some(timeout);
        self.call(|connection| connection.set_user_timeout(timeout, now), later);
    }

    /// Whether and how the user timeout option is used (RFC 5482); the peer is told with the next segment. Before the
    /// handshake is over it has no effect on a connection that a forwarder has accepted: there the settings of the host
    /// count.
    pub fn set_user_timeout_option(&mut self, option: Option<UserTimeoutOption>) {
        self.call(|connection| connection.set_user_timeout_option(option), |_| {});
    }

    /// TCP_LINGER2: how long FIN-WAIT-2 waits for a FIN once the user has gone. Before the handshake is over it has no
    /// effect.
    pub fn set_fin_wait_2_timeout(&mut self, timeout: Duration) {
        self.call(|connection| connection.set_fin_wait_2_timeout(timeout), |_| {});
    }

    /// TCP_THIN_LINEAR_TIMEOUTS: whether the timeouts of a thin stream do not double at first.
    pub fn set_thin_linear_timeouts(&mut self, linear: bool) {
        self.call(|connection| connection.set_thin_linear_timeouts(linear), |_| {});
    }

    /// TCP_DELACK_MAX_US: how long an acknowledgment waits for company at the most (RFC 9293 MUST-40).
    pub fn set_delayed_ack_max(&mut self, longest: Duration) {
        self.call(|connection| connection.set_delayed_ack_max(longest), |_| {});
    }

    /// How long the SYN of an active open is retried (RFC 9293 MUST-23).
    pub fn set_syn_patience(&mut self, patience: Duration) {
        self.call(|connection| connection.set_syn_patience(patience), |_| {});
    }

    /// Another congestion control from now on; the window stays as it is.
    pub fn set_congestion(&mut self, algorithm: CongestionAlgorithm, now: Instant) {
        let later = |phase: &mut HalfOpenPhase| phase.wishes.congestion = Some(algorithm);
        self.call(|connection| connection.set_congestion(algorithm, now), later);
    }

    /// SO_MAX_PACING_RATE: no more than so many octets a second.
    pub fn set_max_pacing_rate(&mut self, rate: Option<u64>, now: Instant) {
        let later = |phase: &mut HalfOpenPhase| phase.wishes.max_pacing_rate = Some(rate);
        self.call(|connection| connection.set_max_pacing_rate(rate, now), later);
    }

    /// Signs every segment with this key from now on, and takes none that is not signed with it; with `None` it goes on
    /// unsigned (RFC 2385). Both ends have to change at one time: what one of them signs otherwise is dropped and sent
    /// again.
    pub fn set_md5_key(&mut self, key: Option<Md5Key>) {
        let entry = self.entry_mut();
        signature::adopt(entry, key);
        let len = entry.config.signature_len;
        self.call(|connection| connection.set_signature_len(len), |_| {});
    }

    /// The key with which segments are signed.
    #[must_use]
    pub fn md5_key(&self) -> Option<&Md5Key> {
        self.entry().md5_key.as_ref()
    }

    /// Calls the connection, or notes what to call once there is one.
    fn call(&mut self, call: impl FnOnce(&mut Connection), later: impl FnOnce(&mut HalfOpenPhase)) {
        match &mut self.entry_mut().phase {
            Phase::Connection(connection) => {
                call(connection);
                self.host.touch(self.handle);
            }
            Phase::HalfOpen(phase) => later(phase),
            Phase::Request(_) | Phase::TimeWait(_) | Phase::Closed(_) => {}
        }
    }

    fn entry(&self) -> &Entry {
        self.host.table.get(self.handle).expect("the host made sure of it, and is borrowed since")
    }

    fn entry_mut(&mut self) -> &mut Entry {
        whole(&mut self.host.table, self.handle)
    }
}

fn whole(table: &mut ConnectionTable, handle: TcpHandle) -> &mut Entry {
    table.get_mut(handle).expect("the host made sure of it, and is borrowed since")
}

/// The RST of a SYN-RECEIVED whose owner changed his mind (RFC 9293 section 3.10.5).
fn reset_of(phase: &HalfOpenPhase, pair: Pair) -> SegmentOut {
    SegmentOut {
        header: TcpHeader {
            source_port: pair.local.port(),
            destination_port: pair.remote.port(),
            seq: phase.iss + 1,
            ack: phase.irs + 1,
            flags: Flags::RST | Flags::ACK,
            reserved: 0,
            window: 0,
            urgent_pointer: 0,
            options: TcpOptions::default(),
        },
        payload: smallvec![],
        payload_len: 0,
        segment_size: None,
        ecn: Ecn::NotEct,
        reason: SendReason::ResetAbort,
    }
}
