//! A listener.

use std::io;
use std::iter::FusedIterator;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::park::{Timeouts, wait};
use super::{TcpStream, each};
use crate::{Stack, net};

/// Takes connections, as [`std::net::TcpListener`] does.
#[derive(Debug)]
pub struct TcpListener {
    shared: Arc<(net::TcpListener, Timeouts)>,
}

impl TcpListener {
    /// Listens on the default stack of the process; see [`TcpListener::bind_on`].
    ///
    /// # Errors
    /// As [`TcpListener::bind_on`]; [`NotConnected`](io::ErrorKind::NotConnected) when there is no default.
    pub fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        Self::bind_on(&Stack::process_default()?, addr)
    }

    /// Listens on the first of these addresses that can be had.
    ///
    /// # Errors
    /// As [`net::TcpListener::bind_on`].
    pub fn bind_on<A: ToSocketAddrs>(stack: &Stack, addr: A) -> io::Result<Self> {
        each(addr, |addr| {
            let listener = net::TcpListener::listen(stack, addr, synfin_host::ListenOptions::default())?;
            Ok(Self { shared: Arc::new((listener, Timeouts::default())) })
        })
    }

    /// Waits for the next connection; returns it and its peer.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (listener, timeouts) = &*self.shared;
        let (stream, peer) = wait(listener.accept(), timeouts.for_read())?;
        Ok((TcpStream::from(stream), peer))
    }

    /// The connections, one after another, without end.
    #[must_use]
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.shared.0.local_addr()
    }

    /// Another handle of the same listener.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { shared: Arc::clone(&self.shared) })
    }

    /// Whether [`TcpListener::accept`] fails with [`WouldBlock`](io::ErrorKind::WouldBlock) where it would
    /// wait.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.shared.1.nonblocking.store(nonblocking, Ordering::Relaxed);
        Ok(())
    }
}

/// See [`TcpListener::incoming`].
#[derive(Debug)]
pub struct Incoming<'a> {
    listener: &'a TcpListener,
}

impl Iterator for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    fn next(&mut self) -> Option<io::Result<TcpStream>> {
        Some(self.listener.accept().map(|(stream, _)| stream))
    }
}

impl FusedIterator for Incoming<'_> {}
