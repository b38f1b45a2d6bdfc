use std::sync::Arc;
use std::time::Duration;

use synfin_tcp::{Config, DropReason, EcnFeedback, State};
use synfin_wire::Mss;

use crate::config::{ConnectOptions, HostConfig, Limits, ListenOptions};
use crate::counters::{Fate, PacketDrop};
use crate::event::{ListenerHandle, TcpHandle};
use crate::syn_cookie::SynCookies;
use crate::testing::{A, B, World, config, end};

const SERVER: &str = "10.0.0.2:80";
const BACKLOG: PacketDrop = PacketDrop::Tcp(DropReason::Backlog);

fn listen(world: &mut World, backlog: usize) -> ListenerHandle {
    world.hosts[B].listen(end(SERVER), ListenOptions { backlog, ..ListenOptions::default() }).unwrap()
}

fn connect(world: &mut World) -> TcpHandle {
    world.hosts[A].connect(end(SERVER), ConnectOptions::default(), world.now).unwrap()
}

#[test]
fn a_full_accept_queue_makes_clients_wait() {
    let mut world = World::plain();
    let listener = listen(&mut world, 2);
    let first: Vec<_> = (0..2).map(|_| connect(&mut world)).collect();
    world.settle();
    let third = connect(&mut world);
    world.settle();
    assert!(first.iter().all(|handle| world.state(A, *handle) == State::Established));
    assert_eq!(world.state(A, third), State::SynSent, "its SYN is not answered");
    assert_eq!(world.hosts[B].counters().dropped_for(BACKLOG), 1);
    assert!(world.hosts[B].accept(listener).is_some());
    world.pass(Duration::from_secs(2));
    assert_eq!(world.state(A, third), State::Established, "its second SYN is");
    assert!(world.hosts[B].accept(listener).is_some() && world.hosts[B].accept(listener).is_some());
}

#[test]
fn the_third_segment_waits_for_room_in_the_accept_queue() {
    let mut world = World::new(config(A), HostConfig { syn_cookies: SynCookies::Off, ..config(B) });
    let listener = listen(&mut world, 2);
    // Two are half-open before the first of them is established.
    let clients = [connect(&mut world), connect(&mut world)];
    let one = ListenOptions { backlog: 1, ..ListenOptions::default() };
    let slow = world.hosts[B].listen(end("10.0.0.2:81"), one).unwrap();
    let blocked: Vec<_> = (0..2)
        .map(|_| world.hosts[A].connect(end("10.0.0.2:81"), ConnectOptions::default(), world.now).unwrap())
        .collect();
    world.settle();
    assert!(clients.iter().all(|handle| world.state(A, *handle) == State::Established));
    assert!(world.hosts[B].accept(listener).is_some());
    // A backlog of one takes one half-open connection at a time.
    let states: Vec<_> = blocked.iter().map(|handle| world.state(A, *handle)).collect();
    assert_eq!(states, [State::Established, State::SynSent]);
    assert!(world.hosts[B].accept(slow).is_some());
    world.pass(Duration::from_secs(4));
    assert_eq!(world.state(A, blocked[1]), State::Established);
    assert!(world.hosts[B].accept(slow).is_some());
}

#[test]
fn a_flood_of_syns_holds_no_more_than_it_may() {
    let limits = Limits { half_open: 50, ..Limits::default() };
    let mut world = World::new(config(A), HostConfig { limits, syn_cookies: SynCookies::Off, ..config(B) });
    listen(&mut world, 1000);
    world.lose = |who, _| who == B;
    for _ in 0..300 {
        connect(&mut world);
    }
    world.settle();
    assert_eq!(world.hosts[B].connection_count(), 50);
    assert_eq!(world.hosts[B].counters().dropped_for(BACKLOG), 250);
    // Half-open connections end by themselves.
    world.lose = |_, _| true;
    world.pass(Duration::from_secs(400));
    assert_eq!(world.hosts[B].connection_count(), 0);
    assert_eq!(world.hosts[B].poll_timeout(), None);
}

#[test]
fn a_table_that_is_full_takes_no_more() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let mut world = World::new(HostConfig { limits, ..config(A) }, HostConfig { limits, ..config(B) });
    listen(&mut world, 10);
    connect(&mut world);
    connect(&mut world);
    let refused = world.hosts[A].connect(end(SERVER), ConnectOptions::default(), world.now);
    assert_eq!(refused, Err(crate::ConnectError::TooMany));
    world.settle();
    assert_eq!(world.hosts[B].connection_count(), 2);
}

#[test]
fn closing_a_listener_resets_what_nobody_accepted_and_forgets_the_rest() {
    let mut world = World::plain();
    let listener = listen(&mut world, 10);
    let waiting = connect(&mut world);
    world.settle();
    world.lose =
        |who, packet| who == A && packet.note == crate::PacketNote::Tcp(synfin_tcp::SendReason::HandshakeAck);
    let half_open = connect(&mut world);
    world.settle();
    assert_eq!(world.hosts[B].connection_count(), 2);
    world.hosts[B].close_listener(listener, world.now);
    assert_eq!(world.hosts[B].listener_addr(listener), None);
    world.lose = |_, _| false;
    world.settle();
    assert_eq!(world.tcp(A, waiting).close_reason(), Some(synfin_tcp::CloseReason::Reset));
    // The half-open one goes when its peer speaks again.
    world.tcp(A, half_open).send("anybody?".into()).unwrap();
    world.settle();
    assert_eq!(world.tcp(A, half_open).close_reason(), Some(synfin_tcp::CloseReason::Reset));
    assert_eq!(world.hosts[B].connection_count(), 0);
}

#[test]
fn a_lost_third_segment_is_made_up_for() {
    let mut world = World::plain();
    let listener = listen(&mut world, 10);
    world.lose =
        |who, packet| who == A && packet.note == crate::PacketNote::Tcp(synfin_tcp::SendReason::HandshakeAck);
    let client = connect(&mut world);
    world.settle();
    assert_eq!(world.hosts[B].accept(listener), None);
    world.lose = |_, _| false;
    world.pass(Duration::from_secs(2));
    let accepted = world.hosts[B].accept(listener).unwrap();
    assert_eq!(world.transfer(A, [client, accepted.handle], &"text".into()), b"text");
}

#[test]
fn a_flood_of_syns_does_not_keep_honest_clients_out() {
    let limits = Limits { half_open: 50, ..Limits::default() };
    let mut world = World::new(config(A), HostConfig { limits, ..config(B) });
    let listener = listen(&mut world, 1000);
    world.lose = |who, _| who == B;
    for _ in 0..300 {
        connect(&mut world);
    }
    world.settle();
    assert_eq!(world.hosts[B].connection_count(), 50);
    world.lose = |_, _| false;
    let honest = connect(&mut world);
    world.settle();
    assert_eq!(world.state(A, honest), State::Established);
    let accepted = world.hosts[B].accept(listener).expect("its acknowledgment told what its SYN had said");
    let text = "beyond the flood".into();
    assert_eq!(world.transfer(A, [honest, accepted.handle], &text), text);
    world.hosts[B].check_invariants();
}

#[test]
fn a_cookie_agrees_on_ecn_where_timestamps_note_it() {
    use EcnFeedback::{Accurate, Classic, Off};
    for (syn_cookies, timestamps, request, agreed) in [
        (SynCookies::Off, false, Classic, Classic),
        (SynCookies::Always, false, Classic, Off),
        (SynCookies::Always, true, Classic, Classic),
        (SynCookies::Always, true, Accurate, Classic),
        (SynCookies::Always, true, Off, Off),
    ] {
        let mut client = config(A);
        (client.tcp.ecn.request, client.tcp.timestamps) = (request, timestamps);
        let mut world = World::new(client.clone(), HostConfig { syn_cookies, ..config(B) });
        let listener = listen(&mut world, 10);
        let opened = connect(&mut world);
        world.settle();
        let accepted = world.hosts[B].accept(listener).unwrap().handle;
        for (who, handle) in [(A, opened), (B, accepted)] {
            assert_eq!(world.tcp(who, handle).status().unwrap().ecn.feedback, agreed);
        }
    }
}

#[test]
fn an_acknowledgment_out_of_nowhere_is_no_cookie() {
    let mut world = World::new(config(A), HostConfig { syn_cookies: SynCookies::Always, ..config(B) });
    let listener = listen(&mut world, 10);
    let client = connect(&mut world);
    world.settle();
    assert!(world.hosts[B].accept(listener).is_some());
    // The client's acknowledgments go on, but who they are for is gone: too late for a cookie.
    world.hosts[B].close_listener(listener, world.now);
    listen(&mut world, 10);
    world.pass(Duration::from_secs(200));
    let connections = world.hosts[B].connection_count();
    let _ = world.tcp(A, client).send("who are you?".into());
    world.settle();
    assert_eq!(world.hosts[B].connection_count(), connections);
}

#[test]
fn half_open_connections_of_a_closed_listener_say_nothing_more() {
    let mut world = World::plain();
    let listener = listen(&mut world, 10);
    world.lose = |who, _| who == B;
    connect(&mut world);
    world.settle();
    world.hosts[B].close_listener(listener, world.now);
    world.lose = |_, _| true;
    world.sent.clear();
    world.pass(Duration::from_secs(10));
    assert_eq!(world.hosts[B].connection_count(), 0);
    assert_eq!(world.sent.iter().filter(|(who, _)| *who == B).count(), 0);
}

/// The timestamp of a SYN-ACK with a cookie says other things as well, and that must not become a round trip.
#[test]
fn a_cookie_measures_no_round_trip() {
    let mut world = World::new(config(A), HostConfig { syn_cookies: SynCookies::Always, ..config(B) });
    let listener = listen(&mut world, 10);
    connect(&mut world);
    world.settle();
    let accepted = world.hosts[B].accept(listener).unwrap().handle;
    assert_eq!(world.tcp(B, accepted).status().unwrap().smoothed_rtt, None);
}

/// MUST-16: a cookie would round it up.
#[test]
fn a_peer_of_small_segments_gets_a_place_and_no_cookie() {
    let mut world = World::new(config(A), HostConfig { syn_cookies: SynCookies::Always, ..config(B) });
    let listener = listen(&mut world, 10);
    let small = Arc::new(Config { mss: Mss::new(400), ..Config::default() });
    let options = ConnectOptions { config: Some(small), ..ConnectOptions::default() };
    world.hosts[A].connect(end("10.0.0.2:80"), options, world.now).unwrap();
    world.settle();
    let accepted = world.hosts[B].accept(listener).unwrap().handle;
    assert!(world.tcp(B, accepted).status().unwrap().send_mss <= 400);
}

/// RFC 5082 section 3: a listener that takes only those next to it answers nobody else, whatever its answers are made of.
#[test]
fn who_is_too_far_gets_neither_a_place_nor_a_cookie() {
    for syn_cookies in [SynCookies::WhenFull, SynCookies::Always] {
        for (hop_limit, opens) in [(254, false), (255, true)] {
            let client = Config { hop_limit: Some(hop_limit), ..Config::default() };
            let server = Config { least_hop_limit: 255, hop_limit: Some(255), ..Config::default() };
            let mut world = World::new(
                HostConfig { tcp: client, ..config(A) },
                HostConfig { tcp: server, syn_cookies, ..config(B) },
            );
            let listener = listen(&mut world, 1);
            connect(&mut world);
            world.settle();
            assert_eq!(world.hosts[B].accept(listener).is_some(), opens, "{syn_cookies:?}, {hop_limit}");
            let answers = world.reasons().iter().filter(|(who, _)| *who == B).count();
            assert_eq!(answers > 0, opens, "{syn_cookies:?}, {hop_limit}");
            let too_far = Some(Fate::Dropped(PacketDrop::Tcp(DropReason::TooFar)));
            assert_eq!(world.last_fate[B] == too_far, !opens, "{syn_cookies:?}, {hop_limit}");
        }
    }
}
