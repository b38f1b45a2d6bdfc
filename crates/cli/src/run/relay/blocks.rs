//! Memory to read into, used again and again.
//!
//! What comes in: how much a read may bring. What goes out: room for it, then what it has brought. Memory that the
//! processor has in its cache takes a copy at twice the speed, and memory that is new has to be asked for and cleared.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Of one block, octets: room for four of the longest packets' text.
pub(super) const BLOCK: usize = 256 * 1024;
/// How many blocks that are lent out are kept, for what was read into them to be dropped.
const KEPT: usize = 4;
/// So little is copied, octets, in place of keeping a block for it.
const LITTLE: usize = 4096;

/// A few blocks, one of them to be read into next.
#[derive(Debug)]
pub(super) struct Blocks {
    next: BytesMut,
    lent: VecDeque<BytesMut>,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { next: BytesMut::with_capacity(BLOCK), lent: VecDeque::new() }
    }
}

impl Blocks {
    /// An empty buffer with room for `most` octets, which are no more than a block.
    pub(super) fn room(&mut self, most: usize) -> &mut BytesMut {
        if !self.next.try_reclaim(BLOCK) && self.next.capacity() < most {
            let is_free = self.lent.front_mut().is_some_and(|oldest| oldest.try_reclaim(BLOCK));
            let oldest = if is_free { self.lent.pop_front() } else { None };
            let renewed = oldest.unwrap_or_else(|| BytesMut::with_capacity(BLOCK));
            self.lent.push_back(std::mem::replace(&mut self.next, renewed));
            if self.lent.len() > KEPT {
                self.lent.pop_front();
            }
        }
        &mut self.next
    }

    /// What has been read into the room.
    pub(super) fn take(&mut self) -> Bytes {
        if self.next.len() > LITTLE {
            return self.next.split().freeze();
        }
        let bytes = Bytes::copy_from_slice(&self.next);
        self.next.clear();
        bytes
    }
}

#[cfg(test)]
mod tests;
