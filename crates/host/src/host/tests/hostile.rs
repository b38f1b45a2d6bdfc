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
        4 => (any::<[u8; 5]>(), 0..40u8).prop_map(|(choice, len)| segment(choice, len)),
    ]
}

/// A segment for one of few connections, its numbers close to what may be right.
fn segment([client, seq, ack, flags, window]: [u8; 5], len: u8) -> Vec<u8> {
    let mut bytes = vec![0; 40 + usize::from(len)];
    bytes[0] = 0x45;
    bytes[3] = 40 + len;
    bytes[9] = 6;
    bytes[12..20].copy_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
    bytes[20..24].copy_from_slice(&[0, 1 + client % 2, 0, 80]);
    bytes[27] = seq % 64;
    // What it acknowledges is written in when the listener has answered.
    bytes[31] = ack % 4;
    bytes[32] = 5 << 4;
    bytes[33] = [2, 16, 16, 16, 17, 18, 4, 20, 1, flags][usize::from(flags) % 10];
    bytes[35] = window;
    bytes
}

/// Acknowledges close to what the host has sent last.
fn acknowledge(segment: &mut [u8], sent: u32) {
    if segment.len() >= 40 && segment[9] == 6 && segment[20] == 0 && segment[23] == 80 {
        let ack = sent.wrapping_add(u32::from(segment[31])).wrapping_sub(1);
        segment[28..32].copy_from_slice(&ack.to_be_bytes());
    }
}

fn survive(mut host: Host, packets: Vec<Vec<u8>>, frame: bool) {
    let listener = host.listen("10.0.0.2:80".parse().unwrap(), Default::default()).unwrap();
    let (mut now, mut sent, mut accepted) = (Instant::ZERO, 0, Vec::new());
    for (count, mut bytes) in packets.into_iter().enumerate() {
        acknowledge(&mut bytes, sent);
        if frame {
            let ether_type = if bytes.first().is_some_and(|first| first >> 4 == 4) { 0 } else { 0xdd };
            let kind = if ether_type == 0 { 8 } else { 0x86 };
            bytes = [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 9, kind, ether_type][..], &bytes].concat();
        }
        let _ = host
            .handle_packet(PacketIn { bytes: bytes.into(), trust_checksum: true, segment_size: None }, now);
        if count % 3 == 0 {
            while let Some(packet) = host.poll_transmit(now) {
                if packet.header.len() >= 40 && packet.header[9] == 6 {
                    let seq = packet.header[24..28].try_into().unwrap();
                    sent = u32::from_be_bytes(seq).wrapping_add(1);
                }
            }
            while host.poll_event().is_some() {}
            accepted.extend(host.accept(listener));
        }
        if count % 7 == 0 {
            now = host.poll_timeout().unwrap_or(now).max(now);
            host.handle_timeout(now);
        }
        host.check_invariants();
    }
    for connection in accepted {
        host.tcp(connection.handle).unwrap().release(now);
        host.check_invariants();
    }
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
