//! Words and operators (POSIX.1 2.2, 2.3).

use std::iter::Peekable;
use std::str::Chars;

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands.
    Plain(String),
    /// The same, quoted.
    Quoted(String),
    /// `$NAME`, and what stands for it where it is not set.
    Variable { name: String, default: Option<String>, quoted: bool },
    /// `$(COMMAND)`.
    Command { text: String, quoted: bool },
    /// `$((SUM))`.
    Sum(String),
}

/// What is one word before it is expanded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word(pub(super) Vec<Piece>);

impl Word {
    /// The word where nothing in it is quoted or expanded.
    pub(super) fn plain(&self) -> Option<&str> {
        match &self.0[..] {
            [Piece::Plain(text)] => Some(text),
            _ => None,
        }
    }

    /// The name and the value of an assignment.
    pub(super) fn assigns(&self) -> Option<(&str, Self)> {
        let Some(Piece::Plain(first)) = self.0.first() else { return None };
        let (name, rest) = first.split_once('=').filter(|(name, _)| is_name(name))?;
        let mut pieces = vec![Piece::Quoted(rest.to_owned())];
        pieces.extend(self.0[1..].iter().cloned());
        Some((name, Self(pieces)))
    }
}

pub(super) fn is_name(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(Word),
    /// `;`, `&&` and the like; the end of a line is `\n`.
    Operator(&'static str),
    /// Where the output of that descriptor goes; 0 is the input.
    Redirection(u8),
}

/// The text is no command.
#[derive(Debug)]
pub(super) struct NoCommand;

type Source<'a> = Peekable<Chars<'a>>;

/// The words and operators of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, NoCommand> {
    let mut source = text.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(next) = source.peek().copied() {
        match next {
            '\n' => {
                source.next();
                tokens.push(Token::Operator("\n"));
            }
            blank if blank.is_whitespace() => {
                source.next();
            }
            '#' => while source.next_if(|next| *next != '\n').is_some() {},
            ';' | '&' | '|' | '(' | ')' | '<' | '>' => tokens.push(operator(&mut source)?),
            _ => {
                let word = word(&mut source)?;
                let is_descriptor = matches!(word.plain(), Some("0" | "1" | "2"));
                if is_descriptor && matches!(source.peek(), Some('<' | '>')) {
                    let Token::Redirection(usual) = operator(&mut source)? else { return Err(NoCommand) };
                    let named = word.plain().and_then(|digit| digit.parse().ok());
                    tokens.push(Token::Redirection(named.unwrap_or(usual)));
                } else if !word.0.is_empty() {
                    tokens.push(Token::Word(word));
                }
            }
        }
    }
    Ok(tokens)
}

fn operator(source: &mut Source<'_>) -> Result<Token, NoCommand> {
    let first = source.next().ok_or(NoCommand)?;
    let mut twice = |operator| source.next_if_eq(&first).map(|_| Token::Operator(operator));
    Ok(match first {
        ';' => twice(";;").unwrap_or(Token::Operator(";")),
        '|' => twice("||").unwrap_or(Token::Operator("|")),
        '(' => Token::Operator("("),
        ')' => Token::Operator(")"),
        '&' if source.next_if_eq(&'>').is_some() => Token::Redirection(1),
        '&' => source.next_if_eq(&'&').map_or(Token::Operator("&"), |_| Token::Operator("&&")),
        '>' => {
            source.next_if_eq(&'>');
            Token::Redirection(1)
        }
        _ if source.next_if_eq(&'<').is_some() => return Err(NoCommand),
        _ => Token::Redirection(0),
    })
}

fn word(source: &mut Source<'_>) -> Result<Word, NoCommand> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    while let Some(next) = source.peek().copied() {
        match next {
            // `2>&1`: the descriptor that a redirection names.
            '&' if plain.is_empty() && pieces.is_empty() => break,
            ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
            blank if blank.is_whitespace() => break,
            '\'' | '"' => {
                source.next();
                flush(&mut plain, &mut pieces);
                if next == '"' {
                    quoted(source, &mut pieces)?;
                } else {
                    pieces.push(Piece::Quoted(until(source, '\'')?));
                }
            }
            '\\' => {
                source.next();
                match source.next() {
                    Some('\n') => {}
                    Some(escaped) => {
                        flush(&mut plain, &mut pieces);
                        pieces.push(Piece::Quoted(escaped.to_string()));
                    }
                    None => return Err(NoCommand),
                }
            }
            '$' => {
                source.next();
                flush(&mut plain, &mut pieces);
                pieces.push(expansion(source, false)?);
            }
            character => {
                source.next();
                plain.push(character);
            }
        }
    }
    flush(&mut plain, &mut pieces);
    Ok(Word(pieces))
}

fn flush(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Plain(std::mem::take(plain)));
    }
}

fn until(source: &mut Source<'_>, end: char) -> Result<String, NoCommand> {
    let mut text = String::new();
    loop {
        match source.next() {
            None => return Err(NoCommand),
            Some(next) if next == end => return Ok(text),
            Some(next) => text.push(next),
        }
    }
}

/// What stands between double quotes.
fn quoted(source: &mut Source<'_>, pieces: &mut Vec<Piece>) -> Result<(), NoCommand> {
    let mut text = String::new();
    loop {
        match source.next().ok_or(NoCommand)? {
            '"' => break,
            '\\' => match source.next().ok_or(NoCommand)? {
                '\n' => {}
                escaped @ ('$' | '"' | '\\') => text.push(escaped),
                other => text.extend(['\\', other]),
            },
            '$' => {
                pieces.push(Piece::Quoted(std::mem::take(&mut text)));
                pieces.push(expansion(source, true)?);
            }
            character => text.push(character),
        }
    }
    pieces.push(Piece::Quoted(text));
    Ok(())
}

/// What follows a `$`.
fn expansion(source: &mut Source<'_>, quoted: bool) -> Result<Piece, NoCommand> {
    match source.peek().copied() {
        Some('(') => {
            source.next();
            let text = balanced(source)?;
            Ok(match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
                Some(sum) => Piece::Sum(sum.to_owned()),
                None => Piece::Command { text, quoted },
            })
        }
        Some('{') => {
            source.next();
            let text = until(source, '}')?;
            let (name, default) = match text.split_once(":-").or_else(|| text.split_once('-')) {
                Some((name, default)) => (name, Some(default.to_owned())),
                None => (&text[..], None),
            };
            let is_special = matches!(name, "?" | "#" | "@" | "*" | "$") || name.parse::<u8>().is_ok();
            if !is_special && !is_name(name) {
                return Err(NoCommand);
            }
            Ok(Piece::Variable { name: name.to_owned(), default, quoted })
        }
        Some(special) if "?#@*$".contains(special) || special.is_ascii_digit() => {
            source.next();
            Ok(Piece::Variable { name: special.to_string(), default: None, quoted })
        }
        Some(first) if first.is_ascii_alphabetic() || first == '_' => {
            let mut name = String::new();
            while let Some(next) = source.next_if(|next| next.is_ascii_alphanumeric() || *next == '_') {
                name.push(next);
            }
            Ok(Piece::Variable { name, default: None, quoted })
        }
        _ => Ok(Piece::Quoted("$".to_owned())),
    }
}

/// Up to the parenthesis that closes the one before.
fn balanced(source: &mut Source<'_>) -> Result<String, NoCommand> {
    let mut text = String::new();
    let mut depth = 1;
    loop {
        let next = source.next().ok_or(NoCommand)?;
        match next {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Ok(text);
        }
        text.push(next);
    }
}
