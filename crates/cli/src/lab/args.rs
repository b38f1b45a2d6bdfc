//! The words behind `synfin lab`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::args::{local_address, parse_seed};
use crate::drawing::DrawingArgs;

/// Ask TCP a question, and watch it answer.
///
/// Without a word the questions are listed. NN runs one of them, on synfin's own TCP in virtual time; FILE runs a scenario
/// of one's own, as docs/lab.md describes them. The same scenario, settings and seed give the same run everywhere.
///
/// The exit status is 0, 1 when something failed, and 2 when the call was off.
#[derive(Debug, Args)]
#[command(override_usage = "synfin lab [OPTIONS] [NN|FILE]", after_help = EXAMPLES)]
pub(crate) struct LabArgs {
    /// The number of a question, or a scenario file; - for standard input
    #[arg(value_name = "NN|FILE")]
    pub(crate) scenario: Option<String>,

    /// Turn a knob, like delay=3s; may be given again
    #[arg(long, value_name = "KNOB=VALUE", requires = "scenario")]
    pub(crate) set: Vec<Setting>,

    /// Which of the scenario's worlds
    #[arg(long, value_name = "WORLD", conflicts_with = "compare", requires = "scenario")]
    pub(crate) world: Option<String>,

    /// Run it in all of its worlds
    #[arg(long, conflicts_with_all = ["pcap", "step"], requires = "scenario")]
    pub(crate) compare: bool,

    /// Where chance comes from
    #[arg(long, value_name = "N", default_value_t = 0, requires = "scenario", allow_hyphen_values = true)]
    #[arg(value_parser = parse_seed)]
    pub(crate) seed: u64,

    /// Write what passed as a pcapng file, with each segment's reason and both ends' states as its comment
    #[arg(long, value_name = "OUT", requires = "scenario")]
    pub(crate) pcap: Option<PathBuf>,

    /// Where that is captured
    #[arg(long, value_name = "PLACE", value_enum, default_value_t = Place::Middle, requires = "pcap")]
    pub(crate) at: Place,

    /// Make a page of it, one file that needs no network; - for standard output
    #[arg(long, value_name = "OUT", conflicts_with = "json", requires = "scenario")]
    pub(crate) html: Option<PathBuf>,

    /// Write the trace as JSON: everything that happened, with both ends before and after
    #[arg(long, conflicts_with = "step", requires = "scenario")]
    pub(crate) json: bool,

    /// Walk through it event by event
    #[arg(long, requires = "scenario")]
    pub(crate) step: bool,

    /// Print the scenario's text, to copy and change
    #[arg(long, conflicts_with_all = ["json", "html", "step", "pcap"], requires = "scenario")]
    pub(crate) source: bool,

    /// Do not ask what the reader expects
    #[arg(long, requires = "scenario")]
    pub(crate) no_ask: bool,

    /// Serve the page with all questions, in which they run as well; DIR is where it was built
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = "web/dist")]
    #[arg(conflicts_with_all = ["scenario", "json", "html", "pcap", "step", "source"])]
    pub(crate) serve: Option<PathBuf>,

    /// Where the page is served
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", requires = "serve")]
    #[arg(value_parser = local_address)]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    pub(crate) drawing: DrawingArgs,
}

const EXAMPLES: &str = "Examples:
  synfin lab
  synfin lab 05 --compare
  synfin lab 11 --set after=100ms
  synfin lab 14 --step
  synfin lab --serve
  synfin lab 10 --pcap close.pcapng --at first && synfin explain close.pcapng
  synfin lab 01 --source > mine.lab && synfin lab mine.lab";

/// Where a capture is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Place {
    /// At the first host
    First,
    /// At the second host
    Second,
    /// Half way between
    Middle,
}

/// A knob and what it is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting(pub(crate) String, pub(crate) String);

impl FromStr for Setting {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
        let (name, value) = parts.ok_or_else(|| "write KNOB=VALUE, like delay=3s".to_owned())?;
        Ok(Self(name.to_owned(), value.to_owned()))
    }
}
