//! What the ends of a pair do.

use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::cpu;
use crate::pair::{End, Pair, carry, open};

/// What one program writes, and the other reads, in one call.
const TEXT: usize = 64 << 10;
/// How often is looked at the time, in rounds.
const BULK_ROUNDS: u64 = 64;
const EXCHANGES: u64 = 256;
const CONNECTIONS: u64 = 16;

/// A workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// The client sends as much as it can; the server reads it.
    Bulk,
    /// The client sends an octet, the server answers with one, one exchange at a time.
    RequestResponse,
    /// A connection is opened and accepted; the client closes, then the server does.
    ConnectClose,
}

/// What was done, and in what processor time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Done {
    /// Octets read, exchanges, or connections.
    pub(crate) count: u64,
    /// Packets that both ends have sent.
    pub(crate) packets: u64,
    pub(crate) time: Duration,
}

impl Workload {
    /// As on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::RequestResponse => "request-response",
            Self::ConnectClose => "connect-close",
        }
    }

    /// Runs for `seconds` of processor time, and an eighth of that before it counts.
    pub(crate) fn run(self, pair: &mut impl Pair, seconds: Duration) -> Done {
        match self {
            Self::Bulk => {
                open(pair);
                let mut programs = Bulk::new();
                timed(seconds, || programs.rounds(pair, BULK_ROUNDS))
            }
            Self::RequestResponse => {
                open(pair);
                timed(seconds, || exchanges(pair, EXCHANGES))
            }
            Self::ConnectClose => timed(seconds, || connections(pair, CONNECTIONS)),
        }
    }
}

/// Does `some` again and again.
fn timed(seconds: Duration, mut some: impl FnMut() -> (u64, u64)) -> Done {
    let begin = cpu::time();
    while cpu::time() - begin < seconds / 8 {
        some();
    }
    let begin = cpu::time();
    let mut done = Done::default();
    while done.time < seconds {
        let (count, packets) = some();
        done.count += count;
        done.packets += packets;
        done.time = cpu::time() - begin;
    }
    done
}

/// The two programs of a bulk transfer.
pub(crate) struct Bulk {
    text: Vec<u8>,
    /// How much of `text` was written.
    written: usize,
    room: Vec<u8>,
}

impl Bulk {
    pub(crate) fn new() -> Self {
        Self { text: (0..TEXT).map(|n| n as u8).collect(), written: 0, room: vec![0; TEXT] }
    }

    /// So many batches there, and what answers them; octets read, and packets.
    pub(crate) fn rounds(&mut self, pair: &mut impl Pair, rounds: u64) -> (u64, u64) {
        let (mut octets, mut packets) = (0, 0);
        for _ in 0..rounds {
            loop {
                let sent = pair.send(End::Client, &self.text[self.written..]);
                self.written = (self.written + sent) % TEXT;
                if sent == 0 {
                    break;
                }
            }
            let mut carried = carry(pair, End::Client);
            octets += self.read(pair);
            carried += carry(pair, End::Server);
            if carried == 0 {
                pair.wait();
            }
            packets += carried as u64;
        }
        (octets, packets)
    }

    /// The server reads all there is; how much.
    fn read(&mut self, pair: &mut impl Pair) -> u64 {
        let mut octets = 0;
        loop {
            match pair.receive(End::Server, &mut self.room).expect("the client goes on") {
                0 => return octets,
                read => octets += read as u64,
            }
        }
    }
}

/// So many exchanges of an octet; how many, and the packets they took.
pub(crate) fn exchanges(pair: &mut impl Pair, count: u64) -> (u64, u64) {
    let mut packets = 0;
    let mut room = [0; 16];
    for _ in 0..count {
        for from in [End::Client, End::Server] {
            assert_eq!(pair.send(from, &[1]), 1, "there is always room for an octet");
            loop {
                let carried = carry(pair, from);
                packets += carried as u64;
                match pair.receive(from.other(), &mut room).expect("nobody closes") {
                    0 if carried == 0 => pair.wait(),
                    0 => {}
                    _ => break,
                }
            }
        }
    }
    (count, packets)
}

/// So many connections, opened and closed; how many, and the packets they took.
pub(crate) fn connections(pair: &mut impl Pair, count: u64) -> (u64, u64) {
    let mut packets = 0;
    for _ in 0..count {
        open(pair);
        pair.close(End::Client);
        packets += until_closed(pair, End::Client);
        pair.release(End::Server);
        packets += until_closed(pair, End::Server);
        // What the client still says goes to nobody's program.
        packets += carry(pair, End::Client) as u64;
        pair.release(End::Client);
    }
    (count, packets)
}

/// Carries packets until the other end has read that this one has closed.
fn until_closed(pair: &mut impl Pair, from: End) -> u64 {
    let mut packets = 0;
    loop {
        let carried = carry(pair, from);
        packets += carried as u64;
        if pair.receive(from.other(), &mut [0; 16]).is_none() {
            return packets;
        }
        if carried + carry(pair, from.other()) == 0 {
            pair.wait();
        }
    }
}

#[cfg(test)]
mod tests;
