//! UDP datagrams and ICMP messages: those of the script's as octets, and those of the host's against what is expected.

use bytes::Bytes;
use synfin_wire::icmp::IcmpMessage;
use synfin_wire::udp::{HEADER_LEN, UdpDatagram};
use synfin_wire::{IpHeader, IpPacket, IpProtocol};

use super::behind_ip;
use super::compare::{Difference, check, ip_octets};
use super::icmp;
use crate::ast::{Icmp, IpFields, Quote};

/// A datagram or a message that the host has sent.
#[derive(Clone, Debug)]
pub(crate) struct SeenOther {
    pub(crate) ip: IpHeader,
    pub(crate) body: OtherBody,
}

/// What is not TCP.
#[derive(Clone, Debug)]
pub(crate) enum OtherBody {
    /// Source and destination port, and the payload.
    Udp { ports: (u16, u16), payload: Bytes },
    /// Type, code and length of the whole message.
    Icmp { kind: u8, code: u8, len: usize },
}

impl SeenOther {
    /// Reads a packet of the host's; `None` of one that carries neither, and of a fragment.
    pub(crate) fn read(bytes: Bytes) -> Option<Self> {
        let packet = IpPacket::parse(bytes, false).ok()?;
        let (ip, octets) = (packet.header, packet.payload);
        if ip.fragment.is_some() {
            return None;
        }
        let body = match ip.protocol {
            IpProtocol::UDP => {
                let datagram = UdpDatagram::parse(octets, None).ok()?;
                let ports = (datagram.source_port, datagram.destination_port);
                OtherBody::Udp { ports, payload: datagram.payload }
            }
            IpProtocol::ICMP | IpProtocol::ICMPV6 => {
                let [kind, code, ..] = octets[..] else { return None };
                OtherBody::Icmp { kind, code, len: octets.len() }
            }
            _ => return None,
        };
        Some(Self { ip, body })
    }

    /// As the script would write it.
    pub(crate) fn show(&self) -> String {
        match &self.body {
            OtherBody::Udp { payload, .. } => format!("> udp ({})", payload.len()),
            OtherBody::Icmp { kind, code, len } => format!("> icmp type_{kind} code_{code} [raw ({len})]"),
        }
    }
}

/// The identifier and the length of a reply to an echo; `None` of any other packet.
pub(crate) fn echo_reply(packet: &IpPacket) -> Option<(u16, usize)> {
    match IcmpMessage::parse(packet).ok()? {
        IcmpMessage::EchoReply(echo) => Some((echo.identifier, packet.payload.len())),
        _ => None,
    }
}

/// A datagram of the script's, in octets: its text is zeros.
pub(crate) fn build(ip: &IpHeader, ports: (u16, u16), payload: u16) -> Bytes {
    let datagram = UdpDatagram {
        source_port: ports.0,
        destination_port: ports.1,
        payload: vec![0; usize::from(payload)].into(),
    };
    let mut octets = vec![0; HEADER_LEN];
    datagram.write_header(&ip.pseudo_header(0), &mut octets);
    octets.extend_from_slice(&datagram.payload);
    behind_ip(ip, &octets)
}

/// Compares a datagram with what the script expects.
pub(crate) fn compare_udp(fields: &IpFields, expected: u16, seen: &SeenOther) -> Result<(), Difference> {
    let OtherBody::Udp { payload, .. } = &seen.body else {
        return check("protocol", "udp", "icmp");
    };
    check("payload length", usize::from(expected), payload.len())?;
    ip_octets(fields, &seen.ip)?;
    if payload.iter().any(|octet| *octet != 0) {
        return check("payload", "zeros", "other octets");
    }
    Ok(())
}

/// Compares a message with what the script expects: its type, its code and its length.
///
/// # Errors
/// Where the script names a type or a code that there is none of, that; else the first difference.
pub(crate) fn compare_icmp(
    fields: &IpFields,
    expected: &Icmp,
    seen: &SeenOther,
) -> Result<Result<(), Difference>, String> {
    let OtherBody::Icmp { kind, code, len } = seen.body else { return Ok(check("protocol", "icmp", "udp")) };
    let (wanted_kind, wanted_code) = icmp::numbers(expected, seen.ip.is_v4())?;
    let wanted_len = match expected.quote {
        Quote::Raw(len) => usize::from(len),
        Quote::Tcp { .. } | Quote::Udp(_) => icmp::QUOTING_LEN + seen.ip.len(),
    };
    let compared = check("ICMP length", wanted_len, len)
        .and_then(|()| ip_octets(fields, &seen.ip))
        .and_then(|()| check("ICMP type", wanted_kind, kind))
        .and_then(|()| check("ICMP code", wanted_code, code));
    Ok(compared)
}
