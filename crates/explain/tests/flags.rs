//! Whatever flags two segments bear, and wherever a capture of them breaks off, all of it is told.
//!
//! Each of the 64 x 64 pairs of the six flags of RFC 9293 section 3.1 is a conversation of two segments, the second from
//! the same side or from the other. Each capture is cut at every octet and read, dissected and followed. What was told
//! can differ only with the number of whole frames, which each cut is held to; so the words are made once for each number
//! of frames. Made at each octet they would be the same words, some fifty times over.

use synfin_explain::capture::{CaptureError, Reader};
use synfin_explain::packet::{Dissected, Dissector};
use synfin_explain::{Detail, Explainer};
use synfin_ladder::json::{Capture, Document};
use synfin_ladder::{Catalogue, Connection, Language, Words, text};

/// The header of a pcap file.
const FILE: usize = 24;
/// What stands before each frame.
const RECORD: usize = 16;
/// FIN, SYN, RST, PSH, ACK and URG in any combination.
const COMBINATIONS: u8 = 64;
/// Link type 101: IP without anything before it.
const RAW: u32 = 101;

/// Who sends the second segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Second {
    SameSide,
    OtherSide,
}

/// Of which kind IP is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

impl Family {
    const fn header(self) -> usize {
        match self {
            Self::V4 => 20,
            Self::V6 => 40,
        }
    }
}

/// A segment as it stands behind IP's header. Its checksum is left out: nobody asks for it where text is not kept.
fn segment(ports: (u16, u16), seq: u32, ack: u32, flags: u8, text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(20 + text.len());
    bytes.extend(ports.0.to_be_bytes());
    bytes.extend(ports.1.to_be_bytes());
    bytes.extend(seq.to_be_bytes());
    bytes.extend(ack.to_be_bytes());
    bytes.extend([5 << 4, flags]);
    bytes.extend(1_000_u16.to_be_bytes());
    bytes.extend([0, 0]);
    // An urgent pointer on all of them: only URG makes it one.
    bytes.extend(1_u16.to_be_bytes());
    bytes.extend(text);
    bytes
}

fn packet(family: Family, from_client: bool, segment: &[u8]) -> Vec<u8> {
    let mut hosts = [1, 2];
    if !from_client {
        hosts.reverse();
    }
    let mut bytes = Vec::with_capacity(family.header() + segment.len());
    match family {
        Family::V4 => {
            let len = (family.header() + segment.len()) as u16;
            bytes.extend([0x45, 0]);
            bytes.extend(len.to_be_bytes());
            bytes.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
            hosts.iter().for_each(|host| bytes.extend([10, 0, 0, *host]));
        }
        Family::V6 => {
            bytes.extend([0x60, 0, 0, 0]);
            bytes.extend((segment.len() as u16).to_be_bytes());
            bytes.extend([6, 64]);
            for host in hosts {
                bytes.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host]);
            }
        }
    }
    bytes.extend(segment);
    bytes
}

/// A conversation of two segments. The second has the numbers that a host would give it.
fn conversation(family: Family, flags: [u8; 2], second: Second) -> [Vec<u8>; 2] {
    let (client, server) = ((40_000, 443), (443, 40_000));
    let first = packet(family, true, &segment(client, 0xffff_fff0, 7_000, flags[0], b""));
    let taken = u32::from(flags[0] & 1) + u32::from(flags[0] >> 1 & 1);
    let next = 0xffff_fff0_u32.wrapping_add(taken);
    let second = match second {
        Second::SameSide => packet(family, true, &segment(client, next, 7_000, flags[1], b"ab")),
        Second::OtherSide => packet(family, false, &segment(server, 7_000, next, flags[1], b"ab")),
    };
    [first, second]
}

/// A pcap file of these frames, ten milliseconds apart, of which at most `kept` octets each were captured.
fn file(frames: &[Vec<u8>], kept: usize) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 4 << 16 | 2, 0, 0, 65_535, RAW] {
        file.extend(word.to_le_bytes());
    }
    for (index, frame) in frames.iter().enumerate() {
        let captured = frame.len().min(kept);
        for word in [1, index as u32 * 10_000, captured as u32, frame.len() as u32] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&frame[..captured]);
    }
    file
}

/// What a file told.
struct Told {
    connections: Vec<Connection>,
    frames: u64,
    segments: u64,
    broke_off: Option<CaptureError>,
}

fn read(file: &[u8]) -> Told {
    let mut told = Told { connections: Vec::new(), frames: 0, segments: 0, broke_off: None };
    let mut reader = match Reader::new(file) {
        Ok(reader) => reader,
        Err(error) => return Told { broke_off: Some(error), ..told },
    };
    let mut dissector = Dissector::new();
    let mut explainer = Explainer::new(Detail::All);
    loop {
        match reader.next() {
            Ok(Some(frame)) => {
                told.frames += 1;
                if let Dissected::Tcp(packet) = dissector.dissect(&frame) {
                    told.segments += 1;
                    explainer.observe(&packet);
                }
            }
            Ok(None) => break,
            Err(error) => {
                assert!(matches!(reader.next(), Ok(None)), "nothing comes after {error}");
                told.broke_off = Some(error);
                break;
            }
        }
    }
    told.connections = explainer.finish();
    told
}

/// That a sentence is one: there are words, and none of a message that could not be formatted.
fn assert_is_told(text: &str, what: &str) {
    assert!(!text.trim().is_empty(), "{what}: nothing is said");
    for sign in ["{", "}", "reason-", "finding-", "verdict-", "state-", "certainty-", "word-"] {
        assert!(!text.contains(sign), "{what}: {sign} in {text:?}");
    }
}

/// That each segment is told, in both languages and in JSON.
fn assert_all_is_told(told: &Told, catalogues: &[Catalogue], what: &str) {
    let steps: usize = told.connections.iter().map(|connection| connection.steps.len()).sum();
    assert_eq!(steps as u64, told.segments, "{what}: each segment is one of a connection");
    for connection in &told.connections {
        for catalogue in catalogues {
            let words = Words::new(catalogue, connection);
            assert_is_told(&words.verdict(), what);
            connection.steps.iter().for_each(|step| assert_is_told(&words.sentence(step), what));
            for finding in &connection.findings {
                let said = words.finding(finding);
                [said.name, said.what, said.cause, said.other, said.next]
                    .iter()
                    .for_each(|text| assert_is_told(text, what));
            }
            assert_is_told(&text::ladder(connection, catalogue, &text::Options::default()), what);
        }
    }
    let mut document = Document::begin(Vec::new()).unwrap();
    told.connections.iter().for_each(|connection| document.connection(connection).unwrap());
    let json = document.end(&Capture::default()).unwrap();
    assert!(json.len() < 64 << 10, "{what}: {} octets of JSON for two segments", json.len());
    assert!(json.ends_with(b"}\n"));
}

/// Cuts a conversation at every octet, and says what was told for each number of whole frames.
fn cut_everywhere(frames: &[Vec<u8>; 2], catalogues: &[Catalogue], what: &str) {
    let whole = file(frames, usize::MAX);
    let ends = [FILE + RECORD + frames[0].len(), whole.len()];
    for len in 0..=whole.len() {
        let told = read(&whole[..len]);
        let expected = ends.iter().filter(|end| len >= **end).count() as u64;
        assert_eq!((told.frames, told.segments), (expected, expected), "{what}, cut at {len}");
        let is_clean = len == FILE || ends.contains(&len);
        assert_eq!(told.broke_off.is_none(), is_clean, "{what}, cut at {len}: {:?}", told.broke_off);
        if len == FILE || ends.contains(&len) {
            assert_all_is_told(&told, catalogues, &format!("{what}, cut at {len}"));
        }
    }
}

fn catalogues() -> Vec<Catalogue> {
    Language::ALL.into_iter().map(Catalogue::new).collect()
}

fn every_pair(family: Family, second: Second, step: usize) {
    let catalogues = catalogues();
    for first in 0..COMBINATIONS {
        // Another sample for each first, so that all of the second come.
        for next in (usize::from(first) % step..usize::from(COMBINATIONS)).step_by(step) {
            let flags = [first, next as u8];
            let what = format!("{family:?}, flags {flags:02x?}, {second:?}");
            cut_everywhere(&conversation(family, flags, second), &catalogues, &what);
        }
    }
}

#[test]
fn every_pair_of_flags_from_the_same_side() {
    every_pair(Family::V4, Second::SameSide, 1);
}

#[test]
fn every_pair_of_flags_from_both_sides() {
    every_pair(Family::V4, Second::OtherSide, 1);
}

/// The flags mean the same over IPv6: every seventh pair shows that its header is read.
#[test]
fn a_sample_of_them_over_ipv6() {
    every_pair(Family::V6, Second::SameSide, 7);
    every_pair(Family::V6, Second::OtherSide, 7);
}

/// Whatever the snap length left of the frames: a segment is told if all of its header is there.
#[test]
fn a_sample_of_them_cut_by_the_snap_length() {
    let catalogues = catalogues();
    for (family, second) in [(Family::V4, Second::SameSide), (Family::V6, Second::OtherSide)] {
        for first in 0..COMBINATIONS {
            let flags = [first, first.wrapping_mul(13) % COMBINATIONS];
            let frames = conversation(family, flags, second);
            for kept in 0..=frames[1].len() {
                let what = format!("{family:?}, flags {flags:02x?}, {kept} octets kept");
                let told = read(&file(&frames, kept));
                assert!(told.broke_off.is_none(), "{what}: {:?}", told.broke_off);
                let whole = if kept >= family.header() + 20 { 2 } else { 0 };
                assert_eq!((told.frames, told.segments), (2, whole), "{what}");
                if kept >= family.header() + 20 {
                    assert_all_is_told(&told, &catalogues, &what);
                }
            }
        }
    }
}
