//! Connections, datagrams and echo requests to any address, for whoever forwards them elsewhere.
//!
//! A stack with [`any_address`](crate::Builder::any_address) takes packets for every unicast destination.
//! What no listener and no socket of its own takes comes here: the SYN-ACK is held until the
//! [`OpenRequest`] is decided, so that the one who forwards can first see whether the destination answers.
//!
//! ```
//! use synfin::forward::Refusal;
//! use synfin::net::TcpStream;
//! use synfin::{Capabilities, Medium, Stack, memory};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let (left, right) = memory::pair(Capabilities::new(Medium::Ip, 1500, true), 64)?;
//! let inside = Stack::builder(left).address("10.0.0.1/0").spawn()?;
//! let outside = Stack::builder(right).any_address(true).spawn()?;
//!
//! let forwarder = outside.forwarder()?;
//! tokio::spawn(async move {
//!     while let Some(request) = forwarder.next().await {
//!         match request.local().port() {
//!             80 => request.accept()?.write_all(b"hello").await?,
//!             _ => request.refuse(Refusal::Reset),
//!         }
//!     }
//!     std::io::Result::Ok(())
//! });
//! let mut text = String::new();
//! TcpStream::connect_on(&inside, "192.0.2.7:80").await?.read_to_string(&mut text).await?;
//! assert_eq!(text, "hello");
//! let refused = TcpStream::connect_on(&inside, "192.0.2.7:81").await.unwrap_err();
//! assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
//! # Ok(())
//! # }
//! ```

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use bytes::Bytes;
use synfin_host::{RequestId, UdpHandle};

pub use synfin_host::{Datagram, EchoRequest, Refusal, Unreachable};

use crate::driver::{Place, State};
use crate::net::TcpStream;
use crate::net::any;
use crate::{Stack, error};

/// The requests of one stack. Dropping it has SYNs to where nobody listens refused again.
#[derive(Debug)]
pub struct Forwarder {
    /// A handle of each shard.
    shards: Vec<Stack>,
    /// Which shard is asked first.
    next: AtomicUsize,
}

impl Forwarder {
    pub(crate) fn new(stack: &Stack) -> io::Result<Self> {
        stack.first().shared().call(|state, _| take(&mut state.roles.requests))?;
        let shards: Vec<Stack> = stack.each_shard().collect();
        for shard in &shards {
            shard.shared().call(|state, _| state.host.set_forwarder(true));
        }
        Ok(Self { shards, next: AtomicUsize::new(0) })
    }

    /// The next request; `None` when the stack has stopped.
    pub async fn next(&self) -> Option<OpenRequest> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        any(&self.shards, turn, next_request).await
    }
}

async fn next_request(stack: &Stack) -> Option<OpenRequest> {
    let attempt = |state: &mut State, _| match state.next_request() {
        Some(request) => Poll::Ready(Some(request)),
        None if state.stopped.is_some() => Poll::Ready(None),
        None => Poll::Pending,
    };
    let request = stack.shared().wait(Place::Request, attempt).await?;
    Some(OpenRequest { stack: stack.clone(), request, decided: false })
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        for shard in &self.shards {
            shard.shared().call(|state, _| {
                state.roles.requests = false;
                state.host.set_forwarder(false);
            });
        }
    }
}

/// A SYN that waits for an answer. Dropping it undecided refuses it by an RST, so that nobody waits for
/// someone who has gone.
#[derive(Debug)]
pub struct OpenRequest {
    stack: Stack,
    request: synfin_host::OpenRequest,
    decided: bool,
}

impl OpenRequest {
    /// What was dialled.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.request.local
    }

    /// Who dialled it.
    #[must_use]
    pub fn remote(&self) -> SocketAddr {
        self.request.remote
    }

    /// Waits until the request is void: its client gave up, it took too long to decide, or the stack has
    /// stopped.
    pub async fn withdrawn(&self) {
        let id = self.id();
        let attempt = |state: &mut State, _| {
            let is_void = !state.is_pending(id) || state.stopped.is_some();
            if is_void { Poll::Ready(()) } else { Poll::Pending }
        };
        self.stack.shared().wait(Place::Withdrawn(id), attempt).await;
    }

    /// Answers: the SYN-ACK goes out. The stream can be used at once; what is written waits for the client's
    /// third segment, see [`TcpStream::established`].
    ///
    /// # Errors
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted) when the request is void,
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn accept(mut self) -> io::Result<TcpStream> {
        self.decided = true;
        let (id, local, remote) = (self.id(), self.local(), self.remote());
        self.stack.shared().call(|state, now| {
            state.running()?;
            state.end_request(id);
            let void = || io::Error::new(io::ErrorKind::ConnectionAborted, "the client has given up");
            let handle = state.host.accept_request(id, now).ok_or_else(void)?;
            Ok(TcpStream::adopt(&self.stack, state, handle, local, remote))
        })
    }

    /// Refuses. Nothing happens when the request is void.
    pub fn refuse(mut self, refusal: Refusal) {
        self.decide(refusal);
    }

    fn decide(&mut self, refusal: Refusal) {
        let id = self.id();
        if !std::mem::replace(&mut self.decided, true) {
            self.stack.shared().call(|state, now| {
                state.end_request(id);
                state.host.refuse_request(id, refusal, now);
            });
        }
    }

    fn id(&self) -> RequestId {
        self.request.id
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.decide(Refusal::Reset);
    }
}

/// The datagrams that no socket of the stack receives. Dropping it has them refused again.
#[derive(Debug)]
pub struct UdpForwarder {
    stack: Stack,
    handle: UdpHandle,
}

impl UdpForwarder {
    pub(crate) fn new(stack: &Stack) -> io::Result<Self> {
        let stack = stack.first();
        let handle = stack.shared().call(|state, _| {
            take(&mut state.roles.datagrams)?;
            let handle = state.host.udp_forward();
            state.add_udp(handle);
            Ok::<_, io::Error>(handle)
        })?;
        Ok(Self { stack, handle })
    }

    /// The next datagram; `None` when the stack has stopped.
    pub async fn recv(&self) -> Option<Datagram> {
        let attempt = |state: &mut State, _| match state.host.udp_receive_from(self.handle) {
            Some(datagram) => Poll::Ready(Some(datagram)),
            None if state.stopped.is_some() => Poll::Ready(None),
            None => Poll::Pending,
        };
        self.stack.shared().wait(Place::Datagram(self.handle), attempt).await
    }

    /// Sends a datagram that says it comes from `local`. When the device has no room it is lost, as on any
    /// link.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for addresses that are none, or of two families;
    /// [`FileTooLarge`](io::ErrorKind::FileTooLarge) for more than a datagram holds;
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when the stack has stopped.
    pub fn send_from(&self, local: SocketAddr, remote: SocketAddr, payload: Bytes) -> io::Result<()> {
        self.stack.shared().call(|state, now| {
            state.running()?;
            match state.host.udp_send_from(local, payload, remote, now) {
                Ok(()) | Err(synfin_host::SendToError::WouldBlock) => Ok(()),
                Err(error) => Err(error::of_send_to(error)),
            }
        })
    }

    /// Tells the sender of a datagram that it could not be delivered.
    pub fn unreachable(&self, datagram: &Datagram, kind: Unreachable) {
        self.stack.shared().call(|state, now| state.host.udp_unreachable(datagram, kind, now));
    }
}

impl Drop for UdpForwarder {
    fn drop(&mut self) {
        self.stack.shared().call(|state, _| {
            state.roles.datagrams = false;
            state.remove_udp(self.handle);
        });
    }
}

/// The echo requests for addresses that are not the host's own.
#[derive(Debug)]
pub struct EchoForwarder {
    stack: Stack,
}

impl EchoForwarder {
    pub(crate) fn new(stack: &Stack) -> io::Result<Self> {
        let stack = stack.first();
        stack.shared().call(|state, _| take(&mut state.roles.echoes))?;
        Ok(Self { stack })
    }

    /// The next request; `None` when the stack has stopped.
    pub async fn next(&self) -> Option<EchoRequest> {
        let attempt = |state: &mut State, _| match state.host.poll_echo() {
            Some(request) => Poll::Ready(Some(request)),
            None if state.stopped.is_some() => Poll::Ready(None),
            None => Poll::Pending,
        };
        self.stack.shared().wait(Place::Echo, attempt).await
    }

    /// Answers in the name of the one who was asked.
    pub fn reply(&self, request: &EchoRequest) {
        self.stack.shared().call(|state, now| state.host.send_echo_reply(request, now));
    }

    /// Tells the one who asked that the one who was asked cannot be reached.
    pub fn unreachable(&self, request: &EchoRequest, kind: Unreachable) {
        self.stack.shared().call(|state, now| state.host.echo_unreachable(request, kind, now));
    }
}

impl Drop for EchoForwarder {
    fn drop(&mut self) {
        self.stack.shared().look(|state| state.roles.echoes = false);
    }
}

fn take(role: &mut bool) -> io::Result<()> {
    if std::mem::replace(role, true) {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "this stack's forwarder is taken"));
    }
    Ok(())
}
