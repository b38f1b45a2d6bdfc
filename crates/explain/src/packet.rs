//! A TCP segment as a capture shows it.

use std::net::SocketAddr;

use synfin_wire::{Ecn, Instant, TcpHeader};

/// What the checksum of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChecksumSeen {
    /// It is right.
    Right,
    /// It covers the pseudo-header alone: the sender's hardware fills in the rest, behind the point of capture.
    Partial,
    /// It is wrong.
    Wrong,
    /// The packet is cut off, or nobody asked.
    Unknown,
}

/// A TCP segment with what the layers below say of it.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    /// The number of its frame; of a reassembled datagram, that of the fragment that completed it.
    pub frame: u64,
    /// When it was captured.
    pub at: Instant,
    /// The interface it was captured on.
    pub interface: u32,
    /// Who sent it.
    pub source: SocketAddr,
    /// To whom.
    pub destination: SocketAddr,
    /// Its header. Options that were cut off are left out.
    pub header: TcpHeader,
    /// Octets of text, as the IP header has it; not all of them need have been captured.
    pub len: u32,
    /// The text, as far as it was captured.
    pub text: &'a [u8],
    /// What its checksum says.
    pub checksum: ChecksumSeen,
    /// TTL or hop limit.
    pub hop_limit: u8,
    /// The identification of its IPv4 datagram; 0 over IPv6.
    pub identification: u16,
    /// The two ECN bits of its IP header.
    pub ecn: Ecn,
    /// The comment that the capture has on it.
    pub comment: Option<&'a str>,
}

impl Packet<'_> {
    /// SEG.LEN: the sequence numbers that it takes.
    #[must_use]
    pub fn sequence_length(&self) -> u32 {
        self.len + u32::from(self.header.flags.syn()) + u32::from(self.header.flags.fin())
    }
}
