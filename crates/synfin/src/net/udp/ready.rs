//! Waiting for readiness and trying. Sending is ready always, but while the device has no room.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{Interest, Ready};

use super::{UdpSocket, copy};
use crate::driver::{Place, State};
use crate::net::would_block;

impl UdpSocket {
    /// Waits until there is a datagram or an error.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn readable(&self) -> io::Result<()> {
        let attempt = |state: &mut State, _| self.look(state, |_| ());
        self.shared().wait(Place::Datagram(self.handle), attempt).await
    }

    /// Waits until the queue of packets has room.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub async fn writable(&self) -> io::Result<()> {
        self.shared().wait(Place::Room(self.handle), |state, _| has_room(state)).await
    }

    /// Waits for either, and tells which it is.
    ///
    /// # Errors
    /// As [`UdpSocket::readable`].
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        let mut readable = std::pin::pin!(self.readable());
        let mut writable = std::pin::pin!(self.writable());
        std::future::poll_fn(|cx| {
            let mut ready = Ready::EMPTY;
            if interest.is_readable() && readable.as_mut().poll(cx)?.is_ready() {
                ready |= Ready::READABLE;
            }
            if interest.is_writable() && writable.as_mut().poll(cx)?.is_ready() {
                ready |= Ready::WRITABLE;
            }
            if ready.is_empty() { Poll::Pending } else { Poll::Ready(Ok(ready)) }
        })
        .await
    }

    /// Whether there is a datagram or an error; the task of the last caller is woken when there is.
    ///
    /// # Errors
    /// As [`UdpSocket::readable`].
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared().poll(Place::Datagram(self.handle), cx, |state, _| self.look(state, |_| ()))
    }

    /// Whether the queue of packets has room; the task of the last caller is woken when it has.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared().poll(Place::Room(self.handle), cx, |state, _| has_room(state))
    }

    /// Receives a datagram if there is one, and tells its sender.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when there is none; otherwise as
    /// [`UdpSocket::recv_from`].
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let datagram = would_block(self.shared().call(|state, _| self.take(state)))?;
        Ok((copy(&datagram, buf), datagram.remote))
    }

    /// Receives a datagram if there is one.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.try_recv_from(buf)?.0)
    }

    /// Looks at the next datagram if there is one, and tells its sender.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        would_block(
            self.shared()
                .call(|state, _| self.look(state, |datagram| (copy(datagram, buf), datagram.remote))),
        )
    }

    /// Sends a datagram if there is room.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when there is none; otherwise as [`UdpSocket::send_to`].
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        let payload = Bytes::copy_from_slice(buf);
        would_block(self.shared().call(|state, now| self.give(state, payload, target, now)))
    }

    /// Sends a datagram to the peer if there is room.
    ///
    /// # Errors
    /// As [`UdpSocket::try_send_to`]; [`NotConnected`](io::ErrorKind::NotConnected) without a peer.
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.try_send_to(buf, self.peer_addr()?)
    }
}

fn has_room(state: &mut State) -> Poll<io::Result<()>> {
    state.running()?;
    if state.link.is_blocked() { Poll::Pending } else { Poll::Ready(Ok(())) }
}
