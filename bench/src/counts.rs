//! Scenarios whose instructions are counted: each does one thing many times, and nothing else within `measured`.
//!
//! Everything in them is decided by constants, so that the same program takes the same steps each time.

use std::time::Duration;

use synfin_host::tcp::KeepAlive;

use crate::pair::{Cutting, End, Pair, Resting, Setting, open};
use crate::synfin_pair::SynfinPair;
use crate::workload::{Bulk, connections};

/// The text of a full-sized segment with timestamps at MTU 1500.
const SEGMENT: usize = 1448;
/// How often things are done before they are counted, and then.
const BEFORE: usize = 500;
const TIMES: usize = 2000;
/// How many connections have a timer.
const TIMERS: usize = 10_000;

/// A scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// As on the command line, and in the file of counts.
    pub name: &'static str,
    /// What is counted.
    pub what: &'static str,
    /// Does it, and returns how often.
    pub run: fn() -> usize,
}

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "segment-sent",
        what: "a segment of 1448 octets is written by the user, and sent with its checksum; two at a time",
        run: || segments(Step::Send),
    },
    Scenario {
        name: "segment-received",
        what: "a segment of 1448 octets is verified, queued and read; two at a time, then one acknowledgment is sent",
        run: || segments(Step::Receive),
    },
    Scenario {
        name: "ack-received",
        what: "an acknowledgment of two segments comes, and they are let go",
        run: || segments(Step::Acknowledge) / 2,
    },
    Scenario {
        name: "connect-close",
        what: "a connection is opened, accepted and closed: all that both ends do",
        run: connect_close,
    },
    Scenario {
        name: "timer",
        what: "the keep-alive timer of one of 10,000 idle connections expires, and its probe is sent",
        run: timers,
    },
];

/// Does some work. Callgrind counts while it is in here.
#[inline(never)]
fn measured<R>(work: impl FnOnce() -> R) -> R {
    // Something behind the call, or it would be a jump that nothing returns from.
    std::hint::black_box(work())
}

/// What callgrind is to look for.
pub const MEASURED: &str = "*synfin_bench::counts::measured*";

/// A part of a bulk transfer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Send,
    Receive,
    Acknowledge,
}

/// What is counted is the engine's work for each segment.
const SINGLE: Setting = Setting { cutting: Cutting::Never, ..Setting::ordinary() };

/// Two full-sized segments there and an acknowledgment back, again and again; how many segments.
fn segments(counted: Step) -> usize {
    let mut pair = SynfinPair::new(&SINGLE);
    let text = vec![7; 2 * SEGMENT];
    let mut room = vec![0; 4 * SEGMENT];
    open(&mut pair);
    for time in 0..BEFORE + TIMES {
        let counts = |step| step == counted && time >= BEFORE;
        let count = |step, work: &mut dyn FnMut()| if counts(step) { measured(work) } else { work() };
        count(Step::Send, &mut || {
            assert_eq!(pair.send(End::Client, &text), text.len());
            assert_eq!(pair.give_out(End::Client), 2, "two segments");
        });
        count(Step::Receive, &mut || {
            pair.take_in(End::Server);
            assert_eq!(pair.receive(End::Server, &mut room), Some(text.len()));
            assert_eq!(pair.receive(End::Server, &mut room), Some(0));
            assert_eq!(pair.give_out(End::Server), 1, "one acknowledgment");
        });
        count(Step::Acknowledge, &mut || pair.take_in(End::Client));
    }
    2 * TIMES
}

/// A bulk transfer in batches as the driver makes them, all of both ends; how many segments.
#[must_use]
pub fn bulk() -> usize {
    let mut pair = SynfinPair::new(&Setting::ordinary());
    open(&mut pair);
    let mut programs = Bulk::new();
    programs.rounds(&mut pair, BEFORE as u64 / 10);
    let (octets, _) = measured(|| programs.rounds(&mut pair, TIMES as u64 / 10));
    octets as usize / SEGMENT
}

fn connect_close() -> usize {
    let mut pair = SynfinPair::new(&Setting::ordinary());
    let times = TIMES / 10;
    connections(&mut pair, BEFORE as u64 / 10);
    measured(|| connections(&mut pair, times as u64));
    times
}

fn timers() -> usize {
    let keep_alive = KeepAlive {
        idle: Duration::from_secs(60),
        interval: Duration::from_secs(60),
        ..KeepAlive::default()
    };
    let mut pair =
        SynfinPair::configured(&Setting::ordinary(), |config| config.tcp.keep_alive = Some(keep_alive));
    pair.populate(TIMERS, Resting::Established);
    let mut expired = 0;
    while expired < TIMES {
        expired += measured(|| {
            pair.wait();
            pair.give_out(End::Server)
        });
        pair.lose(End::Client);
    }
    expired
}

#[cfg(test)]
mod tests;
