//! The snippets between `%{` and `}%`: assertions over what `TCP_INFO` tells, in the words of Python.
//!
//! Known are `assert`, `print`, assignments and augmented ones, each on its line or behind a semicolon, over numbers,
//! comparisons that chain, `in` with a list, a few functions, and strings that are only ever messages; `import` does
//! nothing, and what it would have brought is not known. Anything else is unsupported.

use std::collections::BTreeMap;

mod evaluate;
mod scan;
mod value;

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

/// The variables that snippets leave for one another.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    assigned: BTreeMap<String, Value>,
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

impl Environment {
    /// Runs a snippet. What it prints is returned.
    pub(crate) fn run(&mut self, text: &str, info: &[(&'static str, i64)]) -> Result<Vec<String>, Trouble> {
        let mut printed = Vec::new();
        for statement in scan::statements(text) {
            let pieces = match scan::pieces(&statement) {
                Ok(pieces) => pieces,
                // What cannot be shown is not worth a failure.
                Err(_) if statement.starts_with("print") => {
                    printed.push(statement);
                    continue;
                }
                Err(what) => return Err(Trouble::Unsupported(what)),
            };
            self.execute(&statement, &pieces, info, &mut printed)?;
        }
        Ok(printed)
    }

    fn execute(
        &mut self,
        statement: &str,
        pieces: &[Piece],
        info: &[(&'static str, i64)],
        printed: &mut Vec<String>,
    ) -> Result<(), Trouble> {
        let lookup = |name: &str| self.lookup(name, info);
        match pieces {
            [Piece::Name(word), condition @ ..] if word == "assert" => {
                let mut evaluator = Evaluator::new(condition, &lookup);
                let value =
                    evaluator.expression().and_then(|value| evaluator.end_or_message().map(|()| value));
                let holds = value.map_err(Trouble::Unsupported)?.is_true();
                if holds { Ok(()) } else { Err(failed(statement, condition, &lookup)) }
            }
            [Piece::Name(word), rest @ ..] if word == "print" => {
                let mut evaluator = Evaluator::new(rest, &lookup);
                // What cannot be shown is not worth a failure.
                printed.push(
                    evaluator.expression().map_or_else(|_| statement.to_owned(), |value| value.to_string()),
                );
                Ok(())
            }
            [Piece::Name(name), Piece::Sign(sign), rest @ ..] if matches!(*sign, "=" | "+=" | "-=") => {
                let mut evaluator = Evaluator::new(rest, &lookup);
                let value = evaluator.expression().and_then(|value| evaluator.end().map(|()| value));
                let value = value.map_err(Trouble::Unsupported)?;
                let value = match sign.strip_suffix('=').filter(|operator| !operator.is_empty()) {
                    None => value,
                    Some(operator) => {
                        let before = lookup(name).map_err(Trouble::Unsupported)?;
                        let result = before.operate(operator, value);
                        result.ok_or_else(|| Trouble::Unsupported(format!("the statement `{statement}`")))?
                    }
                };
                self.assigned.insert(name.clone(), value);
                Ok(())
            }
            [Piece::Name(word), ..] if matches!(word.as_str(), "import" | "pass") => Ok(()),
            _ => Err(Trouble::Unsupported(format!("the statement `{statement}`"))),
        }
    }

    fn lookup(&self, name: &str, info: &[(&'static str, i64)]) -> Evaluated {
        let told = || info.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let constant = || CONSTANTS.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let found = self.assigned.get(name).copied().or_else(|| told().or_else(constant).map(Value::Integer));
        found.ok_or_else(|| format!("the variable {name}"))
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
