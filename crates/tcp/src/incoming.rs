//! What arrives at a connection, and what became of it.

use synfin_wire::{Ecn, Instant, Segment, SeqNumber};

use synfin_wire::reason::DropReason;

/// A segment that was looked up as this connection's.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The segment.
    pub segment: Segment,
    /// The ECN bits of the datagram that carried it.
    pub ecn: Ecn,
    /// A device has put it together from several, each but the last with so much text, octets.
    pub segment_size: Option<u16>,
    /// When it arrived.
    pub arrived: Instant,
}

/// What became of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It was taken, in whole or in part.
    Accepted,
    /// It was discarded; the reply that the RFC asks for, if any, is pending.
    Dropped(DropReason),
}

/// What an ICMP error says about the path of a segment of this connection (RFC 9293 section 3.9.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathSignal {
    /// The sequence number that the error quotes: one out of SND.UNA..SND.NXT proves that the error
    /// answers a segment in flight (RFC 5927 section 4).
    pub quoted_seq: SeqNumber,
    /// What it says.
    pub kind: PathSignalKind,
}

/// The kinds of ICMP error that a connection acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathSignalKind {
    /// Soft (MUST-56): net, host or route unreachable, time exceeded, parameter problem. Reported, never
    /// fatal once synchronized.
    Soft,
    /// Hard (SHLD-26): protocol or port unreachable, administratively prohibited.
    Hard,
    /// The path takes no datagram that carries more than this much payload, octets.
    TooBig {
        /// The new effective send MSS.
        mss: u16,
    },
}
