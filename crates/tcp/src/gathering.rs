//! Small pieces of text, copied together.
//!
//! In: pieces that are not worth a chunk each. Out: chunks of the memory that they were copied to, which is used again once
//! nobody holds any of them. So whoever exchanges short messages takes one piece of memory for all of them.

use bytes::{Buf, Bytes, BytesMut};

/// How much memory pieces take at the least, and how much stays at the most when nothing is held; octets.
const LEAST: usize = 256;
const KEPT: usize = 2 * 1024;

/// Pieces that are not part of a chunk yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathering {
    octets: BytesMut,
    /// The memory that they lie in is not worth keeping.
    is_large: bool,
}

impl Gathering {
    pub(crate) fn len(&self) -> usize {
        self.octets.len()
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Whether there is room behind the last piece for one so long.
    pub(crate) fn has_room(&self, octets: usize) -> bool {
        self.octets.capacity() - self.octets.len() >= octets
    }

    /// Begins anew, with room for so much. What was held must have been taken.
    pub(crate) fn begin(&mut self, octets: usize) {
        debug_assert!(self.octets.is_empty(), "nothing is lost");
        let octets = octets.max(LEAST);
        self.is_large = octets > KEPT;
        self.octets.reserve(octets);
    }

    /// Puts a piece behind the others.
    pub(crate) fn put(&mut self, piece: &[u8]) {
        self.octets.extend_from_slice(piece);
    }

    /// What was put together so far, as a chunk; `None` when it is nothing.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        (!self.octets.is_empty()).then(|| self.octets.split().freeze())
    }

    /// Copies the first octets out, as many as fit; how many.
    pub(crate) fn read(&mut self, room: &mut [u8]) -> usize {
        let octets = self.octets.len().min(room.len());
        self.octets.copy_to_slice(&mut room[..octets]);
        octets
    }

    /// Nothing is held any more, of which there may be more soon.
    pub(crate) fn calm(&mut self) {
        if self.is_large {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests;
