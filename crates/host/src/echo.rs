//! Echo requests for other people's addresses, held for the forwarder's owner.

use std::collections::VecDeque;

use crate::event::EchoRequest;

/// More than these are dropped, as by any router that is busy.
const MOST: usize = 256;

/// A bounded queue.
#[derive(Debug, Default)]
pub(crate) struct EchoQueue {
    queue: VecDeque<EchoRequest>,
}

impl EchoQueue {
    /// False when there is no room.
    pub(crate) fn push(&mut self, request: EchoRequest) -> bool {
        let room = self.queue.len() < MOST;
        if room {
            self.queue.push_back(request);
        }
        room
    }

    pub(crate) fn pop(&mut self) -> Option<EchoRequest> {
        self.queue.pop_front()
    }
}
