use bytes::Bytes;
use synfin_wire::Segment;
use synfin_wire::checksum::PseudoHeader;
use synfin_wire::ip::IpHeader;

use super::*;
use crate::segment::split;
use crate::segment::testing::{V4, V6, parse, super_segment};

const MEDIA: [Medium; 2] = [Medium::Ip, Medium::Ethernet];

fn from_wire(bytes: Bytes) -> PacketIn {
    PacketIn { bytes, offload: Offload::default() }
}

/// What comes of packets that arrive in one go.
fn join(medium: Medium, packets: impl IntoIterator<Item = PacketIn>) -> Vec<PacketIn> {
    let mut join = Join::new(medium);
    let mut joined = Vec::new();
    for packet in packets {
        joined.extend(join.finished());
        joined.extend(add(&mut join, packet));
    }
    joined.extend(std::iter::from_fn(|| join.finish()));
    joined
}

fn add(join: &mut Join, packet: PacketIn) -> Option<PacketIn> {
    join.add(&packet.bytes, packet.offload)
}

fn segments(medium: Medium, of: &PacketIn) -> Vec<PacketIn> {
    split(of, medium, 1500).unwrap().map(from_wire).collect()
}

/// Makes the checksums right again after a change.
fn mend(medium: Medium, addresses: [std::net::IpAddr; 2], packet: &mut [u8]) {
    let layout = Layout::of_plain(packet, medium).unwrap();
    layout.finish_length(packet, packet.len());
    let [source, destination] = addresses;
    let length = (packet.len() - layout.tcp_at) as u32;
    let pseudo_header = PseudoHeader { source, destination, protocol: synfin_wire::IpProtocol::TCP, length };
    layout.set_tcp_checksum(packet, 0);
    let mut sum = Checksum::with_pseudo_header(&pseudo_header);
    sum.add(&packet[layout.tcp_at..]);
    layout.set_tcp_checksum(packet, sum.finish());
}

fn headers(medium: Medium, packet: &PacketIn) -> (IpHeader, Segment) {
    let mut bytes = packet.bytes.to_vec();
    crate::segment::complete_checksum(&mut bytes, packet.offload.checksum).unwrap();
    parse(medium, &bytes.into())
}

#[test]
fn what_was_cut_is_joined_to_what_it_was() {
    for medium in MEDIA {
        for addresses in [V4, V6] {
            for flags in [Flags::ACK, Flags::ACK | Flags::PSH, Flags::ACK | Flags::ECE] {
                for length in [1, 999, 1000, 1001, 1999, 2000, 2001, 60_000] {
                    let text: Vec<u8> = (0..length).map(|n: u32| (n % 251) as u8).collect();
                    let whole = super_segment(medium, addresses, flags, &text, 1000);
                    let packets = join(medium, segments(medium, &whole));
                    assert_eq!(packets.len(), 1, "{length} octets");
                    assert_eq!(headers(medium, &packets[0]), headers(medium, &whole));
                    let segmentation = packets[0].offload.segmentation;
                    assert_eq!(segmentation, if length > 1000 { whole.offload.segmentation } else { None });
                }
            }
        }
    }
}

#[test]
fn a_fin_stays_a_segment_of_its_own() {
    let whole = super_segment(Medium::Ip, V4, Flags::ACK | Flags::FIN, &[7; 3000], 1000);
    let packets = join(Medium::Ip, segments(Medium::Ip, &whole));
    let flags: Vec<Flags> = packets.iter().map(|packet| headers(Medium::Ip, packet).1.header.flags).collect();
    assert_eq!(flags, [Flags::ACK, Flags::ACK | Flags::FIN]);
    assert_eq!(headers(Medium::Ip, &packets[0]).1.payload, [7; 2000][..]);
}

#[test]
fn a_push_or_a_short_segment_ends_a_train() {
    let pushed = super_segment(Medium::Ip, V4, Flags::ACK | Flags::PSH, &[1; 2000], 1000);
    let mut packets = segments(Medium::Ip, &pushed);
    let mut join = Join::new(Medium::Ip);
    assert_eq!(add(&mut join, packets.remove(0)), None);
    // Without a look at what comes next.
    assert!(add(&mut join, packets.remove(0)).unwrap().offload.segmentation.is_some());
    let short = super_segment(Medium::Ip, V4, Flags::ACK, &[1; 1999], 1000);
    let mut packets = segments(Medium::Ip, &short);
    assert_eq!(add(&mut join, packets.remove(0)), None);
    assert!(add(&mut join, packets.remove(0)).unwrap().offload.segmentation.is_some());
}

/// Whatever a host might act on keeps segments apart, and leaves them as they are, in their order.
#[test]
fn whatever_differs_keeps_segments_apart() {
    for medium in MEDIA {
        for addresses in [V4, V6] {
            let whole = super_segment(medium, addresses, Flags::ACK, &[3; 2000], 1000);
            let pair = segments(medium, &whole);
            let text_at = pair[1].bytes.len() - 1000;
            let layout = Layout::of_plain(&pair[1].bytes, medium).unwrap();
            for at in 0..text_at {
                for bit in 0..8 {
                    let mut second = pair[1].bytes.to_vec();
                    second[at] ^= 1 << bit;
                    if Layout::of_plain(&second, medium) == Some(layout) {
                        mend(medium, addresses, &mut second);
                    }
                    if second == pair[1].bytes || is_free(&layout, at, 1 << bit) {
                        continue;
                    }
                    let sent = [pair[0].clone(), from_wire(second.into())];
                    assert_eq!(join(medium, sent.clone()), sent, "octet {at}, bit {bit}");
                }
            }
        }
    }
}

/// IPv4's identification tells datagrams apart, and PSH is joined.
fn is_free(layout: &Layout, at: usize, bit: u8) -> bool {
    let identification = layout.is_ipv4 && (4..6).contains(&at.wrapping_sub(layout.ip_at));
    identification || at == layout.tcp_at + 13 && bit == Flags::PSH.bits() as u8
}

#[test]
fn nothing_is_joined_whose_checksum_is_wrong() {
    for medium in MEDIA {
        for addresses in [V4, V6] {
            let whole = super_segment(medium, addresses, Flags::ACK, &[3; 3000], 1000);
            let good = segments(medium, &whole);
            for broken in 0..3 {
                let mut sent = good.clone();
                let mut bytes = sent[broken].bytes.to_vec();
                *bytes.last_mut().unwrap() ^= 1;
                sent[broken].bytes = bytes.into();
                let packets = join(medium, sent.clone());
                assert!(packets.contains(&sent[broken]), "segment {broken} is as it came");
                let text: usize = packets.iter().map(|packet| text_len(medium, packet)).sum();
                assert_eq!(text, 3000);
            }
        }
    }
}

fn text_len(medium: Medium, packet: &PacketIn) -> usize {
    packet.bytes.len() - Layout::of_plain(&packet.bytes, medium).unwrap().text_at
}

#[test]
fn a_device_may_have_verified_them() {
    let whole = super_segment(Medium::Ip, V4, Flags::ACK, &[3; 2000], 1000);
    let verified = |packet: PacketIn| {
        let mut bytes = packet.bytes.to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        let offload = Offload { checksum: ChecksumOffload::Verified, segmentation: None };
        PacketIn { bytes: bytes.into(), offload }
    };
    assert_eq!(join(Medium::Ip, segments(Medium::Ip, &whole).into_iter().map(verified)).len(), 1);
    // What was never on a wire has been joined by whoever wanted it joined.
    let partial = super_segment(Medium::Ip, V4, Flags::ACK, &[3; 1000], 0);
    assert_eq!(join(Medium::Ip, [partial.clone(), partial]).len(), 2);
}

#[test]
fn the_longest_packet_is_not_exceeded() {
    for medium in MEDIA {
        for addresses in [V4, V6] {
            let whole = super_segment(medium, addresses, Flags::ACK, &[9; 64_000], 1000);
            let mut sent = segments(medium, &whole);
            let mut more = super_segment(medium, addresses, Flags::ACK, &[9; 4000], 1000).bytes.to_vec();
            let layout = Layout::of_plain(&more, medium).unwrap();
            let next = layout.seq(&more).wrapping_add(64_000);
            layout.set_seq(&mut more, next);
            sent.extend(segments(medium, &PacketIn { bytes: more.into(), offload: whole.offload }));
            let packets = join(medium, sent);
            assert_eq!(packets.len(), 2);
            let longest = MAX_IP_PACKET + medium.header_len();
            assert!(packets.iter().all(|packet| packet.bytes.len() <= longest));
            assert_eq!(packets.iter().map(|packet| text_len(medium, packet)).sum::<usize>(), 68_000);
        }
    }
}

#[test]
fn hostile_packets_come_out_as_they_went_in() {
    for medium in MEDIA {
        for addresses in [V4, V6] {
            let whole = super_segment(medium, addresses, Flags::ACK, b"some text", 4);
            let good = segments(medium, &whole);
            for length in 0..good[1].bytes.len() {
                let cut_off = from_wire(good[1].bytes.slice(..length));
                let sent = [good[0].clone(), cut_off, good[2].clone()];
                assert_eq!(join(medium, sent.clone()), sent, "{length} octets");
            }
        }
    }
}
