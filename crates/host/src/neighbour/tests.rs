use std::net::IpAddr;

use synfin_wire::{Instant, IpProtocol};

use super::{FRESH, Neighbours, RETRY};
use crate::MacAddress;
use crate::config::{HostConfig, Medium};
use crate::emit::Emitter;
use crate::packet::PacketOut;
use crate::table::Pair;

const OURS: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
const THEIRS: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);
const NOW: Instant = Instant::from_millis(1);

fn hop(last: u8) -> IpAddr {
    [10, 0, 0, last].into()
}

fn packet(text: &'static str) -> PacketOut {
    let config = HostConfig { medium: Medium::Ethernet(OURS), ..HostConfig::new([]) };
    let pair = Pair { local: "10.0.0.1:1".parse().unwrap(), remote: "10.0.0.2:2".parse().unwrap() };
    let mut emitter = Emitter::new(&config, &[1; 32]);
    let ip = emitter.ip_header(pair.local.ip(), pair.remote.ip(), IpProtocol::UDP);
    emitter.udp(&ip, pair, text.into()).remove(0)
}

#[test]
fn the_last_packet_waits_for_the_answer() {
    let mut neighbours = Neighbours::new(&[1; 32], 10);
    let first = neighbours.resolve(packet("first"), hop(2), OURS, NOW);
    assert!(first.packet.is_none() && first.ask);
    let second = neighbours.resolve(packet("second"), hop(2), OURS, NOW);
    assert!(second.packet.is_none() && !second.ask);
    let waiting = neighbours.learn(hop(2), THEIRS, false, OURS, NOW).unwrap();
    assert_eq!(waiting.payload[0], "second");
    assert_eq!(waiting.header[..14], [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]);
    assert_eq!(neighbours.poll_timeout(), None);
    let third = neighbours.resolve(packet("third"), hop(2), OURS, NOW);
    assert!(third.packet.is_some() && !third.ask);
}

#[test]
fn one_that_does_not_answer_is_asked_three_times_and_forgotten() {
    let mut neighbours = Neighbours::new(&[1; 32], 10);
    let _ = neighbours.resolve(packet("lost"), hop(2), OURS, NOW);
    let mut now = NOW;
    for expected in [Some(hop(2)), Some(hop(2)), None] {
        now += RETRY;
        assert_eq!(neighbours.next_due(now), expected);
        assert_eq!(neighbours.next_due(now), None);
    }
    assert_eq!((neighbours.poll_timeout(), neighbours.table.len()), (None, 0));
    assert!(neighbours.resolve(packet("again"), hop(2), OURS, now).ask);
}

#[test]
fn what_is_old_is_used_and_asked_for_again() {
    let mut neighbours = Neighbours::new(&[1; 32], 10);
    assert!(neighbours.learn(hop(2), THEIRS, false, OURS, NOW).is_none());
    assert_eq!(neighbours.known(hop(2)), None, "nobody asked for it");
    neighbours.learn(hop(2), THEIRS, true, OURS, NOW);
    let stale = neighbours.resolve(packet("stale"), hop(2), OURS, NOW + FRESH);
    assert!(stale.packet.is_some() && stale.ask);
}

#[test]
fn the_cache_is_bounded() {
    let mut neighbours = Neighbours::new(&[1; 32], 10);
    for last in 0..=255 {
        let _ = neighbours.resolve(packet("hostile"), hop(last), OURS, NOW);
        assert!(neighbours.table.len() <= 10);
    }
    assert_eq!((neighbours.made.len(), neighbours.asking.len()), (10, 10));
    neighbours.learn(hop(255), MacAddress([1, 0, 0, 0, 0, 0]), true, OURS, NOW);
    assert_eq!(neighbours.known(hop(255)), None, "nobody is at a multicast address");
}
