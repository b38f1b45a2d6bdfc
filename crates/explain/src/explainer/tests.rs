use synfin_ladder::VerdictKind;
use synfin_wire::{Ecn, Flags, SeqNumber, TcpHeader, TcpOptions};

use super::*;
use crate::packet::ChecksumSeen;

/// A SYN from a port, and the RST that answers it.
fn refused(millis: u64, port: u16) -> [Packet<'static>; 2] {
    let ends = [port, 80].map(|port| SocketAddr::from(([10, 0, 0, 1], port)));
    [(Flags::SYN, 0, 0), (Flags::RST | Flags::ACK, 1, 1)].map(|(flags, from, ack)| Packet {
        frame: millis + 1,
        at: Instant::from_millis(millis),
        interface: 0,
        source: ends[from],
        destination: ends[1 - from],
        header: TcpHeader {
            source_port: ends[from].port(),
            destination_port: ends[1 - from].port(),
            seq: SeqNumber::new(0),
            ack: SeqNumber::new(ack),
            flags,
            reserved: 0,
            window: 1000,
            urgent_pointer: 0,
            options: TcpOptions::default(),
        },
        len: 0,
        text: &[],
        captured: 0,
        checksum: ChecksumSeen::Unknown,
        hop_limit: 64,
        identification: 0,
        ecn: Ecn::NotEct,
        comment: None,
    })
}

#[test]
fn one_that_is_over_is_told_at_once_where_that_is_asked_for() {
    let mut explainer = Explainer::new(Detail::All);
    refused(0, 1000).iter().for_each(|packet| explainer.observe(packet));
    refused(500, 1001).iter().for_each(|packet| explainer.observe(packet));
    assert!(!explainer.has_told(), "late segments may come");
    explainer.tell_over_at(Instant::from_millis(400));
    let told = explainer.take_told();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].number, told[0].verdict.kind, told[0].steps.len()), (1, VerdictKind::Refused, 2));
    assert!(!explainer.has_told());
    assert_eq!(explainer.finish()[0].number, 2);
}

/// SYNs to which nothing answers are never over: what was quiet for longest makes room for them.
#[test]
fn no_flood_of_syns_fills_the_memory() {
    let mut explainer = Explainer::new(Detail::None);
    let mut told = Vec::new();
    for port in 1..=5000 {
        explainer.observe(&refused(u64::from(port), port)[0]);
        told.extend(explainer.take_told());
        assert!(explainer.flows.len() <= MOST_FOLLOWED);
    }
    assert!(told.is_sorted_by_key(|connection| connection.number), "the oldest first");
    assert!(told.len() as u64 >= 5000 - MOST_FOLLOWED as u64);
    assert_eq!(told.len() + explainer.finish().len(), 5000);
}

/// Where each keeps its segments, fewer that are over wait for late ones.
#[test]
fn connections_that_are_over_keep_a_bounded_number_of_segments() {
    let mut explainer = Explainer::new(Detail::All);
    for port in 1..=2 {
        let [syn, reset] = refused(0, port);
        (0..MOST_STEPS_OVER).for_each(|_| explainer.observe(&syn));
        explainer.observe(&reset);
    }
    let told: Vec<u64> = explainer.take_told().iter().map(|connection| connection.number).collect();
    assert_eq!(told, [1]);
}
