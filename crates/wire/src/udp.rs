//! UDP (RFC 768).

use bytes::{Buf, Bytes};
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::{Checksum, PseudoHeader};

/// The UDP header, in octets.
pub const HEADER_LEN: usize = 8;
/// Where the checksum field stands in the header.
pub const CHECKSUM_OFFSET: usize = core::mem::offset_of!(Header, checksum);

/// The header as it stands on the wire.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Header {
    source_port: U16,
    destination_port: U16,
    length: U16,
    checksum: U16,
}

/// A datagram: its ports, and the payload as a slice of the buffer it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UdpDatagram {
    /// The sender's port; 0 when it expects no answer.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The text of the datagram.
    pub payload: Bytes,
}

impl UdpDatagram {
    /// Reads a datagram. `bytes` is what IP carries; what stands behind the UDP length is cut off. A
    /// length of zero reaches to the end of `bytes` when these are over 65,535 octets (RFC 2675 section 4).
    ///
    /// `pseudo_header` is `Some` when the checksum is to be verified, and `None` when whoever handed the
    /// datagram over vouches for it. Its length is replaced by the one that UDP states. A checksum of zero
    /// means that there is none, which only IPv4 allows (RFC 8200 section 8.1).
    ///
    /// # Errors
    /// See [`UdpError`].
    pub fn parse(bytes: Bytes, pseudo_header: Option<&PseudoHeader>) -> Result<Self, UdpError> {
        let (header, _) = Header::ref_from_prefix(&bytes).map_err(|_| UdpError::Truncated)?;
        let len = match usize::from(header.length.get()) {
            0 if bytes.len() > usize::from(u16::MAX) => bytes.len(),
            len => len,
        };
        if len < HEADER_LEN {
            return Err(UdpError::Length);
        }
        let covered = bytes.get(..len).ok_or(UdpError::Truncated)?;
        if let Some(pseudo_header) = pseudo_header {
            verify(header, covered, pseudo_header)?;
        }
        let (source_port, destination_port) = (header.source_port.get(), header.destination_port.get());
        let mut payload = bytes;
        payload.truncate(len);
        payload.advance(HEADER_LEN);
        Ok(Self { source_port, destination_port, payload })
    }

    /// The length with the header, in octets.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a datagram has a header at least")]
    pub fn len(&self) -> usize {
        HEADER_LEN + self.payload.len()
    }

    /// Writes the header, without the payload, to the front of `buffer`, and returns its length of eight.
    /// The checksum covers header and payload, and is never sent as zero. A length over 65,535 is written
    /// as zero: such a datagram is for a device that will cut it into smaller ones.
    ///
    /// `pseudo_header` names the two addresses; its length is replaced by [`UdpDatagram::len`].
    ///
    /// # Panics
    /// When `buffer` is shorter than eight octets.
    pub fn write_header(&self, pseudo_header: &PseudoHeader, buffer: &mut [u8]) -> usize {
        let mut header = Header {
            source_port: self.source_port.into(),
            destination_port: self.destination_port.into(),
            length: u16::try_from(self.len()).unwrap_or(0).into(),
            checksum: U16::ZERO,
        };
        let pseudo_header = PseudoHeader { length: self.len() as u32, ..*pseudo_header };
        let mut checksum = Checksum::with_pseudo_header(&pseudo_header);
        checksum.add(header.as_bytes());
        checksum.add(&self.payload);
        header.checksum = match checksum.finish() {
            // In one's complement the same number, and the one that does not mean "none".
            0 => 0xffff,
            sum => sum,
        }
        .into();
        buffer[..HEADER_LEN].copy_from_slice(header.as_bytes());
        HEADER_LEN
    }
}

fn verify(header: &Header, covered: &[u8], pseudo_header: &PseudoHeader) -> Result<(), UdpError> {
    if header.checksum == U16::ZERO {
        return if pseudo_header.source.is_ipv4() { Ok(()) } else { Err(UdpError::Checksum) };
    }
    let pseudo_header = PseudoHeader { length: covered.len() as u32, ..*pseudo_header };
    let mut checksum = Checksum::with_pseudo_header(&pseudo_header);
    checksum.add(covered);
    if checksum.finish() == 0 { Ok(()) } else { Err(UdpError::Checksum) }
}

/// Why bytes are no UDP datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UdpError {
    /// Fewer octets than the header, or than its length field claims.
    Truncated,
    /// A length field under eight.
    Length,
    /// The checksum does not match, or is missing over IPv6.
    Checksum,
}

impl core::fmt::Display for UdpError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the datagram is shorter than its UDP header says",
            Self::Length => "the UDP length is under eight octets",
            Self::Checksum => "the UDP checksum does not match, or is missing over IPv6",
        })
    }
}

impl core::error::Error for UdpError {}

#[cfg(test)]
mod tests;
