//! Any octets, taken as a capture: whatever they are, reading ends, nothing panics, and what comes out is within bounds.
//!
//! The first octet chooses: the octets as they are, or the rest as the frames of a good file, so that what is within
//! frames is reached too.

#![no_main]

use libfuzzer_sys::fuzz_target;
use synfin_explain::capture::{LONGEST_RECORD, Reader};
use synfin_explain::packet::{Dissected, Dissector};

/// Link types that frames of a good file are given.
const LINKS: [u16; 27] = [
    0, 1, 6, 9, 10, 12, 50, 51, 100, 101, 104, 105, 107, 108, 109, 113, 117, 127, 138, 192, 204, 219, 228,
    229, 239, 276, 147,
];

fuzz_target!(|octets: &[u8]| {
    let Some((&choice, rest)) = octets.split_first() else { return };
    match LINKS.get(usize::from(choice)) {
        Some(&link) => read(&framed(link, rest)),
        None => read(rest),
    }
});

/// A pcap file with frames whose lengths, captured and original, stand before each.
fn framed(link: u16, mut rest: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 4 << 16 | 2, 0, 0, 65_535, link.into()] {
        file.extend(word.to_le_bytes());
    }
    while let [len, more, behind @ ..] = rest {
        let (bytes, behind) = behind.split_at(behind.len().min(usize::from(*len)));
        let captured = bytes.len() as u32;
        for word in [u32::from(*more), 0, captured, captured + u32::from(more & 0x7f) * 16] {
            file.extend(word.to_le_bytes());
        }
        file.extend(bytes);
        rest = behind;
    }
    file
}

fn read(file: &[u8]) {
    let Ok(mut reader) = Reader::new(file) else { return };
    let mut dissector = Dissector::new();
    let mut number = 0;
    loop {
        match reader.next() {
            Ok(Some(frame)) => {
                number += 1;
                assert_eq!(frame.number, number);
                assert!(frame.bytes.len() <= LONGEST_RECORD as usize);
                match dissector.dissect(&frame) {
                    Dissected::Tcp(packet) => {
                        assert_eq!(packet.source.is_ipv4(), packet.destination.is_ipv4());
                        assert!(packet.text.len() as u64 <= u64::from(packet.len));
                        assert!(packet.sequence_length() >= packet.len);
                    }
                    Dissected::Icmp(error) => assert_eq!(error.frame, number),
                    Dissected::Other(reason) => assert!(!reason.to_string().is_empty()),
                }
            }
            Ok(None) => break,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                assert!(matches!(reader.next(), Ok(None)));
                break;
            }
        }
    }
}
