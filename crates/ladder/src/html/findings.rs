//! What was found: on a connection, and on several together.

use maud::{Markup, html};

use crate::catalogue::{Catalogue, Word};
use crate::model::finding::Severity;
use crate::model::pattern::Pattern;
use crate::voices::{Said, Voices, said};
use crate::words::{FindingText, clause_text};

use super::list::chip;
use super::spans;

/// The findings of a connection.
pub(super) fn findings(voices: &Voices<'_>) -> Markup {
    let word = |word| voices.say(|words| words.catalogue.word(word));
    html! {
        section class="findings" {
            h3 { (spans(&word(Word::Findings))) }
            @let findings = &voices.connection().findings;
            @if findings.is_empty() { p { (spans(&word(Word::NothingFound))) } }
            @for finding in findings {
                @let severity = finding.kind.severity();
                @let evidence = voices.say(|words| {
                    let mut parts = vec![words.catalogue.certainty(finding.certainty)];
                    parts.extend(Some(words.frames(finding)).filter(|frames| !frames.is_empty()));
                    parts.join(" · ")
                });
                (block(
                    severity,
                    &voices.say(|words| words.catalogue.severity(severity)),
                    |part| voices.say(|words| part(words.finding(finding))),
                    &word,
                    &evidence,
                    finding.kind.clause(),
                ))
            }
        }
    }
}

/// What several connections have in common.
pub(super) fn patterns(patterns: &[Pattern], catalogues: &[Catalogue]) -> Markup {
    if patterns.is_empty() {
        return html! {};
    }
    let say = |tell: &dyn Fn(&Catalogue) -> String| {
        said(catalogues.iter().map(|catalogue| (catalogue, tell(catalogue))))
    };
    let word = |word: Word| say(&|catalogue| catalogue.word(word));
    html! {
        section class="findings" {
            h2 { (spans(&word(Word::InCommon))) }
            @for pattern in patterns {
                @let severity = pattern.kind.severity();
                (block(
                    severity,
                    &say(&|catalogue| catalogue.severity(severity)),
                    |part| say(&|catalogue| part(catalogue.tell(pattern))),
                    &word,
                    &say(&|catalogue| catalogue.connections_of(pattern)),
                    pattern.kind.clause(),
                ))
            }
        }
    }
}

/// One of them.
fn block(
    severity: Severity,
    title: &[Said],
    text: impl Fn(fn(FindingText) -> String) -> Vec<Said>,
    word: &dyn Fn(Word) -> Vec<Said>,
    evidence: &[Said],
    clause: &str,
) -> Markup {
    html! {
        div class=(format!("finding {}", severity.code())) {
            h4 {
                span class=(chip(severity)) { (spans(title)) }
                " "
                (spans(&text(|text| text.name)))
            }
            p class="what" { (spans(&text(|text| text.what))) }
            dl {
                dt { (spans(&word(Word::Cause))) }
                dd { (spans(&text(|text| text.cause))) }
                dt { (spans(&word(Word::Else))) }
                dd { (spans(&text(|text| text.other))) }
                dt { (spans(&word(Word::Next))) }
                dd { (spans(&text(|text| text.next))) }
            }
            p class="evidence" { (spans(evidence)) " · " (clause_text(clause)) }
        }
    }
}
