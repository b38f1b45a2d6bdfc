//! A connection for the page: its picture, and the same as rows of a table.
//!
//! In: a [`Connection`]. Out: what the page needs beside the trace: an SVG whose groups are named after the segments, and
//! for each segment its sentence and clause in one language.

use serde::Serialize;
use synfin_ladder::words::clause_text;
use synfin_ladder::{Catalogue, Certainty, Connection, Side, Words, svg};

/// Rows that are drawn and told at most.
pub(crate) const MOST_ROWS: usize = 300;

/// A connection, told.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    /// Its number, from 1.
    number: u64,
    verdict: String,
    /// What the ends are called, and their addresses.
    names: [String; 2],
    addresses: [String; 2],
    svg: String,
    rows: Vec<Row>,
    /// Segments in all; more than there are rows where the picture was cut short.
    segments: usize,
    findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct Row {
    /// The segment's number, from 1: its group is `s{connection}-{frame}`.
    frame: u64,
    at: u64,
    /// 0 for left to right.
    from: usize,
    seq: u32,
    ack: Option<u32>,
    flags: String,
    len: u32,
    window: Option<u32>,
    states: [String; 2],
    sentence: String,
    fate: Option<String>,
    clause: String,
}

#[derive(Debug, Serialize)]
struct Finding {
    severity: &'static str,
    name: String,
    frames: String,
    what: String,
    cause: String,
    other: String,
    next: String,
    clause: String,
}

impl Told {
    pub(crate) fn new(connection: &Connection, catalogue: &Catalogue, width: u32, absolute: bool) -> Self {
        let words = Words::new(catalogue, connection);
        let options = svg::Options { width, fold: false, absolute, most_rows: MOST_ROWS };
        Self {
            number: connection.number,
            verdict: words.verdict(),
            names: Side::BOTH.map(|side| words.end(side)),
            addresses: Side::BOTH.map(|side| connection.end(side).address.to_string()),
            svg: svg::ladder(connection, catalogue, &options),
            rows: rows(connection, &words, absolute),
            segments: connection.steps.len(),
            findings: findings(connection, &words, catalogue),
        }
    }
}

fn rows(connection: &Connection, words: &Words<'_>, absolute: bool) -> Vec<Row> {
    let steps = connection.steps.iter().take(MOST_ROWS);
    steps
        .map(|step| {
            let numbers = if absolute { (step.seq.value(), step.ack.value()) } else { step.relative };
            Row {
                frame: step.frame,
                at: step.at.as_nanos(),
                from: step.from.index(),
                seq: numbers.0,
                ack: step.flags.ack().then_some(numbers.1),
                flags: format!("{:?}", step.flags),
                len: step.len,
                window: step.window_octets,
                states: step.states.map(|states| words.states(states)),
                sentence: words.sentence(step),
                fate: words.fate(step),
                clause: words.clause(step.reason.clause(), step.certainty),
            }
        })
        .collect()
}

fn findings(connection: &Connection, words: &Words<'_>, catalogue: &Catalogue) -> Vec<Finding> {
    let certain = |certainty: Certainty| catalogue.certainty(certainty);
    let told = connection.findings.iter().map(|finding| {
        let text = words.finding(finding);
        Finding {
            severity: finding.kind.severity().code(),
            name: text.name,
            frames: words.frames(finding),
            what: text.what,
            cause: text.cause,
            other: text.other,
            next: text.next,
            clause: format!("{} ({})", clause_text(finding.kind.clause()), certain(finding.certainty)),
        }
    });
    told.collect()
}
