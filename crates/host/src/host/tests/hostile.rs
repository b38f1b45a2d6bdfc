use proptest::prelude::*;
use synfin_wire::Instant;

use crate::Host;
use crate::config::HostConfig;
use crate::packet::PacketIn;
use crate::testing::{B, config, ethernet};

/// Octets that look enough like packets to get past the first checks.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let body = prop::collection::vec(any::<u8>(), 0..120);
    prop_oneof![
        1 => body.clone(),
        4 => (any::<[u8; 3]>(), body).prop_map(|([kind, protocol, last], mut body)| {
            let mut bytes = vec![0; 40];
            let protocol = [1, 6, 17, 58, 44, 0, protocol][usize::from(protocol) % 7];
            if kind % 2 == 0 {
                bytes.truncate(20);
                bytes[0] = 0x45;
                let len = 20 + body.len() as u16;
                bytes[2..4].copy_from_slice(&len.to_be_bytes());
                bytes[6..8].copy_from_slice(&[if kind % 8 == 0 { 0x20 } else { 0 }, last & 3]);
                bytes[9] = protocol;
                bytes[12..20].copy_from_slice(&[10, 0, 0, last, 10, 0, 0, 2]);
            } else {
                bytes[0] = 0x60;
                bytes[4..6].copy_from_slice(&(body.len() as u16).to_be_bytes());
                bytes[6] = protocol;
                bytes[8..10].copy_from_slice(&[0xfd, 0]);
                bytes[23] = last;
                bytes[24..26].copy_from_slice(&[0xfd, 0]);
                bytes[39] = 2;
            }
            bytes.append(&mut body);
            bytes
        }),
    ]
}

fn survive(mut host: Host, packets: Vec<Vec<u8>>, frame: bool) {
    let listener = host.listen("[::]:0".parse().unwrap(), Default::default()).unwrap();
    let mut now = Instant::ZERO;
    for (count, bytes) in packets.into_iter().enumerate() {
        let bytes = if frame {
            let ether_type = if bytes.first().is_some_and(|first| first >> 4 == 4) { 0 } else { 6 };
            [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 9, 8, ether_type][..], &bytes].concat()
        } else {
            bytes
        };
        let _ = host.handle_packet(PacketIn { bytes: bytes.into(), trust_checksum: true }, now);
        if count % 3 == 0 {
            while host.poll_transmit(now).is_some() {}
            while host.poll_event().is_some() {}
        }
        now = host.poll_timeout().unwrap_or(now).max(now);
        host.handle_timeout(now);
    }
    assert!(host.accept(listener).is_none());
}

proptest! {
    #[test]
    fn nothing_that_arrives_panics(packets in prop::collection::vec(packet(), 0..60)) {
        survive(Host::new(config(B), [3; 32]), packets.clone(), false);
        let forwarder = HostConfig { any_address: true, ..config(B) };
        survive(Host::new(forwarder, [3; 32]), packets.clone(), false);
        survive(Host::new(ethernet(B), [3; 32]), packets, true);
    }
}
