//! The words behind `synfin`.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::ArgPredicate;
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use synfin_drill::Form;
use synfin_host::tcp::CongestionAlgorithm;
use synfin_sim::units::parse_duration;
use synfin_sim::{LinkConfig, Loss, Probability, Queue, Rate};

use crate::explain::args::ExplainArgs;
use crate::lab::args::LabArgs;
use crate::perf::args::PerfArgs;
use crate::relay::RelayArgs;
use crate::source::SourceArgs;

/// TCP in user space: under an unmodified program, or on its own.
#[derive(Debug, Parser)]
#[command(name = "synfin", version, max_term_width = 100)]
#[command(after_help = "Example:\n  synfin run -- curl -s http://synfin.internal/")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Run(RunArgs),
    Serve(ServeArgs),
    Connect(ConnectArgs),
    Perf(PerfArgs),
    Explain(ExplainArgs),
    Lab(LabArgs),
    Drill(DrillArgs),
    #[command(hide = true)]
    Inner(InnerArgs),
    #[command(hide = true)]
    Relay(RelayArgs),
    #[command(hide = true)]
    Source(SourceArgs),
}

/// Run a command whose whole network is synfin.
///
/// CMD gets a network namespace of its own, whose only link ends in synfin; synfin dials for it from
/// outside. It takes no root where user namespaces are allowed and /dev/net/tun may be opened. CMD sees the
/// same user and the same files, but for a resolv.conf and a hosts file of its own.
///
/// 10.0.2.100 and fd00:2::100 are CMD's addresses; 10.0.2.2 and fd00:2::2 lead to this machine's loopback;
/// 10.0.2.3 answers DNS; http://synfin.internal/ (10.0.2.4, fd00:2::4) is synfin's own page.
///
/// The exit status is CMD's, 128+N when signal N killed it, 127 when there is no such command, 126 when it
/// cannot be executed, 2 when the call was off, and 1 when something else failed but CMD did not: the network
/// ended, or --record has run out of room. The network ends with CMD: what CMD leaves running in the
/// background is cut off.
#[derive(Debug, Args)]
#[command(override_usage = "synfin run [OPTIONS] -- CMD [ARG]...", after_help = RUN_EXAMPLES)]
pub(crate) struct RunArgs {
    /// The largest packet on the link, in octets
    #[arg(long, value_name = "OCTETS", default_value_t = 1500, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(1280..=65_521))]
    pub(crate) mtu: u16,

    /// Lead a port of this machine's loopback, or of another of its addresses, to a port of CMD's, like 8080:80 or
    /// 192.168.1.5:8080:80; may be given again
    #[arg(long, value_name = "[ADDRESS:]PORT:PORT", allow_hyphen_values = true)]
    pub(crate) publish: Vec<Publish>,

    /// Lead nothing to this machine's loopback, but for DNS to a resolver there
    #[arg(long)]
    pub(crate) no_host_loopback: bool,

    /// Dial out through this SOCKS5 proxy, which takes TCP: DNS is asked over TCP, other UDP and echo are refused
    #[arg(long, value_name = "[USER:PASSWORD@]HOST:PORT")]
    pub(crate) socks5: Option<Proxy>,

    /// Who answers DNS, in place of this machine's resolvers, which a proxy may not reach; may be given again
    #[arg(long, value_name = "ADDRESS", value_parser = resolver_address)]
    pub(crate) dns: Vec<IpAddr>,

    /// How much may be in flight: reno, cubic or bbr
    #[arg(long, value_name = "NAME", default_value = "cubic")]
    pub(crate) congestion: CongestionAlgorithm,

    /// Write every packet to this pcapng file, with synfin's reason for it and the state of its end as its comment
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Draw each connection when it ends, with synfin's reason for each segment, on standard error
    #[arg(long)]
    pub(crate) diagram: bool,

    /// What to run, and its arguments
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true)]
    pub(crate) command: Vec<OsString>,

    // Last, as its heading holds for all that follows.
    #[command(flatten)]
    pub(crate) impairments: Impairments,
}

const RUN_EXAMPLES: &str = "Examples:
  synfin run -- curl -s http://example.org/
  synfin run --loss 2% --delay 80ms -- bash
  synfin run --diagram -- curl -s http://synfin.internal/
  synfin run --publish 8080:80 -- nginx -g 'daemon off;'
  synfin run --socks5 127.0.0.1:1080 --dns 9.9.9.9 -- bash";

/// What the link does to packets, in each direction.
#[derive(Debug, Args)]
#[command(next_help_heading = "A bad network, in each direction")]
pub(crate) struct Impairments {
    /// How many packets vanish
    #[arg(
        long,
        value_name = "PERCENT",
        allow_hyphen_values = true,
        default_value_t,
        hide_default_value = true
    )]
    loss: Probability,

    /// How long a packet travels; a round trip takes twice that
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = parse_duration)]
    #[arg(default_value = "0s", hide_default_value = true)]
    delay: Duration,

    /// How far the travel strays from the delay, evenly; the order is kept
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = parse_duration)]
    #[arg(default_value = "0s", hide_default_value = true)]
    jitter: Duration,

    /// What passes in a second, like 10mbit; a tenth of a second's worth waits, the rest is dropped
    #[arg(long, value_name = "RATE", allow_hyphen_values = true)]
    rate: Option<Rate>,

    /// How many packets skip the delay and overtake those under way
    #[arg(
        long,
        value_name = "PERCENT",
        allow_hyphen_values = true,
        default_value_t,
        hide_default_value = true,
        requires = "delay"
    )]
    reorder: Probability,

    /// How many packets arrive twice
    #[arg(
        long,
        value_name = "PERCENT",
        allow_hyphen_values = true,
        default_value_t,
        hide_default_value = true
    )]
    duplicate: Probability,

    /// How many packets arrive with one bit flipped
    #[arg(
        long,
        value_name = "PERCENT",
        allow_hyphen_values = true,
        default_value_t,
        hide_default_value = true
    )]
    corrupt: Probability,

    /// Which run of bad luck; the same number brings the same faults
    #[arg(long, value_name = "N", default_value_t = 0, allow_hyphen_values = true, value_parser = parse_seed)]
    pub(crate) seed: u64,
}

/// How long the queue before a slow link takes to drain.
const QUEUE: Duration = Duration::from_millis(100);

impl Impairments {
    /// The link that was asked for.
    pub(crate) fn link(&self) -> LinkConfig {
        LinkConfig {
            rate: self.rate,
            queue: self.rate.map_or_else(Queue::default, |rate| Queue::draining_in(QUEUE, rate)),
            delay: self.delay,
            jitter: self.jitter,
            jitter_reorders: false,
            loss: Loss::Independent(self.loss),
            reorder: self.reorder,
            duplicate: self.duplicate,
            corrupt: self.corrupt,
            ..LinkConfig::default()
        }
    }
}

/// Serve a directory over HTTP from synfin's own TCP, on a TUN interface.
///
/// This machine's kernel is at the other end of the link, with the first address of the subnet (/24, or /64
/// with IPv6): 10.0.0.1 when 10.0.0.2 is listened on. Whoever else is to reach the server needs the kernel
/// to forward. Ctrl-C ends it.
///
/// An interface that exists, as made by `ip tuntap add NAME mode tun user USER`, is attached to; what it has
/// of addresses and routes is left as it is. That way root is not needed.
#[derive(Debug, Args)]
#[command(after_help = SERVE_EXAMPLES)]
pub(crate) struct ServeArgs {
    /// The directory
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,

    /// Where to listen; with --tls it is 10.0.0.2:443 unless given
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "10.0.0.2:80", value_parser = local_address)]
    #[arg(default_value_if("tls", ArgPredicate::IsPresent, "10.0.0.2:443"))]
    pub(crate) listen: SocketAddr,

    /// Serve over TLS, with this certificate, which those that vouch for it may follow, and its private key, both in
    /// PEM
    #[arg(long, num_args = 2, value_names = ["CERT", "KEY"])]
    pub(crate) tls: Option<Vec<PathBuf>>,

    /// The TUN interface, made if there is none of that name
    #[arg(long, value_name = "NAME", default_value = "synfin0")]
    pub(crate) tun: String,

    /// How many threads share the connections, each with a queue of the interface to itself; one for each processor is
    /// the most that is of use
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) shards: u16,

    /// How long a client may say nothing, or take nothing of what it is sent, before its connection is reset
    #[arg(long, value_name = "TIME", default_value = "60s", allow_hyphen_values = true, value_parser = parse_timeout)]
    pub(crate) timeout: Duration,

    /// Instead of a TUN, take this Ethernet interface from the kernel (AF_XDP); the first address of the subnet is
    /// the router
    #[arg(long, value_name = "IFACE", conflicts_with_all = ["tun", "shards"])]
    pub(crate) xdp: Option<String>,
}

const LEAST_TIMEOUT: Duration = Duration::from_secs(1);
const MOST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

const SERVE_EXAMPLES: &str = "Examples:
  sudo synfin serve ./public --listen 10.0.0.2:80
  sudo synfin serve ./public --tls chain.pem key.pem";

/// Connect to a port over synfin's own TCP: standard input goes there, what comes back to standard output.
///
/// The end of standard input ends that direction alone; the command ends when both have. The exit status is
/// 0 then, 1 when the connection failed or was reset, and 2 when the call was off.
///
/// synfin gets a TUN interface of its own, with this machine's kernel at the other end: 10.0.0.1 and fd00::1
/// are the kernel, or others, which it says then, where an interface has those in its network. Addresses beyond
/// it are reached when the kernel forwards: `sysctl net.ipv4.ip_forward=1`, and a route back to 10.0.0.3 or
/// masquerading.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  echo hello | sudo synfin connect 10.0.0.1:7")]
pub(crate) struct ConnectArgs {
    /// Where to
    #[arg(value_name = "HOST:PORT")]
    pub(crate) destination: HostPort,

    /// The TUN interface, made if there is none of that name; %d is the first free number
    #[arg(long, value_name = "NAME", default_value = "synfin%d")]
    pub(crate) tun: String,
}

/// Run packetdrill scripts against synfin's own TCP, in virtual time.
///
/// It takes no root and no network. Every script that does not pass is named with the line where it went wrong, and
/// with the packet that was expected above the one that was seen. A script that asks for something that is not there
/// is unsupported, which is not passed.
#[derive(Debug, Args)]
#[command(after_help = DRILL_EXAMPLES)]
pub(crate) struct DrillArgs {
    /// Scripts, or folders of scripts
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,

    /// How many scripts run at a time; as many as there are processors unless given
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = parse_jobs)]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// Run in this address form: ip=ipv4, ip=ipv6 or ip=mapped; may be given again
    #[arg(long, value_name = "ip=FORM")]
    pub(crate) set: Vec<IpForm>,

    /// Print the results as JSON
    #[arg(long, conflicts_with = "trace")]
    pub(crate) json: bool,

    /// Print every packet and call
    #[arg(long)]
    pub(crate) trace: bool,
}

const DRILL_EXAMPLES: &str = "Examples:
  synfin drill conformance/
  synfin drill --trace --set ip=ipv6 conformance/open/active.pkt";

/// The address form of `--set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IpForm(pub(crate) Form);

impl FromStr for IpForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = text
            .strip_prefix("ip=")
            .ok_or_else(|| format!("'{text}' is not ip=FORM: give ip=ipv4, ip=ipv6 or ip=mapped"))?;
        form.parse().map(Self)
    }
}

/// The half of `run` inside the namespace; see [`crate::run`].
#[derive(Debug, Args)]
pub(crate) struct InnerArgs {
    /// The inherited descriptor of the socket that leads to the half outside
    #[arg(long)]
    pub(crate) socket: i32,

    #[arg(long)]
    pub(crate) mtu: u16,

    /// Whether the TUN may carry super-segments and partial checksums
    #[arg(long)]
    pub(crate) offload: bool,

    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) command: Vec<OsString>,
}

/// A port outside that leads to one inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Publish {
    /// Of this machine; both loopback addresses where none is named.
    pub(crate) address: Option<IpAddr>,
    /// Its port.
    pub(crate) outside: u16,
    /// Of the command's.
    pub(crate) inside: u16,
}

impl FromStr for Publish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ports = text.rsplit_once(':').and_then(|(outside, inside)| {
            let (address, outside) = match outside.rsplit_once(':') {
                Some((address, outside)) => (Some(bracketed(address)?.parse().ok()?), outside),
                None => (None, outside),
            };
            Some(Self { address, outside: port(outside)?, inside: port(inside)? })
        });
        ports.ok_or_else(|| {
            format!(
                "'{text}' is not PORT:PORT: give this machine's port and CMD's, from 1 to 65535, like 8080:80, \
                 with an address of this machine's before them where it is not to be its loopback"
            )
        })
    }
}

/// A host, by name or address, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostPort {
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl FromStr for HostPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once(':').and_then(|(host, number)| {
            let host = bracketed(host)?;
            let port = port(number)?;
            (!host.is_empty()).then(|| Self { host: host.to_owned(), port })
        });
        parts.ok_or_else(|| {
            format!("'{text}' is not HOST:PORT: give a name or an address and a port from 1 to 65535, like example.org:80 or [::1]:80")
        })
    }
}

/// What is before a port, without the brackets of an IPv6 address. With more colons and no brackets it is nothing: which of
/// them begins the port?
fn bracketed(host: &str) -> Option<&str> {
    match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']'),
        None => (!host.contains(':')).then_some(host),
    }
}

/// A SOCKS5 proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(crate) at: HostPort,
    /// A name and a password (RFC 1929).
    pub(crate) login: Option<(String, String)>,
}

impl FromStr for Proxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A password may have a '@' of its own.
        let Some((login, at)) = text.rsplit_once('@') else {
            return Ok(Self { at: text.parse()?, login: None });
        };
        let (user, password) = login
            .split_once(':')
            .filter(|(user, password)| (1..256).contains(&user.len()) && (1..256).contains(&password.len()))
            .ok_or("before the '@' there is no USER:PASSWORD: give each 1 to 255 octets")?;
        Ok(Self { at: at.parse()?, login: Some((user.to_owned(), password.to_owned())) })
    }
}

/// An address of this machine's or of synfin's, and a port. Names are not looked up.
pub(crate) fn local_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("'{text}' is not ADDRESS:PORT: give an address and a port, like 10.0.0.2:80 or [fd00::2]:80")
    })
}

/// Whom to ask for names, by whom no name can be looked up.
fn resolver_address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| format!("'{text}' is no address: give that of a resolver, like 9.9.9.9 or fd00::53"))
}

/// Which run of chance.
pub(crate) fn parse_seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("'{text}' is no seed: give a whole number from 0 to {}", u64::MAX))
}

/// How long to wait for somebody: not so short that nobody could answer, and an end that comes.
fn parse_timeout(text: &str) -> Result<Duration, String> {
    let timeout = parse_duration(text).map_err(|error| error.to_string())?;
    if (LEAST_TIMEOUT..=MOST_TIMEOUT).contains(&timeout) {
        return Ok(timeout);
    }
    Err(format!("'{text}' is out of range: give a time from 1s to 24h"))
}

fn parse_jobs(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| format!("'{text}' scripts cannot run at a time: give a whole number from 1 on"))
}

/// A port that can be connected to.
fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

/// Tells the person what clap has to say: help and version as they are, an error in one line.
pub(crate) fn report(error: &clap::Error) -> ExitCode {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    match error.kind() {
        DisplayHelp | DisplayVersion => {
            // A reader that has gone, as in `synfin --help | head -1`, is no failure.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            ExitCode::from(2)
        }
        _ => {
            eprintln!("synfin: {}", one_line(&error.to_string()));
            ExitCode::from(2)
        }
    }
}

/// What clap spreads over paragraphs: the error and the first of its tips, and not the usage, to which
/// `--help` leads. That a word that looks like an option could be meant as something else is no tip: it is a typing error.
fn one_line(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let paragraphs = text
        .split("\n\n")
        .filter(|paragraph| {
            let text = paragraph.trim_start();
            !["Usage:", "For more information", "tip: to pass"].iter().any(|start| text.starts_with(start))
        })
        .map(|paragraph| match paragraph.trim_start() {
            tips if tips.starts_with("tip:") => tips.lines().next().unwrap_or(tips),
            error => error,
        });
    let words = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = paragraphs.map(words).collect::<Vec<_>>().join("; ");
    // The errors of this crate's own types say what to do.
    if line.contains(": give ") || line.contains(": write ") { line } else { format!("{line}; see --help") }
}

#[cfg(test)]
mod tests;
