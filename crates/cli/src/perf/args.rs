//! The words behind `synfin perf`. Where iperf3 has an option, it has the same name here.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Subcommand};
use synfin::CongestionAlgorithm;

use super::protocol::{MAX_BLOCK, MAX_OMIT, MAX_STREAMS, MAX_TIME, PORT};
use crate::args::local_address;

/// Measure synfin's own TCP; the other end may be iperf3.
///
/// synfin is at one end of a TUN, this machine's kernel at the other.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sudo synfin perf server\n  sudo synfin perf client 10.0.0.1 -t 5 -R")]
pub(crate) struct PerfArgs {
    #[command(subcommand)]
    pub(super) end: End,
}

#[derive(Debug, Subcommand)]
pub(super) enum End {
    Server(ServerArgs),
    Client(ClientArgs),
}

/// Wait for clients, iperf3 or `synfin perf client`, and measure with one at a time.
///
/// This machine's kernel is at the other end of the link, as with `synfin serve`: 10.0.0.1 when 10.0.0.2 is listened
/// on. Ctrl-C ends it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sudo synfin perf server & iperf3 -c 10.0.0.2")]
pub(super) struct ServerArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "10.0.0.2:5201", value_parser = local_address)]
    pub(super) listen: SocketAddr,

    /// The TUN interface, made if there is none of that name
    #[arg(long, value_name = "NAME", default_value = "synfin0")]
    pub(super) tun: String,

    /// End after one client
    #[arg(short = '1', long)]
    pub(super) one_off: bool,

    /// How much may be in flight where the client does not say: reno, cubic or bbr
    #[arg(short = 'C', long, value_name = "NAME", default_value = "cubic")]
    pub(super) congestion: CongestionAlgorithm,

    #[command(flatten)]
    pub(super) shown: ShownArgs,
}

/// Measure with a server, iperf3 -s or `synfin perf server`.
///
/// synfin gets a TUN interface of its own, with this machine's kernel at the other end: 10.0.0.1 and fd00::1 are the
/// kernel, where `iperf3 -s` answers. Beyond it is reached what the kernel forwards to.
#[derive(Debug, Args)]
#[command(after_help = CLIENT_EXAMPLES)]
pub(super) struct ClientArgs {
    /// The server
    #[arg(value_name = "HOST")]
    pub(super) host: String,

    /// The server's port
    #[arg(short, long, value_name = "PORT", default_value_t = PORT, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) port: u16,

    /// How many seconds to send
    #[arg(short, long, value_name = "SECONDS", default_value_t = 10, conflicts_with = "bytes")]
    #[arg(allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_TIME)))]
    pub(super) time: u32,

    /// How much to send in all, in place of a time; K, M, G and T are powers of 1024
    #[arg(short = 'n', long, value_name = "BYTES", allow_hyphen_values = true)]
    pub(super) bytes: Option<Amount>,

    /// What is written or read at once
    #[arg(short, long, value_name = "BYTES", default_value = "128K", value_parser = parse_block)]
    #[arg(allow_hyphen_values = true)]
    pub(super) length: u32,

    /// How many streams at once
    #[arg(short = 'P', long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_STREAMS)))]
    pub(super) parallel: u32,

    /// Let the server send
    #[arg(short = 'R', long)]
    pub(super) reverse: bool,

    /// Do not count the first seconds
    #[arg(short = 'O', long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_OMIT)))]
    pub(super) omit: u32,

    /// How much the sender may have in flight: reno, cubic or bbr
    #[arg(short = 'C', long, value_name = "NAME")]
    pub(super) congestion: Option<CongestionAlgorithm>,

    /// Turn Nagle's algorithm off
    #[arg(short = 'N', long)]
    pub(super) no_delay: bool,

    /// The TUN interface, made if there is none of that name; %d is the first free number
    #[arg(long, value_name = "NAME", default_value = "synfin%d")]
    pub(super) tun: String,

    #[command(flatten)]
    pub(super) shown: ShownArgs,
}

const CLIENT_EXAMPLES: &str = "Examples:
  iperf3 -s & sudo synfin perf client 10.0.0.1
  sudo synfin perf client 10.0.0.1 -P 4 -R -C bbr
  sudo synfin perf client 10.0.0.1 -n 10G --json";

/// How results are shown.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct ShownArgs {
    /// Seconds between two reports, 0.1 to 60; 0: none but the last
    #[arg(short, long, value_name = "SECONDS", default_value = "1", value_parser = parse_interval)]
    #[arg(allow_hyphen_values = true)]
    pub(super) interval: Duration,

    /// Print the results as JSON, with iperf3's names
    #[arg(short = 'J', long)]
    pub(super) json: bool,
}

/// A number of octets, as iperf3 takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amount(pub(super) u64);

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
            "" => Some(0),
            "K" => Some(10),
            "M" => Some(20),
            "G" => Some(30),
            "T" => Some(40),
            _ => None,
        };
        let number = digits.parse::<u64>().ok().filter(|number| *number > 0);
        let amount = number.zip(shift).and_then(|(number, shift)| number.checked_mul(1 << shift));
        // What a double of JSON says exactly.
        amount.filter(|amount| *amount <= 1 << 53).map(Self).ok_or_else(|| {
            format!("'{text}' is no amount: give a number of octets like 1000, 64K, 10M or 2G")
        })
    }
}

fn parse_block(text: &str) -> Result<u32, String> {
    let Amount(octets) = text.parse()?;
    u32::try_from(octets)
        .ok()
        .filter(|octets| *octets <= MAX_BLOCK)
        .ok_or_else(|| format!("'{text}' is over 1M: give a number of octets from 1 to 1M"))
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    let seconds =
        text.parse::<f64>().ok().filter(|seconds| *seconds == 0.0 || (0.1..=60.0).contains(seconds));
    seconds
        .map(Duration::from_secs_f64)
        .ok_or_else(|| format!("'{text}' is no interval: give seconds from 0.1 to 60, or 0 for none"))
}

#[cfg(test)]
mod tests;
