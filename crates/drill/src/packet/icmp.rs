//! ICMP messages of the script's, in octets.

use synfin_wire::checksum::Checksum;
use synfin_wire::{IpHeader, IpProtocol};

use crate::ast::{Icmp, Quote};

type Codes = &'static [(&'static str, u8)];

/// The types of ICMP and their codes (RFC 792, RFC 1122 section 3.2.2.1).
const V4: &[(&str, u8, Codes)] = &[
    ("echo_reply", 0, &[]),
    (
        "unreachable",
        3,
        &[
            ("net_unreachable", 0),
            ("host_unreachable", 1),
            ("protocol_unreachable", 2),
            ("port_unreachable", 3),
            ("frag_needed", 4),
            ("source_route_failed", 5),
            ("net_unknown", 6),
            ("host_unknown", 7),
            ("source_host_isolated", 8),
            ("net_prohibited", 9),
            ("host_prohibited", 10),
            ("net_unreachable_for_tos", 11),
            ("host_unreachable_for_tos", 12),
            ("packet_filtered", 13),
            ("precedence_violation", 14),
            ("precedence_cutoff", 15),
        ],
    ),
    ("source_quench", 4, &[]),
    ("redirect", 5, &[]),
    ("echo_request", 8, &[]),
    ("time_exceeded", 11, &[]),
    ("parameter_problem", 12, &[]),
    ("timestamp_request", 13, &[]),
    ("timestamp_reply", 14, &[]),
    ("information_request", 15, &[]),
    ("information_reply", 16, &[]),
    ("address_mask_request", 17, &[]),
    ("address_mask_reply", 18, &[]),
];
/// The types of ICMPv6 and their codes (RFC 4443).
const V6: &[(&str, u8, Codes)] = &[
    (
        "unreachable",
        1,
        &[
            ("net_unreachable", 0),
            ("no_route", 0),
            ("admin_prohibited", 1),
            ("not_neighbour", 2),
            ("address_unreachable", 3),
            ("port_unreachable", 4),
        ],
    ),
    ("packet_too_big", 2, &[]),
    ("time_exceeded", 3, &[("exceeded_hop_limit", 0), ("exceeded_frag_time", 1)]),
    ("parameter_problem", 4, &[("header_field", 0), ("unknown_next_header", 1), ("unknown_option", 2)]),
    ("echo_request", 128, &[]),
    ("echo_reply", 129, &[]),
];

/// The octets of a message that quotes an IP header and what follows it, but for that header.
pub(super) const QUOTING_LEN: usize = HEADER_LEN + QUOTED_LEN;
/// The octets of its own header, and those that it quotes behind the IP header.
const HEADER_LEN: usize = 8;
const QUOTED_LEN: usize = 8;

/// Type and code by name, or by number as `type_3` and `code_1`.
pub(super) fn numbers(icmp: &Icmp, v4: bool) -> Result<(u8, u8), String> {
    let by_number = |text: &str, prefix: &str| text.strip_prefix(prefix)?.parse::<u8>().ok();
    let table = if v4 { V4 } else { V6 };
    let entry = table.iter().find(|(name, ..)| *name == icmp.kind);
    let kind = entry.map(|(_, kind, _)| *kind).or_else(|| by_number(&icmp.kind, "type_"));
    let family = if v4 { "ICMP" } else { "ICMPv6" };
    let kind = kind.ok_or_else(|| format!("{family} has no type `{}`", icmp.kind))?;
    let Some(name) = &icmp.code else { return Ok((kind, 0)) };
    let codes = entry.map_or(&[][..], |(_, _, codes)| codes);
    let code = codes.iter().find(|(code, _)| code == name).map(|(_, code)| *code);
    let code = code.or_else(|| by_number(name, "code_"));
    Ok((kind, code.ok_or_else(|| format!("{family} `{}` has no code `{name}`", icmp.kind))?))
}

/// What is quoted of a packet of the host's.
pub(crate) struct Quoted {
    /// From the host.
    pub(crate) ip: IpHeader,
    /// Source and destination.
    pub(crate) ports: (u16, u16),
    /// The sequence number, in the numbers of the wire.
    pub(crate) seq: u32,
}

/// The message as the payload of a packet with the header `ip`. It quotes an IP header and eight octets.
///
/// # Errors
/// A name that the family does not have.
pub(crate) fn build(icmp: &Icmp, ip: &IpHeader, quoted: &Quoted) -> Result<Vec<u8>, String> {
    let (kind, code) = numbers(icmp, ip.is_v4())?;
    let mut message = vec![kind, code, 0, 0];
    message.extend_from_slice(&second_word(icmp, ip.is_v4(), (kind, code))?.to_be_bytes());
    match icmp.quote {
        Quote::Raw(len) if usize::from(len) < HEADER_LEN => {
            return Err(format!("an ICMP message has at least {HEADER_LEN} octets, not {len}"));
        }
        Quote::Raw(len) => message.resize(len.into(), 0),
        Quote::Tcp { payload, .. } => quote(&mut message, quoted, IpProtocol::TCP, 20 + usize::from(payload)),
        Quote::Udp(payload) => quote(&mut message, quoted, IpProtocol::UDP, 8 + usize::from(payload)),
    }
    finish(&mut message, ip);
    Ok(message)
}

/// Puts the checksum into a message.
fn finish(message: &mut [u8], ip: &IpHeader) {
    let mut checksum = if ip.is_v4() {
        Checksum::new()
    } else {
        Checksum::with_pseudo_header(&ip.pseudo_header(message.len() as u32))
    };
    checksum.add(message);
    message[2..4].copy_from_slice(&checksum.finish().to_be_bytes());
}

/// A request for an echo, of so many octets.
pub(crate) fn echo_request(ip: &IpHeader, identifier: u16, len: usize) -> Vec<u8> {
    const V4_REQUEST: u8 = 8;
    const V6_REQUEST: u8 = 128;
    let mut message = vec![if ip.is_v4() { V4_REQUEST } else { V6_REQUEST }, 0, 0, 0];
    message.extend_from_slice(&identifier.to_be_bytes());
    message.resize(len.max(HEADER_LEN), 0);
    finish(&mut message, ip);
    message
}

/// The MTU of the next link, or the identifier of an echo.
fn second_word(icmp: &Icmp, v4: bool, numbers: (u8, u8)) -> Result<u32, String> {
    let identifier = icmp.identifier.unwrap_or(0);
    match (icmp.mtu, v4, numbers) {
        (None, ..) => Ok(u32::from(identifier) << 16),
        // The upper half is not used (RFC 1191 section 4); an identifier would stand there.
        (Some(mtu), true, (3, 4)) => match u16::try_from(mtu) {
            Ok(mtu) => Ok(u32::from(identifier) << 16 | u32::from(mtu)),
            Err(_) => Err(format!("{mtu} is no MTU of 16 bits")),
        },
        (Some(mtu), false, (2, 0)) => Ok(mtu),
        (Some(_), true, _) => Err("only `unreachable frag_needed` has an MTU".to_owned()),
        (Some(_), false, _) => Err("only `packet_too_big` has an MTU".to_owned()),
    }
}

fn quote(message: &mut Vec<u8>, quoted: &Quoted, protocol: IpProtocol, len: usize) {
    let ip = IpHeader { protocol, ..quoted.ip };
    let mut header = vec![0; ip.len()];
    ip.write(len, &mut header);
    message.extend_from_slice(&header);
    message.extend_from_slice(&quoted.ports.0.to_be_bytes());
    message.extend_from_slice(&quoted.ports.1.to_be_bytes());
    match protocol {
        IpProtocol::TCP => message.extend_from_slice(&quoted.seq.to_be_bytes()),
        _ => message.extend_from_slice(&[(len >> 8) as u8, len as u8, 0, 0]),
    }
}
