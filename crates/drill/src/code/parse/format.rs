//! f-strings (Python's reference, section 2.4.3).

use super::{Kind, Parsed, Parser, token};
use crate::code::ast::{Expression, Part};

/// f-strings within f-strings.
const DEEPEST: u32 = 4;

/// The parts of what stands between the quotes of an f-string.
pub(super) fn parts(text: &str) -> Parsed<Vec<Part>> {
    let (parts, rest) = until(text, None, 0)?;
    if rest.is_empty() { Ok(parts) } else { Err(format!("the string {text}")) }
}

/// The parts up to `close`, and what follows.
fn until(text: &str, close: Option<char>, depth: u32) -> Parsed<(Vec<Part>, &str)> {
    let unknown = || format!("the string {text}");
    if depth > DEEPEST {
        return Err(unknown());
    }
    let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text);
    while let Some(next) = rest.chars().next() {
        if Some(next) == close {
            break;
        }
        rest = &rest[next.len_utf8()..];
        match next {
            '{' | '}' if rest.starts_with(next) && close.is_none() => {
                plain.push(next);
                rest = &rest[1..];
            }
            '{' => {
                parts.push(Part::Text(token::unescape(&std::mem::take(&mut plain))));
                rest = replaced(rest, &mut parts, depth)?;
            }
            '}' => return Err(unknown()),
            '\\' => {
                plain.push(next);
                plain.extend(rest.chars().next());
                rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
            }
            _ => plain.push(next),
        }
    }
    parts.push(Part::Text(token::unescape(&plain)));
    Ok((parts, rest))
}

/// `value!r:spec}` or `value=}`; returns what follows.
fn replaced<'a>(text: &'a str, parts: &mut Vec<Part>, depth: u32) -> Parsed<&'a str> {
    let unknown = || format!("the string {{{text}");
    let end = end_of_expression(text).ok_or_else(unknown)?;
    let (source, mut rest) = text.split_at(end);
    let shown = source.trim_end().strip_suffix('=').filter(|value| !value.ends_with(['=', '!', '<', '>']));
    let value = expression(shown.unwrap_or(source))?;
    let mut conversion = None;
    if let Some(behind) = rest.strip_prefix('!') {
        conversion = behind.chars().next();
        rest = &behind[conversion.map_or(0, char::len_utf8)..];
    }
    let mut spec = Vec::new();
    if let Some(behind) = rest.strip_prefix(':') {
        (spec, rest) = until(behind, Some('}'), depth + 1)?;
    }
    if shown.is_some() {
        parts.push(Part::Text(source.to_owned()));
        if conversion.is_none() && spec.is_empty() {
            conversion = Some('r');
        }
    }
    parts.push(Part::Value { value, conversion, spec });
    rest.strip_prefix('}').ok_or_else(unknown)
}

/// Where the expression ends: at a conversion, a specification or the brace, outside of brackets and quotes.
fn end_of_expression(text: &str) -> Option<usize> {
    let (mut open, mut quote) = (0_u32, None);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(closes), _) if closes == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[' | '{') => open += 1,
            (None, ')' | ']' | '}') if open > 0 => open -= 1,
            (None, '}' | ':') if open == 0 => return Some(at),
            (None, '!') if open == 0 && !text[at + 1..].starts_with('=') => return Some(at),
            _ => {}
        }
    }
    None
}

fn expression(source: &str) -> Parsed<Expression> {
    let source = source.trim();
    let mut parser = Parser { text: source, tokens: token::tokens(source)?, next: 0, depth: 0 };
    let value = parser.expressions()?;
    parser.kind(&Kind::NewLine)?;
    Ok(value)
}
