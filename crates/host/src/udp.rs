//! UDP sockets: where they are bound, and what waits to be received.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;
use hashbrown::HashMap;
use slotmap::SlotMap;

use crate::event::{Datagram, UdpError, UdpHandle};
use crate::keyed::{Key, Purpose};
use crate::route::unspecified;

/// What a datagram costs beside its payload.
const DATAGRAM_OVERHEAD: usize = 64;

/// A socket.
#[derive(Debug)]
pub(crate) struct UdpSocket {
    pub(crate) local: SocketAddr,
    queue: VecDeque<Datagram>,
    queued: usize,
    pub(crate) error: Option<UdpError>,
    /// The TTL of what it sends, where that is not the host's.
    pub(crate) hop_limit: Option<u8>,
    /// The TOS octet of what it sends.
    pub(crate) traffic_class: u8,
    /// It is in the event queue.
    pub(crate) reported: bool,
}

/// All sockets.
#[derive(Debug)]
pub(crate) struct UdpTable {
    sockets: SlotMap<UdpHandle, UdpSocket>,
    by_address: HashMap<SocketAddr, UdpHandle, Key>,
    /// The socket for whatever is nobody else's.
    forward: Option<UdpHandle>,
    queue_limit: usize,
}

impl UdpTable {
    pub(crate) fn new(secret: &[u8; 32], queue_limit: usize) -> Self {
        Self {
            sockets: SlotMap::with_key(),
            by_address: HashMap::with_hasher(Key::derive(secret, Purpose::UdpTable)),
            forward: None,
            queue_limit,
        }
    }

    pub(crate) fn is_taken(&self, local: SocketAddr) -> bool {
        self.by_address.contains_key(&local)
    }

    pub(crate) fn bind(&mut self, local: SocketAddr) -> UdpHandle {
        let handle = self.sockets.insert(UdpSocket::new(local));
        self.by_address.insert(local, handle);
        handle
    }

    /// The forwarder's socket, which is at no address.
    pub(crate) fn forward(&mut self) -> UdpHandle {
        let sockets = &mut self.sockets;
        *self
            .forward
            .get_or_insert_with(|| sockets.insert(UdpSocket::new(SocketAddr::from(([0, 0, 0, 0], 0)))))
    }

    pub(crate) fn is_forward(&self, handle: UdpHandle) -> bool {
        self.forward == Some(handle)
    }

    pub(crate) fn get(&self, handle: UdpHandle) -> Option<&UdpSocket> {
        self.sockets.get(handle)
    }

    pub(crate) fn get_mut(&mut self, handle: UdpHandle) -> Option<&mut UdpSocket> {
        self.sockets.get_mut(handle)
    }

    /// Whose `local` is; `ours` says that sockets at the unspecified address are meant too.
    pub(crate) fn find(&self, local: SocketAddr, ours: bool) -> Option<UdpHandle> {
        let any = || SocketAddr::new(unspecified(local.ip()), local.port());
        let exact = self.by_address.get(&local);
        exact.or_else(|| if ours { self.by_address.get(&any()) } else { None }).copied().or(self.forward)
    }

    /// Queues a datagram; false when there is no room.
    pub(crate) fn deliver(&mut self, handle: UdpHandle, datagram: Datagram) -> bool {
        let limit = self.queue_limit;
        self.sockets.get_mut(handle).is_some_and(|socket| socket.push(datagram, limit))
    }

    pub(crate) fn close(&mut self, handle: UdpHandle) {
        if self.forward == Some(handle) {
            self.forward = None;
        } else if let Some(socket) = self.sockets.get(handle) {
            self.by_address.remove(&socket.local);
        }
        self.sockets.remove(handle);
    }
}

impl UdpSocket {
    fn new(local: SocketAddr) -> Self {
        Self {
            local,
            queue: VecDeque::new(),
            queued: 0,
            error: None,
            hop_limit: None,
            traffic_class: 0,
            reported: false,
        }
    }

    fn push(&mut self, mut datagram: Datagram, limit: usize) -> bool {
        let cost = datagram.payload.len() + DATAGRAM_OVERHEAD;
        if self.queued + cost > limit {
            return false;
        }
        self.queued += cost;
        // Copied, so that a small datagram does not keep the large buffer that it was read into.
        datagram.payload = Bytes::copy_from_slice(&datagram.payload);
        self.queue.push_back(datagram);
        true
    }

    pub(crate) fn pop(&mut self) -> Option<Datagram> {
        let datagram = self.queue.pop_front()?;
        self.queued -= datagram.payload.len() + DATAGRAM_OVERHEAD;
        Some(datagram)
    }
}
