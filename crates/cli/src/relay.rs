//! A seeded link, in real time, between two network namespaces: programs in them talk over it, kernel to
//! kernel, or synfin in either.
//!
//! What comes in: the packets of two TUN interfaces, one in each namespace. What goes out: those that the
//! link lets through, on the other one. It is a tool for tests and measurements, and not in the help.

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::{Duration, Instant};

use clap::Args;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::TimeSpec;
use synfin_device::interface::Interface;
use synfin_device::tun::Tun;
use synfin_device::{Device, Offload, PacketOut, Payload};
use synfin_sim::units::parse_duration;
use synfin_sim::{Link, LinkConfig, LinkCounters, Loss, Queue};

use crate::args::Impairments;
use crate::failure::Failure;
use crate::link::QUEUE_LEN;
use crate::out::print;

/// How many packets are taken from one side before the other has its turn.
const BATCH: usize = 64;

/// Join two network namespaces by an impaired link.
///
/// Each gets a TUN interface of this name and address; both go with this command, which ends on SIGINT or
/// SIGTERM and tells what became of the packets. What is impaired is each direction.
#[derive(Debug, Args)]
pub(crate) struct RelayArgs {
    /// A namespace by its name (see ip-netns(8)) or its path, like /proc/7/ns/net or /dev/fd/3
    left: String,

    /// The other one
    right: String,

    /// The address of the interface on the left; may be given again
    #[arg(long, value_name = "ADDRESS/PREFIX", default_values = ["10.77.0.1/24", "fd77::1/64"])]
    left_address: Vec<Address>,

    /// The address of the interface on the right; may be given again
    #[arg(long, value_name = "ADDRESS/PREFIX", default_values = ["10.77.0.2/24", "fd77::2/64"])]
    right_address: Vec<Address>,

    /// The name of both interfaces
    #[arg(long, value_name = "NAME", default_value = "relay0")]
    tun: String,

    /// The largest packet on the link, in octets
    #[arg(long, value_name = "OCTETS", default_value_t = 1500)]
    #[arg(value_parser = clap::value_parser!(u16).range(1280..=65_521))]
    mtu: u16,

    /// How long the queue before the rate takes to drain, in place of a tenth of a second
    #[arg(long, value_name = "TIME", value_parser = parse_duration, requires = "rate")]
    queue: Option<Duration>,

    /// Lose these packets from left to right and no others: 1 is the first
    #[arg(long, value_name = "N,N", value_delimiter = ',', conflicts_with = "loss")]
    lose: Vec<u64>,

    #[command(flatten)]
    impairments: Impairments,
}

impl RelayArgs {
    /// The link from left to right, and the one back.
    fn links(&self) -> (Link, Link) {
        let mut config = self.impairments.link();
        if let Some((span, rate)) = self.queue.zip(config.rate) {
            config.queue = Queue::DropTail { packets: usize::MAX, octets: rate.octets_in(span) };
        }
        let (mut there, back) = Link::pair(config.clone(), self.impairments.seed);
        if !self.lose.is_empty() {
            there
                .set_config(LinkConfig { loss: Loss::Listed(self.lose.iter().copied().collect()), ..config });
        }
        (there, back)
    }
}

/// An address with the length of its network's prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Address(IpAddr, u8);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(address, prefix)| {
            let (address, prefix): (IpAddr, u8) = (address.parse().ok()?, prefix.parse().ok()?);
            (prefix <= if address.is_ipv4() { 32 } else { 128 }).then_some(Self(address, prefix))
        });
        parts.ok_or_else(|| format!("'{text}' is not ADDRESS/PREFIX: give one like 10.77.0.1/24"))
    }
}

/// Joins them until a signal comes.
pub(crate) fn relay(args: &RelayArgs) -> Result<ExitCode, Failure> {
    let stop = signals().map_err(|error| Failure::fault(format!("cannot wait for signals: {error}")))?;
    let left = make_tun(&args.left, &args.left_address, args)?;
    let right = make_tun(&args.right, &args.right_address, args)?;
    let (there, back) = args.links();
    let mut relay = Relay { tuns: [left, right], links: [there, back], start: Instant::now() };
    print("ready\n")?;
    relay.run(&stop).map_err(|error| Failure::fault(format!("the relay has broken down: {error}")))?;
    let [there, back] = relay.links.map(|link| link.counters());
    print(format!("{{\"there\":{},\"back\":{}}}\n", json(&there), json(&back)))?;
    Ok(ExitCode::SUCCESS)
}

/// SIGINT and SIGTERM, as something to wait for. Called while there is one thread, so that no other takes
/// them.
fn signals() -> nix::Result<SignalFd> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    signals.thread_block()?;
    SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
}

/// An interface in a namespace, made by a thread that moves there and ends.
fn make_tun(namespace: &str, addresses: &[Address], args: &RelayArgs) -> Result<Tun, Failure> {
    let path = match namespace.contains('/') {
        true => PathBuf::from(namespace),
        false => PathBuf::from("/run/netns").join(namespace),
    };
    let file = File::open(&path).map_err(|error| {
        Failure::call(format!("there is no network namespace {}: {error}", path.display()))
    })?;
    let make = || -> Result<Tun, Box<dyn std::error::Error + Send + Sync>> {
        setns(&file, CloneFlags::CLONE_NEWNET)?;
        // Every packet is to meet the link by itself, with its checksum.
        let tun = Tun::builder().name(&*args.tun).mtu(args.mtu.into()).offload(false).build()?;
        let mut interface = Interface::new(tun.name())?;
        // What a burst is too much for is the link's to say, not the interface's.
        interface.set_queue_len(QUEUE_LEN)?;
        for Address(address, prefix) in addresses {
            interface.add_address(*address, *prefix)?;
        }
        interface.up()?;
        Ok(tun)
    };
    let made = std::thread::scope(|scope| scope.spawn(make).join());
    made.expect("nothing in it panics")
        .map_err(|error| Failure::fault(format!("no interface in {}: {error}", path.display())))
}

/// Two interfaces, and a link from the first to the second and one back.
struct Relay {
    tuns: [Tun; 2],
    links: [Link; 2],
    start: Instant,
}

impl Relay {
    fn run(&mut self, stop: &SignalFd) -> io::Result<()> {
        loop {
            for side in [0, 1] {
                self.take(side)?;
            }
            for side in [0, 1] {
                self.give(side)?;
            }
            if stop.read_signal()?.is_some() {
                return Ok(());
            }
            self.wait(stop)?;
        }
    }

    /// Time since the start, as the links know it.
    fn now(&self) -> synfin_wire::Instant {
        synfin_wire::Instant::ZERO + self.start.elapsed()
    }

    /// Reads what a side has sent.
    fn take(&mut self, side: usize) -> io::Result<()> {
        for _ in 0..BATCH {
            let Some(packet) = self.tuns[side].receive()? else { break };
            let now = self.now();
            self.links[side].push(packet.bytes, now);
        }
        Ok(())
    }

    /// Writes what has come from a side to the other.
    fn give(&mut self, side: usize) -> io::Result<()> {
        let now = self.now();
        while let Some(packet) = self.links[side].pop(now) {
            let packet = PacketOut { header: &packet, payload: Payload::EMPTY, offload: Offload::default() };
            match self.tuns[1 - side].transmit(&packet) {
                // What the kernel has no room for, or does not like, is lost on it.
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits until a side has sent something, or something has arrived, or a signal has come.
    fn wait(&self, stop: &SignalFd) -> io::Result<()> {
        let next = self.links.iter().filter_map(Link::next_due).min();
        let timeout =
            next.map(|due| TimeSpec::from_duration((due - self.now()).min(Duration::from_secs(3600))));
        let [left, right] = self.tuns.each_ref().map(|tun| PollFd::new(tun.as_fd(), PollFlags::POLLIN));
        let mut watched = [left, right, PollFd::new(stop.as_fd(), PollFlags::POLLIN)];
        match ppoll(&mut watched, timeout, None) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

fn json(counters: &LinkCounters) -> String {
    let LinkCounters { taken, delivered, lost, duplicated, reordered, corrupted, queue_dropped, .. } =
        counters;
    format!(
        "{{\"taken\":{taken},\"delivered\":{delivered},\"lost\":{lost},\"duplicated\":{duplicated},\
         \"reordered\":{reordered},\"corrupted\":{corrupted},\"queue_dropped\":{queue_dropped}}}"
    )
}
