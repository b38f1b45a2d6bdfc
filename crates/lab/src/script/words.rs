//! A line, word by word, each with its place.

use super::ScriptError;

/// A word and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column, in characters from 1.
    pub column: usize,
}

impl Word {
    /// What is wrong with it, and what to do.
    pub(crate) fn wrong(&self, what: &str, fix: &str) -> ScriptError {
        let text: String = self.text.chars().take(40).collect();
        ScriptError { line: self.line, column: self.column, message: format!("'{text}': {what}; {fix}") }
    }
}

/// The words of a line; what stands behind `#` and a space is for people.
pub(super) fn split(line: usize, text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut characters = text.chars().enumerate().peekable();
    while let Some((index, character)) = characters.next() {
        if character.is_whitespace() {
            words.extend(open.take());
            continue;
        }
        let starts_comment = character == '#'
            && open.is_none()
            && characters.peek().is_none_or(|(_, next)| next.is_whitespace() || *next == '#');
        if starts_comment {
            break;
        }
        open.get_or_insert_with(|| Word { text: String::new(), line, column: index + 1 })
            .text
            .push(character);
    }
    words.extend(open);
    words
}

/// The words of a statement, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Words<'a> {
    rest: &'a [Word],
    end: (usize, usize),
}

impl<'a> Words<'a> {
    pub(crate) fn new(words: &'a [Word], end: (usize, usize)) -> Self {
        Self { rest: words, end }
    }

    pub(crate) fn next(&mut self) -> Option<&'a Word> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    pub(crate) fn peek(&self) -> Option<&'a Word> {
        self.rest.first()
    }

    /// Takes the next word if it is this one.
    pub(crate) fn take(&mut self, text: &str) -> bool {
        let is_it = self.peek().is_some_and(|word| word.text == text);
        if is_it {
            self.next();
        }
        is_it
    }

    pub(crate) fn need(&mut self, what: &str) -> Result<&'a Word, ScriptError> {
        self.next().ok_or_else(|| self.missing(what))
    }

    pub(crate) fn keyword(&mut self, text: &str) -> Result<(), ScriptError> {
        let word = self.need(&format!("the word '{text}'"))?;
        if word.text == text {
            return Ok(());
        }
        Err(word.wrong(&format!("the word '{text}' was expected"), &format!("put '{text}' here")))
    }

    pub(crate) fn end(&mut self) -> Result<(), ScriptError> {
        match self.next() {
            None => Ok(()),
            Some(word) => Err(word.wrong("the line should have ended before it", "take it out")),
        }
    }

    pub(crate) fn missing(&self, what: &str) -> ScriptError {
        let (line, column) = self.end;
        ScriptError { line, column, message: format!("the line ends too early; add {what}") }
    }
}
