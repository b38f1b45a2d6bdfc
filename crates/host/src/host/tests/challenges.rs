use synfin_tcp::SendReason;

use crate::config::HostConfig;
use crate::packet::{PacketIn, PacketNote, PacketOut};
use crate::testing::{A, B, World, config};

/// The same segment with SYN in place of ACK.
fn as_syn(packet: &PacketOut) -> PacketIn {
    let mut bytes = packet.to_bytes().to_vec();
    let tcp = if bytes[0] >> 4 == 4 { 20 } else { 40 };
    bytes[tcp + 13] = 0x02;
    PacketIn { bytes: bytes.into(), trust_checksum: true, segment_size: None }
}

#[test]
fn what_one_host_is_sent_tells_nothing_of_another() {
    let mut world = World::new(config(A), HostConfig { challenges_per_second: 1, ..config(B) });
    // A has two addresses, which B takes for two hosts.
    for server in ["10.0.0.2:80", "10.0.0.2:81", "[fd00::2]:80"] {
        world.establish(server);
    }
    let is_third = |packet: &PacketOut| packet.note == PacketNote::Tcp(SendReason::HandshakeAck);
    let sent = std::mem::take(&mut world.sent);
    let forged: Vec<PacketIn> =
        sent.iter().filter(|(_, packet)| is_third(packet)).map(|(_, packet)| as_syn(packet)).collect();
    let challenged: Vec<bool> = forged
        .into_iter()
        .map(|syn| {
            let _ = world.hosts[B].handle_packet(syn, world.now);
            world.settle();
            world.reasons().contains(&(B, SendReason::ChallengeSyn))
        })
        .collect();
    assert_eq!(challenged, [true, false, true]);
    assert_eq!(world.hosts[B].counters().challenges_suppressed, 1);
}
