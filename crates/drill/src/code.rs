//! The snippets between `%{` and `}%`: assertions over what `TCP_INFO` tells, in Python.
//!
//! In: the text of a snippet, and the variables that packetdrill sets for it. Out: what it prints, or why it does not run
//! to its end. No Python is started: `parse` reads the language, as far as snippets go, and `interpret` does what it says.
//! What Python has and this has not is unsupported; what Python would refuse is a failure, as there.

use std::rc::Rc;

mod ast;
mod format;
mod interpret;
mod operate;
mod parse;
mod token;
mod value;

use interpret::{Fault, Interpreter, Raised, Scope};
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
    /// Python would raise this.
    Raised(String),
    /// The stack does not tell this variable, or the interpreter does not know these words.
    Unsupported(String),
}

/// The variables that snippets leave for one another.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    scope: Rc<Scope>,
    /// A snippet has ended all of them, and well.
    is_over: bool,
}

/// The names that stand for numbers in every snippet.
const CONSTANTS: [(&str, i64); 24] = [
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
];

/// Variables of 64 bits, all ones where there is no limit.
const WIDE: [&str; 2] = ["tcpi_pacing_rate", "tcpi_max_pacing_rate"];

impl Environment {
    /// Runs a snippet. What it prints is returned.
    pub(crate) fn run(&mut self, text: &str, info: &[(&'static str, i64)]) -> Result<Vec<String>, Trouble> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let block = parse::parse(text).map_err(Trouble::Unsupported)?;
        for (name, value) in CONSTANTS.iter().chain(info) {
            let value = match WIDE.contains(name) {
                true => i128::from(*value as u64),
                false => i128::from(*value),
            };
            self.scope.set(name, Value::Integer(value));
        }
        let mut interpreter = Interpreter::default();
        match interpreter.run(&block, &self.scope) {
            Err(Fault::Raised(Raised { kind, message, .. })) if kind == "SystemExit" && message == "0" => {
                self.is_over = true;
            }
            outcome => outcome?,
        }
        Ok(interpreter.printed)
    }
}

#[cfg(test)]
mod tests;
