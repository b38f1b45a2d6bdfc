//! The list of connections at the head of a page.

use maud::{Markup, html};

use crate::catalogue::{Args, Catalogue, Word};
use crate::model::connection::Connection;
use crate::model::finding::Severity;
use crate::text::{Entry, is_healthy};
use crate::voices::{Said, said};
use crate::words::Words;

use super::spans;

/// How many more connections are listed than are told one by one.
const LISTED: usize = 10;

/// The connections, of which the first `told` are told one by one below.
pub(super) fn list(connections: &[&Connection], told: usize, catalogues: &[Catalogue]) -> Markup {
    let word = |word| said(catalogues.iter().map(|catalogue| (catalogue, catalogue.word(word))));
    let count = |catalogue: &Catalogue| {
        catalogue.phrase(Word::Connections, &Args::none().number("count", connections.len() as u64))
    };
    let names =
        [Word::Ends, Word::Verdict, Word::Worst, Word::Handshake, Word::Rtt, Word::OctetsColumn].map(word);
    let counted = |word, count: usize| {
        let args = || Args::none().number("count", count as u64);
        said(catalogues.iter().map(|catalogue| (catalogue, catalogue.phrase(word, &args()))))
    };
    let listed = connections.len().min(told * LISTED);
    html! {
        section class="list" {
            h2 id="list" { (spans(&said(catalogues.iter().map(|catalogue| (catalogue, count(catalogue)))))) }
            @if told < connections.len() { p class="cut" { (spans(&counted(Word::PageTold, told))) } }
            div class="scroll" tabindex="0" role="region" aria-labelledby="list" {
                table {
                    thead { tr {
                        th scope="col" { "#" }
                        @for name in &names { th scope="col" { (spans(name)) } }
                    } }
                    tbody {
                        @for (index, connection) in connections[..listed].iter().enumerate() {
                            (row(connection, index < told, catalogues, &names))
                        }
                    }
                }
            }
            @if listed < connections.len() {
                p class="cut" { (spans(&counted(Word::PageUnlisted, connections.len() - listed))) }
            }
        }
    }
}

fn row(connection: &Connection, told: bool, catalogues: &[Catalogue], names: &[Vec<Said>; 6]) -> Markup {
    let entries: Vec<_> = catalogues
        .iter()
        .map(|catalogue| (catalogue, Entry::of(&Words::new(catalogue, connection))))
        .collect();
    let tell = |part: fn(&Entry) -> &String| {
        said(entries.iter().map(|(catalogue, entry)| (*catalogue, part(entry).clone())))
    };
    let first = &entries[0].1;
    // Narrow screens show a row as a card: there, what a number is of stands before it.
    let cell = |name: &Vec<Said>, class: &str, part: fn(&Entry) -> &String| {
        let told = tell(part);
        let empty = told.iter().all(|said| said.text.is_empty());
        html! {
            @if empty { td {} } @else {
                td class=(class) { span class="of" { (spans(name)) " " } (spans(&told)) }
            }
        }
    };
    html! {
        tr class=(if is_healthy(connection) { "fine" } else { "" }) {
            th scope="row" {
                @if told { a href=(format!("#c{}", connection.number)) { (connection.number) } }
                @else { (connection.number) }
            }
            td class="ends" { (first.ends[0]) " → " (first.ends[1]) }
            td { (spans(&tell(|entry| &entry.verdict))) }
            td {
                @if let Some(severity) = first.severity {
                    span class=(chip(severity)) { (spans(&tell(|entry| &entry.worst))) }
                }
            }
            (cell(&names[3], "number", |entry| &entry.handshake))
            (cell(&names[4], "number", |entry| &entry.rtt))
            td class="number" { (spans(&tell(|entry| &entry.octets))) }
        }
    }
}

/// The class of a severity's mark. Its form, not only its colour, says which it is.
pub(super) const fn chip(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "chip error",
        Severity::Warning => "chip warning",
        Severity::Note => "chip note",
    }
}
