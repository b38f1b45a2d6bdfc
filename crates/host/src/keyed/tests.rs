use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::{Key, Purpose};

/// Pairs that share the lowest eight bits of their hash under one secret: what an attacker would collect who could
/// compute it.
fn colliding(key: &Key) -> Vec<(SocketAddr, SocketAddr)> {
    let local: SocketAddr = "10.0.0.1:80".parse().unwrap();
    let pairs = (1..=u16::MAX).map(|port| (local, SocketAddr::from(([10, 0, 0, 2], port))));
    pairs.filter(|(local, remote)| key.hash_pair(*local, *remote) & 0xff == 0).collect()
}

#[test]
fn what_collides_under_one_secret_is_spread_under_another() {
    let pairs = colliding(&Key::derive(&[1; 32], Purpose::ConnectionTable));
    assert!(pairs.len() > 100);
    let others =
        [Key::derive(&[2; 32], Purpose::ConnectionTable), Key::derive(&[1; 32], Purpose::ListenerTable)];
    for other in others {
        let places: BTreeSet<u64> =
            pairs.iter().map(|(local, remote)| other.hash_pair(*local, *remote) & 0xff).collect();
        assert!(places.len() > 100, "{} places for {} pairs", places.len(), pairs.len());
    }
}

#[test]
fn a_key_prints_nothing_of_itself() {
    assert_eq!(format!("{:?}", Key::derive(&[1; 32], Purpose::SequenceNumbers)), "Key");
}
