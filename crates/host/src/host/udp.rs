//! The owner's calls for UDP.

use std::net::SocketAddr;

use bytes::Bytes;
use synfin_wire::Instant;

use crate::error::{BindError, SendToError};
use crate::event::{Datagram, UdpError, UdpHandle, Unreachable};
use crate::host::Host;

impl Host {
    /// A socket that receives what comes for `local`. An unspecified address stands for all of the host's
    /// of that family; port 0 for a free one, which [`Host::udp_addr`] tells.
    ///
    /// # Errors
    /// See [`BindError`].
    pub fn udp_bind(&mut self, local: SocketAddr) -> Result<UdpHandle, BindError> {
        let _ = local;
        todo!()
    }

    /// The socket that receives every datagram that no other socket of this host receives, for any
    /// address and port; where `any_address` is set. Calling again gives the same socket. It sends by
    /// [`Host::udp_send_from`].
    pub fn udp_forward(&mut self) -> UdpHandle {
        todo!()
    }

    /// Where a socket is bound; `None` once it is closed.
    #[must_use]
    pub fn udp_addr(&self, handle: UdpHandle) -> Option<SocketAddr> {
        let _ = handle;
        todo!()
    }

    /// Sends a datagram from the address that the socket is bound to, or that the route chooses. One that
    /// is longer than the MTU goes out in fragments.
    ///
    /// # Errors
    /// See [`SendToError`].
    pub fn udp_send_to(
        &mut self,
        handle: UdpHandle,
        payload: Bytes,
        remote: SocketAddr,
        now: Instant,
    ) -> Result<(), SendToError> {
        let _ = (handle, payload, remote, now);
        todo!()
    }

    /// Sends a datagram that says it comes from `local`: the forwarder's answers.
    ///
    /// # Errors
    /// See [`SendToError`].
    pub fn udp_send_from(
        &mut self,
        local: SocketAddr,
        payload: Bytes,
        remote: SocketAddr,
        now: Instant,
    ) -> Result<(), SendToError> {
        let _ = (local, payload, remote, now);
        todo!()
    }

    /// The next datagram of a socket.
    pub fn udp_receive_from(&mut self, handle: UdpHandle) -> Option<Datagram> {
        let _ = handle;
        todo!()
    }

    /// The last ICMP error that answered a datagram of this socket, once.
    pub fn udp_take_error(&mut self, handle: UdpHandle) -> Option<UdpError> {
        let _ = handle;
        todo!()
    }

    /// Tells the sender of a datagram that it could not be delivered.
    pub fn udp_unreachable(&mut self, datagram: &Datagram, kind: Unreachable, now: Instant) {
        let _ = (datagram, kind, now);
        todo!()
    }

    /// Closes a socket; what it has not read is gone.
    pub fn udp_close(&mut self, handle: UdpHandle) {
        let _ = handle;
        todo!()
    }
}
