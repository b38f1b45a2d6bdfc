//! Who waits for what.

use std::task::Waker;

use smallvec::SmallVec;
use synfin_host::{ListenerHandle, RequestId, TcpHandle, UdpHandle};

/// What can be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A connection has something to read, or its end.
    Read(TcpHandle),
    /// A connection is established, has room, or is gone.
    Write(TcpHandle),
    /// All that a connection has sent is acknowledged, or it is gone.
    Acknowledged(TcpHandle),
    /// A connection is gone.
    Closed(TcpHandle),
    /// A listener has a connection.
    Accept(ListenerHandle),
    /// A UDP socket has a datagram.
    Datagram(UdpHandle),
    /// The queue of packets has room; this socket's `poll_*` methods wait for it.
    Room(UdpHandle),
    /// The forwarder has a request.
    Request,
    /// A request is void.
    Withdrawn(RequestId),
    /// The forwarder has an echo request.
    Echo,
    /// The driver has ended.
    Ended,
}

/// Those who are to be woken once the lock is released.
pub(crate) type Woken = SmallVec<[Waker; 4]>;

/// The wakers of those who wait at one place. `poll_*` methods share one, the last caller's, as tokio's do;
/// each future of an `async fn` has its own.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    poller: Option<Waker>,
    futures: Vec<(Ticket, Waker)>,
    last_ticket: Ticket,
}

/// Names a future among those who wait.
pub(crate) type Ticket = u64;

impl Waiters {
    /// The caller of a `poll_*` method.
    pub(crate) fn register(&mut self, waker: &Waker) {
        match &mut self.poller {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// A future; its ticket is for the next call and for [`Waiters::forget`].
    pub(crate) fn register_future(&mut self, ticket: Option<Ticket>, waker: &Waker) -> Ticket {
        if let Some(known) = self.futures.iter_mut().find(|(known, _)| Some(*known) == ticket) {
            known.1.clone_from(waker);
            return known.0;
        }
        self.last_ticket += 1;
        self.futures.push((self.last_ticket, waker.clone()));
        self.last_ticket
    }

    /// A future waits no more.
    pub(crate) fn forget(&mut self, ticket: Ticket) {
        self.futures.retain(|(known, _)| *known != ticket);
    }

    /// All of them are to be woken, once the lock is released.
    pub(crate) fn wake(&mut self, woken: &mut Woken) {
        if let Some(poller) = self.poller.take() {
            woken.push(poller);
        }
        if !self.futures.is_empty() {
            woken.extend(self.futures.drain(..).map(|(_, waker)| waker));
        }
    }
}
