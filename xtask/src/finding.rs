//! What a check found: where, what, and what to do about it.

use std::fmt;

/// One thing that is not as the house wants it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// `file:line`, or the crate where there is no line to point at.
    pub(crate) place: String,
    /// What is wrong there.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    {}", self.place, self.what, self.remedy)
    }
}
