use bytes::Bytes;
use synfin_ladder::FindingKind;
use synfin_wire::icmp::Unreachable;
use synfin_wire::pcapng::{Direction, Interface, LinkType, Writer};
use synfin_wire::{Flags, IcmpMessage, IpHeader, SeqNumber, TcpHeader};

use super::*;
use crate::capture::Reader;
use crate::packet::tests::build::{RAW, header, packet, segment, v4, v6};

/// The segments of connections that all go on at the same time: each is opened, says something and is reset; every
/// third opens again on the same ports. Among them is what is no segment.
fn octets() -> Vec<Vec<u8>> {
    let ports = 1..=300_u16;
    let mut all = vec![b"no IP".to_vec(), packet(&v4(), b"too short for a segment")];
    let turn = |ip: IpHeader| IpHeader { source: ip.destination, destination: ip.source, ..ip };
    for (round, flags) in
        [Flags::SYN, Flags::ACK, Flags::ACK | Flags::FIN, Flags::RST, Flags::SYN].iter().enumerate()
    {
        for port in ports.clone().filter(|port| round < 4 || port % 3 == 0) {
            let ip = if port % 2 == 0 { v4() } else { v6() };
            let seq = SeqNumber::new(if round == 4 { 1_000_000 } else { round as u32 });
            let header = TcpHeader { source_port: port, seq, ..header(*flags) };
            let text: &[u8] = if *flags == Flags::ACK { b"text" } else { b"" };
            all.push(packet(&ip, &segment(&ip, &header, text)));
            if *flags == Flags::ACK {
                let header = TcpHeader {
                    source_port: 443,
                    destination_port: port,
                    ack: header.seq + 4,
                    seq: header.ack,
                    ..header
                };
                all.push(packet(&turn(ip), &segment(&turn(ip), &header, b"")));
            }
        }
    }
    all
}

/// A capture of them, a millisecond apart.
fn file(octets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = [0xa1b2_c3d4, 4 << 16 | 2, 0, 0, 0, u32::from(RAW)].map(u32::to_le_bytes).concat();
    for (number, octets) in (0..).zip(octets) {
        let len = octets.len() as u32;
        file.extend([number / 1000, number % 1000 * 1000, len, len].map(u32::to_le_bytes).concat());
        file.extend(octets);
    }
    file
}

/// What one who follows all of them tells.
fn alone(file: &[u8], detail: Detail) -> Vec<Connection> {
    let (mut dissector, mut explainer) = (Dissector::new(), Explainer::new(detail));
    let mut reader = Reader::new(file).expect("it is a capture");
    while let Some(frame) = reader.next().expect("it is whole") {
        explainer.take(&dissector.dissect(&frame));
    }
    explainer.finish()
}

/// What each of several shares tells.
fn shares(file: &[u8], count: usize, keeps_first: bool) -> Vec<Vec<Connection>> {
    let mut shards: Vec<_> = (0..count).map(|_| Shard::new(keeps_first)).collect();
    let (mut sorter, mut room) = (Sorter::new(count), Batch::default());
    let mut reader = Reader::new(file).expect("it is a capture");
    while let Some(frame) = reader.next().expect("it is whole") {
        if let Some(index) = sorter.frame(&frame) {
            room = sorter.take(index, room);
            shards[index].follow(&mut room);
            assert!(room.is_empty());
        }
    }
    for (index, shard) in shards.iter_mut().enumerate() {
        shard.follow(&mut sorter.take(index, Batch::default()));
    }
    shards.into_iter().map(Shard::finish).collect()
}

#[test]
fn shares_together_tell_what_one_alone_tells() {
    let file = file(&octets());
    for (detail, keeps_first) in [(Detail::None, false), (Detail::First, true)] {
        let expected = alone(&file, detail);
        assert_eq!(expected.len(), 400);
        for count in [1, 2, 3, 7] {
            let merged = merge(shares(&file, count, keeps_first));
            assert_eq!(format!("{merged:#?}"), format!("{expected:#?}"));
        }
    }
}

/// The same octets with a note on every second of them, so that most connections are noted to be what they are not.
fn noted(octets: &[Vec<u8>]) -> Vec<u8> {
    let interface = Interface { link_type: LinkType::Ip, name: "", snap_len: 0 };
    let Ok(mut writer) = Writer::new(Vec::new(), interface);
    for (number, octets) in (0..).zip(octets) {
        let comment =
            (number % 2 == 0).then_some("quick-ack [RFC 5681 4.2]; sender TIME-WAIT, receiver CLOSED");
        let Ok(()) = writer.packet(&[octets], Direction::Inbound, number * 1_000_000, comment);
    }
    writer.into_inner()
}

#[test]
fn notes_find_their_share_or_are_ignored_by_all() {
    let octets = octets();
    let file = noted(&octets);
    let expected = alone(&file, Detail::First);
    let merged = merge(shares(&file, 3, true));
    assert_eq!(format!("{merged:#?}"), format!("{expected:#?}"));

    let mut shard = Shard::new(true).ignoring_notes();
    let mut sorter = Sorter::new(1);
    let mut reader = Reader::new(&file[..]).expect("it is a capture");
    while let Some(frame) = reader.next().expect("it is whole") {
        assert_eq!(sorter.frame(&frame), None, "they are few");
    }
    shard.follow(&mut sorter.take(0, Batch::default()));
    let mut told = shard.finish();
    assert!(format!("{told:?}") != format!("{expected:?}"));
    told[0].steps.iter_mut().for_each(|step| step.comment = None);
    let plain: Vec<_> = told.into_iter().map(|told| (told.steps, told.verdict, told.findings)).collect();
    let without = merge(shares(&self::file(&octets), 1, true));
    let without: Vec<_> = without.into_iter().map(|told| (told.steps, told.verdict, told.findings)).collect();
    assert_eq!(format!("{plain:#?}"), format!("{without:#?}"));
}

/// Fragments are put together by whoever they are for, and only those who read all of them can tell who that is.
#[test]
fn frames_of_an_unknown_link_type_are_counted() {
    let octets = octets();
    let mut file = file(&octets);
    file[20..24].copy_from_slice(&147_u32.to_le_bytes());
    let (mut sorter, mut reader) = (Sorter::new(2), Reader::new(&*file).expect("it is a capture"));
    while let Some(frame) = reader.next().expect("it is whole") {
        assert_eq!(sorter.frame(&frame), None);
    }
    let counted: Vec<_> = sorter.unknown_links().frames().collect();
    assert_eq!(counted, [(crate::capture::LinkType(147), octets.len() as u64)]);
}

#[test]
fn fragments_find_their_share() {
    let mut all = octets();
    let ip = v4();
    for port in 1..=20_u16 {
        let header = TcpHeader { source_port: port, seq: SeqNumber::new(4), ..header(Flags::ACK) };
        let whole = packet(&ip, &segment(&ip, &header, &[7; 40]));
        let (front, back) = whole[20..].split_at(24);
        let part = |text: &[u8], flags: [u8; 2]| {
            let mut part = whole[..20].to_vec();
            part[2..4].copy_from_slice(&(20 + text.len() as u16).to_be_bytes());
            part[4..6].copy_from_slice(&port.to_be_bytes());
            part[6..8].copy_from_slice(&flags);
            [&part[..], text].concat()
        };
        let at = 700 + usize::from(port) * 3;
        all.insert(at, part(front, [0x20, 0]));
        all.insert(at + 2, part(back, [0, 3]));
    }
    let file = file(&all);
    let expected = alone(&file, Detail::None);
    for count in [1, 2, 3] {
        assert_eq!(format!("{:#?}", merge(shares(&file, count, false))), format!("{expected:#?}"));
    }
}

/// What ICMP says is heard by whose connection it is about.
#[test]
fn icmp_finds_its_share() {
    let mut all = octets();
    for (port, quoted) in (1..=40_u16).zip([250, 400, 450, 600].into_iter().cycle()) {
        let quote = Bytes::from(all[usize::from(port) + 1].clone());
        let ip = if port % 2 == 0 { v4() } else { v6() };
        let message = IcmpMessage::DestinationUnreachable { reason: Unreachable::Port, quote };
        all.insert(quoted, message.to_packet(ip.destination, ip.source).to_vec());
    }
    let file = file(&all);
    let expected = alone(&file, Detail::None);
    let heard = expected.iter().flat_map(|connection| &connection.findings);
    assert_eq!(heard.filter(|finding| finding.reporter.is_some()).count(), 40);
    for count in [1, 2, 3] {
        assert_eq!(format!("{:#?}", merge(shares(&file, count, false))), format!("{expected:#?}"));
    }
}

#[test]
fn of_several_shares_each_has_its_part() {
    let parts = shares(&file(&octets()), 2, false);
    assert!(parts.iter().all(|part| (100..300).contains(&part.len())), "of 400");
}

/// Some ports are used again while the connection before is known, some when it is forgotten. Who follows a batch
/// connection by connection sees much of that in another order.
#[test]
fn ports_are_used_again_for_all_alike() {
    let ip = v4();
    let turned = IpHeader { source: ip.destination, destination: ip.source, ..ip };
    let refused = |port: u16, seq: u32| {
        let syn = TcpHeader { source_port: port, seq: SeqNumber::new(seq), ..header(Flags::SYN) };
        let reset = TcpHeader {
            source_port: syn.destination_port,
            destination_port: port,
            seq: SeqNumber::new(0),
            ack: syn.seq + 1,
            ..header(Flags::RST | Flags::ACK)
        };
        [packet(&ip, &segment(&ip, &syn, b"")), packet(&turned, &segment(&turned, &reset, b""))]
    };
    let all: Vec<_> = (0..10_000_u32)
        .flat_map(|turn| {
            // Each of the first hundred comes again after 200 turns, each of the others after 900.
            let port = if turn % 2 == 0 { turn / 2 % 100 } else { 1_000 + turn / 2 % 450 };
            refused(port as u16 + 1, turn * 1_000)
        })
        .collect();
    let file = file(&all);
    let expected = alone(&file, Detail::None);
    let is_reused = |connection: &&Connection| {
        connection.findings.iter().any(|finding| finding.kind == FindingKind::ReusedPorts)
    };
    let reused = expected.iter().filter(is_reused).count();
    assert_eq!((expected.len(), reused), (10_000, 5_000 - 100));
    for count in [1, 2, 7] {
        let merged = merge(shares(&file, count, false));
        for (ours, theirs) in merged.iter().zip(&expected) {
            assert_eq!(
                (ours.number, ours.span, &ours.findings),
                (theirs.number, theirs.span, &theirs.findings)
            );
        }
    }
}
