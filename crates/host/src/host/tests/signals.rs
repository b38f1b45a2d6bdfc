use std::sync::Arc;

use bytes::Bytes;
use synfin_tcp::{CloseReason, DropReason, State};
use synfin_wire::icmp::{self, IcmpMessage, Unreachable};
use synfin_wire::ip::{IpHeader, IpPacket};
use synfin_wire::{Flags, IpProtocol, Segment, SeqNumber, TcpHeader, TcpOptions};

use crate::config::{ConnectOptions, ListenOptions};
use crate::counters::{Fate, PacketDrop};
use crate::packet::PacketIn;
use crate::testing::{A, B, World, end, ip};

fn give(world: &mut World, who: usize, bytes: Bytes, trust_checksum: bool) -> Fate {
    world.hosts[who].handle_packet(PacketIn { bytes, trust_checksum, segment_size: None }, world.now)
}

/// A router's error about the last packet that `A` sent.
fn complain(world: &mut World, error: fn(Bytes) -> IcmpMessage) -> Fate {
    let (_, packet) = world.sent.iter().rfind(|(who, _)| *who == A).unwrap();
    let offending = packet.to_bytes();
    let v4 = offending[0] >> 4 == 4;
    let (router, host) = if v4 { ("10.0.0.254", "10.0.0.1") } else { ("fd00::fe", "fd00::1") };
    let message = error(icmp::quote(&offending)).to_packet(ip(router), ip(host));
    give(world, A, message, false)
}

fn too_big(quote: Bytes) -> IcmpMessage {
    IcmpMessage::PacketTooBig { mtu: 1300, quote }
}

fn host_unreachable(quote: Bytes) -> IcmpMessage {
    IcmpMessage::DestinationUnreachable { reason: Unreachable::Host, quote }
}

fn network_unreachable(quote: Bytes) -> IcmpMessage {
    IcmpMessage::DestinationUnreachable { reason: Unreachable::Network, quote }
}

fn port_unreachable(quote: Bytes) -> IcmpMessage {
    IcmpMessage::DestinationUnreachable { reason: Unreachable::Port, quote }
}

#[test]
fn a_path_that_takes_less_is_obeyed() {
    for server in ["10.0.0.2:80", "[fd00::2]:80"] {
        let mut world = World::plain();
        let handles = world.establish(server);
        world.lose = |_, packet| packet.len() > 1300;
        world.tcp(A, handles[A]).send(vec![7; 20_000].into()).unwrap();
        world.settle();
        assert_eq!(complain(&mut world, too_big), Fate::Taken);
        let received = world.transfer(A, handles, &vec![7; 10_000].into());
        assert_eq!(received.len() % 10_000, 0);
        let sent = world.sent.iter().filter(|(who, packet)| *who == A && packet.len() == 1300).count();
        assert!(sent > 0, "full-sized segments of the new size");
    }
}

#[test]
fn an_error_ends_an_attempt_but_not_a_connection() {
    let mut world = World::plain();
    world.lose = |_, _| true;
    let attempt = world.hosts[A].connect(end("10.0.0.2:80"), ConnectOptions::default(), world.now).unwrap();
    world.settle();
    assert_eq!(complain(&mut world, host_unreachable), Fate::Taken);
    assert_eq!(world.state(A, attempt), State::SynSent);
    assert_eq!(complain(&mut world, port_unreachable), Fate::Taken);
    assert_eq!(world.tcp(A, attempt).close_reason(), Some(CloseReason::Unreachable));

    let mut world = World::plain();
    let [client, _] = world.establish("10.0.0.2:80");
    world.lose = |_, _| true;
    world.tcp(A, client).send("lost".into()).unwrap();
    world.settle();
    assert_eq!(complain(&mut world, port_unreachable), Fate::Taken);
    assert_eq!(world.state(A, client), State::Established);
}

#[test]
fn an_error_about_nothing_of_ours_is_ignored() {
    let mut world = World::plain();
    let [client, _] = world.establish("10.0.0.2:80");
    world.tcp(A, client).send("text".into()).unwrap();
    world.settle();
    // What it quotes was acknowledged long ago (RFC 5927 section 4.1).
    let fate = complain(&mut world, port_unreachable);
    assert!(matches!(fate, Fate::Dropped(_)), "{fate:?}");
    let ignored = Fate::Dropped(PacketDrop::IcmpIgnored);
    let (_, packet) = world.sent.last().unwrap();
    // Told to somebody else than the one who sent it.
    let message =
        port_unreachable(icmp::quote(&packet.to_bytes())).to_packet(ip("10.0.0.254"), ip("10.0.0.2"));
    let unrelated =
        port_unreachable(Bytes::from_static(&[0x45; 28])).to_packet(ip("10.0.0.254"), ip("10.0.0.1"));
    assert_eq!(give(&mut world, A, unrelated, false), ignored);
    let fate = give(&mut world, B, message, false);
    assert!(matches!(fate, Fate::Dropped(_)), "{fate:?}");
}

fn segment(source: &str, destination: &str, flags: Flags) -> Bytes {
    numbered(source, destination, flags, [SeqNumber::new(1000), SeqNumber::new(2000)])
}

fn numbered(source: &str, destination: &str, flags: Flags, [seq, ack]: [SeqNumber; 2]) -> Bytes {
    let (source, destination) = (end(source), end(destination));
    let ip = IpHeader::new(source.ip(), destination.ip(), IpProtocol::TCP);
    let tcp = TcpHeader {
        source_port: source.port(),
        destination_port: destination.port(),
        seq,
        ack,
        flags,
        reserved: 0,
        window: 60_000,
        urgent_pointer: 0,
        options: TcpOptions::default(),
    };
    let mut bytes = vec![0; ip.len() + tcp.len()];
    ip.write(tcp.len(), &mut bytes);
    tcp.write(&mut bytes[ip.len()..]);
    bytes.into()
}

#[test]
fn segments_from_or_to_many_are_dropped_in_silence() {
    // MUST-57, MUST-63.
    for (source, destination, drop) in [
        ("10.0.0.1:9", "10.0.0.255:80", DropReason::NotUnicast),
        ("10.0.0.1:9", "224.0.0.1:80", DropReason::NotUnicast),
        ("[fd00::1]:9", "[ff02::1]:80", DropReason::NotUnicast),
        ("224.0.0.1:9", "10.0.0.2:80", DropReason::InvalidSource),
        ("10.0.0.255:9", "10.0.0.2:80", DropReason::InvalidSource),
        ("0.0.0.0:9", "10.0.0.2:80", DropReason::InvalidSource),
        ("[ff02::1]:9", "[fd00::2]:80", DropReason::InvalidSource),
        ("10.0.0.2:80", "10.0.0.2:80", DropReason::InvalidSource),
    ] {
        let mut world = World::plain();
        world.hosts[B].listen(end("0.0.0.0:80"), ListenOptions::default()).unwrap();
        for flags in [Flags::SYN, Flags::ACK] {
            let fate = give(&mut world, B, segment(source, destination, flags), true);
            assert_eq!(fate, Fate::Dropped(PacketDrop::Tcp(drop)), "{source} to {destination}");
        }
        assert!(world.hosts[B].poll_transmit(world.now).is_none());
        assert_eq!(world.hosts[B].connection_count(), 0);
    }
}

#[test]
fn a_segment_for_nobody_is_reset_unless_it_is_a_reset() {
    // RFC 9293 section 3.10.7.1 and 3.10.7.2; the second port has a listener.
    for port in [79, 80] {
        let mut world = World::plain();
        world.hosts[B].listen(end("10.0.0.2:80"), ListenOptions::default()).unwrap();
        let to = format!("10.0.0.2:{port}");
        let reply = |world: &mut World, flags| {
            let fate = give(world, B, segment("10.0.0.1:9", &to, flags), true);
            assert!(matches!(fate, Fate::Dropped(PacketDrop::Tcp(_))));
            let packet = world.hosts[B].poll_transmit(world.now)?;
            Some(Segment::parse(packet.to_bytes().slice(20..), None).unwrap().header)
        };
        let reset = reply(&mut world, Flags::ACK).unwrap();
        assert_eq!((reset.flags, reset.seq), (Flags::RST, SeqNumber::new(2000)));
        assert!(reply(&mut world, Flags::SYN | Flags::ACK).unwrap().flags.rst());
        assert_eq!(reply(&mut world, Flags::RST), None);
        assert_eq!(reply(&mut world, Flags::RST | Flags::ACK), None);
        if port == 79 {
            let reset = reply(&mut world, Flags::FIN).unwrap();
            assert_eq!((reset.flags, reset.ack), (Flags::RST | Flags::ACK, SeqNumber::new(1001)));
        } else {
            assert_eq!(reply(&mut world, Flags::FIN), None);
        }
    }
}

#[test]
fn a_checksum_is_verified_unless_trusted() {
    let mut world = World::plain();
    let bad = segment("10.0.0.1:9", "10.0.0.2:80", Flags::SYN);
    let fate = give(&mut world, B, bad, false);
    assert_eq!(fate, Fate::Dropped(PacketDrop::Tcp(DropReason::Checksum)));
    assert!(world.hosts[B].poll_transmit(world.now).is_none());
}

/// MUST-15: what is assumed of a peer that does not say depends on the family, whatever settings its caller brings.
#[test]
fn a_peer_without_an_mss_is_sent_what_its_family_takes() {
    for (client, server, mss) in
        [("10.0.0.1:999", "10.0.0.2:80", 536), ("[fd00::1]:999", "[fd00::2]:80", 1220)]
    {
        let mut world = World::plain();
        let options = ListenOptions { config: Some(Arc::default()), ..ListenOptions::default() };
        let listener = world.hosts[B].listen(end(server), options).unwrap();
        assert_eq!(Fate::Taken, give(&mut world, B, segment(client, server, Flags::SYN), true));
        let answer = world.hosts[B].poll_transmit(world.now).unwrap().to_bytes();
        let answer = Segment::parse(IpPacket::parse(answer, true).unwrap().payload, None).unwrap().header;
        assert_eq!(
            Fate::Taken,
            give(&mut world, B, numbered(client, server, Flags::ACK, [answer.ack, answer.seq + 1]), true)
        );
        let accepted = world.hosts[B].accept(listener).expect("established").handle;
        assert_eq!(world.tcp(B, accepted).status().map(|status| status.send_mss), Some(mss));
    }
}

/// RFC 9293 section 3.9.2.2 speaks of connections. An answer to a SYN is taken back by the error, as its family has it.
#[test]
fn an_error_about_a_syn_ack_ends_what_the_family_says() {
    let families = [("10.0.0.1:80", "10.0.0.2:999", true), ("[fd00::1]:80", "[fd00::2]:999", false)];
    for (server, client, v4) in families {
        for (error, ends) in [
            (host_unreachable as fn(Bytes) -> IcmpMessage, true),
            (network_unreachable, v4),
            (port_unreachable, !v4),
            (too_big, false),
        ] {
            let mut world = World::plain();
            world.lose = |_, _| true;
            world.hosts[A].listen(end(server), ListenOptions::default()).unwrap();
            assert_eq!(Fate::Taken, give(&mut world, A, segment(client, server, Flags::SYN), true));
            world.settle();
            let fate = if ends { Fate::Taken } else { Fate::Dropped(PacketDrop::IcmpIgnored) };
            assert_eq!(complain(&mut world, error), fate, "{server}");
        }
    }
}
