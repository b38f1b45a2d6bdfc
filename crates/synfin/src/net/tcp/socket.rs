//! A socket that is to become a stream or a listener.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use synfin_host::tcp::{Config, KeepAlive};
use synfin_host::{ConnectOptions, ListenOptions, Md5Key, PeerKeys};
use synfin_wire::Mss;

use super::{TcpListener, TcpStream};
use crate::Stack;

/// Settings for a stream or a listener, as [`tokio::net::TcpSocket`] holds them.
///
/// ```
/// use synfin::net::TcpSocket;
/// use synfin::{Capabilities, Medium, Stack, memory};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (device, _peer) = memory::pair(Capabilities::new(Medium::Ip, 1500, true), 64)?;
/// let stack = Stack::builder(device).address("10.0.0.1/24").spawn()?;
/// let socket = TcpSocket::new_v4_on(&stack);
/// socket.set_nodelay(true)?;
/// socket.bind("10.0.0.1:8080".parse().unwrap())?;
/// let listener = socket.listen(128)?;
/// assert_eq!(listener.local_addr()?.port(), 8080);
/// # Ok(())
/// # }
/// ```
pub struct TcpSocket {
    stack: Stack,
    is_ipv4: bool,
    settings: Mutex<Settings>,
}

#[derive(Clone, Debug)]
struct Settings {
    local: Option<SocketAddr>,
    tcp: Config,
    md5_keys: PeerKeys,
}

impl TcpSocket {
    /// A socket for IPv4 on the default stack.
    ///
    /// # Errors
    /// [`NotConnected`](ErrorKind::NotConnected) when there is none.
    pub fn new_v4() -> io::Result<Self> {
        Ok(Self::new_v4_on(&Stack::current()?))
    }

    /// A socket for IPv6 on the default stack.
    ///
    /// # Errors
    /// [`NotConnected`](ErrorKind::NotConnected) when there is none.
    pub fn new_v6() -> io::Result<Self> {
        Ok(Self::new_v6_on(&Stack::current()?))
    }

    /// A socket for IPv4.
    #[must_use]
    pub fn new_v4_on(stack: &Stack) -> Self {
        Self::new(stack, Mss::DEFAULT_V4)
    }

    /// A socket for IPv6.
    #[must_use]
    pub fn new_v6_on(stack: &Stack) -> Self {
        Self::new(stack, Mss::DEFAULT_V6)
    }

    fn new(stack: &Stack, default_peer_mss: Mss) -> Self {
        let tcp = stack.shared().look(|state| state.host.config().tcp.clone());
        let tcp = Config { mss: Mss::new(u16::MAX), default_peer_mss, ..tcp };
        let is_ipv4 = default_peer_mss == Mss::DEFAULT_V4;
        Self {
            stack: stack.clone(),
            is_ipv4,
            settings: Mutex::new(Settings { local: None, tcp, md5_keys: PeerKeys::default() }),
        }
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Turns keep-alive on, with the intervals of [`KeepAlive::default`], or off.
    ///
    /// # Errors
    /// None: the signature is tokio's.
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.settings().tcp.keep_alive = keepalive.then(KeepAlive::default);
        Ok(())
    }

    /// Whether keep-alive is on.
    ///
    /// # Errors
    /// None: the signature is tokio's.
    pub fn keepalive(&self) -> io::Result<bool> {
        Ok(self.settings().tcp.keep_alive.is_some())
    }

    /// Turns Nagle's algorithm off or on.
    ///
    /// # Errors
    /// None: the signature is tokio's.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.settings().tcp.nagle = !nodelay;
        Ok(())
    }

    /// Whether Nagle's algorithm is off.
    ///
    /// # Errors
    /// None: the signature is tokio's.
    pub fn nodelay(&self) -> io::Result<bool> {
        Ok(!self.settings().tcp.nagle)
    }

    /// Changes nothing: an address whose connections are in TIME-WAIT can always be listened on.
    ///
    /// # Errors
    /// None: the signature is tokio's.
    pub fn set_reuseaddr(&self, _reuseaddr: bool) -> io::Result<()> {
        Ok(())
    }

    /// Always: see [`TcpSocket::set_reuseaddr`].
    ///
    /// # Errors
    /// None: the signature is tokio's.
    pub fn reuseaddr(&self) -> io::Result<bool> {
        Ok(true)
    }

    /// How much unacknowledged and unsent data is held, octets.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for 0.
    pub fn set_send_buffer_size(&self, size: u32) -> io::Result<()> {
        self.settings().tcp.send_buffer = buffer_size(size)?;
        Ok(())
    }

    /// How much unacknowledged and unsent data is held, octets.
    ///
    /// # Errors
    /// None: the signature is tokio's.
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        Ok(u32::try_from(self.settings().tcp.send_buffer).unwrap_or(u32::MAX))
    }

    /// How much unread data is held, octets.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for 0.
    pub fn set_recv_buffer_size(&self, size: u32) -> io::Result<()> {
        self.settings().tcp.receive_buffer = buffer_size(size)?;
        Ok(())
    }

    /// How much unread data is held, octets.
    ///
    /// # Errors
    /// None: the signature is tokio's.
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        Ok(u32::try_from(self.settings().tcp.receive_buffer).unwrap_or(u32::MAX))
    }

    /// Gives the peers of a prefix a key: what is sent to them is signed with it, and nothing is taken from them that is
    /// not (RFC 2385, TCP_MD5SIG_EXT); `None` takes it away. `prefix_len` says how many bits of `address` count, 32 or 128
    /// for one peer, 0 for everybody of its family; the longest prefix that fits a peer counts.
    ///
    /// ```
    /// use synfin::net::TcpSocket;
    /// use synfin::{Capabilities, Md5Key, Medium, Stack, memory};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (device, _peer) = memory::pair(Capabilities::new(Medium::Ip, 1500, true), 64)?;
    /// # let stack = Stack::builder(device).address("10.0.0.1/24").spawn()?;
    /// let socket = TcpSocket::new_v4_on(&stack);
    /// socket.bind("10.0.0.1:179".parse().unwrap())?;
    /// socket.set_md5_key("10.0.0.2".parse().unwrap(), 32, Md5Key::new(b"shared with the peer"))?;
    /// let listener = socket.listen(128)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for an address of the other family.
    pub fn set_md5_key(&self, address: IpAddr, prefix_len: u8, key: Option<Md5Key>) -> io::Result<()> {
        if address.is_ipv4() != self.is_ipv4 {
            return Err(io::Error::new(ErrorKind::InvalidInput, "an address of the other family"));
        }
        self.settings().md5_keys.set(address, prefix_len, key);
        Ok(())
    }

    /// Chooses the local end. What is wrong with the address is told by
    /// [`connect`](TcpSocket::connect) or [`listen`](TcpSocket::listen).
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for an address of the other family.
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        if addr.is_ipv4() != self.is_ipv4 {
            return Err(io::Error::new(ErrorKind::InvalidInput, "an address of the other family"));
        }
        self.settings().local = Some(addr);
        Ok(())
    }

    /// The local end that was chosen; unspecified when none was.
    ///
    /// # Errors
    /// None: the signature is tokio's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.settings().local.unwrap_or_else(|| self.any_addr()))
    }

    /// Connects.
    ///
    /// # Errors
    /// As [`TcpStream::connect_on`]; [`AddrNotAvailable`](ErrorKind::AddrNotAvailable) or
    /// [`AddrInUse`](ErrorKind::AddrInUse) when the local end cannot be had.
    pub async fn connect(self, addr: SocketAddr) -> io::Result<TcpStream> {
        let Settings { local, tcp, md5_keys } = self.settings().clone();
        let config = Some(Arc::new(tcp));
        let md5_key = md5_keys.find(addr.ip()).cloned();
        let options = ConnectOptions { local, config, md5_key, ..ConnectOptions::default() };
        TcpStream::open(&self.stack, addr, options).await
    }

    /// Listens; at most `backlog` connections wait to be accepted.
    ///
    /// # Errors
    /// As [`TcpListener::bind_on`].
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        let Settings { local, tcp, md5_keys } = self.settings().clone();
        let local = local.unwrap_or_else(|| self.any_addr());
        let options = ListenOptions {
            backlog: backlog as usize,
            config: Some(Arc::new(tcp)),
            md5_keys,
            ..ListenOptions::default()
        };
        TcpListener::listen(&self.stack, local, options)
    }

    fn any_addr(&self) -> SocketAddr {
        if self.is_ipv4 { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() }
    }
}

fn buffer_size(size: u32) -> io::Result<usize> {
    match usize::try_from(size) {
        Ok(size) if size > 0 => Ok(size),
        _ => Err(io::Error::new(ErrorKind::InvalidInput, "a buffer holds at least one octet")),
    }
}

impl fmt::Debug for TcpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpSocket").field("settings", &*self.settings()).finish_non_exhaustive()
    }
}
