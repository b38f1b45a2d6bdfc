//! What an error message quotes: the front of a packet that this host sent.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::ip::{IpProtocol, V4_HEADER_LEN, V6_HEADER_LEN, extension};
use crate::seq::SeqNumber;

/// Where an IPv6 header names what follows it.
const V6_NEXT_HEADER_AT: usize = 6;

/// The addresses, ports and sequence number of the packet that an error is about.
///
/// Addresses and ports are as the packet had them: its source is whoever is to hear of the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotedPacket {
    /// The packet's source.
    pub source: IpAddr,
    /// The packet's destination.
    pub destination: IpAddr,
    /// What it carried, extension headers passed over.
    pub protocol: IpProtocol,
    /// The first two octets that it carried: of TCP and UDP the source port.
    pub source_port: u16,
    /// The next two octets: of TCP and UDP the destination port.
    pub destination_port: u16,
    /// SEG.SEQ, by which a forged error is told from a true one (RFC 5927 section 4.1); `None` when the
    /// packet was no TCP, or the quote is shorter than the eight octets that RFC 792 promises.
    pub seq: Option<SeqNumber>,
}

impl QuotedPacket {
    /// Reads a quote. Lengths and checksums are not looked at: the quote is cut, and routers on the way
    /// may have left either half changed. `None` when it does not reach to the ports, or is of a fragment
    /// that has none.
    #[must_use]
    pub fn parse(quote: &[u8]) -> Option<Self> {
        let (source, destination, protocol, transport) = match quote.first()? >> 4 {
            4 => split_v4(quote)?,
            6 => split_v6(quote)?,
            _ => return None,
        };
        let (&[a, b, c, d], behind) = transport.split_first_chunk()?;
        let seq = behind.first_chunk().filter(|_| protocol == IpProtocol::TCP);
        Some(Self {
            source,
            destination,
            protocol,
            source_port: u16::from_be_bytes([a, b]),
            destination_port: u16::from_be_bytes([c, d]),
            seq: seq.map(|seq| SeqNumber::new(u32::from_be_bytes(*seq))),
        })
    }
}

type Split<'a> = (IpAddr, IpAddr, IpProtocol, &'a [u8]);

fn split_v4(quote: &[u8]) -> Option<Split<'_>> {
    let header: &[u8; V4_HEADER_LEN] = quote.first_chunk()?;
    let header_len = usize::from(header[0] & 0x0f) * 4;
    let fragment_offset = u16::from_be_bytes([header[6], header[7]]) & 0x1fff;
    if header_len < V4_HEADER_LEN || fragment_offset != 0 {
        return None;
    }
    let [.., a, b, c, d, e, f, g, h] = *header;
    let (source, destination) = (Ipv4Addr::new(a, b, c, d), Ipv4Addr::new(e, f, g, h));
    Some((source.into(), destination.into(), IpProtocol(header[9]), quote.get(header_len..)?))
}

fn split_v6(quote: &[u8]) -> Option<Split<'_>> {
    let (header, behind) = quote.split_first_chunk::<V6_HEADER_LEN>()?;
    let extensions = extension::pass_over(IpProtocol(header[V6_NEXT_HEADER_AT]), behind).ok()?;
    if extensions.fragment.is_some_and(|fragment| fragment.offset != 0) {
        return None;
    }
    let source: &[u8; 16] = header[8..].first_chunk()?;
    let destination: &[u8; 16] = header[24..].first_chunk()?;
    Some((
        Ipv6Addr::from(*source).into(),
        Ipv6Addr::from(*destination).into(),
        extensions.protocol,
        &behind[extensions.len..],
    ))
}

/// The offset, in a quoted IPv6 packet, of the octet that names what follows the extension headers.
pub(super) fn protocol_named_at(quote: &[u8]) -> u32 {
    let among_extensions = quote.split_first_chunk::<V6_HEADER_LEN>().and_then(|(header, behind)| {
        extension::pass_over(IpProtocol(header[V6_NEXT_HEADER_AT]), behind).ok()?.named_at
    });
    among_extensions.map_or(V6_NEXT_HEADER_AT, |offset| V6_HEADER_LEN + offset) as u32
}
