//! The IPv4 header (RFC 791 section 3.1).

use core::net::Ipv4Addr;

use bytes::Bytes;
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{Ecn, Fragment, IpError, IpHeader, IpPacket, IpProtocol, V4_HEADER_LEN};
use crate::checksum::Checksum;

const VERSION: u8 = 4 << 4;
const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET_MASK: u16 = 0x1fff;

/// The header as it stands on the wire, without its options.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct FixedHeader {
    version_and_length: u8,
    dscp_and_ecn: u8,
    total_length: U16,
    identification: U16,
    flags_and_offset: U16,
    time_to_live: u8,
    protocol: u8,
    checksum: U16,
    source: [u8; 4],
    destination: [u8; 4],
}

impl FixedHeader {
    fn header_len(&self) -> usize {
        usize::from(self.version_and_length & 0x0f) * 4
    }

    fn fragment(&self) -> Option<Fragment> {
        let field = self.flags_and_offset.get();
        let offset = (field & OFFSET_MASK) * 8;
        let more = field & MORE_FRAGMENTS != 0;
        let identification = u32::from(self.identification.get());
        (more || offset != 0).then_some(Fragment { identification, offset, more })
    }

    #[inline]
    fn to_header(&self) -> IpHeader {
        IpHeader {
            source: Ipv4Addr::from(self.source).into(),
            destination: Ipv4Addr::from(self.destination).into(),
            protocol: IpProtocol(self.protocol),
            hop_limit: self.time_to_live,
            dscp: self.dscp_and_ecn >> 2,
            ecn: Ecn::from_bits(self.dscp_and_ecn),
            flow_label: 0,
            dont_fragment: self.flags_and_offset.get() & DONT_FRAGMENT != 0,
            identification: self.identification.get(),
            fragment: self.fragment(),
        }
    }
}

pub(super) fn parse(bytes: Bytes, trust_checksum: bool) -> Result<IpPacket, IpError> {
    let (fixed, behind) = FixedHeader::ref_from_prefix(&bytes).map_err(|_| IpError::Truncated)?;
    let header_len = fixed.header_len();
    let options_len = header_len.checked_sub(V4_HEADER_LEN).ok_or(IpError::HeaderLength)?;
    let options = behind.get(..options_len).ok_or(IpError::Truncated)?;
    let total_len = match usize::from(fixed.total_length.get()) {
        0 if bytes.len() > usize::from(u16::MAX) => bytes.len(),
        total_len => total_len,
    };
    let payload_len = total_len.checked_sub(header_len).ok_or(IpError::HeaderLength)?;
    if total_len > bytes.len() {
        return Err(IpError::Truncated);
    }
    if !trust_checksum {
        let mut checksum = Checksum::new();
        checksum.add(&bytes[..header_len]);
        if checksum.finish() != 0 {
            return Err(IpError::Checksum);
        }
    }
    if !options.is_empty() {
        check_options(options)?;
    }
    let header = fixed.to_header();
    header.fragment.map(|fragment| fragment.check(payload_len)).transpose()?;
    let mut packet = IpPacket { header, payload: bytes, header_len };
    packet.narrow(header_len, payload_len);
    Ok(packet)
}

/// Sees to it that the options follow one another up to the end of the header (RFC 1122 section 3.2.1.8).
fn check_options(mut rest: &[u8]) -> Result<(), IpError> {
    const END: u8 = 0;
    const NOP: u8 = 1;
    loop {
        rest = match *rest {
            [] | [END, ..] => return Ok(()),
            [NOP, ref behind @ ..] => behind,
            [_, len, ..] if len >= 2 => rest.get(usize::from(len)..).ok_or(IpError::HeaderLength)?,
            [_, ..] => return Err(IpError::HeaderLength),
        }
    }
}

pub(super) fn write(
    header: &IpHeader,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    payload_len: usize,
    buffer: &mut [u8],
) -> usize {
    let mut fixed = FixedHeader {
        version_and_length: VERSION | (V4_HEADER_LEN / 4) as u8,
        dscp_and_ecn: header.dscp << 2 | header.ecn.bits(),
        total_length: u16::try_from(V4_HEADER_LEN + payload_len).unwrap_or(0).into(),
        identification: header.identification.into(),
        flags_and_offset: if header.dont_fragment { DONT_FRAGMENT } else { 0 }.into(),
        time_to_live: header.hop_limit,
        protocol: header.protocol.0,
        checksum: U16::ZERO,
        source: source.octets(),
        destination: destination.octets(),
    };
    let mut checksum = Checksum::new();
    checksum.add(fixed.as_bytes());
    fixed.checksum = checksum.finish().into();
    buffer[..V4_HEADER_LEN].copy_from_slice(fixed.as_bytes());
    V4_HEADER_LEN
}
