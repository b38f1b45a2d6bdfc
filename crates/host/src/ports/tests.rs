use std::collections::BTreeSet;

use super::{COUNT, FIRST, LAST, PortAllocator};
use crate::keyed::Purpose;

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
