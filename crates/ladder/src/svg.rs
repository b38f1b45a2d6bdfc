//! The ladder as a picture that scales.
//!
//! In: a connection and a catalogue. Out: SVG with a title and a description, text as text, readable in light and dark.
//! Time goes downwards: each segment has its moment beside it, long pauses are compressed and labelled. What is lost is
//! drawn broken, what is folded is drawn double, states have their names: no colour says anything alone.

mod chart;
mod ladder;
mod place;

use maud::{Markup, html};

use crate::catalogue::Catalogue;
use crate::model::connection::Connection;
use crate::voices::{Lines, Said, Voices};
pub(crate) use chart::Chart;
pub(crate) use chart::charts;

/// Colours and fonts of all drawings, light and dark.
pub(crate) const STYLE: &str = include_str!("svg/style.css");

/// How a ladder is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How wide the drawing is, in units of which a letter takes about six; at least 440.
    pub width: u32,
    /// Long quiet runs as one arrow.
    pub fold: bool,
    /// Sequence numbers as they stand in the headers.
    pub absolute: bool,
    /// Rows that are drawn at most: what comes after is said to be left out.
    pub most_rows: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: 720, fold: true, absolute: false, most_rows: 5_000 }
    }
}

/// A ladder as an SVG file.
#[must_use]
pub fn ladder(connection: &Connection, catalogue: &Catalogue, options: &Options) -> String {
    let voices = Voices::new(std::slice::from_ref(catalogue), connection);
    ladder::draw(&voices, options, true).into_string()
}

/// The same inside a page, in all languages of the page. Its segments are groups with ids, `s` and the page's name for
/// each.
pub(crate) fn inline(voices: &Voices<'_>, options: &Options) -> Markup {
    ladder::draw(voices, options, false)
}

/// Text at a place, in each language.
fn text(x: i32, y: i32, class: &str, said: &[Said]) -> Markup {
    html! {
        @for said in said {
            text x=(x) y=(y) class=(class) lang=[said.tag] { (said.text) }
        }
    }
}

/// The same in lines.
fn block(x: i32, y: i32, step: i32, class: &str, block: &[Lines]) -> Markup {
    let told = |lines: &[String]| {
        let (first, more) = lines.split_first().map_or(("", &[][..]), |(first, more)| (first.as_str(), more));
        html! { (first) @for line in more { tspan x=(x) dy=(step) { (line) } } }
    };
    html! {
        text x=(x) y=(y) class=(class) {
            @for Lines { tag, lines } in block {
                @match tag {
                    Some(tag) => tspan lang=(tag) { (told(lines)) },
                    None => (told(lines)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
