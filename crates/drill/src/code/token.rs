//! A snippet to tokens, as Python's lexical analysis has it: lines and indentation are tokens too.

use std::ops::Range;

/// The smallest parts of a snippet.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Name(String),
    Integer(i128),
    Float(f64),
    Text(String),
    /// An f-string: what stands between its quotes, escapes unresolved.
    Format(String),
    Sign(&'static str),
    /// The end of a statement's line.
    NewLine,
    Indent,
    Dedent,
    End,
}

/// A token, and where in the snippet it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// The signs, those first that others begin with.
const SIGNS: [&str; 46] = [
    "//=", "**=", "<<=", ">>=", ":=", "->", "<<", ">>", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=",
    "|=", "&=", "^=", "//", "**", ":", ";", "<", ">", "=", "+", "-", "*", "/", "%", "&", "|", "^", "~", "(",
    ")", "[", "]", "{", "}", ",", ".", "@", "!",
];
/// How many columns a tab goes on to (Python's reference, section 2.1.8).
const TAB: usize = 8;

/// The tokens of a snippet.
///
/// # Errors
/// What Python would take, or not take, and is not known here.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut lexer = Lexer { text, at: 0, indents: vec![0], open: 0, tokens: Vec::new() };
    lexer.run()?;
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    indents: Vec<usize>,
    /// Brackets that are open: a line goes on within them.
    open: usize,
    tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.tokens.push(Token { kind, span: start..self.at });
    }

    fn run(&mut self) -> Result<(), String> {
        loop {
            self.line_start()?;
            while let Some(next) = self.rest().chars().next().filter(|next| *next != '\n' || self.open > 0) {
                self.token(next)?;
            }
            if self.open > 0 {
                return Err("a bracket that is not closed".to_owned());
            }
            if !matches!(self.tokens.last(), None | Some(Token { kind: Kind::NewLine | Kind::Dedent, .. })) {
                self.push(Kind::NewLine, self.at);
            }
            if self.rest().is_empty() {
                break;
            }
            self.at += 1;
        }
        for _ in 1..self.indents.len() {
            self.push(Kind::Dedent, self.at);
        }
        self.push(Kind::End, self.at);
        Ok(())
    }

    /// Indentation counts in front of what is a statement.
    fn line_start(&mut self) -> Result<(), String> {
        let blanks = self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\x0c']).len();
        let column = self.rest()[..blanks].chars().fold(0, |column, blank| match blank {
            '\t' => column / TAB * TAB + TAB,
            _ => column + 1,
        });
        self.at += blanks;
        if self.rest().is_empty() || self.rest().starts_with(['\n', '#']) {
            return Ok(());
        }
        let innermost = self.indents.last().copied().unwrap_or(0);
        if column > innermost {
            self.indents.push(column);
            self.push(Kind::Indent, self.at);
        }
        while self.indents.last().is_some_and(|indent| *indent > column) {
            self.indents.pop();
            self.push(Kind::Dedent, self.at);
        }
        if self.indents.last() == Some(&column) {
            Ok(())
        } else {
            Err("lines that are not aligned".to_owned())
        }
    }

    fn token(&mut self, first: char) -> Result<(), String> {
        let (start, rest) = (self.at, self.rest());
        match first {
            '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
            '\\' if rest[1..].starts_with('\n') => self.at += 2,
            blank if blank.is_whitespace() => self.at += blank.len_utf8(),
            '"' | '\'' => self.string("")?,
            _ if first.is_alphabetic() || first == '_' => {
                let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                let name = &rest[..len];
                let is_prefix = len <= 2 && name.chars().all(|c| "bfruBFRU".contains(c));
                self.at += len;
                if is_prefix && self.rest().starts_with(['"', '\'']) {
                    return self.string(&name.to_lowercase());
                }
                self.push(Kind::Name(name.to_owned()), start);
            }
            _ if first.is_ascii_digit()
                || first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()) =>
            {
                let len = number_len(rest);
                self.at += len;
                let kind = number(&rest[..len]).ok_or_else(|| format!("the number `{}`", &rest[..len]))?;
                self.push(kind, start);
            }
            _ => {
                let sign = SIGNS.into_iter().find(|sign| rest.starts_with(*sign));
                let sign = sign.ok_or_else(|| format!("`{first}`"))?;
                match sign {
                    "(" | "[" | "{" => self.open += 1,
                    ")" | "]" | "}" => self.open = self.open.saturating_sub(1),
                    _ => {}
                }
                self.at += sign.len();
                self.push(Kind::Sign(sign), start);
            }
        }
        Ok(())
    }

    /// A string whose prefix is taken already.
    fn string(&mut self, prefix: &str) -> Result<(), String> {
        let (start, rest) = (self.at, self.rest());
        let single = &rest[..1];
        let quote = if rest.starts_with(&single.repeat(3)) { &rest[..3] } else { single };
        let body = &rest[quote.len()..];
        let mut end = 0;
        while !body[end..].starts_with(quote) {
            let next = body[end..].chars().next().filter(|next| *next != '\n' || quote.len() == 3);
            let next = next.ok_or("a string that does not end")?;
            end += next.len_utf8();
            if next == '\\' {
                end += body[end..].chars().next().map_or(0, char::len_utf8);
            }
        }
        self.at += quote.len() * 2 + end;
        let (body, is_raw) = (&body[..end], prefix.contains('r'));
        let kind = match prefix.contains('f') {
            true => Kind::Format(if is_raw { body.replace('\\', "\\\\") } else { body.to_owned() }),
            false if is_raw => Kind::Text(body.to_owned()),
            false => Kind::Text(unescape(body)),
        };
        self.push(kind, start);
        Ok(())
    }
}

/// How long a number is: digits and letters, a point, and the sign of an exponent.
fn number_len(text: &str) -> usize {
    let is_hex = text.starts_with("0x") || text.starts_with("0X");
    let mut before = ' ';
    let end = text.find(|c: char| {
        let goes_on = c.is_ascii_alphanumeric()
            || matches!(c, '.' | '_')
            || matches!(c, '+' | '-') && matches!(before, 'e' | 'E') && !is_hex;
        before = c;
        !goes_on
    });
    end.unwrap_or(text.len())
}

fn number(text: &str) -> Option<Kind> {
    let text = text.replace('_', "").to_lowercase();
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return i128::from_str_radix(digits, base).ok().map(Kind::Integer);
        }
    }
    match text.parse() {
        Ok(value) => Some(Kind::Integer(value)),
        Err(_) if text.contains(['.', 'e']) => text.parse().ok().map(Kind::Float),
        Err(_) => None,
    }
}

/// Resolves the escapes of a string.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('0') => out.push('\0'),
            Some('\n') | None => {}
            Some('x') => {
                let digits: String = characters.by_ref().take(2).collect();
                out.extend(u8::from_str_radix(&digits, 16).ok().map(char::from));
            }
            Some(quoted @ ('\\' | '\'' | '"')) => out.push(quoted),
            Some(other) => out.extend(['\\', other]),
        }
    }
    out
}
