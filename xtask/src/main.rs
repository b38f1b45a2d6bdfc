//! Checks of the house that neither the compiler nor clippy makes: `cargo xtask all`.
//!
//! Each check is a module with the same shape: a `check` that reads the workspace and returns its findings, over
//! pure functions that the tests drive with made-up inputs. Exit status: 0 when all hold, 1 when something was
//! found or a check could not run, 2 when the call itself was off.

mod arrows;
mod evidence;
mod finding;
mod ledger;
mod rows;
mod sizes;
#[cfg(feature = "web")]
mod web;
mod words;

use std::process::ExitCode;

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};
use clap::{Parser, Subcommand};

use crate::finding::Finding;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Checks of the house: who may depend on whom, how long things may be, what must not be said",
    after_help = "Example: cargo xtask all",
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Clone, Subcommand)]
enum Task {
    /// Check that the crates depend on each other only in the direction the design allows
    Arrows,
    /// Check that each requirement of the standards, and each attack, has a test that exists or a reason
    Ledger {
        /// Write docs/conformance.md and docs/attacks.md anew
        #[arg(long)]
        write: bool,
    },
    /// Check that each thing the guide says is told in both languages and shown by a scenario or a test that exists
    Rows {
        /// Write docs/rows.md anew
        #[arg(long)]
        write: bool,
    },
    /// Check that no file is over 600 lines and no function over 80
    Sizes,
    /// Check that no tracked file names a machine's path, a workplace's number or a superseded RFC
    Words,
    /// Make what the page loads of the crate web, once it is built for wasm32
    #[cfg(feature = "web")]
    Web {
        /// Where cargo has put it
        wasm: std::path::PathBuf,
        /// The folder that gets a module and its script
        out: std::path::PathBuf,
    },
    /// Run every check
    All,
}

type Check = (&'static str, fn(&Metadata) -> Result<Vec<Finding>>);

/// Writes the pages that a check compares.
type Write = fn(&Metadata) -> Result<()>;

const CHECKS: [Check; 5] = [
    ("arrows", arrows::check),
    ("ledger", ledger::check),
    ("sizes", sizes::check),
    ("words", words::check),
    ("rows", rows::check),
];

fn main() -> ExitCode {
    let task = Cli::parse().task;
    let chosen = match task {
        #[cfg(feature = "web")]
        Task::Web { wasm, out } => {
            return match web::bind(&wasm, &out) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("cargo xtask web: {error:#}");
                    ExitCode::FAILURE
                }
            };
        }
        Task::Arrows => &CHECKS[0..1],
        Task::Ledger { .. } => &CHECKS[1..2],
        Task::Sizes => &CHECKS[2..3],
        Task::Words => &CHECKS[3..4],
        Task::Rows { .. } => &CHECKS[4..5],
        Task::All => &CHECKS,
    };
    let write: Option<Write> = match task {
        Task::Ledger { write: true } => Some(ledger::write_pages),
        Task::Rows { write: true } => Some(rows::write_page),
        _ => None,
    };
    match run(chosen, write) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the checks, prints what they find, and returns how many findings there were.
fn run(checks: &[Check], write: Option<Write>) -> Result<usize> {
    let metadata = MetadataCommand::new().no_deps().exec().context("cannot read the workspace")?;
    if let Some(write) = write {
        write(&metadata)?;
    }
    let mut total = 0;
    for (name, check) in checks {
        let findings = check(&metadata).with_context(|| format!("{name} could not run"))?;
        for finding in &findings {
            eprintln!("{finding}");
        }
        match findings.len() {
            0 => println!("{name}: ok"),
            count => eprintln!("{name}: {count} found"),
        }
        total += findings.len();
    }
    Ok(total)
}
