//! The connections of a capture, the worst first.

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
    let mut sorted: Vec<&Connection> = connections.iter().collect();
    sorted.sort_by_cached_key(|connection| order(connection));
    let count = |count: usize| Args::none().number("count", count as u64);
    let shown: Vec<_> = sorted.iter().copied().filter(|c| options.all || !is_healthy(c)).collect();
    let shown = if shown.is_empty() { sorted } else { shown };
    let mut lines =
        vec![Line::of(Paint::Heading, catalogue.phrase(Word::Connections, &count(connections.len())))];
    lines.extend(table(&shown, catalogue, options));
    if shown.len() < connections.len() {
        let rest = catalogue.phrase(Word::Healthy, &count(connections.len() - shown.len()));
        lines.push(Line::of(Paint::Quiet, rest));
    }
    render(&lines, options)
}

/// By this they are sorted: what is worst comes first, and what came first before what came later.
pub(crate) fn order(connection: &Connection) -> (std::cmp::Reverse<Option<Severity>>, VerdictKind, u64) {
    let worst = connection.findings.iter().map(|finding| finding.kind.severity()).max();
    (std::cmp::Reverse(worst), connection.verdict.kind, connection.number)
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
        let worst = connection.findings.iter().max_by_key(|finding| {
            // The first of the worst: later ones must not win a tie.
            (finding.kind.severity(), std::cmp::Reverse(finding.frames.first().copied()))
        });
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

fn table(connections: &[&Connection], catalogue: &Catalogue, options: &Options) -> Vec<Line> {
    let arrow = if options.ascii { "->" } else { "→" };
    let entries: Vec<_> = connections.iter().map(|c| Entry::of(&Words::new(catalogue, c))).collect();
    let ends: Vec<_> =
        entries.iter().map(|entry| format!("{} {arrow} {}", entry.ends[0], entry.ends[1])).collect();
    let rows = || {
        entries.iter().zip(&ends).map(|(entry, ends)| {
            let Entry { number, verdict, handshake, rtt, octets, worst, .. } = entry;
            [number, ends, verdict, handshake, rtt, octets, worst].map(String::as_str)
        })
    };
    let names = [
        "#".to_owned(),
        catalogue.word(Word::Ends),
        catalogue.word(Word::Verdict),
        catalogue.word(Word::Handshake),
        catalogue.word(Word::Rtt),
        catalogue.word(Word::OctetsColumn),
        catalogue.word(Word::Worst),
    ];
    let names = names.each_ref().map(String::as_str);
    let mut widths = names.map(width);
    for row in rows() {
        widths.iter_mut().zip(row).for_each(|(most, cell)| *most = width(cell).max(*most));
    }
    if widths.iter().sum::<usize>() + 2 * (widths.len() - 1) > options.columns() {
        let labels = [Word::Handshake, Word::Rtt].map(|word| catalogue.word(word));
        return entries.iter().flat_map(|entry| stacked(entry, &labels, arrow, options)).collect();
    }
    let mut lines = vec![row(&names, &widths, Paint::Quiet, Paint::Quiet)];
    lines.extend(rows().zip(&entries).map(|(cells, entry)| row(&cells, &widths, Paint::Plain, paint(entry))));
    lines
}

fn row(cells: &[&str; 7], widths: &[usize; 7], paint: Paint, last: Paint) -> Line {
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

/// One connection in two lines or more, for narrow terminals.
fn stacked(entry: &Entry, labels: &[String; 2], arrow: &str, options: &Options) -> Vec<Line> {
    let mut first = Line::of(Paint::Heading, format!("#{} ", entry.number));
    first.push(Paint::Heading, entry.verdict.clone());
    if !entry.worst.is_empty() {
        first.push(Paint::Quiet, " · ");
        first.push(paint(entry), entry.worst.clone());
    }
    let mut facts = vec![format!("{}\u{a0}{arrow}\u{a0}{}", entry.ends[0], entry.ends[1])];
    for (label, text) in labels.iter().zip([&entry.handshake, &entry.rtt]) {
        if !text.is_empty() {
            facts.push(format!("{label}\u{a0}{}", text.replace(' ', "\u{a0}")));
        }
    }
    facts.push(entry.octets.replace(' ', "\u{a0}"));
    let mut lines = vec![first];
    for text in wrap(&facts.join("  "), options.columns().saturating_sub(4)) {
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
