use bytes::Bytes;
use pcap_parser::traits::PcapReaderIterator;
use pcap_parser::{Block, PcapBlockOwned, PcapError, PcapNGReader};

use super::*;
use crate::{Medium, Offload, Payload};

fn recorded(packets: &[PacketOut<'_>]) -> Vec<Vec<u8>> {
    let options = Options { medium: Medium::Ip, interface: "", snap_len: 0 };
    let mut sniffer = Sniffer::new(Vec::new(), options).unwrap();
    for packet in packets {
        sniffer.record(packet, Direction::Outbound, 0, None).unwrap();
    }
    let file = sniffer.into_inner();
    let mut reader = PcapNGReader::new(1 << 20, &file[..]).unwrap();
    let mut found = Vec::new();
    loop {
        match reader.next() {
            Ok((consumed, block)) => {
                if let PcapBlockOwned::NG(Block::EnhancedPacket(packet)) = block {
                    found.push(packet.data[..packet.caplen as usize].to_vec());
                }
                reader.consume(consumed);
            }
            Err(PcapError::Eof) => return found,
            Err(PcapError::Incomplete(_)) => reader.refill().unwrap(),
            Err(error) => panic!("{error:?}"),
        }
    }
}

fn partial(start: u16, offset: u16) -> Offload {
    Offload { checksum: ChecksumOffload::Partial { start, offset }, segmentation: None }
}

#[test]
fn the_recorded_copy_has_its_checksum_completed() {
    let header = *b"IP..\x12\x34\x00\x07\xab\xcd";
    let payload = [Bytes::from_static(b"odd"), Bytes::new(), Bytes::from_static(b"even!")];
    let many: Vec<Bytes> = (0..40_u8).map(|n| Bytes::copy_from_slice(&[n; 3])).collect();
    for payload in [&payload[..], &many] {
        let packet = PacketOut { header: &header, payload: Payload::of(payload), offload: partial(4, 2) };
        let mut expected = [&header[..], &payload.concat()].concat();
        segment::complete_checksum(&mut expected, packet.offload.checksum).unwrap();
        assert_ne!(expected[6..8], header[6..8]);
        assert_eq!(recorded(&[packet]), [expected]);
    }
    assert_eq!(header[6..8], [0, 7]);
}

#[test]
fn other_packets_are_recorded_as_they_are() {
    let header = [1, 2, 3, 4];
    let payload = [Bytes::from_static(&[5, 6, 7])];
    for offload in [Offload::default(), partial(0, 6), partial(2, 2), partial(65_535, 65_535)] {
        let packet = PacketOut { header: &header, payload: Payload::of(&payload), offload };
        assert_eq!(recorded(&[packet]), [[1, 2, 3, 4, 5, 6, 7]]);
    }
}
