//! One connection told in one language or in several at once, for pictures that can switch between them.

use crate::catalogue::Catalogue;
use crate::model::connection::Connection;
use crate::text::wrap;
use crate::words::Words;

/// What is said, and in which language: none where all say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) tag: Option<&'static str>,
    pub(crate) text: String,
}

/// The same in lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) tag: Option<&'static str>,
    pub(crate) lines: Vec<String>,
}

/// A connection in its languages.
#[derive(Clone, Debug)]
pub(crate) struct Voices<'a>(Vec<Words<'a>>);

impl<'a> Voices<'a> {
    pub(crate) fn new(catalogues: &'a [Catalogue], connection: &'a Connection) -> Self {
        Self(catalogues.iter().map(|catalogue| Words::new(catalogue, connection)).collect())
    }

    /// The same languages about another connection.
    pub(crate) fn of<'b>(&self, connection: &'b Connection) -> Voices<'b>
    where
        'a: 'b,
    {
        Voices(self.0.iter().map(|words| Words::new(words.catalogue, connection)).collect())
    }

    pub(crate) fn connection(&self) -> &'a Connection {
        self.first().connection
    }

    /// The language that is shown at first.
    pub(crate) fn first(&self) -> &Words<'a> {
        self.0.first().expect("a picture has a language")
    }

    /// Height of a state in a drawing, in the language that takes most.
    pub(crate) fn state_height(&self) -> i32 {
        self.state_heights().into_iter().map(|(_, height)| height).max().unwrap_or(0)
    }

    /// The same in each language; once, where it is the same: Chinese adds a line with what a state's name means.
    pub(crate) fn state_heights(&self) -> Vec<(Option<&'static str>, i32)> {
        let height = |words: &Words<'_>| if words.is_chinese() { 23 } else { 12 };
        let heights: Vec<_> =
            self.0.iter().map(|words| (Some(words.catalogue.language().tag()), height(words))).collect();
        match heights[..] {
            [(_, only)] => vec![(None, only)],
            _ => heights,
        }
    }

    pub(crate) fn say(&self, tell: impl Fn(&Words<'a>) -> String) -> Vec<Said> {
        said(self.0.iter().map(|words| (words.catalogue, tell(words))))
    }

    /// The same, broken at so many columns. What is empty has no lines.
    pub(crate) fn lines(&self, columns: usize, tell: impl Fn(&Words<'a>) -> String) -> Vec<Lines> {
        let lines = |text: &str| if text.is_empty() { Vec::new() } else { wrap(text, columns) };
        self.say(tell).iter().map(|said| Lines { tag: said.tag, lines: lines(&said.text) }).collect()
    }
}

/// What several catalogues say; once, where they all say the same.
pub(crate) fn said<'a>(told: impl Iterator<Item = (&'a Catalogue, String)>) -> Vec<Said> {
    let told: Vec<_> =
        told.map(|(catalogue, text)| Said { tag: Some(catalogue.language().tag()), text }).collect();
    match told.first() {
        Some(first) if told.iter().all(|said| said.text == first.text) => {
            vec![Said { tag: None, text: first.text.clone() }]
        }
        _ => told,
    }
}

/// How many lines the longest of them takes.
pub(crate) fn height(lines: &[Lines]) -> usize {
    lines.iter().map(|lines| lines.lines.len()).max().unwrap_or(0)
}
