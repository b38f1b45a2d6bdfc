//! The numbers of ICMP (RFC 792, RFC 1122, RFC 1812).

use super::{Echo, IcmpMessage, RawMessage, Unreachable};

const ECHO_REPLY: u8 = 0;
const DESTINATION_UNREACHABLE: u8 = 3;
const SOURCE_QUENCH: u8 = 4;
const REDIRECT: u8 = 5;
const ECHO_REQUEST: u8 = 8;
const TIME_EXCEEDED: u8 = 11;
const PARAMETER_PROBLEM: u8 = 12;

const FRAGMENTATION_NEEDED: u8 = 4;
const IN_TRANSIT: u8 = 0;
const IN_REASSEMBLY: u8 = 1;

pub(super) fn is_error(kind: u8) -> bool {
    matches!(kind, DESTINATION_UNREACHABLE | SOURCE_QUENCH | REDIRECT | TIME_EXCEEDED | PARAMETER_PROBLEM)
}

pub(super) fn read(raw: RawMessage) -> IcmpMessage {
    match (raw.kind, raw.code) {
        (ECHO_REQUEST, 0) => IcmpMessage::EchoRequest(Echo::read(raw)),
        (ECHO_REPLY, 0) => IcmpMessage::EchoReply(Echo::read(raw)),
        (DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED) => {
            let [_, _, high, low] = raw.rest;
            let mtu = u32::from(u16::from_be_bytes([high, low]));
            IcmpMessage::PacketTooBig { mtu, quote: raw.body }
        }
        (DESTINATION_UNREACHABLE, code) => {
            IcmpMessage::DestinationUnreachable { reason: reason(code), quote: raw.body }
        }
        (TIME_EXCEEDED, IN_TRANSIT) => IcmpMessage::HopLimitExceeded { quote: raw.body },
        (TIME_EXCEEDED, IN_REASSEMBLY) => IcmpMessage::ReassemblyTimeExceeded { quote: raw.body },
        (PARAMETER_PROBLEM, code) => {
            IcmpMessage::ParameterProblem { code, pointer: u32::from(raw.rest[0]), quote: raw.body }
        }
        (SOURCE_QUENCH, 0) => IcmpMessage::SourceQuench { quote: raw.body },
        _ => IcmpMessage::Other(raw),
    }
}

pub(super) fn raw(message: &IcmpMessage) -> RawMessage {
    let error = |kind, code, rest, quote: &bytes::Bytes| RawMessage { kind, code, rest, body: quote.clone() };
    match message {
        IcmpMessage::EchoRequest(echo) => echo.raw(ECHO_REQUEST),
        IcmpMessage::EchoReply(echo) => echo.raw(ECHO_REPLY),
        IcmpMessage::DestinationUnreachable { reason, quote } => {
            error(DESTINATION_UNREACHABLE, code(*reason), [0; 4], quote)
        }
        IcmpMessage::PacketTooBig { mtu, quote } => {
            let [high, low] = u16::try_from(*mtu).unwrap_or(u16::MAX).to_be_bytes();
            error(DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED, [0, 0, high, low], quote)
        }
        IcmpMessage::HopLimitExceeded { quote } => error(TIME_EXCEEDED, IN_TRANSIT, [0; 4], quote),
        IcmpMessage::ReassemblyTimeExceeded { quote } => error(TIME_EXCEEDED, IN_REASSEMBLY, [0; 4], quote),
        IcmpMessage::ParameterProblem { code, pointer, quote } => {
            let pointer = u8::try_from(*pointer).unwrap_or(u8::MAX);
            error(PARAMETER_PROBLEM, *code, [pointer, 0, 0, 0], quote)
        }
        IcmpMessage::SourceQuench { quote } => error(SOURCE_QUENCH, 0, [0; 4], quote),
        IcmpMessage::Neighbor(_) => panic!("neighbor discovery exists over IPv6 only"),
        IcmpMessage::Other(raw) => raw.clone(),
    }
}

fn reason(code: u8) -> Unreachable {
    match code {
        0 | 6 | 11 => Unreachable::Network,
        1 | 7 | 8 | 12 => Unreachable::Host,
        2 => Unreachable::Protocol,
        3 => Unreachable::Port,
        5 => Unreachable::SourceRoute,
        9 | 10 | 13 => Unreachable::Prohibited,
        code => Unreachable::Other(code),
    }
}

fn code(reason: Unreachable) -> u8 {
    match reason {
        Unreachable::Network => 0,
        Unreachable::Host => 1,
        Unreachable::Protocol => 2,
        Unreachable::Port => 3,
        Unreachable::SourceRoute => 5,
        Unreachable::Prohibited => 13,
        Unreachable::Other(code) => code,
    }
}
