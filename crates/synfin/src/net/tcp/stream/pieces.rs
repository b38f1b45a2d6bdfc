//! What a caller writes and reads in pieces of his own, as the engine has it.

use std::io::{IoSlice, IoSliceMut};

use bytes::{BufMut, Bytes, BytesMut};

use crate::net::tcp::calls::{self, Chunks};

/// What is written, where that is one short piece.
pub(super) fn short<'a>(bufs: &'a [IoSlice<'_>]) -> Option<&'a [u8]> {
    let [text] = bufs else { return None };
    (text.len() <= calls::SHORT_WRITE).then_some(text)
}

/// The front of `bufs` in one piece.
pub(super) fn gather(bufs: &[IoSlice<'_>], room: usize) -> Bytes {
    let total: usize = bufs.iter().map(|buf| buf.len()).sum();
    let mut left = total.min(room).min(calls::LONGEST_WRITE);
    let mut data = BytesMut::with_capacity(left);
    for buf in bufs {
        let length = buf.len().min(left);
        data.put_slice(&buf[..length]);
        left -= length;
    }
    data.freeze()
}

/// What one read has brought, at the front of several buffers.
pub(super) fn scatter(chunks: &Chunks, bufs: &mut [IoSliceMut<'_>]) -> usize {
    let mut bufs = bufs.iter_mut().map(|buf| &mut **buf);
    let mut room: &mut [u8] = &mut [];
    let mut copied = 0;
    for chunk in chunks {
        let mut rest = &chunk[..];
        while !rest.is_empty() {
            if room.is_empty() {
                let Some(next) = bufs.next() else { return copied };
                room = next;
                continue;
            }
            let length = rest.len().min(room.len());
            let (now, later) = std::mem::take(&mut room).split_at_mut(length);
            now.copy_from_slice(&rest[..length]);
            (room, rest) = (later, &rest[length..]);
            copied += length;
        }
    }
    copied
}
