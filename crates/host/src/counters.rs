//! What became of packets, and how many.

use std::fmt;
use std::ops::AddAssign;

use synfin_tcp::{DropReason, Verdict};

/// What became of a packet that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Fate {
    /// It was taken, in whole or in part; or it is a fragment that waits for the others.
    Taken,
    /// It was discarded.
    Dropped(PacketDrop),
}

/// Why a packet was discarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketDrop {
    /// A TCP segment: see there.
    Tcp(DropReason),
    /// A frame, packet or datagram cut off or malformed below TCP.
    Malformed,
    /// An IP, UDP or ICMP checksum is wrong.
    Checksum,
    /// Its destination is not this host.
    NotForUs,
    /// Its source can be nobody's address (RFC 1122 section 3.2.1.3).
    InvalidSource,
    /// A protocol that nobody here speaks.
    UnknownProtocol,
    /// A fragment that overlaps another: the datagram is given up (RFC 5722 section 3).
    FragmentOverlap,
    /// A fragment for which there is no room.
    ReassemblyFull,
    /// A UDP datagram to a port that nobody has.
    NoSocket,
    /// The socket's queue is full.
    QueueFull,
    /// An ICMP message that asks for nothing, or answers nothing of ours.
    IcmpIgnored,
    /// An ICMP error about a segment that is not in flight (RFC 5927 section 4).
    IcmpOutsideWindow,
    /// A frame of a kind that nobody here speaks, or an ARP packet that asks for nobody here.
    LinkIgnored,
}

impl PacketDrop {
    /// Every reason other than TCP's, in the order of the declaration.
    pub const ALL: &'static [Self] = &[
        Self::Malformed,
        Self::Checksum,
        Self::NotForUs,
        Self::InvalidSource,
        Self::UnknownProtocol,
        Self::FragmentOverlap,
        Self::ReassemblyFull,
        Self::NoSocket,
        Self::QueueFull,
        Self::IcmpIgnored,
        Self::IcmpOutsideWindow,
        Self::LinkIgnored,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Tcp(reason) => reason.code(),
            Self::Malformed => "packet-malformed",
            Self::Checksum => "packet-checksum",
            Self::NotForUs => "not-for-us",
            Self::InvalidSource => "packet-invalid-source",
            Self::UnknownProtocol => "unknown-protocol",
            Self::FragmentOverlap => "fragment-overlap",
            Self::ReassemblyFull => "packet-reassembly-full",
            Self::NoSocket => "no-socket",
            Self::QueueFull => "queue-full",
            Self::IcmpIgnored => "icmp-ignored",
            Self::IcmpOutsideWindow => "icmp-outside-window",
            Self::LinkIgnored => "link-ignored",
        }
    }
}

impl fmt::Display for PacketDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(reason) => reason.fmt(f),
            other => f.write_str(other.code()),
        }
    }
}

/// What a host has counted since it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Packets handed in.
    pub packets_in: u64,
    /// Their octets.
    pub octets_in: u64,
    /// Packets handed out.
    pub packets_out: u64,
    /// Their octets.
    pub octets_out: u64,
    /// Connections that reached ESTABLISHED.
    pub established: u64,
    /// Connections that were reset when their owner went, for there were too many like them.
    pub orphans_reset: u64,
    /// Packets that were discarded.
    pub dropped: u64,
    /// ICMP errors not sent because there were too many (RFC 4443 section 2.4 f).
    pub icmp_errors_suppressed: u64,
    /// Challenges not sent because their receiver had too many (RFC 5961 section 7).
    pub challenges_suppressed: u64,
    /// Packets not sent because the transmit queue was full.
    pub transmit_overflow: u64,
    tcp: [u64; DropReason::ALL.len()],
    other: [u64; PacketDrop::ALL.len()],
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            packets_in: 0,
            octets_in: 0,
            packets_out: 0,
            octets_out: 0,
            established: 0,
            orphans_reset: 0,
            dropped: 0,
            icmp_errors_suppressed: 0,
            challenges_suppressed: 0,
            transmit_overflow: 0,
            tcp: [0; DropReason::ALL.len()],
            other: [0; PacketDrop::ALL.len()],
        }
    }
}

impl Counters {
    /// How many were discarded for this reason.
    #[must_use]
    pub fn dropped_for(&self, reason: PacketDrop) -> u64 {
        match reason {
            PacketDrop::Tcp(reason) => self.tcp[reason as usize],
            other => other.index().map_or(0, |index| self.other[index]),
        }
    }

    /// A packet of so many octets goes to the device.
    pub(crate) fn sent(&mut self, octets: usize) {
        self.packets_out += 1;
        self.octets_out += octets as u64;
    }

    pub(crate) fn drop(&mut self, reason: PacketDrop) {
        self.dropped += 1;
        match reason {
            PacketDrop::Tcp(reason) => self.tcp[reason as usize] += 1,
            other => {
                if let Some(index) = other.index() {
                    self.other[index] += 1;
                }
            }
        }
    }
}

impl AddAssign<&Self> for Counters {
    /// What both have counted.
    fn add_assign(&mut self, other: &Self) {
        let Self {
            packets_in,
            octets_in,
            packets_out,
            octets_out,
            established,
            orphans_reset,
            dropped,
            icmp_errors_suppressed,
            challenges_suppressed,
            transmit_overflow,
            tcp,
            other: others,
        } = self;
        *packets_in += other.packets_in;
        *octets_in += other.octets_in;
        *packets_out += other.packets_out;
        *octets_out += other.octets_out;
        *established += other.established;
        *orphans_reset += other.orphans_reset;
        *dropped += other.dropped;
        *icmp_errors_suppressed += other.icmp_errors_suppressed;
        *challenges_suppressed += other.challenges_suppressed;
        *transmit_overflow += other.transmit_overflow;
        tcp.iter_mut().zip(other.tcp).for_each(|(sum, count)| *sum += count);
        others.iter_mut().zip(other.other).for_each(|(sum, count)| *sum += count);
    }
}

impl PacketDrop {
    fn index(self) -> Option<usize> {
        Self::ALL.iter().position(|reason| *reason == self)
    }
}

impl From<DropReason> for Fate {
    fn from(reason: DropReason) -> Self {
        Self::Dropped(PacketDrop::Tcp(reason))
    }
}

impl From<PacketDrop> for Fate {
    fn from(reason: PacketDrop) -> Self {
        Self::Dropped(reason)
    }
}

impl From<Verdict> for Fate {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Accepted => Self::Taken,
            Verdict::Dropped(reason) => reason.into(),
        }
    }
}
