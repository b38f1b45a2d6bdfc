//! The virtio-net header: the ten octets that stand before each packet on a TUN opened with
//! `IFF_VNET_HDR` (OASIS virtio 1.2 section 5.1.6, without `num_buffers`).
//!
//! | octets | field | here |
//! |---|---|---|
//! | 0 | flags | which [`ChecksumOffload`] |
//! | 1 | gso_type | which [`SegmentationKind`], [`Segmentation::ecn`] |
//! | 2..4 | hdr_len | [`Segmentation::header_len`] |
//! | 4..6 | gso_size | [`Segmentation::size`] |
//! | 6..8 | csum_start | [`ChecksumOffload::Partial`] |
//! | 8..10 | csum_offset | [`ChecksumOffload::Partial`] |
//!
//! Little-endian, as virtio 1.0 and later have it; [`tun`](crate::tun) tells the kernel so.

use std::fmt;

use crate::packet::{ChecksumOffload, Offload, Segmentation, SegmentationKind};

/// The header's length, octets.
pub const HEADER_LEN: usize = 10;

const FLAG_NEEDS_CHECKSUM: u8 = 1;
const FLAG_DATA_VALID: u8 = 2;

const GSO_NONE: u8 = 0;
const GSO_TCP4: u8 = 1;
const GSO_TCP6: u8 = 4;
const GSO_ECN: u8 = 0x80;

/// Reads a header. The places in it are not held against the packet behind it: whoever uses them does that.
///
/// # Errors
/// See [`HeaderError`].
pub fn parse(header: &[u8; HEADER_LEN]) -> Result<Offload, HeaderError> {
    let [flags, gso_type, h0, h1, g0, g1, s0, s1, o0, o1] = *header;
    let checksum = if flags & FLAG_NEEDS_CHECKSUM != 0 {
        ChecksumOffload::Partial { start: u16::from_le_bytes([s0, s1]), offset: u16::from_le_bytes([o0, o1]) }
    } else if flags & FLAG_DATA_VALID != 0 {
        ChecksumOffload::Verified
    } else {
        ChecksumOffload::None
    };
    let kind = match gso_type & !GSO_ECN {
        GSO_NONE => return Ok(Offload { checksum, segmentation: None }),
        GSO_TCP4 => SegmentationKind::Tcp4,
        GSO_TCP6 => SegmentationKind::Tcp6,
        other => return Err(HeaderError::Segmentation(other)),
    };
    let size = u16::from_le_bytes([g0, g1]);
    if size == 0 {
        return Err(HeaderError::SegmentSize);
    }
    let header_len = u16::from_le_bytes([h0, h1]);
    let segmentation = Segmentation { kind, size, header_len, ecn: gso_type & GSO_ECN != 0 };
    Ok(Offload { checksum, segmentation: Some(segmentation) })
}

/// Writes a header.
#[must_use]
pub fn write(offload: &Offload) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    match offload.checksum {
        ChecksumOffload::None => {}
        ChecksumOffload::Partial { start, offset } => {
            header[0] = FLAG_NEEDS_CHECKSUM;
            header[6..8].copy_from_slice(&start.to_le_bytes());
            header[8..10].copy_from_slice(&offset.to_le_bytes());
        }
        ChecksumOffload::Verified => header[0] = FLAG_DATA_VALID,
    }
    if let Some(segmentation) = offload.segmentation {
        header[1] = match segmentation.kind {
            SegmentationKind::Tcp4 => GSO_TCP4,
            SegmentationKind::Tcp6 => GSO_TCP6,
        };
        if segmentation.ecn {
            header[1] |= GSO_ECN;
        }
        header[2..4].copy_from_slice(&segmentation.header_len.to_le_bytes());
        header[4..6].copy_from_slice(&segmentation.size.to_le_bytes());
    }
    header
}

/// Why ten octets are no header that was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// A `gso_type` that is neither TCP over IPv4 nor over IPv6.
    Segmentation(u8),
    /// A super-segment of segments without payload.
    SegmentSize,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segmentation(kind) => {
                write!(f, "virtio-net header with gso_type {kind}, which was not agreed on")
            }
            Self::SegmentSize => f.write_str("virtio-net header of a super-segment with gso_size 0"),
        }
    }
}

impl std::error::Error for HeaderError {}

#[cfg(test)]
mod tests;
