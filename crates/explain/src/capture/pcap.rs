//! The pcap format (draft-ietf-opsawg-pcap): a file header, then a record a frame.
//!
//! | magic | what differs |
//! |---|---|
//! | a1b2c3d4 | times in microseconds |
//! | a1b23c4d | times in nanoseconds |
//! | a1b2cd34 | eight more octets in each record's header: Alexey Kuznetzov's libpcap for Linux |
//! | 1c0001ac, 1c0001ab | Ixia's capture cards: nanoseconds, four more octets behind the file header |

use std::io::Read;

use super::buffer::Buffer;
use super::decode::Decoded;
use super::{ByteOrder, CaptureError, Interface, LONGEST_RECORD, LinkType, Record};

const FILE_HEADER_LEN: usize = 24;
const RECORD_HEADER_LEN: usize = 16;
const IXIA_SURPLUS: usize = 4;
const KUZNETZOV_SURPLUS: usize = 8;

/// What the magic number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    order: ByteOrder,
    /// Nanoseconds in one unit of a time's second word.
    unit: u64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Common,
    Kuznetzov,
    Ixia,
}

impl Variant {
    pub(super) fn of(magic: [u8; 4]) -> Option<Self> {
        let read = |order, value| {
            let (unit, kind) = match value {
                0xa1b2_c3d4 => (1000, Kind::Common),
                0xa1b2_3c4d => (1, Kind::Common),
                0xa1b2_cd34 => (1000, Kind::Kuznetzov),
                0x1c00_01ac | 0x1c00_01ab => (1, Kind::Ixia),
                _ => return None,
            };
            Some(Self { order, unit, kind })
        };
        read(ByteOrder::Little, u32::from_le_bytes(magic))
            .or_else(|| read(ByteOrder::Big, u32::from_be_bytes(magic)))
    }
}

/// Which of a record's two lengths stands first: versions before 2.3 had them the other way round, and of 2.3 there
/// are files of both kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lengths {
    CapturedFirst,
    OriginalFirst,
    LesserIsCaptured,
}

/// What a file header says.
#[derive(Debug)]
pub(super) struct Pcap {
    variant: Variant,
    lengths: Lengths,
    header_len: usize,
    link: LinkType,
    interface: [Interface; 1],
}

impl Pcap {
    pub(super) fn open<R: Read>(
        variant: Variant,
        buffer: &mut Buffer<Decoded<R>>,
    ) -> Result<Self, CaptureError> {
        let len = FILE_HEADER_LEN + if variant.kind == Kind::Ixia { IXIA_SURPLUS } else { 0 };
        if !buffer.fill(len)? {
            return Err(buffer.cut());
        }
        let octets = buffer.take(len);
        let order = variant.order;
        let version = (order.u16(octets, 4), order.u16(octets, 6));
        let snap_len = order.u32(octets, 16);
        // Above the link type stands how long the frame check sequence is that frames end with; IP's own length cuts
        // it off.
        let link = LinkType(order.u32(octets, 20) as u16);
        let lengths = match version {
            (2, 0..3) => Lengths::OriginalFirst,
            (2, 3) => Lengths::LesserIsCaptured,
            (2, _) => Lengths::CapturedFirst,
            (major, minor) => return Err(CaptureError::Version { format: "pcap", major, minor }),
        };
        let header_len =
            RECORD_HEADER_LEN + if variant.kind == Kind::Kuznetzov { KUZNETZOV_SURPLUS } else { 0 };
        let interface = [Interface { number: 0, link, snap_len, name: None }];
        Ok(Self { variant, lengths, header_len, link, interface })
    }

    pub(super) fn interfaces(&self) -> &[Interface] {
        &self.interface
    }

    #[inline]
    pub(super) fn next<R: Read>(
        &mut self,
        buffer: &mut Buffer<Decoded<R>>,
    ) -> Result<Option<Record>, CaptureError> {
        if !buffer.fill(self.header_len)? {
            return if buffer.available().is_empty() { Ok(None) } else { Err(buffer.cut()) };
        }
        let octets = &buffer.available()[..self.header_len];
        let order = self.variant.order;
        let (seconds, fraction) = (order.u32(octets, 0), order.u32(octets, 4));
        let time = u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * self.variant.unit;
        let (captured, original_len) = self.lengths.sort(order.u32(octets, 8), order.u32(octets, 12));
        let interface = if self.variant.kind == Kind::Kuznetzov { order.u32(octets, 16) } else { 0 };
        if captured > LONGEST_RECORD {
            return Err(CaptureError::TooLong { offset: buffer.offset(), len: captured.into() });
        }
        let bytes_len = captured as usize;
        let len = self.header_len + bytes_len;
        if !buffer.fill(len)? {
            return Err(buffer.cut());
        }
        let time = Some(time);
        let (bytes_at, link) = (self.header_len, self.link);
        Ok(Some(Record { len, bytes_at, bytes_len, time, link, interface, original_len, comment: None }))
    }
}

impl Lengths {
    fn sort(self, first: u32, second: u32) -> (u32, u32) {
        match self {
            Self::CapturedFirst => (first, second),
            Self::OriginalFirst => (second, first),
            Self::LesserIsCaptured => (first.min(second), first.max(second)),
        }
    }
}
