//! Datagrams in datagrams: IP in IP (RFC 2003, RFC 4213), GRE (RFC 2784, RFC 2890) and in it a switch's ERSPAN
//! (draft-foschiano-erspan), L2TPv3 (RFC 3931), and over UDP VXLAN (RFC 7348) and its generic extension
//! (draft-ietf-nvo3-vxlan-gpe), Geneve (RFC 8926) and GTP-U (3GPP TS 29.281). The innermost is the one that counts.

use synfin_wire::IpProtocol;

use super::ip::{self, Datagram, Fragment};
use super::link::{self, Next};
use super::{Malformed, NotTcp};
use crate::capture::Frame;

const IPV4: u8 = 4;
const IPV6: u8 = 41;
const GRE: u8 = 47;
const UDP: u8 = 17;
const L2TP: u8 = 115;

const UDP_HEADER_LEN: usize = 8;
const VXLAN_PORT: u16 = 4789;
/// What Linux took before IANA gave that one, and flannel takes to this day.
const LINUX_VXLAN_PORT: u16 = 8472;
const GTP_PORT: u16 = 2152;
/// What GRE carries of ERSPAN's versions: the first two, and the third.
const ERSPAN: u16 = 0x88be;
const ERSPAN_III: u16 = 0x22eb;
const GENEVE_PORT: u16 = 6081;
const VXLAN_GPE_PORT: u16 = 4790;
const L2TP_PORT: u16 = 1701;

/// As many datagrams, one in the other, as are looked into.
const DEEPEST: usize = 8;

/// What is at the bottom.
pub(super) enum Innermost<'a> {
    /// A datagram that holds no other one.
    Whole(Datagram<'a>),
    /// A part of one.
    Fragment(Datagram<'a>, Fragment),
}

/// Looks for the innermost datagram of a frame.
pub(super) fn innermost<'a>(frame: &Frame<'a>) -> Result<Innermost<'a>, NotTcp> {
    // Some writers leave the original length at zero.
    let original_len = frame.original_len.max(frame.bytes.len() as u32);
    unpack(link::first(frame.link)?, frame.bytes, original_len, DEEPEST)
}

/// Looks for the innermost datagram in one that was put together from fragments.
pub(super) fn within(datagram: Datagram<'_>) -> Result<Innermost<'_>, NotTcp> {
    match datagram.behind_extensions()? {
        (datagram, None) => look_into(datagram, DEEPEST),
        (datagram, Some(fragment)) => Ok(Innermost::Fragment(datagram, fragment)),
    }
}

fn unpack(next: Next, bytes: &[u8], original_len: u32, depth: usize) -> Result<Innermost<'_>, NotTcp> {
    let at = link::find_ip(next, bytes)?;
    let (datagram, fragment) = ip::parse(&bytes[at..], original_len.saturating_sub(at as u32))?;
    match fragment {
        Some(fragment) => Ok(Innermost::Fragment(datagram, fragment)),
        None => look_into(datagram, depth),
    }
}

#[inline]
fn look_into(datagram: Datagram<'_>, depth: usize) -> Result<Innermost<'_>, NotTcp> {
    if datagram.protocol == IpProtocol::TCP {
        return Ok(Innermost::Whole(datagram));
    }
    let Some((next, at)) = inside(&datagram)? else { return Ok(Innermost::Whole(datagram)) };
    if depth == 0 {
        return Err(NotTcp::Malformed(Malformed::TooDeep));
    }
    let mut inner = datagram;
    inner.advance(at)?;
    unpack(next, inner.bytes, inner.len, depth - 1).or_else(|reason| match reason {
        // A tunnel with something else in it: what is known is which kind of tunnel. Over UDP a port is but a hint.
        NotTcp::NotIp(_) => Ok(Innermost::Whole(datagram)),
        NotTcp::Malformed(_) if datagram.protocol == IpProtocol::UDP => Ok(Innermost::Whole(datagram)),
        reason => Err(reason),
    })
}

/// What a datagram holds, and how far into its payload; `None` when it is no tunnel.
fn inside(datagram: &Datagram<'_>) -> Result<Option<(Next, usize)>, NotTcp> {
    let bytes = datagram.bytes;
    match datagram.protocol.0 {
        IPV4 | IPV6 => Ok(Some((Next::Ip, 0))),
        GRE => gre(bytes),
        UDP => Ok(udp(bytes)),
        // The number zero is what manages the tunnel (RFC 3931 section 4.1.1).
        L2TP if bytes.first_chunk::<4>().ok_or(NotTcp::Cut)? != &[0; 4] => Ok(Some((Next::Session, 4))),
        _ => Ok(None),
    }
}

/// Version 0 has a checksum, a key and a sequence number if its first bits say so, version 1 (RFC 2637) always a key,
/// and carries PPP.
fn gre(bytes: &[u8]) -> Result<Option<(Next, usize)>, NotTcp> {
    let &[flags, version, high, low] = bytes.first_chunk().ok_or(NotTcp::Cut)?;
    let word = |bit: u8| if flags & bit != 0 { 4 } else { 0 };
    let (checksum, routing, key, sequence) = (word(0x80), flags & 0x40 != 0, word(0x20), word(0x10));
    Ok(match version & 0b111 {
        0 if !routing => {
            let header_len = 4 + checksum + key + sequence;
            Some(match u16::from_be_bytes([high, low]) {
                // The first version has no header of its own, the second one of eight octets: a sequence number tells.
                ERSPAN if sequence == 0 => (Next::Ethernet, header_len),
                ERSPAN => (Next::Ethernet, header_len + 8),
                ERSPAN_III => {
                    let header = bytes.get(header_len..).ok_or(NotTcp::Cut)?;
                    (Next::Ethernet, header_len + erspan_iii_len(header)?)
                }
                number => (Next::EtherType(number), header_len),
            })
        }
        1 => {
            let acknowledgment = if version & 0x80 != 0 { 4 } else { 0 };
            // Without a sequence number there is no payload (RFC 2637 section 4.1).
            (sequence != 0).then_some((Next::Ppp, 4 + key + sequence + acknowledgment))
        }
        _ => None,
    })
}

/// How long the header of ERSPAN's third version is: its last bit tells of a part that depends on the switch.
fn erspan_iii_len(header: &[u8]) -> Result<usize, NotTcp> {
    let last = header.get(11).ok_or(NotTcp::Cut)?;
    Ok(if last & 1 != 0 { 20 } else { 12 })
}

fn udp(bytes: &[u8]) -> Option<(Next, usize)> {
    let (header, body) = bytes.split_first_chunk::<UDP_HEADER_LEN>()?;
    let &[flags, second, high, low, .., last] = body.first_chunk::<8>()?;
    match u16::from_be_bytes([header[2], header[3]]) {
        // The highest flag is that of a policy group (draft-smith-vxlan-group-policy).
        VXLAN_PORT | LINUX_VXLAN_PORT if flags & 0x7f == 0x08 && last == 0 => {
            Some((Next::Ethernet, UDP_HEADER_LEN + 8))
        }
        // Version 0; the low six bits are the length of its options in words. In the second octet C and reserved bits.
        GENEVE_PORT if flags & 0xc0 == 0 && second & 0x3f == 0 => {
            let options_len = usize::from(flags & 0x3f) * 4;
            let next = Next::EtherType(u16::from_be_bytes([high, low]));
            Some((next, UDP_HEADER_LEN + 8 + options_len))
        }
        // Version 0, and flags that say: there is an instance, and what comes next.
        VXLAN_GPE_PORT if flags & 0x3c == 0x0c => Some((link::next_protocol(low)?, UDP_HEADER_LEN + 8)),
        // Data of version 3 (RFC 3931 section 4.1.2); version 2 has PPP behind a header of its own.
        L2TP_PORT if flags & 0x80 == 0 && second & 0x0f == 3 => Some((Next::Session, UDP_HEADER_LEN + 8)),
        L2TP_PORT if flags & 0x80 == 0 && second & 0x0f == 2 => {
            Some((Next::Ppp, UDP_HEADER_LEN + l2tp_len(flags, body)?))
        }
        GTP_PORT => Some((Next::Ip, UDP_HEADER_LEN + gtp_len(body)?)),
        _ => None,
    }
}

/// How long the header of data in L2TP's version 2 is (RFC 2661 section 3.1): its flags say what of it is there.
fn l2tp_len(flags: u8, body: &[u8]) -> Option<usize> {
    let part = |bit: u8, len: usize| if flags & bit != 0 { len } else { 0 };
    let before_offset = 2 + part(0x40, 2) + 4 + part(0x08, 4);
    match flags & 0x02 {
        0 => Some(before_offset),
        _ => {
            let offset = body.get(before_offset..before_offset + 2)?;
            Some(before_offset + 2 + usize::from(u16::from_be_bytes([offset[0], offset[1]])))
        }
    }
}

/// How long the header of a packet in GTP-U is (3GPP TS 29.281 section 5); `None` for what manages the tunnel.
fn gtp_len(body: &[u8]) -> Option<usize> {
    const VERSION_1: u8 = 0x30;
    const HAS_MORE: u8 = 0x07;
    const HAS_EXTENSIONS: u8 = 0x04;
    const PACKET: u8 = 255;
    let &[flags, PACKET, ..] = body else { return None };
    match flags {
        _ if flags & 0xf0 != VERSION_1 => None,
        _ if flags & HAS_MORE == 0 => Some(8),
        _ if flags & HAS_EXTENSIONS == 0 => Some(12),
        _ => {
            // Each extension has its length in words first, and what kind the next one is last.
            let mut len = 12;
            while *body.get(len - 1)? != 0 {
                len += 4 * usize::from(*body.get(len)?).max(1);
            }
            Some(len)
        }
    }
}
