//! The words behind `synfin explain`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::what_if::{Changes, Replace};
use crate::drawing::DrawingArgs;

/// Say what happened on the connections of a capture, and why.
///
/// FILE is a pcap or pcapng file, also compressed by gzip or zstd; - is standard input. With one connection its ladder
/// is drawn; with several they are listed, the worst first, and '#N' draws one of them. Of what no segment shows it is
/// said that it is inferred or unknown.
///
/// The exit status is 0, 1 when something failed or --check found something, and 2 when the call was off.
#[derive(Debug, Args)]
#[command(override_usage = "synfin explain [OPTIONS] FILE... ['#N']\n       synfin explain [OPTIONS] -i NAME\n       synfin explain --names", after_help = EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// Captures, - for standard input; and the number of a connection, like '#3'
    #[arg(value_name = "FILE", required_unless_present_any = ["interface", "names"])]
    pub(crate) words: Vec<OsString>,

    /// Watch this interface until Ctrl-C; takes root or CAP_NET_RAW
    #[arg(short, long, value_name = "NAME")]
    pub(crate) interface: Option<String>,

    /// Watch for so long
    #[arg(long, value_name = "SECONDS", requires = "interface", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=A_YEAR))]
    pub(crate) seconds: Option<u32>,

    /// Draw each connection as soon as it is over
    #[arg(long, conflicts_with_all = ["json", "svg", "html", "parquet"])]
    pub(crate) follow: bool,

    /// List the connections too of which there is nothing to tell
    #[arg(long)]
    pub(crate) all: bool,

    /// Write everything as JSON: one document, or an array of them for several captures
    #[arg(long, conflicts_with_all = ["svg", "html"])]
    pub(crate) json: bool,

    /// Draw one connection into this SVG file; - for standard output
    #[arg(long, value_name = "OUT", conflicts_with = "html")]
    pub(crate) svg: Option<PathBuf>,

    /// Make a page of everything, one file that needs no network; - for standard output
    #[arg(long, value_name = "OUT")]
    pub(crate) html: Option<PathBuf>,

    /// Write tables of connections, findings and segments into this folder, for DuckDB and its like
    #[arg(long, value_name = "DIR", conflicts_with_all = ["json", "svg", "html"])]
    pub(crate) parquet: Option<PathBuf>,

    /// Tabulate how ss, netstat and books write the states, and what they are called in Chinese
    #[arg(long, conflicts_with_all = ["words", "interface", "all", "json", "svg", "html", "parquet", "what_if", "check"])]
    pub(crate) names: bool,

    /// Run one connection again with something changed: 'drop 7', 'delay 7 by 50ms', 'duplicate 7', several with ';'
    /// between; or 'nothing'
    ///
    /// The numbers are those of frames. synfin takes the place of one end, and says from where on it goes another way.
    /// With --json and --html there are both, as captured and as it would have gone; --svg draws the latter.
    #[arg(long, value_name = "CHANGES", conflicts_with_all = ["parquet", "follow", "check"])]
    pub(crate) what_if: Option<Changes>,

    /// Whose place synfin takes with --what-if: left or right; who sent the first changed frame otherwise
    #[arg(long, value_name = "END", requires = "what_if")]
    pub(crate) replace: Option<Replace>,

    /// End with status 1 when there is something worth a warning
    #[arg(long)]
    pub(crate) check: bool,

    /// Infer from packets alone, whatever synfin noted on them when it recorded them
    ///
    /// What 'synfin run --record' writes has on each packet why it was sent and in which state its end was: that is
    /// believed otherwise.
    #[arg(long)]
    pub(crate) no_notes: bool,

    #[command(flatten)]
    pub(crate) drawing: DrawingArgs,
}

/// In seconds.
const A_YEAR: i64 = 366 * 24 * 3600;

const EXAMPLES: &str = "Examples:
  synfin explain trace.pcapng
  synfin explain trace.pcapng '#3' --lang zh
  sudo synfin explain -i eth0 --seconds 10
  tcpdump -w - port 80 | synfin explain - --follow
  synfin explain *.pcap --parquet tables
  synfin explain trace.pcapng '#3' --what-if 'drop 7'
  synfin explain *.pcap --html report.html";
