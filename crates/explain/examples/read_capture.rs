//! Reads a capture down to its TCP segments and says what was there and how long it took:
//!
//!     cargo run --release -p synfin-explain --example read_capture -- FILE [--trust]
//!
//! With `--trust` checksums are not verified.

use std::collections::BTreeMap;
use std::fs::File;
use std::time::Instant;

use synfin_explain::capture::Reader;
use synfin_explain::packet::{ChecksumSeen, Dissected, Dissector, NotTcp};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("usage: read_capture FILE [--trust]");
        std::process::exit(2);
    };
    let verify = arguments.next().is_none_or(|option| option != "--trust");
    let file = File::open(&path).unwrap_or_else(|error| fail(&path, &error));
    let begun = Instant::now();
    let mut reader = Reader::new(file).unwrap_or_else(|error| fail(&path, &error));
    let mut dissector = Dissector::new().verify_checksums(verify);
    let (mut frames, mut segments, mut text, mut errors) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut checksums = [0_u64; 4];
    let mut others: BTreeMap<NotTcp, u64> = BTreeMap::new();
    loop {
        let frame = match reader.next() {
            Ok(Some(frame)) => frame,
            Ok(None) => break,
            Err(error) => {
                eprintln!("{path}: {error}");
                break;
            }
        };
        frames += 1;
        match dissector.dissect(&frame) {
            Dissected::Tcp(packet) => {
                segments += 1;
                text += packet.text.len() as u64;
                checksums[match packet.checksum {
                    ChecksumSeen::Right => 0,
                    ChecksumSeen::Partial => 1,
                    ChecksumSeen::Wrong => 2,
                    ChecksumSeen::Unknown => 3,
                }] += 1;
            }
            Dissected::Icmp(_) => errors += 1,
            Dissected::Other(reason) => *others.entry(reason).or_default() += 1,
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let [right, partial, wrong, unknown] = checksums;
    println!(
        "{frames} frames, {segments} segments with {text} octets of text, {errors} ICMP errors about some"
    );
    println!("checksums: {right} right, {partial} partial, {wrong} wrong, {unknown} unknown");
    for (reason, count) in others {
        println!("{count} frames: {reason}");
    }
    println!(
        "{seconds:.3} s, {:.2} million frames/s, {:.2} GB/s",
        frames as f64 / seconds / 1e6,
        reader.offset() as f64 / seconds / 1e9
    );
}

fn fail(path: &str, error: &dyn std::fmt::Display) -> ! {
    eprintln!("{path}: {error}");
    std::process::exit(1);
}
