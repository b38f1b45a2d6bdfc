use std::net::{IpAddr, Ipv4Addr};

use synfin_wire::Instant;

use super::{COUNTED, ChallengeLimit};

fn peer(number: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + number).into()
}

#[test]
fn each_remote_host_has_its_own_bound() {
    let mut limit = ChallengeLimit::new(&[1; 32], 2);
    let now = Instant::from_millis(1999);
    assert_eq!([(); 3].map(|()| limit.allows(peer(1), now)), [true, true, false]);
    assert_eq!([(); 3].map(|()| limit.allows(peer(2), now)), [true, true, false]);
    assert!(limit.allows(peer(1), Instant::from_millis(2000)), "a second later");
}

#[test]
fn a_crowd_neither_grows_the_memory_nor_silences_anybody() {
    let mut limit = ChallengeLimit::new(&[1; 32], 1);
    let now = Instant::from_millis(1);
    let crowd = COUNTED as u32 + 1000;
    assert!((0..crowd).all(|number| limit.allows(peer(number), now)));
    assert_eq!(limit.sent.len(), COUNTED);
    assert!(limit.allows(peer(crowd), now) && !limit.allows(peer(0), now));
}
