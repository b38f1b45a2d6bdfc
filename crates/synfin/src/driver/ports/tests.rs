use std::collections::BTreeSet;

use synfin_host::HostConfig;

use super::*;

fn host() -> Host {
    Host::new(HostConfig::new([("10.0.0.1".parse().unwrap(), 24)]), [7; 32])
}

#[test]
fn the_shards_ranges_are_all_of_the_range_and_do_not_overlap() {
    for shards in [2, 3, 7, 256] {
        let mut all = BTreeSet::new();
        for shard in 0..shards {
            let (first, count) = ShardPorts::new(shard, shards, [0; 32], Arc::default()).range();
            for port in (0..count).map(|place| first + place as u16 * shards as u16) {
                assert_eq!(usize::from(port) % shards, shard);
                assert!(all.insert(port), "{port} is of two shards");
            }
        }
        assert_eq!((all.first(), all.last()), (Some(&FIRST), Some(&LAST)));
        assert_eq!(all.len(), usize::from(LAST - FIRST) + 1);
    }
}

#[test]
fn every_port_of_a_shard_can_be_had_once_for_one_remote() {
    let mut ports = ShardPorts::new(255, 256, [9; 32], Arc::default());
    let mut host = host();
    let listening: SocketAddr = "10.0.0.1:33023".parse().unwrap();
    host.listen(listening, synfin_host::ListenOptions::default()).unwrap();
    let remote: SocketAddr = "10.0.0.2:80".parse().unwrap();
    let mut had = BTreeSet::new();
    let last = loop {
        match ports.connect(&mut host, remote, ConnectOptions::default(), Instant::from_nanos(0)) {
            Ok(handle) => assert!(had.insert(host.tcp(handle).unwrap().local_addr().port())),
            Err(error) => break error,
        }
    };
    assert_eq!(last, ConnectError::NoFreePort);
    // One is listened on.
    assert_eq!(had.len() as u32, ports.range().1 - 1);
    assert!(!had.contains(&listening.port()));
    assert!(had.iter().all(|port| port % 256 == 255));
}
