use std::time::Duration;

use crate::config::{ConnectOptions, HostConfig, ListenOptions};
use crate::testing::{A, B, World, config, end};

#[test]
fn a_hundred_thousand_connections_leave_nothing() {
    let short = |who| {
        let mut config = config(who);
        config.tcp.msl = Duration::from_millis(50);
        HostConfig { ..config }
    };
    let mut world = World::new(short(A), short(B));
    world.recording = false;
    let server = end("10.0.0.2:80");
    let listener = world.hosts[B].listen(server, ListenOptions::default()).unwrap();
    let mut most = 0;
    for _ in 0..100_000 {
        let client = world.hosts[A].connect(server, ConnectOptions::default(), world.now).unwrap();
        world.settle();
        let served = world.hosts[B].accept(listener).unwrap().handle;
        world.tcp(A, client).send("ping".into()).unwrap();
        world.settle();
        assert_eq!(world.tcp(B, served).receive(9), Ok(Some("ping".into())));
        world.tcp(A, client).release();
        world.settle();
        world.tcp(B, served).release();
        world.pass(Duration::from_millis(1));
        world.told(A);
        world.told(B);
        most = most.max(world.hosts[A].connection_count());
    }
    assert!(most <= 102, "TIME-WAIT lasts 100 ms: {most}");
    world.pass(Duration::from_secs(1));
    for host in &mut world.hosts {
        assert_eq!((host.connection_count(), host.poll_timeout()), (0, None));
        assert_eq!(host.counters().established, 100_000);
        assert!(host.poll_event().is_none());
    }
}

#[test]
fn two_thousand_at_once_are_told_apart() {
    let mut world = World::plain();
    world.recording = false;
    let server = end("[fd00::2]:80");
    let options = ListenOptions { backlog: 2000, ..ListenOptions::default() };
    let listener = world.hosts[B].listen(server, options).unwrap();
    let clients: Vec<_> = (0..2000)
        .map(|_| world.hosts[A].connect(server, ConnectOptions::default(), world.now).unwrap())
        .collect();
    world.settle();
    for client in &clients {
        let port = world.tcp(A, *client).local_addr().port();
        world.tcp(A, *client).send(port.to_be_bytes().to_vec().into()).unwrap();
    }
    world.settle();
    let mut count = 0;
    while let Some(accepted) = world.hosts[B].accept(listener) {
        let port = world.tcp(B, accepted.handle).receive(2).unwrap().unwrap();
        assert_eq!(port[..], accepted.remote.port().to_be_bytes());
        world.tcp(B, accepted.handle).abort();
        world.tcp(B, accepted.handle).release();
        count += 1;
    }
    world.settle();
    assert_eq!(count, 2000);
    for client in clients {
        world.tcp(A, client).release();
    }
    world.settle();
    assert_eq!(world.hosts.each_ref().map(crate::Host::connection_count), [0, 0]);
}

/// RSTs leave nothing; what is left here is TIME-WAIT, a thousand of them, until its time is over.
#[test]
fn what_a_crowd_has_taken_is_given_back_when_time_wait_is_over() {
    let mut world = World::plain();
    world.recording = false;
    let server = end("10.0.0.2:80");
    let listener = world.hosts[B].listen(server, ListenOptions::default()).unwrap();
    for _ in 0..1000 {
        let client = world.hosts[A].connect(server, ConnectOptions::default(), world.now).unwrap();
        world.settle();
        let accepted = world.hosts[B].accept(listener).unwrap().handle;
        world.tcp(A, client).close();
        world.tcp(A, client).release();
        world.settle();
        world.tcp(B, accepted).close();
        world.tcp(B, accepted).release();
        world.settle();
    }
    let host = &world.hosts[A];
    assert_eq!(host.connection_count(), 1000);
    let (entries, index) = host.table.capacity();
    assert!(entries >= 1000 && index >= 1000 && host.timers.capacity() >= 1000);
    world.pass(Duration::from_secs(61));
    let host = &world.hosts[A];
    assert_eq!(host.connection_count(), 0);
    let (entries, index) = host.table.capacity();
    assert_eq!(entries, 0);
    assert!(index <= 128 && host.timers.capacity() <= 128, "{index} and {}", host.timers.capacity());
}
