//! The TCP header (RFC 9293 section 3.1), its options (3.2), and a segment that was received.

use bytes::{Buf, Bytes};
use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::checksum::{Checksum, PseudoHeader};
use crate::seq::SeqNumber;

mod acc_ecn;
mod fast_open;
mod md5;
mod options;
mod user_timeout;

pub use acc_ecn::AccEcn;
pub use fast_open::{Cookie, FastOpenOption};
pub use md5::{MD5_OPTION_LEN, Md5Digest, Md5Input};
pub use options::{OptionOrder, SackRange, TcpOptions, Timestamps, sack_len};
pub use user_timeout::UserTimeout;

/// A TCP header without its options, in octets.
pub const HEADER_LEN: usize = 20;
/// The longest TCP header: a data offset of 15 words.
pub const MAX_HEADER_LEN: usize = 60;
/// The longest list of options.
pub const MAX_OPTIONS_LEN: usize = MAX_HEADER_LEN - HEADER_LEN;
/// Where the checksum field stands in the header.
pub const CHECKSUM_OFFSET: usize = core::mem::offset_of!(FixedHeader, checksum);

/// The header as it stands on the wire, without its options.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct FixedHeader {
    source_port: U16,
    destination_port: U16,
    seq: U32,
    ack: U32,
    /// The data offset in the high nibble, then three reserved bits, then the nine control bits.
    offset_and_flags: U16,
    window: U16,
    checksum: U16,
    urgent_pointer: U16,
}

impl FixedHeader {
    /// The data offset, octets.
    fn header_len(&self) -> usize {
        usize::from(self.offset_and_flags.get() >> 12) * 4
    }

    #[inline]
    fn to_header(&self, options: &[u8]) -> TcpHeader {
        let offset_and_flags = self.offset_and_flags.get();
        TcpHeader {
            source_port: self.source_port.get(),
            destination_port: self.destination_port.get(),
            seq: SeqNumber::new(self.seq.get()),
            ack: SeqNumber::new(self.ack.get()),
            flags: Flags::from_bits(offset_and_flags),
            reserved: (offset_and_flags >> 9 & 0b111) as u8,
            window: self.window.get(),
            urgent_pointer: self.urgent_pointer.get(),
            options: TcpOptions::parse(options),
        }
    }
}

/// The control bits in the header's order: the eight of RFC 9293 section 3.1, and AE before them (RFC 9768).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(u16);

impl Flags {
    /// No bit set.
    pub const NONE: Self = Self(0);
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronize sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Push: nothing more is queued behind this.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment field counts.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer counts.
    pub const URG: Self = Self(0x20);
    /// ECN-Echo (RFC 3168).
    pub const ECE: Self = Self(0x40);
    /// Congestion Window Reduced (RFC 3168).
    pub const CWR: Self = Self(0x80);
    /// Accurate ECN (RFC 9768 section 3.1).
    pub const AE: Self = Self(0x100);
    /// The ACE field: AE, CWR and ECE as one number of three bits (RFC 9768 section 3.2).
    pub const ACE: Self = Self(0x1c0);

    /// From the nine bits of the header.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & 0x1ff)
    }

    /// The nine bits of the header.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The ACE field of `number`, of which the three lowest bits count.
    #[must_use]
    pub const fn from_ace(number: u32) -> Self {
        Self(((number & 0b111) as u16) << Self::ACE_SHIFT)
    }

    /// The number in the ACE field, 0 to 7.
    #[must_use]
    pub const fn ace(self) -> u8 {
        (self.0 >> Self::ACE_SHIFT & 0b111) as u8
    }

    const ACE_SHIFT: u16 = 6;

    /// Whether every bit of `other` is set here.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The bits of `self` that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// FIN is set.
    #[must_use]
    pub const fn fin(self) -> bool {
        self.contains(Self::FIN)
    }

    /// SYN is set.
    #[must_use]
    pub const fn syn(self) -> bool {
        self.contains(Self::SYN)
    }

    /// RST is set.
    #[must_use]
    pub const fn rst(self) -> bool {
        self.contains(Self::RST)
    }

    /// PSH is set.
    #[must_use]
    pub const fn psh(self) -> bool {
        self.contains(Self::PSH)
    }

    /// ACK is set.
    #[must_use]
    pub const fn ack(self) -> bool {
        self.contains(Self::ACK)
    }

    /// URG is set.
    #[must_use]
    pub const fn urg(self) -> bool {
        self.contains(Self::URG)
    }
}

impl core::ops::BitOr for Flags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}

impl core::fmt::Debug for Flags {
    /// The names joined by commas, as people write them: `SYN,ACK`.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        const NAMES: [(&str, Flags); 9] = [
            ("SYN", Flags::SYN),
            ("FIN", Flags::FIN),
            ("RST", Flags::RST),
            ("PSH", Flags::PSH),
            ("ACK", Flags::ACK),
            ("URG", Flags::URG),
            ("ECE", Flags::ECE),
            ("CWR", Flags::CWR),
            ("AE", Flags::AE),
        ];
        let mut separator = "";
        for (name, flag) in NAMES {
            if self.contains(flag) {
                write!(f, "{separator}{name}")?;
                separator = ",";
            }
        }
        if separator.is_empty() { f.write_str("NONE") } else { Ok(()) }
    }
}

/// The fields of a TCP header, options included. Ports and numbers are in host order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpHeader {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// SEG.SEQ: the number of the first octet, or of the SYN.
    pub seq: SeqNumber,
    /// SEG.ACK: the next octet expected; counts only when [`Flags::ACK`] is set.
    pub ack: SeqNumber,
    /// The control bits.
    pub flags: Flags,
    /// The three reserved bits. Ignored on receipt by RFC 9293 section 3.1; sent as zero.
    pub reserved: u8,
    /// The window field as it stands in the header, not scaled.
    pub window: u16,
    /// The urgent pointer; counts only when [`Flags::URG`] is set.
    pub urgent_pointer: u16,
    /// The options.
    pub options: TcpOptions,
}

/// A segment that was received: its header, and the payload as a slice of the buffer it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The header.
    pub header: TcpHeader,
    /// The text of the segment.
    pub payload: Bytes,
}

impl Segment {
    /// SEG.LEN: the sequence numbers that the segment takes, SYN and FIN among them.
    #[must_use]
    pub fn sequence_length(&self) -> u32 {
        self.payload.len() as u32 + u32::from(self.header.flags.syn()) + u32::from(self.header.flags.fin())
    }

    /// The number after the last one that the segment takes.
    #[must_use]
    pub fn end(&self) -> SeqNumber {
        self.header.seq + self.sequence_length()
    }

    /// Reads a segment. `bytes` is what IP carries, from the source port on to the end of the text.
    ///
    /// `pseudo_header` is `Some` when the checksum is to be verified (MUST-3), and `None` when whoever
    /// handed the segment over vouches for it (checksum offload).
    ///
    /// # Errors
    /// See [`SegmentError`]; a bad option is no error of the segment: reading stops there and the options
    /// before it stand (MUST-7).
    #[inline]
    pub fn parse(bytes: Bytes, pseudo_header: Option<&PseudoHeader>) -> Result<Self, SegmentError> {
        let (fixed, behind) = FixedHeader::ref_from_prefix(&bytes).map_err(|_| SegmentError::Truncated)?;
        let header_len = fixed.header_len();
        let options_len = header_len.checked_sub(HEADER_LEN).ok_or(SegmentError::DataOffset)?;
        let options = behind.get(..options_len).ok_or(SegmentError::Truncated)?;
        if let Some(pseudo_header) = pseudo_header {
            let mut checksum = Checksum::with_pseudo_header(pseudo_header);
            checksum.add(&bytes);
            if checksum.finish() != 0 {
                return Err(SegmentError::Checksum);
            }
        }
        let header = fixed.to_header(options);
        let mut payload = bytes;
        payload.advance(header_len);
        Ok(Self { header, payload })
    }
}

impl TcpHeader {
    /// Reads the header of a segment of which `bytes` is the front, for whoever watches and may have seen no more: the
    /// options that are not there in full are left out. What comes back with it is the data offset in octets, 20 to
    /// 60, which may be more than there are `bytes`. The checksum is not looked at.
    ///
    /// ```
    /// use synfin_wire::{TcpHeader, TcpOptions};
    ///
    /// // A data offset of 24; of the four octets of options two were captured.
    /// let mut front = [0; 22];
    /// front[12] = 6 << 4;
    /// front[20..].copy_from_slice(&[2, 4]);
    /// let (header, data_offset) = TcpHeader::parse_prefix(&front)?;
    /// assert_eq!((header.options, data_offset), (TcpOptions::default(), 24));
    /// # Ok::<(), synfin_wire::tcp::SegmentError>(())
    /// ```
    ///
    /// # Errors
    /// [`SegmentError::Truncated`] under 20 octets, [`SegmentError::DataOffset`].
    #[inline]
    pub fn parse_prefix(bytes: &[u8]) -> Result<(Self, usize), SegmentError> {
        let (fixed, behind) = FixedHeader::ref_from_prefix(bytes).map_err(|_| SegmentError::Truncated)?;
        let header_len = fixed.header_len();
        let options_len = header_len.checked_sub(HEADER_LEN).ok_or(SegmentError::DataOffset)?;
        let options = &behind[..options_len.min(behind.len())];
        Ok((fixed.to_header(options), header_len))
    }

    /// The header's length with its options, in octets: 20 to 60, a multiple of four.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a header is never empty")]
    pub fn len(&self) -> usize {
        HEADER_LEN + self.options.len()
    }

    /// Writes the header to the front of `buffer` with a checksum field of zero, and returns its length.
    /// Options are padded by NOPs before each, so that there is nothing to pad behind them (MUST-69).
    ///
    /// # Panics
    /// When `buffer` is shorter than [`TcpHeader::len`].
    #[inline]
    pub fn write(&self, buffer: &mut [u8]) -> usize {
        let len = HEADER_LEN + self.options.write(&mut buffer[HEADER_LEN..]);
        buffer[..HEADER_LEN].copy_from_slice(self.fixed(len).as_bytes());
        len
    }

    /// What stands before the options of a header that is `len` octets long with them. The checksum is zero.
    fn fixed(&self, len: usize) -> FixedHeader {
        let reserved = u16::from(self.reserved & 0b111);
        let offset_and_flags = ((len / 4) << 12) as u16 | reserved << 9 | self.flags.bits();
        FixedHeader {
            source_port: self.source_port.into(),
            destination_port: self.destination_port.into(),
            seq: self.seq.value().into(),
            ack: self.ack.value().into(),
            offset_and_flags: offset_and_flags.into(),
            window: self.window.into(),
            checksum: U16::ZERO,
            urgent_pointer: self.urgent_pointer.into(),
        }
    }
}

/// Why bytes are no TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentError {
    /// Fewer than 20 octets, or fewer than the data offset claims.
    Truncated,
    /// A data offset under 5.
    DataOffset,
    /// The checksum does not match.
    Checksum,
}

impl core::fmt::Display for SegmentError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the segment ends before its TCP header does",
            Self::DataOffset => "the TCP data offset is under five words",
            Self::Checksum => "the TCP checksum does not match",
        })
    }
}

impl core::error::Error for SegmentError {}

#[cfg(test)]
mod tests;
