use std::time::Duration;

use synfin_wire::arp::ArpPacket;
use synfin_wire::ethernet::{EtherType, EthernetFrame, EthernetHeader};
use synfin_wire::icmp::IcmpMessage;
use synfin_wire::ip::IpPacket;
use synfin_wire::ndp::NdpMessage;

use crate::MacAddress;
use crate::config::HostConfig;
use crate::counters::{Fate, PacketDrop};
use crate::error::SendToError;
use crate::packet::{PacketIn, PacketNote};
use crate::testing::{A, B, World, end, ethernet, ip};

const MAC_A: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
const MAC_B: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);

#[test]
fn neighbours_find_each_other_before_they_talk() {
    for (a, b) in [("10.0.0.1:1000", "10.0.0.2:53"), ("[fd00::1]:1000", "[fd00::2]:53")] {
        let mut world = World::new(ethernet(A), ethernet(B));
        let client = world.hosts[A].udp_bind(end(a)).unwrap();
        let server = world.hosts[B].udp_bind(end(b)).unwrap();
        world.hosts[A].udp_send_to(client, "hello".into(), end(b), world.now).unwrap();
        world.settle();
        assert_eq!(world.hosts[B].udp_receive_from(server).unwrap().payload, "hello");
        world.hosts[B].udp_send_to(server, "yes?".into(), end(a), world.now).unwrap();
        world.settle();
        assert_eq!(world.hosts[A].udp_receive_from(client).unwrap().payload, "yes?");
        let notes: Vec<_> = world.sent.iter().map(|(who, packet)| (*who, packet.note)).collect();
        // The question told B where A is, so B need not ask.
        let expected = [
            (A, PacketNote::Neighbour),
            (B, PacketNote::Neighbour),
            (A, PacketNote::Udp),
            (B, PacketNote::Udp),
        ];
        assert_eq!(notes, expected);
        let frame = EthernetFrame::parse(world.sent[2].1.to_bytes()).unwrap();
        assert_eq!((frame.header.source, frame.header.destination), (MAC_A, MAC_B));
    }
}

#[test]
fn what_is_elsewhere_goes_to_the_gateway() {
    let mut world = World::new(
        HostConfig { gateways: vec![ip("10.0.0.2")], ..ethernet(A) },
        HostConfig { any_address: true, ..ethernet(B) },
    );
    let client = world.hosts[A].udp_bind(end("10.0.0.1:1000")).unwrap();
    let forward = world.hosts[B].udp_forward();
    world.hosts[A].udp_send_to(client, "far".into(), end("8.8.8.8:53"), world.now).unwrap();
    world.settle();
    assert_eq!(world.hosts[B].udp_receive_from(forward).unwrap().local, end("8.8.8.8:53"));
    let no_route = world.hosts[B].udp_send_from(end("10.0.0.2:1"), "x".into(), end("8.8.8.8:1"), world.now);
    assert_eq!(no_route, Err(SendToError::NoRoute));
}

#[test]
fn one_that_is_not_there_is_asked_for_three_times() {
    for b in ["10.0.0.77:53", "[fd00::77]:53"] {
        let mut world = World::new(ethernet(A), ethernet(B));
        let local = if b.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
        let client = world.hosts[A].udp_bind(end(local)).unwrap();
        world.hosts[A].udp_send_to(client, "hello".into(), end(b), world.now).unwrap();
        world.pass(Duration::from_secs(60));
        assert_eq!(world.sent.len(), 3);
        assert!(world.sent.iter().all(|(_, packet)| packet.note == PacketNote::Neighbour));
        assert_eq!(world.hosts[A].poll_timeout(), None);
    }
}

#[test]
fn only_questions_about_us_are_answered() {
    let mut world = World::new(ethernet(A), ethernet(B));
    let ask = |world: &mut World, target: &str| {
        let (destination, ether_type, body) = match ip(target) {
            std::net::IpAddr::V4(target) => {
                let request = ArpPacket::request(MAC_A, "10.0.0.1".parse().unwrap(), target);
                (MacAddress::BROADCAST, EtherType::ARP, request.to_bytes().to_vec())
            }
            std::net::IpAddr::V6(target) => {
                let message = NdpMessage::NeighborSolicitation { target, source_link: Some(MAC_A) };
                let group = synfin_wire::ndp::solicited_node(target).into();
                let packet = IcmpMessage::Neighbor(message).to_packet(ip("fd00::1"), group);
                (MacAddress::for_multicast(group), EtherType::IPV6, packet.to_vec())
            }
        };
        let mut frame = vec![0; 14];
        EthernetHeader { destination, source: MAC_A, ether_type }.write(&mut frame);
        frame.extend(body);
        let packet = PacketIn { bytes: frame.into(), trust_checksum: false, segment_size: None };
        let fate = world.hosts[B].handle_packet(packet, world.now);
        (fate, std::iter::from_fn(|| world.hosts[B].poll_transmit(world.now)).count())
    };
    assert_eq!(ask(&mut world, "10.0.0.2"), (Fate::Taken, 1));
    assert_eq!(ask(&mut world, "fd00::2"), (Fate::Taken, 1));
    assert_eq!(ask(&mut world, "10.0.0.9"), (Fate::Dropped(PacketDrop::LinkIgnored), 0));
    assert_eq!(ask(&mut world, "fd00::9"), (Fate::Dropped(PacketDrop::IcmpIgnored), 0));
}

#[test]
fn who_checks_an_address_that_is_taken_is_told_so() {
    // RFC 4862 section 5.4.3: a solicitation from nobody is answered to everybody.
    let mut world = World::new(ethernet(A), ethernet(B));
    let target = "fd00::2".parse().unwrap();
    let message = NdpMessage::NeighborSolicitation { target, source_link: None };
    let group = synfin_wire::ndp::solicited_node(target).into();
    let mut frame = vec![0; 14];
    let destination = MacAddress::for_multicast(group);
    EthernetHeader { destination, source: MAC_A, ether_type: EtherType::IPV6 }.write(&mut frame);
    frame.extend(IcmpMessage::Neighbor(message).to_packet(ip("::"), group));
    let packet = PacketIn { bytes: frame.into(), trust_checksum: false, segment_size: None };
    assert_eq!(world.hosts[B].handle_packet(packet, world.now), Fate::Taken);
    let answer = world.hosts[B].poll_transmit(world.now).unwrap();
    let frame = EthernetFrame::parse(answer.to_bytes()).unwrap();
    assert_eq!(frame.header.destination, MacAddress([0x33, 0x33, 0, 0, 0, 1]));
    let packet = IpPacket::parse(frame.payload, false).unwrap();
    assert_eq!((packet.header.source, packet.header.destination), (ip("fd00::2"), ip("ff02::1")));
}

#[test]
fn frames_for_others_are_dropped() {
    let mut world = World::new(ethernet(A), ethernet(B));
    let mut frame = vec![0; 60];
    let destination = MacAddress([2, 0, 0, 0, 0, 9]);
    EthernetHeader { destination, source: MAC_A, ether_type: EtherType::IPV4 }.write(&mut frame);
    let packet = PacketIn { bytes: frame.into(), trust_checksum: false, segment_size: None };
    assert_eq!(world.hosts[B].handle_packet(packet, world.now), Fate::Dropped(PacketDrop::NotForUs));
}
