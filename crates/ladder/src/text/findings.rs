//! What was found, below a ladder.

use crate::catalogue::{Catalogue, Word};
use crate::model::finding::Severity;
use crate::words::{FindingText, Words, clause_text};

use super::Options;
use super::line::{Line, Paint, width, wrap};

pub(super) fn lines(words: &Words<'_>, options: &Options) -> Vec<Line> {
    let findings = &words.connection.findings;
    if findings.is_empty() {
        return vec![Line::of(Paint::Quiet, words.catalogue.word(Word::NothingFound))];
    }
    let mut lines = vec![Line::of(Paint::Heading, words.catalogue.word(Word::Findings))];
    for finding in findings {
        let mut evidence = vec![words.catalogue.certainty(finding.certainty)];
        evidence.extend(Some(words.frames(finding)).filter(|frames| !frames.is_empty()));
        evidence.push(clause_text(finding.kind.clause()));
        let evidence = evidence.join(words.catalogue.comma());
        lines.extend(told(
            &words.finding(finding),
            finding.kind.severity(),
            &format!("[{evidence}]"),
            words.catalogue,
            options,
        ));
    }
    lines
}

/// Something that is told with its likely cause, what else it could be, and what to look at.
pub(super) fn told(
    text: &FindingText,
    severity: Severity,
    evidence: &str,
    catalogue: &Catalogue,
    options: &Options,
) -> Vec<Line> {
    let title = format!("{}{}{}", catalogue.severity(severity), catalogue.colon(), text.name);
    let mut lines = titled(&title, paint(severity), evidence, options);
    lines.extend(hanging("", 0, &text.what, options));
    let parts = [(Word::Cause, &text.cause), (Word::Else, &text.other), (Word::Next, &text.next)];
    let labels = parts.map(|(word, _)| format!("{}{}", catalogue.word(word), catalogue.colon().trim_end()));
    let column = labels.iter().map(|label| width(label)).max().unwrap_or(0) + 1;
    for (label, (_, text)) in labels.iter().zip(parts) {
        lines.extend(hanging(label, column, text, options));
    }
    lines
}

fn paint(severity: Severity) -> Paint {
    match severity {
        Severity::Error => Paint::Wrong,
        Severity::Warning => Paint::Warning,
        Severity::Note => Paint::Note,
    }
}

/// The name of a finding with its evidence behind it, or below it where there is no room.
fn titled(title: &str, paint: Paint, evidence: &str, options: &Options) -> Vec<Line> {
    let mut line = Line::plain("  ");
    line.push(paint, title);
    if line.width() + 2 + width(evidence) <= options.columns() {
        line.push(Paint::Quiet, format!("  {evidence}"));
        return vec![line];
    }
    let mut lines = vec![line];
    for text in wrap(evidence, options.columns() - INDENT) {
        let mut line = Line::plain(" ".repeat(INDENT));
        line.push(Paint::Quiet, text);
        lines.push(line);
    }
    lines
}

/// Columns before what belongs to a finding.
const INDENT: usize = 4;

/// A label with a text that hangs beside it.
fn hanging(label: &str, column: usize, text: &str, options: &Options) -> Vec<Line> {
    let texts = wrap(text, options.columns() - INDENT - column);
    let lines = texts.into_iter().enumerate().map(|(index, text)| {
        let mut line = Line::plain(" ".repeat(INDENT));
        if index == 0 {
            line.push(Paint::Quiet, label);
        }
        line.pad_to(INDENT + column);
        line.push(Paint::Plain, text);
        line
    });
    lines.collect()
}
