//! Reaching the real destination, before the command is answered.

use std::io;
use std::net::SocketAddr;

use fast_socks5::client::{Config, Socks5Stream};
use fast_socks5::util::target_addr::TargetAddr;
use fast_socks5::{ReplyError, Socks5Command, SocksError};
use synfin::forward::{Refusal, Unreachable};
use tokio::net::TcpStream;

use crate::args::HostPort;

/// How connections are made outside.
#[derive(Clone, Debug)]
pub(super) enum Dialler {
    /// Straight to the destination.
    Direct,
    /// Through a SOCKS5 proxy; loopback destinations too, as the proxy sees them.
    Socks5(HostPort),
}

impl Dialler {
    /// Whether this machine's own network is used.
    pub(super) fn is_direct(&self) -> bool {
        matches!(self, Self::Direct)
    }

    /// Connects, or says how the command's SYN is to be answered.
    pub(super) async fn dial(&self, destination: SocketAddr) -> Result<TcpStream, Refusal> {
        let stream = match self {
            Self::Direct => TcpStream::connect(destination).await.map_err(|error| refusal(&error))?,
            Self::Socks5(proxy) => through_socks5(proxy, destination).await?,
        };
        // Small writes were gathered, or not, by the command's own kernel already.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

/// CONNECT through a proxy (RFC 1928): it dials, and we hear how that went.
async fn through_socks5(proxy: &HostPort, destination: SocketAddr) -> Result<TcpStream, Refusal> {
    let unreachable = Refusal::Unreachable(Unreachable::Network);
    let stream = TcpStream::connect((proxy.host.as_str(), proxy.port)).await.map_err(|_| unreachable)?;
    let session = Socks5Stream::use_stream(stream, None, Config::default()).await;
    let mut session = session.map_err(|_| unreachable)?;
    match session.request(Socks5Command::TCPConnect, TargetAddr::Ip(destination)).await {
        Ok(_) => Ok(session.get_socket()),
        Err(SocksError::ReplyError(ReplyError::ConnectionRefused)) => Err(Refusal::Reset),
        Err(SocksError::ReplyError(ReplyError::HostUnreachable)) => {
            Err(Refusal::Unreachable(Unreachable::Host))
        }
        Err(SocksError::ReplyError(ReplyError::ConnectionNotAllowed)) => {
            Err(Refusal::Unreachable(Unreachable::Prohibited))
        }
        Err(SocksError::ReplyError(ReplyError::ConnectionTimeout)) => Err(Refusal::Silent),
        Err(_) => Err(unreachable),
    }
}

/// What the command is told for an error of the kernel outside.
pub(super) fn refusal(error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Refusal::Reset,
        io::ErrorKind::HostUnreachable => Refusal::Unreachable(Unreachable::Host),
        io::ErrorKind::PermissionDenied => Refusal::Unreachable(Unreachable::Prohibited),
        // Silence outside is silence inside: the command's kernel has a patience of its own.
        io::ErrorKind::TimedOut => Refusal::Silent,
        _ => Refusal::Unreachable(Unreachable::Network),
    }
}
