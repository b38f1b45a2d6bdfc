//! A snippet to statements, a statement to pieces.

/// The smallest parts of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Name(String),
    Number(i128),
    Decimal(f64),
    /// A string, as written.
    Text(String),
    Sign(&'static str),
}

/// The signs, those first that others begin with.
const SIGNS: [&str; 42] = [
    "//=", "**=", "<<=", ">>=", "^=", "<<", ">>", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "|=",
    "&=", "//", "**", ":", ";", "<", ">", "=", "+", "-", "*", "/", "%", "&", "|", "^", "~", "(", ")", "[",
    "]", "{", "}", ",", ".",
];

/// A statement, and by how much its line is indented.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub(super) indent: usize,
    pub(super) text: String,
}

/// What begins a statement with others inside it.
const COMPOUND: [&str; 6] = ["def", "if", "elif", "else", "for", "while"];

/// The statements of a snippet without comments; a backslash at the end of a line joins it to the next, and so does a
/// bracket that is open.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut current = String::new();
    let mut quote = None;
    let mut comment = false;
    let mut depth = 0_usize;
    let joined = without_long_strings(&text.replace("\\\n", " "));
    for character in joined.chars() {
        match (quote, character) {
            (None, '\n') if depth > 0 => {
                comment = false;
                current.push(' ');
            }
            (_, '\n') => {
                quote = None;
                comment = false;
                statements.push(std::mem::take(&mut current));
                continue;
            }
            _ if comment => continue,
            (None, '#') => comment = true,
            (None, '(' | '[' | '{') => {
                depth += 1;
                current.push(character);
            }
            (None, ')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                current.push(character);
            }
            // Behind a colon they belong to what is before it.
            (None, ';') if !is_compound(&current) => {
                let next = " ".repeat(indent_of(&current));
                statements.push(std::mem::replace(&mut current, next));
            }
            (None, '\'' | '"') => {
                quote = Some(character);
                current.push(character);
            }
            (Some(open), _) if open == character => {
                quote = None;
                current.push(character);
            }
            _ => current.push(character),
        }
    }
    statements.push(current);
    let statement = |line: &String| Statement { indent: indent_of(line), text: line.trim().to_owned() };
    statements.iter().map(statement).filter(|statement| !statement.text.is_empty()).collect()
}

/// A string of several lines says something to whoever reads the snippet.
fn without_long_strings(text: &str) -> String {
    let mut kept = text.to_owned();
    for quotes in ["\"".repeat(3), "'".repeat(3)] {
        while let Some((before, rest)) = kept.split_once(&quotes)
            && let Some((_, behind)) = rest.split_once(&quotes)
        {
            kept = format!("{before}''{behind}");
        }
    }
    kept
}

pub(super) fn is_compound(line: &str) -> bool {
    let first = line.trim_start().split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
    first.is_some_and(|first| COMPOUND.contains(&first))
}

/// Of a line that is not blank; a tab goes on to the next multiple of eight.
fn indent_of(line: &str) -> usize {
    let blanks = line.chars().take_while(|c| c.is_whitespace());
    blanks.fold(0, |indent, blank| if blank == '\t' { indent / 8 * 8 + 8 } else { indent + 1 })
}

pub(super) fn pieces(statement: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = statement.trim_start();
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_alphabetic() || first == '_' {
            let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            // What stands in front of a string says how it is read, which is for a person here.
            let is_prefix = rest[..len].chars().all(|c| "bfruBFRU".contains(c));
            if !(is_prefix && rest[len..].starts_with(['\'', '"'])) {
                pieces.push(Piece::Name(rest[..len].to_owned()));
            }
            rest = &rest[len..];
        } else if first.is_ascii_digit() {
            let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
            pieces.push(number(&rest[..len]).ok_or_else(|| format!("the number `{}`", &rest[..len]))?);
            rest = &rest[len..];
        } else if matches!(first, '\'' | '"') {
            let end = rest[1..].find(first).ok_or_else(|| format!("the string {rest}"))?;
            pieces.push(Piece::Text(rest[1..=end].to_owned()));
            rest = &rest[end + 2..];
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(*sign));
            let sign = sign.ok_or_else(|| format!("`{first}` in the statement `{statement}`"))?;
            pieces.push(Piece::Sign(sign));
            rest = &rest[sign.len()..];
        }
        rest = rest.trim_start();
    }
    Ok(pieces)
}

fn number(text: &str) -> Option<Piece> {
    match text.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16).ok().map(Piece::Number),
        None => text.parse().map(Piece::Number).or_else(|_| text.parse().map(Piece::Decimal)).ok(),
    }
}
