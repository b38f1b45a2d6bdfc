use bytes::Bytes;
use synfin_wire::IpProtocol;
use synfin_wire::icmp::{Echo, IcmpMessage, Unreachable as WireUnreachable};
use synfin_wire::ip::{IpHeader, IpPacket};

use crate::config::HostConfig;
use crate::counters::{Fate, PacketDrop};
use crate::event::{HostEvent, Unreachable};
use crate::packet::{PacketIn, PacketNote};
use crate::testing::{A, B, World, config, ip};

const FAMILIES: [(&str, &str, &str); 2] =
    [("10.0.0.2", "10.0.0.1", "8.8.8.8"), ("fd00::2", "fd00::1", "2001:db8::8")];

fn echo(len: usize) -> IcmpMessage {
    let payload: Bytes = (0..len).map(|octet| octet as u8).collect();
    IcmpMessage::EchoRequest(Echo { identifier: 7, sequence: 9, payload })
}

fn give(world: &mut World, who: usize, bytes: Bytes) -> Fate {
    world.hosts[who].handle_packet(PacketIn { bytes, trust_checksum: false, segment_size: None }, world.now)
}

fn given_back(world: &mut World, who: usize) -> Vec<(PacketNote, IpPacket)> {
    let packets = std::iter::from_fn(|| world.hosts[who].poll_transmit(world.now));
    packets.map(|packet| (packet.note, IpPacket::parse(packet.to_bytes(), false).unwrap())).collect()
}

#[test]
fn an_echo_comes_back() {
    for (b, a, _) in FAMILIES {
        let mut world = World::plain();
        assert_eq!(give(&mut world, B, echo(56).to_packet(ip(a), ip(b))), Fate::Taken);
        let [(note, packet)] = &given_back(&mut world, B)[..] else { panic!() };
        assert_eq!(*note, PacketNote::EchoReply);
        assert_eq!((packet.header.source, packet.header.destination), (ip(b), ip(a)));
        let IcmpMessage::EchoReply(reply) = IcmpMessage::parse(packet).unwrap() else { panic!() };
        assert_eq!((reply.identifier, reply.sequence, reply.payload.len()), (7, 9, 56));
    }
}

#[test]
fn a_long_echo_comes_back_in_fragments() {
    for (b, a, _) in FAMILIES {
        let mut world = World::plain();
        let whole = echo(4000).to_packet(ip(a), ip(b));
        // A link with a larger MTU than ours brought it.
        assert_eq!(give(&mut world, B, whole), Fate::Taken);
        let replies = given_back(&mut world, B);
        assert_eq!(replies.len(), 3);
        assert!(replies.iter().all(|(_, packet)| packet.header.fragment.is_some()));
    }
}

#[test]
fn an_echo_for_somebody_else_is_the_owners_to_answer() {
    for (_, a, elsewhere) in FAMILIES {
        let mut world = World::new(config(A), HostConfig { any_address: true, ..config(B) });
        let _ = give(&mut world, B, echo(8).to_packet(ip(a), ip(elsewhere)));
        assert_eq!(world.hosts[B].poll_event(), Some(HostEvent::Echo));
        let request = world.hosts[B].poll_echo().unwrap();
        assert_eq!((request.source, request.destination), (ip(a), ip(elsewhere)));
        world.hosts[B].send_echo_reply(&request, world.now);
        world.hosts[B].echo_unreachable(&request, Unreachable::Host, world.now);
        let sent = given_back(&mut world, B);
        assert!(sent.iter().all(|(_, packet)| packet.header.source == ip(elsewhere)));
        let messages: Vec<_> = sent.iter().map(|(_, packet)| IcmpMessage::parse(packet).unwrap()).collect();
        let [IcmpMessage::EchoReply(_), IcmpMessage::DestinationUnreachable { reason, quote }] =
            &messages[..]
        else {
            panic!("{messages:?}")
        };
        assert_eq!(*reason, WireUnreachable::Host);
        let quoted = IpPacket::parse(quote.clone(), false).unwrap();
        assert_eq!((quoted.header.source, quoted.header.destination), (ip(a), ip(elsewhere)));
    }
}

#[test]
fn echoes_that_nobody_answers_are_bounded() {
    let mut world = World::new(config(A), HostConfig { any_address: true, ..config(B) });
    for _ in 0..1000 {
        let _ = give(&mut world, B, echo(8).to_packet(ip("10.0.0.1"), ip("8.8.8.8")));
    }
    assert_eq!(std::iter::from_fn(|| world.hosts[B].poll_echo()).count(), 256);
    assert_eq!(world.hosts[B].poll_event(), Some(HostEvent::Echo));
    assert_eq!(world.hosts[B].poll_event(), None);
}

#[test]
fn what_is_not_for_one_host_is_not_answered() {
    for (source, destination, drop) in [
        ("10.0.0.1", "10.0.0.255", PacketDrop::IcmpIgnored),
        ("10.0.0.1", "224.0.0.1", PacketDrop::IcmpIgnored),
        ("10.0.0.1", "10.0.0.3", PacketDrop::NotForUs),
        ("10.0.0.255", "10.0.0.2", PacketDrop::InvalidSource),
        ("127.0.0.1", "10.0.0.2", PacketDrop::InvalidSource),
        ("10.0.0.2", "10.0.0.2", PacketDrop::InvalidSource),
        ("fd00::1", "ff02::1", PacketDrop::IcmpIgnored),
        ("::", "fd00::2", PacketDrop::InvalidSource),
    ] {
        let mut world = World::plain();
        let fate = give(&mut world, B, echo(8).to_packet(ip(source), ip(destination)));
        assert_eq!(fate, Fate::Dropped(drop), "{source} to {destination}");
        assert!(given_back(&mut world, B).is_empty());
        assert_eq!(world.hosts[B].counters().dropped_for(drop), 1);
    }
}

#[test]
fn a_protocol_that_nobody_speaks_is_reported_but_not_too_often() {
    for (b, a, _) in FAMILIES {
        let mut world = World::new(config(A), HostConfig { icmp_errors_per_second: 3, ..config(B) });
        let header = IpHeader::new(ip(a), ip(b), IpProtocol(132));
        let mut bytes = vec![0; header.len() + 12];
        header.write(12, &mut bytes);
        for _ in 0..10 {
            let fate = give(&mut world, B, bytes.clone().into());
            assert_eq!(fate, Fate::Dropped(PacketDrop::UnknownProtocol));
        }
        let sent = given_back(&mut world, B);
        assert_eq!(sent.len(), 3);
        assert_eq!(world.hosts[B].counters().icmp_errors_suppressed, 7);
        let told = match IcmpMessage::parse(&sent[0].1).unwrap() {
            IcmpMessage::DestinationUnreachable { reason, .. } => reason == WireUnreachable::Protocol,
            // RFC 4443 section 3.4: an unrecognized next header.
            IcmpMessage::ParameterProblem { code, .. } => code == 1,
            _ => false,
        };
        assert!(told);
    }
}

#[test]
fn a_datagram_that_never_gets_whole_is_reported() {
    for (b, a, _) in FAMILIES {
        let mut world = World::plain();
        let client = world.hosts[A].udp_bind((ip(a), 1000).into()).unwrap();
        let payload = vec![7; 5000].into();
        world.hosts[A].udp_send_to(client, payload, (ip(b), 53).into(), world.now).unwrap();
        let first = world.hosts[A].poll_transmit(world.now).unwrap();
        world.deliver(A, first);
        assert_eq!(world.last_fate[B], Some(Fate::Taken));
        while world.hosts[A].poll_transmit(world.now).is_some() {}
        world.pass(std::time::Duration::from_secs(31));
        let (who, last) = world.sent.last().unwrap();
        assert_eq!((*who, last.note), (B, PacketNote::IcmpError));
        let packet = IpPacket::parse(last.to_bytes(), false).unwrap();
        let message = IcmpMessage::parse(&packet).unwrap();
        assert!(matches!(message, IcmpMessage::ReassemblyTimeExceeded { .. }), "{message:?}");
        assert_eq!(world.hosts[B].poll_timeout(), None);
    }
}

#[test]
fn an_error_is_never_answered() {
    let mut world = World::plain();
    let error = IcmpMessage::DestinationUnreachable { reason: WireUnreachable::Port, quote: Bytes::new() };
    for (b, a, _) in FAMILIES {
        let fate = give(&mut world, B, error.to_packet(ip(a), ip(b)));
        assert_eq!(fate, Fate::Dropped(PacketDrop::IcmpIgnored));
    }
    assert!(given_back(&mut world, B).is_empty());
}

#[test]
fn a_wrong_checksum_is_dropped_and_counted() {
    let mut world = World::plain();
    let mut bytes = echo(8).to_packet(ip("10.0.0.1"), ip("10.0.0.2")).to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(give(&mut world, B, bytes.into()), Fate::Dropped(PacketDrop::Checksum));
    assert_eq!(world.hosts[B].counters().dropped, 1);
}
