//! The connections of a capture, the worst first.

use std::cmp::Reverse;
use std::thread;

use crate::catalogue::{Args, Catalogue, Word};
use crate::model::connection::{Connection, VerdictKind};
use crate::model::end::Side;
use crate::model::finding::Severity;
use crate::words::{Words, span};

use super::line::{Line, Paint, width, wrap};
use super::{Options, render};

/// A table of connections: number, ends, verdict, handshake, round trip, octets, worst finding. What is healthy is only
/// counted, unless all are asked for or there is nothing else. Below about 100 columns each takes two lines.
#[must_use]
pub fn list(connections: &[Connection], catalogue: &Catalogue, options: &Options) -> String {
    if connections.is_empty() {
        return render(&[Line::plain(catalogue.word(Word::NoConnections))], options);
    }
    let count = |count: usize| Args::none().number("count", count as u64);
    let mut shown: Vec<&Connection> = connections.iter().filter(|c| options.all || !is_healthy(c)).collect();
    if shown.is_empty() {
        shown = connections.iter().collect();
    }
    shown.sort_by_cached_key(|connection| order(connection));
    let heading = catalogue.phrase(Word::Connections, &count(connections.len()));
    let mut out = render(&[Line::of(Paint::Heading, heading)], options);
    match Table::fitting(&shown, catalogue, options) {
        Some(table) => out.push_str(&render(&table.lines(), options)),
        None => stack(&mut out, &shown, catalogue, options),
    }
    if shown.len() < connections.len() {
        let rest = catalogue.phrase(Word::Healthy, &count(connections.len() - shown.len()));
        out.push_str(&render(&[Line::of(Paint::Quiet, rest)], options));
    }
    out
}

/// By this they are sorted: what is worst comes first, and what came first before what came later.
pub(crate) fn order(connection: &Connection) -> (Reverse<Option<Severity>>, VerdictKind, u64) {
    let worst = connection.findings.iter().map(|finding| finding.kind.severity()).max();
    (Reverse(worst), connection.verdict.kind, connection.number)
}

/// Nothing about it is worth a look.
pub(crate) fn is_healthy(connection: &Connection) -> bool {
    let quiet = connection.findings.iter().all(|finding| finding.kind.severity() == Severity::Note);
    quiet && matches!(connection.verdict.kind, VerdictKind::Closed | VerdictKind::Open | VerdictKind::Unknown)
}

/// The columns of one connection.
pub(crate) struct Entry {
    pub(crate) number: String,
    pub(crate) ends: [String; 2],
    pub(crate) verdict: String,
    pub(crate) handshake: String,
    pub(crate) rtt: String,
    pub(crate) octets: String,
    pub(crate) worst: String,
    pub(crate) severity: Option<Severity>,
}

impl Entry {
    pub(crate) fn of(words: &Words<'_>) -> Self {
        let connection = words.connection;
        let worst = connection.findings.iter().enumerate().max_by_key(|(index, finding)| {
            let severity = finding.kind.severity();
            // Of errors what brings others about stands before them. Else it is the first: later ones must not win a tie.
            let cause = (severity == Severity::Error).then_some(Reverse(*index));
            (severity, cause, Reverse(finding.frames.first().copied()))
        });
        let worst = worst.map(|(_, finding)| finding);
        let octets = connection.ends.iter().map(|end| end.sent.octets).sum();
        Self {
            number: connection.number.to_string(),
            ends: Side::BOTH.map(|side| connection.end(side).address.to_string()),
            verdict: words.verdict(),
            handshake: connection.handshake.map_or_else(String::new, span),
            rtt: connection.rtt.map_or_else(String::new, |[_, mean, _]| span(mean)),
            octets: words.octets(octets),
            worst: worst.map_or_else(String::new, |finding| words.catalogue.finding_name(finding.kind)),
            severity: worst.map(|finding| finding.kind.severity()),
        }
    }
}

/// One line each, in columns.
struct Table {
    names: [String; COLUMNS],
    entries: Vec<(Entry, String)>,
    widths: [usize; COLUMNS],
}

const COLUMNS: usize = 7;
/// So many connections are worth a thread.
const MANY: usize = 1000;

impl Table {
    /// `None` where the columns are wider than the terminal.
    fn fitting(connections: &[&Connection], catalogue: &Catalogue, options: &Options) -> Option<Self> {
        let names = [Word::Ends, Word::Verdict, Word::Handshake, Word::Rtt, Word::OctetsColumn, Word::Worst]
            .map(|word| catalogue.word(word));
        let [ends, verdict, handshake, rtt, octets, worst] = names;
        let names = ["#".to_owned(), ends, verdict, handshake, rtt, octets, worst];
        let widths = names.each_ref().map(|name| width(name));
        let mut table = Self { names, entries: Vec::new(), widths };
        for connection in connections {
            let entry = Entry::of(&Words::new(catalogue, connection));
            let ends = format!("{} {} {}", entry.ends[0], arrow(options), entry.ends[1]);
            for (most, cell) in table.widths.iter_mut().zip(cells(&entry, &ends)) {
                *most = width(cell).max(*most);
            }
            if table.widths.iter().sum::<usize>() + 2 * (COLUMNS - 1) > options.columns() {
                return None;
            }
            table.entries.push((entry, ends));
        }
        Some(table)
    }

    fn lines(&self) -> Vec<Line> {
        let names = self.names.each_ref().map(String::as_str);
        let mut lines = vec![row(&names, &self.widths, Paint::Quiet, Paint::Quiet)];
        lines.extend(
            self.entries
                .iter()
                .map(|(entry, ends)| row(&cells(entry, ends), &self.widths, Paint::Plain, paint(entry))),
        );
        lines
    }
}

fn cells<'a>(entry: &'a Entry, ends: &'a str) -> [&'a str; COLUMNS] {
    let Entry { number, verdict, handshake, rtt, octets, worst, .. } = entry;
    [number, ends, verdict, handshake, rtt, octets, worst]
}

const fn arrow(options: &Options) -> &'static str {
    if options.ascii { "->" } else { "→" }
}

fn row(cells: &[&str; COLUMNS], widths: &[usize; COLUMNS], paint: Paint, last: Paint) -> Line {
    let mut line = Line::default();
    let mut end = 0;
    for (column, cell) in cells.iter().enumerate() {
        // Numbers end in line, names begin in line.
        let right = matches!(column, 0 | 3 | 4 | 5);
        line.pad_to(if right { end + widths[column].saturating_sub(width(cell)) } else { end });
        line.push(if column == 6 { last } else { paint }, *cell);
        end += widths[column] + 2;
    }
    line
}

/// Each in two lines or more, for narrow terminals. Of many, each processor writes a part.
fn stack(out: &mut String, connections: &[&Connection], catalogue: &Catalogue, options: &Options) {
    let labels = [Word::Handshake, Word::Rtt].map(|word| catalogue.word(word));
    let part = |connections: &[&Connection]| {
        let mut part = String::new();
        for connection in connections {
            let entry = Entry::of(&Words::new(catalogue, connection));
            for line in stacked(&entry, &labels, options) {
                line.write(&mut part, options.colour);
                part.push('\n');
            }
        }
        part
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    if connections.len() < MANY || processors == 1 {
        out.push_str(&part(connections));
        return;
    }
    thread::scope(|scope| {
        let parts = connections.chunks(connections.len().div_ceil(processors));
        let parts: Vec<_> = parts.map(|connections| scope.spawn(|| part(connections))).collect();
        for part in parts {
            out.push_str(&part.join().expect("nothing panics over a connection"));
        }
    });
}

fn stacked(entry: &Entry, labels: &[String; 2], options: &Options) -> Vec<Line> {
    let mut first = Line::of(Paint::Heading, format!("#{} ", entry.number));
    first.push(Paint::Heading, entry.verdict.as_str());
    if !entry.worst.is_empty() {
        first.push(Paint::Quiet, " · ");
        first.push(paint(entry), entry.worst.as_str());
    }
    let mut facts = format!("{}\u{a0}{}\u{a0}{}", entry.ends[0], arrow(options), entry.ends[1]);
    let bound = |text: &str| text.replace(' ', "\u{a0}");
    for (label, text) in labels.iter().zip([&entry.handshake, &entry.rtt]) {
        if !text.is_empty() {
            facts.extend(["  ", label, "\u{a0}", &bound(text)]);
        }
    }
    facts.extend(["  ", &bound(&entry.octets)]);
    let mut lines = vec![first];
    for text in wrap(&facts, options.columns().saturating_sub(4)) {
        let mut line = Line::plain("    ");
        line.push(Paint::Plain, text);
        lines.push(line);
    }
    lines
}

fn paint(entry: &Entry) -> Paint {
    match entry.severity {
        Some(Severity::Error) => Paint::Wrong,
        Some(Severity::Warning) => Paint::Warning,
        Some(Severity::Note) => Paint::Note,
        None => Paint::Plain,
    }
}
