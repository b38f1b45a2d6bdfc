//! One connection on a page.

use maud::{Markup, html};

use crate::catalogue::{Args, Word};
use crate::model::connection::Connection;
use crate::svg;
use crate::text::facts;
use crate::voices::{Said, Voices};

use super::{Options, spans, table};

/// A connection: its panel, its findings, its ladder and its graphs. The first is open, others open on demand.
/// At most so many of its segments are drawn.
pub(super) fn article(voices: &Voices<'_>, open: bool, most: usize, options: &Options) -> Markup {
    let number = voices.connection().number;
    let title =
        voices.say(|words| words.catalogue.phrase(Word::Connection, &Args::none().number("number", number)));
    // What is left out is left out everywhere, so that the picture and its table show the same.
    let cut = cut(voices.connection(), most);
    let shown = cut.as_ref().map_or_else(|| voices.clone(), |cut| voices.of(cut));
    html! {
        details class="connection" id=(format!("c{number}")) open[open] {
            summary {
                h2 id=(format!("title{number}")) {
                    span class="which" { (spans(&title)) }
                    " "
                    (spans(&voices.say(|words| words.verdict())))
                }
            }
            (panel(voices))
            (super::findings::findings(voices))
            @if let Some(cut) = &cut {
                p class="cut" { (spans(&counted(voices, Word::PageCut, cut.steps.len()))) }
            }
            @if shown.connection().steps.is_empty() {
                p { (spans(&voices.say(|words| words.catalogue.word(Word::NoSegments)))) }
            } @else {
                (ladder(&shown, options))
                (graphs(&shown))
            }
        }
    }
}

fn counted(voices: &Voices<'_>, word: Word, count: usize) -> Vec<Said> {
    voices.say(|words| words.catalogue.phrase(word, &Args::none().number("count", count as u64)))
}

fn cut(connection: &Connection, most: usize) -> Option<Connection> {
    if connection.steps.len() <= most {
        return None;
    }
    let steps = connection.steps[..most].to_vec();
    // The steps are by far the most of a connection: they are copied only as far as they are shown.
    Some(Connection {
        number: connection.number,
        ends: connection.ends.clone(),
        span: connection.span,
        verdict: connection.verdict,
        negotiated: connection.negotiated,
        handshake: connection.handshake,
        rtt: connection.rtt,
        completeness: connection.completeness,
        zeek: connection.zeek.clone(),
        steps,
        findings: connection.findings.clone(),
    })
}

fn panel(voices: &Voices<'_>) -> Markup {
    // Each language has as many rows as the others: they are the same facts.
    let count = facts(voices.first()).len();
    let part = |index: usize, name: bool| {
        voices.say(|words| {
            let (title, text) = facts(words).swap_remove(index);
            if name { title } else { text }
        })
    };
    html! {
        dl class="facts" id=(format!("desc{}", voices.connection().number)) {
            @for index in 0..count {
                div { dt { (spans(&part(index, true))) } dd { (spans(&part(index, false))) } }
            }
        }
    }
}

fn ladder(voices: &Voices<'_>, options: &Options) -> Markup {
    let word = |word| voices.say(|words| words.catalogue.word(word));
    let drawing = svg::Options { width: 472, absolute: options.absolute, ..svg::Options::default() };
    let count = voices.connection().steps.len();
    let label = format!("segments{}", voices.connection().number);
    html! {
        section class="ladder" {
            h3 { (spans(&word(Word::PageLadder))) }
            div class="beside" {
                figure { (svg::inline(voices, &drawing)) }
                aside class="header" aria-live="polite" { p class="hint" { (spans(&word(Word::PageHint))) } }
            }
            details class="twin" {
                summary id=(label) { (spans(&counted(voices, Word::PageSegments, count))) }
                (table::segments(voices, &label, options.absolute))
            }
        }
    }
}

fn graphs(voices: &Voices<'_>) -> Markup {
    let word = |word| voices.say(|words| words.catalogue.word(word));
    let charts = svg::charts(voices);
    if charts.is_empty() {
        return html! {};
    }
    html! {
        section class="graphs" {
            h3 { (spans(&word(Word::PageGraphs))) }
            div class="grid" {
                @for chart in &charts {
                    figure {
                        figcaption id=(chart.id) { (spans(&chart.title)) }
                        (chart.drawing)
                        details class="twin" {
                            summary { (spans(&word(Word::PageTable))) }
                            (table::readings(voices, chart))
                        }
                    }
                }
            }
        }
    }
}
