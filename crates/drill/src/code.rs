//! The snippets between `%{` and `}%`: assertions over what `TCP_INFO` tells, in the words of Python.
//!
//! Known are `assert`, `print`, assignments and augmented ones, `if`, `for` and `while`, and giving up by `raise` or
//! `sys.exit`, over numbers, strings and lists, with a few functions, some of them of `math`, and those that `def` defines.
//! Anything else is unsupported; `import` does nothing, and what it would have brought is not known.

use std::collections::BTreeMap;
use std::rc::Rc;

mod blocks;
mod define;
mod evaluate;
mod functions;
mod scan;
mod value;

use blocks::Run;
use define::Budget;
use evaluate::{Evaluated, Evaluator, Lookup};
use scan::Piece;
use value::Value;

/// Why a snippet did not run to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// An assertion does not hold.
    Assertion {
        /// The statement.
        statement: String,
        /// The values of the variables in it.
        values: String,
    },
    /// The stack does not tell this variable, or the evaluator does not know these words.
    Unsupported(String),
}

impl From<String> for Trouble {
    fn from(what: String) -> Self {
        Self::Unsupported(what)
    }
}

impl From<&str> for Trouble {
    fn from(what: &str) -> Self {
        Self::Unsupported(what.to_owned())
    }
}

/// The variables that snippets leave for one another.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    assigned: BTreeMap<String, Value>,
    /// What a function has returned.
    returned: Option<Value>,
    budget: Rc<Budget>,
}

/// The names that stand for numbers in every snippet.
const CONSTANTS: [(&str, i64); 26] = [
    ("TCP_ESTABLISHED", 1),
    ("TCP_SYN_SENT", 2),
    ("TCP_SYN_RECV", 3),
    ("TCP_FIN_WAIT1", 4),
    ("TCP_FIN_WAIT2", 5),
    ("TCP_TIME_WAIT", 6),
    ("TCP_CLOSE", 7),
    ("TCP_CLOSE_WAIT", 8),
    ("TCP_LAST_ACK", 9),
    ("TCP_LISTEN", 10),
    ("TCP_CLOSING", 11),
    ("TCP_CA_Open", 0),
    ("TCP_CA_Disorder", 1),
    ("TCP_CA_CWR", 2),
    ("TCP_CA_Recovery", 3),
    ("TCP_CA_Loss", 4),
    ("TCPI_OPT_TIMESTAMPS", 1),
    ("TCPI_OPT_SACK", 2),
    ("TCPI_OPT_WSCALE", 4),
    ("TCPI_OPT_ECN", 8),
    ("TCPI_OPT_ECN_SEEN", 16),
    ("TCPI_OPT_SYN_DATA", 32),
    ("TCPI_OPT_USEC_TS", 64),
    ("TCPI_OPT_TFO_CHILD", 128),
    ("True", 1),
    ("False", 0),
];

/// The signs of statements that give a name a value.
const ASSIGNS: [&str; 13] = ["=", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "//=", "**=", "<<=", ">>=", "^="];

/// Variables of 64 bits, all ones where there is no limit.
const WIDE: [&str; 2] = ["tcpi_pacing_rate", "tcpi_max_pacing_rate"];

/// The value of all that these pieces are.
fn whole(pieces: &[Piece], lookup: &Lookup<'_>) -> Result<Value, Trouble> {
    let mut evaluator = Evaluator::new(pieces, lookup);
    evaluator.expressions().and_then(|value| evaluator.end().map(|()| value))
}

impl Environment {
    /// Runs a snippet. What it prints is returned.
    pub(crate) fn run(&mut self, text: &str, info: &[(&'static str, i64)]) -> Result<Vec<String>, Trouble> {
        let mut run = Run { info, outer: None, printed: Vec::new() };
        self.budget.renew();
        self.block(&scan::statements(text), &mut run)?;
        Ok(run.printed)
    }

    fn execute(&mut self, statement: &str, pieces: &[Piece], run: &mut Run<'_>) -> Result<(), Trouble> {
        let lookup = |name: &str| self.lookup(name, run);
        let unknown = || Trouble::Unsupported(format!("the statement `{statement}`"));
        match pieces {
            [Piece::Name(word), condition @ ..] if word == "assert" => {
                let mut evaluator = Evaluator::new(condition, &lookup);
                let value =
                    evaluator.expression().and_then(|value| evaluator.end_or_message().map(|()| value));
                let holds = value?.is_true();
                if holds { Ok(()) } else { Err(failed(statement, condition, &lookup)) }
            }
            [Piece::Name(word), rest @ ..] if word == "print" => {
                let mut evaluator = Evaluator::new(rest, &lookup);
                // What cannot be shown is not worth a failure.
                let shown = evaluator.expression();
                run.printed.push(shown.map_or_else(|_| statement.to_owned(), |value| value.to_string()));
                Ok(())
            }
            [Piece::Name(list), Piece::Sign("."), Piece::Name(append), rest @ ..] if append == "append" => {
                let item = whole(rest, &lookup)?;
                let Some(Value::List(values)) = self.assigned.get_mut(list) else { return Err(unknown()) };
                values.push(item);
                let list = Value::List(std::mem::take(values));
                self.bind(&pieces[..1], list).ok_or_else(unknown)
            }
            [Piece::Name(word), ..] if matches!(word.as_str(), "raise" | "exit" | "quit") => {
                Err(failed(statement, &pieces[1..], &lookup))
            }
            [Piece::Name(sys), Piece::Sign("."), Piece::Name(exit), rest @ ..]
                if sys == "sys" && exit == "exit" =>
            {
                let status = whole(rest, &lookup)?;
                let ends_well = matches!(&status, Value::List(none) if none.is_empty())
                    || status.is_equal(&Value::Integer(0));
                if ends_well { Ok(()) } else { Err(failed(statement, &[], &lookup)) }
            }
            [Piece::Text(_)] => Ok(()),
            [Piece::Name(word), ..] if matches!(word.as_str(), "import" | "from" | "pass") => Ok(()),
            [Piece::Name(word), Piece::Name(name)] if word == "del" => {
                self.assigned.remove(name).map(drop).ok_or_else(unknown)
            }
            [Piece::Name(word), rest @ ..] if word == "return" => {
                let value = if rest.is_empty() { Value::None } else { whole(rest, &lookup)? };
                self.returned = Some(value);
                Err("`return` outside of a function".into())
            }
            [Piece::Name(name), Piece::Sign("("), ..] if matches!(lookup(name), Ok(Value::Function(_))) => {
                whole(pieces, &lookup).map(drop)
            }
            _ => self.assign(statement, pieces, run),
        }
    }

    /// `a = 1`, `a, b = 1, 2`, `a += 1`.
    fn assign(&mut self, statement: &str, pieces: &[Piece], run: &Run<'_>) -> Result<(), Trouble> {
        let unknown = || Trouble::Unsupported(format!("the statement `{statement}`"));
        let sign =
            pieces.iter().position(|piece| matches!(piece, Piece::Sign(sign) if ASSIGNS.contains(sign)));
        let (names, [Piece::Sign(sign), rest @ ..]) = pieces.split_at(sign.ok_or_else(unknown)?) else {
            return Err(unknown());
        };
        let lookup = |name: &str| self.lookup(name, run);
        let value = whole(rest, &lookup)?;
        let value = match (sign.strip_suffix('=').filter(|operator| !operator.is_empty()), names) {
            (None, _) => value,
            (Some(operator), [Piece::Name(name)]) => {
                let before = lookup(name)?;
                before.operate(operator, &value).ok_or_else(unknown)?
            }
            (Some(_), _) => return Err(unknown()),
        };
        self.bind(names, value).ok_or_else(unknown)
    }

    /// Gives a value a name, or its items names.
    fn bind(&mut self, names: &[Piece], value: Value) -> Option<()> {
        if value.is_huge() {
            return None;
        }
        if let [Piece::Name(name)] = names {
            self.assigned.insert(name.clone(), value);
            return Some(());
        }
        let names: Option<Vec<&String>> = names
            .split(|piece| *piece == Piece::Sign(","))
            .map(|name| if let [Piece::Name(name)] = name { Some(name) } else { None })
            .collect();
        let (names, items) = (names?, value.items()?);
        if names.len() != items.len() {
            return None;
        }
        self.assigned.extend(names.into_iter().cloned().zip(items));
        Some(())
    }

    fn lookup(&self, name: &str, run: &Run<'_>) -> Evaluated {
        let told = || run.info.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let constant = || CONSTANTS.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let number = |value: i64| match WIDE.contains(&name) {
            true => Value::Integer(i128::from(value as u64)),
            false => Value::Integer(value.into()),
        };
        let none = || (name == "None").then_some(Value::None);
        let found =
            self.assigned.get(name).cloned().or_else(|| told().or_else(constant).map(number)).or_else(none);
        match (found, run.outer) {
            (Some(value), _) => Ok(value),
            (None, Some(outer)) => outer(name),
            (None, None) => Err(format!("the variable {name}").into()),
        }
    }
}

fn failed(statement: &str, condition: &[Piece], lookup: &Lookup<'_>) -> Trouble {
    let mut values = Vec::new();
    for piece in condition {
        let Piece::Name(name) = piece else { continue };
        let Ok(value) = lookup(name) else { continue };
        let shown = format!("{name} = {value}");
        if name.starts_with(|first: char| first.is_ascii_lowercase()) && !values.contains(&shown) {
            values.push(shown);
        }
    }
    Trouble::Assertion { statement: statement.to_owned(), values: values.join(", ") }
}

#[cfg(test)]
mod tests;
