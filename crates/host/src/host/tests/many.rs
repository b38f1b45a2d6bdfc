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
