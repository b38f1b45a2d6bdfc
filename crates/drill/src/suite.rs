//! Many scripts, and what came of them by folder.

use std::collections::BTreeMap;
use std::fmt;

use crate::form::Form;
use crate::span::Position;
use crate::verdict::{Failure, Report, Verdict};
use crate::{parse_with, run};

/// Reads and runs the text of a script. A text that is no script has failed, at the place where it stops being one.
#[must_use]
pub fn run_text(text: &str, form: Form) -> Report {
    match parse_with(text, form.definitions()) {
        Ok(script) => run(&script, Some(form)),
        Err(error) => {
            let failure = Failure::new(error.at, error.message);
            Report { verdict: Verdict::Failed(failure), trace: Vec::new() }
        }
    }
}

/// What came of one script in one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The folder, for the table.
    pub folder: String,
    /// The script's path.
    pub path: String,
    /// In which form it was run.
    pub form: Form,
    /// What came of it.
    pub report: Report,
}

impl Entry {
    /// One line for a person, more where packets are to be compared: path, verdict, and why.
    #[must_use]
    pub fn describe(&self) -> String {
        let Self { path, form, report, .. } = self;
        match &report.verdict {
            Verdict::Passed => format!("{path} ({form}): passed"),
            Verdict::Failed(failure) => format!("{path}:{failure} ({form}: failed)"),
            Verdict::Unsupported { at, what } => format!("{path}:{at}: unsupported: {what} ({form})"),
        }
    }
}

/// How many scripts came to which verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Count {
    /// Everything happened as they say.
    pub passed: usize,
    /// Something did not.
    pub failed: usize,
    /// They ask for what is not there. They are not passed.
    pub unsupported: usize,
}

impl Count {
    fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed(_) => self.failed += 1,
            Verdict::Unsupported { .. } => self.unsupported += 1,
        }
    }

    /// All of them.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.passed + self.failed + self.unsupported
    }
}

/// The counts of a suite.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Table {
    /// By folder, in alphabetical order.
    pub folders: BTreeMap<String, Count>,
    /// Of all folders.
    pub total: Count,
}

impl Table {
    /// The counts of these.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Self {
        let mut table = Self::default();
        for entry in entries {
            table.folders.entry(entry.folder.clone()).or_default().add(&entry.report.verdict);
            table.total.add(&entry.report.verdict);
        }
        table
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.folders.keys().map(String::len).max().unwrap_or(0).max("folder".len());
        writeln!(
            f,
            "{:width$}  {:>6}  {:>6}  {:>11}  {:>5}",
            "folder", "passed", "failed", "unsupported", "total"
        )?;
        let total = ("all".to_owned(), self.total);
        let rows = self.folders.iter().map(|(folder, count)| (folder.clone(), *count)).chain([total]);
        for (folder, count) in rows {
            let Count { passed, failed, unsupported } = count;
            writeln!(
                f,
                "{folder:width$}  {passed:>6}  {failed:>6}  {unsupported:>11}  {:>5}",
                count.total()
            )?;
        }
        Ok(())
    }
}

/// The results as JSON: an array of objects with `script`, `form`, `verdict`, and `line`, `column` and `message`
/// where there is something to say.
#[must_use]
pub fn json(entries: &[Entry]) -> String {
    let objects: Vec<String> = entries.iter().map(object).collect();
    format!("[\n{}\n]\n", objects.join(",\n"))
}

fn object(entry: &Entry) -> String {
    let (at, message): (Option<Position>, &str) = match &entry.report.verdict {
        Verdict::Passed => (None, ""),
        Verdict::Failed(failure) => (Some(failure.at), &failure.message),
        Verdict::Unsupported { at, what } => (Some(*at), what),
    };
    let mut object = format!(
        "  {{\"script\": {}, \"form\": \"{}\", \"verdict\": \"{}\"",
        quoted(&entry.path),
        entry.form,
        entry.report.verdict.word()
    );
    if let Some(Position { line, column }) = at {
        object += &format!(", \"line\": {line}, \"column\": {column}, \"message\": {}", quoted(message));
    }
    object + "}"
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => quoted += &format!("\\u{:04x}", u32::from(control)),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}
