//! Linux's socket calls over a [`Host`].
//!
//! In: one call at a time, at a moment of virtual time. Out: what it returns and sets, or that it would
//! block. A call that blocks is made again whenever something has happened; see [`Stop::Block`]. Nothing
//! here knows a packet. A setting that the stack has no answer to is noted in [`Kernel::unheeded`], so that
//! a script that asked for it is never said to have passed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use synfin_host::tcp::{Config, KeepAlive, State};
use synfin_host::{Host, HostEvent, ListenerHandle, TcpHandle};
use synfin_wire::{Instant, IpProtocol, Mss};

mod answers;
mod capabilities;
mod census;
mod datagram;
mod descriptors;
mod errno;
mod error_queue;
mod fast_open;
mod files;
mod info;
mod open;
mod option_table;
mod options;
mod path_errors;
mod patience;
mod readiness;
mod signature;
mod transfer;
mod urgent;

use crate::shell;
use crate::sysctl::Settings;

pub(crate) use errno::Errno;
pub(crate) use error_queue::Report;
pub(crate) use info::TcpInfo;
pub(crate) use patience::{Timeouts, Wait, retransmission_patience, retries_of, syn_patience};
pub(crate) use readiness::{EpollEvent, PollRequest};

/// Why a call has not returned a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It failed.
    Errno(Errno),
    /// It waits; `until` is when it returns in any case.
    Block { until: Option<Instant> },
    /// The stack, or this runner, does not have it.
    Unsupported(String),
}

impl Stop {
    /// Waits for as long as it takes.
    const BLOCK: Self = Self::Block { until: None };

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

pub(crate) type Outcome<T> = Result<T, Stop>;

/// What a descriptor stands for, and how it is used.
#[derive(Debug)]
pub(crate) struct File {
    object: Object,
    /// O_RDONLY, O_WRONLY or O_RDWR.
    access: i64,
    nonblocking: bool,
    /// O_APPEND, which is only ever read back.
    appends: bool,
    /// FD_CLOEXEC, which is only ever read back.
    closes_on_exec: bool,
    /// Another descriptor stands for the same, and closing this one does not end it.
    has_twin: bool,
    /// Who is told of readiness by a signal, and by which; both are only ever read back.
    owner: i64,
    signal: i64,
}

/// What there is behind a descriptor.
#[derive(Debug)]
pub(crate) enum Object {
    Tcp(Box<TcpFile>),
    /// A socket of UDP, or one that asks for echoes.
    Datagram(Box<datagram::DatagramFile>),
    Epoll(readiness::Epoll),
    Plain(files::Plain),
    /// An end of the pipe of that number.
    Pipe {
        pipe: usize,
        end: files::PipeEnd,
    },
}

impl File {
    fn new(object: Object) -> Self {
        Self {
            access: object.access(),
            object,
            nonblocking: false,
            appends: false,
            closes_on_exec: false,
            has_twin: false,
            owner: 0,
            signal: 0,
        }
    }

    /// What a packet of the script's must carry to be one of this socket's; `None` of what is no socket.
    pub(crate) fn protocol(&self) -> Option<IpProtocol> {
        match &self.object {
            Object::Tcp(_) => Some(IpProtocol::TCP),
            Object::Datagram(socket) => Some(socket.protocol()),
            Object::Epoll(_) | Object::Plain(_) | Object::Pipe { .. } => None,
        }
    }
}

/// A TCP socket.
#[derive(Debug)]
pub(crate) struct TcpFile {
    pub(crate) role: Role,
    bound: Option<SocketAddr>,
    /// The settings that a connection or listener made of it gets.
    config: Config,
    keep_alive: KeepAlive,
    /// SO_RCVTIMEO and SO_SNDTIMEO: how long a call waits at the most.
    timeouts: Timeouts,
    /// SO_LINGER: how long closing waits for the peer's acknowledgment; with zero it resets.
    linger: Option<Duration>,
    /// Closing waits until then.
    lingers_until: Option<Instant>,
    /// The user reads no more.
    read_shut: bool,
    /// The user writes no more.
    write_shut: bool,
    /// The error of the connection's end was told.
    error_told: bool,
    /// The error of an open that was shut down, until it is told.
    left_error: Option<Errno>,
    /// The last ICMP error, while the peer has not been heard since.
    path_error: Option<path_errors::PathError>,
    /// A connect that did not block was told to have succeeded.
    connect_told: bool,
    /// The last state before CLOSED.
    last_state: State,
    fast_open: fast_open::FastOpenFile,
    /// TCP_INQ: how much is left comes with what is read.
    tells_unread: bool,
    /// SO_OOBINLINE: urgent data is read with the rest.
    urgent_inline: bool,
    /// MSG_OOB has had what is urgent.
    urgent_was_read: bool,
    errors: error_queue::ErrorQueue,
    /// How often there was room again for a writer who had found none.
    rooms: u64,
    /// How often text came, and there was enough of it to be read.
    arrivals: u64,
    /// Options that are kept to be read back.
    kept: BTreeMap<(i64, i64), i64>,
}

/// What a TCP socket is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing yet, or no longer.
    Idle,
    Listener(ListenerHandle),
    Connection(TcpHandle),
}

/// The host, the present, and the descriptors of the one process that runs on it.
#[derive(Debug)]
pub(crate) struct Kernel {
    pub(crate) host: Host,
    pub(crate) now: Instant,
    /// What `...` means for `connect`.
    pub(crate) peer: SocketAddr,
    /// What `...` means for `bind`.
    pub(crate) any: SocketAddr,
    /// Sockets are of IPv6, whatever packets are.
    pub(crate) is_v6: bool,
    /// The settings of new sockets.
    pub(crate) defaults: Config,
    /// What SO_KEEPALIVE turns on for new sockets.
    pub(crate) keep_alive: KeepAlive,
    /// No backlog is longer.
    pub(crate) most_backlog: usize,
    /// The capabilities that the process has not.
    lacking: BTreeSet<i64>,
    /// What was asked for and had no effect.
    pub(crate) unheeded: BTreeSet<String>,
    files: BTreeMap<i32, File>,
    /// The files that commands have made, with their lengths.
    pub(crate) disk: BTreeMap<String, usize>,
    /// What commands have set sysctls to.
    values: BTreeMap<String, String>,
    /// There are connections whose descriptors were closed.
    has_orphans: bool,
    /// How many octets each pipe holds.
    pipes: Vec<usize>,
    /// Packets of sockets that the host knows nothing of.
    pub(crate) outbox: VecDeque<Bytes>,
}

impl Kernel {
    /// On a host that is set up as `settings` say.
    pub(crate) fn new(
        host: Host,
        now: Instant,
        local_port: u16,
        peer: SocketAddr,
        settings: Settings,
    ) -> Self {
        let any: IpAddr = match peer {
            SocketAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
        };
        let any = SocketAddr::new(any, local_port);
        Self {
            host,
            now,
            peer,
            any,
            is_v6: any.is_ipv6(),
            defaults: settings.tcp,
            keep_alive: settings.keep_alive,
            most_backlog: settings.most_backlog,
            lacking: BTreeSet::new(),
            unheeded: BTreeSet::new(),
            files: BTreeMap::new(),
            disk: settings.files,
            values: settings.values,
            has_orphans: false,
            pipes: Vec::new(),
            outbox: VecDeque::new(),
        }
    }

    /// What a command sets is in force from now on. Returns the status that it ends with, and how long it takes.
    pub(crate) fn configure(&mut self, command: &str) -> (u8, Duration) {
        let mut settings = Settings::of(self.host.config());
        settings.tcp = self.defaults.clone();
        (settings.keep_alive, settings.most_backlog) = (self.keep_alive, self.most_backlog);
        settings.files = std::mem::take(&mut self.disk);
        settings.values = std::mem::take(&mut self.values);
        settings.sockets = self.census();
        let ending = shell::run(command, &mut settings);
        for what in ending.unheeded {
            self.unheed(what);
        }
        if settings.tcp.mss != self.defaults.mss {
            self.route_takes(settings.tcp.mss);
        }
        self.defaults = settings.tcp;
        (self.keep_alive, self.most_backlog) = (settings.keep_alive, settings.most_backlog);
        (self.disk, self.values) = (settings.files, settings.values);
        self.host.set_fast_open(settings.fast_open);
        self.host.set_syn_cookies(settings.syn_cookies);
        if settings.forgets_peers {
            self.host.forget_fast_open_peers();
        }
        (ending.status, settings.sleeps)
    }

    /// The route's MTU has changed, which connections notice.
    fn route_takes(&mut self, mss: Mss) {
        for file in self.files.values() {
            if let Object::Tcp(file) = &file.object
                && let Role::Connection(handle) = file.role
                && let Some(mut socket) = self.host.tcp(handle)
            {
                socket.set_mss(mss);
            }
        }
    }

    /// Gives a new file the number that the script calls it by; false when that is taken.
    pub(crate) fn install(&mut self, fd: i32, file: File) -> bool {
        let free = fd >= 0 && !self.files.contains_key(&fd);
        if free {
            self.files.insert(fd, file);
        }
        free
    }

    /// The same for a file that `accept` returns: a script may give it a number that is in use, and cannot call the file
    /// that had it any more. That one stays open.
    pub(crate) fn install_accepted(&mut self, fd: i32, file: File) -> bool {
        if let Some(hidden) = self.files.insert(fd, file) {
            self.hide(hidden);
        }
        fd >= 0
    }

    /// Keeps a file open that no descriptor of the script's stands for.
    fn hide(&mut self, file: File) {
        let lowest = self.files.keys().next().copied().unwrap_or(0).min(0);
        self.files.insert(lowest - 1, file);
    }

    /// Takes note of what a script asked for in vain.
    pub(crate) fn unheed(&mut self, what: impl Into<String>) {
        self.unheeded.insert(what.into());
    }

    fn file(&mut self, fd: i32) -> Result<&mut File, Errno> {
        self.files.get_mut(&fd).ok_or(Errno::EBADF)
    }

    /// There is a file under this number.
    pub(crate) fn knows(&self, fd: i32) -> bool {
        self.files.contains_key(&fd)
    }

    pub(crate) fn is_socket(&self, fd: i32) -> bool {
        self.files.get(&fd).is_some_and(|file| file.protocol().is_some())
    }

    /// It is a socket of TCP.
    pub(crate) fn is_stream(&self, fd: i32) -> bool {
        matches!(self.files.get(&fd), Some(File { object: Object::Tcp(_), .. }))
    }

    fn object(&mut self, fd: i32) -> Result<&mut Object, Errno> {
        Ok(&mut self.file(fd)?.object)
    }

    fn tcp(&mut self, fd: i32) -> Outcome<&mut TcpFile> {
        match self.object(fd)? {
            Object::Tcp(file) => Ok(file),
            Object::Datagram(_) => Err(Errno::EOPNOTSUPP.into()),
            Object::Epoll(_) | Object::Plain(_) | Object::Pipe { .. } => Err(Errno::ENOTSOCK.into()),
        }
    }

    /// The connection of a descriptor.
    pub(crate) fn connection(&self, fd: i32) -> Option<TcpHandle> {
        match &self.files.get(&fd)?.object {
            Object::Tcp(file) => match file.role {
                Role::Connection(handle) => Some(handle),
                Role::Idle | Role::Listener(_) => None,
            },
            _ => None,
        }
    }

    /// Whether calls on this descriptor return rather than wait.
    pub(crate) fn is_nonblocking(&self, fd: i32) -> bool {
        self.files.get(&fd).is_some_and(|file| file.nonblocking)
    }

    /// Takes note of what has happened to a connection.
    pub(crate) fn note_event(&mut self, event: HostEvent) {
        let (handle, events) = match event {
            HostEvent::Tcp { handle, events } => (handle, events),
            HostEvent::Udp { .. } => return self.take_datagrams(),
            _ => return,
        };
        let Some(fd) = self.descriptor(handle) else { return };
        let is_enough = events.readable() && self.has_enough(fd);
        if let Ok(file) = self.tcp(fd) {
            file.rooms += u64::from(events.writable());
            file.arrivals += u64::from(is_enough);
            file.urgent_was_read &= !events.urgent();
        }
    }

    /// Remembers the state of every connection: the error that one leaves depends on it.
    pub(crate) fn note_states(&mut self) {
        self.note_acknowledged();
        self.forget_path_errors();
        for file in self.files.values_mut() {
            let Object::Tcp(file) = &mut file.object else { continue };
            let Role::Connection(handle) = file.role else { continue };
            let Some(socket) = self.host.tcp(handle) else { continue };
            if socket.state() != State::Closed {
                file.last_state = socket.state();
            }
        }
    }

    /// The state of a descriptor's connection; CLOSED when it has none.
    fn state(&mut self, fd: i32) -> State {
        let socket = self.connection(fd).and_then(|handle| self.host.tcp(handle));
        socket.map_or(State::Closed, |socket| socket.state())
    }

    /// The error that the end of the connection left and that nobody was told.
    fn pending_error(&mut self, fd: i32) -> Option<Errno> {
        if let Some(errno) = self.tcp(fd).ok()?.left_error {
            return Some(errno);
        }
        let handle = self.connection(fd)?;
        let reason = self.host.tcp(handle)?.close_reason()?;
        let file = self.tcp(fd).ok()?;
        let of_path = file.path_error.map(|error| error.errno);
        if file.error_told { None } else { errno::of_closing(reason, file.last_state, of_path) }
    }

    /// The same, told now.
    fn take_error(&mut self, fd: i32) -> Option<Errno> {
        let errno = self.pending_error(fd)?;
        if let Ok(file) = self.tcp(fd)
            && file.left_error.take().is_none()
        {
            file.error_told = true;
        }
        Some(errno)
    }

    /// What an open has left that was shut down.
    fn take_left_error(&mut self, fd: i32) -> Option<Errno> {
        self.tcp(fd).ok()?.left_error.take()
    }

    pub(crate) fn close(&mut self, fd: i32) -> Outcome<i64> {
        if !self.file(fd)?.has_twin
            && let Some(until) = self.linger(fd)
        {
            return Err(Stop::Block { until: Some(until) });
        }
        let state = self.state(fd);
        let file = self.files.remove(&fd).ok_or(Errno::EBADF)?;
        for file in self.files.values_mut() {
            if let Object::Epoll(epoll) = &mut file.object {
                epoll.forget(fd);
            }
        }
        if file.has_twin {
            self.hide(file);
            return Ok(0);
        }
        let file = match file.object {
            Object::Tcp(file) => file,
            Object::Datagram(socket) => {
                self.close_datagram(&socket);
                return Ok(0);
            }
            Object::Epoll(_) | Object::Plain(_) | Object::Pipe { .. } => return Ok(0),
        };
        match file.role {
            Role::Idle => {}
            Role::Listener(listener) => self.host.close_listener(listener, self.now),
            Role::Connection(handle) => {
                self.has_orphans = true;
                if let Some(mut socket) = self.host.tcp(handle) {
                    // In Linux TIME-WAIT is no socket any more, and no matter how one is closed.
                    if file.linger == Some(Duration::ZERO) && state != State::TimeWait {
                        socket.abort(self.now);
                    }
                    socket.release(self.now);
                }
            }
        }
        Ok(0)
    }

    /// Sends the FIN that SO_LINGER waits for, and tells until when closing waits: as long as the peer has not
    /// acknowledged everything. `None` where it does not wait.
    fn linger(&mut self, fd: i32) -> Option<Instant> {
        let handle = self.connection(fd)?;
        let file = self.tcp(fd).ok()?;
        let (until, linger) = (file.lingers_until, file.linger.filter(|linger| !linger.is_zero())?);
        let now = self.now;
        let mut socket = self.host.tcp(handle)?;
        if socket.receive_available() > 0 {
            return None;
        }
        socket.close(now);
        let waits = !socket.is_all_acknowledged() && socket.close_reason().is_none();
        let until = until.unwrap_or(now + linger);
        self.tcp(fd).ok()?.lingers_until = Some(until);
        Some(until).filter(|until| waits && now < *until)
    }

    /// The settings of a socket, for what is made of it.
    fn settings(&mut self, fd: i32) -> Outcome<Arc<Config>> {
        Ok(Arc::new(self.tcp(fd)?.config.clone()))
    }
}
