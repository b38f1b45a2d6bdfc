//! What every stack is driven by: two ends, a connection between them, and the packets in either direction.

use std::net::Ipv4Addr;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// How many packets an end sends before the other takes them in, and takes in before it answers: as many as synfin's
/// driver reads from a device in one go.
pub(crate) const BATCH: usize = 32;

/// What both ends of a pair hold of unread, and of unacknowledged octets.
pub(crate) const BUFFER: usize = 256 << 10;

/// How far the clock moves while a batch is on its way, nanoseconds.
pub(crate) const STEP: u64 = 5_000;

/// Where the server is, on a link of eight bits of prefix.
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// Where the client is.
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// Where the server listens.
pub(crate) const PORT: u16 = 80;

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Opens, sends what is bulk, and closes first.
    Client = 0,
    /// Listens, and answers.
    Server = 1,
}

impl End {
    /// The end at the other side.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// How a pair is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The largest IP datagram, octets.
    pub mtu: usize,
    /// The ends sum up what they send and verify what they receive.
    pub checksums: bool,
    /// Who cuts what synfin hands over, and joins what comes; the peers make each segment themselves.
    pub cutting: Cutting,
    /// Which congestion control.
    pub congestion: Congestion,
}

impl Setting {
    /// A link that takes 1500 octets and does nothing for the ends.
    #[must_use]
    pub const fn ordinary() -> Self {
        Self { mtu: 1500, checksums: true, cutting: Cutting::Software, congestion: Congestion::Reno }
    }
}

/// Whether a host deals in super-segments of 64 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cutting {
    /// No: it makes and takes each segment.
    Never,
    /// They are cut, and what comes is joined, in front of the device, as the runtime does it where the device does not.
    Software,
    /// They cross whole: the device at either end does it.
    Device,
}

/// A congestion control that the peers have too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Congestion {
    /// RFC 5681.
    Reno,
    /// RFC 9438.
    Cubic,
}

/// What a connection that nobody touches is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resting {
    /// ESTABLISHED, and taken by the program.
    Established,
    /// SYN-RECEIVED.
    HalfOpen,
    /// TIME-WAIT, and released by the program.
    TimeWait,
}

/// Two endpoints of one stack, joined by two queues of packets. There is one connection between them at a time; idle ones
/// are the server's with a peer that exists as packets alone.
///
/// The clock is virtual: it moves on by 5 µs with each batch, and to the next deadline when nothing is on its way.
pub(crate) trait Pair: Sized {
    /// Two ends with nothing between them; the server listens.
    fn new(setting: &Setting) -> Self;

    /// Begins to connect the client.
    fn connect(&mut self);

    /// The server takes the connection that the client has opened; false when there is none yet.
    fn accept(&mut self) -> bool;

    /// Copies as much of `text` into the send buffer as there is room for, and returns how much.
    fn send(&mut self, end: End, text: &[u8]) -> usize;

    /// Copies unread octets into `room`: how many, or `None` when there are no more and the peer has closed.
    fn receive(&mut self, end: End, room: &mut [u8]) -> Option<usize>;

    /// There is nothing more to send.
    fn close(&mut self, end: End);

    /// Nobody will call this end's connection again: it ends by itself, and is over or on its way there.
    fn release(&mut self, end: End);

    /// An end hands over what it has to send, at most a batch; how many packets there were.
    fn give_out(&mut self, from: End) -> usize;

    /// An end takes in all that is on its way to it.
    fn take_in(&mut self, to: End);

    /// Moves the clock to the next deadline, and has both ends do what is due.
    fn wait(&mut self);

    /// Gives the server so many connections with a peer that exists as packets alone, and leaves them in this state.
    fn populate(&mut self, count: usize, state: Resting);

    /// How many connections the client holds in TIME-WAIT.
    fn time_waits(&self) -> usize;
}

/// Carries a batch from one end to the other; how many packets it had.
pub(crate) fn carry(pair: &mut impl Pair, from: End) -> usize {
    let packets = pair.give_out(from);
    if packets > 0 {
        pair.take_in(from.other());
    }
    packets
}

/// Opens a connection. Afterwards both ends have it.
pub(crate) fn open(pair: &mut impl Pair) {
    pair.connect();
    while !pair.accept() {
        if carry(pair, End::Client) + carry(pair, End::Server) == 0 {
            pair.wait();
        }
    }
}
