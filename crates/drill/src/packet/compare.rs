//! What the script expects against what the host has sent.

use std::fmt::Display;

use synfin_wire::IpHeader;

use super::{Numbers, Seen, options};
use crate::ast::{IpFields, Outer, Packet, Tcp, TcpOption, Tos};

/// The first field in which a packet is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) field: &'static str,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: expected {}, found {}", self.field, self.expected, self.found)
    }
}

pub(super) fn check<T: PartialEq + Display>(
    field: &'static str,
    expected: T,
    found: T,
) -> Result<(), Difference> {
    if expected == found {
        return Ok(());
    }
    Err(Difference { field, expected: expected.to_string(), found: found.to_string() })
}

/// How exactly timestamps are compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StampRule {
    /// How long a tick is, microseconds; zero compares no values.
    pub(crate) tick: u64,
    /// How far a value may be off, microseconds.
    pub(crate) tolerance: u64,
}

/// The host has no tunnels: what it sends has one IP header.
pub(crate) fn headers(outer: &[Outer]) -> Result<(), Difference> {
    check("headers", 2 + outer.len(), 2)
}

/// Compares a whole packet; `seen` is in the numbers of the script.
pub(crate) fn packet(
    expected: &Packet,
    tcp: &Tcp,
    seen: &Seen,
    numbers: &mut Numbers,
    stamps: StampRule,
) -> Result<(), Difference> {
    if !seen.checksum_holds {
        return Err(Difference {
            field: "checksum",
            expected: "a right one".into(),
            found: "a wrong one".into(),
        });
    }
    flags(tcp, &seen.tcp)?;
    check("payload length", usize::from(tcp.payload), seen.payload.len())?;
    check("seq", tcp.seq, seen.tcp.seq)?;
    check("ack", tcp.ack, seen.tcp.ack)?;
    if let (Some(expected), Some(found)) = (tcp.window, seen.tcp.window) {
        check("win", expected, found)?;
    }
    check("urg", tcp.urgent, seen.tcp.urgent)?;
    check("reserved bits", 0, seen.reserved)?;
    ip_fields(&expected.ip, seen, numbers)?;
    option_list(tcp, &seen.tcp, stamps)?;
    if seen.payload.iter().any(|octet| *octet != 0) {
        return Err(Difference { field: "payload", expected: "zeros".into(), found: "other octets".into() });
    }
    Ok(())
}

/// Whether `next` may follow what was put together so far in one super-segment: nothing but PSH, FIN and CWR may
/// differ, and all fragments before the last are of one length. `missing` octets are still expected.
pub(crate) fn fragment(last: &Seen, next: &Seen, len: usize, missing: usize) -> Result<(), Difference> {
    const OF_THE_LAST: u8 = 0b1000_1001;
    if next.payload.len() < missing {
        check("payload length", len, next.payload.len())?;
    }
    let expected = last.tcp.flags.octet & !OF_THE_LAST;
    check("flags", expected, next.tcp.flags.octet & !OF_THE_LAST)?;
    check("seq", last.tcp.seq.wrapping_add(last.payload.len() as u32), next.tcp.seq)?;
    check("ack", last.tcp.ack, next.tcp.ack)?;
    check("win", last.tcp.window.unwrap_or(0), next.tcp.window.unwrap_or(0))?;
    let len = |tcp: &Tcp| options::encode(tcp.options.as_deref().unwrap_or_default(), 0).len();
    check("option length", len(&last.tcp), len(&next.tcp))
}

fn flags(expected: &Tcp, found: &Tcp) -> Result<(), Difference> {
    const ECN: u8 = 0b1100_0000;
    let plain = |tcp: &Tcp| super::show::flags(&crate::ast::FlagBits { counter: false, ..tcp.flags });
    let same = expected.flags.octet == found.flags.octet && expected.flags.ae == found.flags.ae;
    if same {
        return Ok(());
    }
    let only_ecn = (expected.flags.octet ^ found.flags.octet) & !ECN == 0;
    check(if only_ecn { "ECN flags" } else { "flags" }, plain(expected), plain(found))
}

fn ip_fields(expected: &IpFields, seen: &Seen, numbers: &mut Numbers) -> Result<(), Difference> {
    ip_octets(expected, &seen.ip)?;
    let Some(label) = expected.flow_label.filter(|_| !seen.ip.is_v4()) else { return Ok(()) };
    let found = seen.ip.flow_label;
    let renamed = numbers.flow_label.is_none_or(|(script, live)| (script == label) == (live == found));
    if found == 0 || !renamed {
        return check("flow label", format!("{label:#x}, by its name"), format!("{found:#x}"));
    }
    numbers.flow_label = Some((label, found));
    Ok(())
}

/// TOS and TTL, of which a script names what it will.
pub(super) fn ip_octets(expected: &IpFields, seen: &IpHeader) -> Result<(), Difference> {
    let octet = seen.dscp << 2 | seen.ecn.bits();
    match expected.tos {
        None => {}
        Some(Tos::Ecn(bits)) => check("IP ECN", bits, octet & 0b11)?,
        Some(Tos::Octet(bits)) => check("IP TOS", bits, octet)?,
        Some(Tos::EitherEct) if matches!(octet & 0b11, 0b01 | 0b10) => {}
        Some(Tos::EitherEct) => {
            check("IP ECN", "ECT(0) or ECT(1)".to_owned(), format!("{:#x}", octet & 0b11))?
        }
    }
    expected.hop_limit.map_or(Ok(()), |hop_limit| check("TTL", hop_limit, seen.hop_limit))
}

fn option_list(expected: &Tcp, found: &Tcp, rule: StampRule) -> Result<(), Difference> {
    let (Some(expected), Some(found)) = (&expected.options, &found.options) else { return Ok(()) };
    let differs = || Difference {
        field: "options",
        expected: super::show::options(expected),
        found: super::show::options(found),
    };
    if expected.len() != found.len() {
        return Err(differs());
    }
    for pair in expected.iter().zip(found) {
        match pair {
            (TcpOption::Timestamps { value, .. }, TcpOption::Timestamps { value: seen, .. }) => {
                let off = u64::from(seen.wrapping_sub(*value).cast_signed().unsigned_abs());
                if rule.tick > 0 && off * rule.tick > rule.tolerance {
                    return check("TS val", *value, *seen);
                }
            }
            (expected, found) if expected == found => {}
            _ => return Err(differs()),
        }
    }
    Ok(())
}
