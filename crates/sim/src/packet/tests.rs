use std::net::IpAddr;

use synfin_wire::{SeqNumber, TcpHeader, TcpOptions};

use super::*;

fn segment(source: &str, destination: &str, ecn: Ecn) -> Bytes {
    let ends: [IpAddr; 2] = [source.parse().unwrap(), destination.parse().unwrap()];
    let ip = IpHeader { ecn, ..IpHeader::new(ends[0], ends[1], IpProtocol::TCP) };
    let tcp = TcpHeader {
        source_port: 1,
        destination_port: 2,
        seq: SeqNumber::new(3),
        ack: SeqNumber::new(4),
        flags: Flags::ACK,
        reserved: 0,
        window: 5,
        urgent_pointer: 0,
        options: TcpOptions::default(),
    };
    let mut whole = vec![0; ip.len() + tcp.len() + 4];
    ip.write(tcp.len() + 4, &mut whole);
    tcp.write(&mut whole[ip.len()..]);
    rewrite_segment(&whole.into(), |segment| segment.payload = "text".into()).unwrap()
}

fn both(ecn: Ecn) -> [Bytes; 2] {
    [segment("192.0.2.1", "192.0.2.2", ecn), segment("2001:db8::1", "2001:db8::2", ecn)]
}

fn parsed(octets: &Bytes) -> (IpHeader, Segment) {
    let packet = IpPacket::parse(octets.clone(), false).unwrap();
    let segment = Segment::parse(packet.payload.clone(), Some(&packet.pseudo_header())).unwrap();
    (packet.header, segment)
}

#[test]
fn a_mark_leaves_everything_else_right() {
    for ecn in [Ecn::Ect0, Ecn::Ect1, Ecn::Ce] {
        for octets in both(ecn) {
            assert!(is_ecn_capable(&octets));
            let marked = mark(&octets);
            let (before, after) = (parsed(&octets), parsed(&marked));
            assert_eq!(after.0, IpHeader { ecn: Ecn::Ce, ..before.0 });
            assert_eq!(after.1, before.1);
        }
    }
    assert!(both(Ecn::NotEct).iter().all(|octets| !is_ecn_capable(octets)));
}

#[test]
fn a_hop_takes_one_off_the_limit_and_leaves_the_checksum_right() {
    for octets in both(Ecn::Ect0) {
        let mut octets = octets;
        for left in (1..64).rev() {
            octets = hop(&octets, &parsed(&octets).0).unwrap();
            assert_eq!(parsed(&octets).0.hop_limit, left);
        }
        assert_eq!(hop(&octets, &parsed(&octets).0), None);
    }
}

#[test]
fn a_wrong_header_checksum_stays_wrong() {
    let [octets, _] = both(Ecn::Ect0);
    let mut bad = octets.to_vec();
    bad[V4_CHECKSUM] ^= 1;
    assert!(IpPacket::parse(mark(&bad.into()), false).is_err());
}

#[test]
fn a_rewritten_segment_has_its_checksum() {
    for octets in both(Ecn::NotEct) {
        let changed = rewrite_segment(&octets, |segment| {
            segment.header.window = 77;
            segment.payload = "longer text".into();
        });
        let (_, segment) = parsed(&changed.unwrap());
        assert_eq!((segment.header.window, &segment.payload[..]), (77, &b"longer text"[..]));
    }
}

#[test]
fn what_is_no_packet_is_left_alone() {
    for octets in [&b""[..], b"\x45", b"\x60", b"no packet at all, though longer than a header"] {
        let octets = Bytes::copy_from_slice(octets);
        assert!(!is_ecn_capable(&octets) || !mark(&octets).is_empty());
        assert_eq!(rewrite_segment(&octets, |_| panic!("there is none")), None);
        let sighting = Sighting::new(&octets, 1, Instant::ZERO);
        assert_eq!((sighting.flags(), sighting.text_len()), (Flags::NONE, 0));
    }
}
