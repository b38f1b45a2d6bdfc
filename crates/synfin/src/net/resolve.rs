//! Trying the addresses that a name stands for.

use std::io;
use std::net::SocketAddr;

use tokio::net::{ToSocketAddrs, lookup_host};

/// [`first_of`] the addresses that tokio finds.
pub(super) async fn each<T>(
    addr: impl ToSocketAddrs,
    attempt: impl FnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    first_of(lookup_host(addr).await?, attempt)
}

/// Tries each address in turn; the last error is the one that counts.
pub(crate) fn first_of<T>(
    addrs: impl Iterator<Item = SocketAddr>,
    mut attempt: impl FnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut last = None;
    for addr in addrs {
        match attempt(addr) {
            Ok(made) => return Ok(made),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(no_address))
}

/// A name that stands for nothing.
pub(super) fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "could not resolve to any address")
}
