//! A peer that exists as packets alone: it opens connections and keeps nothing of them.

use std::net::{IpAddr, Ipv4Addr};

use synfin_wire::checksum::Checksum;
use synfin_wire::tcp::{CHECKSUM_OFFSET, Timestamps};
use synfin_wire::{Flags, IpHeader, IpProtocol, SeqNumber, TcpHeader, TcpOptions};

use crate::pair::{PORT, SERVER};

/// Connections from one address.
const PORTS: usize = 50_000;
const FIRST_PORT: u16 = 10_000;

/// The SYN of connection `index`, with the options that systems send today.
pub(crate) fn syn(index: usize) -> Vec<u8> {
    let options = TcpOptions {
        mss: Some(1460),
        window_scale: Some(7),
        sack_permitted: true,
        timestamps: Some(Timestamps { value: 1, echo: 0 }),
        ..TcpOptions::default()
    };
    packet(index, Flags::SYN, SeqNumber::new(1), SeqNumber::new(0), options)
}

/// What the peer says to a packet of the server's: it acknowledges a SYN, and closes when the server does.
pub(crate) fn answer(to: &[u8]) -> Option<Vec<u8>> {
    let word = |at: usize| u32::from_be_bytes([to[at], to[at + 1], to[at + 2], to[at + 3]]);
    let address = (word(16) & 0x7f_ffff) as usize;
    let tcp = usize::from(to[0] & 0xf) * 4;
    let port = (word(tcp) & 0xffff) as u16;
    let index = address * PORTS + usize::from(port - FIRST_PORT);
    let header = usize::from(to[tcp + 12] >> 4) * 4;
    let flags = Flags::from_bits(u16::from(to[tcp + 13]));
    if !flags.syn() && !flags.fin() {
        return None;
    }
    let timestamps = TcpOptions::parse(&to[tcp + 20..tcp + header]).timestamps;
    let options = TcpOptions {
        timestamps: timestamps.map(|theirs| Timestamps { value: 1, echo: theirs.value }),
        ..TcpOptions::default()
    };
    let fin = if flags.fin() { Flags::FIN } else { Flags::NONE };
    Some(packet(index, Flags::ACK | fin, SeqNumber::new(2), SeqNumber::new(word(tcp + 4)) + 1, options))
}

fn packet(index: usize, flags: Flags, seq: SeqNumber, ack: SeqNumber, options: TcpOptions) -> Vec<u8> {
    let address = Ipv4Addr::from((10 << 24) | (1 << 23) | (index / PORTS) as u32);
    let tcp = TcpHeader {
        source_port: FIRST_PORT + (index % PORTS) as u16,
        destination_port: PORT,
        seq,
        ack,
        flags,
        reserved: 0,
        window: u16::MAX,
        urgent_pointer: 0,
        options,
    };
    let ip = IpHeader::new(IpAddr::V4(address), IpAddr::V4(SERVER), IpProtocol::TCP);
    let mut packet = vec![0; ip.len() + tcp.len()];
    let (head, body) = packet.split_at_mut(ip.len());
    ip.write(body.len(), head);
    tcp.write(body);
    let mut sum = Checksum::with_pseudo_header(&ip.pseudo_header(body.len() as u32));
    sum.add(body);
    body[CHECKSUM_OFFSET..CHECKSUM_OFFSET + 2].copy_from_slice(&sum.finish().to_be_bytes());
    packet
}
