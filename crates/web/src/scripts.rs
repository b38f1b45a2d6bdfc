//! packetdrill scripts.

use serde::Serialize;
use synfin_drill::{Form, Verdict};

use crate::answer;

#[derive(Serialize)]
struct Drilled {
    verdict: &'static str,
    message: Option<String>,
    lines: Vec<String>,
}

/// Runs a script over IPv4.
#[must_use]
pub fn drill(text: &str) -> String {
    let script = synfin_drill::parse(text).map_err(|error| error.to_string());
    answer::of(script.map(|script| {
        let report = synfin_drill::run(&script, Some(Form::V4));
        let message = match &report.verdict {
            Verdict::Passed => None,
            Verdict::Failed(failure) => Some(failure.to_string()),
            Verdict::Unsupported { at, what } => Some(format!("{at}: {what}")),
        };
        Drilled {
            verdict: report.verdict.word(),
            message,
            lines: report.trace.iter().map(ToString::to_string).collect(),
        }
    }))
}
