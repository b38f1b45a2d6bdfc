use std::time::Duration;

use synfin_wire::{Flags, Instant, IpHeader, IpProtocol};

use crate::capture::Frame;
use crate::packet::tests::build::{RAW, frame, header, packet, segment, v4, v6};
use crate::packet::{ChecksumSeen, Dissected, Dissector, Malformed, NotTcp};

/// A fragment of the datagram that carries `payload`.
fn fragment(ip: &IpHeader, identification: u16, payload: &[u8], offset: usize, len: usize) -> Vec<u8> {
    let end = (offset + len).min(payload.len());
    let more = u16::from(end < payload.len());
    let piece = &payload[offset..end];
    raw_fragment(ip, identification, offset as u16, more == 1, piece)
}

fn raw_fragment(ip: &IpHeader, identification: u16, offset: u16, more: bool, piece: &[u8]) -> Vec<u8> {
    if ip.is_v4() {
        let mut octets = packet(ip, piece);
        octets[4..6].copy_from_slice(&identification.to_be_bytes());
        octets[6..8].copy_from_slice(&((u16::from(more) << 13) + offset / 8).to_be_bytes());
        octets
    } else {
        let [high, low] = (offset | u16::from(more)).to_be_bytes();
        let [a, b] = identification.to_be_bytes();
        let extension = [ip.protocol.0, 0, high, low, 0, 0, a, b];
        packet(&IpHeader { protocol: IpProtocol(44), ..*ip }, &[&extension[..], piece].concat())
    }
}

fn text() -> Vec<u8> {
    (0..1000_u32).map(|number| number as u8).collect()
}

fn datagram(ip: &IpHeader) -> Vec<u8> {
    segment(ip, &header(Flags::PSH | Flags::ACK), &text())
}

fn reason(dissector: &mut Dissector, bytes: &[u8], at: Instant) -> NotTcp {
    match dissector.dissect(&Frame { at, ..frame(RAW, bytes) }) {
        Dissected::Other(reason) => reason,
        dissected => panic!("{dissected:?}"),
    }
}

fn assert_whole(dissector: &mut Dissector, bytes: &[u8], ip: &IpHeader) {
    let Dissected::Tcp(packet) = dissector.dissect(&frame(RAW, bytes)) else { panic!("it is whole") };
    assert_eq!((packet.text, packet.len), (&text()[..], 1000));
    assert_eq!(packet.checksum, ChecksumSeen::Right);
    assert_eq!((packet.source.ip(), packet.hop_limit), (ip.source, 57));
}

#[test]
fn fragments_are_put_together_in_any_order() {
    for ip in [v4(), v6()] {
        let whole = datagram(&ip);
        let pieces: Vec<_> = [0, 400, 800].map(|offset| fragment(&ip, 5, &whole, offset, 400)).into();
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut dissector = Dissector::new();
            for index in &order[..2] {
                let waiting = reason(&mut dissector, &pieces[*index], Instant::ZERO);
                assert_eq!(waiting, NotTcp::FragmentWaiting);
                // A second time changes nothing.
                let waiting = reason(&mut dissector, &pieces[*index], Instant::ZERO);
                assert_eq!(waiting, NotTcp::FragmentWaiting);
            }
            assert_whole(&mut dissector, &pieces[order[2]], &ip);
            assert_eq!((dissector.fragments.held, dissector.datagrams_given_up()), (0, 0));
        }
    }
}

#[test]
fn datagrams_do_not_mix() {
    let ip = v4();
    let whole = datagram(&ip);
    let mut dissector = Dissector::new();
    for identification in [5, 6] {
        let first = fragment(&ip, identification, &whole, 0, 400);
        assert_eq!(reason(&mut dissector, &first, Instant::ZERO), NotTcp::FragmentWaiting);
    }
    let other = IpHeader { protocol: IpProtocol::UDP, ..ip };
    let last = fragment(&other, 5, &whole, 400, 1000);
    assert_eq!(reason(&mut dissector, &last, Instant::ZERO), NotTcp::FragmentWaiting);
    for identification in [6, 5] {
        assert_whole(&mut dissector, &fragment(&ip, identification, &whole, 400, 1000), &ip);
    }
}

/// Extension headers may stand in what is put together.
#[test]
fn what_was_put_together_is_read_on() {
    let ip = v6();
    let options = [6, 0, 1, 4, 0, 0, 0, 0];
    let whole = [&options[..], &datagram(&ip)].concat();
    let ip = IpHeader { protocol: IpProtocol(60), ..ip };
    let mut dissector = Dissector::new();
    let first = fragment(&ip, 5, &whole, 0, 8);
    assert_eq!(reason(&mut dissector, &first, Instant::ZERO), NotTcp::FragmentWaiting);
    assert_whole(&mut dissector, &fragment(&ip, 5, &whole, 8, 2000), &ip);

    let tunnel = IpHeader { protocol: IpProtocol(41), hop_limit: 2, ..v4() };
    let whole = packet(&v6(), &datagram(&v6()));
    let first = fragment(&tunnel, 5, &whole, 0, 800);
    assert_eq!(reason(&mut dissector, &first, Instant::ZERO), NotTcp::FragmentWaiting);
    assert_whole(&mut dissector, &fragment(&tunnel, 5, &whole, 800, 2000), &v6());

    let inner = raw_fragment(&v4(), 6, 0, true, &[0; 400]);
    let first = fragment(&tunnel, 5, &inner, 0, 200);
    assert_eq!(reason(&mut dissector, &first, Instant::ZERO), NotTcp::FragmentWaiting);
    let last = fragment(&tunnel, 5, &inner, 200, 400);
    assert_eq!(reason(&mut dissector, &last, Instant::ZERO), NotTcp::Malformed(Malformed::Fragment));
}

/// RFC 5722 section 4: all of it is void, and what comes later too.
#[test]
fn an_overlap_over_ipv6_makes_all_void() {
    let ip = v6();
    let whole = datagram(&ip);
    let mut dissector = Dissector::new();
    let first = fragment(&ip, 5, &whole, 0, 400);
    assert_eq!(reason(&mut dissector, &first, Instant::ZERO), NotTcp::FragmentWaiting);
    let overlap = fragment(&ip, 5, &whole, 392, 400);
    assert_eq!(reason(&mut dissector, &overlap, Instant::ZERO), NotTcp::FragmentDropped);
    for offset in [0, 400] {
        let again = fragment(&ip, 5, &whole, offset, 1000);
        assert_eq!(reason(&mut dissector, &again, Instant::ZERO), NotTcp::FragmentDropped);
    }
    // Once the time is over, the number may be used again.
    let later = Instant::ZERO + Duration::from_secs(61);
    assert_eq!(reason(&mut dissector, &first, later), NotTcp::FragmentWaiting);
    assert_eq!(dissector.datagrams_given_up(), 1);
}

#[test]
fn over_ipv4_what_came_first_stands() {
    let ip = v4();
    let whole = datagram(&ip);
    let mut forged = whole.clone();
    forged[100..700].fill(0xff);
    let mut dissector = Dissector::new();
    for piece in [fragment(&ip, 5, &whole, 400, 400), fragment(&ip, 5, &whole, 0, 104)] {
        assert_eq!(reason(&mut dissector, &piece, Instant::ZERO), NotTcp::FragmentWaiting);
    }
    // Of this one only 104..400 and 800..900 are new.
    let mut wide = forged[..904].to_vec();
    wide[104..400].copy_from_slice(&whole[104..400]);
    let wide = raw_fragment(&ip, 5, 0, true, &wide);
    assert_eq!(reason(&mut dissector, &wide, Instant::ZERO), NotTcp::FragmentWaiting);
    assert_whole(&mut dissector, &fragment(&ip, 5, &whole, 904, 1000), &ip);
}

#[test]
fn ends_that_contradict_each_other_make_all_void() {
    let ip = v4();
    let piece = [0; 80];
    for (first, second) in [
        (raw_fragment(&ip, 5, 80, false, &piece), raw_fragment(&ip, 5, 160, false, &piece)),
        (raw_fragment(&ip, 5, 80, false, &piece), raw_fragment(&ip, 5, 160, true, &piece)),
        (raw_fragment(&ip, 5, 160, true, &piece), raw_fragment(&ip, 5, 80, false, &piece)),
    ] {
        let mut dissector = Dissector::new();
        assert_eq!(reason(&mut dissector, &first, Instant::ZERO), NotTcp::FragmentWaiting);
        assert_eq!(reason(&mut dissector, &second, Instant::ZERO), NotTcp::FragmentDropped);
    }
}

#[test]
fn fragments_that_cannot_be_are_malformed() {
    for ip in [v4(), v6()] {
        for bytes in [
            raw_fragment(&ip, 5, 0, true, &[0; 9]),
            raw_fragment(&ip, 5, 8, true, &[]),
            raw_fragment(&ip, 5, 65_528, false, &[0; 8]),
        ] {
            let reason = reason(&mut Dissector::new(), &bytes, Instant::ZERO);
            assert_eq!(reason, NotTcp::Malformed(Malformed::Fragment));
        }
    }
}

/// A datagram of which every fragment was cut off at 100 octets is known as far as the first one goes.
#[test]
fn what_the_snap_length_cut_off_still_counts() {
    for ip in [v4(), v6()] {
        let whole = datagram(&ip);
        let mut dissector = Dissector::new();
        let pieces = [0, 400, 800].map(|offset| fragment(&ip, 5, &whole, offset, 400));
        for (index, piece) in pieces.iter().enumerate() {
            let cut = Frame { original_len: piece.len() as u32, ..frame(RAW, &piece[..100]) };
            match dissector.dissect(&cut) {
                Dissected::Other(NotTcp::FragmentWaiting) => assert!(index < 2),
                Dissected::Tcp(packet) => {
                    assert_eq!((index, packet.len, packet.checksum), (2, 1000, ChecksumSeen::Unknown));
                    let headers = if ip.is_v4() { 20 } else { 48 };
                    assert_eq!(packet.text, &text()[..100 - headers - 32]);
                }
                dissected => panic!("{dissected:?}"),
            }
        }
    }
}

#[test]
fn what_is_not_whole_in_time_is_given_up() {
    let ip = v4();
    let whole = datagram(&ip);
    let mut dissector = Dissector::new();
    let (first, last) = (fragment(&ip, 5, &whole, 0, 400), fragment(&ip, 5, &whole, 400, 1000));
    assert_eq!(reason(&mut dissector, &first, Instant::ZERO), NotTcp::FragmentWaiting);
    let later = Instant::ZERO + Duration::from_secs(61);
    assert_eq!(reason(&mut dissector, &last, later), NotTcp::FragmentWaiting);
    assert_eq!(dissector.datagrams_given_up(), 1);
}

#[test]
fn memory_is_bounded() {
    let ip = v4();
    let mut dissector = Dissector::new();
    let piece = vec![0; 60_000];
    for identification in 0..2000 {
        let bytes = raw_fragment(&ip, identification, 0, true, &piece);
        assert_eq!(reason(&mut dissector, &bytes, Instant::ZERO), NotTcp::FragmentWaiting);
        assert!(dissector.fragments.held <= super::MOST_HELD);
    }
    assert_eq!(dissector.fragments.by_key.len(), dissector.fragments.waiting.len());
    assert!(dissector.datagrams_given_up() > 1700);
    // Many small ones.
    let mut dissector = Dissector::new();
    for identification in 0..u16::MAX {
        let bytes = raw_fragment(&ip, identification, 0, true, &[0; 8]);
        let _ = reason(&mut dissector, &bytes, Instant::ZERO);
    }
    assert!(dissector.fragments.waiting.len() < 30_000);
}
