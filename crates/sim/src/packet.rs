//! What a link or a router changes in an IP packet, and what a rule sees of it.

use bytes::{Bytes, BytesMut};
use synfin_wire::checksum::Checksum;
use synfin_wire::ip::IpHeader;
use synfin_wire::tcp::CHECKSUM_OFFSET;
use synfin_wire::{Ecn, Flags, Instant, IpPacket, IpProtocol, Segment};

/// Of an IPv4 header (RFC 791 section 3.1), octets from its start.
const V4_TTL: usize = 8;
const V4_CHECKSUM: usize = 10;
/// Of an IPv6 header (RFC 8200 section 3).
const V6_HOP_LIMIT: usize = 7;

/// A packet that comes to a link, as the predicate of a [`Rule`](crate::Rule) sees it.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// How many packets have come, this one included.
    pub number: u64,
    /// When it comes.
    pub now: Instant,
    /// The packet as it is.
    pub octets: Bytes,
    /// What its IP header says; `None` when it is no IP packet.
    pub ip: Option<IpHeader>,
    /// The TCP segment in it; `None` when there is none.
    pub segment: Option<Segment>,
}

impl Sighting {
    pub(crate) fn new(octets: &Bytes, number: u64, now: Instant) -> Self {
        let packet = IpPacket::parse(octets.clone(), true).ok();
        let segment = packet
            .as_ref()
            .filter(|packet| packet.header.protocol == IpProtocol::TCP && packet.header.fragment.is_none())
            .and_then(|packet| Segment::parse(packet.payload.clone(), None).ok());
        Self { number, now, octets: octets.clone(), ip: packet.map(|packet| packet.header), segment }
    }

    /// TCP's control bits; none of what is not TCP.
    #[must_use]
    pub fn flags(&self) -> Flags {
        self.segment.as_ref().map_or(Flags::NONE, |segment| segment.header.flags)
    }

    /// The octets of TCP text; 0 of what is not TCP.
    #[must_use]
    pub fn text_len(&self) -> usize {
        self.segment.as_ref().map_or(0, |segment| segment.payload.len())
    }
}

/// The packet with another segment in it, checksums and all; the IP header stays as it is. `None` when it
/// holds no segment.
pub(crate) fn rewrite_segment(octets: &Bytes, rewrite: impl FnOnce(&mut Segment)) -> Option<Bytes> {
    let packet = IpPacket::parse(octets.clone(), true).ok()?;
    if packet.header.protocol != IpProtocol::TCP || packet.header.fragment.is_some() {
        return None;
    }
    let mut segment = Segment::parse(packet.payload, None).ok()?;
    rewrite(&mut segment);

    let (ip_len, tcp_len) = (packet.header.len(), segment.header.len() + segment.payload.len());
    let mut whole = BytesMut::zeroed(ip_len + tcp_len);
    let (ip, tcp) = whole.split_at_mut(ip_len);
    packet.header.write(tcp_len, ip);
    let header_len = segment.header.write(tcp);
    tcp[header_len..].copy_from_slice(&segment.payload);
    let mut sum = Checksum::with_pseudo_header(&packet.header.pseudo_header(tcp_len as u32));
    sum.add(tcp);
    tcp[CHECKSUM_OFFSET..CHECKSUM_OFFSET + 2].copy_from_slice(&sum.finish().to_be_bytes());
    Some(whole.freeze())
}

/// Whether the packet's sender understands marks (RFC 3168 section 5).
pub(crate) fn is_ecn_capable(octets: &[u8]) -> bool {
    ecn(octets).is_some_and(|ecn| ecn != Ecn::NotEct)
}

fn ecn(octets: &[u8]) -> Option<Ecn> {
    let (&[first, second], _) = octets.split_first_chunk()?;
    match first >> 4 {
        4 => Some(Ecn::from_bits(second)),
        6 => Some(Ecn::from_bits(second >> 4)),
        _ => None,
    }
}

/// The packet with "congestion experienced" in its header.
pub(crate) fn mark(octets: &Bytes) -> Bytes {
    let mut marked = BytesMut::from(&octets[..]);
    match octets.first().map(|first| first >> 4) {
        Some(4) => change_v4(&mut marked, 1, |second| second | Ecn::Ce.bits()),
        Some(6) if octets.len() > 1 => marked[1] |= Ecn::Ce.bits() << 4,
        _ => {}
    }
    marked.freeze()
}

/// The packet one hop further on; `None` when it has outlived its time.
pub(crate) fn hop(octets: &Bytes, header: &IpHeader) -> Option<Bytes> {
    if header.hop_limit <= 1 {
        return None;
    }
    let mut further = BytesMut::from(&octets[..]);
    if header.is_v4() {
        change_v4(&mut further, V4_TTL, |ttl| ttl.wrapping_sub(1));
    } else if let Some(limit) = further.get_mut(V6_HOP_LIMIT) {
        *limit = limit.wrapping_sub(1);
    }
    Some(further.freeze())
}

/// Changes one octet of an IPv4 header and, by as much, its checksum (RFC 1624): one that was wrong stays so.
fn change_v4(packet: &mut [u8], at: usize, change: impl FnOnce(u8) -> u8) {
    let Some((header, _)) = packet.split_first_chunk_mut::<20>() else { return };
    let word = |header: &[u8; 20], at: usize| u16::from_be_bytes([header[at & !1], header[at | 1]]);
    let before = word(header, at);
    header[at] = change(header[at]);
    let after = word(header, at);
    let mut sum = u32::from(!word(header, V4_CHECKSUM)) + u32::from(!before) + u32::from(after);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    header[V4_CHECKSUM..V4_CHECKSUM + 2].copy_from_slice(&(!(sum as u16)).to_be_bytes());
}

#[cfg(test)]
mod tests;
