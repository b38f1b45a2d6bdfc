//! `$((...))`: arithmetic (POSIX.1 2.6.4), in 64 bits that wrap.

/// Binary operators, and how tightly they bind.
const OPERATORS: &[(&str, u8)] = &[
    ("||", 1),
    ("&&", 2),
    ("==", 6),
    ("!=", 6),
    ("<<", 8),
    (">>", 8),
    ("<=", 7),
    (">=", 7),
    ("|", 3),
    ("^", 4),
    ("&", 5),
    ("<", 7),
    (">", 7),
    ("+", 9),
    ("-", 9),
    ("*", 10),
    ("/", 10),
    ("%", 10),
];

/// Parentheses within parentheses.
const MOST_DEPTH: u32 = 50;

/// The value of a sum; `None` where it is none.
pub(super) fn value(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Option<i64> {
    let mut sum = Sum { rest: text, variable, depth: 0 };
    let value = sum.binary(0)?;
    sum.rest.trim_start().is_empty().then_some(value)
}

struct Sum<'a> {
    rest: &'a str,
    variable: &'a dyn Fn(&str) -> Option<String>,
    depth: u32,
}

impl Sum<'_> {
    fn eat(&mut self, wanted: &str) -> bool {
        match self.rest.trim_start().strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn binary(&mut self, least: u8) -> Option<i64> {
        let mut left = self.operand()?;
        loop {
            let rest = self.rest.trim_start();
            let found = OPERATORS.iter().find(|(operator, _)| rest.starts_with(operator));
            let Some((operator, binds)) = found.filter(|(_, binds)| *binds > least) else {
                return Some(left);
            };
            self.rest = &rest[operator.len()..];
            left = apply(operator, left, self.binary(*binds)?)?;
        }
    }

    fn operand(&mut self) -> Option<i64> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return None;
        }
        let value = if self.eat("(") {
            let value = self.binary(0)?;
            self.eat(")").then_some(value)
        } else if self.eat("-") {
            self.operand().map(i64::wrapping_neg)
        } else if self.eat("!") {
            self.operand().map(|value| i64::from(value == 0))
        } else {
            self.atom()
        };
        self.depth -= 1;
        value
    }

    fn atom(&mut self) -> Option<i64> {
        let rest = self.rest.trim_start();
        let rest = rest.strip_prefix('$').unwrap_or(rest);
        let end = rest.find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        self.rest = after;
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            return number(word);
        }
        let value = (self.variable)(word).filter(|_| !word.is_empty())?;
        number(value.trim())
    }
}

fn number(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn apply(operator: &str, left: i64, right: i64) -> Option<i64> {
    Some(match operator {
        "||" => i64::from(left != 0 || right != 0),
        "&&" => i64::from(left != 0 && right != 0),
        "==" => i64::from(left == right),
        "!=" => i64::from(left != right),
        "<=" => i64::from(left <= right),
        ">=" => i64::from(left >= right),
        "<" => i64::from(left < right),
        ">" => i64::from(left > right),
        "<<" => left.wrapping_shl(u32::try_from(right).ok()?),
        ">>" => left.wrapping_shr(u32::try_from(right).ok()?),
        "|" => left | right,
        "^" => left ^ right,
        "&" => left & right,
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" => left.checked_div(right)?,
        _ => left.checked_rem(right)?,
    })
}
