//! The least of IPv4 and TCP: headers of twenty octets, checksums left to the device.

use std::net::Ipv4Addr;

use synfin_device::{ChecksumOffload, Offload, Segmentation, SegmentationKind};

pub(super) const FIN: u8 = 1;
pub(super) const SYN: u8 = 2;
pub(super) const RST: u8 = 4;
pub(super) const PSH: u8 = 8;
pub(super) const ACK: u8 = 16;

/// IPv4's header and TCP's, neither with options.
pub(super) const HEADERS: usize = 40;
const IP_HEADER: usize = 20;
const TCP: u8 = 6;

/// What is read of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard<'a> {
    pub(super) source: Ipv4Addr,
    pub(super) ports: (u16, u16),
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: u8,
    pub(super) window: u16,
    pub(super) options: &'a [u8],
    pub(super) text: &'a [u8],
}

fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// `None` for what is no segment of TCP over IPv4, or is cut off.
pub(super) fn read(packet: &[u8]) -> Option<Heard<'_>> {
    let ip_len = usize::from(packet.first()? & 15) * 4;
    if packet[0] >> 4 != 4 || ip_len < IP_HEADER || packet.len() < ip_len + 20 || packet[9] != TCP {
        return None;
    }
    let (ip, tcp) = packet.split_at(ip_len);
    let tcp_len = usize::from(tcp[12] >> 4) * 4;
    Some(Heard {
        source: Ipv4Addr::from(long(ip, 12)),
        ports: (word(tcp, 0), word(tcp, 2)),
        seq: long(tcp, 4),
        ack: long(tcp, 8),
        flags: tcp[13],
        window: word(tcp, 14),
        options: tcp.get(20..tcp_len)?,
        text: tcp.get(tcp_len..)?,
    })
}

impl Heard<'_> {
    /// The shift of its window scale option.
    pub(super) fn scale(&self) -> u8 {
        let mut options = self.options;
        loop {
            options = match *options {
                [1, ref rest @ ..] => rest,
                [3, 3, shift, ..] => return shift,
                [_, len, ..] if (2..=options.len()).contains(&usize::from(len)) => {
                    &options[usize::from(len)..]
                }
                _ => return 0,
            };
        }
    }
}

/// What is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) to: Ipv4Addr,
    pub(super) ports: (u16, u16),
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: u8,
    pub(super) window: u16,
}

/// The headers of a segment with `options` and so much text behind them.
pub(super) fn write(said: &Said, options: &[u8], text: usize, into: &mut Vec<u8>) {
    let tcp_len = HEADERS - IP_HEADER + options.len();
    let total = (IP_HEADER + tcp_len + text) as u16;
    into.clear();
    into.extend([0x45, 0]);
    into.extend(total.to_be_bytes());
    // No fragments, 64 hops, the checksum below.
    into.extend([0, 0, 0x40, 0, 64, TCP, 0, 0]);
    into.extend(super::OURS.octets());
    into.extend(said.to.octets());
    let checksum = !sum(into);
    into[10..12].copy_from_slice(&checksum.to_be_bytes());
    into.extend(said.ports.0.to_be_bytes());
    into.extend(said.ports.1.to_be_bytes());
    into.extend(said.seq.to_be_bytes());
    into.extend(said.ack.to_be_bytes());
    into.extend([(tcp_len as u8 / 4) << 4, said.flags]);
    into.extend(said.window.to_be_bytes());
    into.extend([0; 4]);
    into.extend(options);
    begin_checksum(into);
}

/// Puts the pseudo-header's part into the TCP checksum, as the device takes it.
pub(super) fn begin_checksum(packet: &mut [u8]) {
    let mut pseudo = [0; 12];
    pseudo[..8].copy_from_slice(&packet[12..20]);
    pseudo[9] = TCP;
    pseudo[10..].copy_from_slice(&(word(packet, 2) - IP_HEADER as u16).to_be_bytes());
    let part = sum(&pseudo);
    packet[IP_HEADER + 16..IP_HEADER + 18].copy_from_slice(&part.to_be_bytes());
}

/// RFC 1071's, not complemented; an even number of octets.
fn sum(bytes: &[u8]) -> u16 {
    let sum: u32 = (0..bytes.len()).step_by(2).map(|at| u32::from(word(bytes, at))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    ((folded & 0xffff) + (folded >> 16)) as u16
}

/// The device completes the checksum, and cuts where there is more than `size`.
pub(super) fn offload(size: Option<u16>) -> Offload {
    let segmentation = size.map(|size| Segmentation {
        kind: SegmentationKind::Tcp4,
        size,
        header_len: HEADERS as u16,
        ecn: false,
    });
    Offload { checksum: ChecksumOffload::Partial { start: IP_HEADER as u16, offset: 16 }, segmentation }
}
