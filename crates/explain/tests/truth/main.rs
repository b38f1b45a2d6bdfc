//! What is told of captures of which it is known what happened: `truth.txt` has it, line by line.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use synfin_explain::capture::Reader;
use synfin_explain::packet::Dissector;
use synfin_explain::{Detail, Explainer, Patterns};
use synfin_ladder::{Catalogue, Connection, FindingKind, Language, Side, Words};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/truth")
}

fn connections(path: &Path) -> Vec<Connection> {
    let mut reader = Reader::new(File::open(path).expect("the capture is there")).expect("it is a capture");
    let (mut dissector, mut explainer) = (Dissector::new(), Explainer::new(Detail::All));
    while let Some(frame) = reader.next().expect("it is whole") {
        explainer.take(&dissector.dissect(&frame));
    }
    explainer.finish()
}

fn with_side(code: &str, by: Option<Side>) -> String {
    match by {
        Some(Side::Left) => format!("{code}(left)"),
        Some(Side::Right) => format!("{code}(right)"),
        None => code.to_owned(),
    }
}

/// A connection as the file has it.
fn told(connection: &Connection) -> String {
    let verdict = with_side(connection.verdict.kind.code(), connection.verdict.by);
    let findings = connection.findings.iter().filter(|finding| finding.kind != FindingKind::CutOff);
    let findings: Vec<String> = findings.map(|finding| with_side(finding.kind.code(), finding.by)).collect();
    if findings.is_empty() { verdict } else { format!("{verdict}: {}", findings.join(" ")) }
}

/// The lines of a capture.
fn lines(name: &str, connections: &[Connection]) -> Vec<String> {
    let mut patterns = Patterns::default();
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for connection in connections {
        patterns.observe(connection);
        *counts.entry(told(connection)).or_default() += 1;
    }
    let one_by_one = counts.iter().map(|(told, count)| format!("{name} {count} x {told}"));
    let patterns = patterns.finish();
    let together = patterns
        .iter()
        .map(|pattern| format!("{name} all {} {}/{}", pattern.kind.code(), pattern.count, pattern.of));
    one_by_one.chain(together).collect()
}

#[test]
fn what_happened_is_told() {
    let truth = fs::read_to_string(folder().join("truth.txt")).expect("the truth is there");
    let mut expected: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in truth.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, _) = line.split_once(' ').expect("a line begins with a capture");
        expected.entry(name).or_default().push(line.to_owned());
    }
    let captures = fs::read_dir(folder().join("gold")).expect("the folder is there").count();
    assert_eq!(captures, expected.len(), "each capture stands in the file");
    let mut faults = Vec::new();
    for (name, mut expected) in expected {
        let mut found = lines(name, &connections(&folder().join(format!("gold/{name}.pcap"))));
        found.sort();
        expected.sort();
        if found != expected {
            faults.push(format!("expected {expected:#?}, found {found:#?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whatever is told is told in both languages, without a gap where a name or a number should stand.
#[test]
fn all_of_it_is_told_in_words() {
    for language in Language::ALL {
        let catalogue = Catalogue::new(language);
        for entry in fs::read_dir(folder().join("gold")).expect("the folder is there") {
            let connections = connections(&entry.expect("it can be read").path());
            let mut patterns = Patterns::default();
            for connection in &connections {
                patterns.observe(connection);
                let words = Words::new(&catalogue, connection);
                for finding in &connection.findings {
                    let text = words.finding(finding);
                    for part in [text.name, text.what, text.cause, text.other, text.next] {
                        assert!(!part.is_empty() && !part.contains(['{', '}']), "{part}");
                    }
                }
            }
            for pattern in patterns.finish() {
                let text = catalogue.tell(&pattern);
                for part in [text.name, text.what, text.cause, text.other, text.next] {
                    assert!(!part.is_empty() && !part.contains(['{', '}']), "{part}");
                }
            }
        }
    }
}
