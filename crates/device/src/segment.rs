//! In software what offload leaves to a device: cutting super-segments, completing checksums.
//!
//! For links that lose, delay or show single packets. What needs neither should pass super-segments whole.

use std::fmt;

use bytes::{Bytes, BytesMut};
use synfin_wire::checksum::{Checksum, PseudoHeader};
use synfin_wire::tcp::{Flags, HEADER_LEN as TCP_HEADER_LEN};
use synfin_wire::{IpPacket, IpProtocol};

use crate::{ChecksumOffload, Medium, PacketIn};

/// Fields of a TCP header (RFC 9293 section 3.1), octets from its start.
const TCP_SEQ: usize = 4;
const TCP_DATA_OFFSET: usize = 12;
const TCP_FLAGS: usize = 13;
const TCP_CHECKSUM: usize = 16;

/// Fields of an IPv4 header (RFC 791 section 3.1), octets from its start.
const IPV4_TOTAL_LENGTH: usize = 2;
const IPV4_IDENTIFICATION: usize = 4;
const IPV4_CHECKSUM: usize = 10;

/// Of an IPv6 header (RFC 8200 section 3).
const IPV6_PAYLOAD_LENGTH: usize = 4;
const IPV6_HEADER_LEN: usize = 40;

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
    // Zero stands for "no checksum" in UDP (RFC 768), and all ones are the same number; in TCP it is a sum
    // like any other (RFC 1624 section 3).
    let value = match sum.finish() {
        0 if offset == UDP_CHECKSUM => 0xffff,
        value => value,
    };
    Ok((place, value))
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
        .map(|segments| Split(Inner::Segments(segments)))
}

/// The packets that [`split`] makes. Super-segments cost one allocation altogether.
#[derive(Clone, Debug)]
pub struct Split(Inner);

#[derive(Clone, Debug)]
enum Inner {
    Whole(Option<Bytes>),
    Segments(Segments),
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
            Inner::Segments(segments) => segments.left(),
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for Split {}

#[derive(Clone, Debug)]
struct Segments {
    /// All headers, as the super-segment has them.
    template: Bytes,
    /// Where in the template the IP header begins, and where TCP's.
    ip_at: usize,
    tcp_at: usize,
    is_ipv4: bool,
    /// For all segments but for the length.
    pseudo_header: PseudoHeader,
    payload: Bytes,
    size: usize,
    count: usize,
    /// How many were made.
    made: usize,
    buffer: BytesMut,
}

impl Segments {
    fn new(packet: &PacketIn, medium: Medium, size: usize, mtu: usize) -> Result<Self, SegmentError> {
        let ip_at = medium.header_len();
        if packet.bytes.len() < ip_at {
            return Err(SegmentError::NotTcp);
        }
        let ip = IpPacket::parse(packet.bytes.slice(ip_at..), true).map_err(|_| SegmentError::NotTcp)?;
        if ip.header.protocol != IpProtocol::TCP
            || ip.header.fragment.is_some()
            || ip.payload.len() < TCP_HEADER_LEN
        {
            return Err(SegmentError::NotTcp);
        }
        let tcp_len = usize::from(ip.payload[TCP_DATA_OFFSET] >> 4) * 4;
        if tcp_len < TCP_HEADER_LEN || ip.payload.len() < tcp_len {
            return Err(SegmentError::NotTcp);
        }
        let tcp_at = ip_at + ip.header_len;
        let template = packet.bytes.slice(..tcp_at + tcp_len);
        let room = mtu.saturating_sub(ip.header_len + tcp_len);
        let size = size.min(room);
        if size == 0 {
            return Err(SegmentError::Mtu);
        }
        let payload = ip.payload.slice(tcp_len..);
        // A super-segment without payload still is one segment.
        let count = payload.len().div_ceil(size).max(1);
        Ok(Self {
            ip_at,
            tcp_at,
            is_ipv4: ip.header.source.is_ipv4(),
            pseudo_header: ip.pseudo_header(),
            buffer: BytesMut::with_capacity(count * template.len() + payload.len()),
            template,
            payload,
            size,
            count,
            made: 0,
        })
    }

    fn left(&self) -> usize {
        self.count - self.made
    }

    fn next(&mut self) -> Option<Bytes> {
        if self.left() == 0 {
            return None;
        }
        let from = self.made * self.size;
        let to = self.payload.len().min(from + self.size);
        self.buffer.extend_from_slice(&self.template);
        self.buffer.extend_from_slice(&self.payload[from..to]);
        let mut segment = self.buffer.split();
        let (before_tcp, tcp) = segment.split_at_mut(self.tcp_at);
        let ip = &mut before_tcp[self.ip_at..];
        if self.is_ipv4 {
            self.finish_ipv4(ip, tcp.len());
        } else {
            put_u16(ip, IPV6_PAYLOAD_LENGTH, ip.len() - IPV6_HEADER_LEN + tcp.len());
        }
        self.finish_tcp(tcp, from);
        self.made += 1;
        Some(segment.freeze())
    }

    fn finish_ipv4(&self, header: &mut [u8], payload_len: usize) {
        put_u16(header, IPV4_TOTAL_LENGTH, header.len() + payload_len);
        let identification =
            u16::from_be_bytes([header[IPV4_IDENTIFICATION], header[IPV4_IDENTIFICATION + 1]]);
        put_u16(header, IPV4_IDENTIFICATION, usize::from(identification.wrapping_add(self.made as u16)));
        put_u16(header, IPV4_CHECKSUM, 0);
        let mut sum = Checksum::new();
        sum.add(header);
        put_u16(header, IPV4_CHECKSUM, sum.finish().into());
    }

    /// Of the payload, `from` octets went before.
    fn finish_tcp(&self, segment: &mut [u8], from: usize) {
        let seq: [u8; 4] = std::array::from_fn(|at| segment[TCP_SEQ + at]);
        let seq = u32::from_be_bytes(seq).wrapping_add(from as u32);
        segment[TCP_SEQ..TCP_SEQ + 4].copy_from_slice(&seq.to_be_bytes());

        let mut flags = Flags::from_bits(segment[TCP_FLAGS].into());
        if self.made > 0 {
            // RFC 3168 section 6.1.2: CWR is said once.
            flags = flags.without(Flags::CWR);
        }
        if self.left() > 1 {
            flags = flags.without(Flags::FIN | Flags::PSH);
        }
        segment[TCP_FLAGS] = flags.bits() as u8;

        put_u16(segment, TCP_CHECKSUM, 0);
        let pseudo_header = PseudoHeader { length: segment.len() as u32, ..self.pseudo_header };
        let mut sum = Checksum::with_pseudo_header(&pseudo_header);
        sum.add(segment);
        put_u16(segment, TCP_CHECKSUM, sum.finish().into());
    }
}

fn put_u16(header: &mut [u8], at: usize, value: usize) {
    header[at..at + 2].copy_from_slice(&(value as u16).to_be_bytes());
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
