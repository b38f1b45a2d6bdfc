//! UDP.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{BufMut, Bytes};
use synfin_host::{Datagram, SendToError, UdpError, UdpHandle, Unreachable};
use synfin_wire::Instant;
use tokio::io::ReadBuf;
use tokio::net::{ToSocketAddrs, lookup_host};

use super::resolve;
use crate::driver::{Place, Shared, State};
use crate::{Stack, error};

mod peek;
mod ready;

/// A UDP socket, as [`tokio::net::UdpSocket`] is one.
///
/// A datagram that is longer than the buffer it is received into loses its end, as everywhere.
///
/// ```
/// use synfin::net::UdpSocket;
/// use synfin::{Capabilities, Medium, Stack, memory};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (left, right) = memory::pair(Capabilities::new(Medium::Ip, 1500, true), 64)?;
/// let left = Stack::builder(left).address("10.0.0.1/24").spawn()?;
/// let right = Stack::builder(right).address("10.0.0.2/24").spawn()?;
///
/// let server = UdpSocket::bind_on(&right, "10.0.0.2:53").await?;
/// let client = UdpSocket::bind_on(&left, "0.0.0.0:0").await?;
/// client.send_to(b"who?", "10.0.0.2:53").await?;
///
/// let mut buf = [0; 512];
/// let (length, peer) = server.recv_from(&mut buf).await?;
/// assert_eq!((&buf[..length], peer.ip()), (&b"who?"[..], "10.0.0.1".parse().unwrap()));
/// # Ok(())
/// # }
/// ```
pub struct UdpSocket {
    stack: Stack,
    handle: UdpHandle,
    local: SocketAddr,
    inbox: Mutex<Inbox>,
}

/// What is between the host and the reader. Its lock is only ever taken within the stack's, or alone.
#[derive(Debug, Default)]
struct Inbox {
    peer: Option<SocketAddr>,
    /// What comes next: an ICMP error before a datagram.
    error: Option<UdpError>,
    next: Option<Datagram>,
}

impl UdpSocket {
    /// Binds on the default stack; see [`UdpSocket::bind_on`].
    ///
    /// # Errors
    /// As [`UdpSocket::bind_on`]; [`NotConnected`](io::ErrorKind::NotConnected) when there is no default.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        Self::bind_on(&Stack::current()?, addr).await
    }

    /// Binds to the first of these addresses that can be had: one of the stack's own, or an unspecified one
    /// for all of its family; port 0 for one that is free.
    ///
    /// # Errors
    /// [`AddrInUse`](io::ErrorKind::AddrInUse), or
    /// [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable) when the address is not the stack's.
    pub async fn bind_on<A: ToSocketAddrs>(stack: &Stack, addr: A) -> io::Result<Self> {
        resolve::each(addr, |addr| Self::open(stack, addr)).await
    }

    pub(crate) fn open(stack: &Stack, addr: SocketAddr) -> io::Result<Self> {
        let stack = stack.first();
        let (handle, local) = stack.shared().call(|state, _| {
            state.running()?;
            let handle = state.host.udp_bind(addr).map_err(error::of_bind)?;
            state.add_udp(handle);
            Ok::<_, io::Error>((handle, state.host.udp_addr(handle).unwrap_or(addr)))
        })?;
        Ok(Self { stack, handle, local, inbox: Mutex::default() })
    }

    /// Where it is bound.
    ///
    /// # Errors
    /// None: the signature is tokio's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }

    /// Whom it is connected to.
    ///
    /// # Errors
    /// [`NotConnected`](io::ErrorKind::NotConnected) when it is not.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inbox().peer.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Sends to and receives from this peer alone from now on, and learns of its ICMP errors.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) when none of the addresses is of the socket's family.
    pub async fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        resolve::each(addr, |addr| self.connect_to(addr)).await
    }

    pub(crate) fn connect_to(&self, addr: SocketAddr) -> io::Result<()> {
        if addr.is_ipv4() != self.local.is_ipv4() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an address of the other family"));
        }
        let mut inbox = self.inbox();
        inbox.peer = Some(addr);
        // What was looked at before is dropped as what was not.
        inbox.next.take_if(|datagram| datagram.remote != addr);
        inbox.error.take_if(|error| error.remote != addr);
        Ok(())
    }

    /// Sends a datagram to the first of these addresses.
    ///
    /// # Errors
    /// [`FileTooLarge`](io::ErrorKind::FileTooLarge) when it is longer than UDP allows;
    /// [`NetworkUnreachable`](io::ErrorKind::NetworkUnreachable) when no route leads there.
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], addr: A) -> io::Result<usize> {
        let Some(addr) = lookup_host(addr).await?.next() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no addresses to send data to"));
        };
        self.send_bytes_to(Bytes::copy_from_slice(buf), addr).await
    }

    /// Sends a datagram without copying it.
    ///
    /// # Errors
    /// As [`UdpSocket::send_to`].
    pub async fn send_bytes_to(&self, payload: Bytes, addr: SocketAddr) -> io::Result<usize> {
        let attempt = |state: &mut State, now| self.give(state, payload.clone(), addr, now);
        self.shared().wait(Place::Room(self.handle), attempt).await
    }

    /// Sends a datagram to the peer.
    ///
    /// # Errors
    /// As [`UdpSocket::send_to`]; [`NotConnected`](io::ErrorKind::NotConnected) without a peer.
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.send_bytes_to(Bytes::copy_from_slice(buf), self.peer_addr()?).await
    }

    /// Receives a datagram and tells its sender.
    ///
    /// # Errors
    /// For a socket with a peer: the ICMP error that answered a datagram, like
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused).
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let datagram = self.recv_datagram().await?;
        Ok((put(&datagram, &mut &mut *buf), datagram.remote))
    }

    /// Receives a datagram.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.recv_from(buf).await?.0)
    }

    /// Receives a datagram without copying it, with the address that it was sent to.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn recv_datagram(&self) -> io::Result<Datagram> {
        let attempt = |state: &mut State, _| self.take(state);
        self.shared().wait(Place::Datagram(self.handle), attempt).await
    }

    /// Receives a datagram into a buffer that may grow.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        Ok(self.recv_buf_from(buf).await?.0)
    }

    /// Receives a datagram into a buffer that may grow, and tells its sender.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let datagram = self.recv_datagram().await?;
        Ok((put(&datagram, buf), datagram.remote))
    }

    /// Sends a datagram to the peer; the task of the last caller is woken when there is room.
    ///
    /// # Errors
    /// As [`UdpSocket::send`].
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_send_to(cx, buf, self.peer_addr()?)
    }

    /// Sends a datagram; the task of the last caller is woken when there is room.
    ///
    /// # Errors
    /// As [`UdpSocket::send_to`].
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let attempt = |state: &mut State, now| self.give(state, Bytes::copy_from_slice(buf), target, now);
        self.shared().poll(Place::Room(self.handle), cx, attempt)
    }

    /// Receives a datagram; the task of the last caller is woken when there is one.
    ///
    /// # Errors
    /// As [`UdpSocket::recv`].
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_recv_from(cx, buf).map_ok(|_| ())
    }

    /// Receives a datagram and tells its sender; the task of the last caller is woken when there is one.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        let attempt = |state: &mut State, _: Instant| self.take(state);
        let datagram = ready!(self.shared().poll(Place::Datagram(self.handle), cx, attempt))?;
        put(&datagram, buf);
        Poll::Ready(Ok(datagram.remote))
    }

    fn shared(&self) -> &Shared {
        self.stack.shared()
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The inbox, and in it what comes next, if there is anything.
    fn filled(&self, state: &mut State) -> io::Result<MutexGuard<'_, Inbox>> {
        state.running()?;
        let mut inbox = self.inbox();
        let peer = inbox.peer;
        if inbox.error.is_none() {
            let error = state.host.udp_take_error(self.handle);
            inbox.error = error.filter(|error| Some(error.remote) == peer);
        }
        if inbox.next.is_none() {
            let from_peer = |datagram: &Datagram| peer.is_none_or(|peer| peer == datagram.remote);
            let mut datagrams = std::iter::from_fn(|| state.host.udp_receive_from(self.handle));
            inbox.next = datagrams.find(from_peer);
        }
        Ok(inbox)
    }

    fn take(&self, state: &mut State) -> Poll<io::Result<Datagram>> {
        let mut inbox = self.filled(state)?;
        match inbox.error.take() {
            Some(error) => Poll::Ready(Err(of_icmp(error))),
            None => inbox.next.take().map_or(Poll::Pending, |datagram| Poll::Ready(Ok(datagram))),
        }
    }

    fn look<R>(&self, state: &mut State, look: impl FnOnce(&Datagram) -> R) -> Poll<io::Result<R>> {
        let mut inbox = self.filled(state)?;
        match inbox.error.take() {
            Some(error) => Poll::Ready(Err(of_icmp(error))),
            None => inbox.next.as_ref().map_or(Poll::Pending, |datagram| Poll::Ready(Ok(look(datagram)))),
        }
    }

    fn give(
        &self,
        state: &mut State,
        payload: Bytes,
        target: SocketAddr,
        now: Instant,
    ) -> Poll<io::Result<usize>> {
        state.running()?;
        let length = payload.len();
        match state.host.udp_send_to(self.handle, payload, target, now) {
            Ok(()) => Poll::Ready(Ok(length)),
            Err(SendToError::WouldBlock) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error::of_send_to(error))),
        }
    }
}

/// As much of a datagram as there is room for behind what `buf` holds, and how much that is.
fn put(datagram: &Datagram, buf: &mut impl BufMut) -> usize {
    let length = datagram.payload.len().min(buf.remaining_mut());
    buf.put_slice(&datagram.payload[..length]);
    length
}

fn of_icmp(error: UdpError) -> io::Error {
    match error.kind {
        Unreachable::Network => io::ErrorKind::NetworkUnreachable.into(),
        Unreachable::Host => io::ErrorKind::HostUnreachable.into(),
        Unreachable::Port => io::ErrorKind::ConnectionRefused.into(),
        Unreachable::Prohibited => io::ErrorKind::PermissionDenied.into(),
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        self.shared().call(|state, _| state.remove_udp(self.handle));
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSocket").field("addr", &self.local).finish_non_exhaustive()
    }
}
