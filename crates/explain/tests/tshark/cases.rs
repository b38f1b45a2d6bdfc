//! Sequences made by hand, each around one corner.
//!
//! A line is a segment: the end that sends it (`a` opens, `b` answers), its flags, its relative sequence and
//! acknowledgment numbers and its octets of text; then, in any order, `w` and the window, `+` and the milliseconds since
//! the one before it (1 without it), `scale` and `sack` with their values, `cookie` or `ask` for Fast Open.

use synfin_wire::tcp::SackRange;
use synfin_wire::{Cookie, FastOpenOption, Flags, SeqNumber, TcpOptions};

use super::frames::{Frames, Made};

const HANDSHAKE: &str = "a S 0 0 0; b SA 0 1 0; a A 1 1 0; ";

/// Name, whether the handshake stands before it, segments.
const CASES: &[(&str, bool, &str)] = &[
    ("the SYN-ACK comes before the SYN", false, "b SA 0 1 0; a S 0 0 0; a A 1 1 0; a A 1 1 100; b A 1 101 0"),
    (
        "the capture begins in the middle",
        false,
        "a A 1 1 100; b A 1 101 0; b A 1 101 50; a A 101 51 0; a A 301 51 9",
    ),
    (
        "only one direction",
        false,
        "a A 1 1 100; a A 101 1 100; a A 101 1 100 +300; a A 301 1 100; a FA 401 1 0",
    ),
    ("only acknowledgments", false, "b A 1 1 0; b A 1 500 0; b A 1 500 0; b A 1 900 0; b A 1 900 0 w500"),
    (
        "a SYN again",
        false,
        "a S 0 0 0; a S 0 0 0 +1000; a S 0 0 0 +2000; b SA 0 1 0; b SA 0 1 0 +500; a A 1 1 0",
    ),
    ("refused", false, "a S 0 0 0; b RA 0 1 0; a S 0 0 0 +500; b RA 0 1 0"),
    ("both open", false, "a S 0 0 0; b S 0 0 0; a SA 0 1 0; b SA 0 1 0; a A 1 1 9; b A 1 10 0"),
    ("both close", true, "a FA 1 1 0; b FA 1 1 0; a A 2 2 0; b A 2 2 0"),
    (
        "FIN again",
        true,
        "a FA 1 1 0; a FA 1 1 0 +300; b A 1 2 0; b FA 1 2 0; b FA 1 2 0 +300; a A 2 2 0; a A 2 2 0",
    ),
    (
        "text with FIN",
        true,
        "a A 1 1 100; a FA 101 1 100; b A 1 202 0; b FA 1 202 5; a A 202 7 0; a FA 101 1 100 +400",
    ),
    (
        "keep-alive with no octet",
        true,
        "a A 1 1 9; b A 1 10 0; a A 9 1 0 +9000; b A 1 10 0; a A 9 1 0 +9000; b A 1 10 0",
    ),
    (
        "keep-alive with an octet",
        true,
        "a A 1 1 9; b A 1 10 0; a A 9 1 1 +9000; b A 1 10 0; a A 9 1 5; b A 1 14 0",
    ),
    (
        "a probe of an octet that is not taken",
        true,
        "a A 1 1 100; b A 1 101 0 w0; a A 101 1 1 +200; b A 1 101 0 w0; a A 101 1 1 +400; b A 1 101 0 w0; \
         b A 1 101 0 w500 +50; a A 101 1 100; b A 1 201 0 w500",
    ),
    (
        "a probe of an octet that is taken",
        true,
        "a A 1 1 100; b A 1 101 0 w0; a A 101 1 1 +200; b A 1 102 0 w0; a A 102 1 1; b A 1 103 0 w0; b A 1 103 0 w10; \
         a A 103 1 10; b A 1 113 0",
    ),
    ("a probe before the next number", true, "a A 1 1 100; b A 1 101 0 w0; a A 100 1 0 +200; b A 1 101 0 w0"),
    (
        "the window opens",
        true,
        "a A 1 1 500; b A 1 501 0 w10; b A 1 501 0 w900; b A 1 501 0 w900; b A 1 501 0 w0",
    ),
    (
        "the window is filled",
        false,
        "a S 0 0 0 scale2; b SA 0 1 0 scale1 w50; a A 1 1 0; a A 1 1 50; b A 1 51 0 w50; a A 51 1 100",
    ),
    (
        "an unscaled window is filled",
        false,
        "a S 0 0 0 scale2; b SA 0 1 0; a A 1 1 0; b A 1 1 0 w50; a A 1 1 50",
    ),
    ("spurious", true, "a A 1 1 100; b A 1 101 0; a A 1 1 100 +300; a A 50 1 20; a A 1 1 200; b A 1 201 0"),
    (
        "a timeout",
        true,
        "a A 1 1 100; a A 101 1 100; a A 1 1 100 +300; b A 1 201 0; a A 201 1 100; a A 201 1 100 +900",
    ),
    (
        "fast, and too late for it",
        true,
        "a A 1 1 9; a A 10 1 9; a A 19 1 9; a A 28 1 9; b A 1 10 0; b A 1 10 0 sack19-28; b A 1 10 0 sack19-37; a A 10 1 9; \
         b A 1 37 0; a A 37 1 9; a A 46 1 9; b A 1 37 0; b A 1 37 0; a A 37 1 9 +25; b A 1 55 0",
    ),
    (
        "overtaken",
        true,
        "a A 1 1 9; a A 19 1 9; a A 10 1 9; b A 1 28 0; a A 46 1 9; a A 28 1 9 +9; a A 37 1 9; b A 1 55 0",
    ),
    (
        "overlaps",
        true,
        "a A 1 1 100; a A 50 1 100; a A 149 1 20; a A 120 1 60 +9; a A 1 1 300 +9; b A 1 301 0",
    ),
    (
        "acknowledged, not captured",
        true,
        "a A 1 1 9; b A 1 19 0; b A 1 28 0; a A 28 1 9; b A 1 37 0; a A 55 1 9; b A 1 40 0",
    ),
    (
        "several ranges",
        true,
        "a A 1 1 9; a A 10 1 9; a A 19 1 9; b A 1 1 0 sack10-19; a A 28 1 9; b A 1 1 0 sack10-19,28-37; a A 37 1 9",
    ),
    (
        "a duplicate changes its window",
        true,
        "a A 1 1 9; b A 1 10 0; b A 1 10 0; b A 1 10 0 w900; b A 1 10 0 w900; b A 1 10 3; b A 4 10 0",
    ),
    (
        "super-segments",
        true,
        "a A 1 1 60000 w9; b A 1 30001 0; b A 1 60001 0; a A 60001 1 64000; a A 60001 1 1448 +300; b A 1 124001 0",
    ),
    ("Fast Open is taken", false, "a S 0 0 50 cookie; b SA 0 51 0; a A 51 1 9; b A 1 60 0"),
    ("Fast Open is left out", false, "a S 0 0 50 cookie; b SA 0 1 0; a A 1 1 50; b A 1 51 0"),
    ("Fast Open is asked for", false, "a S 0 0 0 ask; b SA 0 1 0 cookie; a A 1 1 9; b A 1 10 0"),
    ("Fast Open without text", false, "a S 0 0 0 cookie; b SA 0 1 0; a A 1 1 9; b A 1 10 0"),
    (
        "ports are used again",
        true,
        "a FA 1 1 0; b FA 1 2 0; a A 2 2 0; a S 9000 0 0; b SA 8000 9001 0; a A 9001 8001 5; b A 8001 9006 0",
    ),
    (
        "ports are used while open",
        true,
        "a A 1 1 9; a S 9000 0 0; b A 1 10 0; a R 10 0 0; a S 9000 0 0 +1000; b SA 7000 9001 0; a A 9001 7001 0",
    ),
    (
        "ports are used again with text in the SYN",
        true,
        "a RA 1 1 0; a S 9000 0 40 cookie; b SA 8000 9041 0; a A 9041 8001 5",
    ),
    (
        "another SYN-ACK",
        false,
        "a S 0 0 0; b SA 0 1 0; b SA 7000 1 0; a A 1 7001 0; a A 1 7001 9; b A 7001 10 0",
    ),
    ("resets", true, "a A 1 1 9; b R 1 0 0; a A 10 1 9; b R 1 0 0; b RA 1 10 0; a A 19 1 0"),
    ("a reset beyond the next number", true, "a A 1 1 9; b R 500 0 0; b A 1 10 9; a A 10 10 0"),
    ("a reset with text", true, "a RA 1 1 30; b A 1 31 0"),
];

/// Adds them all; the numbers of `a` begin just before the end of the space when `wraps`.
pub(crate) fn add(frames: &mut Frames, first_number: u32, wraps: bool) {
    for (place, (name, opened, lines)) in CASES.iter().enumerate() {
        let origins = if wraps { [u32::MAX - 20, u32::MAX] } else { [100_000, 500_000] };
        let lines = format!("{}{lines}", if *opened { HANDSHAKE } else { "" });
        let segments: Vec<Made> = lines.split(';').map(|line| made(line.trim(), origins)).collect();
        frames.begin(if wraps { format!("{name}, numbers wrap") } else { (*name).to_owned() });
        frames.add_made(first_number + place as u32, &segments);
    }
}

fn made(line: &str, origins: [u32; 2]) -> Made {
    let words: Vec<&str> = line.split(' ').collect();
    let from = usize::from(words[0] == "b");
    let number = |place: usize| words[place].parse::<u32>().expect(line);
    let flag = |letter| match letter {
        'S' => Flags::SYN,
        'A' => Flags::ACK,
        'F' => Flags::FIN,
        'R' => Flags::RST,
        _ => panic!("{line}"),
    };
    let flags = words[1].chars().map(flag).fold(Flags::NONE, Flags::with);
    let peer = origins[1 - from];
    let mut made = Made {
        wait: 1_000,
        from,
        seq: origins[from].wrapping_add(number(2)),
        ack: if flags.ack() { peer.wrapping_add(number(3)) } else { 0 },
        flags,
        len: number(4),
        window: 1_000,
        options: TcpOptions::default(),
    };
    let fast_open = |cookie| Some(FastOpenOption { cookie, experimental: false });
    for word in &words[5..] {
        let value = |prefix: &str| word.strip_prefix(prefix).map(|value| value.parse::<u32>().expect(line));
        if let Some(window) = value("w") {
            made.window = window as u16;
        } else if let Some(millis) = value("+") {
            made.wait = u64::from(millis) * 1_000;
        } else if let Some(scale) = value("scale") {
            made.options.window_scale = Some(scale as u8);
        } else if let Some(ranges) = word.strip_prefix("sack") {
            for range in ranges.split(',') {
                let (start, end) = range.split_once('-').expect(line);
                let at = |number: &str| SeqNumber::new(peer) + number.parse::<u32>().expect(line);
                made.options.sack.push(SackRange { start: at(start), end: at(end) });
            }
        } else if *word == "cookie" {
            made.options.fast_open = fast_open(Cookie::new(&[7; 8]).expect("a good length"));
        } else {
            assert_eq!(*word, "ask", "{line}");
            made.options.fast_open = fast_open(Cookie::REQUEST);
        }
    }
    made
}
