//! The sockets that there are, for who asks from outside.

use std::net::SocketAddr;

use synfin_host::tcp::State;

use super::descriptors::{SIOCINQ, SIOCOUTQ};
use super::{Kernel, Object, Role};
use crate::shell::SocketLine;

/// One of those that Linux gives out.
const RESERVED_PORT: u16 = 40_001;

impl Kernel {
    /// All of TCP, as `ss` tells of them; `None` when some have no descriptor, and nothing is known of those.
    pub(super) fn census(&mut self) -> Option<Vec<SocketLine>> {
        let of_tcp = |(fd, file): (&i32, &super::File)| match &file.object {
            Object::Tcp(tcp) if !matches!(tcp.role, Role::Idle) => Some(*fd),
            _ => None,
        };
        let fds: Vec<i32> = self.files.iter().filter_map(of_tcp).collect();
        if self.has_orphans || fds.iter().any(|fd| self.waiting(*fd).is_some_and(|(waiting, _)| waiting > 0))
        {
            return None;
        }
        let reserved = self.reserved();
        [Some(reserved)].into_iter().chain(fds.into_iter().map(|fd| self.line(fd))).collect()
    }

    /// Stock packetdrill keeps the port of the script's side for itself by listening on it.
    fn reserved(&self) -> SocketLine {
        SocketLine {
            state: "LISTEN",
            unread: 0,
            unacknowledged: 100,
            local: SocketAddr::new(self.any.ip(), RESERVED_PORT),
            remote: None,
            congestion: "cubic",
            info: vec![("tcpi_snd_cwnd", 10)],
        }
    }

    /// What waits to be accepted, and how much may.
    fn waiting(&mut self, fd: i32) -> Option<(usize, usize)> {
        let Role::Listener(listener) = self.tcp(fd).ok()?.role else { return None };
        self.host.accept_queue(listener)
    }

    fn line(&mut self, fd: i32) -> Option<SocketLine> {
        let (local, remote) = match self.tcp(fd).ok()?.role {
            Role::Connection(handle) => {
                let socket = self.host.tcp(handle)?;
                (socket.local_addr(), Some(socket.remote_addr()))
            }
            _ => (self.listens_at(fd)?, None),
        };
        let (unread, unacknowledged) = match self.waiting(fd) {
            // Linux keeps one more connection than the backlog says.
            Some((waiting, most)) => (waiting as i64, most as i64 - 1),
            None => (self.ioctl(fd, SIOCINQ, None).unwrap_or(0), self.ioctl(fd, SIOCOUTQ, None).unwrap_or(0)),
        };
        let state = if remote.is_some() { state(self.state(fd)) } else { "LISTEN" };
        let unacknowledged = if state == "SYN-SENT" { 1 } else { unacknowledged };
        let congestion = self.congestion(fd).ok()?;
        Some(SocketLine {
            state,
            unread,
            unacknowledged,
            local,
            remote,
            congestion,
            info: self.tcp_info(fd)?,
        })
    }

    fn listens_at(&mut self, fd: i32) -> Option<SocketAddr> {
        let bound = self.tcp(fd).ok()?.bound?;
        // Stock packetdrill binds to the address of the device.
        let device = self.host.config().addresses.first().map(|(address, _)| *address);
        let address = device.filter(|_| bound == self.any).unwrap_or_else(|| bound.ip());
        Some(SocketAddr::new(address, bound.port()))
    }
}

/// The names that `ss` has for states.
fn state(state: State) -> &'static str {
    match state {
        State::Closed => "UNCONN",
        State::Listen => "LISTEN",
        State::SynSent => "SYN-SENT",
        State::SynReceived => "SYN-RECV",
        State::Established => "ESTAB",
        State::FinWait1 => "FIN-WAIT-1",
        State::FinWait2 => "FIN-WAIT-2",
        State::CloseWait => "CLOSE-WAIT",
        State::Closing => "CLOSING",
        State::LastAck => "LAST-ACK",
        State::TimeWait => "TIME-WAIT",
    }
}
