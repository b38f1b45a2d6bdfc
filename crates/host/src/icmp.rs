//! What ICMP errors mean to the transports, in and out, and how often they may be sent.

use synfin_tcp::incoming::PathSignalKind;
use synfin_wire::Instant;
use synfin_wire::icmp::{self, IcmpMessage};

use crate::event::Unreachable;

/// TCP's and IP's headers without options.
const V4_HEADERS: u32 = 40;
const V6_HEADERS: u32 = 60;
/// The smallest MTU of any IPv4 link (RFC 791 section 3.1).
const SMALLEST_V4_MTU: u32 = 68;
/// The smallest of any IPv6 link (RFC 8200 section 5).
const SMALLEST_V6_MTU: u32 = 1280;
/// What is assumed of a router that names no MTU: every host must take that much (RFC 1191 section 7).
const ASSUMED_V4_MTU: u32 = 576;
/// ICMPv6 parameter problem: unrecognized next header (RFC 4443 section 3.4).
const UNRECOGNIZED_NEXT_HEADER: u8 = 1;

/// What an error tells a TCP connection (RFC 9293 section 3.9.2.2); `None` when nothing.
pub(crate) fn path_signal(message: &IcmpMessage, v4: bool) -> Option<PathSignalKind> {
    match message {
        IcmpMessage::DestinationUnreachable { reason, .. } => Some(match reason {
            icmp::Unreachable::Protocol | icmp::Unreachable::Port | icmp::Unreachable::Prohibited => {
                PathSignalKind::Hard
            }
            icmp::Unreachable::Network
            | icmp::Unreachable::Host
            | icmp::Unreachable::SourceRoute
            | icmp::Unreachable::Other(_) => PathSignalKind::Soft,
        }),
        IcmpMessage::PacketTooBig { mtu, .. } => Some(PathSignalKind::TooBig { mss: segment_size(*mtu, v4) }),
        IcmpMessage::HopLimitExceeded { .. } | IcmpMessage::ReassemblyTimeExceeded { .. } => {
            Some(PathSignalKind::Soft)
        }
        IcmpMessage::ParameterProblem { code, .. } if !v4 && *code == UNRECOGNIZED_NEXT_HEADER => {
            Some(PathSignalKind::Hard)
        }
        IcmpMessage::ParameterProblem { .. } => Some(PathSignalKind::Soft),
        // RFC 6633: ignored (MUST-55).
        IcmpMessage::SourceQuench { .. }
        | IcmpMessage::EchoRequest(_)
        | IcmpMessage::EchoReply(_)
        | IcmpMessage::Neighbor(_)
        | IcmpMessage::Other(_) => None,
    }
}

/// Whether an answer to a SYN is taken back for this error of that code, by and large as in Linux: over IPv4 where the
/// network or the host is out of reach and no other code says why, over IPv6 where the error is a hard one. A host out of
/// reach is enough over either.
pub(crate) fn ends_half_open(message: &IcmpMessage, code: u8, v4: bool) -> bool {
    match message {
        IcmpMessage::DestinationUnreachable { .. } if v4 => matches!(code, 0 | 1),
        IcmpMessage::DestinationUnreachable { .. } => !matches!(code, 0 | 2),
        IcmpMessage::HopLimitExceeded { .. } => v4,
        IcmpMessage::ParameterProblem { .. } => true,
        IcmpMessage::ReassemblyTimeExceeded { .. }
        | IcmpMessage::PacketTooBig { .. }
        | IcmpMessage::SourceQuench { .. }
        | IcmpMessage::EchoRequest(_)
        | IcmpMessage::EchoReply(_)
        | IcmpMessage::Neighbor(_)
        | IcmpMessage::Other(_) => false,
    }
}

/// The payload of a TCP segment without options that fits an MTU. No MTU under what the family guarantees
/// is believed.
fn segment_size(mtu: u32, v4: bool) -> u16 {
    let (mtu, headers) = match (v4, mtu) {
        (true, 0) => (ASSUMED_V4_MTU, V4_HEADERS),
        (true, mtu) => (mtu.max(SMALLEST_V4_MTU), V4_HEADERS),
        (false, mtu) => (mtu.max(SMALLEST_V6_MTU), V6_HEADERS),
    };
    u16::try_from(mtu - headers).unwrap_or(u16::MAX)
}

/// What an error tells a UDP socket; `None` when nothing that its owner could act on.
pub(crate) fn udp_error(message: &IcmpMessage) -> Option<Unreachable> {
    match message {
        IcmpMessage::DestinationUnreachable { reason, .. } => Some(match reason {
            icmp::Unreachable::Port | icmp::Unreachable::Protocol => Unreachable::Port,
            icmp::Unreachable::Prohibited => Unreachable::Prohibited,
            icmp::Unreachable::Host => Unreachable::Host,
            icmp::Unreachable::Network | icmp::Unreachable::SourceRoute | icmp::Unreachable::Other(_) => {
                Unreachable::Network
            }
        }),
        _ => None,
    }
}

impl From<Unreachable> for icmp::Unreachable {
    fn from(kind: Unreachable) -> Self {
        match kind {
            Unreachable::Network => Self::Network,
            Unreachable::Host => Self::Host,
            Unreachable::Port => Self::Port,
            Unreachable::Prohibited => Self::Prohibited,
        }
    }
}

/// A token bucket (RFC 4443 section 2.4 f): so many a second, and as many in one go.
#[derive(Debug)]
pub(crate) struct RateLimit {
    nanos_each: u64,
    /// Up to when tokens are spent, at most a second behind now.
    spent: u64,
}

const SECOND: u64 = 1_000_000_000;

impl RateLimit {
    pub(crate) fn new(per_second: u32) -> Self {
        Self { nanos_each: SECOND.checked_div(u64::from(per_second)).unwrap_or(u64::MAX), spent: 0 }
    }

    /// Takes a token if there is one. Time starts at zero with a full bucket.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let now = now.as_nanos().saturating_add(SECOND);
        let spent = self.spent.max(now - SECOND).saturating_add(self.nanos_each);
        let allowed = spent <= now;
        if allowed {
            self.spent = spent;
        }
        allowed
    }
}

#[cfg(test)]
mod tests;
