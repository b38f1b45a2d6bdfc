//! A stream.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use synfin_host::tcp::{CloseReason, CongestionAlgorithm, KeepAlive, Status, UserTimeoutOption};
use synfin_host::{ConnectOptions, Md5Key, TcpHandle};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{ToSocketAddrs, lookup_host};

use super::calls;
use super::split::{self, ReadHalf, WriteHalf};
use super::split_owned::{self, OwnedReadHalf, OwnedWriteHalf};
use crate::driver::{Place, Shared, State};
use crate::net::resolve;
use crate::{Stack, error};

mod pieces;
mod ready;

use pieces::{gather, scatter, short};

/// A connection, as [`tokio::net::TcpStream`] is one.
///
/// Dropping it closes it: what was written still goes out, behind it a FIN. If something has arrived that
/// was not read, or more arrives, the peer is reset (RFC 9293 SHLD-3).
pub struct TcpStream {
    stack: Stack,
    handle: TcpHandle,
    local: SocketAddr,
    peer: SocketAddr,
}

/// Connecting, and what a stream is.
impl TcpStream {
    /// Connects on the default stack; see [`TcpStream::connect_on`].
    ///
    /// # Errors
    /// As [`TcpStream::connect_on`]; [`NotConnected`](io::ErrorKind::NotConnected) when there is no default.
    pub async fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        Self::connect_on(&Stack::current()?, addr).await
    }

    /// Connects to the first of these addresses that answers.
    ///
    /// # Errors
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused), [`TimedOut`](io::ErrorKind::TimedOut),
    /// [`HostUnreachable`](io::ErrorKind::HostUnreachable); [`NetworkUnreachable`](io::ErrorKind::NetworkUnreachable)
    /// when no route leads there. [`ConnectionClosed`](crate::ConnectionClosed) tells more.
    pub async fn connect_on<A: ToSocketAddrs>(stack: &Stack, addr: A) -> io::Result<Self> {
        let mut last = None;
        for addr in lookup_host(addr).await? {
            match Self::open(stack, addr, ConnectOptions::default()).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(resolve::no_address))
    }

    /// Connects with options; see [`TcpStream::connect_on`]. Dropping the future gives up.
    ///
    /// # Errors
    /// As [`TcpStream::connect_on`].
    pub async fn open(stack: &Stack, addr: SocketAddr, options: ConnectOptions) -> io::Result<Self> {
        let stream = Self::start(stack, addr, options)?;
        stream.established().await?;
        Ok(stream)
    }

    /// Sends the SYN and does not wait. What is written meanwhile goes out when the peer has answered.
    ///
    /// # Errors
    /// As [`TcpStream::connect_on`], of those that are known at once.
    pub fn start(stack: &Stack, addr: SocketAddr, options: ConnectOptions) -> io::Result<Self> {
        let stack = &stack.opener(options.local);
        stack.shared().call(|state, now| {
            state.running()?;
            let handle = state.connect(addr, options, now).map_err(error::of_connect)?;
            let local = state.tcp(handle)?.local_addr();
            Ok(Self::adopt(stack, state, handle, local, addr))
        })
    }

    /// Sends the SYN with as much of `text` as it may carry, and does not wait: Fast Open (RFC 7413), with or without a
    /// cookie as [`ConnectOptions::fast_open`] says. Returns how many octets were taken, the rest being left to ordinary
    /// writes; none where there is no cookie yet, and then the SYN asks for one.
    ///
    /// # Errors
    /// As [`TcpStream::start`].
    pub fn start_with(
        stack: &Stack,
        addr: SocketAddr,
        options: ConnectOptions,
        text: &[u8],
    ) -> io::Result<(Self, usize)> {
        let stack = &stack.opener(options.local);
        stack.shared().call(|state, now| {
            state.running()?;
            let handle = state.connect(addr, options, now).map_err(error::of_connect)?;
            let mut socket = state.tcp(handle)?;
            let local = socket.local_addr();
            let room = text.len().min(socket.syn_capacity());
            let taken = socket.send(Bytes::copy_from_slice(&text[..room]), now).unwrap_or(0);
            Ok((Self::adopt(stack, state, handle, local, addr), taken))
        })
    }

    /// `stack` is a handle of the connection's shard.
    pub(crate) fn adopt(
        stack: &Stack,
        state: &mut State,
        handle: TcpHandle,
        local: SocketAddr,
        peer: SocketAddr,
    ) -> Self {
        state.add_stream(handle);
        Self { stack: stack.clone(), handle, local, peer }
    }

    /// Waits until the handshake is complete. It is, but for streams of [`TcpStream::start`] and of
    /// [`OpenRequest::accept`](crate::forward::OpenRequest::accept).
    ///
    /// # Errors
    /// Why it failed.
    pub async fn established(&self) -> io::Result<()> {
        let attempt = |state: &mut State, _| calls::established(state, self.handle);
        self.shared().watch(Place::Write(self.handle), attempt).await
    }

    /// This end's address.
    ///
    /// # Errors
    /// None: the signature is tokio's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }

    /// The peer's address.
    ///
    /// # Errors
    /// None: the signature is tokio's.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }

    /// The stack that the stream is on. Connections opened through this handle are on the stream's shard, where there are
    /// several.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Halves that borrow the stream.
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        split::split(self)
    }

    /// Halves for two tasks. Dropping the writing half ends that direction.
    #[must_use]
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split_owned::split(self)
    }

    pub(super) fn shared(&self) -> &Shared {
        self.stack.shared()
    }

    pub(crate) fn shut_down(&self) -> io::Result<()> {
        let woken = self.shared().call(|state, now| calls::shut_down(state, self.handle, now))?;
        woken.into_iter().for_each(Waker::wake);
        Ok(())
    }

    pub(crate) fn shut_down_read(&self) -> io::Result<()> {
        let woken = self.shared().call(|state, _| calls::shut_down_read(state, self.handle))?;
        woken.into_iter().for_each(Waker::wake);
        Ok(())
    }
}

/// Settings.
impl TcpStream {
    /// Whether Nagle's algorithm is off.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.shared().look(|state| Ok(state.tcp(self.handle)?.nodelay()))
    }

    /// Turns Nagle's algorithm off or on (RFC 9293 MUST-17).
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.shared().call(|state, now| {
            state.tcp(self.handle)?.set_nodelay(nodelay, now);
            Ok(())
        })
    }

    /// Whether acknowledgments go at once rather than wait for what is written in answer.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn quickack(&self) -> io::Result<bool> {
        self.shared().look(|state| Ok(state.tcp(self.handle)?.is_quick_ack()))
    }

    /// Has acknowledgments go at once, or wait for what is written in answer. What is read and written next may change
    /// it again.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        self.shared().call(|state, now| {
            state.tcp(self.handle)?.set_quick_ack(quickack, now);
            Ok(())
        })
    }

    /// Probes an idle peer, or stops to (RFC 9293 section 3.8.4).
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn set_keep_alive(&self, keep_alive: Option<KeepAlive>) -> io::Result<()> {
        self.shared().call(|state, now| {
            state.tcp(self.handle)?.set_keep_alive(keep_alive, now);
            Ok(())
        })
    }

    /// Gives the connection up when data stays unacknowledged that long (RFC 9293 section 3.9.1.1).
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn set_user_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.shared().call(|state, now| {
            state.tcp(self.handle)?.set_user_timeout(timeout, now);
            Ok(())
        })
    }

    /// Tells the peer of the user timeout and heeds what it suggests, or no more (RFC 5482). [`Config::user_timeout_option`]
    /// has it done from the SYN on; [`Status::user_timeout`] says what both ends have come to.
    ///
    /// [`Config::user_timeout_option`]: crate::Config::user_timeout_option
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn set_user_timeout_option(&self, option: Option<UserTimeoutOption>) -> io::Result<()> {
        self.shared().call(|state, _| {
            state.tcp(self.handle)?.set_user_timeout_option(option);
            Ok(())
        })
    }

    /// Signs what is sent with another key from now on, and takes only what is signed with it; `None` ends signing
    /// (RFC 2385). The peer has to change at the same time: what is signed otherwise is dropped and sent again.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn set_md5_key(&self, key: Option<Md5Key>) -> io::Result<()> {
        self.shared().call(|state, _| {
            state.tcp(self.handle)?.set_md5_key(key);
            Ok(())
        })
    }

    /// Another congestion control from now on; the window stays as it is.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn set_congestion(&self, algorithm: CongestionAlgorithm) -> io::Result<()> {
        self.shared().call(|state, now| {
            state.tcp(self.handle)?.set_congestion(algorithm, now);
            Ok(())
        })
    }

    /// Has the connection reset when it is dropped, what was not sent yet being lost, instead of closed.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.set_abort_on_drop(true)
    }

    /// Zero resets the connection when it is dropped; `None` closes it, which is the default.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) for any other time: dropping never waits, and closing goes
    /// on by itself; [`TcpStream::close_within`] waits. [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        match linger {
            None => self.set_abort_on_drop(false),
            Some(Duration::ZERO) => self.set_abort_on_drop(true),
            Some(_) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "dropping a stream never waits: use close_within",
            )),
        }
    }

    /// What [`TcpStream::set_linger`] has set.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.shared().look(|state| {
            state.running()?;
            let abort = state.stream(self.handle).is_some_and(|stream| stream.abort_on_release);
            Ok(abort.then_some(Duration::ZERO))
        })
    }

    fn set_abort_on_drop(&self, abort: bool) -> io::Result<()> {
        self.shared().look(|state| {
            state.running()?;
            if let Some(stream) = state.stream(self.handle) {
                stream.abort_on_release = abort;
            }
            Ok(())
        })
    }

    /// The error that has ended the connection, which stays to be asked for: `None` as long as it is alive, or if it ended
    /// in order.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        let reason = self.close_reason();
        Ok(reason.filter(|reason| error::is_failure(*reason)).map(error::of_reason))
    }
}

/// Beyond tokio.
impl TcpStream {
    /// Resets the connection: the peer is told by an RST, and what was not sent yet is lost.
    pub fn abort(&self) {
        self.shared().call(|state, now| {
            if let Ok(mut socket) = state.tcp(self.handle) {
                socket.abort(now);
            }
        });
    }

    /// A snapshot of the connection: state, round trips, windows, tallies. In TIME-WAIT and CLOSED the tallies stay what
    /// they were, and of the rest there is nothing any more. `None` while a stream of
    /// [`OpenRequest::accept`](crate::forward::OpenRequest::accept) waits for its handshake, and when the
    /// stack has stopped.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.shared().look(|state| state.tcp(self.handle).ok()?.status())
    }

    /// Why the connection is gone; `None` while it is not.
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.shared().look(|state| state.tcp(self.handle).ok()?.close_reason())
    }

    /// Waits until the connection is gone, in both directions, and tells why.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub async fn closed(&self) -> io::Result<CloseReason> {
        let attempt = |state: &mut State, _| match state.tcp(self.handle)?.close_reason() {
            Some(reason) => Poll::Ready(Ok(reason)),
            None => Poll::Pending,
        };
        self.shared().watch(Place::Closed(self.handle), attempt).await
    }

    /// Waits until the peer has acknowledged everything that was written, and the end of it after a shutdown. That its
    /// TCP has it does not say that its user has read it.
    ///
    /// # Errors
    /// Why the connection is gone, where it went before that; [`NetworkDown`](io::ErrorKind::NetworkDown) when the
    /// stack has stopped.
    pub async fn acknowledged(&self) -> io::Result<()> {
        let attempt = |state: &mut State, _| {
            let socket = state.tcp(self.handle)?;
            match socket.close_reason() {
                _ if socket.is_all_acknowledged() => Poll::Ready(Ok(())),
                Some(reason) => Poll::Ready(Err(error::of_reason(reason))),
                None => Poll::Pending,
            }
        };
        self.shared().watch(Place::Acknowledged(self.handle), attempt).await
    }

    /// Ends this direction and waits until the peer has acknowledged all of it, but no longer than `patience`; then the
    /// stream is dropped. It is what closing a socket of the kernel's with SO_LINGER does.
    ///
    /// # Errors
    /// As [`TcpStream::acknowledged`]; [`TimedOut`](io::ErrorKind::TimedOut) when the time is over: what is left goes on
    /// being sent.
    pub async fn close_within(self, patience: Duration) -> io::Result<()> {
        self.shut_down()?;
        tokio::time::timeout(patience, self.acknowledged()).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// Sends all of `data` without copying it: it is held until the peer has acknowledged it. What several tasks send at
    /// once is not mixed up within what there is room for at a time, but beyond that.
    ///
    /// # Errors
    /// As a write.
    pub async fn send_bytes(&self, mut data: Bytes) -> io::Result<()> {
        while !data.is_empty() {
            let attempt = |state: &mut State, now| calls::send(state, self.handle, data.clone(), now);
            let sent = self.shared().wait(Place::Write(self.handle), attempt).await?;
            data.advance(sent);
        }
        Ok(())
    }

    /// Sends all of `data` without copying it and ends this direction: the FIN goes with the last octet, where a shutdown
    /// after [`TcpStream::send_bytes`] has a segment of its own.
    ///
    /// # Errors
    /// As a write.
    pub async fn send_last(&self, mut data: Bytes) -> io::Result<()> {
        loop {
            let attempt = |state: &mut State, now| calls::send_last(state, self.handle, data.clone(), now);
            let (sent, woken) = self.shared().wait(Place::Write(self.handle), attempt).await?;
            woken.into_iter().for_each(Waker::wake);
            if sent == data.len() {
                return Ok(());
            }
            data.advance(sent);
        }
    }

    /// Sends the front of `data` without copying it, and ends this direction where that is all of it; of nothing, the end
    /// alone.
    ///
    /// # Errors
    /// As a write.
    pub fn poll_send_last(&self, cx: &mut Context<'_>, data: &Bytes) -> Poll<io::Result<usize>> {
        let attempt = |state: &mut State, now| calls::send_last(state, self.handle, data.clone(), now);
        let (sent, woken) = ready!(self.shared().poll(Place::Write(self.handle), cx, attempt))?;
        woken.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(sent))
    }

    /// Sends the front of `data`, at least one octet, without copying it.
    ///
    /// # Errors
    /// As a write.
    pub fn poll_send_bytes(&self, cx: &mut Context<'_>, data: &Bytes) -> Poll<io::Result<usize>> {
        self.shared().poll(Place::Write(self.handle), cx, |state, now| {
            calls::send(state, self.handle, data.clone(), now)
        })
    }

    /// What has arrived, at most `max` octets, without a copy; `None` at the end of the stream.
    ///
    /// # Errors
    /// As a read.
    pub async fn receive_bytes(&self, max: usize) -> io::Result<Option<Bytes>> {
        let attempt = |state: &mut State, now| calls::receive(state, self.handle, max, now);
        self.shared().wait(Place::Read(self.handle), attempt).await
    }

    /// What has arrived, at most `max` octets, without a copy; `None` at the end of the stream.
    ///
    /// # Errors
    /// As a read.
    pub fn poll_receive_bytes(&self, cx: &mut Context<'_>, max: usize) -> Poll<io::Result<Option<Bytes>>> {
        self.shared()
            .poll(Place::Read(self.handle), cx, |state, now| calls::receive(state, self.handle, max, now))
    }
}

/// What the traits, the halves and the blocking twin are made of.
impl TcpStream {
    pub(crate) async fn read_some(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let max = bufs.iter().map(|buf| buf.len()).sum();
        let attempt = |state: &mut State, now| calls::receive_chunks(state, self.handle, max, now);
        let chunks = self.shared().wait(Place::Read(self.handle), attempt).await?;
        Ok(scatter(&chunks, bufs))
    }

    pub(crate) async fn write_some(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        if let Some(text) = short(bufs) {
            let attempt = |state: &mut State, now| calls::send_short(state, self.handle, text, now);
            return self.shared().wait(Place::Write(self.handle), attempt).await;
        }
        let attempt = |state: &mut State, now| calls::room(state, self.handle, now);
        let room = self.shared().watch(Place::Write(self.handle), attempt).await?;
        let data = gather(bufs, room);
        let attempt = |state: &mut State, now| calls::send(state, self.handle, data.clone(), now);
        self.shared().wait(Place::Write(self.handle), attempt).await
    }

    pub(super) fn poll_read_into(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let max = buf.remaining();
        if max == 0 {
            return Poll::Ready(Ok(()));
        }
        let attempt = |state: &mut State, now| calls::receive_chunks(state, self.handle, max, now);
        let chunks = ready!(self.shared().poll(Place::Read(self.handle), cx, attempt))?;
        chunks.iter().for_each(|chunk| buf.put_slice(chunk));
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_write_from(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        if let Some(text) = short(bufs) {
            let attempt = |state: &mut State, now| calls::send_short(state, self.handle, text, now);
            return self.shared().poll(Place::Write(self.handle), cx, attempt);
        }
        // The copy is made without the lock, and only of what there is room for.
        let attempt = |state: &mut State, now| calls::room(state, self.handle, now);
        let room = ready!(self.shared().poll_look(Place::Write(self.handle), cx, attempt))?;
        let data = gather(bufs, room);
        self.poll_send_bytes(cx, &data)
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_read_into(cx, buf)
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_from(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_from(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ends this direction: a FIN behind what was written. Reading goes on.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.shut_down())
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        self.shared().call(|state, now| state.release(self.handle, now));
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpStream")
            .field("addr", &self.local)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
