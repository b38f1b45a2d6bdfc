use super::*;
use crate::testing::ip;

fn key(text: &str) -> Md5Key {
    Md5Key::new(text.as_bytes()).unwrap()
}

#[test]
fn a_key_has_1_to_80_octets_and_is_not_shown() {
    assert!(Md5Key::new(&[1; 80]).is_some());
    assert!(Md5Key::new(&[1; 81]).is_none());
    assert!(Md5Key::new(&[]).is_none());
    assert_eq!(format!("{:?}", key("secret")), "Md5Key(..)");
}

#[test]
fn the_longest_prefix_counts() {
    let mut keys = PeerKeys::default();
    keys.set(ip("0.0.0.0"), 0, Some(key("all")));
    keys.set(ip("10.0.0.1"), 32, Some(key("one")));
    keys.set(ip("10.0.0.99"), 8, Some(key("net")));
    keys.set(ip("fd00::"), 64, Some(key("six")));
    for (peer, expected) in [
        ("10.0.0.1", Some("one")),
        ("10.0.0.2", Some("net")),
        ("192.0.2.1", Some("all")),
        ("fd00::7", Some("six")),
        ("fd01::7", None),
    ] {
        assert_eq!(keys.find(ip(peer)), expected.map(key).as_ref(), "{peer}");
    }
}

#[test]
fn a_key_of_the_same_peers_is_replaced_and_taken_away() {
    let mut keys = PeerKeys::default();
    keys.set(ip("10.0.0.1"), 24, Some(key("old")));
    keys.set(ip("10.0.0.2"), 24, Some(key("new")));
    assert_eq!(keys.find(ip("10.0.0.3")), Some(&key("new")));
    keys.set(ip("10.0.0.3"), 32, None);
    assert_eq!(keys.find(ip("10.0.0.3")), Some(&key("new")), "another prefix is other peers");
    keys.set(ip("10.0.0.9"), 24, None);
    assert_eq!(keys.find(ip("10.0.0.3")), None);
}
