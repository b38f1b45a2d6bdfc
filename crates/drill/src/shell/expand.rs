//! Words as they are once all in them is expanded (POSIX.1 2.6).

use super::lexer::{Piece, Word};
use super::{Said, Shell, parser, sum};

impl Shell<'_> {
    /// The fields of words: what is expanded without quotes is split at blanks.
    pub(super) fn fields(&mut self, words: &[Word]) -> Vec<String> {
        let mut fields = Vec::new();
        for word in words {
            self.split(word, &mut fields);
        }
        fields
    }

    /// The text of a word that stays one.
    pub(super) fn text(&mut self, word: &Word) -> String {
        word.0.iter().map(|piece| self.piece(piece).0).collect()
    }

    fn split(&mut self, word: &Word, fields: &mut Vec<String>) {
        let mut field: Option<String> = None;
        for piece in &word.0 {
            let (text, is_whole) = self.piece(piece);
            if is_whole {
                field.get_or_insert_default().push_str(&text);
                continue;
            }
            if text.starts_with(char::is_whitespace) {
                fields.extend(field.take());
            }
            let ends = text.ends_with(char::is_whitespace);
            let mut parts = text.split_whitespace().peekable();
            while let Some(part) = parts.next() {
                field.get_or_insert_default().push_str(part);
                if parts.peek().is_some() || ends {
                    fields.extend(field.take());
                }
            }
        }
        fields.extend(field);
    }

    /// What a piece stands for, and whether it stays whole.
    fn piece(&mut self, piece: &Piece) -> (String, bool) {
        match piece {
            Piece::Plain(text) | Piece::Quoted(text) => (text.clone(), true),
            Piece::Variable { name, default, quoted } => {
                let value = self.variable(name).filter(|value| !value.is_empty());
                (value.or_else(|| default.clone()).unwrap_or_default(), *quoted)
            }
            Piece::Command { text, quoted } => (self.substitute(text), *quoted),
            Piece::Sum(text) => {
                let value = sum::value(text, &|name| self.variable(name));
                (value.map(|value| value.to_string()).unwrap_or_else(|| self.unknown(text)), true)
            }
        }
    }

    fn unknown(&mut self, text: &str) -> String {
        self.unheed(&format!("`$(({text}))`"));
        String::new()
    }

    pub(super) fn variable(&self, name: &str) -> Option<String> {
        match name {
            "?" => Some(self.status.to_string()),
            "#" => Some(self.parameters.len().to_string()),
            "@" | "*" => Some(self.parameters.join(" ")),
            "$" => Some("1".to_owned()),
            _ => match name.parse::<usize>() {
                Ok(0) => Some("sh".to_owned()),
                Ok(number) => self.parameters.get(number - 1).cloned(),
                Err(_) => self.variables.get(name).cloned(),
            },
        }
    }

    /// What a command has said, without the ends of its last lines.
    fn substitute(&mut self, text: &str) -> String {
        let mut said = Said::default();
        let Ok(node) = parser::parse(text) else {
            self.unheed(&format!("`{text}`"));
            return String::new();
        };
        self.depth += 1;
        self.node(&node, &Said::default(), &mut said);
        self.depth -= 1;
        if said.is_unknown {
            self.unheed(&format!("what `{}` says", text.trim()));
        }
        said.text.trim_end_matches('\n').to_owned()
    }
}
