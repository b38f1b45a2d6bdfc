//! Packets that no host has made.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use synfin_wire::checksum::Checksum;
use synfin_wire::tcp::CHECKSUM_OFFSET;
use synfin_wire::{IpHeader, IpProtocol, SeqNumber, TcpHeader, TcpOptions, Timestamps};

use crate::plan::Injection;

/// The injected segment as a packet.
pub(super) fn of(injection: &Injection, old_stamp: Option<u32>) -> Bytes {
    let header = TcpHeader {
        source_port: injection.source.port(),
        destination_port: injection.destination.port(),
        seq: SeqNumber::new(injection.seq),
        ack: SeqNumber::new(injection.ack),
        flags: injection.flags,
        reserved: 0,
        window: 8192,
        urgent_pointer: 0,
        options: TcpOptions {
            mss: injection.flags.syn().then_some(1460),
            timestamps: old_stamp.map(|value| Timestamps { value, echo: 0 }),
            ..TcpOptions::default()
        },
    };
    let text = vec![b'x'; usize::try_from(injection.octets).unwrap_or(0)];
    build(injection.source, injection.destination, &header, &text)
}

/// A packet from a header and a text.
pub(super) fn build(source: SocketAddr, destination: SocketAddr, header: &TcpHeader, text: &[u8]) -> Bytes {
    let ip = IpHeader::new(source.ip(), destination.ip(), IpProtocol::TCP);
    let tcp_len = header.len() + text.len();
    let mut packet = BytesMut::zeroed(ip.len() + tcp_len);
    let (front, tcp) = packet.split_at_mut(ip.len());
    ip.write(tcp_len, front);
    let header_len = header.write(tcp);
    tcp[header_len..].copy_from_slice(text);
    let mut sum = Checksum::with_pseudo_header(&ip.pseudo_header(tcp_len as u32));
    sum.add(tcp);
    tcp[CHECKSUM_OFFSET..CHECKSUM_OFFSET + 2].copy_from_slice(&sum.finish().to_be_bytes());
    packet.freeze()
}
