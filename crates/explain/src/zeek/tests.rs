use std::net::SocketAddr;

use synfin_wire::{Ecn, Flags, Instant, TcpHeader, TcpOptions};

use super::*;

/// Segments in words: `>S 0 0 0` is one from the client with the flag SYN, sequence number, acknowledgment number and
/// octets of text. An ending of `w0` closes the window, `bad` spoils the checksum.
fn zeek(lines: &str) -> (&'static str, String) {
    zeek_between(1024, 4000, lines)
}

fn zeek_between(client: u16, server: u16, lines: &str) -> (&'static str, String) {
    let mut tracker = ZeekTracker::default();
    for (number, line) in lines.split(';').map(str::trim).enumerate() {
        let words: Vec<&str> = line.split(' ').collect();
        let (way, flags) = words[0].split_at(1);
        let number_at = |place: usize| words.get(place).map_or(0, |word| word.parse::<u32>().expect(line));
        let flag = |letter| match letter {
            'S' => Flags::SYN,
            'A' => Flags::ACK,
            'F' => Flags::FIN,
            'R' => Flags::RST,
            _ => panic!("{line}"),
        };
        let ends: [SocketAddr; 2] = [([10, 0, 0, 1], client).into(), ([10, 0, 0, 2], server).into()];
        let (source, destination) = if way == ">" { (ends[0], ends[1]) } else { (ends[1], ends[0]) };
        tracker.observe(&Packet {
            frame: number as u64 + 1,
            at: Instant::from_millis(number as u64),
            interface: 0,
            source,
            destination,
            header: TcpHeader {
                source_port: source.port(),
                destination_port: destination.port(),
                seq: SeqNumber::new(number_at(1)),
                ack: SeqNumber::new(number_at(2)),
                flags: flags.chars().map(flag).fold(Flags::NONE, Flags::with),
                reserved: 0,
                window: if words.contains(&"w0") { 0 } else { 1000 },
                urgent_pointer: 0,
                options: TcpOptions::default(),
            },
            len: number_at(3),
            text: &[],
            print: crate::packet::Print::default(),
            captured: number_at(3),
            ranges_cut: 0,
            checksum: if words.contains(&"bad") { ChecksumSeen::Wrong } else { ChecksumSeen::Right },
            hop_limit: 64,
            identification: 0,
            ecn: Ecn::NotEct,
            comment: None,
        });
    }
    let Zeek { conn_state, history } = tracker.finish();
    (conn_state, history)
}

#[track_caller]
fn check(lines: &str, conn_state: &str, history: &str) {
    let found = zeek(lines);
    assert_eq!((found.0, found.1.as_str()), (conn_state, history), "{lines}");
}

const OPENED: &str = ">S 0 0 0; <SA 0 1 0; >A 1 1 0";

#[test]
fn each_of_the_thirteen_states() {
    check(">S 0 0 0; >S 0 0 0", "S0", "S");
    check(OPENED, "S1", "ShA");
    check(&format!("{OPENED}; >A 1 1 9; <A 1 10 9; >FA 10 10 0; <FA 10 11 0; >A 11 11 0"), "SF", "ShADdFf");
    check(">S 0 0 0; <RA 0 1 0", "REJ", "Sr");
    check(&format!("{OPENED}; >FA 1 1 0; <A 1 2 0"), "S2", "ShAFa");
    check(&format!("{OPENED}; <FA 1 1 0; >A 1 2 0"), "S3", "ShAf");
    check(&format!("{OPENED}; >RA 1 1 0"), "RSTO", "ShAR");
    check(&format!("{OPENED}; <RA 1 1 0"), "RSTR", "ShAr");
    check(">S 0 0 0; >R 1 0 0", "RSTOS0", "SR");
    check("<SA 0 1 0; <R 1 0 0", "RSTRH", "^hr");
    check(">S 0 0 0; >FA 1 1 0", "SH", "SF");
    check("<SA 0 1 0; <FA 1 1 0", "SHR", "^hf");
    check(">A 1 1 9; <A 1 10 0", "OTH", "Da");
}

#[test]
fn a_lone_reset_is_no_rstos0() {
    check(">R 5 0 0", "OTH", "R");
}

#[test]
fn a_reset_behind_two_fins_changes_nothing() {
    check(&format!("{OPENED}; >FA 1 1 0; <FA 1 2 0; >R 2 0 0"), "SF", "ShAFfR");
}

#[test]
fn a_connection_that_was_open_already_ends() {
    check(">A 1 1 9; <A 1 10 9; >FA 10 10 0; <FA 10 11 0", "SF", "DdFf");
    check(">A 1 1 9; <A 1 10 9; >R 10 0 0", "RSTO", "DdR");
}

#[test]
fn letters_with_a_number_are_repeated_with_another_one() {
    check(">S 0 0 0; >S 0 0 0; >S 7 0 0", "S0", "SS");
    check(&format!("{OPENED}; >RA 1 1 0; >RA 1 1 0; >RA 2 1 0"), "RSTO", "ShARR");
}

#[test]
fn counted_letters_are_repeated_at_powers_of_ten() {
    let again = |times: usize| format!("{OPENED}; >A 1 1 9{}", "; >A 1 1 9".repeat(times));
    check(&again(1), "S1", "ShADT");
    check(&again(9), "S1", "ShADT");
    check(&again(10), "S1", "ShADTT");
    check(&again(100), "S1", "ShADTTT");
}

#[test]
fn gaps_closed_windows_bad_checksums() {
    check(&format!("{OPENED}; >A 1 1 9; >A 19 1 9; <A 1 28 0"), "S1", "ShADaG");
    check(&format!("{OPENED}; >A 1 1 9; >A 19 1 9; >A 10 1 9; <A 1 28 0"), "S1", "ShADa");
    check(&format!("{OPENED}; >A 1 1 9; <A 1 10 0 w0"), "S1", "ShADwa");
    check(&format!("{OPENED}; >A 1 1 9 bad"), "S1", "ShAC");
}

#[test]
fn flags_that_contradict_each_other() {
    check(">SF 0 0 0", "SH", "QSF");
    assert_eq!(zeek(&format!("{OPENED}; >FR 1 0 0")).1, "ShAIFR");
}

#[test]
fn the_end_that_was_called_does_not_originate() {
    assert_eq!(zeek_between(50_000, 443, "<A 1 1 9; >A 1 10 0"), ("OTH", "^dA".to_owned()));
    assert_eq!(zeek_between(443, 50_000, ">S 0 0 0"), ("S0", "S".to_owned()));
}
