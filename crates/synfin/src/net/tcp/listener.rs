//! A listener.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use smallvec::{SmallVec, smallvec};
use synfin_host::{ListenOptions, ListenerHandle, Md5Key};
use synfin_wire::Instant;
use tokio::net::ToSocketAddrs;

use super::TcpStream;
use crate::driver::{Place, State};
use crate::net::{any, resolve};
use crate::{Stack, error};

/// Takes connections, as [`tokio::net::TcpListener`] does. Dropping it resets those that nobody took.
///
/// Of a stack with several shards it takes the connections of all, of each in turn where there are several;
/// [`ListenOptions::backlog`] is that of each.
pub struct TcpListener {
    /// One of each shard.
    entries: SmallVec<[Entry; 1]>,
    local: SocketAddr,
    /// Which shard is asked first.
    next: AtomicUsize,
}

/// What listens in one shard.
struct Entry {
    /// A handle of the shard.
    stack: Stack,
    handle: ListenerHandle,
}

impl TcpListener {
    /// Listens on the default stack; see [`TcpListener::bind_on`].
    ///
    /// # Errors
    /// As [`TcpListener::bind_on`]; [`NotConnected`](io::ErrorKind::NotConnected) when there is no default.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        Self::bind_on(&Stack::current()?, addr).await
    }

    /// Listens on the first of these addresses that can be had: one of the stack's own, or an unspecified
    /// one for all of its family; port 0 for one that is free.
    ///
    /// # Errors
    /// [`AddrInUse`](io::ErrorKind::AddrInUse), or
    /// [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable) when the address is not the stack's.
    pub async fn bind_on<A: ToSocketAddrs>(stack: &Stack, addr: A) -> io::Result<Self> {
        resolve::each(addr, |addr| Self::listen(stack, addr, ListenOptions::default())).await
    }

    /// Listens with options; see [`TcpListener::bind_on`].
    ///
    /// # Errors
    /// As [`TcpListener::bind_on`].
    pub fn listen(stack: &Stack, addr: SocketAddr, options: ListenOptions) -> io::Result<Self> {
        let mut listener = Self { entries: SmallVec::new(), local: addr, next: AtomicUsize::new(0) };
        for shard in stack.each_shard() {
            // The first chooses a port where there is none.
            let addr = listener.local;
            let options = options.clone();
            let (handle, local) = shard.shared().call(|state, _| {
                state.running()?;
                let handle = state.host.listen(addr, options).map_err(error::of_listen)?;
                state.add_listener(handle);
                Ok::<_, io::Error>((handle, state.host.listener_addr(handle).unwrap_or(addr)))
            })?;
            listener.local = local;
            listener.entries.push(Entry { stack: shard, handle });
        }
        Ok(listener)
    }

    /// The next connection and its peer.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        any(&self.entries, self.turn(), Entry::accept).await
    }

    /// The next connection and its peer; the task of the last caller is woken when there is one.
    ///
    /// # Errors
    /// As [`TcpListener::accept`].
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let (later, first) = self.entries.split_at(self.turn() % self.entries.len());
        let mut polls = first.iter().chain(later).map(|entry| entry.poll_accept(cx));
        polls.find(Poll::is_ready).unwrap_or(Poll::Pending)
    }

    /// A listener for each shard, to be served by a thread of its own: what it takes is that shard's. Each shard has to
    /// be served, for dropping one of these has its SYNs refused.
    #[must_use]
    pub fn by_shard(mut self) -> Vec<Self> {
        let local = self.local;
        let entries = std::mem::take(&mut self.entries);
        let alone = |entry| Self { entries: smallvec![entry], local, next: AtomicUsize::new(0) };
        entries.into_iter().map(alone).collect()
    }

    fn turn(&self) -> usize {
        if self.entries.len() == 1 { 0 } else { self.next.fetch_add(1, Ordering::Relaxed) }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// None: the signature is tokio's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }

    /// Gives the peers of a prefix another key (RFC 2385), or takes theirs away; see
    /// [`TcpSocket::set_md5_key`](super::TcpSocket::set_md5_key). Connections that are established keep the key that they
    /// have.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn set_md5_key(&self, address: IpAddr, prefix_len: u8, key: Option<Md5Key>) -> io::Result<()> {
        self.entries.iter().try_for_each(|entry| {
            entry.stack.shared().call(|state, _| {
                state.running()?;
                state.host.set_listener_md5_key(entry.handle, address, prefix_len, key.clone());
                Ok(())
            })
        })
    }
}

impl Entry {
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let shared = self.stack.shared();
        shared.wait(Place::Accept(self.handle), |state, now| self.attempt(state, now)).await
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let shared = self.stack.shared();
        shared.poll(Place::Accept(self.handle), cx, |state, now| self.attempt(state, now))
    }

    fn attempt(&self, state: &mut State, _: Instant) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        state.running()?;
        match state.host.accept(self.handle) {
            Some(accepted) => {
                let stream =
                    TcpStream::adopt(&self.stack, state, accepted.handle, accepted.local, accepted.remote);
                Poll::Ready(Ok((stream, accepted.remote)))
            }
            None => Poll::Pending,
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.stack.shared().call(|state, now| state.remove_listener(self.handle, now));
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener").field("addr", &self.local).finish_non_exhaustive()
    }
}

#[cfg(feature = "axum")]
impl axum::serve::Listener for TcpListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    /// A stack that has stopped brings no connection any more.
    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        match Self::accept(self).await {
            Ok(accepted) => accepted,
            Err(_) => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }
}
