//! Listeners: where they listen, and what waits in their queues.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use hashbrown::HashMap;
use slotmap::SlotMap;
use synfin_tcp::Config;
use synfin_wire::Instant;

use crate::config::ListenFastOpen;
use crate::event::{ListenerHandle, TcpHandle};
use crate::fast_open::FastOpenKeys;
use crate::fast_open::queue::FastOpenQueue;
use crate::keyed::{Key, Purpose};
use crate::md5::PeerKeys;
use crate::route::unspecified;
use crate::table::Owner;

/// LISTEN (RFC 9293 section 3.10.1) with its two queues. The SYN queue is a count: half-open connections
/// are in the table like all others.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) local: SocketAddr,
    pub(crate) config: Arc<Config>,
    pub(crate) md5_keys: PeerKeys,
    backlog: usize,
    half_open: usize,
    accept_queue: VecDeque<TcpHandle>,
    pub(crate) fast_open: FastOpenQueue,
    pub(crate) fast_open_keys: Option<FastOpenKeys>,
    pub(crate) without_cookie: bool,
    /// When a SYN was last answered with a SYN cookie.
    pub(crate) cookie_sent_at: Option<Instant>,
    /// It is in the event queue.
    pub(crate) reported: bool,
}

/// All listeners.
#[derive(Debug)]
pub(crate) struct Listeners {
    listeners: SlotMap<ListenerHandle, Listener>,
    by_address: HashMap<SocketAddr, ListenerHandle, Key>,
    half_open: usize,
    half_open_limit: usize,
}

impl Listeners {
    pub(crate) fn new(secret: &[u8; 32], half_open_limit: usize) -> Self {
        Self {
            listeners: SlotMap::with_key(),
            by_address: HashMap::with_hasher(Key::derive(secret, Purpose::ListenerTable)),
            half_open: 0,
            half_open_limit,
        }
    }

    /// Whether somebody listens at exactly this address, which may be unspecified.
    pub(crate) fn is_taken(&self, local: SocketAddr) -> bool {
        self.by_address.contains_key(&local)
    }

    pub(crate) fn insert(
        &mut self,
        local: SocketAddr,
        config: Arc<Config>,
        backlog: usize,
        fast_open: ListenFastOpen,
    ) -> ListenerHandle {
        let handle = self.listeners.insert(Listener {
            local,
            config,
            md5_keys: PeerKeys::default(),
            backlog: backlog.max(1),
            half_open: 0,
            accept_queue: VecDeque::new(),
            fast_open: FastOpenQueue::new(fast_open.backlog.unwrap_or(0)),
            fast_open_keys: fast_open.keys,
            without_cookie: fast_open.without_cookie,
            cookie_sent_at: None,
            reported: false,
        });
        self.by_address.insert(local, handle);
        handle
    }

    /// Who listens for `local`; `ours` says that listeners on the unspecified address do too.
    pub(crate) fn find(&self, local: SocketAddr, ours: bool) -> Option<ListenerHandle> {
        let any = || SocketAddr::new(unspecified(local.ip()), local.port());
        let exact = self.by_address.get(&local);
        exact.or_else(|| if ours { self.by_address.get(&any()) } else { None }).copied()
    }

    /// Whether it waits in the queue of a listener that was closed.
    pub(crate) fn is_closed(&self, owner: Owner) -> bool {
        matches!(owner, Owner::Listener(listener) if !self.listeners.contains_key(listener))
    }

    pub(crate) fn get(&self, handle: ListenerHandle) -> Option<&Listener> {
        self.listeners.get(handle)
    }

    pub(crate) fn get_mut(&mut self, handle: ListenerHandle) -> Option<&mut Listener> {
        self.listeners.get_mut(handle)
    }

    pub(crate) fn remove(&mut self, handle: ListenerHandle) -> Option<Listener> {
        let listener = self.listeners.remove(handle)?;
        self.by_address.remove(&listener.local);
        Some(listener)
    }

    /// Whether one more SYN may be answered. With a full accept queue it would lead nowhere.
    pub(crate) fn may_begin(&self, handle: ListenerHandle) -> bool {
        self.half_open < self.half_open_limit
            && self.listeners.get(handle).is_some_and(|listener| {
                listener.half_open < listener.backlog && !listener.accept_queue_is_full()
            })
    }

    /// Half-open connections of all listeners, those that are gone included.
    pub(crate) fn half_open(&self) -> usize {
        self.half_open
    }

    /// A SYN is being answered.
    pub(crate) fn began(&mut self, handle: ListenerHandle) {
        self.half_open += 1;
        if let Some(listener) = self.listeners.get_mut(handle) {
            listener.half_open += 1;
        }
    }

    /// A half-open connection is half-open no more. Its listener may be gone.
    pub(crate) fn ended(&mut self, handle: ListenerHandle) {
        self.half_open -= 1;
        if let Some(listener) = self.listeners.get_mut(handle) {
            listener.half_open -= 1;
        }
    }
}

impl Listener {
    /// How many connections wait to be accepted, and how many may.
    pub(crate) fn accept_queue(&self) -> (usize, usize) {
        (self.accept_queue.len(), self.backlog)
    }

    /// No room for one more established connection: the segment that would establish it is dropped, and
    /// the peer's next one, or the answer to our SYN-ACK's retransmission, finds room.
    pub(crate) fn accept_queue_is_full(&self) -> bool {
        self.accept_queue.len() >= self.backlog
    }

    pub(crate) fn established(&mut self, handle: TcpHandle) {
        self.accept_queue.push_back(handle);
    }

    pub(crate) fn has_established(&self) -> bool {
        !self.accept_queue.is_empty()
    }

    pub(crate) fn accept(&mut self) -> Option<TcpHandle> {
        self.accept_queue.pop_front()
    }
}
