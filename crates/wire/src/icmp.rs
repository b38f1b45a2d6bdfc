//! ICMP (RFC 792, RFC 1122 section 3.2.2) and ICMPv6 (RFC 4443), as one.
//!
//! What comes in: an [`IpPacket`] whose protocol is one of the two. What goes out: an [`IcmpMessage`], in
//! which the same event has the same name in both families, and back to octets. What an error message
//! quotes is read by [`QuotedPacket::parse`], so that the error finds its connection.
//!
//! Left out: redirects, router discovery and the information queries of old; they are
//! [`IcmpMessage::Other`].

use core::fmt;
use core::net::IpAddr;

use alloc::vec;
use bytes::{Buf, Bytes};
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::Checksum;
use crate::ip::{IpHeader, IpPacket, IpProtocol, V4_HEADER_LEN, V6_HEADER_LEN};
use crate::ndp::NdpMessage;

mod quoted;
mod v4;
mod v6;

pub use quoted::QuotedPacket;

/// The part of the header that all messages share, in octets.
pub const HEADER_LEN: usize = 8;
/// An IPv4 error message is at most this long, IP header included (RFC 1812 section 4.3.2.3).
const LONGEST_V4_ERROR: usize = 576;
/// An IPv6 error message is at most this long, IP header included (RFC 4443 section 2.4 c).
const LONGEST_V6_ERROR: usize = 1280;

/// The header as it stands on the wire.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Header {
    kind: u8,
    code: u8,
    checksum: U16,
    rest: [u8; 4],
}

/// A message by its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawMessage {
    /// The type, as numbered in the family of the packet.
    pub kind: u8,
    /// The code.
    pub code: u8,
    /// The four octets behind the checksum.
    pub rest: [u8; 4],
    /// What follows.
    pub body: Bytes,
}

/// What an echo carries there and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Which of the sender's pings it belongs to.
    pub identifier: u16,
    /// Which one of that ping.
    pub sequence: u16,
    /// Whatever the sender put in.
    pub payload: Bytes,
}

/// Why a destination could not be reached. Codes of one meaning have one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unreachable {
    /// There is no way to the network.
    Network,
    /// The host does not answer on its network.
    Host,
    /// The host does not speak the protocol. Over IPv6 this travels as a parameter problem of code 1.
    Protocol,
    /// Nobody listens on the port.
    Port,
    /// The source route failed. IPv4 only.
    SourceRoute,
    /// Somebody on the way does not allow it.
    Prohibited,
    /// Another code, as numbered in the family of the packet.
    Other(u8),
}

/// An ICMP or ICMPv6 message. A `quote` is the front of the packet that caused an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IcmpMessage {
    /// Somebody wants an answer.
    EchoRequest(Echo),
    /// The answer.
    EchoReply(Echo),
    /// A packet could not be delivered.
    DestinationUnreachable {
        /// Why not.
        reason: Unreachable,
        /// The packet's front.
        quote: Bytes,
    },
    /// A packet was too long for a link on its way. In ICMP: fragmentation needed and DF set.
    PacketTooBig {
        /// The next link's MTU, octets; 0 from routers older than RFC 1191. At most 65,535 over IPv4.
        mtu: u32,
        /// The packet's front.
        quote: Bytes,
    },
    /// A packet outlived its hop limit.
    HopLimitExceeded {
        /// The packet's front.
        quote: Bytes,
    },
    /// Not all fragments of a packet came in time.
    ReassemblyTimeExceeded {
        /// The front of the fragment at offset zero.
        quote: Bytes,
    },
    /// A field of a packet made no sense.
    ParameterProblem {
        /// Which kind of nonsense, as numbered in the family of the packet.
        code: u8,
        /// Offset of the field in the packet, octets. At most 255 over IPv4.
        pointer: u32,
        /// The packet's front.
        quote: Bytes,
    },
    /// Slow down. IPv4 only; never sent, and ignored on receipt (RFC 9293 MUST-55, RFC 6633).
    SourceQuench {
        /// The packet's front.
        quote: Bytes,
    },
    /// Neighbor discovery. IPv6 only.
    Neighbor(NdpMessage),
    /// A message of another type, or with a code that its type does not have.
    Other(RawMessage),
}

impl IcmpMessage {
    /// Reads the message that a packet carries. The checksum is always verified: no device offloads it.
    ///
    /// # Errors
    /// See [`IcmpError`].
    pub fn parse(packet: &IpPacket) -> Result<Self, IcmpError> {
        let mut checksum = match (packet.header.protocol, packet.header.is_v4()) {
            (IpProtocol::ICMP, true) => Checksum::new(),
            (IpProtocol::ICMPV6, false) => Checksum::with_pseudo_header(&packet.pseudo_header()),
            _ => return Err(IcmpError::Protocol),
        };
        if packet.payload.len() < HEADER_LEN {
            return Err(IcmpError::Truncated);
        }
        checksum.add(&packet.payload);
        if checksum.finish() != 0 {
            return Err(IcmpError::Checksum);
        }
        Self::parse_prefix(packet)
    }

    /// Reads a message of which the packet's payload is the front, for whoever watches and may have seen no more. The
    /// checksum is not looked at; what is quoted ends where the payload does.
    ///
    /// # Errors
    /// See [`IcmpError`].
    pub fn parse_prefix(packet: &IpPacket) -> Result<Self, IcmpError> {
        match (packet.header.protocol, packet.header.is_v4()) {
            (IpProtocol::ICMP, true) | (IpProtocol::ICMPV6, false) => {}
            _ => return Err(IcmpError::Protocol),
        }
        let (header, _) = Header::ref_from_prefix(&packet.payload).map_err(|_| IcmpError::Truncated)?;
        let mut body = packet.payload.clone();
        body.advance(HEADER_LEN);
        let raw = RawMessage { kind: header.kind, code: header.code, rest: header.rest, body };
        if packet.header.is_v4() { Ok(v4::read(raw)) } else { v6::read(raw, &packet.header) }
    }

    /// The message as the payload of a packet between the two addresses, checksum filled in.
    ///
    /// # Panics
    /// When the addresses are of different families, or the message does not exist in theirs:
    /// [`IcmpMessage::SourceQuench`] over IPv6, [`IcmpMessage::Neighbor`] over IPv4.
    #[must_use]
    pub fn to_bytes(&self, source: IpAddr, destination: IpAddr) -> Bytes {
        self.written_behind(0, &self.ip_header(source, destination))
    }

    /// The message in a packet of its own. Its hop limit is 64, or 255 for neighbor discovery.
    ///
    /// ```
    /// use synfin_wire::IpPacket;
    /// use synfin_wire::icmp::{Echo, IcmpMessage};
    ///
    /// let echo = Echo { identifier: 7, sequence: 1, payload: "are you there?".into() };
    /// let request = IcmpMessage::EchoRequest(echo);
    /// let bytes = request.to_packet("192.0.2.1".parse()?, "192.0.2.2".parse()?);
    ///
    /// let packet = IpPacket::parse(bytes, false)?;
    /// assert_eq!(IcmpMessage::parse(&packet)?, request);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// As [`IcmpMessage::to_bytes`].
    #[must_use]
    pub fn to_packet(&self, source: IpAddr, destination: IpAddr) -> Bytes {
        let header = self.ip_header(source, destination);
        self.written_behind(header.len(), &header)
    }

    /// What an error message quotes of the packet that caused it; `None` when this is no error.
    #[must_use]
    pub const fn quote(&self) -> Option<&Bytes> {
        match self {
            Self::DestinationUnreachable { quote, .. }
            | Self::PacketTooBig { quote, .. }
            | Self::HopLimitExceeded { quote }
            | Self::ReassemblyTimeExceeded { quote }
            | Self::ParameterProblem { quote, .. }
            | Self::SourceQuench { quote } => Some(quote),
            Self::EchoRequest(_) | Self::EchoReply(_) | Self::Neighbor(_) | Self::Other(_) => None,
        }
    }

    fn ip_header(&self, source: IpAddr, destination: IpAddr) -> IpHeader {
        let protocol = if source.is_ipv4() { IpProtocol::ICMP } else { IpProtocol::ICMPV6 };
        let header = IpHeader::new(source, destination, protocol);
        match self {
            Self::Neighbor(_) => IpHeader { hop_limit: NdpMessage::HOP_LIMIT, ..header },
            _ => header,
        }
    }

    /// The message, behind `room` octets into which the IP header is written if it fits.
    fn written_behind(&self, room: usize, ip_header: &IpHeader) -> Bytes {
        let raw = if ip_header.is_v4() { v4::raw(self) } else { v6::raw(self) };
        let len = HEADER_LEN + raw.body.len();
        let mut checksum = if ip_header.is_v4() {
            Checksum::new()
        } else {
            Checksum::with_pseudo_header(&ip_header.pseudo_header(len as u32))
        };
        let mut header = Header { kind: raw.kind, code: raw.code, checksum: U16::ZERO, rest: raw.rest };
        checksum.add(header.as_bytes());
        checksum.add(&raw.body);
        header.checksum = checksum.finish().into();

        let mut bytes = vec![0; room + len];
        let (front, message) = bytes.split_at_mut(room);
        if room > 0 {
            ip_header.write(len, front);
        }
        message[..HEADER_LEN].copy_from_slice(header.as_bytes());
        message[HEADER_LEN..].copy_from_slice(&raw.body);
        bytes.into()
    }
}

/// As much of a packet as an error message about it may quote: all that fits into 576 octets over IPv4
/// (RFC 1812 section 4.3.2.3), into 1280 over IPv6 (RFC 4443 section 2.4 c).
#[must_use]
pub fn quote(offending: &Bytes) -> Bytes {
    let room = match offending.first() {
        Some(octet) if octet >> 4 == 4 => LONGEST_V4_ERROR - V4_HEADER_LEN - HEADER_LEN,
        _ => LONGEST_V6_ERROR - V6_HEADER_LEN - HEADER_LEN,
    };
    offending.slice(..offending.len().min(room))
}

/// Whether an error message about `packet` may be sent at all: never about an error message, about a
/// fragment but the first, to a sender that is not one host, or about what went to many (RFC 1122 section
/// 3.2.2, RFC 4443 section 2.4 e). A subnet's own broadcast address is for the caller to know.
#[must_use]
pub fn may_report(packet: &IpPacket) -> bool {
    let header = &packet.header;
    let from_one_host = !header.source.is_unspecified() && !is_for_many(header.source);
    let first_fragment = header.fragment.is_none_or(|fragment| fragment.offset == 0);
    let is_error = match (header.protocol, packet.payload.first()) {
        (IpProtocol::ICMP, Some(&kind)) => v4::is_error(kind),
        (IpProtocol::ICMPV6, Some(&kind)) => v6::is_error(kind),
        (IpProtocol::ICMP | IpProtocol::ICMPV6, None) => true,
        _ => false,
    };
    from_one_host && !is_for_many(header.destination) && first_fragment && !is_error
}

fn is_for_many(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_multicast(),
    }
}

impl Echo {
    fn read(raw: RawMessage) -> Self {
        let [a, b, c, d] = raw.rest;
        Self {
            identifier: u16::from_be_bytes([a, b]),
            sequence: u16::from_be_bytes([c, d]),
            payload: raw.body,
        }
    }

    fn raw(&self, kind: u8) -> RawMessage {
        let ([a, b], [c, d]) = (self.identifier.to_be_bytes(), self.sequence.to_be_bytes());
        RawMessage { kind, code: 0, rest: [a, b, c, d], body: self.payload.clone() }
    }
}

/// Why a packet carries no message that a host can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpError {
    /// The packet is of another protocol, or of the other family's.
    Protocol,
    /// Fewer than eight octets.
    Truncated,
    /// The checksum does not match.
    Checksum,
    /// A neighbor solicitation or advertisement that breaks a rule of RFC 4861 section 7.1.
    Neighbor,
}

impl fmt::Display for IcmpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Protocol => "the packet carries no ICMP of its own family",
            Self::Truncated => "the ICMP message is under eight octets",
            Self::Checksum => "the ICMP checksum does not match",
            Self::Neighbor => "the neighbor discovery message is not valid",
        })
    }
}

impl core::error::Error for IcmpError {}

#[cfg(test)]
mod tests;
