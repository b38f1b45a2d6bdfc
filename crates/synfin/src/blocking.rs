//! TCP and UDP with the names and signatures of [`std::net`].
//!
//! The stack may be driven by a thread of its own, [`Builder::spawn_thread`](crate::Builder::spawn_thread),
//! or by a tokio runtime, as long as it is not one of the runtime's own threads that blocks. `bind` and
//! `connect` are on the stack that [`Stack::set_process_default`](crate::Stack::set_process_default) chose;
//! `bind_on` and `connect_on` name one.
//!
//! ```
//! use std::io::{Read, Write};
//! use synfin::blocking::{TcpListener, TcpStream};
//! use synfin::{Capabilities, Medium, Stack, memory};
//!
//! # fn main() -> std::io::Result<()> {
//! let (left, right) = memory::pair(Capabilities::new(Medium::Ip, 1500, true), 64)?;
//! let left = Stack::builder(left).address("10.0.0.1/24").spawn_thread()?;
//! let right = Stack::builder(right).address("10.0.0.2/24").spawn_thread()?;
//!
//! let listener = TcpListener::bind_on(&right, "10.0.0.2:80")?;
//! let server = std::thread::spawn(move || {
//!     let (mut stream, _peer) = listener.accept()?;
//!     stream.write_all(b"hello")
//! });
//!
//! let mut text = String::new();
//! TcpStream::connect_on(&left, "10.0.0.2:80")?.read_to_string(&mut text)?;
//! assert_eq!(text, "hello");
//! # server.join().unwrap()
//! # }
//! ```

mod listener;
mod park;
mod stream;
mod udp;

pub use listener::{Incoming, TcpListener};
pub use stream::TcpStream;
pub use udp::UdpSocket;

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use crate::net::resolve;

/// [`resolve::first_of`] the addresses that std finds.
fn each<T>(addr: impl ToSocketAddrs, attempt: impl FnMut(SocketAddr) -> io::Result<T>) -> io::Result<T> {
    resolve::first_of(addr.to_socket_addrs()?, attempt)
}
