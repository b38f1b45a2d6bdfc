use bytes::Bytes;
use proptest::prelude::*;
use smallvec::smallvec;
use synfin_tcp::{SegmentOut, SendReason};
use synfin_wire::checksum::Checksum;
use synfin_wire::ip::IpPacket;
use synfin_wire::udp::UdpDatagram;
use synfin_wire::{Ecn, Flags, Instant, IpProtocol, Segment, SeqNumber, TcpHeader, TcpOptions, Timestamps};

use super::{Emitter, IpMarks};
use crate::config::{HostConfig, HostOffload};
use crate::packet::{ChecksumOut, Segmentation};
use crate::reassembly::{Reassembled, Reassembler};
use crate::table::Pair;

fn emitter(mtu: usize, offload: HostOffload) -> Emitter {
    Emitter::new(&HostConfig { mtu, offload, ..HostConfig::new([]) }, &[1; 32])
}

fn pair(v4: bool) -> Pair {
    let (local, remote) = if v4 { ("10.0.0.1:1", "10.0.0.2:2") } else { ("[fd00::1]:1", "[fd00::2]:2") };
    Pair { local: local.parse().unwrap(), remote: remote.parse().unwrap() }
}

fn segment(chunks: &[&'static str], segment_size: Option<u16>) -> SegmentOut {
    let options = TcpOptions { timestamps: Some(Timestamps { value: 5, echo: 6 }), ..TcpOptions::default() };
    SegmentOut {
        header: TcpHeader {
            source_port: 1,
            destination_port: 2,
            seq: SeqNumber::new(3),
            ack: SeqNumber::new(4),
            flags: Flags::ACK,
            reserved: 0,
            window: 7,
            urgent_pointer: 0,
            options,
        },
        payload: chunks.iter().map(|chunk| Bytes::from_static(chunk.as_bytes())).collect(),
        payload_len: chunks.iter().map(|chunk| chunk.len()).sum(),
        segment_size,
        ecn: Ecn::Ect0,
        reason: SendReason::Data,
    }
}

#[test]
fn a_segment_is_whole_and_its_checksum_right() {
    for v4 in [true, false] {
        let sent = segment(&["odd", "chunks", "here"], None);
        let packet = emitter(1500, HostOffload::default()).segment(
            &mut sent.clone(),
            &pair(v4),
            IpMarks::default(),
            None,
        );
        assert_eq!((packet.checksum, packet.segmentation), (ChecksumOut::Complete, None));
        let received = IpPacket::parse(packet.to_bytes(), false).unwrap();
        assert_eq!(received.header.ecn, Ecn::Ect0);
        let parsed = Segment::parse(received.payload.clone(), Some(&received.pseudo_header())).unwrap();
        assert_eq!((parsed.header, &parsed.payload[..]), (sent.header, &b"oddchunkshere"[..]));
    }
}

#[test]
fn a_partial_checksum_is_one_sum_short_of_complete() {
    let offload = HostOffload { checksum: true, max_super_segment: 65_536, repeats_cwr: false };
    for v4 in [true, false] {
        let packet = emitter(1500, offload).segment(
            &mut segment(&["text"], Some(1000)),
            &pair(v4),
            IpMarks::default(),
            None,
        );
        let ChecksumOut::Partial { start, offset } = packet.checksum else { panic!() };
        let header_len = packet.header.len() as u16;
        let segmentation = Segmentation { size: 1000, ipv6: !v4, header_len };
        assert_eq!(packet.segmentation, Some(segmentation));
        // What the device does.
        let (start, mut bytes) = (usize::from(start), packet.to_bytes().to_vec());
        let mut sum = Checksum::new();
        sum.add(&bytes[start..]);
        let at = start + usize::from(offset);
        bytes[at..at + 2].copy_from_slice(&sum.finish().to_be_bytes());
        let received = IpPacket::parse(bytes.into(), false).unwrap();
        assert!(Segment::parse(received.payload.clone(), Some(&received.pseudo_header())).is_ok());
    }
}

#[test]
fn an_empty_segment_has_no_chunks() {
    let packet = emitter(1500, HostOffload::default()).segment(
        &mut segment(&[], None),
        &pair(true),
        IpMarks::default(),
        None,
    );
    assert_eq!((packet.payload, packet.payload_len), (smallvec![], 0));
}

proptest! {
    /// Whatever the length and the MTU, the pieces fit the link and add up to the datagram.
    #[test]
    fn fragments_are_reassembled(v4: bool, mtu in 576..3000usize, len in 0..=65_507usize) {
        let mut emitter = emitter(mtu, HostOffload::default());
        let payload: Bytes = (0..len).map(|octet| octet as u8).collect();
        let pair = pair(v4);
        let ip = emitter.ip_header(pair.local.ip(), pair.remote.ip(), IpProtocol::UDP);
        let packets = emitter.udp(&ip, pair, payload.clone());
        prop_assert_eq!(packets.len(), emitter.packets_for(8 + len, v4));
        let mut reassembler = Reassembler::new(&[1; 32], 1 << 20);
        let mut whole = None;
        for packet in packets {
            prop_assert!(packet.len() <= mtu);
            let received = IpPacket::parse(packet.to_bytes(), false).unwrap();
            whole = match received.header.fragment {
                None => Some(received),
                Some(fragment) => match reassembler.insert(&received, fragment, Instant::ZERO) {
                    Reassembled::Whole(packet) => Some(*packet),
                    _ => None,
                }
            };
        }
        let whole = whole.unwrap();
        let datagram = UdpDatagram::parse(whole.payload.clone(), Some(&whole.pseudo_header())).unwrap();
        prop_assert_eq!(datagram.payload, payload);
    }
}
