use std::net::SocketAddr;

use bytes::Bytes;
use synfin_host::{ConnectOptions, HostConfig, ListenOptions};
use synfin_wire::Instant;

use super::*;

const OURS: [u8; 4] = [10, 0, 0, 2];
const THEIRS: [u8; 4] = [10, 0, 0, 1];

fn host() -> Host {
    Host::new(HostConfig::new([(OURS.into(), 24)]), [0; 32])
}

fn steering(shard: usize) -> Steering {
    Steering::new(shard, 2, Arc::default())
}

/// Of IPv4, from them to us.
fn packet(protocol: IpProtocol, fragment: u16, payload: &[u8]) -> Bytes {
    let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol.0, 0, 0];
    packet[6..8].copy_from_slice(&fragment.to_be_bytes());
    packet.extend(THEIRS.iter().chain(&OURS).chain(payload));
    packet.into()
}

/// Of IPv6: the first header's kind, and what stands behind the fixed header.
fn packet_v6(first: u8, payload: &[u8]) -> Bytes {
    let mut packet = vec![0x60, 0, 0, 0, 0, payload.len() as u8, first, 64];
    packet.extend([1; 16].iter().chain(&[2; 16]).chain(payload));
    packet.into()
}

fn segment(remote: u16, local: u16) -> Vec<u8> {
    let mut header = [remote.to_be_bytes(), local.to_be_bytes()].concat();
    header.resize(20, 0);
    header
}

#[test]
fn a_segment_stays_where_it_came_unless_its_port_was_opened_from() {
    let steering = steering(0);
    let to = |port| packet(IpProtocol::TCP, 0, &segment(80, port));
    for port in [40_000, 40_001] {
        assert_eq!(steering.owner(&to(port), &host()), Owner::Here);
    }
    steering.opened.insert(40_000);
    steering.opened.insert(40_001);
    assert_eq!(steering.owner(&to(40_000), &host()), Owner::Here);
    assert_eq!(steering.owner(&to(40_001), &host()), Owner::Shard(1));
    assert_eq!(steering.owner(&to(40_003), &host()), Owner::Here);
}

#[test]
fn the_last_port_has_a_place() {
    let steering = steering(0);
    steering.opened.insert(u16::MAX);
    assert_eq!(steering.owner(&packet(IpProtocol::TCP, 0, &segment(1, u16::MAX)), &host()), Owner::Shard(1));
}

#[test]
fn a_connection_that_is_here_stays_here_though_another_shard_opens_from_its_port() {
    let (steering, mut host) = (steering(0), host());
    steering.opened.insert(40_001);
    let local = Some(SocketAddr::new(OURS.into(), 40_001));
    let remote = SocketAddr::new(THEIRS.into(), 80);
    let options = ConnectOptions { local, ..ConnectOptions::default() };
    host.connect(remote, options, Instant::from_nanos(0)).unwrap();
    let from = |port| packet(IpProtocol::TCP, 0, &segment(port, 40_001));
    assert_eq!(steering.owner(&from(80), &host), Owner::Here);
    assert_eq!(steering.owner(&from(81), &host), Owner::Shard(1));
    host.listen(SocketAddr::new(OURS.into(), 40_001), ListenOptions::default()).unwrap();
    assert_eq!(steering.owner(&from(81), &host), Owner::Shard(1));
}

#[test]
fn errors_are_everybodys_and_the_rest_is_the_firsts() {
    for (protocol, error, question) in [(IpProtocol::ICMP, 3, 8), (IpProtocol::ICMPV6, 1, 128)] {
        let of_kind = |kind: u8| packet(protocol, 0, &[kind, 0, 0, 0]);
        assert_eq!(steering(1).owner(&of_kind(error), &host()), Owner::All);
        assert_eq!(steering(1).owner(&of_kind(question), &host()), Owner::Shard(0));
        assert_eq!(steering(0).owner(&of_kind(question), &host()), Owner::Here);
    }
    let datagram = packet(IpProtocol::UDP, 0, &segment(53, 53));
    assert_eq!(steering(1).owner(&datagram, &host()), Owner::Shard(0));
    assert_eq!(steering(0).owner(&datagram, &host()), Owner::Here);
    assert_eq!(steering(1).owner(&packet(IpProtocol(132), 0, &[0; 12]), &host()), Owner::Shard(0));
}

#[test]
fn fragments_meet_in_one_shard_but_for_those_of_tcp() {
    const MORE: u16 = 0x2000;
    for fragment in [MORE, 185, MORE | 185] {
        let of = |protocol| packet(protocol, fragment, &[3; 16]);
        assert_eq!(steering(1).owner(&of(IpProtocol::UDP), &host()), Owner::Shard(0));
        assert_eq!(steering(1).owner(&of(IpProtocol::ICMP), &host()), Owner::Shard(0));
        assert_eq!(steering(1).owner(&of(IpProtocol::TCP), &host()), Owner::Nobody);
    }
    // "Do not fragment" makes no fragment.
    assert_eq!(steering(1).owner(&packet(IpProtocol::TCP, 0x4000, &segment(1, 2)), &host()), Owner::Here);
}

#[test]
fn extension_headers_are_passed_over() {
    let (steering, hop_by_hop, fragment) = (steering(0), [6, 0, 1, 4, 0, 0, 0, 0], [6, 0, 0, 1, 0, 0, 0, 7]);
    steering.opened.insert(40_001);
    let segment = segment(80, 40_001);
    assert_eq!(steering.owner(&packet_v6(6, &segment), &host()), Owner::Shard(1));
    assert_eq!(
        steering.owner(&packet_v6(0, &[&hop_by_hop[..], &segment].concat()), &host()),
        Owner::Shard(1)
    );
    assert_eq!(steering.owner(&packet_v6(44, &[&fragment[..], &[0; 24]].concat()), &host()), Owner::Nobody);
    assert_eq!(steering.owner(&packet_v6(17, &segment), &host()), Owner::Here);
}

#[test]
fn what_makes_no_sense_is_left_for_the_host() {
    let mut all = vec![Bytes::new(), Bytes::from_static(&[0x45]), Bytes::from_static(&[0x90; 60])];
    for whole in [packet(IpProtocol::TCP, 0, &segment(1, 2)), packet_v6(0, &[59, 7, 0, 0, 0, 0, 0, 0])] {
        all.extend((0..whole.len()).map(|len| whole.slice(..len)));
    }
    let mut long_header = packet(IpProtocol::TCP, 0, &segment(1, 2)).to_vec();
    long_header[0] = 0x4f;
    all.push(long_header.into());
    for nonsense in all {
        assert_eq!(steering(0).owner(&nonsense, &host()), Owner::Here, "{nonsense:?}");
    }
}
