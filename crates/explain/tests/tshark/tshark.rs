//! What tshark says of a file.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Command;

use synfin_ladder::{Mark, Marks};

/// The fields beside the marks.
const FIELDS: [&str; 10] = [
    "frame.number",
    "tcp.stream",
    "tcp.analysis.ack_rtt",
    "tcp.analysis.acks_frame",
    "tcp.analysis.initial_rtt",
    "tcp.analysis.bytes_in_flight",
    "tcp.analysis.rto",
    "tcp.analysis.rto_frame",
    "tcp.analysis.duplicate_ack_num",
    "tcp.analysis.duplicate_ack_frame",
];

/// What tshark says of a frame. Spans are in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) frame: u64,
    pub(crate) stream: usize,
    pub(crate) marks: Marks,
    pub(crate) ack_rtt: Option<u64>,
    pub(crate) acks_frame: Option<u64>,
    pub(crate) initial_rtt: Option<u64>,
    pub(crate) in_flight: Option<u64>,
    pub(crate) rto: Option<(u64, u64)>,
    pub(crate) duplicate_ack: Option<(u64, u64)>,
}

/// Whether there is a tshark whose answers the tests know.
pub(crate) fn is_there() -> bool {
    let version = Command::new("tshark").arg("--version").output();
    let missing = match version {
        Err(error) => Some(format!("tshark: {error}")),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            (!text.starts_with("TShark (Wireshark) 4.0."))
                .then(|| format!("tshark 4.0 is wanted: {text:.60}"))
        }
    };
    if let Some(reason) = &missing {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "this must not be skipped in CI: {reason}");
        eprintln!("skipped: {reason}");
    }
    missing.is_none()
}

/// The fields of each TCP segment, in one pass.
pub(crate) fn ask(pcap: &[u8]) -> Vec<Row> {
    let marks = Mark::ALL.iter().map(|mark| format!("tcp.analysis.{}", mark.name()));
    let fields: Vec<String> = FIELDS.iter().map(|field| (*field).to_owned()).chain(marks).collect();
    run(pcap, &[], &fields).lines().map(row).collect()
}

/// The completeness of each stream, in two passes: in one, tshark shows of a frame what was known before it.
pub(crate) fn completeness(pcap: &[u8]) -> Vec<u8> {
    let mut last = BTreeMap::new();
    for line in run(pcap, &["-2"], &["tcp.stream".to_owned(), "tcp.completeness".to_owned()]).lines() {
        let (stream, completeness) = line.split_once('\t').expect(line);
        last.insert(stream.parse::<u64>().expect(line), completeness.parse().expect(line));
    }
    last.into_values().collect()
}

fn run(pcap: &[u8], options: &[&str], fields: &[String]) -> String {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(pcap).expect("it can be written");
    let mut command = Command::new("tshark");
    // No preferences but the defaults, whoever runs this.
    command.env("WIRESHARK_CONFIG_DIR", "/nonexistent").args(options).arg("-n").arg("-r").arg(file.path());
    command.args([
        "-Y",
        "tcp && !icmp && !icmpv6",
        "-T",
        "fields",
        "-E",
        "occurrence=a",
        "-E",
        "separator=/t",
    ]);
    fields.iter().for_each(|field| {
        command.arg("-e").arg(field);
    });
    let output = command.output().expect("tshark runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.split('\t').collect();
    assert_eq!(cells.len(), FIELDS.len() + Mark::ALL.len(), "{line}");
    let number = |index: usize| (!cells[index].is_empty()).then(|| cells[index].parse::<u64>().expect(line));
    let span = |index: usize| (!cells[index].is_empty()).then(|| nanos(cells[index]).expect(line));
    let mut marks = Marks::NONE;
    for (mark, cell) in Mark::ALL.iter().zip(&cells[FIELDS.len()..]) {
        if !cell.is_empty() {
            marks.insert(*mark);
        }
    }
    Row {
        frame: number(0).expect(line),
        stream: number(1).expect(line) as usize,
        marks,
        ack_rtt: span(2),
        acks_frame: number(3),
        initial_rtt: span(4),
        in_flight: number(5),
        rto: span(6).zip(number(7)),
        duplicate_ack: number(8).zip(number(9)),
    }
}

fn nanos(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.split_once('.')?;
    Some(seconds.parse::<u64>().ok()? * 1_000_000_000 + format!("{fraction:0<9}").parse::<u64>().ok()?)
}
