//! What was found, below a ladder.

use crate::catalogue::Word;
use crate::model::finding::Severity;
use crate::words::{Words, clause_text};

use super::Options;
use super::line::{Line, Paint, width, wrap};

pub(super) fn lines(words: &Words<'_>, options: &Options) -> Vec<Line> {
    let findings = &words.connection.findings;
    if findings.is_empty() {
        return vec![Line::of(Paint::Quiet, words.catalogue.word(Word::NothingFound))];
    }
    let mut lines = vec![Line::of(Paint::Heading, words.catalogue.word(Word::Findings))];
    for finding in findings {
        let text = words.finding(finding);
        let severity = finding.kind.severity();
        let mut evidence = vec![words.catalogue.certainty(finding.certainty)];
        evidence.extend(Some(words.frames(finding)).filter(|frames| !frames.is_empty()));
        evidence.push(clause_text(finding.kind.clause()));
        let title = format!("{}: {}", words.catalogue.severity(severity), text.name);
        lines.extend(hanging(Paint::Plain, "  ", (paint(severity), &title), &evidence.join(words.comma()), options));
        lines.extend(hanging(Paint::Plain, "    ", (Paint::Plain, ""), &text.what, options));
        for (word, text) in [(Word::Cause, &text.cause), (Word::Else, &text.other), (Word::Next, &text.next)] {
            let label = format!("{}:", words.catalogue.word(word));
            lines.extend(hanging(Paint::Plain, "    ", (Paint::Quiet, &label), text, options));
        }
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

/// A label with a text that hangs beside it.
fn hanging(paint: Paint, indent: &str, label: (Paint, &str), text: &str, options: &Options) -> Vec<Line> {
    let start = indent.len() + if label.1.is_empty() { 0 } else { width(label.1) + 2 };
    let under = if start > options.columns() / 3 { indent.len() + 2 } else { start };
    let room = options.columns().saturating_sub(start.max(under));
    wrap(text, room)
        .into_iter()
        .enumerate()
        .map(|(index, text)| {
            let mut line = Line::plain(indent);
            if index == 0 {
                line.push(label.0, label.1);
            }
            line.pad_to(if index == 0 { start } else { under });
            line.push(paint, text);
            line
        })
        .collect()
}
