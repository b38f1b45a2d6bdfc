//! Waiting for readiness and trying, as tokio has it. Readiness is looked up, never remembered: what is
//! ready can be done, unless another task was faster.

use std::io::{self, IoSlice, IoSliceMut};
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use tokio::io::{Interest, ReadBuf, Ready};

use super::{TcpStream, gather, scatter};
use crate::driver::{Place, State};
use crate::net::tcp::calls;
use crate::net::{first_of, would_block};

impl TcpStream {
    /// Waits until a read would not wait: for data, the end, or an error.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub async fn readable(&self) -> io::Result<()> {
        let attempt = |state: &mut State, _| when(calls::is_readable(state, self.handle));
        self.shared().watch(Place::Read(self.handle), attempt).await
    }

    /// Waits until a write would not wait: for room or an error.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub async fn writable(&self) -> io::Result<()> {
        let attempt = |state: &mut State, _| when(calls::is_writable(state, self.handle));
        self.shared().watch(Place::Write(self.handle), attempt).await
    }

    /// Waits until something of this interest is so, and tells all of it that is: beside readable and writable,
    /// [`Ready::READ_CLOSED`] once the peer's end has come, what stands before it being read or not,
    /// [`Ready::WRITE_CLOSED`] once this direction was shut down, and [`Ready::ERROR`] once the connection is gone and did
    /// not end in order. Of [`Interest::PRIORITY`] nothing is ever told: urgent data is read where it stands.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        let attempt = move |state: &mut State, _| calls::readiness(state, self.handle, interest);
        let places = [Place::Read(self.handle), Place::Write(self.handle), Place::Closed(self.handle)];
        first_of(places.map(|place| self.shared().watch(place, attempt))).await
    }

    /// Whether a read would not wait; the task of the last caller is woken when it is so.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = |state: &mut State, _| when(calls::is_readable(state, self.handle));
        self.shared().poll_look(Place::Read(self.handle), cx, attempt)
    }

    /// Whether a write would not wait; the task of the last caller is woken when it is so.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = |state: &mut State, _| when(calls::is_writable(state, self.handle));
        self.shared().poll_look(Place::Write(self.handle), cx, attempt)
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when nothing is; otherwise as a read.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.try_read_vectored(&mut [IoSliceMut::new(buf)])
    }

    /// Reads what is there into several buffers.
    ///
    /// # Errors
    /// As [`TcpStream::try_read`].
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let max = bufs.iter().map(|buf| buf.len()).sum();
        let attempt = |state: &mut State, now| calls::receive_chunks(state, self.handle, max, now);
        let chunks = would_block(self.shared().call(attempt))?;
        Ok(scatter(&chunks, bufs))
    }

    /// Reads what is there into a buffer that may grow.
    ///
    /// # Errors
    /// As [`TcpStream::try_read`].
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        // A growing buffer has room without end; only what it holds ready is filled at once.
        let max = buf.chunk_mut().len();
        let attempt = |state: &mut State, now| calls::receive_chunks(state, self.handle, max, now);
        let chunks = would_block(self.shared().call(attempt))?;
        chunks.iter().for_each(|chunk| buf.put_slice(chunk));
        Ok(chunks.iter().map(|chunk| chunk.len()).sum())
    }

    /// Writes as much as there is room for.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when there is none; otherwise as a write.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.try_write_vectored(&[IoSlice::new(buf)])
    }

    /// Writes from several buffers as much as there is room for.
    ///
    /// # Errors
    /// As [`TcpStream::try_write`].
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let room = would_block(self.shared().call(|state, now| calls::room(state, self.handle, now)))?;
        let data = gather(bufs, room);
        would_block(self.shared().call(|state, now| calls::send(state, self.handle, data, now)))
    }

    /// Copies what can be read next, as much as there is and fits, and leaves it to be read; 0 at the end of the stream.
    ///
    /// # Errors
    /// As a read.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        let attempt = |state: &mut State, _| calls::peek(state, self.handle, buf);
        self.shared().watch(Place::Read(self.handle), attempt).await
    }

    /// Copies what can be read next, as much as there is and fits, and leaves it to be read; 0 at the end of the stream.
    ///
    /// # Errors
    /// As a read.
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
        let attempt = |state: &mut State, _| calls::peek(state, self.handle, buf.initialize_unfilled());
        let length = ready!(self.shared().poll_look(Place::Read(self.handle), cx, attempt))?;
        buf.advance(length);
        Poll::Ready(Ok(length))
    }
}

/// Ready when it is so.
fn when(is_so: io::Result<bool>) -> Poll<io::Result<()>> {
    match is_so {
        Ok(true) => Poll::Ready(Ok(())),
        Ok(false) => Poll::Pending,
        Err(error) => Poll::Ready(Err(error)),
    }
}
