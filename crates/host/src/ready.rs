//! The connections that may have something to send, each at most once, each in its turn.

use std::collections::VecDeque;

use crate::event::TcpHandle;
use crate::table::Entry;

/// A round robin: who has sent one segment stands at the end again.
#[derive(Debug, Default)]
pub(crate) struct ReadyQueue {
    queue: VecDeque<TcpHandle>,
}

impl ReadyQueue {
    /// `entry` may have something to send.
    pub(crate) fn mark(&mut self, handle: TcpHandle, entry: &mut Entry) {
        if !entry.ready {
            entry.ready = true;
            self.queue.push_back(handle);
        }
    }

    /// Nobody waits for a turn.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whose turn it is. One that is gone by now may come up, and is to be passed over.
    pub(crate) fn pop(&mut self) -> Option<TcpHandle> {
        self.queue.pop_front()
    }
}
