//! The `synfin` command.
//!
//! What comes in: the words behind `synfin`. What goes out: an exit status, and on standard error, when
//! something is wrong, one line that says what, where, and what to do. 1 is a failure, 2 a call that was
//! off; `synfin run` passes on the status of what it ran.

use std::process::ExitCode;

use clap::Parser as _;

mod args;
mod connect;
mod drawing;
mod drill;
mod explain;
mod failure;
mod lab;
mod link;
mod out;
mod perf;
mod relay;
mod run;
mod serve;
mod source;

use args::{Cli, Verb};
use failure::Failure;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return args::report(&error),
    };
    let outcome = match cli.verb {
        Verb::Run(args) => run::run(&args),
        Verb::Drill(args) => drill::run(&args),
        Verb::Explain(args) => explain::explain(&args),
        Verb::Lab(args) => lab::lab(&args),
        Verb::Inner(args) => Ok(run::inner::main(&args)),
        Verb::Relay(args) => relay::relay(&args),
        Verb::Source(args) => source::source(&args),
        Verb::Serve(args) => serve::serve(&args),
        Verb::Connect(args) => connect::connect(&args),
        Verb::Perf(args) => perf::perf(&args),
    };
    outcome.unwrap_or_else(Failure::report)
}
