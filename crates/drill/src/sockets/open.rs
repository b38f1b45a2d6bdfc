//! socket, bind, listen, accept, connect.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use synfin_host::tcp::{Config, KeepAlive, State};
use synfin_host::{ConnectError, ConnectOptions, FastOpen, ListenError, ListenOptions};

use super::capabilities::CAP_NET_BIND_SERVICE;
use super::datagram::DatagramFile;
use super::error_queue::ErrorQueue;
use super::fast_open::FastOpenFile;
use super::{Errno, File, Kernel, Object, Outcome, Role, Stop, TcpFile, Timeouts};
use crate::symbols::{self, SOL_SOCKET};

// Protocols by their numbers.
const UDP: i64 = 17;
const ICMP: i64 = 1;
const ICMPV6: i64 = 58;
const MPTCP: i64 = 262;
/// The bits of a socket's type that are no flags.
const SOCKET_TYPE: i64 = 0xf;
const SO_REUSEADDR: i64 = 2;
const SO_REUSEPORT: i64 = 15;

impl TcpFile {
    /// Whether an option that is only kept was turned on.
    pub(super) fn is_set(&self, level: i64, name: i64) -> bool {
        self.kept.get(&(level, name)).is_some_and(|value| *value != 0)
    }

    pub(super) fn new(role: Role, config: Config) -> Self {
        Self {
            role,
            bound: None,
            config,
            keep_alive: KeepAlive::default(),
            timeouts: Timeouts::default(),
            linger: None,
            lingers_until: None,
            read_shut: false,
            write_shut: false,
            error_told: false,
            left_error: None,
            path_error: None,
            connect_told: false,
            last_state: State::Closed,
            fast_open: FastOpenFile::default(),
            tells_unread: false,
            urgent_inline: false,
            urgent_was_read: false,
            errors: ErrorQueue::default(),
            rooms: 0,
            arrivals: 0,
            kept: BTreeMap::new(),
        }
    }
}

impl Kernel {
    /// A socket, to be installed under the script's number.
    pub(crate) fn socket(&self, family: Option<i64>, kind: i64, protocol: i64) -> Outcome<File> {
        let ours = if self.is_v6 { symbols::AF_INET6 } else { symbols::AF_INET };
        match family.unwrap_or(ours) {
            family if family == ours => {}
            symbols::AF_INET | symbols::AF_INET6 | symbols::AF_PACKET | symbols::AF_UNIX => {
                return Err(Stop::unsupported("sockets of another family than the script's"));
            }
            _ => return Err(Errno::EAFNOSUPPORT.into()),
        }
        if kind & !(SOCKET_TYPE | symbols::O_NONBLOCK | symbols::SOCK_CLOEXEC) != 0 {
            return Err(Errno::EINVAL.into());
        }
        let object = match (kind & SOCKET_TYPE, protocol) {
            (1, 0 | symbols::SOL_TCP) => self.stream(),
            (2, 0 | UDP) => Object::Datagram(Box::new(DatagramFile::udp())),
            (2, ICMP) if !self.is_v6 => self.echo_socket()?,
            (2, ICMPV6) if self.is_v6 => self.echo_socket()?,
            // A protocol that has no sockets of that type.
            (1 | 2, 1..=255) => return Err(Errno::EPROTONOSUPPORT.into()),
            (1, MPTCP) | (3, _) => return Err(Stop::unsupported("sockets other than TCP's and UDP's")),
            (1..=10, 256..) | (1..=10, ..0) | (11.., _) => return Err(Errno::EINVAL.into()),
            _ => return Err(Errno::ESOCKTNOSUPPORT.into()),
        };
        let mut file = File::new(object);
        file.nonblocking = kind & symbols::O_NONBLOCK != 0;
        file.closes_on_exec = kind & symbols::SOCK_CLOEXEC != 0;
        Ok(file)
    }

    fn stream(&self) -> Object {
        let mut socket = TcpFile::new(Role::Idle, self.defaults.clone());
        socket.keep_alive = self.keep_alive;
        Object::Tcp(Box::new(socket))
    }

    pub(crate) fn bind(&mut self, fd: i32, address: SocketAddr) -> Outcome<i64> {
        if let Object::Datagram(_) = self.object(fd)? {
            return self.bind_datagram(fd, address);
        }
        let file = self.tcp(fd)?;
        if file.bound.is_some() || file.role != Role::Idle {
            return Err(Errno::EINVAL.into());
        }
        if (1..1024).contains(&address.port()) && !self.may(CAP_NET_BIND_SERVICE) {
            return Err(Errno::EACCES.into());
        }
        if self.is_taken(fd, address) {
            return Err(Errno::EADDRINUSE.into());
        }
        self.tcp(fd)?.bound = Some(address);
        Ok(0)
    }

    /// Whether another socket has the address: those that both say SO_REUSEPORT share it, and those that both say
    /// SO_REUSEADDR while neither listens.
    fn is_taken(&self, fd: i32, address: SocketAddr) -> bool {
        let says = |file: &TcpFile, option| file.is_set(SOL_SOCKET, option);
        let Some(File { object: Object::Tcp(new), .. }) = self.files.get(&fd) else { return false };
        self.files.values().any(|other| {
            let Object::Tcp(other) = &other.object else { return false };
            let meets = other.bound.is_some_and(|bound| {
                let (left, right) = (bound.ip(), address.ip());
                bound.port() == address.port()
                    && address.port() != 0
                    && (left == right || left.is_unspecified() || right.is_unspecified())
            });
            let listens = matches!(other.role, Role::Listener(_));
            let shares = says(new, SO_REUSEPORT) && says(other, SO_REUSEPORT)
                || says(new, SO_REUSEADDR) && says(other, SO_REUSEADDR) && !listens;
            meets && !shares
        })
    }

    pub(crate) fn listen(&mut self, fd: i32, backlog: i64) -> Outcome<i64> {
        // Linux keeps one more connection than the backlog says.
        let backlog = usize::try_from(backlog).unwrap_or(usize::MAX).min(self.most_backlog).saturating_add(1);
        let config = Some(self.settings(fd)?);
        let any = SocketAddr::new(self.any.ip(), 0);
        let file = self.tcp(fd)?;
        match file.role {
            Role::Idle => {}
            Role::Listener(_) => return Ok(0),
            Role::Connection(_) => return Err(Errno::EINVAL.into()),
        }
        let local = file.bound.unwrap_or(any);
        let options = ListenOptions {
            backlog,
            config,
            fast_open: file.fast_open.listens(),
            ..ListenOptions::default()
        };
        let shares = file.is_set(SOL_SOCKET, SO_REUSEPORT);
        let listener = self.host.listen(local, options).map_err(|error| match error {
            ListenError::NotOurAddress => Stop::Errno(Errno::EADDRNOTAVAIL),
            ListenError::InUse if shares => Stop::unsupported("two listeners on one port"),
            ListenError::InUse | ListenError::NoFreePort => Stop::Errno(Errno::EADDRINUSE),
        })?;
        self.tcp(fd)?.role = Role::Listener(listener);
        Ok(0)
    }

    /// The next connection, and whose it is.
    pub(crate) fn accept(&mut self, fd: i32) -> Outcome<(File, SocketAddr)> {
        let Role::Listener(listener) = self.tcp(fd)?.role else { return Err(Errno::EINVAL.into()) };
        let Some(accepted) = self.host.accept(listener) else {
            return Err(self.wait_or(fd, Errno::EAGAIN));
        };
        let listening = self.tcp(fd)?;
        let mut file = TcpFile::new(Role::Connection(accepted.handle), listening.config.clone());
        file.kept = listening.kept.clone();
        file.bound = listening.bound;
        file.keep_alive = listening.keep_alive;
        file.timeouts = listening.timeouts;
        file.tells_unread = listening.tells_unread;
        file.last_state = State::Established;
        file.connect_told = true;
        Ok((File::new(Object::Tcp(Box::new(file))), accepted.remote))
    }

    pub(crate) fn connect(&mut self, fd: i32, remote: SocketAddr) -> Outcome<i64> {
        if let Object::Datagram(_) = self.object(fd)? {
            return self.connect_datagram(fd, remote);
        }
        let file = self.tcp(fd)?;
        let (way, put_off) = (file.fast_open.connects(), file.fast_open.put_off.is_some());
        let role = file.role;
        match role {
            Role::Listener(_) => return Err(Errno::EISCONN.into()),
            Role::Connection(_) => return self.connect_again(fd),
            Role::Idle if put_off => return Err(Errno::EISCONN.into()),
            Role::Idle if way != FastOpen::Off && self.put_connect_off(fd, remote)? => return Ok(0),
            Role::Idle => {}
        }
        self.start_connecting(fd, remote, way)?;
        Err(self.wait_or(fd, Errno::EINPROGRESS))
    }

    /// A connect to an address of this family that is none.
    pub(crate) fn connect_family(&mut self, fd: i32, family: i64) -> Outcome<i64> {
        let ours = if self.is_v6 { symbols::AF_INET6 } else { symbols::AF_INET };
        let state = self.state(fd);
        let wrong_family = match self.object(fd)? {
            _ if family == symbols::AF_UNSPEC => return self.dissolve(fd),
            Object::Tcp(file) => match file.role {
                Role::Connection(_) if file.is_connecting(state) => Errno::EALREADY,
                Role::Connection(_) | Role::Listener(_) => Errno::EISCONN,
                Role::Idle => Errno::EAFNOSUPPORT,
            },
            _ => Errno::EAFNOSUPPORT,
        };
        if family == ours && wrong_family == Errno::EAFNOSUPPORT {
            return Err(Stop::unsupported("connecting to no address"));
        }
        Err(wrong_family.into())
    }

    /// A connect to AF_UNSPEC: what the socket was used for is over.
    pub(crate) fn dissolve(&mut self, fd: i32) -> Outcome<i64> {
        if let Object::Datagram(socket) = self.object(fd)? {
            socket.disconnect();
            return Ok(0);
        }
        let file = self.tcp(fd)?;
        file.fast_open.put_off = None;
        if let Role::Listener(listener) = file.role {
            self.host.close_listener(listener, self.now);
        }
        let goes_on = matches!(
            self.state(fd),
            State::SynSent
                | State::SynReceived
                | State::Established
                | State::FinWait1
                | State::FinWait2
                | State::CloseWait
        );
        self.disconnect(fd, goes_on.then_some(Errno::ECONNRESET))
    }

    /// A connection ends without its FIN, or an open fails, and the descriptor is as it was before.
    pub(super) fn disconnect(&mut self, fd: i32, left: Option<Errno>) -> Outcome<i64> {
        let now = self.now;
        if let Some(mut socket) = self.connection(fd).and_then(|handle| self.host.tcp(handle)) {
            socket.abort(now);
            socket.release(now);
        }
        let file = self.tcp(fd)?;
        (file.role, file.left_error) = (Role::Idle, left);
        (file.read_shut, file.write_shut) = (false, false);
        Ok(0)
    }

    /// How a socket connects.
    pub(super) fn connect_options(&mut self, fd: i32) -> Outcome<ConnectOptions> {
        let config = Some(self.settings(fd)?);
        let file = self.tcp(fd)?;
        let fast_open = file.fast_open.connects();
        Ok(ConnectOptions { local: file.bound, config, fast_open, ..ConnectOptions::default() })
    }

    /// Makes a connection whose SYN goes out next.
    pub(super) fn start_connecting(
        &mut self,
        fd: i32,
        remote: SocketAddr,
        fast_open: FastOpen,
    ) -> Outcome<()> {
        let options = ConnectOptions { fast_open, ..self.connect_options(fd)? };
        let now = self.now;
        let handle = self.host.connect(remote, options, now).map_err(|error| match error {
            ConnectError::InvalidRemote | ConnectError::NoAddress | ConnectError::NoRoute => {
                Errno::ENETUNREACH
            }
            ConnectError::NotOurAddress | ConnectError::InUse | ConnectError::NoFreePort => {
                Errno::EADDRNOTAVAIL
            }
            ConnectError::TooMany => Errno::ENOBUFS,
        })?;
        let file = self.tcp(fd)?;
        file.role = Role::Connection(handle);
        file.last_state = State::SynSent;
        (file.error_told, file.connect_told, file.left_error) = (false, false, None);
        Ok(())
    }

    /// A connect that goes on, or that is made again.
    fn connect_again(&mut self, fd: i32) -> Outcome<i64> {
        match self.state(fd) {
            State::SynSent | State::SynReceived => Err(self.wait_or(fd, Errno::EALREADY)),
            // Linux forgets only a failed open: what was connected once stays so.
            State::Closed if self.tcp(fd)?.connect_told => Err(Errno::EISCONN.into()),
            State::Closed => {
                let errno = self.take_error(fd).unwrap_or(Errno::ECONNABORTED);
                self.tcp(fd)?.role = Role::Idle;
                Err(errno.into())
            }
            _ if self.tcp(fd)?.connect_told => Err(Errno::EISCONN.into()),
            _ => {
                self.tcp(fd)?.connect_told = true;
                Ok(0)
            }
        }
    }

    /// Blocks, or fails where the socket does not block.
    pub(super) fn wait_or(&self, fd: i32, errno: Errno) -> Stop {
        if self.is_nonblocking(fd) { Stop::Errno(errno) } else { Stop::BLOCK }
    }
}
