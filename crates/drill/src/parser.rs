//! Tokens to a [`Script`]: flags, a first command, events, a last command.

use std::collections::BTreeMap;

use crate::ast::{Action, Code, Command, Direction, Event, Flag, Script, Time};
use crate::lexer::{self, Token, TokenKind};
use crate::span::{ParseError, Position};

mod call;
mod outer;
mod packet;
mod shape;
mod tcp;

/// Reads a script.
///
/// ```
/// let script = synfin_drill::parse("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3")?;
/// assert_eq!(script.events.len(), 1);
/// let error = synfin_drill::parse("0 < S 0:0(1) win 100").unwrap_err();
/// assert_eq!(error.to_string(), "1:7: these sequence numbers are 0 apart, but the length is 1");
/// # Ok::<(), synfin_drill::ParseError>(())
/// ```
///
/// # Errors
/// Where the text stops being a script, and what was expected there.
pub fn parse(text: &str) -> Result<Script, ParseError> {
    parse_with(text, &[])
}

/// Reads a script in which some names are defined from outside, as by `--define` at its head; what it defines
/// itself comes before that.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(text: &str, definitions: &[(&str, &str)]) -> Result<Script, ParseError> {
    let mut parser = Parser { tokens: lexer::tokens(text)?, next: 0 };
    let flags = parser.flags()?;
    let mut known = BTreeMap::new();
    for (name, value) in definitions {
        known.insert((*name).to_owned(), definition(value, Position::START)?);
    }
    own_definitions(&flags, &mut known)?;
    parser.substitute(&known);
    let prepare = parser.command();
    if prepare.is_some() && matches!(parser.peek(), TokenKind::Shell(_)) {
        return Err(parser.expected("an event"));
    }
    let mut events = Vec::new();
    while !matches!(parser.peek(), TokenKind::Shell(_) | TokenKind::End) {
        events.push(parser.event()?);
    }
    let clean_up = parser.command();
    match parser.peek() {
        TokenKind::End if events.is_empty() => {
            Err(ParseError::new(parser.at(), "expected an event, found the end of the script"))
        }
        TokenKind::End => Ok(Script { flags, prepare, events, clean_up }),
        _ => Err(parser.expected("the end of the script")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

type Parsed<T> = Result<T, ParseError>;

impl Parser {
    fn peek(&self) -> &TokenKind {
        self.peek_behind(0)
    }

    /// The token `count` behind the next one.
    fn peek_behind(&self, count: usize) -> &TokenKind {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.next + count).min(last)].kind
    }

    fn at(&self) -> Position {
        self.tokens[self.next].at
    }

    fn advance(&mut self) -> TokenKind {
        let kind = self.peek().clone();
        if kind != TokenKind::End {
            self.next += 1;
        }
        kind
    }

    fn expected(&self, what: &str) -> ParseError {
        ParseError::new(self.at(), format!("expected {what}, found {}", self.peek().describe()))
    }

    /// Takes the sign, if it comes next.
    fn takes(&mut self, sign: char) -> bool {
        let found = *self.peek() == TokenKind::Sign(sign);
        self.next += usize::from(found);
        found
    }

    fn sign(&mut self, sign: char) -> Parsed<()> {
        if self.takes(sign) { Ok(()) } else { Err(self.expected(&format!("`{sign}`"))) }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), TokenKind::Word(found) if found == word)
    }

    /// Takes the keyword, if it comes next.
    fn takes_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.next += usize::from(found);
        found
    }

    fn word(&mut self, what: &str) -> Parsed<String> {
        let TokenKind::Word(word) = self.peek() else { return Err(self.expected(what)) };
        let word = word.clone();
        self.next += 1;
        Ok(word)
    }

    /// An integer that fits `T`.
    fn number<T: TryFrom<i64>>(&mut self, what: &str) -> Parsed<T> {
        let value = match self.peek() {
            TokenKind::Integer(text) => text.parse::<i64>().ok(),
            TokenKind::Hex(value) => Some(*value),
            _ => return Err(self.expected(what)),
        };
        let Some(value) = value.and_then(|value| T::try_from(value).ok()) else {
            return Err(ParseError::new(
                self.at(),
                format!("{} is out of range for {what}", self.peek().describe()),
            ));
        };
        self.next += 1;
        Ok(value)
    }

    /// The same, written in decimal digits.
    fn decimal<T: TryFrom<i64>>(&mut self, what: &str) -> Parsed<T> {
        match self.peek() {
            TokenKind::Hex(_) => Err(self.expected(&format!("{what} in decimal digits"))),
            _ => self.number(what),
        }
    }

    /// The same, written with `0x`.
    fn hexadecimal_number<T: TryFrom<i64>>(&mut self, what: &str) -> Parsed<T> {
        match self.peek() {
            TokenKind::Hex(_) => self.number(what),
            _ => Err(self.expected(&format!("{what} in hexadecimal digits (`0x...`)"))),
        }
    }

    fn flags(&mut self) -> Parsed<Vec<Flag>> {
        let mut flags = Vec::new();
        while let TokenKind::Flag(name) = self.peek() {
            let (at, name) = (self.at(), name.clone());
            self.next += 1;
            let value = if self.takes('=') { Some(self.flag_value()?) } else { None };
            flags.push(Flag { at, name, value });
        }
        Ok(flags)
    }

    /// A value, or `NAME=value`; strings and commands keep their quotes, so that they can be told apart.
    fn flag_value(&mut self) -> Parsed<String> {
        let value = match self.advance() {
            TokenKind::Word(text) | TokenKind::Integer(text) | TokenKind::Decimal(text) => text,
            TokenKind::Hex(value) => format!("{value:#x}"),
            TokenKind::V4(address) => address.to_string(),
            TokenKind::V6(address) => address.to_string(),
            TokenKind::Text(text) => format!("\"{}\"", String::from_utf8_lossy(&text)),
            TokenKind::Shell(text) => format!("`{text}`"),
            _ => {
                self.next -= 1;
                return Err(self.expected("a value"));
            }
        };
        if self.takes('=') { Ok(format!("{value}={}", self.flag_value()?)) } else { Ok(value) }
    }

    /// Puts what `--define` says in the place of names.
    fn substitute(&mut self, definitions: &BTreeMap<String, TokenKind>) {
        for token in &mut self.tokens[self.next..] {
            if let TokenKind::Word(name) = &token.kind
                && let Some(kind) = definitions.get(name)
            {
                token.kind = kind.clone();
            }
        }
    }

    fn command(&mut self) -> Option<Command> {
        let at = self.at();
        let TokenKind::Shell(text) = self.peek() else { return None };
        let text = text.clone();
        self.next += 1;
        Some(Command { at, text })
    }

    fn event(&mut self) -> Parsed<Event> {
        let at = self.at();
        let time = self.event_time()?;
        let action = self.action()?;
        let outbound = matches!(&action, Action::Packet(packet) if packet.direction == Direction::Outbound);
        match time {
            Time::Absolute(_) | Time::Relative(_) => {}
            _ if outbound => {}
            Time::Any => {
                return Err(ParseError::new(at, "only a packet that is expected may come at any time (`*`)"));
            }
            Time::AbsoluteRange(..) | Time::RelativeRange(..) => {
                return Err(ParseError::new(at, "only a packet that is expected may have a range of times"));
            }
        }
        Ok(Event { at, time, action })
    }

    fn event_time(&mut self) -> Parsed<Time> {
        let at = self.at();
        if self.takes('*') {
            return Ok(Time::Any);
        }
        let relative = self.takes('+');
        let start = self.time()?;
        if !self.takes('~') {
            return Ok(if relative { Time::Relative(start) } else { Time::Absolute(start) });
        }
        if relative {
            self.sign('+')?;
        }
        let end = self.time()?;
        if end < start {
            return Err(ParseError::new(at, "this range of times is backwards"));
        }
        Ok(if relative { Time::RelativeRange(start, end) } else { Time::AbsoluteRange(start, end) })
    }

    /// Seconds, as microseconds.
    fn time(&mut self) -> Parsed<u64> {
        let micros = match self.peek() {
            TokenKind::Integer(text) | TokenKind::Decimal(text) => micros(text),
            _ => return Err(self.expected("a time in seconds")),
        };
        let Some(micros) = micros else {
            return Err(ParseError::new(
                self.at(),
                format!("{} is no time in seconds", self.peek().describe()),
            ));
        };
        self.next += 1;
        Ok(micros)
    }

    fn action(&mut self) -> Parsed<Action> {
        let at = self.at();
        match self.peek() {
            TokenKind::Sign('<' | '>') => self.packet().map(Action::Packet),
            TokenKind::Word(_) | TokenKind::Ellipsis => self.call().map(Action::Call),
            TokenKind::Shell(text) => {
                let text = text.clone();
                self.next += 1;
                Ok(Action::Command(Command { at, text }))
            }
            TokenKind::Code(text) => {
                let text = text.clone();
                self.next += 1;
                Ok(Action::Code(Code { at, text }))
            }
            _ => Err(self.expected("a packet, a system call, a command or a code snippet")),
        }
    }
}

/// `1`, `.5` or `1.5` seconds as microseconds; digits behind the sixth are cut off.
fn micros(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: u64 = format!("{:0<6.6}", fraction).parse().ok()?;
    whole.checked_mul(1_000_000)?.checked_add(fraction)
}

/// Adds what the `--define` flags say.
fn own_definitions(flags: &[Flag], known: &mut BTreeMap<String, TokenKind>) -> Parsed<()> {
    for flag in flags.iter().filter(|flag| flag.name == "define") {
        let named = flag.value.as_deref().and_then(|value| value.split_once('='));
        let Some((name, value)) = named else {
            return Err(ParseError::new(flag.at, "expected --define=NAME=value"));
        };
        if value.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            return Err(ParseError::new(flag.at, "a defined value is a word, a string or a command"));
        }
        known.insert(name.to_owned(), definition(value, flag.at)?);
    }
    Ok(())
}

/// The token that stands for a defined name.
fn definition(value: &str, at: Position) -> Parsed<TokenKind> {
    let tokens = lexer::tokens(value).map_err(|error| ParseError::new(at, error.message))?;
    match tokens.into_iter().next().map(|token| token.kind) {
        // It stands wherever a number may, and hexadecimal digits may not stand everywhere.
        Some(TokenKind::Hex(value)) => Ok(TokenKind::Integer(value.to_string())),
        Some(kind) => Ok(kind),
        None => Err(ParseError::new(at, "expected a value")),
    }
}
