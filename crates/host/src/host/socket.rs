//! One connection, as its owner calls it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use synfin_tcp::{CloseReason, KeepAlive, ReceiveError, SendError, State, Status};
use synfin_wire::Instant;

use crate::event::TcpHandle;
use crate::host::Host;

/// A connection, borrowed from its host for one or more calls.
///
/// A connection that the forwarder accepted is half-open until its client answers: it can be called, and
/// says [`SendError::WouldBlock`] and [`ReceiveError::WouldBlock`] until it is established.
#[derive(Debug)]
pub struct TcpSocket<'a> {
    host: &'a mut Host,
    handle: TcpHandle,
}

impl TcpSocket<'_> {
    /// This host's end.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        let _ = (&self.host, self.handle);
        todo!()
    }

    /// The peer's end.
    #[must_use]
    pub fn remote_addr(&self) -> SocketAddr {
        todo!()
    }

    /// The state.
    #[must_use]
    pub fn state(&self) -> State {
        todo!()
    }

    /// Why the connection is CLOSED; `None` while it is not.
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        todo!()
    }

    /// A snapshot for people and programs (RFC 9293 section 3.10.6); `None` while half-open.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        todo!()
    }

    /// Free octets in the send buffer.
    #[must_use]
    pub fn send_capacity(&self) -> usize {
        todo!()
    }

    /// Queues the first octets of `data`, as many as there is room for, and returns how many: at least
    /// one of a `data` that is not empty.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send(&mut self, data: Bytes, now: Instant) -> Result<usize, SendError> {
        let _ = (data, now);
        todo!()
    }

    /// Unread octets.
    #[must_use]
    pub fn receive_available(&self) -> usize {
        todo!()
    }

    /// Takes at most `max` octets; `Ok(None)` is the peer's FIN.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn receive(&mut self, max: usize, now: Instant) -> Result<Option<Bytes>, ReceiveError> {
        let _ = (max, now);
        todo!()
    }

    /// Ends this direction: a FIN behind what is queued. Reading goes on.
    pub fn close(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// The owner has gone: the handle is void, and the connection ends by itself: in order, or by an RST
    /// when data is unread or more comes (RFC 9293 SHLD-3).
    pub fn release(self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// Resets the connection. The handle stays until it is released.
    pub fn abort(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// TCP_NODELAY (RFC 9293 MUST-17).
    pub fn set_nodelay(&mut self, nodelay: bool, now: Instant) {
        let _ = (nodelay, now);
        todo!()
    }

    /// SO_KEEPALIVE (RFC 9293 MUST-24).
    pub fn set_keep_alive(&mut self, keep_alive: Option<KeepAlive>, now: Instant) {
        let _ = (keep_alive, now);
        todo!()
    }

    /// The user timeout (RFC 9293 section 3.9.1.1).
    pub fn set_user_timeout(&mut self, timeout: Option<Duration>, now: Instant) {
        let _ = (timeout, now);
        todo!()
    }

    /// Whether Nagle's algorithm is off.
    #[must_use]
    pub fn nodelay(&self) -> bool {
        todo!()
    }
}
