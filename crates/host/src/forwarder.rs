//! SYNs that nobody listens for, held until the forwarder's owner decides.

use std::collections::VecDeque;

use slotmap::Key as _;

use crate::event::{RequestId, TcpHandle};

/// The queue of requests that the owner has not seen. The requests themselves are in the connection table.
#[derive(Debug)]
pub(crate) struct Forwarder {
    pub(crate) on: bool,
    unseen: VecDeque<TcpHandle>,
    undecided: usize,
    limit: usize,
}

impl Forwarder {
    pub(crate) fn new(on: bool, limit: usize) -> Self {
        Self { on, unseen: VecDeque::new(), undecided: 0, limit }
    }

    pub(crate) fn has_room(&self) -> bool {
        // Withdrawn requests leave their place in the queue to be passed over: they count too.
        self.undecided < self.limit && self.unseen.len() < self.limit.saturating_mul(2)
    }

    pub(crate) fn undecided(&self) -> usize {
        self.undecided
    }

    pub(crate) fn began(&mut self, handle: TcpHandle) {
        self.undecided += 1;
        self.unseen.push_back(handle);
    }

    pub(crate) fn ended(&mut self) {
        self.undecided -= 1;
    }

    /// The next one that was not seen. One that is gone by now may come up.
    pub(crate) fn next_unseen(&mut self) -> Option<TcpHandle> {
        self.unseen.pop_front()
    }
}

/// A request is a connection to be, so the two handles are one key of two types.
pub(crate) fn request_id(handle: TcpHandle) -> RequestId {
    RequestId::from(handle.data())
}

pub(crate) fn entry_handle(id: RequestId) -> TcpHandle {
    TcpHandle::from(id.data())
}
