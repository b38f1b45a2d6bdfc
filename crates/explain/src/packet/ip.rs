//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers, as leniently as one reads who only watches.
//!
//! A length of zero is that of a packet which the sender's hardware cuts into smaller ones, or of one that is too long
//! for the field: it reaches to the end of the frame, or as far as a jumbo payload option says (RFC 2675).

use std::net::IpAddr;

use synfin_wire::{Ecn, IpProtocol};

use super::{Malformed, NotTcp};

const V4_HEADER_LEN: usize = 20;
const V6_HEADER_LEN: usize = 40;
/// As many extension headers as are passed over.
const MOST_EXTENSIONS: usize = 16;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION_OPTIONS: u8 = 60;
const MOBILITY: u8 = 135;
const HIP: u8 = 139;
const SHIM6: u8 = 140;

/// An IP packet, of which the front at least was captured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// What `bytes` begin with.
    pub(super) protocol: IpProtocol,
    pub(super) hop_limit: u8,
    /// Of IPv4; 0 over IPv6.
    pub(super) identification: u16,
    pub(super) ecn: Ecn,
    /// What it carries, as far as that was captured.
    pub(super) bytes: &'a [u8],
    /// How long that is according to the header.
    pub(super) len: u32,
    /// `destination` is but a stop on the way.
    pub(super) rerouted: bool,
}

/// Which part of a datagram a fragment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    pub(super) identification: u32,
    /// Octets from the start of the datagram's payload.
    pub(super) offset: u32,
    pub(super) more: bool,
}

/// Reads the packet at the front of `bytes`, which is said to be `original_len` octets long.
pub(super) fn parse(bytes: &[u8], original_len: u32) -> Result<(Datagram<'_>, Option<Fragment>), NotTcp> {
    match bytes.first().ok_or(NotTcp::Cut)? >> 4 {
        4 => parse_v4(bytes, original_len),
        6 => parse_v6(bytes, original_len),
        version => Err(NotTcp::Malformed(Malformed::IpVersion(version))),
    }
}

fn parse_v4(bytes: &[u8], original_len: u32) -> Result<(Datagram<'_>, Option<Fragment>), NotTcp> {
    let (fixed, _) = bytes.split_first_chunk::<V4_HEADER_LEN>().ok_or(NotTcp::Cut)?;
    let header_len = usize::from(fixed[0] & 0x0f) * 4;
    if header_len < V4_HEADER_LEN {
        return Err(NotTcp::Malformed(Malformed::IpHeaderLength));
    }
    let total_len = match u16::from_be_bytes([fixed[2], fixed[3]]) {
        0 => original_len,
        len => len.into(),
    };
    let len = total_len.checked_sub(header_len as u32).ok_or(NotTcp::Malformed(Malformed::IpTotalLength))?;
    let payload = bytes.get(header_len..).ok_or(NotTcp::Cut)?;
    let identification = u16::from_be_bytes([fixed[4], fixed[5]]);
    let flags_and_offset = u16::from_be_bytes([fixed[6], fixed[7]]);
    let (more, offset) = (flags_and_offset & 0x2000 != 0, u32::from(flags_and_offset & 0x1fff) * 8);
    let fragment = Fragment { identification: identification.into(), offset, more };
    let &[.., a, b, c, d, e, f, g, h] = fixed;
    let datagram = Datagram {
        source: [a, b, c, d].into(),
        destination: [e, f, g, h].into(),
        protocol: IpProtocol(fixed[9]),
        hop_limit: fixed[8],
        identification,
        ecn: Ecn::from_bits(fixed[1]),
        bytes: up_to(payload, len),
        len,
        rerouted: is_source_routed(&bytes[V4_HEADER_LEN..header_len]),
    };
    if more || offset != 0 { Ok((datagram, Some(fragment))) } else { datagram.behind_extensions() }
}

/// Whether there is a source route that is not at its end (RFC 791 section 3.1).
fn is_source_routed(mut options: &[u8]) -> bool {
    const END: u8 = 0;
    const NOP: u8 = 1;
    const LOOSE: u8 = 131;
    const STRICT: u8 = 137;
    loop {
        options = match *options {
            [NOP, ref behind @ ..] => behind,
            [LOOSE | STRICT, len, pointer, ..] => return pointer < len,
            [kind, len, ..] if kind != END && len >= 2 => match options.get(usize::from(len)..) {
                Some(behind) => behind,
                None => return false,
            },
            _ => return false,
        }
    }
}

fn parse_v6(bytes: &[u8], original_len: u32) -> Result<(Datagram<'_>, Option<Fragment>), NotTcp> {
    let (fixed, payload) = bytes.split_first_chunk::<V6_HEADER_LEN>().ok_or(NotTcp::Cut)?;
    let len = match u16::from_be_bytes([fixed[4], fixed[5]]) {
        0 => {
            jumbo_len(fixed[6], payload).unwrap_or_else(|| original_len.saturating_sub(V6_HEADER_LEN as u32))
        }
        len => len.into(),
    };
    let address = |at: usize| {
        let mut octets = [0; 16];
        octets.copy_from_slice(&fixed[at..at + 16]);
        IpAddr::from(octets)
    };
    let datagram = Datagram {
        source: address(8),
        destination: address(24),
        protocol: IpProtocol(fixed[6]),
        hop_limit: fixed[7],
        identification: 0,
        ecn: Ecn::from_bits(fixed[1] >> 4),
        bytes: up_to(payload, len),
        len,
        rerouted: false,
    };
    datagram.behind_extensions()
}

/// What a jumbo payload option says, which stands in a hop-by-hop header (RFC 2675 section 2).
fn jumbo_len(next_header: u8, payload: &[u8]) -> Option<u32> {
    const PAD_ONE: u8 = 0;
    const JUMBO_PAYLOAD: u8 = 0xc2;
    if next_header != HOP_BY_HOP {
        return None;
    }
    let header_len = (usize::from(*payload.get(1)?) + 1) * 8;
    let mut options = payload.get(2..header_len.min(payload.len()))?;
    loop {
        options = match *options {
            [PAD_ONE, ref behind @ ..] => behind,
            [JUMBO_PAYLOAD, 4, a, b, c, d, ..] => return Some(u32::from_be_bytes([a, b, c, d])),
            [_, len, ref behind @ ..] => behind.get(usize::from(len)..)?,
            _ => return None,
        }
    }
}

impl<'a> Datagram<'a> {
    /// Passes over the extension headers that the payload begins with, up to a fragment header that matters. An
    /// authentication header is one of them, over IPv4 too (RFC 4302).
    pub(super) fn behind_extensions(mut self) -> Result<(Self, Option<Fragment>), NotTcp> {
        for _ in 0..MOST_EXTENSIONS {
            let header_len = match (self.protocol.0, self.source) {
                (AUTHENTICATION, _) => (usize::from(self.octet(1)?) + 2) * 4,
                (HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS | MOBILITY | HIP | SHIM6, IpAddr::V6(_)) => {
                    (usize::from(self.octet(1)?) + 1) * 8
                }
                (FRAGMENT, IpAddr::V6(_)) => 8,
                _ => return Ok((self, None)),
            };
            let (kind, header) = (self.protocol.0, self.bytes);
            self.protocol = IpProtocol(self.octet(0)?);
            let segments_left = if kind == ROUTING { self.octet(3)? } else { 0 };
            self.rerouted |= segments_left != 0;
            self.advance(header_len)?;
            if kind == FRAGMENT
                && let Some(fragment) = v6_fragment(header)
            {
                return Ok((self, Some(fragment)));
            }
        }
        Err(NotTcp::Malformed(Malformed::TooDeep))
    }

    /// The payload without its first `count` octets.
    pub(super) fn advance(&mut self, count: usize) -> Result<(), NotTcp> {
        let left = self.len.checked_sub(count as u32);
        self.len = left.ok_or(NotTcp::Malformed(Malformed::ExtensionHeader))?;
        self.bytes = self.bytes.get(count..).ok_or(NotTcp::Cut)?;
        Ok(())
    }

    fn octet(&self, at: usize) -> Result<u8, NotTcp> {
        self.bytes.get(at).copied().ok_or(NotTcp::Cut)
    }
}

/// `None` when the fragment is the whole datagram, which is then like any other (RFC 6946), or when the header is cut.
fn v6_fragment(header: &[u8]) -> Option<Fragment> {
    let &[_, _, offset_high, offset_low, a, b, c, d] = header.first_chunk()?;
    let field = u16::from_be_bytes([offset_high, offset_low]);
    let (offset, more) = (u32::from(field & !0b111), field & 1 != 0);
    (more || offset != 0).then_some(Fragment {
        identification: u32::from_be_bytes([a, b, c, d]),
        offset,
        more,
    })
}

fn up_to(bytes: &[u8], len: u32) -> &[u8] {
    &bytes[..bytes.len().min(len as usize)]
}
