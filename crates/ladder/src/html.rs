//! A page about connections: one file that loads nothing.
//!
//! In: connections, and the language that is shown first. Out: HTML with all languages in it, a list when there are
//! several connections, and for each its panel, findings, ladder and graphs, every picture with a table of the same. It
//! reads well without scripts; with them, arrow keys walk along the ladder and the header of a segment stands beside it.
//! A policy inside the page forbids every request and every script but its own. What comes from a capture is escaped.

mod connection;
mod findings;
mod list;
mod table;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::catalogue::{Catalogue, Language, Word};
use crate::model::connection::Connection;
use crate::model::pattern::Pattern;
use crate::voices::{Said, Voices, said};
use crate::words::plain;

/// What the page looks like, with the colours of the drawings in it.
const STYLE: &str = concat!(include_str!("svg/style.css"), include_str!("html/page.css"));
/// What it does when scripts are on.
const SCRIPT: &str = include_str!("html/page.js");
/// SHA-256 of the two in Base64, for the policy; a test keeps them right.
const STYLE_HASH: &str = include_str!("html/style.sha256");
const SCRIPT_HASH: &str = include_str!("html/script.sha256");

/// How a page is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The language that is shown first.
    pub language: Language,
    /// What the page is about, such as the name of the capture.
    pub title: Option<String>,
    /// Segments of a connection that are drawn at most: what comes after is said to be left out.
    pub most_segments: usize,
    /// Segments of all connections that are drawn at most; the short ones are drawn whole before the long ones share the
    /// rest. A thousand take less than a megabyte.
    pub most_segments_in_all: usize,
    /// Connections that are told one by one at most, the worst first. A list names more of them, ten times as many.
    pub most_connections: usize,
    /// Sequence numbers as they stand in the headers.
    pub absolute: bool,
    /// What the connections have in common.
    pub patterns: Vec<Pattern>,
    /// What else there is to say of the capture, such as what could not be looked into.
    pub remarks: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            language: Language::default(),
            title: None,
            most_segments: 5_000,
            most_segments_in_all: 10_000,
            most_connections: 200,
            absolute: false,
            patterns: Vec::new(),
            remarks: Vec::new(),
        }
    }
}

/// A page about connections.
#[must_use]
pub fn page(connections: &[Connection], options: &Options) -> String {
    let mut languages = Language::ALL.to_vec();
    languages.sort_by_key(|language| *language != options.language);
    let catalogues: Vec<Catalogue> = languages.into_iter().map(Catalogue::new).collect();
    let word = |word| said(catalogues.iter().map(|catalogue| (catalogue, catalogue.word(word))));
    let title = options.title.as_deref().map(plain);
    let mut sorted: Vec<&Connection> = connections.iter().collect();
    sorted.sort_by_key(|connection| crate::text::order(connection));
    let told = &sorted[..sorted.len().min(options.most_connections)];
    let most = share(told, options);
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        STYLE_HASH.trim(),
        SCRIPT_HASH.trim()
    );
    let page = html! {
        (DOCTYPE)
        html lang=(options.language.tag()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title.clone().unwrap_or_else(|| catalogues[0].word(Word::PageTitle))) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                @for language in Language::ALL {
                    input type="radio" name="lang" id=(format!("lang-{}", language.tag())) class="lang"
                        value=(language.tag()) lang=(language.tag()) aria-label=(language.name()) checked[language == options.language];
                }
                header {
                    p class="mark" { "synfin explain" }
                    h1 { @if let Some(title) = &title { (title) } @else { (spans(&word(Word::PageTitle))) } }
                    p class="switch" {
                        span class="unseen" { (spans(&word(Word::PageLanguage))) }
                        @for language in Language::ALL {
                            label for=(format!("lang-{}", language.tag())) lang=(language.tag()) class="keep" {
                                (language.name())
                            }
                        }
                    }
                }
                main {
                    @for remark in &options.remarks { p class="cut" { (plain(remark)) } }
                    (findings::patterns(&options.patterns, &catalogues))
                    @if sorted.is_empty() { p { (spans(&word(Word::NoConnections))) } }
                    @if sorted.len() > 1 { (list::list(&sorted, told.len(), &catalogues)) }
                    @for (index, connection) in told.iter().enumerate() {
                        (connection::article(&Voices::new(&catalogues, connection), index == 0, most, options))
                    }
                }
                footer { p { (spans(&word(Word::PageMade))) } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// How many segments of a connection are drawn, so that all together are no more than a page can bear.
fn share(connections: &[&Connection], options: &Options) -> usize {
    let mut lengths: Vec<usize> = connections.iter().map(|connection| connection.steps.len()).collect();
    lengths.sort_unstable();
    let mut room = options.most_segments_in_all;
    for (index, length) in lengths.iter().enumerate() {
        let each = room / (lengths.len() - index);
        if *length > each {
            return each.min(options.most_segments);
        }
        room -= length;
    }
    options.most_segments
}

/// What is said, each language in a span of its own, of which one is shown.
fn spans(said: &[Said]) -> Markup {
    html! {
        @for Said { tag, text } in said {
            @match tag {
                Some(tag) => span lang=(tag) { (text) },
                None => (text),
            }
        }
    }
}

#[cfg(test)]
mod tests;
