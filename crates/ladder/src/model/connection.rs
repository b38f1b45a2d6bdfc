//! A connection, whole.

use std::time::Duration;

use synfin_wire::Instant;

use super::end::{End, Side};
use super::finding::Finding;
use super::step::Step;

/// What both ends agreed on when they opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Negotiated {
    /// Windows are scaled: both sent a scale.
    pub window_scale: bool,
    /// SACK is in use.
    pub sack: bool,
    /// Timestamps are in use.
    pub timestamps: bool,
    /// ECN is in use.
    pub ecn: bool,
    /// Both SYNs were seen, so that the above is known.
    pub known: bool,
}

/// How a connection ended, or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerdictKind {
    /// An RST answered the SYN.
    Refused,
    /// Nothing answered the SYN.
    Unanswered,
    /// ICMP said that the SYN cannot be delivered, and nothing else answered it.
    Unreachable,
    /// The handshake was not finished.
    Unfinished,
    /// An end aborted or was reset.
    Reset,
    /// An end gave its peer up.
    TimedOut,
    /// An end sends again what nobody acknowledges, and had not given up where the capture ends.
    Stalled,
    /// One end closed, the other has not.
    HalfClosed,
    /// It is still open where the capture ends.
    Open,
    /// Both closed.
    Closed,
    /// Too little was captured to tell.
    Unknown,
}

impl VerdictKind {
    /// All of them, the worst first.
    pub const ALL: [Self; 11] = [
        Self::Refused,
        Self::Unanswered,
        Self::Unreachable,
        Self::Unfinished,
        Self::Reset,
        Self::TimedOut,
        Self::Stalled,
        Self::HalfClosed,
        Self::Open,
        Self::Closed,
        Self::Unknown,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
            Self::Unreachable => "unreachable",
            Self::Unfinished => "unfinished",
            Self::Reset => "reset",
            Self::TimedOut => "timed-out",
            Self::Stalled => "stalled",
            Self::HalfClosed => "half-closed",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Unknown => "unknown",
        }
    }
}

/// How it ended, and who began that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How.
    pub kind: VerdictKind,
    /// Who: the one that refused, reset, gave up, sends in vain, or closed first.
    pub by: Option<Side>,
}

/// What Zeek's `conn.log` says of it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Zeek {
    /// `conn_state`: one of thirteen.
    pub conn_state: &'static str,
    /// `history`.
    pub history: String,
}

/// A connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Its number among those of the capture, from 1.
    pub number: u64,
    /// The two ends, left and right.
    pub ends: [End; 2],
    /// When its first segment was seen, and its last.
    pub span: (Instant, Instant),
    /// How it ended.
    pub verdict: Verdict,
    /// What was agreed.
    pub negotiated: Negotiated,
    /// From the SYN to the ACK of the SYN-ACK.
    pub handshake: Option<Duration>,
    /// The smallest, the mean and the largest round trip that was measured.
    pub rtt: Option<[Duration; 3]>,
    /// `tcp.completeness`: 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN, 32 RST.
    pub completeness: u8,
    /// The same as Zeek tells it.
    pub zeek: Zeek,
    /// The segments, in the order of the capture; empty where only the summary was asked for.
    pub steps: Vec<Step>,
    /// What is worth telling, the worst first.
    pub findings: Vec<Finding>,
}

impl Connection {
    /// One of the ends.
    #[must_use]
    pub fn end(&self, side: Side) -> &End {
        &self.ends[side.index()]
    }
}
