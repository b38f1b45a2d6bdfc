//! The network that the command sees.
//!
//! What comes in: packets from the TUN. What goes out: connections to where they were meant for, and the
//! answers as packets. Each kind of traffic has a room of its own; [`destination`] says for all of them
//! where an address leads.
//!
//! Left out on purpose: protocols other than TCP, UDP and echo, of which the command is told that nobody
//! speaks them; that octets are urgent, which are carried where they stand.

use std::fs::File;
use std::io::BufWriter;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use synfin::recorder::{Options, Sniffer};
use synfin::{Config, HostConfig, Medium, Stack};
use synfin_device::tun::Tun;
use tokio::task::JoinSet;

use crate::Failure;
use crate::args::RunArgs;

mod blocks;
mod destination;
mod diagram;
mod dial;
mod dns;
mod echo;
mod impair;
mod page;
mod publish;
mod tcp;
mod udp;

use destination::Destinations;
use diagram::Diagram;
use dial::Dialler;
use dns::Resolvers;
use impair::Impaired;
use publish::Published;
use tcp::{Leads, Open};

/// How much of one direction of one connection is held between the command and the world.
const BUFFER: usize = 4 << 20;
/// How long packets are looked for before synfin sleeps, where they come that close together: longer than a program on
/// this machine takes to answer, and to be woken for it.
const BUSY_POLL: Duration = Duration::from_micros(100);
/// How long the command's last words may take to be delivered once it has ended.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long there must have been silence before nothing more is expected: with connections still open,
/// which the command may have left to a process in the background, and without.
const SILENCE_OPEN: Duration = Duration::from_millis(250);
const SILENCE_CLOSED: Duration = Duration::from_millis(20);
/// How often it is looked whether there is.
const LOOK: Duration = Duration::from_millis(2);

/// Everything between the command's TUN and the world outside.
pub(super) struct Relay {
    stack: Stack,
    tasks: JoinSet<()>,
    connections: Open,
    /// What the impaired link adds to a round trip.
    added: Duration,
    /// The file of `--record`.
    record: Option<PathBuf>,
}

impl Relay {
    /// Takes what the options ask for, so that what cannot be had is told before the command starts.
    pub(super) async fn open(tun: OwnedFd, args: &RunArgs) -> Result<Self, Failure> {
        let tun = Tun::from_fd(tun, Some(args.mtu.into())).map_err(Failure::call)?;
        let mut published = Vec::new();
        for publish in &args.publish {
            published.push(Published::bind(*publish).await?);
        }
        // Not before nothing else can be missing: it begins a recording, where there may be an older one.
        let stack = stack(tun, args)?;
        let mut tasks = JoinSet::new();
        let connections = Open::default();
        let dialler = Dialler::new(args.socks5.clone());
        let resolvers = Arc::new(Resolvers::new(args, dialler.clone()));
        let destinations = Destinations { host_loopback: !args.no_host_loopback };
        let leads = Leads { destinations, dialler, resolvers };
        let fault = |error| Failure::fault(format_args!("cannot begin to relay: {error}"));

        for published in published {
            tasks.spawn(published.serve(stack.clone(), connections.clone()));
        }
        tasks.spawn(page::serve(page::listen(&stack).await.map_err(fault)?));
        let forwarder = stack.forwarder().map_err(fault)?;
        tasks.spawn(tcp::serve(forwarder, leads.clone(), connections.clone()));
        tasks.spawn(udp::serve(stack.udp_forwarder().map_err(fault)?, leads.clone()));
        tasks.spawn(echo::serve(stack.echo_forwarder().map_err(fault)?, leads.destinations, leads.dialler));
        let link = args.impairments.link();
        let (added, record) = (2 * (link.delay + link.jitter), args.record.clone());
        Ok(Self { stack, tasks, connections, added, record })
    }

    /// Relays, until that is no longer possible.
    pub(super) async fn run(&mut self) -> Failure {
        let ended = self.stack.stopped().await;
        let why = ended.err().map_or_else(|| "it was stopped".into(), |error| error.to_string());
        Failure::fault(format_args!("the command's network has ended: {why}"))
    }

    /// The command has ended: brings to an end what it has sent and closed before, unless it is called off.
    pub(super) async fn finish(mut self, called_off: impl Future<Output = ()>) -> Result<(), Failure> {
        tokio::select! {
            () = self.silence() => {}
            // What takes longer is cut off, like what the command left running.
            () = tokio::time::sleep(LAST_WORDS) => {}
            () = called_off => {}
        }
        self.tasks.shutdown().await;
        self.stack.shutdown();
        let _ = self.stack.stopped().await;
        match (self.record, self.stack.recording_error()) {
            (Some(path), Some(error)) => {
                let path = path.display();
                Err(Failure::fault(format_args!("the recording {path} is not whole: {error}")))
            }
            _ => Ok(()),
        }
    }
}

impl Relay {
    /// Returns when the command's kernel has nothing left to say.
    async fn silence(&self) {
        let mut last = (0, Instant::now());
        loop {
            let packets = self.stack.counters().packets_in;
            if packets != last.0 {
                last = (packets, Instant::now());
            }
            let (open, known) = (self.connections.count(), self.stack.connection_count());
            let enough = if open > 0 { SILENCE_OPEN } else { SILENCE_CLOSED };
            let settled = open == 0 && known == 0;
            if settled || last.1.elapsed() > enough + 2 * self.added {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// The stack at the other end of the command's link.
fn stack(tun: Tun, args: &RunArgs) -> Result<Stack, Failure> {
    let tcp = Config {
        receive_buffer: BUFFER,
        send_buffer: BUFFER,
        congestion: args.congestion,
        ..Config::default()
    };
    let host = HostConfig { any_address: true, tcp, ..HostConfig::new(destination::own_addresses()) };
    let mut builder = Stack::builder(tun).host(host);
    // On the only processor nobody could answer meanwhile.
    if std::thread::available_parallelism().is_ok_and(|processors| processors.get() > 1) {
        builder = builder.busy_poll(BUSY_POLL);
    }
    let link = args.impairments.link();
    if !link.is_clean() {
        builder = builder.path(Impaired::new(link, args.impairments.seed));
    }
    let recording = recording(args)?;
    if args.diagram {
        let diagram = Diagram::new(recording, crate::drawing::of_locale());
        builder = builder.recorder(
            diagram.map_err(|error| Failure::fault(format_args!("cannot draw connections: {error}")))?,
        );
    } else if let Some(recording) = recording {
        builder = builder.recorder(recording);
    }
    builder
        .spawn()
        .map_err(|error| Failure::fault(format_args!("cannot begin the command's network: {error}")))
}

/// The file of `--record`.
fn recording(args: &RunArgs) -> Result<Option<Sniffer<BufWriter<File>>>, Failure> {
    let Some(path) = &args.record else { return Ok(None) };
    if path.as_os_str() == "-" {
        return Err(Failure::call(
            "--record - would be standard output, which is the command's: name a file, or a FIFO that somebody reads",
        ));
    }
    let cannot = |error| Failure::call(format_args!("cannot record to {}: {error}", path.display()));
    let file = BufWriter::new(File::create(path).map_err(cannot)?);
    let options = Options { medium: Medium::Ip, interface: "synfin0", snap_len: 0 };
    Sniffer::new(file, options).map(Some).map_err(cannot)
}
