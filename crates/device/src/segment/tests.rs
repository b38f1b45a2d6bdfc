use bytes::Bytes;
use synfin_wire::tcp::Flags;
use synfin_wire::{SeqNumber, TcpHeader};

use super::testing::{V4, V6, parse, super_segment, tcp_header};
use super::*;
use crate::{Offload, Payload};

#[test]
fn a_super_segment_becomes_the_segments_it_stands_for() {
    let payload: Vec<u8> = (0..3_500_u32).map(|n| n as u8).collect();
    let flags = Flags::ACK | Flags::PSH | Flags::FIN | Flags::CWR;
    for medium in [Medium::Ip, Medium::Ethernet] {
        for addresses in [V4, V6] {
            let packet = super_segment(medium, addresses, flags, &payload, 1000);
            let packets = split(&packet, medium, 1500).unwrap();
            assert_eq!(packets.len(), 4);
            let mut delivered = Vec::new();
            for (index, bytes) in packets.enumerate() {
                assert_eq!(bytes[..medium.header_len()], packet.bytes[..medium.header_len()]);
                let (ip, segment) = parse(medium, &bytes);
                let first_id = if addresses == V4 { 0xfffe_u16 } else { 0 };
                let step = if addresses == V4 { index as u16 } else { 0 };
                assert_eq!(ip.identification, first_id.wrapping_add(step));
                let expected = match index {
                    0 => Flags::ACK | Flags::CWR,
                    3 => Flags::ACK | Flags::PSH | Flags::FIN,
                    _ => Flags::ACK,
                };
                let seq = SeqNumber::new(0xffff_ff00) + delivered.len() as u32;
                assert_eq!(segment.header, TcpHeader { seq, ..tcp_header(expected) });
                delivered.extend_from_slice(&segment.payload);
            }
            assert_eq!(delivered, payload);
        }
    }
}

#[test]
fn what_the_link_put_behind_a_packet_is_no_text() {
    let mut packet = super_segment(Medium::Ethernet, V4, Flags::ACK, b"text", 3);
    let split_it =
        |packet: &PacketIn| -> Vec<Bytes> { split(packet, Medium::Ethernet, 1500).unwrap().collect() };
    let whole = split_it(&packet);
    packet.bytes = [&packet.bytes[..], &[0; 9]].concat().into();
    assert_eq!(split_it(&packet), whole);
}

#[test]
fn segments_never_exceed_the_mtu() {
    let packet = super_segment(Medium::Ip, V4, Flags::ACK, &[5; 10_000], 9000);
    let lengths: Vec<usize> = split(&packet, Medium::Ip, 1500).unwrap().map(|packet| packet.len()).collect();
    assert_eq!(lengths, [1500, 1500, 1500, 1500, 1500, 1500, 10_000 - 6 * 1448 + 52]);
    assert_eq!(split(&packet, Medium::Ip, 52).unwrap_err(), SegmentError::Mtu);
}

#[test]
fn a_copy_has_its_checksum_completed() {
    let text: Vec<u8> = (0..700_u32).map(|n| (n * 7) as u8).collect();
    let whole = Bytes::from(text);
    for start in [0, 20, 33, 299, 300, 301, 640] {
        for offset in [6, 16] {
            let checksum = ChecksumOffload::Partial { start, offset };
            let mut expected = whole.to_vec();
            complete_checksum(&mut expected, checksum).unwrap();
            for cut in [1, 32, 300, 555] {
                let payload = [whole.slice(cut..600), Bytes::new(), whole.slice(600..)];
                let offload = Offload { checksum, segmentation: None };
                let packet = PacketOut { header: &whole[..cut], payload: Payload::of(&payload), offload };
                let mut copy = vec![0xaa; packet.len()];
                copy_completed(&packet, &mut copy).unwrap();
                assert_eq!(copy, expected, "from {start}, field at {offset}, pieces cut at {cut}");
            }
        }
    }
    let outside =
        Offload { checksum: ChecksumOffload::Partial { start: 699, offset: 0 }, segmentation: None };
    let packet = PacketOut { header: &whole, payload: Payload::EMPTY, offload: outside };
    assert_eq!(copy_completed(&packet, &mut [0; 700]), Err(SegmentError::Checksum));
    let plain = PacketOut { offload: Offload::default(), ..packet };
    let mut copy = [0; 700];
    copy_completed(&plain, &mut copy).unwrap();
    assert_eq!(copy, whole[..]);
}

#[test]
fn flags_stand_together_when_there_is_one_segment() {
    let flags = Flags::ACK | Flags::PSH | Flags::FIN | Flags::CWR;
    for payload in [&b""[..], b"short"] {
        let packets: Vec<Bytes> =
            split(&super_segment(Medium::Ip, V4, flags, payload, 1000), Medium::Ip, 1500).unwrap().collect();
        assert_eq!(packets.len(), 1);
        assert_eq!(parse(Medium::Ip, &packets[0]).1.header.flags, flags);
    }
}

#[test]
fn what_is_no_super_segment_gets_its_checksum_alone() {
    for payload in [&b"even"[..], b"odd"] {
        let packet = super_segment(Medium::Ethernet, V6, Flags::ACK, payload, 0);
        let packets: Vec<Bytes> = split(&packet, Medium::Ethernet, 1500).unwrap().collect();
        assert_eq!(packets.len(), 1);
        assert_eq!(parse(Medium::Ethernet, &packets[0]).1.payload, payload);
    }
    let complete = PacketIn { bytes: Bytes::from_static(b"anything"), offload: Offload::default() };
    let packets: Vec<Bytes> = split(&complete, Medium::Ip, 4).unwrap().collect();
    assert_eq!(packets, [&b"anything"[..]]);
}

#[test]
fn a_checksum_that_comes_to_zero_is_all_ones_in_udp_alone() {
    for (offset, expected) in [(6, 0xffff_u16), (16, 0)] {
        let mut packet = [0xff_u8; 20];
        packet[usize::from(offset)..][..2].fill(0);
        complete_checksum(&mut packet, ChecksumOffload::Partial { start: 0, offset }).unwrap();
        assert_eq!(packet[usize::from(offset)..][..2], expected.to_be_bytes());
    }
}

#[test]
fn hostile_packets_are_errors_and_never_panic() {
    let outside = |start, offset| ChecksumOffload::Partial { start, offset };
    for (start, offset) in [(0, 9), (9, 0), (65_535, 65_535), (0, 65_535)] {
        assert_eq!(complete_checksum(&mut [0; 10], outside(start, offset)), Err(SegmentError::Checksum));
    }
    for medium in [Medium::Ip, Medium::Ethernet] {
        for addresses in [V4, V6] {
            let whole = super_segment(medium, addresses, Flags::ACK, b"payload", 3);
            for length in 0..whole.bytes.len() {
                let packet = PacketIn { bytes: whole.bytes.slice(..length), ..whole };
                assert_eq!(split(&packet, medium, 1500).unwrap_err(), SegmentError::NotTcp);
            }
            for at in 0..whole.bytes.len() {
                for value in 0..=255 {
                    let mut bytes = whole.bytes.to_vec();
                    bytes[at] = value;
                    let packet = PacketIn { bytes: bytes.into(), ..whole };
                    if let Ok(packets) = split(&packet, medium, 1500) {
                        assert!(packets.map(|packet| packet.len()).sum::<usize>() > 0);
                    }
                }
            }
        }
    }
}
