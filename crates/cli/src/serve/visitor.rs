//! Who is served, and for how long he is waited for.
//!
//! What comes in: connections of synfin's. What goes out: the same, of which no write waits for ever: whoever takes
//! nothing of an answer, though his TCP acknowledges all that it is asked, would keep what he is sent in memory for as long
//! as he likes (RFC 9293 MUST-37).

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use synfin::net::{TcpListener, TcpStream};
use tls_listener::{AsyncAccept, AsyncListener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// Those who come to a listener.
pub(super) struct Visitors {
    listener: TcpListener,
    patience: Duration,
}

impl Visitors {
    pub(super) fn new(listener: TcpListener, patience: Duration) -> Self {
        Self { listener, patience }
    }

    /// A response is a head and a body, written one after the other: the second is not to wait for the acknowledgment of
    /// the first (RFC 9293 MUST-17).
    fn receive(&self, stream: TcpStream) -> Visitor {
        let _ = stream.set_nodelay(true);
        Visitor { stream, patience: self.patience, alarm: None, waits: false }
    }
}

impl Listener for Visitors {
    type Io = Visitor;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Visitor, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        (self.receive(stream), peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl AsyncAccept for Visitors {
    type Connection = Visitor;
    type Address = SocketAddr;
    type Error = io::Error;

    fn poll_accept(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<(Visitor, SocketAddr)>> {
        self.listener.poll_accept(cx).map_ok(|(stream, peer)| (self.receive(stream), peer))
    }
}

impl AsyncListener for Visitors {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that is reset where a write gets on with nothing for too long.
pub(super) struct Visitor {
    stream: TcpStream,
    patience: Duration,
    /// Made when a write waits for the first time, and set anew whenever one does again.
    alarm: Option<Pin<Box<Sleep>>>,
    waits: bool,
}

impl Visitor {
    /// What has become of a write: an error where it waits, and so have all before it for so long.
    fn heed<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waits = false;
            return written;
        }
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(self.patience)));
        if !std::mem::replace(&mut self.waits, true) {
            alarm.as_mut().reset(Instant::now() + self.patience);
        }
        std::task::ready!(alarm.as_mut().poll(cx));
        self.stream.abort();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Visitor {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Visitor {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.heed(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.heed(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    // Neither waits.

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
