//! TCP and UDP with the names, signatures and traits of [`tokio::net`].
//!
//! `bind` and `connect` are on the stack that [`Stack::set_default`](crate::Stack::set_default) chose;
//! `bind_on` and `connect_on` name one. Names are resolved by the system, as tokio does it.
//!
//! Beyond tokio: [`TcpStream`] sends and receives [`Bytes`](bytes::Bytes) without a copy, tells its
//! [`Status`](crate::Status), and why it ended.
//!
//! Any future may be given up while it waits, as in `select!` or a timeout: what it waited for comes to the next, and what
//! it has not sent it does not send. Of a call that sends more than there is room for at a time, as
//! [`TcpStream::send_bytes`] does, some may have gone; connecting is over when its future is.
//!
//! A program that comes from tokio finds these things otherwise:
//!
//! - Readiness is looked up each time and never remembered, so that nothing has to be emptied before it is waited for
//!   again. `try_io` and `async_io` have nothing to do then, and `from_std`, `into_std` and the file descriptors are not
//!   there.
//! - The error that has ended a connection stays: every read, write and [`TcpStream::take_error`] gives it, where a kernel
//!   gives it once and then the end of the stream.
//! - Dropping never waits: [`TcpStream::set_linger`] takes zero or nothing, and [`TcpStream::close_within`] waits.
//! - Of urgent data nothing is told: it is read where it stands (RFC 6093 section 6).
//! - UDP knows neither broadcast nor multicast, and gives an ICMP error to the next receive, not to the next send. What was
//!   received before [`UdpSocket::connect`] from others than the peer is dropped.
//! - The TTL and the traffic class are the stack's, and an address can always be listened on again but never twice:
//!   `set_ttl`, `set_tos`, `set_reuseport` and the like are not there.

pub(crate) mod resolve;
pub mod tcp;
mod udp;

pub use tcp::{TcpListener, TcpSocket, TcpStream};
pub use tokio::net::{ToSocketAddrs, lookup_host};
pub use udp::UdpSocket;

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::Ready;

/// Waiting as the error that a call which never waits gives.
pub(crate) fn would_block<T>(attempt: Poll<io::Result<T>>) -> io::Result<T> {
    match attempt {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// Waits for the first outcome of the same call on each of these, which are asked in turn from number `turn` on.
pub(crate) async fn any<'a, S, R, F>(places: &'a [S], turn: usize, call: impl Fn(&'a S) -> F) -> R
where
    F: Future<Output = R>,
{
    if let [only] = places {
        return call(only).await;
    }
    let (later, first) = places.split_at(turn % places.len());
    let calls: Vec<Pin<Box<F>>> = first.iter().chain(later).map(|place| Box::pin(call(place))).collect();
    first_of(calls).await
}

/// Waits for the first outcome of several futures, which are asked in this order.
pub(crate) async fn first_of<F: Future + Unpin>(mut futures: impl AsMut<[F]>) -> F::Output {
    let mut poll_each = |cx: &mut Context<'_>| {
        let mut polls = futures.as_mut().iter_mut().map(|future| Pin::new(future).poll(cx));
        polls.find(Poll::is_ready).unwrap_or(Poll::Pending)
    };
    poll_fn(|cx| poll_each(cx)).await
}

/// What there is of readiness, once there is any.
pub(crate) fn once_any(ready: Ready) -> Poll<io::Result<Ready>> {
    if ready.is_empty() { Poll::Pending } else { Poll::Ready(Ok(ready)) }
}
