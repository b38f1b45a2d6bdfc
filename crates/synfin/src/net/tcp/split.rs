//! Halves that borrow their stream.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};

use super::TcpStream;

/// The reading half of a borrowed stream; see [`TcpStream::split`].
#[derive(Debug)]
pub struct ReadHalf<'a>(&'a TcpStream);

/// The writing half of a borrowed stream; see [`TcpStream::split`].
#[derive(Debug)]
pub struct WriteHalf<'a>(&'a TcpStream);

pub(super) fn split(stream: &mut TcpStream) -> (ReadHalf<'_>, WriteHalf<'_>) {
    (ReadHalf(stream), WriteHalf(stream))
}

/// What both kinds of reading halves can do.
macro_rules! reading_half {
    ($($half:tt)*) => {
        impl $($half)* {
            /// As [`TcpStream::poll_peek`].
            ///
            /// # Errors
            /// As a read.
            pub fn poll_peek(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
                self.0.poll_peek(cx, buf)
            }

            /// As [`TcpStream::peek`].
            ///
            /// # Errors
            /// As a read.
            pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.0.peek(buf).await
            }

            /// As [`TcpStream::ready`].
            ///
            /// # Errors
            /// As [`TcpStream::ready`].
            pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
                self.0.ready(interest).await
            }

            /// As [`TcpStream::readable`].
            ///
            /// # Errors
            /// As [`TcpStream::readable`].
            pub async fn readable(&self) -> io::Result<()> {
                self.0.readable().await
            }

            /// As [`TcpStream::try_read`].
            ///
            /// # Errors
            /// As [`TcpStream::try_read`].
            pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
                self.0.try_read(buf)
            }

            /// As [`TcpStream::try_read_vectored`].
            ///
            /// # Errors
            /// As [`TcpStream::try_read`].
            pub fn try_read_vectored(&self, bufs: &mut [io::IoSliceMut<'_>]) -> io::Result<usize> {
                self.0.try_read_vectored(bufs)
            }

            /// As [`TcpStream::try_read_buf`].
            ///
            /// # Errors
            /// As [`TcpStream::try_read`].
            pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
                self.0.try_read_buf(buf)
            }

            /// As [`TcpStream::receive_bytes`].
            ///
            /// # Errors
            /// As a read.
            pub async fn receive_bytes(&mut self, max: usize) -> io::Result<Option<Bytes>> {
                self.0.receive_bytes(max).await
            }

            /// As [`TcpStream::peer_addr`].
            ///
            /// # Errors
            /// None: the signature is tokio's.
            pub fn peer_addr(&self) -> io::Result<std::net::SocketAddr> {
                self.0.peer_addr()
            }

            /// As [`TcpStream::local_addr`].
            ///
            /// # Errors
            /// None: the signature is tokio's.
            pub fn local_addr(&self) -> io::Result<std::net::SocketAddr> {
                self.0.local_addr()
            }
        }

        impl AsyncRead for $($half)* {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                self.0.poll_read_into(cx, buf)
            }
        }
    };
}

/// What both kinds of writing halves can do.
macro_rules! writing_half {
    ($($half:tt)*) => {
        impl $($half)* {
            /// As [`TcpStream::ready`].
            ///
            /// # Errors
            /// As [`TcpStream::ready`].
            pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
                self.0.ready(interest).await
            }

            /// As [`TcpStream::writable`].
            ///
            /// # Errors
            /// As [`TcpStream::writable`].
            pub async fn writable(&self) -> io::Result<()> {
                self.0.writable().await
            }

            /// As [`TcpStream::try_write`].
            ///
            /// # Errors
            /// As [`TcpStream::try_write`].
            pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
                self.0.try_write(buf)
            }

            /// As [`TcpStream::try_write_vectored`].
            ///
            /// # Errors
            /// As [`TcpStream::try_write`].
            pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                self.0.try_write_vectored(bufs)
            }

            /// As [`TcpStream::send_bytes`].
            ///
            /// # Errors
            /// As a write.
            pub async fn send_bytes(&mut self, data: Bytes) -> io::Result<()> {
                self.0.send_bytes(data).await
            }

            /// As [`TcpStream::send_last`].
            ///
            /// # Errors
            /// As a write.
            pub async fn send_last(&mut self, data: Bytes) -> io::Result<()> {
                self.0.send_last(data).await
            }

            /// As [`TcpStream::peer_addr`].
            ///
            /// # Errors
            /// None: the signature is tokio's.
            pub fn peer_addr(&self) -> io::Result<std::net::SocketAddr> {
                self.0.peer_addr()
            }

            /// As [`TcpStream::local_addr`].
            ///
            /// # Errors
            /// None: the signature is tokio's.
            pub fn local_addr(&self) -> io::Result<std::net::SocketAddr> {
                self.0.local_addr()
            }
        }

        impl AsyncWrite for $($half)* {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.0.poll_write_from(cx, &[IoSlice::new(buf)])
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.0.poll_write_from(cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            /// Ends this direction: a FIN behind what was written.
            fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(self.0.shut_down())
            }
        }
    };
}

pub(super) use {reading_half, writing_half};

reading_half!(ReadHalf<'_>);
writing_half!(WriteHalf<'_>);

impl AsRef<TcpStream> for ReadHalf<'_> {
    fn as_ref(&self) -> &TcpStream {
        self.0
    }
}

impl AsRef<TcpStream> for WriteHalf<'_> {
    fn as_ref(&self) -> &TcpStream {
        self.0
    }
}
