//! What ICMP errors are to a socket: Linux ends an open that one answers, whichever it is, and names the error by its
//! code. A connection goes on (RFC 9293 section 3.9.2.2); with IP_RECVERR its user is told at once, else when sending
//! again was in vain.

use synfin_host::tcp::State;
use synfin_host::{HostEvent, PacketIn, TcpHandle};
use synfin_wire::Instant;
use synfin_wire::icmp::IcmpMessage;
use synfin_wire::ip::IpPacket;

use super::{Errno, Kernel, Object, Role};
use crate::symbols::{self, SOL_IP, SOL_IPV6};

/// What an ICMP message says went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IcmpReport {
    pub(crate) errno: Errno,
    pub(crate) of_v4: bool,
    pub(crate) kind: u8,
    pub(crate) code: u8,
    /// The MTU of the next link, where it is too small.
    pub(crate) mtu: Option<u32>,
}

impl IcmpReport {
    /// Linux takes the error to last: whoever is connected and sends datagrams is told.
    pub(super) fn is_fatal(&self) -> bool {
        match (self.of_v4, self.kind, self.code) {
            (true, 3, code) => !matches!(code, 0 | 1 | 4 | 5 | 11 | 12),
            (true, kind, _) => kind == 12,
            (false, 1, code) => matches!(code, 1 | 4 | 5 | 6),
            (false, kind, _) => kind == 4,
        }
    }
}

/// The last error of the path, and when it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathError {
    pub(super) errno: Errno,
    at: Instant,
}

impl Kernel {
    /// A packet arrives.
    pub(crate) fn deliver(&mut self, packet: PacketIn) {
        let parsed = IpPacket::parse(packet.bytes.clone(), true).ok();
        let told = parsed.as_ref().and_then(report_of);
        // What the host makes of it shows in what it sends.
        let _ = self.host.handle_packet(packet, self.now);
        if let Some(packet) = &parsed {
            self.take_reply(packet);
            if let Some(report) = told.or_else(|| too_big(packet)) {
                self.datagram_failed(packet, report);
            }
        }
        let Some(told) = told else { return };
        while let Some(event) = self.host.poll_event() {
            if let HostEvent::Tcp { handle, events } = event
                && events.soft_error()
            {
                self.path_failed(handle, told);
            }
            self.note_event(event);
        }
        self.name_refusals(told.errno);
    }

    /// An error that answers a segment in flight.
    fn path_failed(&mut self, handle: TcpHandle, told: IcmpReport) {
        let errno = told.errno;
        let Some(fd) = self.descriptor(handle) else { return };
        if self.state(fd) == State::SynSent
            && let Some(mut socket) = self.host.tcp(handle)
        {
            socket.abort(self.now);
        }
        let (at, opening) = (self.now, self.state(fd) == State::Closed);
        let Ok(file) = self.tcp(fd) else { return };
        let asked = |level, name| symbols::value(name).is_some_and(|name| file.is_set(level, name));
        let (by_v4, by_v6) = (asked(SOL_IP, "IP_RECVERR"), asked(SOL_IPV6, "IPV6_RECVERR"));
        if opening {
            (file.left_error, file.error_told) = (Some(errno), true);
            // Over IPv4 Linux tells it by the error queue as well, asked or not.
            if told.of_v4 || by_v6 {
                file.errors.refused(told);
            }
        } else if by_v4 || by_v6 {
            file.left_error = Some(errno);
        } else {
            file.path_error = Some(PathError { errno, at });
        }
    }

    /// An error that ended an open has a name.
    fn name_refusals(&mut self, errno: Errno) {
        let at = self.now;
        for file in self.files.values_mut() {
            if let Object::Tcp(file) = &mut file.object
                && let Role::Connection(handle) = file.role
                && file.path_error.is_none()
                && let Some(socket) = self.host.tcp(handle)
                && socket.close_reason().is_some()
            {
                file.path_error = Some(PathError { errno, at });
            }
        }
    }

    /// What the peer sends proves that the path is whole again.
    pub(super) fn forget_path_errors(&mut self) {
        for file in self.files.values_mut() {
            if let Object::Tcp(file) = &mut file.object
                && let Role::Connection(handle) = file.role
                && let Some(error) = file.path_error
                && let Some(measures) = self.host.tcp(handle).and_then(|socket| socket.receive_measures())
                && measures.last_heard > error.at
            {
                file.path_error = None;
            }
        }
    }

    /// What SO_ERROR tells of a connection that goes on, and tells once.
    pub(super) fn take_path_error(&mut self, fd: i32) -> Option<Errno> {
        if self.state(fd) == State::Closed {
            return None;
        }
        Some(self.tcp(fd).ok()?.path_error.take()?.errno)
    }

    pub(super) fn descriptor(&self, handle: TcpHandle) -> Option<i32> {
        let is_it =
            |object: &Object| matches!(object, Object::Tcp(file) if file.role == Role::Connection(handle));
        self.files.iter().find(|(_, file)| is_it(&file.object)).map(|(fd, _)| *fd)
    }
}

/// The error that Linux makes of an ICMP message; `None` of one that is none.
fn report_of(packet: &IpPacket) -> Option<IcmpReport> {
    let message = IcmpMessage::parse(packet).ok()?;
    message.quote()?;
    let [kind, code, ..] = packet.payload[..] else { return None };
    let of_v4 = packet.header.is_v4();
    let errno = match (of_v4, kind, code) {
        (true, 3, 0..=15) => unreachable_v4(code),
        (true, 11, 0) | (false, 3, _) => Errno::EHOSTUNREACH,
        (true, 12, _) | (false, 4, _) => Errno::EPROTO,
        (false, 1, _) => unreachable_v6(code),
        _ => return None,
    };
    Some(IcmpReport { errno, of_v4, kind, code, mtu: mtu_of(&message) })
}

/// What the path takes, which over IPv6 is an error of datagrams alone.
fn too_big(packet: &IpPacket) -> Option<IcmpReport> {
    let mtu = mtu_of(&IcmpMessage::parse(packet).ok()?)?;
    Some(IcmpReport {
        errno: Errno::EMSGSIZE,
        of_v4: packet.header.is_v4(),
        kind: 2,
        code: 0,
        mtu: Some(mtu),
    })
}

fn mtu_of(message: &IcmpMessage) -> Option<u32> {
    match message {
        IcmpMessage::PacketTooBig { mtu, .. } => Some(*mtu),
        _ => None,
    }
}

fn unreachable_v4(code: u8) -> Errno {
    match code {
        0 | 6 | 9 | 11 => Errno::ENETUNREACH,
        2 => Errno::ENOPROTOOPT,
        3 => Errno::ECONNREFUSED,
        4 => Errno::EMSGSIZE,
        5 => Errno::EOPNOTSUPP,
        7 => Errno::EHOSTDOWN,
        8 => Errno::ENONET,
        _ => Errno::EHOSTUNREACH,
    }
}

fn unreachable_v6(code: u8) -> Errno {
    match code {
        0 => Errno::ENETUNREACH,
        1 | 5 | 6 => Errno::EACCES,
        2 | 3 => Errno::EHOSTUNREACH,
        4 => Errno::ECONNREFUSED,
        _ => Errno::EPROTO,
    }
}
