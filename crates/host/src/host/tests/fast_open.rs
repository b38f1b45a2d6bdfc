use std::time::Duration;

use synfin_tcp::{SendReason, State};

use crate::config::{ConnectOptions, HostConfig, ListenFastOpen, ListenOptions};
use crate::event::{ListenerHandle, TcpHandle};
use crate::fast_open::{FastOpen, FastOpenConfig};
use crate::testing::{A, B, World, config, end};

const SERVER: &str = "10.0.0.2:80";
const AN_HOUR: Duration = Duration::from_secs(3600);

/// `B` takes text in SYNs of no more than `limit` clients at once, and `A` has a cookie of it.
fn world(limit: usize) -> (World, ListenerHandle) {
    let client = FastOpenConfig { black_hole_timeout: AN_HOUR, ..FastOpenConfig::default() };
    let server = FastOpenConfig { server: true, ..FastOpenConfig::default() };
    let mut world = World::new(
        HostConfig { fast_open: client, ..config(A) },
        HostConfig { fast_open: server, ..config(B) },
    );
    let fast_open = ListenFastOpen { backlog: Some(limit), ..ListenFastOpen::default() };
    let options = ListenOptions { fast_open, ..ListenOptions::default() };
    let listener = world.hosts[B].listen(end(SERVER), options).unwrap();
    let first = connect(&mut world);
    world.settle();
    assert_eq!(world.reasons()[0], (A, SendReason::SynCookieRequest));
    assert_eq!(world.state(A, first), State::Established);
    assert!(world.hosts[B].accept(listener).is_some());
    (world, listener)
}

fn connect(world: &mut World) -> TcpHandle {
    let options = ConnectOptions { fast_open: FastOpen::Cookie, ..ConnectOptions::default() };
    world.hosts[A].connect(end(SERVER), options, world.now).unwrap()
}

#[test]
fn the_text_of_a_syn_is_there_before_the_handshake_is_over() {
    let (mut world, listener) = world(10);
    let client = connect(&mut world);
    assert_eq!(world.tcp(A, client).send("early".into()), Ok(5));
    // Only the SYN arrives.
    world.lose = |who, _| who == B;
    world.settle();
    let accepted = world.hosts[B].accept(listener).expect("accepted at once").handle;
    assert_eq!(world.state(B, accepted), State::SynReceived);
    assert_eq!(world.tcp(B, accepted).receive(10), Ok(Some("early".into())));
    world.lose = |_, _| false;
    let text = "and an answer".into();
    assert_eq!(world.transfer(B, [client, accepted], &text), text);
    world.hosts[B].check_invariants();
}

#[test]
fn clients_beyond_the_limit_have_an_ordinary_handshake() {
    let (mut world, listener) = world(1);
    let clients = [connect(&mut world), connect(&mut world)];
    for client in clients {
        assert_eq!(world.tcp(A, client).send("early".into()), Ok(5));
    }
    world.lose = |who, _| who == B;
    world.settle();
    assert!(world.hosts[B].accept(listener).is_some());
    assert!(world.hosts[B].accept(listener).is_none(), "the second one is half-open");
    world.lose = |_, _| false;
    world.pass(Duration::from_secs(5));
    let second = world.hosts[B].accept(listener).expect("its handshake is over").handle;
    assert_eq!(world.tcp(B, second).receive(10), Ok(Some("early".into())));
    world.hosts[B].check_invariants();
}

#[test]
fn it_rests_where_the_path_swallows_it() {
    let (mut world, _) = world(10);
    let client = connect(&mut world);
    assert!(world.tcp(A, client).send("early".into()).is_ok());
    world.lose = |_, _| true;
    world.pass(Duration::from_secs(10));
    let reasons: Vec<_> = world.reasons().into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons[..2], [SendReason::SynText, SendReason::SynRetransmit]);
    let (host, now) = (&mut world.hosts[A], world.now);
    let options = ConnectOptions { fast_open: FastOpen::Cookie, ..ConnectOptions::default() };
    let remote = end(SERVER).ip();
    assert!(!host.may_fast_open(remote, &options, now));
    assert!(host.may_fast_open(remote, &options, now + AN_HOUR));
}

#[test]
fn a_host_that_is_no_fast_open_server_says_nothing_of_cookies() {
    let mut world = World::plain();
    let fast_open = ListenFastOpen { backlog: Some(10), ..ListenFastOpen::default() };
    let options = ListenOptions { fast_open, ..ListenOptions::default() };
    let listener = world.hosts[B].listen(end(SERVER), options).unwrap();
    for _ in 0..2 {
        let client = connect(&mut world);
        assert_eq!(world.hosts[A].tcp(client).unwrap().syn_capacity(), 0);
        world.settle();
        assert!(world.hosts[B].accept(listener).is_some());
    }
}
