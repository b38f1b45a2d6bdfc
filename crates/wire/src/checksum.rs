//! The Internet checksum (RFC 1071), and the pseudo-header that TCP and UDP put before theirs.

use core::net::IpAddr;

use crate::ip::IpProtocol;

/// What TCP's and UDP's checksums cover beside their own bytes: 12 octets over IPv4 (RFC 9293 section
/// 3.1), 40 over IPv6 (RFC 8200 section 8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PseudoHeader {
    /// The source address; of the same family as the destination.
    pub source: IpAddr,
    /// The destination address.
    pub destination: IpAddr,
    /// The protocol that the checksum is for.
    pub protocol: IpProtocol,
    /// The length of header and payload, octets.
    pub length: u32,
}

/// A running sum. Pieces may have any length; an odd one shifts the pieces behind it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checksum {
    sum: u64,
    odd: bool,
}

impl Checksum {
    /// A sum of nothing.
    #[must_use]
    pub fn new() -> Self {
        todo!()
    }

    /// A sum that begins with a pseudo-header.
    #[must_use]
    pub fn with_pseudo_header(pseudo_header: &PseudoHeader) -> Self {
        let _ = pseudo_header;
        todo!()
    }

    /// Adds `bytes` behind what was added before.
    pub fn add(&mut self, bytes: &[u8]) {
        let _ = bytes;
        todo!()
    }

    /// The field's value: the complement of the folded sum. Over a packet with a right checksum in it: 0.
    #[must_use]
    pub fn finish(self) -> u16 {
        todo!()
    }

    /// The folded sum, not complemented: what checksum offload wants in the field to begin with.
    #[must_use]
    pub fn partial(self) -> u16 {
        todo!()
    }
}
