//! Lines of a terminal: columns, colours, wrapping.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a piece of text is; only a terminal with colours shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    /// As it is.
    Plain,
    /// The name of an end.
    Name,
    /// A state.
    State,
    /// An arrow and what stands on it.
    Arrow,
    /// An arrow of something that went wrong.
    Wrong,
    /// Something that costs.
    Warning,
    /// Something that is good to know.
    Note,
    /// What matters less: clauses, numbers.
    Quiet,
    /// A heading.
    Heading,
}

impl Paint {
    fn style(self) -> Style {
        let style = Style::new();
        let colour = |colour: AnsiColor| style.fg_color(Some(colour.into()));
        match self {
            Self::Plain => style,
            Self::Name | Self::Heading => style.bold(),
            Self::State => colour(AnsiColor::Cyan).bold(),
            Self::Arrow => colour(AnsiColor::Blue),
            Self::Wrong => colour(AnsiColor::Red).bold(),
            Self::Warning => colour(AnsiColor::Yellow).bold(),
            Self::Note => colour(AnsiColor::Green),
            Self::Quiet => style.dimmed(),
        }
    }
}

/// A line: pieces of text one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Line(Vec<(Paint, String)>);

impl Line {
    pub(super) fn of(paint: Paint, text: impl Into<String>) -> Self {
        let mut line = Self::default();
        line.push(paint, text);
        line
    }

    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::of(Paint::Plain, text)
    }

    pub(super) fn push(&mut self, paint: Paint, text: impl Into<String>) {
        self.0.push((paint, text.into()));
    }

    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }

    /// Fills up with spaces.
    pub(super) fn pad_to(&mut self, columns: usize) {
        let missing = columns.saturating_sub(self.width());
        if missing > 0 {
            self.push(Paint::Plain, " ".repeat(missing));
        }
    }

    /// Writes the line without spaces at its end.
    pub(super) fn write(&self, out: &mut String, colour: bool) {
        let end = self.0.iter().rposition(|(_, text)| !text.trim_end().is_empty()).map_or(0, |last| last + 1);
        for (index, (paint, text)) in self.0[..end].iter().enumerate() {
            let text = if index + 1 == end { text.trim_end() } else { text };
            let style = paint.style();
            if colour && style != Style::new() {
                // Writing to a String cannot fail.
                let _ = write!(out, "{style}{text}{style:#}");
            } else {
                out.push_str(text);
            }
        }
    }
}

/// Columns that a text takes; Chinese takes two a character.
pub(crate) fn width(text: &str) -> usize {
    let is_plain = text.bytes().all(|octet| (b' '..=b'~').contains(&octet));
    if is_plain { text.len() } else { UnicodeWidthStr::width(text) }
}

/// Breaks a text into lines of at most so many columns: at spaces, and around Chinese characters, never before a mark
/// that closes something. A no-break space holds together; a word that is too long is cut.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = vec![String::new()];
    let mut taken = 0;
    for atom in atoms(text, columns) {
        let line = lines.last_mut().expect("there is a line");
        if taken + width(atom.trim_end_matches(' ')) > columns && !line.is_empty() {
            lines.push(atom.to_owned());
            taken = 0;
        } else {
            line.push_str(atom);
        }
        taken += width(atom);
    }
    lines.iter().map(|line| line.trim_end_matches(' ').replace('\u{a0}', " ")).collect()
}

/// What must not be broken, one after the other.
fn atoms(text: &str, columns: usize) -> Vec<&str> {
    let mut atoms = Vec::new();
    let (mut start, mut taken) = (0, 0);
    let mut previous: Option<char> = None;
    for (index, character) in text.char_indices() {
        let columns_of_it = if character.is_ascii_graphic() { 1 } else { character.width().unwrap_or(0) };
        let breaks = previous.is_some_and(|previous| may_break(previous, character));
        if breaks || (taken + columns_of_it > columns && character != ' ') {
            atoms.push(&text[start..index]);
            (start, taken) = (index, 0);
        }
        taken += columns_of_it;
        previous = Some(character);
    }
    atoms.push(&text[start..]);
    atoms
}

fn may_break(before: char, after: char) -> bool {
    // Most characters are Latin, and stand within a word.
    (before == ' ' || is_wide(before) || is_wide(after)) && after != ' ' && !closes(after) && !opens(before)
}

fn is_wide(character: char) -> bool {
    !character.is_ascii() && character.width() == Some(2)
}

fn closes(character: char) -> bool {
    matches!(character, '，' | '。' | '：' | '；' | '？' | '！' | '、' | '）' | '」' | '》')
        || matches!(character, ',' | '.' | ':' | ';' | '?' | '!' | ')' | ']')
}

fn opens(character: char) -> bool {
    matches!(character, '（' | '「' | '《' | '(' | '[')
}

#[cfg(test)]
mod tests;
