use pcap_parser::traits::PcapReaderIterator;
use pcap_parser::{Block, OptionCode, PcapBlockOwned, PcapError, PcapNGReader};

use super::*;

/// The option of an enhanced packet block that holds the direction.
const EPB_FLAGS: u16 = 2;

#[derive(Debug, PartialEq, Eq)]
struct Packet {
    bytes: Vec<u8>,
    original_len: u32,
    timestamp: u64,
    flags: u32,
    comment: Option<String>,
}

#[derive(Debug)]
struct Capture {
    link_type: i32,
    snap_len: u32,
    interface: Option<String>,
    resolution: u8,
    packets: Vec<Packet>,
}

fn read(file: &[u8]) -> Capture {
    let mut capture =
        Capture { link_type: -1, snap_len: 0, interface: None, resolution: 0, packets: Vec::new() };
    let mut reader = PcapNGReader::new(1 << 20, file).unwrap();
    loop {
        match reader.next() {
            Ok((consumed, PcapBlockOwned::NG(block))) => {
                take(&mut capture, &block);
                reader.consume(consumed);
            }
            Ok(_) => panic!("not a block of pcapng"),
            Err(PcapError::Eof) => return capture,
            Err(PcapError::Incomplete(_)) => reader.refill().unwrap(),
            Err(error) => panic!("{error:?}"),
        }
    }
}

fn take(capture: &mut Capture, block: &Block<'_>) {
    match block {
        Block::SectionHeader(section) => {
            let application = section.options.iter().find(|o| o.code == OptionCode::ShbUserAppl).unwrap();
            assert!(application.value.starts_with(b"synfin "));
        }
        Block::InterfaceDescription(interface) => {
            capture.link_type = interface.linktype.0;
            capture.snap_len = interface.snaplen;
            capture.resolution = interface.if_tsresol;
            capture.interface = text(interface.options.iter().find(|o| o.code == OptionCode::IfName));
        }
        Block::EnhancedPacket(packet) => {
            let flags = packet.options.iter().find(|o| o.code == OptionCode(EPB_FLAGS)).unwrap();
            let comment = packet.options.iter().find(|o| o.code == OptionCode::Comment);
            capture.packets.push(Packet {
                bytes: packet.data[..packet.caplen as usize].to_vec(),
                original_len: packet.origlen,
                timestamp: u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low),
                flags: u32::from_le_bytes(flags.value[..4].try_into().unwrap()),
                comment: text(comment),
            });
        }
        _ => panic!("a block that was not written"),
    }
}

fn text(option: Option<&pcap_parser::PcapNGOption<'_>>) -> Option<String> {
    option.map(|option| String::from_utf8(option.value[..usize::from(option.len)].to_vec()).unwrap())
}

#[test]
fn another_reader_finds_packets_stamps_and_comments() {
    let options = Options { medium: Medium::Ip, interface: "synfin0", snap_len: 0 };
    let mut writer = Writer::new(Vec::new(), options).unwrap();
    let stamp = 1_753_000_000_123_456_789;
    for length in 0..9_usize {
        let bytes: Vec<u8> = (0..length as u8).collect();
        let (front, back) = bytes.split_at(length / 2);
        let comment = "é".repeat(length);
        let comment = (length % 2 == 1).then_some(comment.as_str());
        let direction = if length < 4 { Direction::Inbound } else { Direction::Outbound };
        writer.packet(&[front, &[], back], direction, stamp + length as u64, comment).unwrap();
    }
    let capture = read(&writer.into_inner());
    assert_eq!((capture.link_type, capture.snap_len, capture.resolution), (101, 0, 9));
    assert_eq!(capture.interface.as_deref(), Some("synfin0"));
    let expected = (0..9_u8).map(|length| Packet {
        bytes: (0..length).collect(),
        original_len: length.into(),
        timestamp: stamp + u64::from(length),
        flags: if length < 4 { 1 } else { 2 },
        comment: (length % 2 == 1).then(|| "é".repeat(length.into())),
    });
    assert_eq!(capture.packets, expected.collect::<Vec<_>>());
}

#[test]
fn the_snap_length_cuts_across_pieces() {
    let options = Options { medium: Medium::Ethernet, interface: "", snap_len: 5 };
    let mut writer = Writer::new(Vec::new(), options).unwrap();
    writer.packet(&[b"abc", b"def", b"ghi"], Direction::Inbound, 7, None).unwrap();
    writer.packet(&[b"abc"], Direction::Inbound, 8, None).unwrap();
    let capture = read(&writer.into_inner());
    assert_eq!((capture.link_type, capture.snap_len, capture.interface), (1, 5, None));
    let lengths = capture.packets.iter().map(|packet| (&packet.bytes[..], packet.original_len));
    assert_eq!(lengths.collect::<Vec<_>>(), [(&b"abcde"[..], 9), (b"abc", 3)]);
}

#[test]
fn a_comment_too_long_is_cut_between_characters() {
    let options = Options { medium: Medium::Ip, interface: "", snap_len: 0 };
    let mut writer = Writer::new(Vec::new(), options).unwrap();
    writer.packet(&[b"x"], Direction::Inbound, 0, Some(&"é".repeat(40_000))).unwrap();
    let capture = read(&writer.into_inner());
    assert_eq!(capture.packets[0].comment.as_deref(), Some(&*"é".repeat(32_767)));
}
