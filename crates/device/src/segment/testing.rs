//! Packets for the tests of this room and of those that use it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::Bytes;
use synfin_wire::checksum::{Checksum, PseudoHeader};
use synfin_wire::ip::IpHeader;
use synfin_wire::tcp::Flags;
use synfin_wire::{IpPacket, IpProtocol, Segment, SeqNumber, TcpHeader, TcpOptions, Timestamps};

use super::layout::TCP_CHECKSUM;
use crate::{ChecksumOffload, Medium, Offload, PacketIn, Segmentation, SegmentationKind};

pub(crate) const V4: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(10, 0, 2, 100)), IpAddr::V4(Ipv4Addr::new(10, 0, 2, 2))];
pub(crate) const V6: [IpAddr; 2] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 2, 0, 0, 0, 0, 0, 0x100)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 2, 0, 0, 0, 0, 0, 2)),
];

pub(crate) fn tcp_header(flags: Flags) -> TcpHeader {
    TcpHeader {
        source_port: 40_000,
        destination_port: 80,
        seq: SeqNumber::new(0xffff_ff00),
        ack: SeqNumber::new(7),
        flags,
        reserved: 0,
        window: 512,
        urgent_pointer: 0,
        options: TcpOptions { timestamps: Some(Timestamps { value: 1, echo: 2 }), ..TcpOptions::default() },
    }
}

/// A packet with a partial checksum, as the kernel hands it over.
pub(crate) fn super_segment(
    medium: Medium,
    [source, destination]: [IpAddr; 2],
    flags: Flags,
    payload: &[u8],
    size: u16,
) -> PacketIn {
    let mut ip = IpHeader::new(source, destination, IpProtocol::TCP);
    ip.identification = if source.is_ipv4() { 0xfffe } else { 0 };
    let mut tcp = [0; 60];
    let tcp_len = tcp_header(flags).write(&mut tcp);
    let length = (tcp_len + payload.len()) as u32;
    let pseudo_header = PseudoHeader { source, destination, protocol: IpProtocol::TCP, length };
    let partial = Checksum::with_pseudo_header(&pseudo_header).partial();
    tcp[TCP_CHECKSUM..TCP_CHECKSUM + 2].copy_from_slice(&partial.to_be_bytes());

    let mut bytes = vec![0xee; medium.header_len()];
    if let Some(ether_type) = bytes.last_chunk_mut() {
        *ether_type = if source.is_ipv4() { [0x08, 0x00] } else { [0x86, 0xdd] };
    }
    let mut ip_bytes = [0; 40];
    let ip_len = ip.write(length as usize, &mut ip_bytes);
    bytes.extend_from_slice(&ip_bytes[..ip_len]);
    let start = bytes.len() as u16;
    bytes.extend_from_slice(&tcp[..tcp_len]);
    bytes.extend_from_slice(payload);
    let kind = if source.is_ipv4() { SegmentationKind::Tcp4 } else { SegmentationKind::Tcp6 };
    let segmentation =
        Segmentation { kind, size, header_len: start + tcp_len as u16, ecn: flags.contains(Flags::CWR) };
    let offload = Offload {
        checksum: ChecksumOffload::Partial { start, offset: TCP_CHECKSUM as u16 },
        segmentation: (size > 0).then_some(segmentation),
    };
    PacketIn { bytes: bytes.into(), offload }
}

/// Parses with every checksum verified.
pub(crate) fn parse(medium: Medium, packet: &Bytes) -> (IpHeader, Segment) {
    let ip = IpPacket::parse(packet.slice(medium.header_len()..), false).unwrap();
    assert_eq!(ip.header_len + ip.payload.len() + medium.header_len(), packet.len());
    (ip.header, Segment::parse(ip.payload.clone(), Some(&ip.pseudo_header())).unwrap())
}
