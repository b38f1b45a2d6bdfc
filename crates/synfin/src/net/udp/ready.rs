//! Waiting for readiness and trying. Sending is ready always, but while the device has no room.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes};
use tokio::io::{Interest, Ready};

use super::{UdpSocket, of_icmp, put};
use crate::driver::{Place, State};
use crate::net::{first_of, once_any, would_block};

impl UdpSocket {
    /// Waits until there is a datagram, or an error that receiving will give.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await.map(|_| ())
    }

    /// Waits until the queue of packets has room.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await.map(|_| ())
    }

    /// Waits until something of this interest is so, and tells all of it that is; [`Ready::ERROR`] is an ICMP error, which
    /// receiving or [`UdpSocket::take_error`] will give.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        let attempt = move |state: &mut State, _| self.readiness(state, interest);
        let places = [Place::Datagram(self.handle), Place::Room(self.handle)];
        first_of(places.map(|place| self.shared().watch(place, attempt))).await
    }

    /// Whether there is a datagram or an error; the task of the last caller is woken when there is.
    ///
    /// # Errors
    /// As [`UdpSocket::readable`].
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = |state: &mut State, _| self.readiness(state, Interest::READABLE);
        self.shared().poll_look(Place::Datagram(self.handle), cx, attempt).map_ok(|_| ())
    }

    /// Whether the queue of packets has room; the task of the last caller is woken when it has.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = |state: &mut State, _| self.readiness(state, Interest::WRITABLE);
        self.shared().poll_look(Place::Room(self.handle), cx, attempt).map_ok(|_| ())
    }

    fn readiness(&self, state: &mut State, interest: Interest) -> Poll<io::Result<Ready>> {
        let has_room = !state.link.is_blocked();
        let inbox = self.filled(state)?;
        let has_error = inbox.error.is_some();
        let mut ready = Ready::EMPTY;
        if interest.is_readable() && (has_error || inbox.next.is_some()) {
            ready |= Ready::READABLE;
        }
        if interest.is_writable() && has_room {
            ready |= Ready::WRITABLE;
        }
        if interest.is_error() && has_error {
            ready |= Ready::ERROR;
        }
        once_any(ready)
    }

    /// Takes the ICMP error that has answered a datagram to the peer.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.shared().call(|state, _| Ok(self.filled(state)?.error.take().map(of_icmp)))
    }

    /// Receives a datagram if there is one, and tells its sender.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when there is none; otherwise as
    /// [`UdpSocket::recv_from`].
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.try_recv_buf_from(&mut &mut *buf)
    }

    /// Receives a datagram if there is one.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.try_recv_from(buf)?.0)
    }

    /// Receives a datagram if there is one, into a buffer that may grow.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        Ok(self.try_recv_buf_from(buf)?.0)
    }

    /// Receives a datagram if there is one, into a buffer that may grow, and tells its sender.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let datagram = would_block(self.shared().call(|state, _| self.take(state)))?;
        Ok((put(&datagram, buf), datagram.remote))
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
