//! The host: orchestration only. What comes in goes to the room whose it is; what goes out is collected.

use std::net::{IpAddr, SocketAddr};

use synfin_wire::Instant;

use crate::config::{ConnectOptions, HostConfig, ListenOptions};
use crate::counters::{Counters, Fate};
use crate::error::{ConnectError, ListenError};
use crate::event::{Accepted, HostEvent, ListenerHandle, TcpHandle};
use crate::packet::{PacketIn, PacketOut};

mod forward;
mod socket;
mod udp;

pub use socket::TcpSocket;

/// A TCP/IP host. See the [crate] for how it is driven.
#[derive(Debug)]
pub struct Host {
    config: HostConfig,
    counters: Counters,
}

impl Host {
    /// A host that has seen nothing yet. From `secret` come the keys of everything that a stranger must
    /// not guess: initial sequence numbers (RFC 6528), ports (RFC 6056), timestamp offsets, hashes. Two
    /// hosts with the same secret and the same history behave the same to the octet.
    #[must_use]
    pub fn new(config: HostConfig, secret: [u8; 32]) -> Self {
        let _ = secret;
        Self { config, counters: Counters::default() }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &HostConfig {
        &self.config
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Whether `address` is one of the host's own.
    #[must_use]
    pub fn is_ours(&self, address: IpAddr) -> bool {
        self.config.addresses.iter().any(|(ours, _)| *ours == address)
    }

    /// How many connections there are: half-open, undecided and TIME-WAIT ones among them.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        todo!()
    }

    /// A packet has come from the device. Nothing is sent before [`Host::poll_transmit`].
    pub fn handle_packet(&mut self, packet: PacketIn, now: Instant) -> Fate {
        let _ = (packet, now);
        todo!()
    }

    /// The next packet for the device, or `None` when there is nothing to send for now.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<PacketOut> {
        let _ = now;
        todo!()
    }

    /// When [`Host::handle_timeout`] is to be called, if nothing else happens before. It may be earlier
    /// than anything is due, never later.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }

    /// Does what is due at `now`. Harmless when early.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
        todo!()
    }

    /// The next event, or `None`.
    pub fn poll_event(&mut self) -> Option<HostEvent> {
        todo!()
    }

    /// Opens a connection (RFC 9293 section 3.10.1). Its handle can be used at once: what is sent is
    /// queued, and [`crate::TcpEvents::established`] or [`crate::TcpEvents::closed`] tells how it went.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect(
        &mut self,
        remote: SocketAddr,
        options: ConnectOptions,
        now: Instant,
    ) -> Result<TcpHandle, ConnectError> {
        let _ = (remote, options, now);
        todo!()
    }

    /// Listens on `local`. An unspecified address stands for all of the host's of that family; port 0 for
    /// a free one, which [`Host::listener_addr`] tells.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn listen(
        &mut self,
        local: SocketAddr,
        options: ListenOptions,
    ) -> Result<ListenerHandle, ListenError> {
        let _ = (local, options);
        todo!()
    }

    /// Where a listener listens; `None` once it is closed.
    #[must_use]
    pub fn listener_addr(&self, listener: ListenerHandle) -> Option<SocketAddr> {
        let _ = listener;
        todo!()
    }

    /// The next established connection of a listener.
    pub fn accept(&mut self, listener: ListenerHandle) -> Option<Accepted> {
        let _ = listener;
        todo!()
    }

    /// Closes a listener. Connections that nobody accepted are reset; half-open ones are forgotten.
    pub fn close_listener(&mut self, listener: ListenerHandle, now: Instant) {
        let _ = (listener, now);
        todo!()
    }

    /// A connection, to call; `None` once its handle was released.
    pub fn tcp(&mut self, handle: TcpHandle) -> Option<TcpSocket<'_>> {
        let _ = handle;
        todo!()
    }
}
