//! The numbers of ICMPv6 (RFC 4443).

use bytes::Bytes;

use super::{Echo, IcmpError, IcmpMessage, RawMessage, Unreachable, quoted};
use crate::ip::IpHeader;
use crate::ndp::{self, NdpMessage};

const DESTINATION_UNREACHABLE: u8 = 1;
const PACKET_TOO_BIG: u8 = 2;
const TIME_EXCEEDED: u8 = 3;
const PARAMETER_PROBLEM: u8 = 4;
const ECHO_REQUEST: u8 = 128;
const ECHO_REPLY: u8 = 129;
const REDIRECT: u8 = 137;

const IN_TRANSIT: u8 = 0;
const IN_REASSEMBLY: u8 = 1;
const UNKNOWN_NEXT_HEADER: u8 = 1;

/// Errors have the high bit clear (RFC 4443 section 2.1); about a redirect there are none either.
pub(super) fn is_error(kind: u8) -> bool {
    kind < 128 || kind == REDIRECT
}

pub(super) fn read(raw: RawMessage, header: &IpHeader) -> Result<IcmpMessage, IcmpError> {
    Ok(match (raw.kind, raw.code) {
        (ECHO_REQUEST, 0) => IcmpMessage::EchoRequest(Echo::read(raw)),
        (ECHO_REPLY, 0) => IcmpMessage::EchoReply(Echo::read(raw)),
        (DESTINATION_UNREACHABLE, code) => {
            IcmpMessage::DestinationUnreachable { reason: reason(code), quote: raw.body }
        }
        // The code is to be ignored (RFC 4443 section 3.2).
        (PACKET_TOO_BIG, _) => {
            IcmpMessage::PacketTooBig { mtu: u32::from_be_bytes(raw.rest), quote: raw.body }
        }
        (TIME_EXCEEDED, IN_TRANSIT) => IcmpMessage::HopLimitExceeded { quote: raw.body },
        (TIME_EXCEEDED, IN_REASSEMBLY) => IcmpMessage::ReassemblyTimeExceeded { quote: raw.body },
        (PARAMETER_PROBLEM, code) => {
            IcmpMessage::ParameterProblem { code, pointer: u32::from_be_bytes(raw.rest), quote: raw.body }
        }
        (ndp::NEIGHBOR_SOLICITATION | ndp::NEIGHBOR_ADVERTISEMENT, _) => {
            IcmpMessage::Neighbor(NdpMessage::read(&raw, header).ok_or(IcmpError::Neighbor)?)
        }
        _ => IcmpMessage::Other(raw),
    })
}

pub(super) fn raw(message: &IcmpMessage) -> RawMessage {
    let error = |kind, code, word: u32, quote: &Bytes| RawMessage {
        kind,
        code,
        rest: word.to_be_bytes(),
        body: quote.clone(),
    };
    match message {
        IcmpMessage::EchoRequest(echo) => echo.raw(ECHO_REQUEST),
        IcmpMessage::EchoReply(echo) => echo.raw(ECHO_REPLY),
        IcmpMessage::DestinationUnreachable { reason, quote } => match code(*reason) {
            Some(code) => error(DESTINATION_UNREACHABLE, code, 0, quote),
            // RFC 4443 section 3.4: the pointer is at the octet that names the protocol.
            None => error(PARAMETER_PROBLEM, UNKNOWN_NEXT_HEADER, quoted::protocol_named_at(quote), quote),
        },
        IcmpMessage::PacketTooBig { mtu, quote } => error(PACKET_TOO_BIG, 0, *mtu, quote),
        IcmpMessage::HopLimitExceeded { quote } => error(TIME_EXCEEDED, IN_TRANSIT, 0, quote),
        IcmpMessage::ReassemblyTimeExceeded { quote } => error(TIME_EXCEEDED, IN_REASSEMBLY, 0, quote),
        IcmpMessage::ParameterProblem { code, pointer, quote } => {
            error(PARAMETER_PROBLEM, *code, *pointer, quote)
        }
        IcmpMessage::SourceQuench { .. } => panic!("source quench exists over IPv4 only"),
        IcmpMessage::Neighbor(message) => message.raw(),
        IcmpMessage::Other(raw) => raw.clone(),
    }
}

/// Codes 5 and 6 are finer kinds of code 1 (RFC 4443 section 3.1).
fn reason(code: u8) -> Unreachable {
    match code {
        0 => Unreachable::Network,
        1 | 5 | 6 => Unreachable::Prohibited,
        3 => Unreachable::Host,
        4 => Unreachable::Port,
        code => Unreachable::Other(code),
    }
}

/// `None` for what is a parameter problem instead.
fn code(reason: Unreachable) -> Option<u8> {
    match reason {
        Unreachable::Network | Unreachable::SourceRoute => Some(0),
        Unreachable::Prohibited => Some(1),
        Unreachable::Host => Some(3),
        Unreachable::Port => Some(4),
        Unreachable::Protocol => None,
        Unreachable::Other(code) => Some(code),
    }
}
