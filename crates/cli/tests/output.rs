//! Where what is written goes, and what is told when it cannot.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::{Command, Stdio};

mod common;

use common::{Ended, SYNFIN, output};

const SCRIPT: &str =
    "// RFC 9293 section 3.10.7.1\n0 < S 0:0(0) win 65535 <mss 1000>\n+0 > R. 0:0(0) ack 1\n";

/// A folder with something to read for each of the commands.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let gold = Path::new(env!("CARGO_MANIFEST_DIR")).join("../explain/tests/kernel/gold");
    fs::copy(gold.join("loss.left.pcap"), folder.path().join("trace.pcap")).unwrap();
    fs::write(folder.path().join("sound.pkt"), SCRIPT).unwrap();
    let text = output(Command::new(SYNFIN).args(["lab", "01", "--source"])).stdout();
    fs::write(folder.path().join("mine.lab"), text).unwrap();
    folder
}

fn command(folder: &Path, words: &str) -> Command {
    let mut command = Command::new(SYNFIN);
    let words = words.split(' ').map(|word| word.replace('_', " "));
    command.args(words).current_dir(folder).env("LC_ALL", "C").stdin(Stdio::null());
    command
}

/// What writes to standard output.
const WRITERS: [&str; 17] = [
    "explain trace.pcap",
    "explain trace.pcap --follow",
    "explain trace.pcap --json",
    "explain trace.pcap --html -",
    "explain trace.pcap --svg -",
    "explain trace.pcap --what-if drop_7",
    "lab",
    "lab 05",
    "lab 05 --json",
    "lab 05 --html -",
    "lab 05 --pcap -",
    "lab 05 --source",
    "lab mine.lab",
    "lab 05 --compare",
    "drill sound.pkt",
    "drill sound.pkt --json",
    "drill sound.pkt --trace",
];

#[test]
fn a_full_disk_is_told() {
    let folder = folder();
    for words in WRITERS {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ended = output(command(folder.path(), words).stdout(full));
        assert_eq!(
            (ended.status, ended.stderr.as_str()),
            (Some(1), "synfin: standard output cannot be written: No space left on device (os error 28)\n"),
            "{words}"
        );
    }
}

#[test]
fn that_nobody_reads_is_no_failure() {
    let folder = folder();
    for words in WRITERS {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = output(command(folder.path(), words).stdout(writer));
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""), "{words}");
    }
}

#[test]
fn what_is_read_is_not_written_over() {
    let folder = folder();
    let place = |name: &str| folder.path().join(name);
    fs::hard_link(place("trace.pcap"), place("hard")).unwrap();
    std::os::unix::fs::symlink("trace.pcap", place("soft")).unwrap();
    let kept = ["trace.pcap", "mine.lab"].map(|name| fs::read(place(name)).unwrap());
    let refused = |ended: Ended, out: &str| {
        ended.fails(
            2,
            &format!("synfin: {out} is read, and would be written over: name another file to write"),
        );
        assert_eq!(["trace.pcap", "mine.lab"].map(|name| fs::read(place(name)).unwrap()), kept, "{out}");
    };
    for (words, out) in [
        ("explain trace.pcap --html trace.pcap", "trace.pcap"),
        ("explain trace.pcap --svg ./trace.pcap", "./trace.pcap"),
        ("explain trace.pcap --html hard", "hard"),
        ("explain sound.pkt trace.pcap --html soft", "soft"),
        ("lab mine.lab --pcap mine.lab", "mine.lab"),
        ("lab mine.lab --html mine.lab", "mine.lab"),
    ] {
        refused(output(&mut command(folder.path(), words)), out);
    }
    let capture = fs::File::open(place("trace.pcap")).unwrap();
    let ended = output(command(folder.path(), "explain - --html trace.pcap").stdin(capture));
    refused(ended, "trace.pcap");
    // What is not read may be written over, and a device holds nothing to lose.
    fs::write(place("page.html"), "old").unwrap();
    output(&mut command(folder.path(), "explain trace.pcap --html page.html")).stdout();
    output(&mut command(folder.path(), "explain trace.pcap --html /dev/null")).stdout();
}
