//! A sender for measurements: synfin's TCP sends as much as the path takes, and tells how it fares.
//!
//! What comes in: a destination, and the packets of a TUN in this network namespace, whose kernel forwards
//! them. What goes out: octets without end, and on standard output a line of JSON for each sample of the
//! connection. It is a tool for tests and measurements, and not in the help.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use synfin::net::TcpStream;
use synfin::{Config, Stack, Status};
use synfin_host::tcp::CongestionAlgorithm;
use synfin_sim::units::parse_duration;
use tokio::time::{Instant, MissedTickBehavior};

use crate::failure::Failure;
use crate::link::{Link, single};

/// What is offered to the connection at once, octets.
const OFFER: usize = 64 * 1024;

/// Send octets until the peer has had enough and resets the connection, or a signal comes.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// Where to
    #[arg(value_name = "ADDRESS:PORT")]
    destination: SocketAddr,

    /// synfin's own address; the kernel of this namespace leads it to the TUN
    #[arg(long, value_name = "ADDRESS")]
    address: IpAddr,

    /// The TUN interface, made if there is none of that name
    #[arg(long, value_name = "NAME", default_value = "synfin%d")]
    tun: String,

    /// The congestion control
    #[arg(long, value_name = "NAME", default_value = "cubic")]
    congestion: CongestionAlgorithm,

    /// What the send buffer holds; it is to be no less than what the path does
    #[arg(long, value_name = "OCTETS", default_value_t = 16 << 20)]
    send_buffer: usize,

    /// Tell the state of the connection this often
    #[arg(long, value_name = "TIME", value_parser = parse_interval)]
    sample: Option<Duration>,
}

/// No clock ticks without a pause.
fn parse_interval(text: &str) -> Result<Duration, String> {
    let interval = parse_duration(text).map_err(|error| error.to_string())?;
    (!interval.is_zero())
        .then_some(interval)
        .ok_or_else(|| format!("'{text}' is no interval: give one like 100ms"))
}

/// Sends until the connection ends.
pub(crate) fn source(args: &SourceArgs) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::fault(format_args!("cannot wait for events: {error}")))?;
    runtime.block_on(async {
        let stack = join(args)?;
        let stream = TcpStream::connect_on(&stack, args.destination).await.map_err(|error| {
            Failure::fault(format_args!("cannot connect to {}: {error}", args.destination))
        })?;
        let ended = tokio::select! {
            ended = send(&stream) => ended,
            ended = tell(&stream, args.sample) => ended,
        };
        match ended.map_err(|error| error.kind()) {
            Ok(()) | Err(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => Ok(ExitCode::SUCCESS),
            Err(error) => Err(Failure::fault(format_args!("the connection is lost: {error}"))),
        }
    })
}

/// A stack behind the kernel of this namespace.
fn join(args: &SourceArgs) -> Result<Stack, Failure> {
    let mut link = Link::open(&args.tun)?;
    link.up(&[])?;
    if !link.claim(args.address)? {
        return Err(Failure::call(format_args!("{} is on another link: give another address", args.address)));
    }
    let config = Config { congestion: args.congestion, send_buffer: args.send_buffer, ..Config::default() };
    Stack::builder(link.tun)
        .addresses([(args.address, single(args.address))])
        .tcp(config)
        .spawn()
        .map_err(|error| Failure::fault(format_args!("cannot begin a network: {error}")))
}

/// Keeps the send buffer full.
async fn send(stream: &TcpStream) -> io::Result<()> {
    let octets = Bytes::from_static(&[0; OFFER]);
    loop {
        poll_fn(|cx| stream.poll_send_bytes(cx, &octets)).await?;
    }
}

/// Prints a sample at each interval.
async fn tell(stream: &TcpStream, interval: Option<Duration>) -> io::Result<()> {
    let Some(interval) = interval else { return std::future::pending().await };
    let start = Instant::now();
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let Some(status) = stream.status() else { return Ok(()) };
        writeln!(io::stdout(), "{}", json(&status, start.elapsed()))?;
    }
}

/// The names are those of TCP_INFO, but for their prefix; windows are in octets.
fn json(status: &Status, elapsed: Duration) -> String {
    format!(
        "{{\"seconds\":{:.6},\"cwnd\":{},\"ssthresh\":{},\"mss\":{},\"rtt_us\":{},\"acked\":{},\
         \"retransmitted\":{},\"timeouts\":{},\"min_rtt_us\":{},\"lost\":{},\"dsack_dups\":{},\"reordering\":{},\
         \"reord_seen\":{}}}",
        elapsed.as_secs_f64(),
        status.congestion_window,
        status.slow_start_threshold,
        status.send_mss,
        status.smoothed_rtt.unwrap_or_default().as_micros(),
        status.octets_acknowledged,
        status.octets_retransmitted,
        status.timeouts,
        status.min_rtt.unwrap_or_default().as_micros(),
        status.segments_lost_in_all,
        status.segments_duplicated,
        status.reordering,
        status.reorderings,
    )
}
