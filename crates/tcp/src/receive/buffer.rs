//! Octets in order that the user has not read.

use alloc::collections::VecDeque;

use bytes::{Buf, Bytes};

use super::COPY_BELOW;
use crate::gathering::Gathering;

/// How much short text is copied together into one chunk.
const GATHER_CHUNK: usize = COPY_BELOW;

/// The user's side of the receive direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReceiveBuffer {
    chunks: VecDeque<Bytes>,
    gathering: Gathering,
    len: usize,
}

impl ReceiveBuffer {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn push(&mut self, bytes: Bytes) {
        self.len += bytes.len();
        if bytes.len() >= COPY_BELOW {
            self.seal();
            self.chunks.push_back(bytes);
            return;
        }
        if !self.gathering.has_room(bytes.len()) {
            self.seal();
            let is_alone = self.len == bytes.len();
            self.gathering.begin(if is_alone { bytes.len() } else { GATHER_CHUNK });
        }
        self.gathering.put(&bytes);
    }

    /// The next octets, at most `max`; `None` when there are none.
    pub(crate) fn pop(&mut self, max: usize) -> Option<Bytes> {
        if self.len == 0 {
            return None;
        }
        let bytes = if self.len <= max && self.gathering.len() == self.len {
            self.gathering.take()?
        } else {
            if self.chunks.is_empty() {
                self.seal();
            }
            let front = self.chunks.front_mut()?;
            if front.len() <= max { self.chunks.pop_front()? } else { front.split_to(max) }
        };
        self.len -= bytes.len();
        if self.len == 0 {
            self.gathering.calm();
        }
        Some(bytes)
    }

    /// Copies the next octets into `room`, as many as fit; how many.
    pub(crate) fn read(&mut self, room: &mut [u8]) -> usize {
        let mut copied = 0;
        while let Some(front) = self.chunks.front_mut()
            && copied < room.len()
        {
            let octets = front.len().min(room.len() - copied);
            room[copied..copied + octets].copy_from_slice(&front[..octets]);
            copied += octets;
            if octets == front.len() {
                self.chunks.pop_front();
            } else {
                front.advance(octets);
            }
        }
        copied += self.gathering.read(&mut room[copied..]);
        self.len -= copied;
        if self.len == 0 {
            self.gathering.calm();
        }
        copied
    }

    /// As [`ReceiveBuffer::read`], and leaves them to be read.
    pub(crate) fn peek(&self, room: &mut [u8]) -> usize {
        let mut copied = 0;
        for piece in self.chunks.iter().map(|chunk| &chunk[..]).chain([self.gathering.octets()]) {
            let octets = piece.len().min(room.len() - copied);
            room[copied..copied + octets].copy_from_slice(&piece[..octets]);
            copied += octets;
            if copied == room.len() {
                break;
            }
        }
        copied
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn seal(&mut self) {
        self.chunks.extend(self.gathering.take());
    }
}

#[cfg(test)]
mod tests;
