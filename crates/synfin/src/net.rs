//! TCP and UDP with the names, signatures and traits of [`tokio::net`].
//!
//! `bind` and `connect` are on the stack that [`Stack::set_default`](crate::Stack::set_default) chose;
//! `bind_on` and `connect_on` name one. Names are resolved by the system, as tokio does it.
//!
//! Beyond tokio: [`TcpStream`] sends and receives [`Bytes`](bytes::Bytes) without a copy, tells its
//! [`Status`](crate::Status), and why it ended.

mod resolve;
pub mod tcp;
mod udp;

pub use tcp::{TcpListener, TcpSocket, TcpStream};
pub use tokio::net::{ToSocketAddrs, lookup_host};
pub use udp::UdpSocket;

use std::io;
use std::task::Poll;

/// Waiting as the error that a call which never waits gives.
pub(crate) fn would_block<T>(attempt: Poll<io::Result<T>>) -> io::Result<T> {
    match attempt {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
