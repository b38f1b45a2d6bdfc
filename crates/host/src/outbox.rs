//! Packets that are ready to go: everything but the segments of living connections, which are made only
//! when the device asks.

use std::collections::VecDeque;

use crate::packet::PacketOut;

/// A bounded queue.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: VecDeque<PacketOut>,
    limit: usize,
}

impl Outbox {
    pub(crate) fn new(limit: usize) -> Self {
        Self { queue: VecDeque::new(), limit: limit.max(1) }
    }

    /// Whether `packets` more may come; into an empty queue they always may.
    pub(crate) fn has_room_for(&self, packets: usize) -> bool {
        self.queue.is_empty() || self.queue.len() + packets <= self.limit
    }

    /// Queues a packet for which there is room.
    pub(crate) fn push(&mut self, packet: PacketOut) {
        self.queue.push_back(packet);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn pop(&mut self) -> Option<PacketOut> {
        self.queue.pop_front()
    }
}
