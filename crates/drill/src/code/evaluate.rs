//! Expressions, by precedence climbing: `or`, `and`, `not`, comparisons, `|`, `^`, `&`, shifts, sums, products.

use super::scan::Piece;

/// How deep expressions may nest.
const DEEPEST: u8 = 64;

pub(super) struct Evaluator<'a> {
    pieces: &'a [Piece],
    lookup: &'a dyn Fn(&str) -> Result<i64, String>,
    depth: u8,
}

type Value = Result<i64, String>;

/// The operators of two values by how tightly they bind, loosest first.
const LEVELS: [&[&str]; 6] = [&["|"], &["^"], &["&"], &["<<", ">>"], &["+", "-"], &["*", "/", "//", "%"]];
const COMPARISONS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

impl<'a> Evaluator<'a> {
    pub(super) fn new(pieces: &'a [Piece], lookup: &'a dyn Fn(&str) -> Result<i64, String>) -> Self {
        Self { pieces, lookup, depth: 0 }
    }

    /// Nothing is left.
    pub(super) fn end(&self) -> Result<(), String> {
        if self.pieces.is_empty() { Ok(()) } else { Err("an expression that goes on".to_owned()) }
    }

    pub(super) fn expression(&mut self) -> Value {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("an expression that nests so deep".to_owned());
        }
        let mut value = self.conjunction()?;
        while self.takes_name("or") {
            let right = self.conjunction()?;
            value = if value != 0 { value } else { right };
        }
        self.depth -= 1;
        Ok(value)
    }

    fn conjunction(&mut self) -> Value {
        let mut value = self.negation()?;
        while self.takes_name("and") {
            let right = self.negation()?;
            value = if value == 0 { value } else { right };
        }
        Ok(value)
    }

    fn negation(&mut self) -> Value {
        let mut negated = false;
        while self.takes_name("not") {
            negated = !negated;
        }
        let value = self.comparison()?;
        Ok(if negated { i64::from(value == 0) } else { value })
    }

    /// `a <= b <= c` holds when both halves do.
    fn comparison(&mut self) -> Value {
        let mut left = self.operation(0)?;
        let mut holds = None;
        while let Some(sign) = self.takes_sign(&COMPARISONS) {
            let right = self.operation(0)?;
            let result = match sign {
                "==" => left == right,
                "!=" => left != right,
                "<=" => left <= right,
                ">=" => left >= right,
                "<" => left < right,
                _ => left > right,
            };
            holds = Some(holds.unwrap_or(true) && result);
            left = right;
        }
        Ok(holds.map_or(left, i64::from))
    }

    fn operation(&mut self, level: usize) -> Value {
        let Some(signs) = LEVELS.get(level) else { return self.term() };
        let mut left = self.operation(level + 1)?;
        while let Some(sign) = self.takes_sign(signs) {
            let right = self.operation(level + 1)?;
            let result = match sign {
                "|" => Some(left | right),
                "^" => Some(left ^ right),
                "&" => Some(left & right),
                "<<" => u32::try_from(right).ok().and_then(|bits| left.checked_shl(bits)),
                ">>" => u32::try_from(right).ok().and_then(|bits| left.checked_shr(bits)),
                "+" => left.checked_add(right),
                "-" => left.checked_sub(right),
                "*" => left.checked_mul(right),
                "%" => left.checked_rem_euclid(right),
                _ => left.checked_div_euclid(right),
            };
            left = result.ok_or_else(|| format!("`{left} {sign} {right}`"))?;
        }
        Ok(left)
    }

    fn term(&mut self) -> Value {
        if self.takes_sign(&["-"]).is_some() {
            return self.term().map(i64::wrapping_neg);
        }
        if self.takes_sign(&["("]).is_some() {
            let value = self.expression()?;
            return match self.takes_sign(&[")"]) {
                Some(_) => Ok(value),
                None => Err("a parenthesis that is not closed".to_owned()),
            };
        }
        let (first, rest) = self.pieces.split_first().ok_or("an expression that stops")?;
        self.pieces = rest;
        match first {
            Piece::Number(value) => Ok(*value),
            Piece::Name(name) => (self.lookup)(name),
            Piece::Text => Err("a string as a value".to_owned()),
            Piece::Sign(sign) => Err(format!("`{sign}` as a value")),
        }
    }

    fn takes_name(&mut self, name: &str) -> bool {
        let found = matches!(self.pieces, [Piece::Name(found), ..] if found == name);
        if found {
            self.pieces = &self.pieces[1..];
        }
        found
    }

    fn takes_sign(&mut self, signs: &[&str]) -> Option<&'static str> {
        let [Piece::Sign(sign), rest @ ..] = self.pieces else { return None };
        if !signs.contains(sign) {
            return None;
        }
        self.pieces = rest;
        Some(sign)
    }
}
