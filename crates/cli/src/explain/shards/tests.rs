use std::fs;

use synfin_wire::checksum::Checksum;

use super::*;
use crate::explain::input::{self, Wanted};

const ENDS: [u8; 8] = [10, 0, 0, 1, 10, 0, 0, 2];

/// A capture of raw IP: each of many clients sends a SYN and, once all have, an acknowledgment. One of them sends most.
fn capture() -> Vec<u8> {
    let mut file = [0xa1b2_c3d4, 4 << 16 | 2, 0, 0, 65_535, 101_u32].map(u32::to_le_bytes).concat();
    let clients = || (0..20_000_u16).chain(std::iter::repeat_n(7, 80_000));
    let segments = clients().map(|client| (client, 0x02)).chain(clients().map(|client| (client, 0x10)));
    for (number, (client, flags)) in (0_u32..).zip(segments) {
        file.extend([number / 1000, number % 1000 * 1000, 40, 40].map(u32::to_le_bytes).concat());
        file.extend([0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0]);
        file.extend(ENDS);
        file.extend(segment(20_000 + client, number, flags));
    }
    file
}

/// From a client's port to the server's, its checksum right.
fn segment(port: u16, seq: u32, flags: u8) -> Vec<u8> {
    let mut segment = [port, 80].map(u16::to_be_bytes).concat();
    segment.extend([seq, 9].map(u32::to_be_bytes).concat());
    segment.extend([0x50, flags, 4, 0, 0, 0, 0, 0]);
    let mut checksum = Checksum::new();
    [&ENDS[..], &[0, 6, 0, 20], &segment].iter().for_each(|octets| checksum.add(octets));
    segment[16..18].copy_from_slice(&checksum.finish().to_be_bytes());
    segment
}

#[test]
fn several_threads_tell_what_one_tells() {
    let folder = tempfile::tempdir().unwrap();
    let whole = capture();
    let progress = Progress::new();
    for (name, len) in [("whole", whole.len()), ("cut", whole.len() - 1), ("empty", 24)] {
        let file = folder.path().join(name);
        fs::write(&file, &whole[..len]).unwrap();
        let wanted = Wanted { detail: Detail::First, number: None, follows: false, heeds_notes: true };
        let alone = input::keep(|sink| input::read(&file, wanted, &progress, sink)).unwrap();
        assert_eq!(alone.summary.cut.is_some(), name == "cut");
        for threads in [1, 2, 5] {
            let told = read(&file, wanted, threads, &progress).unwrap();
            assert_eq!(format!("{:?}", told.summary), format!("{:?}", alone.summary), "{name}, {threads}");
            // A thread knows no later moment than that of its own last segment.
            let [ours, theirs] = [&told, &alone].map(|told| told.connections.iter());
            for (ours, theirs) in ours.zip(theirs) {
                assert_eq!((ours.number, &ours.steps), (theirs.number, &theirs.steps), "{name}, {threads}");
                assert_eq!((ours.span, &ours.findings), (theirs.span, &theirs.findings), "{name}, {threads}");
            }
        }
    }
}

#[test]
fn what_is_no_capture_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none");
    fs::write(&file, "no capture").unwrap();
    let wanted = Wanted { detail: Detail::None, number: None, follows: false, heeds_notes: true };
    assert!(read(&file, wanted, 2, &Progress::new()).is_err());
}
