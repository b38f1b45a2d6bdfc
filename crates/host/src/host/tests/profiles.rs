//! The two profiles differ on the wire as the two systems do, and in nothing but settings.

use std::time::Duration;

use synfin_tcp::{Config, SendReason};

use crate::testing::{A, B, World, config, end};
use crate::{ConnectOptions, HostConfig};

fn host(who: usize, tcp: Config) -> HostConfig {
    HostConfig { tcp, ..config(who) }
}

/// The options of the first SYN, with nothing but zeros for the timestamp's value.
fn syn_options(tcp: Config) -> Vec<u8> {
    let mut world = World::new(host(A, tcp), config(B));
    world.hosts[A].connect(end("10.0.0.2:80"), ConnectOptions::default(), world.now).unwrap();
    world.settle();
    let mut options = world.sent[0].1.header[40..].to_vec();
    if let Some(value) = options.windows(2).position(|front| front == [8, 10]) {
        options[value + 2..value + 10].fill(0);
    }
    options
}

#[test]
fn a_syn_has_the_layout_of_its_system() {
    let linux = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 8];
    let freebsd = [2, 4, 5, 180, 1, 3, 3, 6, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(syn_options(Config::linux()), linux);
    assert_eq!(syn_options(Config::freebsd()), freebsd);
}

#[test]
fn without_timestamps_a_syn_has_that_layout_too() {
    let bare = |tcp| syn_options(Config { timestamps: false, ..tcp });
    assert_eq!(bare(Config::linux()), [2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 8]);
    assert_eq!(bare(Config::freebsd()), [2, 4, 5, 180, 1, 3, 3, 6, 4, 2, 0, 0]);
}

/// Why `B` acknowledges three small segments of `A`'s, 10 ms apart, and when, in milliseconds.
fn acknowledgments(tcp: Config) -> Vec<(u128, SendReason)> {
    let mut world = World::new(host(A, Config { nagle: false, ..Config::linux() }), host(B, tcp));
    let handles = world.establish("10.0.0.2:80");
    world.reasons();
    let (began, mut seen) = (world.now, Vec::new());
    for step in 0..100 {
        if step % 10 == 0 && step < 30 {
            world.tcp(A, handles[A]).send("hello".into()).unwrap();
        }
        world.settle();
        let reasons = world.reasons().into_iter().filter(|(who, _)| *who == B);
        seen.extend(reasons.map(|(_, reason)| ((world.now - began).as_millis(), reason)));
        world.pass(Duration::from_millis(1));
    }
    seen
}

#[test]
fn linux_acknowledges_the_first_segments_at_once() {
    let quick = SendReason::QuickAck;
    assert_eq!(acknowledgments(Config::linux()), [(0, quick), (10, quick), (20, quick)]);
}

#[test]
fn freebsd_acknowledges_any_second_segment_and_the_last_one_after_40_ms() {
    let expected = [(10, SendReason::SecondSegmentAck), (60, SendReason::DelayedAck)];
    assert_eq!(acknowledgments(Config::freebsd()), expected);
}

/// After how many milliseconds an unanswered segment is sent again, on a path without delay.
fn first_retransmission(tcp: Config) -> u128 {
    let mut world = World::new(host(A, tcp), config(B));
    let handles = world.establish("10.0.0.2:80");
    world.lose = |who, _| who == A;
    world.tcp(A, handles[A]).send("hello".into()).unwrap();
    world.settle();
    world.reasons();
    let began = world.now;
    while world.reasons().is_empty() {
        world.pass(Duration::from_millis(1));
    }
    (world.now - began).as_millis()
}

#[test]
fn retransmission_waits_as_long_as_the_system_does() {
    assert_eq!(first_retransmission(Config::linux()), 200);
    assert_eq!(first_retransmission(Config::freebsd()), 230);
}
