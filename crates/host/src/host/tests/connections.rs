use std::time::Duration;

use bytes::Bytes;
use synfin_tcp::{CloseReason, ReceiveError, SendOptions, SendReason, State};

use crate::config::{ConnectOptions, HostConfig, HostOffload, ListenOptions};
use crate::error::{ConnectError, ListenError};
use crate::event::HostEvent;
use crate::testing::{A, B, World, config, end, ethernet, ip};

const SERVERS: [&str; 2] = ["10.0.0.2:80", "[fd00::2]:80"];

fn data(len: usize) -> Bytes {
    (0..len).map(|octet| (octet % 251) as u8).collect()
}

#[test]
fn a_handshake_has_three_segments_and_both_ends_are_told() {
    for server in SERVERS {
        let mut world = World::plain();
        let listener = world.hosts[B].listen(end(server), ListenOptions::default()).unwrap();
        let client = world.hosts[A].connect(end(server), ConnectOptions::default(), world.now).unwrap();
        assert_eq!(world.state(A, client), State::SynSent);
        world.settle();
        let expected = [(A, SendReason::Syn), (B, SendReason::SynAck), (A, SendReason::HandshakeAck)];
        assert_eq!(world.reasons(), expected);
        let [HostEvent::Tcp { handle, events }] = world.told(A)[..] else { panic!() };
        assert!(handle == client && events.established());
        assert_eq!(world.told(B), [HostEvent::Accept { listener }]);
        let accepted = world.hosts[B].accept(listener).unwrap();
        assert_eq!(accepted.local, end(server));
        assert_eq!(accepted.remote, world.tcp(A, client).local_addr());
        assert_eq!(world.state(B, accepted.handle), State::Established);
        assert_eq!(world.hosts[B].accept(listener), None);
        assert_eq!(world.hosts.each_ref().map(|host| host.counters().established), [1, 1]);
    }
}

#[test]
fn data_goes_both_ways_over_every_medium() {
    for (a, b) in [(config(A), config(B)), (ethernet(A), ethernet(B))] {
        for server in SERVERS {
            let mut world = World::new(a.clone(), b.clone());
            world.recording = false;
            let handles = world.establish(server);
            let text = data(3_000_000);
            assert!(world.transfer(A, handles, &text) == text);
            assert!(world.transfer(B, handles, &text) == text);
        }
    }
}

#[test]
fn super_segments_go_whole() {
    let offload = HostOffload { checksum: true, max_super_segment: 65_536, repeats_cwr: false };
    for server in SERVERS {
        let mut world = World::new(HostConfig { offload, ..config(A) }, HostConfig { offload, ..config(B) });
        let handles = world.establish(server);
        let text = data(3_000_000);
        assert!(world.transfer(A, handles, &text) == text);
        let longest = world.sent.iter().map(|(_, packet)| packet.payload_len).max().unwrap();
        assert!(longest > 50_000, "{longest}");
        for (_, packet) in world.sent.iter().filter(|(_, packet)| packet.payload_len > 1460) {
            let segmentation = packet.segmentation.unwrap();
            assert_eq!(usize::from(segmentation.header_len), packet.header.len());
            assert!(usize::from(segmentation.size) + packet.header.len() <= 1500);
        }
    }
}

/// A device that cuts a large packet up gives each part the same urgent pointer, and that would be wrong in all but one.
#[test]
fn urgent_segments_leave_one_by_one() {
    let offload = HostOffload { checksum: true, max_super_segment: 65_536, repeats_cwr: false };
    let mut world = World::new(HostConfig { offload, ..config(A) }, HostConfig { offload, ..config(B) });
    let handles = world.establish(SERVERS[0]);
    world.sent.clear();
    let now = world.now;
    let urgent = SendOptions { urgent: true, ..SendOptions::default() };
    for options in [SendOptions::default(), urgent] {
        let sent = world.hosts[A].tcp(handles[A]).unwrap().send_with(data(4000), options, now);
        assert_eq!(sent, Ok(4000));
    }
    world.settle();
    let texts: Vec<usize> = world.sent.iter().map(|(_, packet)| packet.payload_len).collect();
    assert_eq!(texts.iter().sum::<usize>(), 8000);
    assert!(texts.iter().all(|octets| *octets <= 1460), "{texts:?}");
}

#[test]
fn data_arrives_although_packets_are_lost() {
    for server in SERVERS {
        let mut world = World::plain();
        world.recording = false;
        let handles = world.establish(server);
        // One in thirty, by a hash of the header; a retransmission has another timestamp.
        world.lose = |_, packet| {
            let mix = |sum: u32, octet: &u8| (sum ^ u32::from(*octet)).wrapping_mul(0x0100_0193);
            packet.header.iter().fold(0, mix) % 31 == 0
        };
        let text = data(500_000);
        assert!(world.transfer(A, handles, &text) == text);
    }
}

#[test]
fn a_close_in_turn_ends_with_time_wait_and_an_empty_table() {
    for server in SERVERS {
        let mut world = World::plain();
        let [client, served] = world.establish(server);
        world.tcp(A, client).send("request".into()).unwrap();
        world.tcp(A, client).close();
        world.settle();
        assert_eq!(world.tcp(B, served).receive(100), Ok(Some("request".into())));
        assert_eq!(world.tcp(B, served).receive(100), Ok(None));
        // Half-closed: the answer still comes.
        world.tcp(B, served).send("answer".into()).unwrap();
        world.settle();
        assert_eq!(world.tcp(A, client).receive(100), Ok(Some("answer".into())));
        world.tcp(B, served).release();
        world.settle();
        assert!(world.hosts[B].tcp(served).is_none());
        assert_eq!(world.hosts[B].connection_count(), 0);
        assert_eq!(world.state(A, client), State::TimeWait);
        world.tcp(A, client).release();
        world.settle();
        assert_eq!(world.hosts[A].connection_count(), 1);
        world.pass(Duration::from_secs(61));
        assert_eq!(world.hosts[A].connection_count(), 0);
        assert_eq!(world.hosts[A].poll_timeout(), None);
    }
}

#[test]
fn a_port_where_nobody_listens_refuses() {
    for server in SERVERS {
        let mut world = World::plain();
        let client = world.hosts[A].connect(end(server), ConnectOptions::default(), world.now).unwrap();
        world.settle();
        assert_eq!(world.reasons(), [(A, SendReason::Syn), (B, SendReason::ResetNoConnection)]);
        assert_eq!(world.tcp(A, client).close_reason(), Some(CloseReason::Refused));
        let [HostEvent::Tcp { events, .. }] = world.told(A)[..] else { panic!() };
        assert_eq!(events.closed(), Some(CloseReason::Refused));
        let received = world.tcp(A, client).receive(10);
        assert_eq!(received, Err(ReceiveError::Closed(CloseReason::Refused)));
        world.tcp(A, client).release();
        world.settle();
        assert_eq!(world.hosts.each_ref().map(crate::Host::connection_count), [0, 0]);
    }
}

#[test]
fn an_abort_is_a_reset_at_the_other_end() {
    let mut world = World::plain();
    let [client, served] = world.establish("10.0.0.2:80");
    world.tcp(A, client).send("unread".into()).unwrap();
    world.settle();
    world.tcp(A, client).abort();
    world.settle();
    assert_eq!(world.tcp(B, served).close_reason(), Some(CloseReason::Reset));
    // The handles are good until they are released, and what had come can be read.
    assert_eq!(world.tcp(B, served).receive(100), Ok(Some("unread".into())));
    assert_eq!(world.tcp(A, client).close_reason(), Some(CloseReason::Aborted));
    // And the ends are free for another connection already.
    let local = Some(world.tcp(A, client).local_addr());
    world.hosts[B].listen(end("10.0.0.2:80"), ListenOptions::default()).unwrap();
    let options = ConnectOptions { local, ..ConnectOptions::default() };
    let again = world.hosts[A].connect(end("10.0.0.2:80"), options, world.now).unwrap();
    world.settle();
    assert_eq!(world.state(A, again), State::Established);
    assert_eq!(world.state(A, client), State::Closed);
}

#[test]
fn a_released_connection_with_unread_data_is_reset() {
    let mut world = World::plain();
    let [client, served] = world.establish("10.0.0.2:80");
    world.tcp(A, client).send("unread".into()).unwrap();
    world.settle();
    world.tcp(B, served).release();
    world.settle();
    assert_eq!(world.tcp(A, client).close_reason(), Some(CloseReason::Reset));
    assert_eq!(world.hosts[B].connection_count(), 0);
}

#[test]
fn time_wait_gives_way_to_a_new_connection() {
    let mut world = World::plain();
    let [client, served] = world.establish("10.0.0.2:80");
    let local = world.tcp(A, client).local_addr();
    // B closes first, so B waits.
    world.tcp(B, served).release();
    world.settle();
    world.tcp(A, client).release();
    world.settle();
    assert_eq!(world.hosts.each_ref().map(crate::Host::connection_count), [0, 1]);
    world.pass(Duration::from_secs(1));
    let listener = world.hosts[B].listen(end("10.0.0.2:80"), ListenOptions::default()).unwrap();
    let options = ConnectOptions { local: Some(local), ..ConnectOptions::default() };
    let again = world.hosts[A].connect(end("10.0.0.2:80"), options, world.now).unwrap();
    world.settle();
    assert_eq!(world.state(A, again), State::Established);
    assert_eq!(world.hosts[B].accept(listener).unwrap().remote, local);
    assert_eq!(world.hosts[B].connection_count(), 1);
}

#[test]
fn both_may_open_at_once() {
    let mut world = World::plain();
    let (a, b) = (end("10.0.0.1:1000"), end("10.0.0.2:2000"));
    let open = |local| ConnectOptions { local: Some(local), ..ConnectOptions::default() };
    let first = world.hosts[A].connect(b, open(a), world.now).unwrap();
    let second = world.hosts[B].connect(a, open(b), world.now).unwrap();
    let (from_a, from_b) = (world.hosts[A].poll_transmit(world.now), world.hosts[B].poll_transmit(world.now));
    world.deliver(A, from_a.unwrap());
    world.deliver(B, from_b.unwrap());
    let (from_a, from_b) = (world.hosts[A].poll_transmit(world.now), world.hosts[B].poll_transmit(world.now));
    world.deliver(A, from_a.unwrap());
    world.deliver(B, from_b.unwrap());
    world.settle();
    assert_eq!((world.state(A, first), world.state(B, second)), (State::Established, State::Established));
}

#[test]
fn ends_that_cannot_be_are_refused() {
    let mut world = World::plain();
    let host = &mut world.hosts[A];
    let from = |local: &str| ConnectOptions { local: Some(end(local)), ..ConnectOptions::default() };
    for remote in ["0.0.0.0:80", "10.0.0.255:80", "224.0.0.1:80", "10.0.0.2:0", "[ff02::1]:80"] {
        let refused = host.connect(end(remote), ConnectOptions::default(), world.now);
        assert_eq!(refused, Err(ConnectError::InvalidRemote), "{remote}");
    }
    let remote = end("10.0.0.2:80");
    assert_eq!(host.connect(remote, from("10.0.0.9:0"), world.now), Err(ConnectError::NotOurAddress));
    assert_eq!(host.connect(remote, from("[fd00::1]:0"), world.now), Err(ConnectError::NotOurAddress));
    assert!(host.connect(remote, from("10.0.0.1:7"), world.now).is_ok());
    assert_eq!(host.connect(remote, from("0.0.0.0:7"), world.now), Err(ConnectError::InUse));
    assert!(host.listen(end("10.0.0.1:80"), ListenOptions::default()).is_ok());
    assert_eq!(host.listen(end("10.0.0.1:80"), ListenOptions::default()), Err(ListenError::InUse));
    assert!(host.listen(end("0.0.0.0:80"), ListenOptions::default()).is_ok());
    assert_eq!(host.listen(end("10.0.0.2:80"), ListenOptions::default()), Err(ListenError::NotOurAddress));

    let mut v4 = crate::Host::new(HostConfig::new([(ip("10.0.0.1"), 24)]), [1; 32]);
    let v6_remote = v4.connect(end("[fd00::2]:80"), ConnectOptions::default(), world.now);
    assert_eq!(v6_remote, Err(ConnectError::NoAddress));
    let mut lonely = crate::Host::new(ethernet(A), [1; 32]);
    let far = lonely.connect(end("8.8.8.8:80"), ConnectOptions::default(), world.now);
    assert_eq!(far, Err(ConnectError::NoRoute));
}

#[test]
fn nobody_answers_until_the_handshake_times_out() {
    let mut world = World::plain();
    world.lose = |_, _| true;
    let client = world.hosts[A].connect(end("10.0.0.2:80"), ConnectOptions::default(), world.now).unwrap();
    world.pass(Duration::from_secs(600));
    assert_eq!(world.tcp(A, client).close_reason(), Some(CloseReason::HandshakeTimeout));
    assert_eq!(world.hosts[A].poll_timeout(), None);
}

#[test]
fn the_owner_chooses_hop_limit_and_diffserv_bits() {
    for server in SERVERS {
        let mut world = World::new(HostConfig { hop_limit: 9, ..config(A) }, config(B));
        let [client, _] = world.establish(server);
        let header = |world: &World| {
            let (_, packet) = world.sent.iter().rfind(|(who, _)| *who == A).unwrap();
            synfin_wire::IpPacket::parse(packet.to_bytes(), false).unwrap().header
        };
        assert_eq!((header(&world).hop_limit, header(&world).dscp), (9, 0));
        world.hosts[A].tcp(client).unwrap().set_dscp(46);
        world.tcp(A, client).send("text".into()).unwrap();
        world.settle();
        assert_eq!(header(&world).dscp, 46);
    }
}

#[test]
fn two_connections_share_the_link_fairly() {
    let mut world = World::plain();
    let (one, two) = (world.establish("10.0.0.2:80"), world.establish("10.0.0.2:81"));
    world.sent.clear();
    for handles in [one, two] {
        world.tcp(A, handles[A]).send(data(10 * 1460)).unwrap();
    }
    let ports: Vec<_> = std::iter::from_fn(|| world.hosts[A].poll_transmit(world.now))
        .map(|packet| packet.header[23])
        .collect();
    assert!(ports.len() >= 10 && ports.windows(2).all(|pair| pair[0] != pair[1]), "{ports:?}");
}
