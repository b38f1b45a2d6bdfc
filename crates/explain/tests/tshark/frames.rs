//! Frames that tests make, and the file that tshark reads them from.

use std::net::SocketAddr;

use bytes::Bytes;
use pcap_parser::{Block, PcapBlockOwned, create_reader};
use synfin_wire::{Flags, IpHeader, IpPacket, IpProtocol, Segment, SeqNumber, TcpHeader, TcpOptions};

use synfin_explain::packet::{ChecksumSeen, Packet};
use synfin_wire::Instant;

/// What is kept of a packet: its headers, whatever options they have.
const SNAP_LEN: usize = 120;

/// A packet as a raw IP capture has it, cut off behind its headers.
pub(crate) struct Frame {
    pub(crate) at: u64,
    pub(crate) octets: Vec<u8>,
    pub(crate) original_len: usize,
}

/// The frames of one or many captures, one behind the other.
#[derive(Default)]
pub(crate) struct Frames {
    pub(crate) frames: Vec<Frame>,
    /// Where each case begins: its name, and the number of its first frame.
    pub(crate) cases: Vec<(String, u64)>,
    /// The moment at which the next case begins, nanoseconds.
    start: u64,
}

impl Frames {
    /// What is added from now on belongs to this case.
    pub(crate) fn begin(&mut self, name: impl Into<String>) {
        self.start = self.frames.iter().map(|frame| frame.at).max().map_or(0, |last| last + 1_000_000_000);
        self.cases.push((name.into(), self.frames.len() as u64 + 1));
    }

    /// Adds a packet, `at` nanoseconds behind the beginning of its case.
    pub(crate) fn add(&mut self, at: u64, packet: &[u8], original_len: usize) {
        let octets = packet[..packet.len().min(SNAP_LEN)].to_vec();
        self.frames.push(Frame { at: self.start + at, octets, original_len });
    }

    /// Adds the packets of a pcapng file of this project's: raw IP, nanoseconds.
    pub(crate) fn add_pcapng(&mut self, file: &[u8]) {
        let mut reader = create_reader(1 << 20, file).expect("it begins with a section header");
        loop {
            match reader.next() {
                Ok((used, block)) => {
                    if let PcapBlockOwned::NG(Block::EnhancedPacket(block)) = block {
                        let at = u64::from(block.ts_high) << 32 | u64::from(block.ts_low);
                        self.add(at, block.data, block.origlen as usize);
                    }
                    reader.consume(used);
                }
                Err(pcap_parser::PcapError::Eof) => break,
                Err(pcap_parser::PcapError::Incomplete(_)) => reader.refill().expect("it is in memory"),
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// Forgets frames of the newest case, as a capture does that misses some: `keeps` is asked of each, by its number in
    /// the case, from 0, and whether it came from the end with the higher address.
    pub(crate) fn thin(&mut self, mut keeps: impl FnMut(usize, bool) -> bool) {
        let first = self.cases.last().map_or(0, |(_, first)| *first as usize - 1);
        let thinned: Vec<Frame> = self.frames.drain(first..).collect();
        let from_higher = |frame: &Frame| frame.octets[12..16] > frame.octets[16..20];
        let kept = thinned.into_iter().enumerate().filter(|(index, frame)| keeps(*index, from_higher(frame)));
        self.frames.extend(kept.map(|(_, frame)| frame));
    }

    /// The case that a frame belongs to.
    pub(crate) fn case(&self, frame: u64) -> (&str, u64) {
        let (name, first) =
            self.cases.iter().rev().find(|(_, first)| *first <= frame).expect("cases begin at 1");
        (name, *first)
    }

    /// A pcap file of raw IP packets with nanoseconds.
    pub(crate) fn pcap(&self) -> Vec<u8> {
        let mut file = Vec::new();
        for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, 101] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        for frame in &self.frames {
            let (seconds, nanos) = (frame.at / 1_000_000_000, frame.at % 1_000_000_000);
            for word in [
                1_000_000 + seconds as u32,
                nanos as u32,
                frame.octets.len() as u32,
                frame.original_len as u32,
            ] {
                file.extend_from_slice(&word.to_le_bytes());
            }
            file.extend_from_slice(&frame.octets);
        }
        file
    }

    /// Hands each TCP segment to `visit`.
    pub(crate) fn each(&self, mut visit: impl FnMut(&Packet<'_>)) {
        for (index, frame) in self.frames.iter().enumerate() {
            let mut octets = frame.octets.clone();
            octets.resize(frame.original_len, 0);
            let Ok(packet) = IpPacket::parse(Bytes::from(octets), true) else { continue };
            let IpPacket { header, payload, .. } = packet;
            if header.protocol != IpProtocol::TCP || header.fragment.is_some() {
                continue;
            }
            let Ok(segment) = Segment::parse(payload, None) else { continue };
            visit(&Packet {
                frame: index as u64 + 1,
                at: Instant::from_nanos(frame.at),
                interface: 0,
                source: SocketAddr::new(header.source, segment.header.source_port),
                destination: SocketAddr::new(header.destination, segment.header.destination_port),
                len: segment.payload.len() as u32,
                header: segment.header,
                text: &[],
                print: synfin_explain::packet::Print::default(),
                captured: segment.payload.len() as u32,
                ranges_cut: 0,
                checksum: ChecksumSeen::Unknown,
                hop_limit: header.hop_limit,
                identification: header.identification,
                ecn: header.ecn,
                comment: None,
            });
        }
    }
}

/// A segment that a test makes.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    /// Microseconds since the one before it.
    pub(crate) wait: u64,
    /// Which end sends it.
    pub(crate) from: usize,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: Flags,
    pub(crate) len: u32,
    pub(crate) window: u16,
    pub(crate) options: TcpOptions,
}

impl Frames {
    /// Adds a connection between two ends of which this number makes the addresses.
    pub(crate) fn add_made(&mut self, number: u32, segments: &[Made]) {
        let mut at = 0;
        for segment in segments {
            at += segment.wait * 1_000;
            let [_, b, c, d] = number.to_be_bytes();
            let addresses = [[10, b, c, d], [172, b, c, d]];
            let ports = [30_000, 40_000];
            let (from, to) = (segment.from, 1 - segment.from);
            let tcp = TcpHeader {
                source_port: ports[from],
                destination_port: ports[to],
                seq: SeqNumber::new(segment.seq),
                ack: SeqNumber::new(segment.ack),
                flags: segment.flags,
                reserved: 0,
                window: segment.window,
                urgent_pointer: 0,
                options: segment.options.clone(),
            };
            let ip = IpHeader::new(addresses[from].into(), addresses[to].into(), IpProtocol::TCP);
            let mut octets = vec![0; 120];
            let payload_len = tcp.len() + segment.len as usize;
            let ip_len = ip.write(payload_len, &mut octets);
            tcp.write(&mut octets[ip_len..]);
            let total = ip_len + payload_len;
            octets.truncate(total);
            self.add(at, &octets, total);
        }
    }
}
