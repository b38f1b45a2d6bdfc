//! What came of a script.

use std::fmt;

use crate::span::Position;

/// What came of a script, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What came of it.
    pub verdict: Verdict,
    /// What happened, in order.
    pub trace: Vec<TraceLine>,
}

/// What came of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything happened as the script says.
    Passed,
    /// Something did not.
    Failed(Failure),
    /// The script asks for something that the stack or the runner does not have. It is not passed.
    Unsupported {
        /// Where it asks.
        at: Position,
        /// What for.
        what: String,
    },
}

impl Verdict {
    /// One word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::Unsupported { .. } => "unsupported",
        }
    }
}

/// The first thing that was not as the script says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which event.
    pub at: Position,
    /// What is wrong with it.
    pub message: String,
    /// The packet that was expected, where it is about one.
    pub expected: Option<String>,
    /// The packet that was seen instead.
    pub found: Option<String>,
}

impl Failure {
    pub(crate) fn new(at: Position, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), expected: None, found: None }
    }
}

impl fmt::Display for Failure {
    /// The sentence; below it the two packets, one above the other, with a mark under the first difference.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)?;
        if let Some(expected) = &self.expected {
            write!(f, "\n  expected {expected}")?;
        }
        if let Some(found) = &self.found {
            write!(f, "\n  found    {found}")?;
        }
        if let (Some(expected), Some(found)) = (&self.expected, &self.found) {
            let same = expected.chars().zip(found.chars()).take_while(|(a, b)| a == b).count();
            write!(f, "\n           {:same$}^", "")?;
        }
        Ok(())
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceLine {
    /// When: microseconds since the script began.
    pub micros: u64,
    /// What, in the script's notation; `<` and `>` begin packets.
    pub text: String,
}

impl fmt::Display for TraceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06} {}", self.micros / 1_000_000, self.micros % 1_000_000, self.text)
    }
}
