use std::time::Duration;

use synfin_tcp::SendError;

use crate::config::{HostConfig, Limits};
use crate::event::TcpHandle;
use crate::testing::{A, B, World, config};

const LIMIT: usize = 256 * 1024;

/// What each connection may hold of exhausted memory: a segment with what lies around it, or a page and one segment more.
const LEAST: usize = 8 * 1024;

const PAIRS: usize = 40;

fn narrow(who: usize) -> HostConfig {
    let limits = Limits { buffers: LIMIT, ..Limits::default() };
    HostConfig { limits, ..config(who) }
}

fn pairs(world: &mut World) -> Vec<[TcpHandle; 2]> {
    (0..PAIRS).map(|port| world.establish(&format!("10.0.0.2:{}", 1000 + port))).collect()
}

/// As much as it takes, up to `octets`; returns how many.
fn write(world: &mut World, who: usize, handle: TcpHandle, octets: usize) -> usize {
    let mut written = 0;
    while written < octets {
        match world.tcp(who, handle).send(vec![7; octets - written].into()) {
            Ok(sent) => written += sent,
            Err(SendError::WouldBlock) => break,
            Err(error) => panic!("{error}"),
        }
    }
    written
}

fn read(world: &mut World, who: usize, handle: TcpHandle) -> usize {
    let mut read = 0;
    while let Ok(Some(bytes)) = world.tcp(who, handle).receive(usize::MAX) {
        read += bytes.len();
    }
    read
}

#[test]
fn whoever_reads_nothing_cannot_make_a_host_hold_more_than_it_may() {
    let mut world = World::new(config(A), narrow(B));
    world.recording = false;
    let pairs = pairs(&mut world);
    let written: Vec<usize> =
        pairs.iter().map(|[client, _]| write(&mut world, A, *client, 100_000)).collect();
    world.pass(Duration::from_secs(5));
    let held = world.hosts[B].table.held();
    assert!((LIMIT..=LIMIT + PAIRS * LEAST).contains(&held), "{held}");
    // Every one of them goes on once there is memory, and nothing is lost.
    let mut got = vec![0; PAIRS];
    for _ in 0..600 {
        for (got, [_, server]) in got.iter_mut().zip(&pairs) {
            *got += read(&mut world, B, *server);
        }
        world.pass(Duration::from_millis(500));
    }
    assert_eq!(got, written);
    assert_eq!(world.hosts[B].table.held(), 0);
}

#[test]
fn whoever_acknowledges_nothing_cannot_make_a_host_hold_more_than_it_may() {
    let mut world = World::new(narrow(A), config(B));
    world.recording = false;
    let pairs = pairs(&mut world);
    world.lose = |from, _| from == B;
    let mut written: Vec<usize> =
        pairs.iter().map(|[client, _]| write(&mut world, A, *client, 100_000)).collect();
    world.settle();
    let held = world.hosts[A].table.held();
    assert!((LIMIT..=LIMIT + PAIRS * LEAST).contains(&held), "{held}");
    assert!(written.iter().all(|written| *written > 0), "a page for everybody: {written:?}");
    world.lose = |_, _| false;
    for _ in 0..600 {
        for (written, [client, server]) in written.iter_mut().zip(&pairs) {
            read(&mut world, B, *server);
            *written += write(&mut world, A, *client, 100_000 - *written);
        }
        world.pass(Duration::from_millis(500));
    }
    assert!(written.iter().all(|written| *written == 100_000), "{written:?}");
    assert_eq!(world.hosts[A].table.held(), 0);
}

#[test]
fn what_was_kept_for_a_writer_is_not_held_once_all_is_acknowledged() {
    let mut world = World::plain();
    let [client, server] = world.establish("10.0.0.2:80");
    for _ in 0..16 {
        assert_eq!(world.tcp(A, client).send_slice(&[7; 4096]), Ok(4096));
    }
    world.settle();
    assert_eq!(read(&mut world, B, server), 16 * 4096);
    world.settle();
    assert_eq!(world.hosts[A].table.held(), 0);
}
