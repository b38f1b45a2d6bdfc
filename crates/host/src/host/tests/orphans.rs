use std::time::Duration;

use synfin_tcp::{SendReason, State};

use crate::config::{ConnectOptions, HostConfig, Limits};
use crate::testing::{A, B, World, config, end};

fn with_orphans(orphans: usize) -> World {
    let limits = Limits { orphans, ..Limits::default() };
    World::new(HostConfig { limits, ..config(A) }, config(B))
}

#[test]
fn what_is_released_beyond_the_limit_is_reset() {
    let mut world = with_orphans(2);
    let pairs: Vec<_> = (80..84).map(|port| world.establish(&format!("10.0.0.2:{port}"))).collect();
    // Nobody hears the FINs.
    world.lose = |from, _| from == A;
    for [client, _] in &pairs[..2] {
        world.tcp(A, *client).release();
    }
    world.settle();
    world.lose = |_, _| false;
    world.reasons();
    for [client, _] in &pairs[2..] {
        world.tcp(A, *client).release();
    }
    world.settle();
    assert_eq!(world.reasons(), [(A, SendReason::ResetOrphan), (A, SendReason::ResetOrphan)]);
    assert_eq!((world.hosts[A].connection_count(), world.hosts[A].counters().orphans_reset), (2, 2));
    assert_eq!(world.state(B, pairs[3][1]), State::Closed);
}

#[test]
fn who_is_in_time_wait_is_no_orphan() {
    let mut world = with_orphans(1);
    for port in 80..90 {
        let [client, server] = world.establish(&format!("10.0.0.2:{port}"));
        world.tcp(A, client).release();
        world.settle();
        world.tcp(B, server).release();
        world.settle();
    }
    assert_eq!((world.hosts[A].connection_count(), world.hosts[A].counters().orphans_reset), (10, 0));
    world.pass(Duration::from_secs(61));
    assert_eq!(world.hosts[A].connection_count(), 0);
}

#[test]
fn an_attempt_that_is_released_beyond_the_limit_is_given_up() {
    let mut world = with_orphans(0);
    world.lose = |_, _| true;
    let attempt = world.hosts[A].connect(end("10.0.0.2:80"), ConnectOptions::default(), world.now).unwrap();
    world.tcp(A, attempt).send("text".into()).unwrap();
    world.tcp(A, attempt).release();
    world.settle();
    assert_eq!((world.hosts[A].connection_count(), world.hosts[A].counters().orphans_reset), (0, 1));
}
