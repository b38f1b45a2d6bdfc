//! Text to tokens.
//!
//! The language has no spaces that count, and the longest token wins: `1.5` is one number, `P.5` a word and
//! a number, `0...2` two numbers around an ellipsis. What a word means is for the parser to say.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::span::{ParseError, Position};

/// One token and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) at: Position,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name, a keyword, or hexadecimal digits.
    Word(String),
    /// Decimal digits, perhaps behind a minus; as written, for cookies are written so too.
    Integer(String),
    /// A number that was written with `0x`.
    Hex(i64),
    /// Digits with a point among or before them, as written.
    Decimal(String),
    /// What stands between double quotes, escapes resolved.
    Text(Vec<u8>),
    /// What stands between backticks.
    Shell(String),
    /// What stands between `%{` and `}%`.
    Code(String),
    /// The name behind `--`.
    Flag(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    Ellipsis,
    Sign(char),
    End,
}

impl TokenKind {
    /// The token as a person would name it.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Word(text) | Self::Integer(text) | Self::Decimal(text) => format!("`{text}`"),
            Self::Hex(value) => format!("`{value:#x}`"),
            Self::Text(_) => "a string".to_owned(),
            Self::Shell(_) => "a shell command".to_owned(),
            Self::Code(_) => "a code snippet".to_owned(),
            Self::Flag(name) => format!("`--{name}`"),
            Self::V4(address) => format!("`{address}`"),
            Self::V6(address) => format!("`{address}`"),
            Self::Ellipsis => "`...`".to_owned(),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end of the script".to_owned(),
        }
    }
}

/// All tokens of a script; the last is [`TokenKind::End`].
pub(crate) fn tokens(script: &str) -> Result<Vec<Token>, ParseError> {
    let mut lexer = Lexer { rest: script, at: Position::START };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank()?;
        let at = lexer.at;
        let kind = lexer.next_kind()?;
        let end = kind == TokenKind::End;
        tokens.push(Token { kind, at });
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    rest: &'a str,
    at: Position,
}

impl<'a> Lexer<'a> {
    /// Takes `len` octets and keeps count of lines and columns.
    fn take(&mut self, len: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(len);
        for character in taken.chars() {
            if character == '\n' {
                self.at = Position { line: self.at.line + 1, column: 1 };
            } else {
                self.at.column += 1;
            }
        }
        self.rest = rest;
        taken
    }

    /// Passes over blanks and comments.
    fn skip_blank(&mut self) -> Result<(), ParseError> {
        loop {
            let blanks = self.rest.len() - self.rest.trim_start().len();
            self.take(blanks);
            if self.rest.starts_with("//") {
                self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.enclosed("/*", "*/", "comment")?;
            } else {
                return Ok(());
            }
        }
    }

    /// What stands between `open`, which comes next, and `close`.
    fn enclosed(&mut self, open: &str, close: &str, what: &str) -> Result<&'a str, ParseError> {
        let at = self.at;
        let Some(end) = self.rest[open.len()..].find(close) else {
            return Err(ParseError::new(at, format!("this {what} has no `{close}` at its end")));
        };
        let whole = self.take(open.len() + end + close.len());
        Ok(&whole[open.len()..open.len() + end])
    }

    fn next_kind(&mut self) -> Result<TokenKind, ParseError> {
        let Some(first) = self.rest.chars().next() else { return Ok(TokenKind::End) };
        if self.rest.starts_with("%{") {
            let code = self.enclosed("%{", "}%", "code snippet")?;
            return Ok(TokenKind::Code(code.trim_matches([' ', '\t']).to_owned()));
        }
        match first {
            '"' => return self.quoted('"', "string").map(|text| TokenKind::Text(unescape(text))),
            '`' => return self.quoted('`', "command").map(|text| TokenKind::Shell(text.to_owned())),
            _ => {}
        }
        if let Some(name) = self.rest.strip_prefix("--") {
            let len = span(name, is_word);
            if len > 0 {
                return Ok(TokenKind::Flag(self.take(2 + len)[2..].to_owned()));
            }
        }
        if self.rest.starts_with("...") {
            self.take(3);
            return Ok(TokenKind::Ellipsis);
        }
        if let Some((len, address)) = v6_prefix(self.rest) {
            self.take(len);
            return Ok(TokenKind::V6(address));
        }
        if let Some((len, address)) = v4_prefix(self.rest) {
            self.take(len);
            return Ok(TokenKind::V4(address));
        }
        Ok(self.word_or_number(first))
    }

    /// What stands between two quotes; a backslash keeps the character behind it from ending it.
    fn quoted(&mut self, quote: char, what: &str) -> Result<&'a str, ParseError> {
        let mut escaped = false;
        for (index, character) in self.rest.char_indices().skip(1) {
            if escaped {
                escaped = false;
            } else if character == '\\' {
                escaped = true;
            } else if character == quote {
                return Ok(&self.take(index + 1)[1..index]);
            }
        }
        Err(ParseError::new(self.at, format!("this {what} has no `{quote}` at its end")))
    }

    /// The longest of a word, an integer and a decimal, or else one sign.
    fn word_or_number(&mut self, first: char) -> TokenKind {
        let text = self.rest;
        let minus = usize::from(first == '-');
        let digits = span(&text[minus..], |character| character.is_ascii_digit());
        let fraction = text[minus + digits..]
            .strip_prefix('.')
            .map_or(0, |behind| span(behind, |character| character.is_ascii_digit()));
        let word = span(text, is_word);
        if fraction > 0 && minus + digits + 1 + fraction > word {
            return TokenKind::Decimal(self.take(minus + digits + 1 + fraction).to_owned());
        }
        if digits > 0 && minus + digits >= word {
            return TokenKind::Integer(self.take(minus + digits).to_owned());
        }
        if word == 0 {
            self.take(first.len_utf8());
            return TokenKind::Sign(first);
        }
        let word = self.take(word);
        let hex = word.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
        hex.map_or_else(|| TokenKind::Word(word.to_owned()), |value| TokenKind::Hex(value as i64))
    }
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// How many octets of `text` satisfy `belongs`, all of them ASCII.
fn span(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|character| !belongs(character)).unwrap_or(text.len())
}

/// Four numbers with points between them.
fn v4_prefix(text: &str) -> Option<(usize, Ipv4Addr)> {
    let len = span(text, |character| character.is_ascii_digit() || character == '.');
    let candidate = text[..len].trim_end_matches('.');
    Some((candidate.len(), candidate.parse().ok()?))
}

/// An IPv6 address. A run of sequence numbers such as `1:1001` is none: it needs `::` or all eight groups.
fn v6_prefix(text: &str) -> Option<(usize, Ipv6Addr)> {
    let len = span(text, |character| character.is_ascii_hexdigit() || matches!(character, ':' | '.'));
    let mut candidate = &text[..len];
    if candidate.bytes().filter(|octet| *octet == b':').count() < 2 {
        return None;
    }
    while !candidate.is_empty() {
        if let Ok(address) = candidate.parse() {
            return Some((candidate.len(), address));
        }
        candidate = &candidate[..candidate.len() - 1];
    }
    None
}

/// Resolves the escapes of C.
fn unescape(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first != b'\\' {
            octets.push(*first);
            continue;
        }
        let [escape, behind @ ..] = rest else { break };
        rest = behind;
        match escape {
            b'n' => octets.push(b'\n'),
            b't' => octets.push(b'\t'),
            b'r' => octets.push(b'\r'),
            b'0' => octets.push(0),
            b'x' => {
                let digits = rest.iter().take(2).take_while(|octet| octet.is_ascii_hexdigit()).count();
                let value = std::str::from_utf8(&rest[..digits])
                    .ok()
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                octets.extend(value);
                rest = &rest[digits..];
            }
            other => octets.push(*other),
        }
    }
    octets
}
