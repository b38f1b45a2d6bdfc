//! Sockets that send and receive datagrams: UDP's, and those that ask for echoes and get the replies (Linux's "ping"
//! sockets, which the host has no part in).
//!
//! A datagram is no more than how long it is: its octets are zeros, like those of a script's buffers.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use synfin_host::{BindError, SendToError, UdpHandle};
use synfin_wire::icmp::{IcmpMessage, QuotedPacket};
use synfin_wire::ip::IpPacket;
use synfin_wire::{IpHeader, IpProtocol};

use super::path_errors::IcmpReport;
use super::transfer::zeros;
use super::{Errno, Kernel, Object, Outcome, Stop, Timeouts};
use crate::packet::{behind_ip, datagram, icmp};
use crate::symbols::{
    AF_INET, AF_INET6, AF_UNSPEC, MSG_DONTWAIT, MSG_ERRQUEUE, MSG_MORE, MSG_OOB, MSG_PEEK, MSG_TRUNC,
    POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM, POLLWRNORM,
};

mod options;

/// The most that one call may send, whatever carries it: the length of UDP has 16 bits.
const LONGEST: usize = 0xffff;
const UDP_HEADER: usize = 8;
/// The header of an echo, which is part of what is sent and received.
const ECHO_HEADER: usize = 8;
/// The identifier of the first socket that was given none.
const FIRST_IDENTIFIER: u16 = 0x4000;

/// What a socket sends and receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carries {
    /// Datagrams, from the port that the host has bound.
    Udp(Option<UdpHandle>),
    /// Echoes, with this identifier.
    Echoes(Option<u16>),
}

/// A socket.
#[derive(Debug)]
pub(crate) struct DatagramFile {
    carries: Carries,
    /// It was bound by its user.
    is_bound: bool,
    /// Whom it is connected to.
    remote: Option<SocketAddr>,
    /// What MSG_MORE or UDP_CORK holds back.
    held: Option<usize>,
    is_corked: bool,
    /// The lengths of what has come and was not read.
    queue: VecDeque<usize>,
    /// The error that the next call is told.
    error: Option<Errno>,
    reports: VecDeque<IcmpReport>,
    read_shut: bool,
    write_shut: bool,
    pub(super) timeouts: Timeouts,
    hop_limit: Option<u8>,
    tos: u8,
    /// The MTU of the path, once a router has told it.
    path_mtu: Option<usize>,
    /// SO_SNDBUF and SO_RCVBUF.
    buffers: (i64, i64),
    /// Options that are kept to be read back.
    kept: BTreeMap<(i64, i64), i64>,
}

/// What was read of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// What the call returns.
    pub(crate) octets: i64,
    /// There was more of it, which is gone.
    pub(crate) is_cut: bool,
}

/// Linux's net.core.rmem_default and wmem_default, octets.
const USUAL_BUFFER: i64 = 212_992;

impl DatagramFile {
    pub(super) fn udp() -> Self {
        Self::new(Carries::Udp(None))
    }

    fn new(carries: Carries) -> Self {
        Self {
            carries,
            is_bound: false,
            remote: None,
            held: None,
            is_corked: false,
            queue: VecDeque::new(),
            error: None,
            reports: VecDeque::new(),
            read_shut: false,
            write_shut: false,
            timeouts: Timeouts::default(),
            hop_limit: None,
            tos: 0,
            path_mtu: None,
            buffers: (USUAL_BUFFER, USUAL_BUFFER),
            kept: BTreeMap::new(),
        }
    }

    pub(super) const fn protocol(&self) -> IpProtocol {
        match self.carries {
            Carries::Udp(_) => IpProtocol::UDP,
            Carries::Echoes(_) => IpProtocol::ICMP,
        }
    }

    /// SIOCINQ: the length of the datagram that a read takes.
    pub(super) fn next_octets(&self) -> i64 {
        self.queue.front().map_or(0, |len| *len as i64)
    }

    pub(super) fn disconnect(&mut self) {
        self.remote = None;
    }

    pub(super) fn shutdown(&mut self, reads: bool, writes: bool) -> Outcome<i64> {
        self.read_shut |= reads;
        self.write_shut |= writes;
        // Linux does it, and says that it cannot.
        if self.remote.is_none() { Err(Errno::ENOTCONN.into()) } else { Ok(0) }
    }

    /// What the socket is ready for, as Linux's datagram_poll has it.
    pub(super) fn readiness(&self) -> i64 {
        let flag = |is_set, bits| if is_set { bits } else { 0 };
        POLLOUT
            | POLLWRNORM
            | flag(self.error.is_some() || !self.reports.is_empty(), POLLERR)
            | flag(self.read_shut, POLLIN | POLLRDNORM | POLLRDHUP)
            | flag(self.read_shut && self.write_shut, POLLHUP)
            | flag(!self.queue.is_empty(), POLLIN | POLLRDNORM)
    }
}

impl Kernel {
    /// A socket for echoes, which `ping_group_range` allows to groups; the process is in group 0.
    pub(super) fn echo_socket(&self) -> Outcome<Object> {
        let range = self.values.get("ping_group_range").map_or("1 0", String::as_str);
        let mut groups = range.split_whitespace().map(str::parse::<u32>);
        let allowed = matches!((groups.next(), groups.next()), (Some(Ok(0)), Some(Ok(_))));
        if !allowed {
            return Err(Errno::EACCES.into());
        }
        Ok(Object::Datagram(Box::new(DatagramFile::new(Carries::Echoes(None)))))
    }

    fn datagram(&mut self, fd: i32) -> Outcome<&mut DatagramFile> {
        match self.object(fd)? {
            Object::Datagram(socket) => Ok(socket),
            _ => Err(Errno::EINVAL.into()),
        }
    }

    pub(super) fn bind_datagram(&mut self, fd: i32, address: SocketAddr) -> Outcome<i64> {
        let socket = self.datagram(fd)?;
        match socket.carries {
            Carries::Udp(Some(_)) | Carries::Echoes(Some(_)) => return Err(Errno::EINVAL.into()),
            Carries::Echoes(None) => socket.carries = Carries::Echoes(Some(address.port())),
            Carries::Udp(None) => {
                let handle = self.host.udp_bind(address).map_err(|error| match error {
                    BindError::InUse | BindError::NoFreePort => Errno::EADDRINUSE,
                    BindError::NotOurAddress => Errno::EADDRNOTAVAIL,
                })?;
                self.datagram(fd)?.carries = Carries::Udp(Some(handle));
            }
        }
        self.datagram(fd)?.is_bound = true;
        Ok(0)
    }

    /// Binds a socket that its user has not bound.
    fn bind_to_any(&mut self, fd: i32) -> Outcome<()> {
        match self.datagram(fd)?.carries {
            Carries::Udp(Some(_)) | Carries::Echoes(Some(_)) => {}
            Carries::Udp(None) => {
                let any = SocketAddr::new(self.any.ip(), 0);
                let handle = self.host.udp_bind(any).map_err(|_| Errno::EAGAIN)?;
                self.datagram(fd)?.carries = Carries::Udp(Some(handle));
            }
            Carries::Echoes(None) => {
                let identifier = FIRST_IDENTIFIER + u16::try_from(fd).unwrap_or(0);
                self.datagram(fd)?.carries = Carries::Echoes(Some(identifier));
            }
        }
        Ok(())
    }

    pub(super) fn connect_datagram(&mut self, fd: i32, remote: SocketAddr) -> Outcome<i64> {
        self.bind_to_any(fd)?;
        self.datagram(fd)?.remote = Some(remote);
        Ok(0)
    }

    pub(super) fn close_datagram(&mut self, socket: &DatagramFile) {
        if let Carries::Udp(Some(handle)) = socket.carries {
            self.host.udp_close(handle);
        }
    }

    /// Sends a datagram, or holds it back until there is more; `to` is whom a call names.
    pub(crate) fn send_datagram(
        &mut self,
        fd: i32,
        len: usize,
        flags: i64,
        to: Option<SocketAddr>,
    ) -> Outcome<i64> {
        if len > LONGEST {
            return Err(Errno::EMSGSIZE.into());
        }
        let socket = self.datagram(fd)?;
        let is_udp = matches!(socket.carries, Carries::Udp(_));
        if flags & MSG_OOB != 0 {
            return Err(Errno::EOPNOTSUPP.into());
        }
        if !is_udp && len < ECHO_HEADER {
            return Err(Errno::EINVAL.into());
        }
        let remote = to.or(socket.remote).ok_or(Errno::EDESTADDRREQ)?;
        let whole = socket.held.unwrap_or(0) + len;
        let headers = if remote.is_ipv4() { 20 } else { 40 };
        let behind_ip = whole + if is_udp { UDP_HEADER } else { 0 };
        let most = if remote.is_ipv4() { LONGEST - headers } else { LONGEST };
        if behind_ip > most || self.must_not_fragment(fd)? && behind_ip + headers > self.mtu_of(fd)? {
            return Err(Errno::EMSGSIZE.into());
        }
        let socket = self.datagram(fd)?;
        if let Some(errno) = socket.error.take() {
            return Err(errno.into());
        }
        if socket.write_shut {
            return Err(Errno::EPIPE.into());
        }
        self.bind_to_any(fd)?;
        let socket = self.datagram(fd)?;
        if is_udp && (flags & MSG_MORE != 0 || socket.is_corked) {
            socket.held = Some(whole);
            return Ok(len as i64);
        }
        socket.held = None;
        self.emit(fd, whole, remote)?;
        Ok(len as i64)
    }

    /// The same, of a call that names the peer, or an address of that family that is none.
    pub(crate) fn send_to(&mut self, fd: i32, len: usize, flags: i64, family: Option<i64>) -> Outcome<i64> {
        let ours = if self.is_v6 { AF_INET6 } else { AF_INET };
        match family {
            None => self.send_datagram(fd, len, flags, Some(self.peer)),
            Some(AF_UNSPEC) if self.is_v6 => self.send_datagram(fd, len, flags, None),
            // An address without a port.
            Some(family) if family == ours || matches!(family, AF_UNSPEC | AF_INET) => {
                Err(Errno::EINVAL.into())
            }
            Some(_) if self.is_v6 => Err(Errno::EINVAL.into()),
            Some(_) => Err(Errno::EAFNOSUPPORT.into()),
        }
    }

    /// UDP_CORK is off: what it has held back leaves.
    fn uncork(&mut self, fd: i32) -> Outcome<()> {
        let socket = self.datagram(fd)?;
        socket.is_corked = false;
        match (socket.held.take(), socket.remote) {
            (Some(whole), Some(remote)) => self.emit(fd, whole, remote),
            _ => Ok(()),
        }
    }

    fn emit(&mut self, fd: i32, len: usize, remote: SocketAddr) -> Outcome<()> {
        let now = self.now;
        let socket = self.datagram(fd)?;
        let (hop_limit, tos) = (socket.hop_limit, socket.tos);
        match socket.carries {
            Carries::Udp(Some(handle)) => {
                self.host.udp_set_header(handle, hop_limit, tos);
                self.host.udp_send_to(handle, zeros(len), remote, now).map_err(|error| match error {
                    SendToError::TooLong => Errno::EMSGSIZE,
                    SendToError::NoRoute | SendToError::NoAddress => Errno::ENETUNREACH,
                    SendToError::WouldBlock => Errno::ENOBUFS,
                    SendToError::InvalidRemote | SendToError::Closed => Errno::EINVAL,
                })?;
            }
            Carries::Echoes(Some(identifier)) => {
                let echo = self.echo(identifier, len, remote.ip(), (hop_limit, tos));
                self.outbox.push_back(echo);
            }
            Carries::Udp(None) | Carries::Echoes(None) => {}
        }
        Ok(())
    }

    /// A request for an echo of so many octets, header and all.
    fn echo(&self, identifier: u16, len: usize, remote: IpAddr, (hop_limit, tos): (Option<u8>, u8)) -> Bytes {
        let ours = |address: &&(IpAddr, u8)| address.0.is_ipv4() == remote.is_ipv4();
        let local = self.host.config().addresses.iter().find(ours).map_or(remote, |(address, _)| *address);
        let protocol = if remote.is_ipv4() { IpProtocol::ICMP } else { IpProtocol::ICMPV6 };
        let mut ip = IpHeader::new(local, remote, protocol);
        ip.hop_limit = hop_limit.unwrap_or(self.host.config().hop_limit);
        ip.dscp = tos >> 2;
        behind_ip(&ip, &icmp::echo_request(&ip, identifier, len))
    }

    /// Takes a datagram; of one that is longer than `len` the rest is gone.
    pub(crate) fn receive_datagram(&mut self, fd: i32, len: usize, flags: i64) -> Outcome<Taken> {
        let returns = self.is_nonblocking(fd) || flags & MSG_DONTWAIT != 0;
        let socket = self.datagram(fd)?;
        if flags & MSG_ERRQUEUE != 0 {
            return Err(Errno::EAGAIN.into());
        }
        if let Some(errno) = socket.error.take() {
            return Err(errno.into());
        }
        let next = match flags & MSG_PEEK != 0 {
            true => socket.queue.front().copied(),
            false => socket.queue.pop_front(),
        };
        match next {
            Some(whole) => {
                let octets = if flags & MSG_TRUNC != 0 { whole } else { whole.min(len) };
                Ok(Taken { octets: octets as i64, is_cut: whole > len })
            }
            None if socket.read_shut => Ok(Taken { octets: 0, is_cut: false }),
            None if returns => Err(Errno::EAGAIN.into()),
            None => Err(Stop::BLOCK),
        }
    }

    /// Moves what the host has received to the sockets that it is for.
    pub(super) fn take_datagrams(&mut self) {
        for file in self.files.values_mut() {
            let Object::Datagram(socket) = &mut file.object else { continue };
            let Carries::Udp(Some(handle)) = socket.carries else { continue };
            while let Some(datagram) = self.host.udp_receive_from(handle) {
                if socket.remote.is_none_or(|remote| remote == datagram.remote) {
                    socket.queue.push_back(datagram.payload.len());
                }
            }
        }
    }

    /// A packet has arrived: an echo's reply is for the socket that has asked for it.
    pub(super) fn take_reply(&mut self, packet: &IpPacket) {
        let Some((identifier, len)) = datagram::echo_reply(packet) else { return };
        for file in self.files.values_mut() {
            if let Object::Datagram(socket) = &mut file.object
                && socket.carries == Carries::Echoes(Some(identifier))
            {
                socket.queue.push_back(len);
            }
        }
    }

    /// An ICMP error that answers a datagram: told where the socket is connected and the error is one that stays, or
    /// where it has asked for all of them (RFC 1122 section 4.1.3.3).
    pub(super) fn datagram_failed(&mut self, packet: &IpPacket, report: IcmpReport) {
        let Some(quoted) = quoted_datagram(packet) else { return };
        for file in self.files.values_mut() {
            let Object::Datagram(socket) = &mut file.object else { continue };
            let Carries::Udp(Some(handle)) = socket.carries else { continue };
            let remote = SocketAddr::new(quoted.destination, quoted.destination_port);
            let is_its = self.host.udp_addr(handle).is_some_and(|local| local.port() == quoted.source_port)
                && socket.remote.is_none_or(|known| known == remote);
            if is_its {
                socket.failed(report);
            }
        }
    }
}

impl DatagramFile {
    fn failed(&mut self, report: IcmpReport) {
        let mut stays = report.is_fatal();
        if report.errno == Errno::EMSGSIZE {
            self.path_mtu = report.mtu.map(|mtu| mtu as usize).or(self.path_mtu);
            if !self.discovers_mtu() {
                return;
            }
            stays = true;
        }
        if self.wants_errors() {
            self.reports.push_back(report);
        } else if !stays || self.remote.is_none() {
            return;
        }
        self.error = Some(report.errno);
    }

    /// The next of the errors that IP_RECVERR asks for.
    pub(super) fn next_report(&mut self) -> Option<IcmpReport> {
        let report = self.reports.pop_front()?;
        // Reading the queue clears the error that goes with it, or brings the next one.
        self.error = self.reports.front().map(|next| next.errno);
        Some(report)
    }
}

fn quoted_datagram(packet: &IpPacket) -> Option<QuotedPacket> {
    let message = IcmpMessage::parse(packet).ok()?;
    QuotedPacket::parse(message.quote()?).filter(|quoted| quoted.protocol == IpProtocol::UDP)
}
