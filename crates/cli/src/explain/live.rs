//! An interface that is watched, until Ctrl-C or for so many seconds.

use std::io;
use std::os::fd::AsFd as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant as Clock, SystemTime};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use synfin_device::monitor::Monitor;
use synfin_explain::capture::{Frame, LinkType};
use synfin_wire::Instant;

use super::input::{Follower, Sink, Summary, Wanted};
use crate::failure::Failure;

/// What a packet without a link's header is to pcap.
const RAW_IP: LinkType = LinkType(101);
/// How often connections that are over are looked for while no packet comes.
const TICK: Duration = Duration::from_millis(500);

/// An interface that is watched.
#[derive(Debug)]
pub(super) struct Watch {
    name: String,
    monitor: Mutex<Monitor>,
    signals: SignalFd,
    lasts: Option<Duration>,
}

impl Watch {
    /// Begins to watch, and from here on Ctrl-C ends no more than that.
    pub(super) fn open(name: &str, seconds: Option<u32>) -> Result<Self, Failure> {
        let monitor = Monitor::open(name).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Failure::call(format!("there is no interface {name}: ip link shows those that are there"))
            }
            io::ErrorKind::PermissionDenied => Failure::call(format!(
                "{name} cannot be watched: that takes root or CAP_NET_RAW; tcpdump's file can be read without"
            )),
            _ => Failure::fault(format!("{name} cannot be watched: {error}")),
        })?;
        let ends = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
        let signals = ends
            .thread_block()
            .and_then(|()| SignalFd::with_flags(&ends, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC))
            .map_err(|error| Failure::fault(format!("signals cannot be waited for: {error}")))?;
        let lasts = seconds.map(|seconds| Duration::from_secs(seconds.into()));
        Ok(Self { name: name.to_owned(), monitor: Mutex::new(monitor), signals, lasts })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Watches until the end.
    pub(super) fn read(&self, wanted: Wanted, sink: &mut dyn Sink) -> Result<Summary, Failure> {
        let mut monitor = self.monitor.lock().unwrap_or_else(PoisonError::into_inner);
        let mut follower = Follower::new(wanted, sink);
        // So that one who waits for it to begin need not guess.
        eprintln!(
            "synfin: watching {}{}",
            self.name,
            if self.lasts.is_none() { ", Ctrl-C ends it" } else { "" }
        );
        let end = self.lasts.map(|lasts| Clock::now() + lasts);
        let (mut start, mut number) = (None, 0);
        let mut unseen = Unseen { name: &self.name, is_told: false };
        let cut = loop {
            let left = end.map(|end| end.saturating_duration_since(Clock::now()));
            // What came before the end is taken in after it.
            let is_last = left.is_some_and(|left| left.is_zero()) || self.is_told_to_end();
            match take_in(&mut monitor, &mut follower, &mut start, &mut number) {
                Ok(()) if is_last => break None,
                Ok(()) => {}
                Err(Ended::Device(error)) => break Some(error.to_string()),
                Err(Ended::Failed(failure)) => return Err(failure),
            }
            unseen.tell_first(&mut monitor);
            if let Some(start) = start {
                follower.passed(since(start, now()))?;
            }
            self.wait(&monitor, left.unwrap_or(TICK).min(TICK))?;
        };
        let summary = follower.end(&self.name, cut);
        unseen.tell_all(&mut monitor);
        summary
    }

    fn is_told_to_end(&self) -> bool {
        matches!(self.signals.read_signal(), Ok(Some(_)))
    }

    fn wait(&self, monitor: &Monitor, most: Duration) -> Result<(), Failure> {
        let mut either =
            [monitor.poll_fd(), self.signals.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        let timeout = PollTimeout::try_from(most + Duration::from_millis(1)).unwrap_or(PollTimeout::ZERO);
        match poll(&mut either, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(error) => Err(Failure::fault(format!("nothing can be waited for: {error}"))),
        }
    }
}

/// What the kernel had no room for: what is told of the connections may be wrong by as much.
struct Unseen<'a> {
    name: &'a str,
    is_told: bool,
}

impl Unseen<'_> {
    /// Says so when it begins.
    fn tell_first(&mut self, monitor: &mut Monitor) {
        if !self.is_told && dropped(monitor) > 0 {
            self.is_told = true;
            eprintln!("synfin: packets of {} are not seen: more come than can be explained", self.name);
        }
    }

    /// Says how many there were.
    fn tell_all(&self, monitor: &mut Monitor) {
        match dropped(monitor) {
            0 => {}
            packets => eprintln!(
                "synfin: {packets} packets of {} were not seen: capture with tcpdump -w and read the file",
                self.name
            ),
        }
    }
}

/// A kernel that does not say is taken to have dropped none.
fn dropped(monitor: &mut Monitor) -> u64 {
    monitor.dropped().unwrap_or_default()
}

/// Why nothing more is taken in.
enum Ended {
    Device(io::Error),
    Failed(Failure),
}

/// Takes in what is there, but not more than so many packets: Ctrl-C is looked for in between.
fn take_in(
    monitor: &mut Monitor,
    follower: &mut Follower<'_>,
    start: &mut Option<u64>,
    number: &mut u64,
) -> Result<(), Ended> {
    for _ in 0..1024 {
        let Some(packet) = monitor.receive().map_err(Ended::Device)? else { break };
        if start.is_none() {
            *start = Some(packet.timestamp);
            follower.started(*start);
        }
        *number += 1;
        let frame = Frame {
            number: *number,
            at: since(start.unwrap_or_default(), packet.timestamp),
            link: RAW_IP,
            interface: 0,
            bytes: packet.bytes,
            original_len: packet.original_len,
            comment: None,
        };
        follower.frame(&frame).map_err(Ended::Failed)?;
    }
    Ok(())
}

/// The kernel's clock for packets, nanoseconds since 1970.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}

fn since(start: u64, now: u64) -> Instant {
    Instant::from_nanos(now.saturating_sub(start))
}
