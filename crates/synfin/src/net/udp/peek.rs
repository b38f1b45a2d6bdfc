//! Looking at the next datagram, which stays to be received.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use synfin_host::Datagram;
use tokio::io::ReadBuf;

use super::{UdpSocket, put};
use crate::driver::{Place, State};
use crate::net::would_block;

impl UdpSocket {
    /// Looks at the next datagram, which stays to be received.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.peek_from(buf).await?.0)
    }

    /// Looks at the next datagram, which stays to be received, and tells its sender.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let attempt = |state: &mut State, _| self.look(state, |datagram| seen(datagram, buf));
        self.shared().watch(Place::Datagram(self.handle), attempt).await
    }

    /// Tells the sender of the next datagram, which stays to be received.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
        Ok(self.peek_from(&mut []).await?.1)
    }

    /// Looks at the next datagram; the task of the last caller is woken when there is one.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_peek_from(cx, buf).map_ok(|_| ())
    }

    /// Looks at the next datagram and tells its sender; the task of the last caller is woken when there is one.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        let look = |datagram: &Datagram| {
            put(datagram, buf);
            datagram.remote
        };
        self.shared().poll_look(Place::Datagram(self.handle), cx, |state, _| self.look(state, look))
    }

    /// Tells the sender of the next datagram; the task of the last caller is woken when there is one.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        self.poll_peek_from(cx, &mut ReadBuf::new(&mut []))
    }

    /// Looks at the next datagram if there is one.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.try_peek_from(buf)?.0)
    }

    /// Looks at the next datagram if there is one, and tells its sender.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        would_block(self.shared().look(|state| self.look(state, |datagram| seen(datagram, buf))))
    }

    /// Tells the sender of the next datagram if there is one.
    ///
    /// # Errors
    /// As [`UdpSocket::try_recv_from`].
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        Ok(self.try_peek_from(&mut [])?.1)
    }
}

fn seen(datagram: &Datagram, mut buf: &mut [u8]) -> (usize, SocketAddr) {
    (put(datagram, &mut buf), datagram.remote)
}
