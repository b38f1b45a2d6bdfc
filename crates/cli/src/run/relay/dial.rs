//! Reaching the real destination, before the command is answered.
//!
//! What the command cannot be told in its own protocol, such as that the proxy is away, the person is told, once.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fast_socks5::client::{Config, Socks5Stream};
use fast_socks5::util::target_addr::TargetAddr;
use fast_socks5::{AuthenticationMethod, ReplyError, Socks5Command, SocksError};
use socket2::SockRef;
use synfin::forward::{Refusal, Unreachable};
use tokio::net::TcpStream;

use crate::args::{HostPort, Proxy};

/// How connections are made outside.
#[derive(Clone, Debug)]
pub(super) struct Dialler {
    /// Goes between, for loopback destinations too, as it sees them.
    proxy: Option<Arc<Proxy>>,
    told: Arc<Mutex<Vec<Trouble>>>,
}

/// What the person is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// This machine does not dial.
    Own,
    /// The proxy is not there.
    Away,
    /// It does not let us in.
    Denied,
    /// It does not connect, and does not say that this is the destination's doing.
    Failing,
    /// It leads to no resolver.
    NoNames,
}

impl Dialler {
    pub(super) fn new(proxy: Option<Proxy>) -> Self {
        Self { proxy: proxy.map(Arc::new), told: Arc::default() }
    }

    /// Whether this machine's own network is used.
    pub(super) fn is_direct(&self) -> bool {
        self.proxy.is_none()
    }

    /// Connects, or says how the command's SYN is to be answered.
    pub(super) async fn dial(&self, destination: SocketAddr) -> Result<TcpStream, Refusal> {
        let stream = match &self.proxy {
            None => self.directly(destination).await?,
            Some(proxy) => self.through_socks5(proxy, destination).await?,
        };
        prepare(&stream);
        Ok(stream)
    }

    async fn directly(&self, destination: SocketAddr) -> Result<TcpStream, Refusal> {
        TcpStream::connect(destination).await.map_err(|error| {
            let refusal = refusal(&error);
            if refusal == NO_WAY && error.kind() != io::ErrorKind::NetworkUnreachable {
                self.tell(Trouble::Own, format_args!("cannot dial {destination}: {error}"));
            }
            refusal
        })
    }

    /// CONNECT through a proxy (RFC 1928): it dials, and we hear how that went.
    async fn through_socks5(&self, proxy: &Proxy, destination: SocketAddr) -> Result<TcpStream, Refusal> {
        let HostPort { host, port } = &proxy.at;
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|error| {
            self.tell(Trouble::Away, format_args!("cannot reach the proxy {host} port {port}: {error}"));
            NO_WAY
        })?;
        let login = proxy.login.clone();
        let login = login.map(|(username, password)| AuthenticationMethod::Password { username, password });
        let session = Socks5Stream::use_stream(stream, login, Config::default()).await;
        let mut session = session.map_err(|error| {
            let remedy = "is it SOCKS5, and does it want USER:PASSWORD@ before its name?";
            self.tell(
                Trouble::Denied,
                format_args!("the proxy {host} port {port} does not let synfin in: {error}: {remedy}"),
            );
            NO_WAY
        })?;
        let reply = match session.request(Socks5Command::TCPConnect, TargetAddr::Ip(destination)).await {
            Ok(_) => return Ok(session.get_socket()),
            Err(error) => error,
        };
        Err(match reply {
            SocksError::ReplyError(ReplyError::ConnectionRefused) => Refusal::Reset,
            SocksError::ReplyError(ReplyError::NetworkUnreachable) => NO_WAY,
            SocksError::ReplyError(ReplyError::HostUnreachable) => Refusal::Unreachable(Unreachable::Host),
            SocksError::ReplyError(ReplyError::ConnectionNotAllowed) => {
                Refusal::Unreachable(Unreachable::Prohibited)
            }
            SocksError::ReplyError(ReplyError::ConnectionTimeout) => Refusal::Silent,
            error => {
                self.tell(
                    Trouble::Failing,
                    format_args!("the proxy {host} port {port} does not connect to {destination}: {error}"),
                );
                NO_WAY
            }
        })
    }

    /// Whether the person was told that the proxy itself cannot be used.
    pub(super) fn is_shut_out(&self) -> bool {
        self.told().iter().any(|trouble| matches!(trouble, Trouble::Away | Trouble::Denied))
    }

    fn told(&self) -> MutexGuard<'_, Vec<Trouble>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says it on standard error, the first time that there is this trouble.
    pub(super) fn tell(&self, trouble: Trouble, message: impl fmt::Display) {
        let mut told = self.told();
        if !told.contains(&trouble) {
            told.push(trouble);
            eprintln!("synfin: {message}");
        }
    }
}

/// Readies a connection outside, however it came to be. Octets go as they come: small writes were gathered, or not, by the
/// writer's own kernel already, and urgent ones stand where they were written (RFC 6093 section 6), or they would be left
/// out. A peer that has gone without a word is asked for, in this machine's time: the command's own probes are answered by
/// synfin, which is always there.
pub(super) fn prepare(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_out_of_band_inline(true);
    let _ = socket.set_keepalive(true);
}

/// What the command is told where there is nothing better to tell.
const NO_WAY: Refusal = Refusal::Unreachable(Unreachable::Network);

/// What the command is told for an error of the kernel outside.
pub(super) fn refusal(error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Refusal::Reset,
        io::ErrorKind::HostUnreachable => Refusal::Unreachable(Unreachable::Host),
        io::ErrorKind::PermissionDenied => Refusal::Unreachable(Unreachable::Prohibited),
        // Silence outside is silence inside: the command's kernel has a patience of its own.
        io::ErrorKind::TimedOut => Refusal::Silent,
        _ => NO_WAY,
    }
}
