use synfin_wire::{Flags, IpHeader, SeqNumber, TcpHeader};

use super::*;
use crate::packet::tests::build::{RAW, frame, header, packet, segment, v4, v6};

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

fn frames(octets: &[Vec<u8>]) -> impl Iterator<Item = Frame<'_>> {
    (1..).zip(octets).map(|(number, octets)| {
        let at = synfin_wire::Instant::from_millis(number);
        Frame { number, at, comment: None, ..frame(RAW, octets) }
    })
}

/// What one who follows all of them tells.
fn alone(octets: &[Vec<u8>], detail: Detail) -> Vec<Connection> {
    let (mut dissector, mut explainer) = (Dissector::new(), Explainer::new(detail));
    for frame in frames(octets) {
        dissector.dissect(&frame).into_tcp().iter().for_each(|packet| explainer.observe(packet));
    }
    explainer.finish()
}

fn shared(octets: &[Vec<u8>], count: usize, keeps_first: bool) -> Vec<Connection> {
    let share = |index| {
        let mut shard = Shard::new(index, count, keeps_first);
        frames(octets).for_each(|frame| shard.frame(&frame));
        shard.finish()
    };
    merge((0..count).map(share).collect())
}

#[test]
fn shares_together_tell_what_one_alone_tells() {
    let octets = octets();
    for (detail, keeps_first) in [(Detail::None, false), (Detail::First, true)] {
        let expected = alone(&octets, detail);
        assert_eq!(expected.len(), 400);
        for count in [1, 2, 3, 7] {
            assert_eq!(format!("{:#?}", shared(&octets, count, keeps_first)), format!("{expected:#?}"));
        }
    }
}

#[test]
fn of_several_shares_each_has_its_part() {
    let octets = octets();
    for index in 0..2 {
        let mut shard = Shard::new(index, 2, false);
        frames(&octets).for_each(|frame| shard.frame(&frame));
        let part = shard.finish().len();
        assert!((100..300).contains(&part), "{part} of 400");
    }
}
