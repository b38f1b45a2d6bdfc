//! TCP and UDP with the names, signatures and traits of [`tokio::net`].
//!
//! `bind` and `connect` are on the stack that [`Stack::set_default`](crate::Stack::set_default) chose;
//! `bind_on` and `connect_on` name one. Names are resolved by the system, as tokio does it.
//!
//! Beyond tokio: [`TcpStream`] sends and receives [`Bytes`](bytes::Bytes) without a copy, tells its
//! [`Status`](crate::Status), and why it ended.

mod resolve;
pub mod tcp;

pub use tcp::{TcpListener, TcpSocket, TcpStream};
pub use tokio::net::{ToSocketAddrs, lookup_host};
