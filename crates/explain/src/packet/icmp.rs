//! ICMP errors that quote a TCP segment (RFC 792, RFC 4443): what became of it.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use synfin_wire::icmp::{QuotedPacket, Unreachable};
use synfin_wire::{IcmpMessage, Instant, IpHeader, IpPacket, IpProtocol, SeqNumber};

use super::ip::Datagram;
use crate::capture::Frame;

/// As much of a message as is looked at, octets: no error is longer (RFC 4443 section 2.4).
const LONGEST: usize = 1280;

/// Somebody on the way, or at its end, says what became of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// The number of its frame.
    pub frame: u64,
    /// When it was captured.
    pub at: Instant,
    /// The interface it was captured on.
    pub interface: u32,
    /// Who says so.
    pub reporter: IpAddr,
    /// Source and destination of the segment that it is about, in this order.
    pub about: (SocketAddr, SocketAddr),
    /// The segment's sequence number; `None` when the quote is cut off before it.
    pub seq: Option<SeqNumber>,
    /// What became of it.
    pub kind: IcmpKind,
}

/// What an ICMP error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IcmpKind {
    /// The segment could not be delivered.
    Unreachable(Unreachable),
    /// It was too long for a link on its way.
    TooBig {
        /// That link's MTU, octets; 0 where it is not said.
        mtu: u32,
    },
    /// It outlived its hop limit.
    HopLimitExceeded,
    /// Not all its fragments came in time.
    ReassemblyTimeExceeded,
    /// A field of it made no sense.
    ParameterProblem {
        /// Which kind of nonsense, as numbered in the family of the packet.
        code: u8,
        /// Offset of the field in the packet, octets.
        pointer: u32,
    },
    /// Slow down; nobody should say so any more (RFC 6633).
    SourceQuench,
}

/// The error that a datagram carries, if it is one about a TCP segment.
pub(super) fn error(datagram: &Datagram<'_>, frame: &Frame<'_>) -> Option<IcmpError> {
    if !matches!(datagram.protocol, IpProtocol::ICMP | IpProtocol::ICMPV6) {
        return None;
    }
    let octets = &datagram.bytes[..datagram.bytes.len().min(LONGEST)];
    let header = IpHeader::new(datagram.source, datagram.destination, datagram.protocol);
    let packet = IpPacket { header_len: header.len(), header, payload: Bytes::copy_from_slice(octets) };
    let message = IcmpMessage::parse_prefix(&packet).ok()?;
    let kind = match message {
        IcmpMessage::DestinationUnreachable { reason, .. } => IcmpKind::Unreachable(reason),
        IcmpMessage::PacketTooBig { mtu, .. } => IcmpKind::TooBig { mtu },
        IcmpMessage::HopLimitExceeded { .. } => IcmpKind::HopLimitExceeded,
        IcmpMessage::ReassemblyTimeExceeded { .. } => IcmpKind::ReassemblyTimeExceeded,
        IcmpMessage::ParameterProblem { code, pointer, .. } => IcmpKind::ParameterProblem { code, pointer },
        IcmpMessage::SourceQuench { .. } => IcmpKind::SourceQuench,
        IcmpMessage::EchoRequest(_)
        | IcmpMessage::EchoReply(_)
        | IcmpMessage::Neighbor(_)
        | IcmpMessage::Other(_) => return None,
    };
    let quoted = QuotedPacket::parse(message.quote()?)?;
    (quoted.protocol == IpProtocol::TCP).then_some(IcmpError {
        frame: frame.number,
        at: frame.at,
        interface: frame.interface,
        reporter: datagram.source,
        about: (
            SocketAddr::new(quoted.source, quoted.source_port),
            SocketAddr::new(quoted.destination, quoted.destination_port),
        ),
        seq: quoted.seq,
        kind,
    })
}
