use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Block, PcapBlockOwned, PcapError};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use synfin_wire::pcapng::{Direction, Interface as Written, LinkType as WrittenLink, Writer};

use self::files::{Pcap, Pcapng, Words, read, read_from, samples};
use super::{CaptureError, Format, Interface, LONGEST_RECORD, LinkType, Reader};

pub(crate) mod files;

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn zstd(octets: &[u8]) -> Vec<u8> {
    compress_to_vec(octets, CompressionLevel::Fastest)
}

#[test]
fn every_format_gives_its_frames() {
    for sample in samples() {
        let (frames, error) = read(&sample.octets);
        assert!(error.is_none(), "{}: {error:?}", sample.name);
        assert_eq!(frames, sample.frames, "{}", sample.name);
    }
}

/// Where what was read last ends, by the frames that are whole.
#[test]
fn a_file_that_is_cut_anywhere_gives_all_frames_before() {
    for sample in samples() {
        let mut ends = Vec::new();
        let mut reader = Reader::new(&sample.octets[..]).unwrap();
        while reader.next().unwrap().is_some() {
            ends.push(reader.offset());
        }
        for len in 0..sample.octets.len() {
            let (frames, error) = read(&sample.octets[..len]);
            let whole = ends.iter().filter(|&&end| end <= len as u64).count();
            assert_eq!(frames, sample.frames[..whole], "{} at {len}", sample.name);
            match error {
                None => {} // It ends behind a block.
                Some(CaptureError::Empty) => assert_eq!(len, 0),
                Some(CaptureError::NotACapture { .. }) => assert!(len < 4),
                Some(CaptureError::Cut { offset, left }) => {
                    assert_eq!(offset + left, len as u64, "{}", sample.name);
                    assert!(whole == 0 || offset >= ends[whole - 1], "{}", sample.name);
                }
                Some(error) => panic!("{} at {len}: {error:?}", sample.name),
            }
        }
    }
}

#[test]
fn a_cut_is_told_from_an_end() {
    let file = Pcap::new(false, 0xa1b2_c3d4, 1).frame(1, 0, b"whole", 5).octets;
    let len = file.len();
    assert!(read(&file).1.is_none());
    let error = read(&file[..len - 1]).1.unwrap();
    assert!(error.is_cut());
    assert_eq!(
        error.to_string(),
        "the capture is cut off: of what begins at octet 24 only 20 octets are there; everything before was read"
    );
}

/// Hands out little at a time, and is interrupted in between.
struct Trickle<'a> {
    octets: &'a [u8],
    interrupted: bool,
}

impl Read for Trickle<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = into.len().min(3);
        self.octets.read(&mut into[..len])
    }
}

#[test]
fn a_source_may_trickle() {
    for sample in samples() {
        for octets in [sample.octets.clone(), gzip(&sample.octets), zstd(&sample.octets)] {
            let (frames, error) = read_from(Trickle { octets: &octets, interrupted: false });
            assert!(error.is_none(), "{}: {error:?}", sample.name);
            assert_eq!(frames, sample.frames, "{}", sample.name);
        }
    }
}

/// As a live capture does: a frame is handed out as soon as it is there.
#[test]
fn a_frame_does_not_wait_for_the_next_one() {
    struct Live {
        pieces: Vec<Vec<u8>>,
    }
    impl Read for Live {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let piece = self.pieces.pop().expect("more was asked for than was needed");
            into[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }
    let head = Pcap::new(false, 0xa1b2_c3d4, 1);
    let at = head.octets.len();
    let file = head.frame(1, 0, b"one", 3).octets;
    let pieces = vec![file[at..].to_vec(), file[4..at].to_vec(), file[..4].to_vec()];
    let mut reader = Reader::new(Live { pieces }).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().bytes, b"one");
}

#[test]
fn compressed_files_are_told_by_their_first_octets() {
    for sample in samples() {
        let (front, back) = sample.octets.split_at(sample.octets.len() / 2);
        let skippable = [&[0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0][..], b"skip!"].concat();
        for octets in [
            gzip(&sample.octets),
            [gzip(front), gzip(back)].concat(),
            zstd(&sample.octets),
            [skippable.clone(), zstd(front), skippable, zstd(back)].concat(),
        ] {
            let (frames, error) = read(&octets);
            assert!(error.is_none(), "{}: {error:?}", sample.name);
            assert_eq!(frames, sample.frames, "{}", sample.name);
        }
    }
}

#[test]
fn a_compressed_file_that_is_cut_or_damaged_says_so() {
    let sample = samples().into_iter().next().unwrap();
    for octets in [gzip(&sample.octets), zstd(&sample.octets)] {
        for len in 4..octets.len() {
            let (frames, error) = read(&octets[..len]);
            assert_eq!(frames, sample.frames[..frames.len()]);
            // The last octets are a checksum over what was already handed out.
            assert!(error.as_ref().is_some_and(CaptureError::is_cut), "{len}: {error:?}");
        }
        let mut damaged = octets.clone();
        *damaged.last_mut().unwrap() ^= 0x55;
        let error = read(&damaged).1;
        assert!(matches!(error, Some(CaptureError::Compressed { .. })), "{error:?}");
    }
    let behind = [zstd(&sample.octets), b"something else".to_vec()].concat();
    assert!(
        matches!(read(&behind), (frames, Some(CaptureError::Compressed { .. })) if frames == sample.frames)
    );
}

#[test]
fn old_versions_have_the_lengths_the_other_way_round() {
    for (version, turned) in [((2, 2), true), ((2, 3), true), ((2, 3), false), ((2, 4), false)] {
        let words = Words::new(false).word(7).word(0);
        let words = if turned { words.word(90).word(3) } else { words.word(3).word(90) };
        let file = Pcap::of_version(false, 0xa1b2_c3d4, 1, version).octets;
        let (frames, error) = read(&[file, words.raw(b"abc").octets].concat());
        assert!(error.is_none());
        assert_eq!((frames[0].bytes.as_slice(), frames[0].original_len), (&b"abc"[..], 90), "{version:?}");
    }
}

#[test]
fn the_interfaces_are_told() {
    let file = Pcapng::new(false)
        .interface(1, 96, &[(2, b"eth0")])
        .interface(276, 0, &[])
        .enhanced(1, 5_000_000, b"x", 1, &[])
        .section(true)
        .interface(101, 0, &[(2, &[b'n'; 300])]);
    let mut reader = Reader::new(&file.octets[..]).unwrap();
    assert_eq!((reader.format(), reader.started()), (Format::Pcapng, None));
    assert!(reader.next().unwrap().is_some());
    assert_eq!(reader.started(), Some(5_000_000_000));
    let interface = |number, link, snap_len, name: Option<&str>| Interface {
        number,
        link: LinkType(link),
        snap_len,
        name: name.map(str::to_owned),
    };
    assert_eq!(reader.interfaces(), [interface(0, 1, 96, Some("eth0")), interface(1, 276, 0, None)]);
    assert!(reader.next().unwrap().is_none());
    assert_eq!(reader.interfaces(), [interface(2, 101, 0, Some(&"n".repeat(255)))]);

    let file = Pcap::new(true, 0xa1b2_3c4d, 1);
    let reader = Reader::new(&file.octets[..]).unwrap();
    assert_eq!(reader.format(), Format::Pcap);
    assert_eq!(reader.interfaces(), [interface(0, 1, 65_535, None)]);
}

#[test]
fn what_claims_to_be_giant_is_refused() {
    let giant = LONGEST_RECORD + 4;
    let pcap = Pcap::new(false, 0xa1b2_c3d4, 1).frame(1, 0, b"a", 1).octets;
    let at = pcap.len() as u64;
    let pcap = [pcap, Words::new(false).word(1).word(0).word(giant).word(giant).octets].concat();
    let pcapng = Pcapng::new(false).interface(1, 0, &[]).enhanced(0, 1, b"a", 1, &[]).octets;
    let at_ng = pcapng.len() as u64;
    let pcapng = [pcapng, Words::new(false).word(6).word(giant).octets].concat();
    for (file, at) in [(pcap, at), (pcapng, at_ng)] {
        let (frames, error) = read(&file);
        assert_eq!(frames.len(), 1);
        match error {
            Some(CaptureError::TooLong { offset, len }) => assert_eq!((offset, len), (at, giant.into())),
            error => panic!("{error:?}"),
        }
    }
}

/// A block that nobody asks for is never held, so it may be as long as it likes.
#[test]
fn a_giant_block_of_an_unknown_kind_is_passed_over() {
    let len = (LONGEST_RECORD + 1024) * 2;
    let before = Pcapng::new(false).interface(1, 0, &[]).octets;
    let head = Words::new(false).word(0x0bad).word(len).octets;
    let after = Words::new(false).word(len).octets;
    let after =
        [after, Pcapng { big: false, octets: Vec::new() }.enhanced(0, 1, b"a", 1, &[]).octets].concat();
    let source = before.chain(&head[..]).chain(io::repeat(0).take(u64::from(len) - 12)).chain(&after[..]);
    let (frames, error) = read_from(source);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(frames.len(), 1);
}

#[test]
fn what_is_damaged_is_said_with_its_place() {
    let damaged = |file: Vec<u8>, at: usize, what: &str| match read(&file).1 {
        Some(CaptureError::Malformed { offset, what: told }) => {
            assert_eq!(offset, at as u64, "{told}");
            assert!(told.contains(what), "{told}");
        }
        error => panic!("{what}: {error:?}"),
    };
    let begun = || Pcapng::new(false).interface(1, 0, &[]);
    let at = begun().octets.len();
    let with = |words: Words| [begun().octets, words.octets].concat();
    let words = || Words::new(false);
    damaged(with(words().word(6).word(10)), at, "length of 10");
    damaged(with(words().word(6).word(18)), at, "length of 18");
    damaged(with(words().word(99).word(4)), at, "length of 4");
    damaged(begun().enhanced(1, 0, b"", 0, &[]).octets, at, "interface 1, but only 1");
    damaged(begun().block(6, words().word(0)).octets, at, "does not fit");
    let overfull = words().word(0).word(0).word(0).word(5).word(5).raw(b"four");
    damaged(begun().block(6, overfull).octets, at, "does not fit");
    damaged(begun().block(3, words()).octets, at, "does not fit");
    damaged(Pcapng::new(false).simple(b"", 0).octets, at - 20, "only 0");
    damaged(Pcapng::new(false).block(1, words()).octets, at - 20, "too short");
    damaged(with(words().word(3).word(16).word(0).word(20)), at, "length of 16 and ends with one of 20");
    let mut file = begun().octets;
    file[8] = 0;
    damaged(file, 0, "byte-order magic");
    let short =
        words().word(0x0a0d_0d0a).word(24).word(0x1a2b_3c4d).short(1).short(0).word(0).word(0).word(24);
    damaged(short.octets, 0, "24 octets is too short");
}

#[test]
fn what_is_no_capture_is_named() {
    let text = |file: &[u8]| read(file).1.unwrap().to_string();
    assert_eq!(text(b""), "the capture is empty: not even a file header is in it");
    assert!(text(b"snoop\0\0\0").contains("snoop's format"));
    assert!(text(b"hello, world").contains("68 65 6c 6c, as text does; what tcpdump prints"));
    assert!(text(&[0xfd, b'7', b'z', b'X', b'Z', 0]).contains("xz"));
    assert!(text(&[1, 2, 3, 4, 5]).contains("begins with 01 02 03 04;"));
    assert!(text(&Pcap::of_version(false, 0xa1b2_c3d4, 1, (3, 0)).octets).contains("version 3.0 of pcap"));
    let mut file = Pcapng::new(false).octets;
    file[12] = 2;
    assert!(text(&file).contains("version 2.0 of pcapng"));
}

#[test]
fn options_that_are_damaged_end_the_list() {
    let words = Words::new(false).word(0).word(0).word(0).word(4).word(4).raw(b"four");
    let words = words.short(1).short(200).raw(b"short");
    let file = Pcapng::new(false).interface(1, 0, &[]).block(6, words.padded(b""));
    let (frames, error) = read(&file.octets);
    assert!(error.is_none(), "{error:?}");
    assert_eq!((frames[0].bytes.as_slice(), frames[0].comment.as_deref()), (&b"four"[..], None));
}

#[test]
fn what_wire_writes_is_read_again() {
    let interface = Written { link_type: WrittenLink::Ip, name: "synfin0", snap_len: 6 };
    let Ok(mut writer) = Writer::new(Vec::new(), interface);
    let comment = "why \u{2014} because";
    let Ok(()) =
        writer.packet(&[b"abc", b"defgh"], Direction::Outbound, 1_700_000_000_000_000_001, Some(comment));
    let Ok(()) = writer.packet(&[b"x"], Direction::Inbound, 1_700_000_000_000_000_003, None);
    let (frames, error) = read(&writer.into_inner());
    assert!(error.is_none());
    assert_eq!((frames[0].bytes.as_slice(), frames[0].original_len), (&b"abcdef"[..], 8));
    assert_eq!((frames[0].comment.as_deref(), frames[0].link), (Some(comment), 101));
    assert_eq!((frames[1].nanos, frames[1].comment.as_deref()), (2, None));
}

/// Frames as pcap-parser, which is not ours, reads them.
fn as_read_by_another(file: &[u8]) -> Vec<(Vec<u8>, u32)> {
    let mut frames = Vec::new();
    let mut reader = pcap_parser::create_reader(1 << 16, io::Cursor::new(file.to_vec())).unwrap();
    loop {
        match reader.next() {
            Ok((consumed, block)) => {
                match block {
                    PcapBlockOwned::Legacy(block) => frames.push((block.data.to_vec(), block.origlen)),
                    PcapBlockOwned::NG(Block::EnhancedPacket(block)) => {
                        frames.push((block.packet_data()[..block.caplen as usize].to_vec(), block.origlen));
                    }
                    _ => {}
                }
                reader.consume(consumed);
            }
            Err(PcapError::Eof) => break,
            Err(PcapError::Incomplete(_)) => reader.refill().unwrap(),
            Err(error) => panic!("{error:?}"),
        }
    }
    frames
}

#[test]
fn another_reader_agrees() {
    for sample in samples() {
        let known = ["pcap a1b2c3d4", "pcap a1b23c4d", "pcapng"];
        if !known.iter().any(|name| sample.name.starts_with(name)) {
            continue;
        }
        // It does not read the obsolete kind, and needs a snap length for the simple one.
        let is_common = |bytes: &[u8]| ![&b"simple"[..], b"old kind", b"bc"].contains(&bytes);
        let ours = sample.frames.iter().filter(|frame| is_common(&frame.bytes));
        let ours: Vec<_> = ours.map(|frame| (frame.bytes.clone(), frame.original_len)).collect();
        assert_eq!(as_read_by_another(&sample.octets), ours, "{}", sample.name);
    }
}

#[test]
fn an_error_of_the_source_is_handed_on() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is on fire"))
        }
    }
    let file = Pcap::new(false, 0xa1b2_c3d4, 1).frame(1, 0, b"one", 3).octets;
    let (frames, error) = read_from(file.chain(Broken));
    assert_eq!(frames.len(), 1);
    assert!(matches!(&error, Some(CaptureError::Read(error)) if error.to_string() == "the disk is on fire"));
}

/// Wireshark writes how many packets were lost, of each interface and section.
#[test]
fn what_the_capture_lacks_is_counted() {
    for big in [false, true] {
        let count = |value: u64| if big { value.to_be_bytes() } else { value.to_le_bytes() };
        let statistics = |interface, dropped, by_system| {
            Words::new(big)
                .word(interface)
                .word(0)
                .word(9)
                .option(4, &count(1000))
                .option(5, &count(dropped))
                .option(7, &count(by_system))
                .option(0, b"")
        };
        let mut file = Pcapng::new(big).interface(1, 0, &[]).interface(1, 0, &[]);
        file = file.block(5, statistics(0, 1, 0)).enhanced(0, 1, b"frame", 5, &[]);
        file =
            file.block(5, statistics(0, 3, 1)).block(5, statistics(1, 20, 0)).block(5, statistics(9, 7, 7));
        file = file.section(big).interface(1, 0, &[]).enhanced(0, 2, b"frame", 5, &[]);
        file = file.block(5, statistics(0, 100, 0));
        let mut reader = Reader::new(&file.octets[..]).unwrap();
        let mut seen = vec![reader.dropped()];
        while reader.next().unwrap().is_some() {
            seen.push(reader.dropped());
        }
        seen.push(reader.dropped());
        assert_eq!(seen, [0, 1, 24, 124], "big endian: {big}");
    }
}

/// What two interfaces have gathered, one after the other.
#[test]
fn frames_may_be_asked_for_in_the_order_of_their_times() {
    let file = Pcapng::new(false).interface(1, 0, &[]).interface(1, 0, &[]);
    let in_order = file.clone().enhanced(0, 10, b"one", 3, &[]).simple(b"two", 3);
    let file = in_order.clone().enhanced(0, 40, b"five", 4, &[b"last"]).simple(b"six", 3);
    let file = file.enhanced(1, 20, b"three", 5, &[]).enhanced(1, 30, b"four", 4, &[]);
    assert!(!Reader::new(&in_order.octets[..]).unwrap().is_disordered(99));
    assert!(Reader::new(&file.octets[..]).unwrap().is_disordered(99));
    let cut = &file.octets[..file.octets.len() - 1];
    let mut reader = Reader::new(cut).unwrap().sorted();
    let mut seen = Vec::new();
    let error = loop {
        match reader.next() {
            Ok(Some(frame)) => seen.push((frame.number, frame.bytes.to_vec(), frame.at.as_nanos())),
            Ok(None) => panic!("it is cut off"),
            Err(error) => break error,
        }
    };
    assert!(error.is_cut());
    assert_eq!(reader.moved(), 1);
    let order: [(u64, &[u8], u64); 5] =
        [(1, b"one", 0), (2, b"two", 0), (3, b"three", 10_000), (4, b"five", 30_000), (5, b"six", 30_000)];
    assert_eq!(seen, order.map(|(number, bytes, nanos)| (number, bytes.to_vec(), nanos)));
}

#[test]
fn where_a_clock_was_set_back_the_order_is_that_of_the_file() {
    let file = Pcap::new(false, 0xa1b2_c3d4, 1).frame(100, 0, b"one", 3).frame(90, 0, b"two", 3);
    assert!(!Reader::new(&file.octets[..]).unwrap().is_disordered(99));
    let file = file.frame(100, 1, b"three", 5).frame(100, 0, b"four", 4);
    assert!(!Reader::new(&file.octets[..]).unwrap().is_disordered(99));
}

#[test]
fn what_is_no_capture_is_told_what_to_do_with() {
    let said = |octets: &[u8]| Reader::new(octets).map(|_| ()).expect_err("it is none").to_string();
    assert!(said(b"17:03:12.1 IP 10.0.0.1").ends_with("have it write one with `tcpdump -w FILE`"));
    assert!(said(b"\xfd7zXZ\0").ends_with("decompress it first, as with `xz -d`"));
    assert!(said(b"\x04\x22\x4d\x18").ends_with("decompress it first, as with `lz4 -d`"));
    assert!(said(b"PK\x03\x04").ends_with("take the capture out of it first"));
    assert!(said(b"snoop\0\0\0").contains("editcap -F pcapng"));
}
