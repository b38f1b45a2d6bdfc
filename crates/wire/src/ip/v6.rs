//! The IPv6 header (RFC 8200 section 3).

use core::net::Ipv6Addr;

use bytes::Bytes;
use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{Ecn, IpError, IpHeader, IpPacket, IpProtocol, V6_HEADER_LEN, extension};

const VERSION: u32 = 6 << 28;
const FLOW_LABEL_MASK: u32 = 0x000f_ffff;

/// The header as it stands on the wire.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct FixedHeader {
    /// Version 4 bits, traffic class 8, flow label 20.
    version_class_label: U32,
    payload_length: U16,
    next_header: u8,
    hop_limit: u8,
    source: [u8; 16],
    destination: [u8; 16],
}

impl FixedHeader {
    fn to_header(&self) -> IpHeader {
        let version_class_label = self.version_class_label.get();
        let traffic_class = (version_class_label >> 20) as u8;
        IpHeader {
            source: Ipv6Addr::from(self.source).into(),
            destination: Ipv6Addr::from(self.destination).into(),
            protocol: IpProtocol(self.next_header),
            hop_limit: self.hop_limit,
            dscp: traffic_class >> 2,
            ecn: Ecn::from_bits(traffic_class),
            flow_label: version_class_label & FLOW_LABEL_MASK,
            dont_fragment: true,
            identification: 0,
            fragment: None,
        }
    }
}

pub(super) fn parse(bytes: Bytes) -> Result<IpPacket, IpError> {
    let (fixed, behind) = FixedHeader::ref_from_prefix(&bytes).map_err(|_| IpError::Truncated)?;
    let payload_len = match usize::from(fixed.payload_length.get()) {
        0 if behind.len() > usize::from(u16::MAX) => behind.len(),
        payload_len => payload_len,
    };
    if payload_len > behind.len() {
        return Err(IpError::Truncated);
    }
    let header = fixed.to_header();
    let mut packet = IpPacket { header, payload: bytes, header_len: V6_HEADER_LEN };
    packet.narrow(V6_HEADER_LEN, payload_len);
    pass_over_extensions(packet)
}

/// Moves the front of the payload behind the extension headers that it begins with, up to the fragment
/// header if it has one that matters.
pub(super) fn pass_over_extensions(mut packet: IpPacket) -> Result<IpPacket, IpError> {
    let extensions = extension::pass_over(packet.header.protocol, &packet.payload)?;
    let payload_len = packet.payload.len() - extensions.len;
    packet.header.protocol = extensions.protocol;
    packet.header.fragment = extensions.fragment.map(|fragment| fragment.check(payload_len)).transpose()?;
    packet.header_len += extensions.len;
    packet.narrow(extensions.len, payload_len);
    Ok(packet)
}

pub(super) fn write(
    header: &IpHeader,
    source: Ipv6Addr,
    destination: Ipv6Addr,
    payload_len: usize,
    buffer: &mut [u8],
) -> usize {
    let traffic_class = header.dscp << 2 | header.ecn.bits();
    let class_and_label = u32::from(traffic_class) << 20 | header.flow_label & FLOW_LABEL_MASK;
    let fixed = FixedHeader {
        version_class_label: (VERSION | class_and_label).into(),
        payload_length: u16::try_from(payload_len).unwrap_or(0).into(),
        next_header: header.protocol.0,
        hop_limit: header.hop_limit,
        source: source.octets(),
        destination: destination.octets(),
    };
    buffer[..V6_HEADER_LEN].copy_from_slice(fixed.as_bytes());
    V6_HEADER_LEN
}
