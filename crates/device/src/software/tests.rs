use super::*;
use crate::segment::complete_checksum;
use crate::segment::testing::{V4, V6, parse, super_segment};
use crate::{Medium, memory};
use bytes::Bytes;
use synfin_wire::tcp::Flags;

/// A device with offload, and a plain one that is joined to it.
fn around(queue: usize, medium: Medium) -> (SoftwareOffload<memory::Memory>, memory::Memory) {
    let (ours, theirs) = memory::pair(Capabilities::new(medium, 1500, false), queue).unwrap();
    (SoftwareOffload::new(ours), theirs)
}

/// A packet with its text in pieces, as a host hands it over.
fn offer(
    device: &mut SoftwareOffload<memory::Memory>,
    packet: &PacketIn,
    text_at: usize,
    piece: usize,
) -> Transmit {
    let payload: Vec<Bytes> = packet.bytes[text_at..].chunks(piece).map(Bytes::copy_from_slice).collect();
    let header = &packet.bytes[..text_at];
    let payload = Payload::of(&payload);
    device.transmit(&PacketOut { header, payload, offload: packet.offload }).unwrap()
}

fn text() -> Vec<u8> {
    (0..20_000_u32).map(|n| (n % 241) as u8).collect()
}

#[test]
fn what_one_cuts_another_joins() {
    for medium in [Medium::Ip, Medium::Ethernet] {
        for addresses in [V4, V6] {
            let whole = super_segment(medium, addresses, Flags::ACK | Flags::PSH, &text(), 1400);
            let text_at = whole.bytes.len() - text().len();
            for piece in [1, 999, 1400, 20_000] {
                let (left, right) = memory::pair(Capabilities::new(medium, 1500, false), 64).unwrap();
                let mut left = SoftwareOffload::new(left);
                let mut right = SoftwareOffload::new(right);
                assert_eq!(offer(&mut left, &whole, text_at, piece), Transmit::Sent);
                let joined = right.receive().unwrap().unwrap();
                assert_eq!(joined, whole);
                assert_eq!(right.receive().unwrap(), None);
            }
        }
    }
}

#[test]
fn a_device_that_fills_in_checksums_gets_them_partial() {
    let capabilities = Capabilities { checksum: true, ..Capabilities::new(Medium::Ethernet, 1500, false) };
    let (ours, mut peer) = memory::pair(capabilities, 64).unwrap();
    let mut device = SoftwareOffload::new(ours);
    let whole = super_segment(Medium::Ethernet, V6, Flags::ACK, &text(), 1400);
    assert_eq!(offer(&mut device, &whole, whole.bytes.len() - text().len(), 3000), Transmit::Sent);
    let mut arrived = Vec::new();
    while let Some(packet) = peer.receive().unwrap() {
        assert_eq!(packet.offload.checksum, whole.offload.checksum);
        let mut bytes = packet.bytes.to_vec();
        complete_checksum(&mut bytes, packet.offload.checksum).unwrap();
        arrived.extend_from_slice(&parse(Medium::Ethernet, &bytes.into()).1.payload);
    }
    assert_eq!(arrived, text());
}

#[test]
fn a_device_that_is_full_goes_on_where_it_stopped() {
    let (mut device, mut peer) = around(4, Medium::Ip);
    let whole = super_segment(Medium::Ip, V4, Flags::ACK, &text(), 1400);
    let text_at = whole.bytes.len() - text().len();
    let mut arrived = Vec::new();
    let mut offers = 0;
    while offer(&mut device, &whole, text_at, 3000) == Transmit::WouldBlock {
        offers += 1;
        while let Some(packet) = peer.receive().unwrap() {
            arrived.extend_from_slice(&parse(Medium::Ip, &packet.bytes).1.payload);
        }
    }
    while let Some(packet) = peer.receive().unwrap() {
        arrived.extend_from_slice(&parse(Medium::Ip, &packet.bytes).1.payload);
    }
    assert_eq!((offers, arrived), (3, text()));
}

#[test]
fn another_packet_is_no_continuation() {
    let (mut device, mut peer) = around(4, Medium::Ip);
    let first = super_segment(Medium::Ip, V4, Flags::ACK, &text(), 1400);
    let second = super_segment(Medium::Ip, V6, Flags::ACK, &[5; 3000], 1400);
    assert_eq!(offer(&mut device, &first, first.bytes.len() - 20_000, 3000), Transmit::WouldBlock);
    while peer.receive().unwrap().is_some() {}
    assert_eq!(offer(&mut device, &second, second.bytes.len() - 3000, 3000), Transmit::Sent);
    let lengths: Vec<usize> = std::iter::from_fn(|| peer.receive().unwrap())
        .map(|packet| parse(Medium::Ip, &packet.bytes).1.payload.len())
        .collect();
    assert_eq!(lengths, [1400, 1400, 200]);
}

#[test]
fn the_text_may_stand_with_the_headers() {
    let (mut device, mut peer) = around(64, Medium::Ethernet);
    let whole = super_segment(Medium::Ethernet, V4, Flags::ACK, &text(), 1400);
    assert_eq!(device.transmit(&whole.as_out()).unwrap(), Transmit::Sent);
    let arrived: Vec<u8> = std::iter::from_fn(|| peer.receive().unwrap())
        .flat_map(|packet| parse(Medium::Ethernet, &packet.bytes).1.payload)
        .collect();
    assert_eq!(arrived, text());
}

#[test]
fn what_came_before_the_end_comes_before_it() {
    let (left, right) = memory::pair(Capabilities::new(Medium::Ip, 1500, false), 64).unwrap();
    let mut left = SoftwareOffload::new(left);
    let mut right = SoftwareOffload::new(right);
    let whole = super_segment(Medium::Ip, V4, Flags::ACK, &[1; 3000], 1000);
    assert_eq!(offer(&mut left, &whole, whole.bytes.len() - 3000, 3000), Transmit::Sent);
    drop(left);
    assert_eq!(right.receive().unwrap(), Some(whole));
    assert_eq!(right.receive().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn what_is_no_super_segment_of_tcp_is_refused() {
    let (mut device, mut peer) = around(64, Medium::Ip);
    let whole = super_segment(Medium::Ip, V4, Flags::ACK, &[1; 3000], 1000);
    let mut udp = whole.bytes.to_vec();
    udp[9] = 17;
    for header in [&udp[..52], &udp[..10], &[]] {
        let packet = PacketOut { header, payload: Payload::EMPTY, offload: whole.offload };
        assert_eq!(device.transmit(&packet).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
    let too_long = PacketOut { header: &[0x45; 1600], payload: Payload::EMPTY, offload: Offload::default() };
    assert_eq!(device.transmit(&too_long).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    assert_eq!(peer.receive().unwrap(), None);
}
