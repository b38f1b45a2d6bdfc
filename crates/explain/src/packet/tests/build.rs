//! Packets made by hand.

use std::net::IpAddr;

use synfin_wire::checksum::Checksum;
use synfin_wire::tcp::{CHECKSUM_OFFSET, MAX_HEADER_LEN};
use synfin_wire::{Flags, IpHeader, IpProtocol, SeqNumber, TcpHeader, TcpOptions, Timestamps};

use crate::capture::{Frame, LinkType};

pub(crate) const V4: [[u8; 4]; 2] = [[192, 0, 2, 1], [198, 51, 100, 2]];
pub(crate) const ETHERNET: u16 = 1;
pub(crate) const RAW: u16 = 101;

pub(crate) fn v4() -> IpHeader {
    let header = IpHeader::new(V4[0].into(), V4[1].into(), IpProtocol::TCP);
    IpHeader { hop_limit: 57, identification: 0xabcd, ..header }
}

pub(crate) fn v6() -> IpHeader {
    let [source, destination] =
        ["2001:db8::1", "2001:db8:0:1::2"].map(|text| text.parse::<IpAddr>().unwrap());
    IpHeader { hop_limit: 57, ..IpHeader::new(source, destination, IpProtocol::TCP) }
}

pub(crate) fn header(flags: Flags) -> TcpHeader {
    let timestamps = Some(Timestamps { value: 0x0102_0304, echo: 0x0506_0708 });
    TcpHeader {
        source_port: 40_000,
        destination_port: 443,
        seq: SeqNumber::new(0xffff_fffe),
        ack: SeqNumber::new(77),
        flags,
        reserved: 0,
        window: 512,
        urgent_pointer: 0,
        options: TcpOptions { timestamps, ..TcpOptions::default() },
    }
}

/// The segment's octets, checksum right.
pub(crate) fn segment(ip: &IpHeader, header: &TcpHeader, text: &[u8]) -> Vec<u8> {
    let mut octets = vec![0; MAX_HEADER_LEN];
    let len = header.write(&mut octets);
    octets.truncate(len);
    octets.extend(text);
    let pseudo_header = IpHeader { protocol: IpProtocol::TCP, ..*ip }.pseudo_header(octets.len() as u32);
    let mut checksum = Checksum::with_pseudo_header(&pseudo_header);
    checksum.add(&octets);
    octets[CHECKSUM_OFFSET..][..2].copy_from_slice(&checksum.finish().to_be_bytes());
    octets
}

/// A packet with `payload`.
pub(crate) fn packet(ip: &IpHeader, payload: &[u8]) -> Vec<u8> {
    let mut octets = vec![0; ip.len()];
    ip.write(payload.len(), &mut octets);
    [octets, payload.to_vec()].concat()
}

/// A packet with a segment that says `text`.
pub(crate) fn saying(ip: &IpHeader, text: &[u8]) -> Vec<u8> {
    packet(ip, &segment(ip, &header(Flags::PSH | Flags::ACK), text))
}

pub(crate) fn ether_type(ip: &IpHeader) -> [u8; 2] {
    if ip.is_v4() { [0x08, 0x00] } else { [0x86, 0xdd] }
}

pub(crate) fn ethernet(ether_type: [u8; 2], payload: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], &ether_type[..], payload].concat()
}

/// A frame of which all was captured.
pub(crate) fn frame(link: u16, bytes: &[u8]) -> Frame<'_> {
    Frame {
        number: 7,
        at: synfin_wire::Instant::from_millis(5),
        link: LinkType(link),
        interface: 3,
        bytes,
        original_len: bytes.len() as u32,
        comment: Some("by hand"),
    }
}
