use std::collections::BTreeSet;

use super::{COUNT, FIRST, LAST, PortAllocator, PortShare};
use crate::keyed::Purpose;
use crate::{ConnectError, ConnectOptions, Host, HostConfig, Instant, ListenOptions};

#[test]
fn ports_follow_each_other_from_an_offset_of_the_destination() {
    let mut ports = PortAllocator::new(&[1; 32], Purpose::TcpPorts);
    let local = "10.0.0.1".parse().unwrap();
    let (one, two) = ("10.0.0.2:80".parse().unwrap(), "10.0.0.3:80".parse().unwrap());
    let first = ports.allocate(local, one, |_| true).unwrap();
    let second = ports.allocate(local, one, |_| true).unwrap();
    let elsewhere = ports.allocate(local, two, |_| true).unwrap();
    assert!((FIRST..=LAST).contains(&first));
    assert_eq!(second, if first == LAST { FIRST } else { first + 1 });
    assert_ne!(elsewhere, second + 1, "another destination has another offset");
}

#[test]
fn every_port_is_found_before_none_is_left() {
    let mut ports = PortAllocator::new(&[1; 32], Purpose::TcpPorts);
    let (local, remote) = ("::1".parse().unwrap(), "[::2]:80".parse().unwrap());
    let mut taken = BTreeSet::new();
    while let Some(port) = ports.allocate(local, remote, |port| !taken.contains(&port)) {
        taken.insert(port);
    }
    assert_eq!(taken.len(), COUNT as usize);
}

#[test]
fn the_shares_are_all_of_the_range_and_do_not_overlap() {
    for hosts in [1, 2, 3, 7, 256] {
        for port in FIRST..=LAST {
            let owners = (0..hosts).filter(|host| PortShare::new(*host, hosts).contains(port));
            assert_eq!(owners.collect::<Vec<_>>(), [PortShare::owner(port, hosts)]);
        }
    }
}

#[test]
fn every_port_of_a_share_can_be_had_once_for_one_remote() {
    let mut host = Host::new(HostConfig::new([("10.0.0.1".parse().unwrap(), 24)]), [7; 32]);
    host.set_port_share(PortShare::new(255, 256));
    host.listen("10.0.0.1:33023".parse().unwrap(), ListenOptions::default()).unwrap();
    let remote = "10.0.0.2:80".parse().unwrap();
    let mut had = BTreeSet::new();
    let last = loop {
        match host.connect(remote, ConnectOptions::default(), Instant::ZERO) {
            Ok(handle) => assert!(had.insert(host.tcp(handle).unwrap().local_addr().port())),
            Err(error) => break error,
        }
    };
    assert_eq!(last, ConnectError::NoFreePort);
    // One is listened on.
    let expected = (FIRST..=LAST).filter(|port| port % 256 == 255 && *port != 33_023);
    assert!(had.into_iter().eq(expected));
}
