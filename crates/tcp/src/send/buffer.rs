//! The user's octets from SND.UNA on: held until acknowledged, sliced for each segment, never copied.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::ops::Range;

use bytes::{Bytes, BytesMut};
use synfin_wire::SeqNumber;

use crate::compact::compact;
use crate::gathering::Gathering;
use crate::outgoing::Payload;

/// A write shorter than this is gathered with its neighbours, so that a thousand writes of one octet do
/// not become a thousand chunks.
const GATHER_BELOW: usize = 4 * 1024;
/// How much is gathered into one chunk.
const GATHER_CHUNK: usize = 16 * 1024;
/// More slices than this in one segment are copied together: a device takes so many in one call.
const MAX_SLICES: usize = 32;

/// The octets that the user sent and the peer has not acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct SendBuffer {
    chunks: VecDeque<Chunk>,
    /// The last few small writes, not yet asked for.
    gathering: Gathering,
    /// Chunks that were let go, for the next to be copied to where no packet holds them still: who goes on writing needs no
    /// more memory.
    spares: Vec<Bytes>,
    /// Their octets.
    spare: usize,
    /// The sequence number of the first octet held.
    start_seq: SeqNumber,
    /// The same as a position in the stream, in 64 bits, which never wraps.
    start: u64,
    /// The position behind the last octet held.
    end: u64,
}

compact!(SendBuffer { start_seq, start, end } empty { chunks, gathering, spares, spare });

#[derive(Clone, Debug)]
struct Chunk {
    start: u64,
    bytes: Bytes,
    /// It was copied to memory of the buffer's own.
    is_ours: bool,
}

/// What the user writes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'a> {
    /// The buffer may hold slices of it.
    Lent(&'a Bytes),
    /// The buffer copies it.
    Copied(&'a [u8]),
}

impl Text<'_> {
    pub(crate) fn len(&self) -> usize {
        self.octets().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.octets().is_empty()
    }

    fn octets(&self) -> &[u8] {
        match self {
            Self::Lent(bytes) => bytes,
            Self::Copied(octets) => octets,
        }
    }
}

impl SendBuffer {
    /// `first` is the number that the first octet will have: ISS + 1.
    pub(crate) fn new(first: SeqNumber) -> Self {
        Self {
            chunks: VecDeque::new(),
            gathering: Gathering::default(),
            spares: Vec::new(),
            spare: 0,
            start_seq: first,
            start: 0,
            end: 0,
        }
    }

    /// Octets held.
    pub(crate) fn len(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// The number behind the last octet held: the FIN's, when there will be no more.
    pub(crate) fn end_seq(&self) -> SeqNumber {
        self.start_seq + self.len() as u32
    }

    /// Takes `range` of what the user writes.
    pub(crate) fn push(&mut self, text: Text<'_>, range: Range<usize>) {
        let len = range.len();
        if len >= GATHER_BELOW {
            self.seal();
            let (bytes, is_ours) = match text {
                Text::Lent(bytes) => (bytes.slice(range), false),
                Text::Copied(octets) => (self.copied(&octets[range]), true),
            };
            self.chunks.push_back(Chunk { start: self.end, bytes, is_ours });
        } else if len > 0 {
            if !self.gathering.has_room(len) {
                self.seal();
                // A lone write is not worth sixteen kilobytes, nor may it keep alive what it is a slice of.
                self.gathering.begin(if self.len() == 0 { len } else { GATHER_CHUNK });
            }
            self.gathering.put(&text.octets()[range]);
        }
        self.end += len as u64;
    }

    fn copied(&mut self, octets: &[u8]) -> Bytes {
        let mut memory = self.spare_memory(octets.len());
        memory.extend_from_slice(octets);
        memory.freeze()
    }

    /// Empty memory with room for so much, of a chunk that was let go if there is such a one.
    fn spare_memory(&mut self, octets: usize) -> BytesMut {
        while let Some(chunk) = self.spares.pop() {
            self.spare -= chunk.len();
            if let Ok(mut memory) = chunk.try_into_mut()
                && memory.capacity() >= octets
            {
                memory.clear();
                return memory;
            }
        }
        // What comes next may be a little longer.
        let room = if octets < GATHER_CHUNK { octets } else { octets.next_multiple_of(GATHER_CHUNK) };
        BytesMut::with_capacity(room)
    }

    /// The writer has had his turn: of what was let go, no more is kept than is held still.
    pub(crate) fn calm(&mut self) {
        while self.spare > self.len()
            && let Some(chunk) = self.spares.pop()
        {
            self.spare -= chunk.len();
        }
    }

    /// Octets in memory, those that are kept for text to come among them.
    pub(crate) fn held(&self) -> usize {
        self.len() + self.spare
    }

    /// Lets go of everything before `ack`.
    pub(crate) fn acknowledge(&mut self, ack: SeqNumber) {
        let advance = (ack.octets_since(self.start_seq) as usize).min(self.len());
        self.start += advance as u64;
        self.start_seq += advance as u32;
        if self.start > self.end - self.gathering.len() as u64 {
            self.seal();
        }
        while let Some(front) = self.chunks.front_mut() {
            let held_from = self.start.saturating_sub(front.start) as usize;
            if held_from < front.bytes.len() {
                break;
            }
            if let Some(Chunk { bytes, is_ours: true, .. }) = self.chunks.pop_front() {
                self.spare += bytes.len();
                self.spares.push(bytes);
            }
        }
        if self.len() == 0 {
            self.gathering.calm();
        }
    }

    /// `len` octets from `seq` on, as slices of the user's own buffers.
    pub(crate) fn slice(&mut self, seq: SeqNumber, len: usize) -> Payload {
        let position = self.start + u64::from(seq.octets_since(self.start_seq));
        debug_assert!(seq.at_or_after(self.start_seq) && position + len as u64 <= self.end);
        let mut payload = Payload::new();
        if len == 0 {
            return payload;
        }
        if position + len as u64 > self.end - self.gathering.len() as u64 {
            self.seal();
        }
        let mut index = match self.chunks.back() {
            // What was never sent is most often at the end.
            Some(last) if last.start <= position => self.chunks.len() - 1,
            _ => self.chunk_at(position),
        };
        let mut position = position;
        let mut left = len;
        while left > 0 {
            let chunk = &self.chunks[index];
            let from = (position - chunk.start) as usize;
            let take = left.min(chunk.bytes.len() - from);
            payload.push(chunk.bytes.slice(from..from + take));
            position += take as u64;
            left -= take;
            index += 1;
        }
        if payload.len() > MAX_SLICES { copied_together(&payload, len) } else { payload }
    }

    #[inline(never)]
    fn chunk_at(&self, position: u64) -> usize {
        self.chunks.partition_point(|chunk| chunk.start <= position) - 1
    }

    /// Turns what is being gathered into a chunk.
    fn seal(&mut self) {
        if let Some(bytes) = self.gathering.take() {
            self.chunks.push_back(Chunk { start: self.end - bytes.len() as u64, bytes, is_ours: false });
        }
    }
}

#[cold]
fn copied_together(payload: &Payload, len: usize) -> Payload {
    let mut copy = BytesMut::with_capacity(len);
    for slice in payload {
        copy.extend_from_slice(slice);
    }
    let mut payload = Payload::new();
    payload.push(copy.freeze());
    payload
}

#[cfg(test)]
mod tests;
