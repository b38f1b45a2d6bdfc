//! A connection that was captured, run again with something changed.
//!
//! What comes in: the segments of one connection as they passed the point of capture, which end the engine takes over,
//! and what is changed: a segment is lost, late or doubled behind the point of capture. What goes out: the segments
//! that would have passed there.
//!
//! The engine begins where the capture shows its end to have begun: with its initial sequence number, its options (RFC
//! 9293 section 3.7.1, RFC 7323, RFC 2018) and the clock of its timestamps. Its user makes the calls that the segments
//! show: it sends when new text was sent, closes with the FIN, aborts with the RST, and reads at once; none of these
//! before it has heard what it had heard then, so that an answer waits for its question. How far an end is from the point of capture is taken from the shortest answer that it gave.
//!
//! The other end says what was recorded, for as long as it hears what it heard then. From the moment at which it would
//! have heard something else, what it said is no answer any more; the engine, which has listened in its place, goes on
//! for it, and [`Replayed::engine_alone`] says from when on.
//!
//! Left out on purpose: what the text says, as TCP does not look at it; Fast Open; simultaneous opens; marks of
//! congestion; when a slow user reads; the congestion control of another stack than this one.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use synfin_host::tcp::SendReason;
use synfin_wire::{Flags, Instant, SeqNumber, TcpHeader};

mod end;
mod infer;
mod run;

use run::Run;

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The one that opens.
    Left,
    /// The one that is opened to.
    Right,
}

impl Party {
    /// Both.
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

/// A connection as it was captured.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The addresses and ports of the left and the right end.
    pub ends: [SocketAddr; 2],
    /// What passed, in the order of the capture.
    pub segments: Vec<Recorded>,
}

/// A segment that was captured.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The number of its frame.
    pub frame: u64,
    /// When it passed, counted from the first frame of the capture.
    pub at: Instant,
    /// Who sent it.
    pub from: Party,
    /// Its header.
    pub header: TcpHeader,
    /// Octets of text.
    pub len: u32,
    /// It has not arrived, as far as can be told.
    pub is_lost: bool,
    /// It is an RST that its user asked for.
    pub is_abort: bool,
}

impl Recorded {
    fn sequence_length(&self) -> u32 {
        self.len + u32::from(self.header.flags.syn()) + u32::from(self.header.flags.fin())
    }

    fn end(&self) -> SeqNumber {
        self.header.seq + self.sequence_length()
    }

    fn key(&self) -> Key {
        Key::of(&self.header, self.len)
    }
}

impl Recording {
    fn of(&self, party: Party) -> impl Iterator<Item = &Recorded> {
        self.segments.iter().filter(move |segment| segment.from == party)
    }

    fn syn(&self, party: Party) -> Option<&Recorded> {
        self.of(party).find(|segment| segment.header.flags.syn())
    }
}

/// What befalls a segment behind the point of capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is lost.
    Drop,
    /// It comes so much later.
    Delay(Duration),
    /// It comes twice.
    Duplicate,
}

/// A change to the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The number of the frame.
    pub frame: u64,
    /// What befalls it.
    pub effect: Effect,
}

/// A segment of the replay.
#[derive(Clone, Debug)]
pub struct Said {
    /// The frame that says the same, as long as nothing differs.
    pub frame: Option<u64>,
    /// When it passes the point of capture, in the time of the recording.
    pub at: Instant,
    /// Who sends it.
    pub from: Party,
    /// Its header.
    pub header: TcpHeader,
    /// Octets of text.
    pub len: u32,
    /// Why the engine sends it; `None` for what was recorded.
    pub reason: Option<SendReason>,
    /// What befalls it.
    pub effect: Option<Effect>,
}

/// A connection as it would have gone.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// What passes the point of capture, in order.
    pub said: Vec<Said>,
    /// How many of them are told before anything differs.
    pub same: usize,
    /// From when on the engine speaks for both ends: the other end has heard something that it did not hear when it was
    /// recorded.
    pub engine_alone: Option<Instant>,
    /// The changes whose segment was never sent.
    pub unmet: Vec<Change>,
    /// It went on for longer than was looked at.
    pub is_cut: bool,
}

/// Why there is no replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// The capture lacks the beginning: a SYN, or what answered it.
    NoOpening,
    /// Both ends opened at once.
    Simultaneous,
    /// A SYN carries text: the frame.
    FastOpen(u64),
    /// A change names a frame that is not of the connection.
    NoFrame(u64),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOpening => f.write_str(
                "the capture does not show how the connection was opened, and a replay begins with its SYN",
            ),
            Self::Simultaneous => f.write_str("both ends opened at once, which cannot be replayed"),
            Self::FastOpen(frame) => write!(f, "frame {frame} is a Fast Open, which cannot be replayed"),
            Self::NoFrame(frame) => write!(f, "frame {frame} is not of this connection"),
        }
    }
}

impl std::error::Error for ReplayError {}

/// Runs a recording again, with the engine in the place of one end.
///
/// # Errors
/// See [`ReplayError`].
pub fn replay(recording: &Recording, replaced: Party, changes: &[Change]) -> Result<Replayed, ReplayError> {
    let mut run = Run::new(recording, replaced, changes)?;
    run.run();
    Ok(run.finish())
}

/// What makes a segment the same as another: what it says of numbers, and not when, or how large a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    seq: SeqNumber,
    ack: Option<SeqNumber>,
    flags: Flags,
    len: u32,
}

impl Key {
    fn of(header: &TcpHeader, len: u32) -> Self {
        let all = Flags::SYN | Flags::FIN | Flags::RST | Flags::ACK;
        let flags = Flags::from_bits(header.flags.bits() & all.bits());
        Self { seq: header.seq, ack: flags.ack().then_some(header.ack), flags, len }
    }

    /// The same transmission, whatever it acknowledges when it carries something.
    fn is_transmission_of(&self, other: &Self) -> bool {
        let takes_numbers = self.len > 0 || self.flags.syn() || self.flags.fin();
        self.seq == other.seq
            && self.len == other.len
            && self.flags == other.flags
            && (takes_numbers || self.ack == other.ack)
    }
}

#[cfg(test)]
mod tests;
