//! Captures that the reader has: explained in the page, sent nowhere.

use serde::Serialize;
use synfin_explain::capture::Reader;
use synfin_explain::packet::Dissector;
use synfin_explain::{Detail, Explainer};
use synfin_ladder::{Catalogue, Connection, Severity, Words};

use crate::answer;
use crate::told::Told;

/// Connections that are listed at most, the worst first.
const MOST_LISTED: usize = 200;

#[derive(Serialize)]
struct Explained {
    frames: u64,
    /// Why not all of the file was read, where it was not.
    cut: Option<String>,
    connections: usize,
    listed: Vec<Listed>,
    shown: Option<Told>,
}

#[derive(Serialize)]
struct Listed {
    number: u64,
    ends: [String; 2],
    verdict: String,
    worst: Option<&'static str>,
    findings: Vec<String>,
    octets: u64,
}

/// Explains a capture; of the connection of this number, and if there is none of the worst, also the picture.
#[must_use]
pub fn explain(octets: &[u8], language: &str, width: u32, number: u32) -> String {
    let catalogue = Catalogue::new(answer::language(language));
    answer::of(read(octets, number).map(|(connections, frames, cut)| {
        let mut order: Vec<&Connection> = connections.iter().collect();
        order.sort_by_key(|connection| (std::cmp::Reverse(worst(connection)), connection.number));
        let wanted = connections.iter().find(|connection| connection.number == u64::from(number));
        let shown = wanted.or(order.first().copied()).filter(|connection| !connection.steps.is_empty());
        Explained {
            frames,
            cut,
            connections: connections.len(),
            listed: order.iter().take(MOST_LISTED).map(|connection| listed(connection, &catalogue)).collect(),
            shown: shown.map(|connection| Told::new(connection, &catalogue, width, false)),
        }
    }))
}

type Read = (Vec<Connection>, u64, Option<String>);

fn read(octets: &[u8], number: u32) -> Result<Read, String> {
    let first = pass(octets, Detail::None)?;
    let wanted = match number {
        0 => first.0.iter().max_by_key(|it| (worst(it), std::cmp::Reverse(it.number))).map(|it| it.number),
        number => Some(number.into()),
    };
    // The segments of one connection alone are kept: a file of any size is read in little memory.
    match wanted {
        Some(number) => pass(octets, Detail::One(number)),
        None => Ok(first),
    }
}

fn pass(octets: &[u8], detail: Detail) -> Result<Read, String> {
    let mut reader = Reader::new(octets).map_err(|error| error.to_string())?;
    let (mut dissector, mut explainer, mut frames) = (Dissector::new(), Explainer::new(detail), 0);
    let cut = loop {
        match reader.next() {
            Ok(Some(frame)) => {
                frames = frame.number;
                explainer.take(&dissector.dissect(&frame));
            }
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    Ok((explainer.finish(), frames, cut))
}

fn worst(connection: &Connection) -> Option<Severity> {
    connection.findings.iter().map(|finding| finding.kind.severity()).max()
}

fn listed(connection: &Connection, catalogue: &Catalogue) -> Listed {
    let words = Words::new(catalogue, connection);
    Listed {
        number: connection.number,
        ends: connection.ends.each_ref().map(|end| end.address.to_string()),
        verdict: words.verdict(),
        worst: worst(connection).map(Severity::code),
        findings: connection.findings.iter().map(|finding| catalogue.finding_name(finding.kind)).collect(),
        octets: connection.ends.iter().map(|end| end.sent.octets).sum(),
    }
}
