use bytes::Bytes;
use synfin_device::Offload;

use super::*;

fn packet(length: usize) -> PacketIn {
    PacketIn { bytes: Bytes::from(vec![0; length]), offload: Offload::default() }
}

#[test]
fn what_waits_for_a_shard_is_bounded_in_packets_and_in_octets() {
    let inbox = Inbox::default();
    for (length, held) in [(20, PACKETS), (65_535, OCTETS.div_ceil(65_535)), (20, PACKETS)] {
        for _ in 0..2 * PACKETS {
            inbox.push(packet(length));
        }
        assert_eq!(inbox.drain(Waker::noop()).len(), held);
    }
    assert!(inbox.drain(Waker::noop()).is_empty());
}
