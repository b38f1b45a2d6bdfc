//! Expressions, by precedence climbing: `a if b else c`, `or`, `and`, `not`, comparisons, `in` and `is`, `|`, `^`, `&`,
//! shifts, sums, products, powers; lists, their items, and functions.

use std::cmp::Ordering;

use super::Trouble;
use super::functions;
use super::scan::Piece;
use super::value::Value;

/// How deep expressions may nest.
const DEEPEST: u8 = 64;

/// The value of a name.
pub(super) type Lookup<'a> = dyn Fn(&str) -> Evaluated + 'a;

pub(super) type Evaluated = Result<Value, Trouble>;

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
    pub(super) fn end(&self) -> Result<(), Trouble> {
        if self.pieces.is_empty() { Ok(()) } else { Err("an expression that goes on".into()) }
    }

    /// Nothing is left but what is said when an assertion fails.
    pub(super) fn end_or_message(&self) -> Result<(), Trouble> {
        if matches!(self.pieces, [Piece::Sign(","), ..]) { Ok(()) } else { self.end() }
    }

    pub(super) fn expression(&mut self) -> Evaluated {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("an expression that nests so deep".into());
        }
        let mut value = self.disjunction()?;
        if self.takes_name("if") {
            let condition = self.disjunction()?;
            if !self.takes_name("else") {
                return Err("`if` without `else` in an expression".into());
            }
            let other = self.expression()?;
            value = if condition.is_true() { value } else { other };
        }
        self.depth -= 1;
        Ok(value)
    }

    /// An expression, or several with commas between them, which are a tuple.
    pub(super) fn expressions(&mut self) -> Evaluated {
        let first = self.expression()?;
        if !matches!(self.pieces, [Piece::Sign(","), ..]) {
            return Ok(first);
        }
        let mut values = vec![first];
        while self.takes_sign(&[","]).is_some() && !self.ends() {
            values.push(self.expression()?);
        }
        Ok(Value::List(values))
    }

    /// Nothing follows that could be an expression.
    fn ends(&self) -> bool {
        matches!(self.pieces, [] | [Piece::Sign(")" | "]" | "}"), ..])
    }

    fn disjunction(&mut self) -> Evaluated {
        let mut value = self.conjunction()?;
        while self.takes_name("or") {
            let right = self.conjunction()?;
            value = if value.is_true() { value } else { right };
        }
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
        Ok(match negated {
            None => value,
            Some(negated) => (value.is_true() != negated).into(),
        })
    }

    /// `a <= b <= c` holds when both halves do.
    fn comparison(&mut self) -> Evaluated {
        let mut left = self.operation(0)?;
        let mut holds = None;
        while let Some(sign) = self.takes_comparison() {
            let right = self.operation(0)?;
            let order = left.compare(&right);
            let result = match sign {
                "==" | "is" => order == Some(Ordering::Equal),
                "!=" | "is not" => order != Some(Ordering::Equal),
                "<=" => order.is_some_and(Ordering::is_le),
                ">=" => order.is_some_and(Ordering::is_ge),
                "<" => order.is_some_and(Ordering::is_lt),
                ">" => order.is_some_and(Ordering::is_gt),
                _ => {
                    let items = right.clone().items().ok_or("`in` without a list")?;
                    items.iter().any(|item| item.is_equal(&left)) == (sign == "in")
                }
            };
            holds = Some(holds.unwrap_or(true) && result);
            left = right;
        }
        Ok(holds.map_or(left, Value::from))
    }

    fn takes_comparison(&mut self) -> Option<&'static str> {
        let (sign, len) = match self.pieces {
            [Piece::Sign(sign), ..] if COMPARISONS.contains(sign) => (*sign, 1),
            [Piece::Name(first), Piece::Name(second), ..] if first == "not" && second == "in" => {
                ("not in", 2)
            }
            [Piece::Name(first), Piece::Name(second), ..] if first == "is" && second == "not" => {
                ("is not", 2)
            }
            [Piece::Name(first), ..] if first == "in" => ("in", 1),
            [Piece::Name(first), ..] if first == "is" => ("is", 1),
            _ => return None,
        };
        self.pieces = &self.pieces[len..];
        Some(sign)
    }

    fn operation(&mut self, level: usize) -> Evaluated {
        let Some(signs) = LEVELS.get(level) else { return self.term() };
        let mut left = self.operation(level + 1)?;
        while let Some(sign) = self.takes_sign(signs) {
            let right = self.operation(level + 1)?;
            left = left.operate(sign, &right).ok_or_else(|| format!("`{left} {sign} {right}`"))?;
        }
        Ok(left)
    }

    fn term(&mut self) -> Evaluated {
        if let Some(sign) = self.takes_sign(&["-", "+", "~"]) {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err("an expression that nests so deep".into());
            }
            let value = self.term()?;
            self.depth -= 1;
            return match (sign, &value) {
                ("-", _) => value.negated(),
                ("+", Value::Integer(_) | Value::Float(_)) => Some(value.clone()),
                (_, Value::Integer(value)) => Some(Value::Integer(!value)),
                _ => None,
            }
            .ok_or_else(|| format!("`{sign}{value}`").into());
        }
        let mut value = self.atom()?;
        while self.takes_sign(&["["]).is_some() {
            let index = self.expression()?;
            if self.takes_sign(&["]"]).is_none() {
                return Err("a bracket that is not closed".into());
            }
            let shown = format!("`{value}[{index}]`");
            value = value.item(&index).ok_or(shown)?;
        }
        Ok(value)
    }

    fn atom(&mut self) -> Evaluated {
        if self.takes_sign(&["("]).is_some() {
            let value = if self.ends() { Value::List(Vec::new()) } else { self.expressions()? };
            return match self.takes_sign(&[")"]) {
                Some(_) => Ok(value),
                None => Err("a parenthesis that is not closed".into()),
            };
        }
        if matches!(self.pieces, [Piece::Sign("["), ..]) {
            return self.list().map(Value::List);
        }
        let (first, rest) = self.pieces.split_first().ok_or("an expression that stops")?;
        self.pieces = rest;
        match first {
            Piece::Number(value) => Ok(Value::Integer(*value)),
            Piece::Decimal(value) => Ok(Value::Float(*value)),
            Piece::Name(name) if name == "math" && matches!(rest, [Piece::Sign("."), ..]) => {
                let [_, Piece::Name(name), behind @ ..] = rest else { return Err("`math.`".into()) };
                self.pieces = behind;
                self.function(name)
            }
            Piece::Name(name) if matches!(rest, [Piece::Sign("("), ..]) => self.function(name),
            Piece::Name(name) => (self.lookup)(name),
            Piece::Text(text) => Ok(Value::Text(text.clone())),
            Piece::Sign(sign) => Err(format!("`{sign}` as a value").into()),
        }
    }

    fn function(&mut self, name: &str) -> Evaluated {
        if let Ok(Value::Function(defined)) = (self.lookup)(name) {
            let arguments = self.arguments()?;
            return defined.call(arguments, self.lookup);
        }
        let arguments = self.list()?;
        functions::call(name, arguments).ok_or_else(|| format!("the function {name}").into())
    }

    /// The arguments of a function that a snippet has defined, and the names that some have.
    fn arguments(&mut self) -> Result<Vec<(Option<String>, Value)>, Trouble> {
        let mut arguments = Vec::new();
        let _ = self.takes_sign(&["("]);
        while self.takes_sign(&[")"]).is_none() {
            let name = match self.pieces {
                [Piece::Name(name), Piece::Sign("="), rest @ ..] => {
                    self.pieces = rest;
                    Some(name.clone())
                }
                _ => None,
            };
            arguments.push((name, self.expression()?));
            let ends = matches!(self.pieces, [Piece::Sign(")"), ..]);
            if self.takes_sign(&[","]).is_none() && !ends {
                return Err("a list that is not closed".into());
            }
        }
        Ok(arguments)
    }

    /// Values with commas between them, in parentheses or brackets.
    fn list(&mut self) -> Result<Vec<Value>, Trouble> {
        let close = match self.takes_sign(&["(", "["]) {
            Some("(") => ")",
            Some(_) => "]",
            None => return Err("a function without arguments".into()),
        };
        let mut values = Vec::new();
        while self.takes_sign(&[close]).is_none() {
            values.push(self.expression()?);
            let ends = matches!(self.pieces, [Piece::Sign(sign), ..] if *sign == close);
            if self.takes_sign(&[","]).is_none() && !ends {
                return Err("a list that is not closed".into());
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
