//! What ends a command early.

use std::fmt;
use std::process::ExitCode;

/// One sentence for a person, and the exit status that goes with it.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    status: u8,
}

impl Failure {
    /// The call was off: wrong words, or something that is not there or not allowed. Status 2.
    pub(crate) fn call(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), status: 2 }
    }

    /// Something failed on the way. Status 1.
    pub(crate) fn fault(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), status: 1 }
    }

    /// Whoever read what is written has gone, as in `synfin explain FILE --json | head -1`: an end, and nobody's fault.
    pub(crate) fn reader_left() -> Self {
        Self { message: String::new(), status: 0 }
    }

    /// With a status of its own.
    pub(crate) fn with_status(status: u8, message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), status }
    }

    /// The same, with the status of what was run, if that has failed as well.
    pub(crate) fn behind(self, status: u8) -> Self {
        if status == 0 { self } else { Self { status, ..self } }
    }

    /// Tells the person.
    pub(crate) fn report(self) -> ExitCode {
        if !self.message.is_empty() {
            eprintln!("synfin: {self}");
        }
        ExitCode::from(self.status)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
