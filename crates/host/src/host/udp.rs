//! The owner's calls for UDP.

use std::net::SocketAddr;

use bytes::Bytes;
use synfin_wire::ip::{IpHeader, IpPacket};
use synfin_wire::udp::{HEADER_LEN, UdpDatagram};
use synfin_wire::{Ecn, Instant, IpProtocol};

use super::Host;
use crate::error::{BindError, SendToError};
use crate::event::{Datagram, UdpError, UdpHandle, Unreachable};
use crate::table::Pair;

/// The largest IP datagram.
const LONGEST_DATAGRAM: usize = 65_535;

impl Host {
    /// A socket that receives what comes for `local`. An unspecified address stands for all of the host's
    /// of that family; port 0 for a free one, which [`Host::udp_addr`] tells.
    ///
    /// ```
    /// use synfin_host::{Host, HostConfig};
    /// let mut host = Host::new(HostConfig::new([("10.0.0.2".parse().unwrap(), 24)]), [7; 32]);
    /// let socket = host.udp_bind("10.0.0.2:0".parse().unwrap()).unwrap();
    /// assert!(host.udp_addr(socket).unwrap().port() >= 32_768);
    /// ```
    ///
    /// # Errors
    /// See [`BindError`].
    pub fn udp_bind(&mut self, local: SocketAddr) -> Result<UdpHandle, BindError> {
        let mut local = SocketAddr::new(local.ip(), local.port());
        if !self.is_bindable(local.ip()) {
            return Err(BindError::NotOurAddress);
        }
        if local.port() == 0 {
            let is_free = |port| !self.udp.is_taken(SocketAddr::new(local.ip(), port));
            let port = self.udp_ports.allocate(local.ip(), local, is_free).ok_or(BindError::NoFreePort)?;
            local.set_port(port);
        } else if self.udp.is_taken(local) {
            return Err(BindError::InUse);
        }
        Ok(self.udp.bind(local))
    }

    /// The socket that receives every datagram that no other socket of this host receives, for any
    /// address and port; where `any_address` is set. Calling again gives the same socket. It sends by
    /// [`Host::udp_send_from`].
    pub fn udp_forward(&mut self) -> UdpHandle {
        self.udp.forward()
    }

    /// Where a socket is bound; `None` once it is closed.
    #[must_use]
    pub fn udp_addr(&self, handle: UdpHandle) -> Option<SocketAddr> {
        self.udp.get(handle).map(|socket| socket.local)
    }

    /// Sends a datagram from the address that the socket is bound to, or that the route chooses. One that
    /// is longer than the MTU goes out in fragments.
    ///
    /// # Errors
    /// See [`SendToError`]; [`SendToError::NoAddress`] also where the socket is the forwarder's.
    pub fn udp_send_to(
        &mut self,
        handle: UdpHandle,
        payload: Bytes,
        remote: SocketAddr,
        now: Instant,
    ) -> Result<(), SendToError> {
        let socket = self.udp.get(handle).ok_or(SendToError::Closed)?;
        let (mut local, look) = (socket.local, (socket.hop_limit, socket.traffic_class));
        if self.udp.is_forward(handle) {
            return Err(SendToError::NoAddress);
        }
        if local.is_ipv4() != remote.is_ipv4() {
            return Err(SendToError::InvalidRemote);
        }
        if local.ip().is_unspecified() {
            local.set_ip(self.routes.source_for(remote.ip()).ok_or(SendToError::NoAddress)?);
        }
        self.send_datagram(Pair { local, remote }, look, payload, now)
    }

    /// Sends a datagram that says it comes from `local`: the forwarder's answers.
    ///
    /// # Errors
    /// See [`SendToError`]; [`SendToError::NoAddress`] where `local` is not the host's and `any_address` is
    /// off.
    pub fn udp_send_from(
        &mut self,
        local: SocketAddr,
        payload: Bytes,
        remote: SocketAddr,
        now: Instant,
    ) -> Result<(), SendToError> {
        if local.ip().is_unspecified() || !self.is_bindable(local.ip()) {
            return Err(SendToError::NoAddress);
        }
        if local.is_ipv4() != remote.is_ipv4() {
            return Err(SendToError::InvalidRemote);
        }
        self.send_datagram(Pair { local, remote }, (None, 0), payload, now)
    }

    /// What the IP headers of a socket's datagrams say: the TTL or hop limit, the host's where it is `None`, and the TOS
    /// octet or traffic class (RFC 1122 sections 4.1.4 and 3.2.1.6).
    pub fn udp_set_header(&mut self, handle: UdpHandle, hop_limit: Option<u8>, traffic_class: u8) {
        if let Some(socket) = self.udp.get_mut(handle) {
            (socket.hop_limit, socket.traffic_class) = (hop_limit, traffic_class);
        }
    }

    /// The next datagram of a socket.
    pub fn udp_receive_from(&mut self, handle: UdpHandle) -> Option<Datagram> {
        self.udp.get_mut(handle)?.pop()
    }

    /// The last ICMP error that answered a datagram of this socket, once.
    pub fn udp_take_error(&mut self, handle: UdpHandle) -> Option<UdpError> {
        self.udp.get_mut(handle)?.error.take()
    }

    /// Tells the sender of a datagram that it could not be delivered.
    pub fn udp_unreachable(&mut self, datagram: &Datagram, kind: Unreachable, now: Instant) {
        let (source, destination) = (datagram.remote, datagram.local);
        if source.is_ipv4() != destination.is_ipv4() {
            return;
        }
        let header = IpHeader::new(source.ip(), destination.ip(), IpProtocol::UDP);
        let sent = UdpDatagram {
            source_port: source.port(),
            destination_port: destination.port(),
            payload: datagram.payload.clone(),
        };
        let mut payload = vec![0; HEADER_LEN];
        sent.write_header(&header.pseudo_header(0), &mut payload);
        payload.extend_from_slice(&sent.payload);
        let packet = IpPacket { header_len: header.len(), header, payload: payload.into() };
        self.report_error(&packet, kind.into(), now);
    }

    /// Closes a socket; what it has not read is gone.
    pub fn udp_close(&mut self, handle: UdpHandle) {
        self.udp.close(handle);
    }

    fn send_datagram(
        &mut self,
        pair: Pair,
        (hop_limit, traffic_class): (Option<u8>, u8),
        payload: Bytes,
        now: Instant,
    ) -> Result<(), SendToError> {
        let remote = pair.remote;
        let v4 = remote.is_ipv4();
        if remote.port() == 0 || !self.routes.is_unicast(remote.ip()) {
            return Err(SendToError::InvalidRemote);
        }
        self.routes.next_hop(remote.ip()).ok_or(SendToError::NoRoute)?;
        // Over IPv4 the length counts the IP header.
        let body = HEADER_LEN + payload.len();
        if body > LONGEST_DATAGRAM - if v4 { 20 } else { 0 } {
            return Err(SendToError::TooLong);
        }
        if !self.outbox.has_room_for(self.emitter.packets_for(body, v4)) {
            return Err(SendToError::WouldBlock);
        }
        let mut ip = self.emitter.ip_header(pair.local.ip(), remote.ip(), IpProtocol::UDP);
        ip.hop_limit = hop_limit.unwrap_or(ip.hop_limit);
        (ip.dscp, ip.ecn) = (traffic_class >> 2, Ecn::from_bits(traffic_class));
        for packet in self.emitter.udp(&ip, pair, payload) {
            if let Some(packet) = self.dispatch(packet, remote.ip(), now) {
                self.outbox.push(packet);
            }
        }
        Ok(())
    }
}
