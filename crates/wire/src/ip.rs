//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers.
//!
//! What comes in: a packet as a device hands it over. What goes out: the fields a host acts on, and the
//! payload as a slice. Options and extension headers are checked and passed over; this host acts on none
//! of them but the fragment header.
//!
//! A device with segmentation offload hands over super-segments of more than 65,535 octets, which no
//! length field can state. They carry a length of zero (as Linux has it in "BIG TCP"), and reach to the
//! end of the buffer. A zero in a shorter buffer means what it always meant.

use core::net::IpAddr;

use bytes::{Buf, Bytes};

use crate::checksum::PseudoHeader;

pub mod extension;
mod v4;
mod v6;

/// An IPv4 header without options, in octets.
pub const V4_HEADER_LEN: usize = 20;
/// An IPv6 header without extension headers, in octets.
pub const V6_HEADER_LEN: usize = 40;

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

impl Ecn {
    /// From the low two bits of the TOS or traffic class octet.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 0b11 {
            0b00 => Self::NotEct,
            0b01 => Self::Ect1,
            0b10 => Self::Ect0,
            _ => Self::Ce,
        }
    }

    /// The two bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::NotEct => 0b00,
            Self::Ect1 => 0b01,
            Self::Ect0 => 0b10,
            Self::Ce => 0b11,
        }
    }
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
    /// What the payload is, extension headers passed over. Of an IPv6 fragment: what the reassembled
    /// payload begins with, which may be an extension header still.
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
    /// The packet is a fragment. `write` refuses such a header: fragments are made of whole packets.
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
        match bytes.first().ok_or(IpError::Truncated)? >> 4 {
            4 => v4::parse(bytes, trust_checksum),
            6 => v6::parse(bytes),
            _ => Err(IpError::Version),
        }
    }

    /// The whole datagram, once the payloads of its fragments are put together. `first` is the header of
    /// the fragment at offset zero. What extension headers the payload begins with are passed over now.
    ///
    /// # Errors
    /// [`IpError::ExtensionHeader`], and [`IpError::Fragment`] when the datagram was itself a fragment.
    pub fn reassembled(first: &IpHeader, payload: Bytes) -> Result<Self, IpError> {
        let header = IpHeader { fragment: None, ..*first };
        let packet = Self { header_len: header.len(), header, payload };
        let packet = if header.is_v4() { packet } else { v6::pass_over_extensions(packet)? };
        if packet.header.fragment.is_some() { Err(IpError::Fragment) } else { Ok(packet) }
    }

    /// What the checksum of the payload covers beside the payload.
    #[must_use]
    pub fn pseudo_header(&self) -> PseudoHeader {
        self.header.pseudo_header(self.payload.len() as u32)
    }

    /// Cuts the payload to `len` octets behind the first `skip`.
    #[inline]
    fn narrow(&mut self, skip: usize, len: usize) {
        self.payload.advance(skip);
        self.payload.truncate(len);
    }
}

impl IpHeader {
    /// A header with TTL 64, don't-fragment set, and everything else zero.
    ///
    /// # Panics
    /// When the two addresses are of different families.
    #[must_use]
    pub fn new(source: IpAddr, destination: IpAddr, protocol: IpProtocol) -> Self {
        assert_eq!(source.is_ipv4(), destination.is_ipv4(), "addresses of two families");
        Self {
            source,
            destination,
            protocol,
            hop_limit: 64,
            dscp: 0,
            ecn: Ecn::NotEct,
            flow_label: 0,
            dont_fragment: true,
            identification: 0,
            fragment: None,
        }
    }

    /// The header is one of IPv4, not of IPv6.
    #[must_use]
    pub const fn is_v4(&self) -> bool {
        self.source.is_ipv4()
    }

    /// The length that [`IpHeader::write`] will write: 20 or 40.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a header is never empty")]
    pub const fn len(&self) -> usize {
        if self.is_v4() { V4_HEADER_LEN } else { V6_HEADER_LEN }
    }

    /// What the checksum of a TCP segment, a UDP datagram or an ICMPv6 message of `length` octets covers
    /// beside the message itself.
    #[must_use]
    pub const fn pseudo_header(&self, length: u32) -> PseudoHeader {
        PseudoHeader { source: self.source, destination: self.destination, protocol: self.protocol, length }
    }

    /// Writes the header for a payload of `payload_len` octets to the front of `buffer`, IPv4 checksum
    /// filled in, and returns its length. A length that goes beyond the 16 bits of its field is written
    /// as zero: such a packet is for a device that will cut it into smaller ones.
    ///
    /// # Panics
    /// When `buffer` is shorter than [`IpHeader::len`], when the header is that of a fragment, or when the
    /// addresses are of different families.
    pub fn write(&self, payload_len: usize, buffer: &mut [u8]) -> usize {
        assert!(self.fragment.is_none(), "a fragment has a header of its own");
        match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                v4::write(self, source, destination, payload_len, buffer)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                v6::write(self, source, destination, payload_len, buffer)
            }
            _ => panic!("addresses of two families"),
        }
    }
}

impl Fragment {
    /// Checks a fragment whose payload has `len` octets: all but the last are a multiple of eight, none is
    /// empty, and none reaches beyond the largest datagram.
    fn check(self, len: usize) -> Result<Self, IpError> {
        let aligned = !self.more || len.is_multiple_of(8);
        let end = usize::from(self.offset) + len;
        if len > 0 && aligned && end <= usize::from(u16::MAX) { Ok(self) } else { Err(IpError::Fragment) }
    }
}

/// Why bytes are no IP packet that a host can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpError {
    /// Fewer octets than the header or its length field claim.
    Truncated,
    /// Neither version 4 nor 6.
    Version,
    /// A header length under 20 octets, or over the packet, or over IPv4 options that are malformed.
    HeaderLength,
    /// The IPv4 header checksum does not match.
    Checksum,
    /// An IPv6 extension header is malformed or demands to be understood, or there are more than eight.
    ExtensionHeader,
    /// A fragment that is empty, misaligned or ends beyond 65,535 octets.
    Fragment,
}

impl core::fmt::Display for IpError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the packet is shorter than its IP header says",
            Self::Version => "the IP version is neither 4 nor 6",
            Self::HeaderLength => "the IPv4 header length or an IPv4 option's length is off",
            Self::Checksum => "the IPv4 header checksum does not match",
            Self::ExtensionHeader => "an IPv6 extension header cannot be passed over",
            Self::Fragment => "the fragment is empty, misaligned or too far out",
        })
    }
}

impl core::error::Error for IpError {}

#[cfg(test)]
pub(crate) mod tests;
