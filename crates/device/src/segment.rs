//! In software what offload leaves to a device: cutting super-segments, joining segments, completing checksums.
//!
//! [`split`] is for links that lose, delay or show single packets. What needs neither should pass super-segments whole,
//! or have a [`SoftwareOffload`](crate::SoftwareOffload) cut them where no queue lies behind it.

use std::fmt;
use std::iter;

use bytes::{Bytes, BytesMut};
use synfin_wire::checksum::Checksum;

use crate::{ChecksumOffload, Medium, PacketIn, PacketOut};

mod cut;
mod join;
mod layout;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use cut::Cut;
pub(crate) use join::Join;
pub(crate) use layout::Layout;

/// Where the checksum lies in a UDP header, and in no other transport's.
const UDP_CHECKSUM: u16 = 6;

/// Completes a partial checksum in a packet that lies in one piece; leaves any other as it is.
///
/// # Errors
/// [`SegmentError::Checksum`]: the packet is left as it was.
pub fn complete_checksum(packet: &mut [u8], checksum: ChecksumOffload) -> Result<(), SegmentError> {
    let ChecksumOffload::Partial { start, offset } = checksum else { return Ok(()) };
    let (place, value) = completed_checksum([&*packet], start, offset)?;
    packet[place..place + 2].copy_from_slice(&value.to_be_bytes());
    Ok(())
}

/// Copies a packet to `to`, which is as long, as a device without offload would have it on its wire: a partial checksum is
/// completed, in the same pass over the octets. What a super-segment stands for is not looked at.
///
/// # Errors
/// [`SegmentError::Checksum`]: the checksum is as it was.
///
/// # Panics
/// When `to` is of another length.
pub fn copy_completed(packet: &PacketOut<'_>, to: &mut [u8]) -> Result<(), SegmentError> {
    assert_eq!(packet.len(), to.len(), "a copy is as long as the packet");
    let summed = match packet.offload.checksum {
        ChecksumOffload::Partial { start, offset } => Some((usize::from(start), offset)),
        ChecksumOffload::None | ChecksumOffload::Verified => None,
    };
    let mut sum = Checksum::new();
    let mut before_start = summed.map_or(usize::MAX, |(start, _)| start);
    let mut rest = &mut *to;
    for piece in iter::once(packet.header).chain(packet.payload.pieces()) {
        let (plain, covered) = piece.split_at(before_start.min(piece.len()));
        before_start -= plain.len();
        let (copy, behind) = rest.split_at_mut(piece.len());
        copy[..plain.len()].copy_from_slice(plain);
        sum.add_copied(covered, &mut copy[plain.len()..]);
        rest = behind;
    }
    let Some((start, offset)) = summed else { return Ok(()) };
    let place = start + usize::from(offset);
    let field = to.get_mut(place..place + 2).ok_or(SegmentError::Checksum)?;
    field.copy_from_slice(&completed(sum, offset).to_be_bytes());
    Ok(())
}

/// Where in a packet that lies in pieces the completed checksum belongs, and its value.
pub(crate) fn completed_checksum<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    start: u16,
    offset: u16,
) -> Result<(usize, u16), SegmentError> {
    let place = usize::from(start) + usize::from(offset);
    let mut before_start = usize::from(start);
    let mut length = 0;
    let mut sum = Checksum::new();
    for piece in pieces {
        length += piece.len();
        let skipped = before_start.min(piece.len());
        before_start -= skipped;
        sum.add(&piece[skipped..]);
    }
    if place + 2 > length {
        return Err(SegmentError::Checksum);
    }
    Ok((place, completed(sum, offset)))
}

/// Zero stands for "no checksum" in UDP (RFC 768), and all ones are the same number; in TCP it is a sum like any other
/// (RFC 1624 section 3).
fn completed(sum: Checksum, offset: u16) -> u16 {
    match sum.finish() {
        0 if offset == UDP_CHECKSUM => 0xffff,
        value => value,
    }
}

/// Makes of a packet what a device without offload would have on its wire: one packet, its checksum
/// completed, or the segments that a super-segment stands for.
///
/// Segments have as much payload as [`Segmentation::size`](crate::Segmentation::size) says, or as fits `mtu`
/// (octets of IP packet) when that is less. The sequence number and IPv4's identification advance, CWR stays
/// on the first, FIN and PSH on the last, and all checksums are computed anew. A packet that is no
/// super-segment is never cut: whether it fits `mtu` is the caller's to see.
///
/// # Errors
/// See [`SegmentError`].
pub fn split(packet: &PacketIn, medium: Medium, mtu: usize) -> Result<Split, SegmentError> {
    let Some(segmentation) = packet.offload.segmentation else {
        let bytes = match packet.offload.checksum {
            ChecksumOffload::Partial { .. } => {
                let mut bytes = BytesMut::from(&packet.bytes[..]);
                complete_checksum(&mut bytes, packet.offload.checksum)?;
                bytes.freeze()
            }
            ChecksumOffload::None | ChecksumOffload::Verified => packet.bytes.clone(),
        };
        return Ok(Split(Inner::Whole(Some(bytes))));
    };
    Segments::new(packet, medium, usize::from(segmentation.size), mtu)
        .map(|segments| Split(Inner::Segments(Box::new(segments))))
}

/// The packets that [`split`] makes. Super-segments cost one allocation altogether.
#[derive(Clone, Debug)]
pub struct Split(Inner);

#[derive(Clone, Debug)]
enum Inner {
    Whole(Option<Bytes>),
    Segments(Box<Segments>),
}

impl Iterator for Split {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        match &mut self.0 {
            Inner::Whole(packet) => packet.take(),
            Inner::Segments(segments) => segments.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.0 {
            Inner::Whole(packet) => usize::from(packet.is_some()),
            Inner::Segments(segments) => segments.cut.left(),
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for Split {}

#[derive(Clone, Debug)]
struct Segments {
    cut: Cut,
    text: Bytes,
    buffer: BytesMut,
}

impl Segments {
    fn new(packet: &PacketIn, medium: Medium, size: usize, mtu: usize) -> Result<Self, SegmentError> {
        let (layout, end) = Layout::of(packet, medium).ok_or(SegmentError::NotTcp)?;
        let (headers, text) = (&packet.bytes[..layout.text_at], packet.bytes.slice(layout.text_at..end));
        let cut = Cut::new(headers, layout, text.len(), size, mtu)?;
        let buffer = BytesMut::with_capacity(cut.left() * headers.len() + text.len());
        Ok(Self { cut, text, buffer })
    }

    fn next(&mut self) -> Option<Bytes> {
        let text = &self.text[self.cut.text()?];
        let (headers, _) = self.cut.headers([text]);
        self.buffer.extend_from_slice(headers);
        self.buffer.extend_from_slice(text);
        self.cut.pass();
        Some(self.buffer.split().freeze())
    }
}

/// Why a packet cannot be made into what goes on a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentError {
    /// A checksum field outside the packet.
    Checksum,
    /// A super-segment that is no TCP over IP, or one with headers that make no sense.
    NotTcp,
    /// An MTU that leaves no room behind the headers.
    Mtu,
}

impl fmt::Display for SegmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Checksum => "the checksum to be completed lies outside the packet",
            Self::NotTcp => "the super-segment is no well-formed TCP over IP",
            Self::Mtu => "the MTU leaves no room for payload behind the headers",
        })
    }
}

impl std::error::Error for SegmentError {}

#[cfg(test)]
mod tests;
