use bytes::Bytes;
use synfin_wire::Ecn;
use synfin_wire::ip::IpPacket;

use crate::config::{HostConfig, Limits};
use crate::counters::{Fate, PacketDrop};
use crate::error::{BindError, SendToError};
use crate::event::{HostEvent, UdpError, Unreachable};
use crate::testing::{A, B, World, config, end, ip};

#[test]
fn a_datagram_goes_there_and_back() {
    for (any, b) in [("0.0.0.0:0", "10.0.0.2:53"), ("[::]:0", "[fd00::2]:53")] {
        let mut world = World::plain();
        let client = world.hosts[A].udp_bind(end(any)).unwrap();
        let server = world.hosts[B].udp_bind(end(b)).unwrap();
        world.hosts[A].udp_send_to(client, "question".into(), end(b), world.now).unwrap();
        world.settle();
        assert_eq!(world.told(B), [HostEvent::Udp { handle: server }]);
        let question = world.hosts[B].udp_receive_from(server).unwrap();
        assert_eq!((question.local, &question.payload[..]), (end(b), &b"question"[..]));
        assert_eq!(question.remote.port(), world.hosts[A].udp_addr(client).unwrap().port());
        world.hosts[B].udp_send_to(server, "answer".into(), question.remote, world.now).unwrap();
        world.settle();
        assert_eq!(world.hosts[A].udp_receive_from(client).unwrap().payload, "answer");
        assert!(world.hosts[A].udp_receive_from(client).is_none());
    }
}

#[test]
fn the_longest_datagram_goes_in_fragments() {
    for (any, b, longest) in [("0.0.0.0:0", "10.0.0.2:53", 65_507), ("[::]:0", "[fd00::2]:53", 65_527)] {
        let mut world = World::plain();
        let client = world.hosts[A].udp_bind(end(any)).unwrap();
        let server = world.hosts[B].udp_bind(end(b)).unwrap();
        let payload: Bytes = (0..longest).map(|octet| octet as u8).collect();
        world.hosts[A].udp_send_to(client, payload.clone(), end(b), world.now).unwrap();
        world.settle();
        assert!(world.sent.len() > 40 && world.sent.iter().all(|(_, packet)| packet.len() <= 1500));
        assert_eq!(world.hosts[B].udp_receive_from(server).unwrap().payload, payload);
        let longer = vec![0; longest + 1].into();
        let refused = world.hosts[A].udp_send_to(client, longer, end(b), world.now);
        assert_eq!(refused, Err(SendToError::TooLong));
    }
}

#[test]
fn a_port_that_nobody_has_is_unreachable() {
    for (any, b) in [("10.0.0.1:0", "10.0.0.2:9"), ("[fd00::1]:0", "[fd00::2]:9")] {
        let mut world = World::plain();
        let client = world.hosts[A].udp_bind(end(any)).unwrap();
        let local = world.hosts[A].udp_addr(client).unwrap();
        world.hosts[A].udp_send_to(client, "anybody?".into(), end(b), world.now).unwrap();
        world.settle();
        assert_eq!(world.last_fate[B], Some(Fate::Dropped(PacketDrop::NoSocket)));
        assert_eq!(world.told(A), [HostEvent::Udp { handle: client }]);
        let error = UdpError { local, remote: end(b), kind: Unreachable::Port };
        assert_eq!(world.hosts[A].udp_take_error(client), Some(error));
        assert_eq!(world.hosts[A].udp_take_error(client), None);
    }
}

#[test]
fn a_queue_is_bounded() {
    let limits = Limits { udp_queue: 1000, ..Limits::default() };
    let mut world = World::new(config(A), HostConfig { limits, ..config(B) });
    let client = world.hosts[A].udp_bind(end("10.0.0.1:1000")).unwrap();
    let server = world.hosts[B].udp_bind(end("10.0.0.2:53")).unwrap();
    for _ in 0..100 {
        world.hosts[A].udp_send_to(client, "x".into(), end("10.0.0.2:53"), world.now).unwrap();
        world.settle();
    }
    let received = std::iter::from_fn(|| world.hosts[B].udp_receive_from(server)).count();
    assert_eq!(received, 15);
    assert_eq!(world.hosts[B].counters().dropped_for(PacketDrop::QueueFull), 85);
}

#[test]
fn a_full_transmit_queue_pushes_back() {
    let limits = Limits { transmit_queue: 2, ..Limits::default() };
    let mut world = World::new(HostConfig { limits, ..config(A) }, config(B));
    let client = world.hosts[A].udp_bind(end("10.0.0.1:1000")).unwrap();
    let mut send =
        |payload: Bytes| world.hosts[A].udp_send_to(client, payload, end("10.0.0.2:53"), world.now);
    assert_eq!(send(vec![0; 60_000].into()), Ok(()), "an empty queue takes it all");
    assert_eq!(send("x".into()), Err(SendToError::WouldBlock));
    world.settle();
    world.hosts[A].udp_send_to(client, "x".into(), end("10.0.0.2:53"), world.now).unwrap();
}

#[test]
fn addresses_are_ours_and_taken_once() {
    let mut world = World::plain();
    let host = &mut world.hosts[A];
    assert_eq!(host.udp_bind(end("10.0.0.2:53")), Err(BindError::NotOurAddress));
    let socket = host.udp_bind(end("10.0.0.1:53")).unwrap();
    assert_eq!(host.udp_bind(end("10.0.0.1:53")), Err(BindError::InUse));
    for remote in
        ["10.0.0.2:0", "0.0.0.0:53", "10.0.0.255:53", "224.0.0.1:53", "127.0.0.1:53", "[fd00::2]:53"]
    {
        let sent = host.udp_send_to(socket, Bytes::new(), end(remote), world.now);
        assert_eq!(sent, Err(SendToError::InvalidRemote), "{remote}");
    }
    host.udp_close(socket);
    assert_eq!(
        host.udp_send_to(socket, Bytes::new(), end("10.0.0.2:53"), world.now),
        Err(SendToError::Closed)
    );
    assert!(host.udp_bind(end("10.0.0.1:53")).is_ok());
}

#[test]
fn the_forwarder_answers_in_the_name_of_whom_was_asked() {
    let mut world = World::new(config(A), HostConfig { any_address: true, ..config(B) });
    let client = world.hosts[A].udp_bind(end("10.0.0.1:1000")).unwrap();
    let forward = world.hosts[B].udp_forward();
    assert_eq!(world.hosts[B].udp_forward(), forward);
    world.hosts[A].udp_send_to(client, "dns?".into(), end("8.8.8.8:53"), world.now).unwrap();
    world.settle();
    let question = world.hosts[B].udp_receive_from(forward).unwrap();
    assert_eq!((question.local, question.remote), (end("8.8.8.8:53"), end("10.0.0.1:1000")));
    world.hosts[B].udp_send_from(question.local, "dns!".into(), question.remote, world.now).unwrap();
    world.settle();
    let answer = world.hosts[A].udp_receive_from(client).unwrap();
    assert_eq!((answer.remote, &answer.payload[..]), (end("8.8.8.8:53"), &b"dns!"[..]));

    world.hosts[B].udp_unreachable(&question, Unreachable::Host, world.now);
    world.settle();
    let error = world.hosts[A].udp_take_error(client).unwrap();
    assert_eq!((error.remote, error.kind), (end("8.8.8.8:53"), Unreachable::Host));

    world.hosts[A].udp_close(client);
    world.hosts[B].udp_send_from(question.local, "late".into(), question.remote, world.now).unwrap();
    world.settle();
    let error = world.hosts[B].udp_take_error(forward).unwrap();
    assert_eq!((error.local, error.remote), (end("8.8.8.8:53"), end("10.0.0.1:1000")));
    let own = world.hosts[A].udp_send_from(end("10.0.0.7:1"), Bytes::new(), end("10.0.0.2:2"), world.now);
    assert_eq!(own, Err(SendToError::NoAddress));
    assert!(!world.hosts[A].is_ours(ip("8.8.8.8")));
}

/// RFC 1122 sections 4.1.4 and 3.2.1.6: the TTL and the TOS are the application's to choose.
#[test]
fn a_socket_says_what_its_headers_say() {
    for (any, b) in [("0.0.0.0:0", "10.0.0.2:53"), ("[::]:0", "[fd00::2]:53")] {
        let mut world = World::plain();
        let client = world.hosts[A].udp_bind(end(any)).unwrap();
        world.hosts[A].udp_set_header(client, Some(9), 0x2a);
        world.hosts[A].udp_send_to(client, "x".into(), end(b), world.now).unwrap();
        world.hosts[A].udp_set_header(client, None, 0);
        world.hosts[A].udp_send_to(client, "x".into(), end(b), world.now).unwrap();
        world.settle();
        let header = |index: usize| IpPacket::parse(world.sent[index].1.to_bytes(), false).unwrap().header;
        let marks = |index| (header(index).hop_limit, header(index).dscp, header(index).ecn);
        assert_eq!(marks(0), (9, 0x2a >> 2, Ecn::Ect0));
        assert_eq!(marks(1), (64, 0, Ecn::NotEct));
    }
}
