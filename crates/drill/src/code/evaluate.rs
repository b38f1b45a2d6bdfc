//! Expressions, by precedence climbing: `or`, `and`, `not`, comparisons and `in`, `|`, `^`, `&`, shifts, sums, products,
//! powers; and the functions `abs`, `int`, `max`, `min`.

use std::cmp::Ordering;

use super::scan::Piece;
use super::value::Value;

/// How deep expressions may nest.
const DEEPEST: u8 = 64;

/// The value of a name.
pub(super) type Lookup<'a> = dyn Fn(&str) -> Evaluated + 'a;

pub(super) type Evaluated = Result<Value, String>;

/// The operators of two values by how tightly they bind, loosest first.
const LEVELS: [&[&str]; 7] =
    [&["|"], &["^"], &["&"], &["<<", ">>"], &["+", "-"], &["*", "/", "//", "%"], &["**"]];
const COMPARISONS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

pub(super) struct Evaluator<'a> {
    pieces: &'a [Piece],
    lookup: &'a Lookup<'a>,
    depth: u8,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(pieces: &'a [Piece], lookup: &'a Lookup<'a>) -> Self {
        Self { pieces, lookup, depth: 0 }
    }

    /// Nothing is left.
    pub(super) fn end(&self) -> Result<(), String> {
        if self.pieces.is_empty() { Ok(()) } else { Err("an expression that goes on".to_owned()) }
    }

    /// Nothing is left but what is said when an assertion fails.
    pub(super) fn end_or_message(&self) -> Result<(), String> {
        if matches!(self.pieces, [Piece::Sign(","), ..]) { Ok(()) } else { self.end() }
    }

    pub(super) fn expression(&mut self) -> Evaluated {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("an expression that nests so deep".to_owned());
        }
        let mut value = self.conjunction()?;
        while self.takes_name("or") {
            let right = self.conjunction()?;
            value = if value.is_true() { value } else { right };
        }
        self.depth -= 1;
        Ok(value)
    }

    fn conjunction(&mut self) -> Evaluated {
        let mut value = self.negation()?;
        while self.takes_name("and") {
            let right = self.negation()?;
            value = if value.is_true() { right } else { value };
        }
        Ok(value)
    }

    fn negation(&mut self) -> Evaluated {
        let mut negated = None;
        while self.takes_name("not") {
            negated = Some(!negated.unwrap_or(false));
        }
        let value = self.comparison()?;
        Ok(negated.map_or(value, |negated| (value.is_true() != negated).into()))
    }

    /// `a <= b <= c` holds when both halves do.
    fn comparison(&mut self) -> Evaluated {
        let mut left = self.operation(0)?;
        let mut holds = None;
        loop {
            let absent = matches!(self.pieces, [Piece::Name(not), Piece::Name(word), ..] if not == "not" && word == "in");
            if absent {
                self.pieces = &self.pieces[1..];
            }
            if self.takes_name("in") {
                let is_in =
                    self.list()?.into_iter().any(|value| value.compare(left) == Some(Ordering::Equal));
                holds = Some(holds.unwrap_or(true) && is_in != absent);
                continue;
            }
            let Some(sign) = self.takes_sign(&COMPARISONS) else { break };
            let right = self.operation(0)?;
            let order = left.compare(right);
            let result = match sign {
                "==" => order == Some(Ordering::Equal),
                "!=" => order != Some(Ordering::Equal),
                "<=" => order.is_some_and(Ordering::is_le),
                ">=" => order.is_some_and(Ordering::is_ge),
                "<" => order.is_some_and(Ordering::is_lt),
                _ => order.is_some_and(Ordering::is_gt),
            };
            holds = Some(holds.unwrap_or(true) && result);
            left = right;
        }
        Ok(holds.map_or(left, Value::from))
    }

    fn operation(&mut self, level: usize) -> Evaluated {
        let Some(signs) = LEVELS.get(level) else { return self.term() };
        let mut left = self.operation(level + 1)?;
        while let Some(sign) = self.takes_sign(signs) {
            let right = self.operation(level + 1)?;
            left = left.operate(sign, right).ok_or_else(|| format!("`{left} {sign} {right}`"))?;
        }
        Ok(left)
    }

    fn term(&mut self) -> Evaluated {
        if let Some(sign) = self.takes_sign(&["-", "+", "~"]) {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err("an expression that nests so deep".to_owned());
            }
            let value = self.term()?;
            self.depth -= 1;
            return match (sign, value) {
                ("-", value) => Ok(value.negated()),
                ("+", value) => Ok(value),
                (_, Value::Integer(value)) => Ok(Value::Integer(!value)),
                (_, Value::Float(_)) => Err("`~` of a fraction".to_owned()),
            };
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
            Piece::Number(value) => Ok(Value::Integer(*value)),
            Piece::Decimal(value) => Ok(Value::Float(*value)),
            Piece::Name(name) if matches!(rest, [Piece::Sign("("), ..]) => self.function(name),
            Piece::Name(name) => (self.lookup)(name),
            Piece::Text => Err("a string as a value".to_owned()),
            Piece::Sign(sign) => Err(format!("`{sign}` as a value")),
        }
    }

    fn function(&mut self, name: &str) -> Evaluated {
        let arguments = self.list()?;
        let least = |order: Ordering| {
            let better =
                |left: &Value, right: &Value| left.compare(*right).unwrap_or(Ordering::Equal) == order;
            arguments.iter().copied().reduce(|best, next| if better(&next, &best) { next } else { best })
        };
        let value = match (name, &arguments[..]) {
            ("abs", [value]) => Some(value.absolute()),
            ("int", [value]) => Some(value.truncated()),
            ("min", [_, _, ..]) => least(Ordering::Less),
            ("max", [_, _, ..]) => least(Ordering::Greater),
            _ => None,
        };
        value.ok_or_else(|| format!("the function {name}"))
    }

    /// Values with commas between them, in parentheses or brackets.
    fn list(&mut self) -> Result<Vec<Value>, String> {
        let close = match self.takes_sign(&["(", "["]) {
            Some("(") => ")",
            Some(_) => "]",
            None => return Err("`in` without a list".to_owned()),
        };
        let mut values = Vec::new();
        while self.takes_sign(&[close]).is_none() {
            values.push(self.expression()?);
            let ends = matches!(self.pieces, [Piece::Sign(sign), ..] if *sign == close);
            if self.takes_sign(&[","]).is_none() && !ends {
                return Err("a list that is not closed".to_owned());
            }
        }
        Ok(values)
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
