//! The calls of a stream, each one attempt under the lock: pending where tokio's would block.

use std::io;
use std::task::Poll;

use bytes::Bytes;
use smallvec::SmallVec;
use synfin_host::TcpHandle;
use synfin_host::tcp::{ReceiveError, SendError, SendOptions};
use synfin_wire::Instant;
use tokio::io::{Interest, Ready};

use crate::driver::{State, Stream, Woken};
use crate::error;
use crate::net::once_any;

/// The most that one write copies, octets; more is left for the next one.
pub(super) const LONGEST_WRITE: usize = 256 * 1024;

/// One piece of no more octets is copied under the lock: that takes less time than to give the lock back first.
pub(super) const SHORT_WRITE: usize = 4 * 1024;

/// What one read takes from the host, to be copied once the lock is released.
pub(super) type Chunks = SmallVec<[Bytes; 8]>;

/// Queues as much of `data` as there is room for, and returns how much that is.
pub(super) fn send(
    state: &mut State,
    handle: TcpHandle,
    data: Bytes,
    now: Instant,
) -> Poll<io::Result<usize>> {
    sent(state.tcp(handle)?.send(data, now))
}

/// As [`send`], of octets so few that they are copied while nobody else has the stack.
pub(super) fn send_short(
    state: &mut State,
    handle: TcpHandle,
    text: &[u8],
    now: Instant,
) -> Poll<io::Result<usize>> {
    sent(state.tcp(handle)?.send_slice(text, SendOptions::default(), now))
}

fn sent(sent: Result<usize, SendError>) -> Poll<io::Result<usize>> {
    match sent {
        Ok(sent) => Poll::Ready(Ok(sent)),
        Err(SendError::WouldBlock) => Poll::Pending,
        Err(error) => Poll::Ready(Err(error::of_send(error))),
    }
}

/// As [`send`]; where it has taken all, this direction ends. Whoever waits for room in it is to be woken.
pub(super) fn send_last(
    state: &mut State,
    handle: TcpHandle,
    data: Bytes,
    now: Instant,
) -> Poll<io::Result<(usize, Woken)>> {
    let length = data.len();
    let sent = if length > 0 { std::task::ready!(send(state, handle, data, now))? } else { 0 };
    let woken = if sent == length { shut_down(state, handle, now)? } else { Woken::new() };
    Poll::Ready(Ok((sent, woken)))
}

/// How much can be sent, at least one octet.
pub(super) fn room(state: &mut State, handle: TcpHandle, now: Instant) -> Poll<io::Result<usize>> {
    let mut socket = state.tcp(handle)?;
    let room = socket.send_capacity();
    if room > 0 {
        return Poll::Ready(Ok(room));
    }
    // Full, or gone: sending nothing tells.
    match socket.send(Bytes::new(), now) {
        Ok(_) | Err(SendError::WouldBlock) => {
            // As in `is_writable`.
            socket.is_writable();
            Poll::Pending
        }
        Err(error) => Poll::Ready(Err(error::of_send(error))),
    }
}

/// Takes at most `max` octets, all that is there; `None` at the end of the stream.
pub(super) fn receive(
    state: &mut State,
    handle: TcpHandle,
    max: usize,
    now: Instant,
) -> Poll<io::Result<Option<Bytes>>> {
    let received = state.tcp(handle)?.receive(max, now);
    found(state, handle, received)
}

/// What a read has found: the end, too, where the owner wants to hear no more.
fn found<T>(
    state: &mut State,
    handle: TcpHandle,
    received: Result<Option<T>, ReceiveError>,
) -> Poll<io::Result<Option<T>>> {
    match received {
        Ok(received) => Poll::Ready(Ok(received)),
        Err(ReceiveError::WouldBlock) if is_read_closed(state, handle) => Poll::Ready(Ok(None)),
        Err(ReceiveError::WouldBlock) => Poll::Pending,
        Err(error) => Poll::Ready(Err(error::of_receive(error))),
    }
}

fn is_read_closed(state: &mut State, handle: TcpHandle) -> bool {
    state.stream(handle).is_some_and(|stream| stream.read_closed)
}

/// As [`receive`], in as many pieces as fit; empty at the end of the stream.
pub(super) fn receive_chunks(
    state: &mut State,
    handle: TcpHandle,
    max: usize,
    now: Instant,
) -> Poll<io::Result<Chunks>> {
    let mut chunks = Chunks::new();
    let mut left = max;
    while left > 0 && chunks.len() < chunks.inline_size() {
        match receive(state, handle, left, now) {
            Poll::Ready(Ok(Some(bytes))) => {
                left -= bytes.len();
                chunks.push(bytes);
            }
            // An error is found again by the next read; the end of the stream too.
            _ if !chunks.is_empty() => break,
            Poll::Ready(Ok(None)) => break,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => return Poll::Pending,
        }
    }
    Poll::Ready(Ok(chunks))
}

/// Copies what can be read next, as much as there is and fits, and leaves it to be read; 0 at the end of the stream.
pub(super) fn peek(state: &mut State, handle: TcpHandle, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
    let seen = state.tcp(handle)?.peek_slice(buffer);
    found(state, handle, seen).map_ok(Option::unwrap_or_default)
}

/// Ready when a read would be: with data, the end, or an error.
pub(super) fn is_readable(state: &mut State, handle: TcpHandle) -> io::Result<bool> {
    Ok(state.tcp(handle)?.is_readable() || is_read_closed(state, handle))
}

/// Ready when a write would be: with room or an error.
pub(super) fn is_writable(state: &mut State, handle: TcpHandle) -> io::Result<bool> {
    let write_closed = is_write_closed(state, handle);
    let mut socket = state.tcp(handle)?;
    if write_closed || socket.close_reason().is_some() || socket.send_capacity() > 0 {
        return Ok(true);
    }
    // From here on there is an event when there is room.
    Ok(socket.is_writable())
}

/// What of this interest a stream is ready for.
pub(super) fn readiness(state: &mut State, handle: TcpHandle, interest: Interest) -> Poll<io::Result<Ready>> {
    let mut ready = Ready::EMPTY;
    let mut add = |is_so, what| ready |= if is_so { what } else { Ready::EMPTY };
    let socket = state.tcp(handle)?;
    let (phase, reason) = (socket.state(), socket.close_reason());
    let is_gone = reason.is_some();
    if interest.is_readable() {
        let has_ended = phase.is_synchronized() && !phase.can_receive_data();
        add(is_readable(state, handle)?, Ready::READABLE);
        add(is_gone || has_ended || is_read_closed(state, handle), Ready::READ_CLOSED);
    }
    if interest.is_writable() {
        add(is_writable(state, handle)?, Ready::WRITABLE);
        add(is_gone || is_write_closed(state, handle), Ready::WRITE_CLOSED);
    }
    if interest.is_error() {
        add(reason.is_some_and(error::is_failure), Ready::ERROR);
    }
    once_any(ready)
}

fn is_write_closed(state: &mut State, handle: TcpHandle) -> bool {
    state.stream(handle).is_some_and(|stream| stream.write_closed)
}

/// Pending while the handshake is under way.
pub(super) fn established(state: &mut State, handle: TcpHandle) -> Poll<io::Result<()>> {
    use synfin_host::tcp::State as Phase;
    let socket = state.tcp(handle)?;
    match (socket.close_reason(), socket.state()) {
        (Some(reason), _) => Poll::Ready(Err(error::of_reason(reason))),
        (None, Phase::Listen | Phase::SynSent | Phase::SynReceived) => Poll::Pending,
        (None, _) => Poll::Ready(Ok(())),
    }
}

/// Ends this direction. Whoever waits for room in it is to be woken.
pub(super) fn shut_down(state: &mut State, handle: TcpHandle, now: Instant) -> io::Result<Woken> {
    state.tcp(handle)?.close(now);
    Ok(state.stream(handle).map(Stream::close_write).unwrap_or_default())
}

/// Has reads find an end behind what has arrived. Whoever waits for more is to be woken.
pub(super) fn shut_down_read(state: &mut State, handle: TcpHandle) -> io::Result<Woken> {
    state.running()?;
    Ok(state.stream(handle).map(Stream::close_read).unwrap_or_default())
}
