use std::time::Duration;

use crate::config::{ConnectOptions, Limits, ListenOptions};
use crate::host::Host;
use crate::packet::PacketIn;
use crate::testing::{A, B, World, end};

const SERVER: &str = "10.0.0.2:80";

/// A SYN from an address that nobody has, as far as the network of this test goes; each number has its own.
fn syn(number: u32) -> PacketIn {
    // Multiplied by an odd number, no two are alike.
    let [a, b, c, d] = number.wrapping_mul(0x9e37_79b9).to_be_bytes();
    let mut bytes = vec![0; 40];
    bytes[0] = 0x45;
    bytes[3] = 40;
    bytes[8] = 64;
    bytes[9] = 6;
    bytes[12..20].copy_from_slice(&[100 + a % 100, b, c, d, 10, 0, 0, 2]);
    bytes[20..24].copy_from_slice(&[4 + a % 100, b ^ d, 0, 80]);
    bytes[24..28].copy_from_slice(&[d, c, b, a]);
    bytes[32] = 5 << 4;
    bytes[33] = 2;
    bytes[34..36].copy_from_slice(&[0xff, 0xff]);
    PacketIn { bytes: bytes.into(), trust_checksum: true, segment_size: None }
}

/// Hands the host a SYN; what it answers leads nowhere. Returns how many packets that were.
fn flood(world: &mut World, number: u32) -> usize {
    let _ = world.hosts[B].handle_packet(syn(number), world.now);
    std::iter::from_fn(|| world.hosts[B].poll_transmit(world.now)).count()
}

/// RFC 4987 section 2.1: SYNs from spoofed addresses fill the queue of half-open connections, and others find no place
/// in it. They must find one all the same (section 3.6), and the host must hold no more for all of them.
#[test]
fn a_hundred_thousand_syns_in_a_second_keep_nobody_out() {
    let mut world = World::plain();
    world.recording = false;
    let (most_half_open, mut most, mut answers) = (Limits::default().half_open, 0, 0);
    let listener = world.hosts[B].listen(end(SERVER), ListenOptions::default()).unwrap();
    for burst in 0..1000 {
        for number in 0..100 {
            answers += flood(&mut world, burst * 100 + number);
        }
        most = most.max(world.hosts[B].connection_count());
        if burst % 10 == 9 {
            let client = world.hosts[A].connect(end(SERVER), ConnectOptions::default(), world.now).unwrap();
            world.settle();
            let served = world.hosts[B].accept(listener).expect("connected in one round trip").handle;
            world.tcp(A, client).send("ping".into()).unwrap();
            world.settle();
            assert_eq!(world.tcp(B, served).receive(9), Ok(Some("ping".into())));
            world.tcp(A, client).abort();
            world.tcp(A, client).release();
            world.settle();
            world.tcp(B, served).release();
        }
        world.pass(Duration::from_millis(1));
    }
    assert!(most <= most_half_open, "{most} connections");
    assert!(answers <= 100_000, "one SYN is answered by one packet at most: {answers}");
    assert_eq!(world.hosts[B].counters().established, 100);
    // RFC 9293 section 3.8.3, MUST-23: a SYN-ACK is given up after 3 minutes or more.
    world.pass(Duration::from_secs(400));
    assert_eq!(world.hosts.each_ref().map(Host::connection_count), [0, 0]);
}
