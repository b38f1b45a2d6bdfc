//! A stream.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{Shutdown, SocketAddr, ToSocketAddrs};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use synfin_host::ConnectOptions;

use super::each;
use super::park::{Timeouts, wait};
use crate::{CloseReason, Stack, Status, net};

/// A connection, as [`std::net::TcpStream`] is one. Dropping its last handle closes it.
#[derive(Debug)]
pub struct TcpStream {
    shared: Arc<Shared>,
}

/// What the handles of a stream share.
#[derive(Debug)]
struct Shared {
    stream: net::TcpStream,
    timeouts: Timeouts,
    /// How long dropping the last handle waits at most.
    linger: Mutex<Duration>,
}

impl From<net::TcpStream> for TcpStream {
    fn from(stream: net::TcpStream) -> Self {
        Self {
            shared: Arc::new(Shared {
                stream,
                timeouts: Timeouts::default(),
                linger: Mutex::new(Duration::ZERO),
            }),
        }
    }
}

impl Shared {
    fn linger(&self) -> MutexGuard<'_, Duration> {
        self.linger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let patience = *self.linger();
        if !patience.is_zero() && self.stream.shut_down().is_ok() {
            // Whatever became of it, nobody is left to be told.
            let _ = wait(self.stream.acknowledged(), Some(patience));
        }
    }
}

impl TcpStream {
    /// Connects on the default stack of the process; see [`TcpStream::connect_on`].
    ///
    /// # Errors
    /// As [`TcpStream::connect_on`]; [`NotConnected`](io::ErrorKind::NotConnected) when there is no default.
    pub fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        Self::connect_on(&Stack::process_default()?, addr)
    }

    /// Connects to the first of these addresses that answers.
    ///
    /// # Errors
    /// As [`net::TcpStream::connect_on`].
    pub fn connect_on<A: ToSocketAddrs>(stack: &Stack, addr: A) -> io::Result<Self> {
        let open = |addr| wait(net::TcpStream::open(stack, addr, ConnectOptions::default()), None);
        each(addr, open).map(Self::from)
    }

    /// Connects, and gives up when `timeout` is over.
    ///
    /// # Errors
    /// As [`TcpStream::connect_on`]; [`TimedOut`](io::ErrorKind::TimedOut).
    pub fn connect_timeout_on(stack: &Stack, addr: &SocketAddr, timeout: Duration) -> io::Result<Self> {
        let open = net::TcpStream::open(stack, *addr, ConnectOptions::default());
        match wait(open, Some(timeout)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(io::ErrorKind::TimedOut.into()),
            result => result.map(Self::from),
        }
    }

    /// Connects on the default stack of the process, and gives up when `timeout` is over.
    ///
    /// # Errors
    /// As [`TcpStream::connect`]; [`TimedOut`](io::ErrorKind::TimedOut).
    pub fn connect_timeout(addr: &SocketAddr, timeout: Duration) -> io::Result<Self> {
        Self::connect_timeout_on(&Stack::process_default()?, addr, timeout)
    }

    /// The peer's address.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream().peer_addr()
    }

    /// This end's address.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream().local_addr()
    }

    /// Ends a direction, or both. What has arrived can still be read; behind it is the end.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Write {
            self.stream().shut_down_read()?;
        }
        if how != Shutdown::Read {
            self.stream().shut_down()?;
        }
        Ok(())
    }

    /// Another handle of the same stream.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { shared: Arc::clone(&self.shared) })
    }

    /// How long a read waits before it fails with [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for zero.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.timeouts().read.set(timeout)
    }

    /// How long a write waits before it fails with [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for zero.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.timeouts().write.set(timeout)
    }

    /// What [`TcpStream::set_read_timeout`] has set.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn read_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.timeouts().read.get())
    }

    /// What [`TcpStream::set_write_timeout`] has set.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn write_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.timeouts().write.get())
    }

    /// Copies what can be read next, as much as there is and fits, and leaves it to be read; 0 at the end of the stream.
    ///
    /// # Errors
    /// As a read.
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        wait(self.stream().peek(buf), self.timeouts().for_read())
    }

    /// Turns Nagle's algorithm off or on.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.stream().set_nodelay(nodelay)
    }

    /// Whether Nagle's algorithm is off.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.stream().nodelay()
    }

    /// What becomes of the connection when the last handle is dropped, as SO_LINGER says it. `None` closes it, which goes
    /// on by itself; that is the default. Zero resets it. For any other time dropping waits until the peer has
    /// acknowledged everything, but no longer than that; what is left then goes on being sent.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        let waits = linger.unwrap_or_default();
        self.stream().set_linger(linger.filter(Duration::is_zero))?;
        *self.shared.linger() = waits;
        Ok(())
    }

    /// What [`TcpStream::set_linger`] has set.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        let waits = *self.shared.linger();
        if waits.is_zero() { self.stream().linger() } else { Ok(Some(waits)) }
    }

    /// The error that has ended the connection.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.stream().take_error()
    }

    /// Whether reads and writes fail with [`WouldBlock`](io::ErrorKind::WouldBlock) where they would wait.
    ///
    /// # Errors
    /// None: the signature is std's.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.timeouts().nonblocking.store(nonblocking, Ordering::Relaxed);
        Ok(())
    }

    /// Resets the connection; see [`net::TcpStream::abort`].
    pub fn abort(&self) {
        self.stream().abort();
    }

    /// A snapshot of the connection; see [`net::TcpStream::status`].
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.stream().status()
    }

    /// Why the connection is gone; `None` while it is not.
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.stream().close_reason()
    }

    fn stream(&self) -> &net::TcpStream {
        &self.shared.stream
    }

    fn timeouts(&self) -> &Timeouts {
        &self.shared.timeouts
    }
}

impl Read for &TcpStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read_vectored(&mut [IoSliceMut::new(buf)])
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        wait(self.stream().read_some(bufs), self.timeouts().for_read())
    }
}

impl Write for &TcpStream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        wait(self.stream().write_some(bufs), self.timeouts().for_write())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for TcpStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(bufs)
    }
}

impl Write for TcpStream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&*self).write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
