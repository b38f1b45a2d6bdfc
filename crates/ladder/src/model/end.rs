//! One end of a connection.

use std::net::SocketAddr;

use synfin_wire::SeqNumber;

use super::states::{StateSet, Timeline};

/// Which end: the left or the right one of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The one that opens; of a connection that was open already, the one whose segment comes first.
    Left,
    /// The other.
    Right,
}

impl Side {
    /// Both, left first.
    pub const BOTH: [Self; 2] = [Self::Left, Self::Right];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }

    /// 0 for the left, 1 for the right.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// How an end came to the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It opened actively.
    Client,
    /// It opened passively.
    Server,
    /// Both opened at the same time, or the opening was not seen.
    Peer,
}

impl Role {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Peer => "peer",
        }
    }
}

/// One end: who it is, what it announced, what it sent, and its states over time.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// Its address and port.
    pub address: SocketAddr,
    /// Its name in a picture, when it has one: `server`. The role's name otherwise.
    pub name: Option<String>,
    /// How it came to the connection.
    pub role: Role,
    /// Whether the capture was made here, so that segments bear the times at which this end sent and received them.
    pub captured_here: bool,
    /// The number that relative numbers count from: its initial sequence number, or the first number that was seen.
    pub first_number: Option<SeqNumber>,
    /// Whether that is the initial sequence number.
    pub syn_seen: bool,
    /// The maximum segment size that it announced, octets.
    pub mss: Option<u16>,
    /// The window scale that it announced, a shift count.
    pub window_scale: Option<u8>,
    /// It announced SACK.
    pub sack_permitted: bool,
    /// It announced timestamps.
    pub timestamps: bool,
    /// It offered ECN (RFC 3168) or AccECN (RFC 9768) when it opened.
    pub ecn: bool,
    /// It sent a Fast Open option.
    pub fast_open: bool,
    /// What it can have been before its first transition.
    pub before: StateSet,
    /// Its states over time.
    pub timeline: Timeline,
    /// What it sent.
    pub sent: Counts,
}

/// What one end sent, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// Packets in the capture.
    pub packets: u64,
    /// Segments with text among them.
    pub data_packets: u64,
    /// Octets of text, those sent again included.
    pub octets: u64,
    /// Octets of text that were sent for the first time.
    pub new_octets: u64,
    /// Packets that carry something again.
    pub retransmitted: u64,
    /// Of those, such as the peer had already.
    pub spurious: u64,
    /// Packets that came in another order than they were sent in.
    pub reordered: u64,
    /// Duplicate acknowledgments.
    pub duplicate_acks: u64,
    /// Packets that closed the window.
    pub zero_windows: u64,
    /// The largest number of octets that were in flight.
    pub most_in_flight: u64,
}
