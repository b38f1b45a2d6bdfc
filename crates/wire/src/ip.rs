//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers.

use core::net::IpAddr;

use bytes::Bytes;

/// The next protocol, as numbered by IANA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpProtocol(pub u8);

impl IpProtocol {
    /// ICMP for IPv4.
    pub const ICMP: Self = Self(1);
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// ICMP for IPv6.
    pub const ICMPV6: Self = Self(58);
}

/// The two ECN bits of the IP header (RFC 3168 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Ecn {
    /// Not ECN-capable.
    #[default]
    NotEct,
    /// ECT(1).
    Ect1,
    /// ECT(0).
    Ect0,
    /// Congestion experienced.
    Ce,
}

/// Where a fragment lies in its datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fragment {
    /// The datagram's identification (16 bits over IPv4).
    pub identification: u32,
    /// Offset of the payload in the datagram, octets, a multiple of eight.
    pub offset: u16,
    /// More fragments follow.
    pub more: bool,
}

/// The fields of an IP header that a host acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpHeader {
    /// The source; of the same family as the destination.
    pub source: IpAddr,
    /// The destination.
    pub destination: IpAddr,
    /// What the payload is, extension headers passed over.
    pub protocol: IpProtocol,
    /// TTL or hop limit.
    pub hop_limit: u8,
    /// The six DSCP bits.
    pub dscp: u8,
    /// The two ECN bits.
    pub ecn: Ecn,
    /// IPv6 flow label, 20 bits; 0 over IPv4.
    pub flow_label: u32,
    /// IPv4: do not fragment. Always true over IPv6.
    pub dont_fragment: bool,
    /// IPv4 identification of a datagram that is not a fragment; 0 over IPv6.
    pub identification: u16,
    /// The packet is a fragment. `write` refuses such a header: this host never fragments.
    pub fragment: Option<Fragment>,
}

/// A packet that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpPacket {
    /// The header.
    pub header: IpHeader,
    /// What it carries: link padding behind the IP length is cut off, extension headers are passed over.
    pub payload: Bytes,
    /// How many octets stood before the payload: the header with its options or extension headers.
    pub header_len: usize,
}

impl IpPacket {
    /// Reads a packet. The IPv4 header checksum is verified unless `trust_checksum`. IP options that are
    /// well formed are passed over (RFC 9293 MUST-50).
    ///
    /// # Errors
    /// See [`IpError`].
    pub fn parse(bytes: Bytes, trust_checksum: bool) -> Result<Self, IpError> {
        let _ = (bytes, trust_checksum);
        todo!()
    }
}

impl IpHeader {
    /// A header with TTL 64, don't-fragment set, and everything else zero.
    ///
    /// # Panics
    /// When the two addresses are of different families.
    #[must_use]
    pub fn new(source: IpAddr, destination: IpAddr, protocol: IpProtocol) -> Self {
        let _ = (source, destination, protocol);
        todo!()
    }

    /// The length that [`IpHeader::write`] will write: 20 or 40.
    #[must_use]
    pub fn len(&self) -> usize {
        todo!()
    }

    /// Writes the header for a payload of `payload_len` octets to the front of `buffer`, IPv4 checksum
    /// filled in, and returns its length. A payload over 65,535 octets gets a length field of zero.
    ///
    /// # Panics
    /// When `buffer` is shorter than [`IpHeader::len`].
    pub fn write(&self, payload_len: usize, buffer: &mut [u8]) -> usize {
        let _ = (payload_len, buffer);
        todo!()
    }
}

/// Why bytes are no IP packet that a host can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpError {
    /// Fewer octets than the header or its length field claim.
    Truncated,
    /// Neither version 4 nor 6.
    Version,
    /// A header length under 20 octets, or over the packet.
    HeaderLength,
    /// The IPv4 header checksum does not match.
    Checksum,
    /// An IPv6 extension header is malformed, or there are more than eight.
    ExtensionHeader,
    /// A fragment that is empty, misaligned or ends beyond 65,535 octets.
    Fragment,
}
