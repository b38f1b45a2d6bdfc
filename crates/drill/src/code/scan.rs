//! A snippet to statements, a statement to pieces.

/// The smallest parts of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Name(String),
    Number(i64),
    Decimal(f64),
    /// A string; what it says is never needed.
    Text,
    Sign(&'static str),
}

/// The signs, those first that others begin with.
const SIGNS: [&str; 30] = [
    "<<", ">>", "==", "!=", "<=", ">=", "+=", "-=", "//", "**", "<", ">", "=", "+", "-", "*", "/", "%", "&",
    "|", "^", "~", "(", ")", "[", "]", "{", "}", ",", ".",
];

/// The statements of a snippet without comments; a backslash at the end of a line joins it to the next, and so does a
/// bracket that is open.
pub(super) fn statements(text: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut current = String::new();
    let mut quote = None;
    let mut comment = false;
    let mut depth = 0_usize;
    let joined = text.replace("\\\n", " ");
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
            (None, ';') => statements.push(std::mem::take(&mut current)),
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
    statements.iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

pub(super) fn pieces(statement: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = statement.trim_start();
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_alphabetic() || first == '_' {
            let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            pieces.push(Piece::Name(rest[..len].to_owned()));
            rest = &rest[len..];
        } else if first.is_ascii_digit() {
            let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
            pieces.push(number(&rest[..len]).ok_or_else(|| format!("the number `{}`", &rest[..len]))?);
            rest = &rest[len..];
        } else if matches!(first, '\'' | '"') {
            let end = rest[1..].find(first).ok_or_else(|| format!("the string {rest}"))?;
            pieces.push(Piece::Text);
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
        Some(digits) => i64::from_str_radix(digits, 16).ok().map(Piece::Number),
        None => text.parse().map(Piece::Number).or_else(|_| text.parse().map(Piece::Decimal)).ok(),
    }
}
