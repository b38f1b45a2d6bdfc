//! A UDP socket.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;

use super::each;
use super::park::{Timeouts, wait};
use crate::{Stack, net};

/// A UDP socket, as [`std::net::UdpSocket`] is one.
#[derive(Debug)]
pub struct UdpSocket {
    shared: Arc<(net::UdpSocket, Timeouts)>,
}

impl UdpSocket {
    /// Binds on the default stack of the process; see [`UdpSocket::bind_on`].
    ///
    /// # Errors
    /// As [`UdpSocket::bind_on`]; [`NotConnected`](io::ErrorKind::NotConnected) when there is no default.
    pub fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        Self::bind_on(&Stack::process_default()?, addr)
    }

    /// Binds to the first of these addresses that can be had.
    ///
    /// # Errors
    /// As [`net::UdpSocket::bind_on`].
    pub fn bind_on<A: ToSocketAddrs>(stack: &Stack, addr: A) -> io::Result<Self> {
        each(addr, |addr| {
            let socket = net::UdpSocket::open(stack, addr)?;
            Ok(Self { shared: Arc::new((socket, Timeouts::default())) })
        })
    }

    /// Where it is bound.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket().local_addr()
    }

    /// Whom it is connected to.
    ///
    /// # Errors
    /// [`NotConnected`](io::ErrorKind::NotConnected) when it is not.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket().peer_addr()
    }

    /// Sends to and receives from this peer alone from now on.
    ///
    /// # Errors
    /// As [`net::UdpSocket::connect`].
    pub fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        each(addr, |addr| self.socket().connect_to(addr))
    }

    /// Sends a datagram to the first of these addresses.
    ///
    /// # Errors
    /// As [`net::UdpSocket::send_to`].
    pub fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], addr: A) -> io::Result<usize> {
        let Some(addr) = addr.to_socket_addrs()?.next() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no addresses to send data to"));
        };
        let payload = Bytes::copy_from_slice(buf);
        wait(self.socket().send_bytes_to(payload, addr), self.timeouts().for_write())
    }

    /// Sends a datagram to the peer.
    ///
    /// # Errors
    /// As [`net::UdpSocket::send`].
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        wait(self.socket().send(buf), self.timeouts().for_write())
    }

    /// Receives a datagram and tells its sender.
    ///
    /// # Errors
    /// As [`net::UdpSocket::recv_from`].
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        wait(self.socket().recv_from(buf), self.timeouts().for_read())
    }

    /// Receives a datagram.
    ///
    /// # Errors
    /// As [`net::UdpSocket::recv`].
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        wait(self.socket().recv(buf), self.timeouts().for_read())
    }

    /// Looks at the next datagram, which stays to be received, and tells its sender.
    ///
    /// # Errors
    /// As [`net::UdpSocket::peek_from`].
    pub fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        wait(self.socket().peek_from(buf), self.timeouts().for_read())
    }

    /// Looks at the next datagram, which stays to be received.
    ///
    /// # Errors
    /// As [`net::UdpSocket::peek`].
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        wait(self.socket().peek(buf), self.timeouts().for_read())
    }

    /// Another handle of the same socket.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { shared: Arc::clone(&self.shared) })
    }

    /// How long receiving waits before it fails with [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for zero.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.timeouts().read.set(timeout)
    }

    /// How long sending waits before it fails with [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for zero.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.timeouts().write.set(timeout)
    }

    /// What [`UdpSocket::set_read_timeout`] has set.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn read_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.timeouts().read.get())
    }

    /// What [`UdpSocket::set_write_timeout`] has set.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn write_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.timeouts().write.get())
    }

    /// Whether calls fail with [`WouldBlock`](io::ErrorKind::WouldBlock) where they would wait.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.timeouts().nonblocking.store(nonblocking, Ordering::Relaxed);
        Ok(())
    }

    fn socket(&self) -> &net::UdpSocket {
        &self.shared.0
    }

    fn timeouts(&self) -> &Timeouts {
        &self.shared.1
    }
}
