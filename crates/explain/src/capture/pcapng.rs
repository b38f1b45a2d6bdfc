//! The pcapng format (draft-ietf-opsawg-pcapng): blocks, each with its type and length.
//!
//! | block | section of the draft | what is taken of it |
//! |---|---|---|
//! | section header | 4.1 | byte order, version |
//! | interface description | 4.2 | link type, snap length, `if_name`, `if_tsresol`, `if_tsoffset` |
//! | enhanced packet | 4.3 | all, and `opt_comment` |
//! | simple packet | 4.4 | all; it bears no time |
//! | packet (obsolete) | appendix A | all, and `opt_comment` |
//!
//! Blocks of other types are passed over. The interfaces of several sections are numbered on.

use std::io::Read;

use super::buffer::Buffer;
use super::decode::Decoded;
use super::{ByteOrder, CaptureError, Interface, LONGEST_RECORD, LinkType, Record, as_far_as_text};

mod time;
use time::Scale;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// Type and length, which every block begins with; the length stands at its end once more.
const HEAD_LEN: usize = 8;
const TAIL_LEN: usize = 4;
const SECTION_HEADER_LEN: usize = 28;

const OPTION_END: u16 = 0;
const OPTION_COMMENT: u16 = 1;
const OPTION_IF_NAME: u16 = 2;
const OPTION_IF_TSRESOL: u16 = 9;
const OPTION_ISB_IFDROP: u16 = 5;
const OPTION_ISB_OSDROP: u16 = 7;
const OPTION_IF_TSOFFSET: u16 = 14;

/// The most interfaces of one section, and how much of each one's name is kept, octets.
const MOST_INTERFACES: usize = 1 << 16;
const LONGEST_NAME: usize = 255;

/// Whether a file that begins so is in this format: the type of a section header reads the same in either byte order.
pub(super) fn is_magic(magic: [u8; 4]) -> bool {
    u32::from_le_bytes(magic) == SECTION_HEADER
}

/// The present section.
#[derive(Debug)]
pub(super) struct Pcapng {
    order: ByteOrder,
    /// How many interfaces the sections before had.
    numbered: u32,
    interfaces: Vec<Interface>,
    scales: Vec<Scale>,
    /// How many packets each interface has lost so far, and those of the sections before.
    dropped: Vec<u64>,
    dropped_before: u64,
}

/// Where the packet of a block is, and what is said of it.
struct Layout {
    interface: usize,
    ticks: Option<u64>,
    bytes_at: usize,
    bytes_len: usize,
    original_len: u32,
}

impl Pcapng {
    pub(super) fn open<R: Read>(buffer: &mut Buffer<Decoded<R>>) -> Result<Self, CaptureError> {
        let mut section = Self {
            order: ByteOrder::Little,
            numbered: 0,
            interfaces: Vec::new(),
            scales: Vec::new(),
            dropped: Vec::new(),
            dropped_before: 0,
        };
        section.begin(buffer)?;
        Ok(section)
    }

    pub(super) fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    #[inline]
    pub(super) fn next<R: Read>(
        &mut self,
        buffer: &mut Buffer<Decoded<R>>,
    ) -> Result<Option<Record>, CaptureError> {
        loop {
            if !buffer.fill(HEAD_LEN)? {
                return if buffer.available().is_empty() { Ok(None) } else { Err(buffer.cut()) };
            }
            match self.order.u32(buffer.available(), 0) {
                SECTION_HEADER => self.begin(buffer)?,
                INTERFACE_DESCRIPTION => {
                    let len = self.whole_block(buffer)?;
                    self.describe(buffer, len)?;
                    buffer.take(len);
                }
                kind @ (PACKET | SIMPLE_PACKET | ENHANCED_PACKET) => {
                    let len = self.whole_block(buffer)?;
                    return self.packet(kind, buffer, len).map(Some);
                }
                INTERFACE_STATISTICS => {
                    let len = self.whole_block(buffer)?;
                    self.count_dropped(&buffer.available()[..len - TAIL_LEN]);
                    buffer.take(len);
                }
                _ => {
                    let len = self.block_len(buffer)?;
                    let cut = buffer.cut();
                    if !buffer.skip(len.into())? {
                        return Err(cut);
                    }
                }
            }
        }
    }

    /// Begins the section whose header is at the front of the buffer.
    fn begin<R: Read>(&mut self, buffer: &mut Buffer<Decoded<R>>) -> Result<(), CaptureError> {
        if !buffer.fill(SECTION_HEADER_LEN)? {
            return Err(buffer.cut());
        }
        let octets = buffer.available();
        self.order = match BYTE_ORDER_MAGIC {
            magic if ByteOrder::Little.u32(octets, HEAD_LEN) == magic => ByteOrder::Little,
            magic if ByteOrder::Big.u32(octets, HEAD_LEN) == magic => ByteOrder::Big,
            _ => return Err(buffer.malformed("the section header has no byte-order magic")),
        };
        let (major, minor) = (self.order.u16(octets, 12), self.order.u16(octets, 14));
        // Some wrote 1.2 for what is 1.0 (section 4.1).
        if major != 1 || !matches!(minor, 0 | 2) {
            return Err(CaptureError::Version { format: "pcapng", major, minor });
        }
        let len = self.block_len(buffer)?;
        if (len as usize) < SECTION_HEADER_LEN {
            return Err(buffer.malformed(format!("a section header of {len} octets is too short")));
        }
        let cut = buffer.cut();
        if !buffer.skip(len.into())? {
            return Err(cut);
        }
        self.numbered = self.numbered.saturating_add(self.interfaces.len() as u32);
        self.interfaces.clear();
        self.scales.clear();
        self.dropped_before = self.dropped();
        self.dropped.clear();
        Ok(())
    }

    /// How many packets the program that captured has seen come and could not take.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.iter().fold(self.dropped_before, |sum, dropped| sum.saturating_add(*dropped))
    }

    /// Statistics of an interface: each block has the sums so far.
    fn count_dropped(&mut self, octets: &[u8]) {
        const FIXED: usize = HEAD_LEN + 12;
        if octets.len() < FIXED {
            return;
        }
        let Some(sum) = self.dropped.get_mut(self.order.u32(octets, HEAD_LEN) as usize) else { return };
        let counts = Options::new(self.order, octets, FIXED)
            .filter(|(code, _, len)| [OPTION_ISB_IFDROP, OPTION_ISB_OSDROP].contains(code) && *len == 8);
        *sum = counts.map(|(_, at, _)| self.order.u64(octets, at)).fold(0, u64::saturating_add);
    }

    /// The length of the block at the front of the buffer.
    fn block_len<R: Read>(&self, buffer: &Buffer<Decoded<R>>) -> Result<u32, CaptureError> {
        let len = self.order.u32(buffer.available(), 4);
        if (len as usize) < HEAD_LEN + TAIL_LEN || !len.is_multiple_of(4) {
            return Err(buffer.malformed(format!("no block can have a length of {len} octets")));
        }
        Ok(len)
    }

    /// Sees to it that all of the block at the front of the buffer is there.
    #[inline]
    fn whole_block<R: Read>(&self, buffer: &mut Buffer<Decoded<R>>) -> Result<usize, CaptureError> {
        let len = self.block_len(buffer)?;
        if len > LONGEST_RECORD {
            return Err(CaptureError::TooLong { offset: buffer.offset(), len: len.into() });
        }
        let len = len as usize;
        if !buffer.fill(len)? {
            return Err(buffer.cut());
        }
        let again = self.order.u32(buffer.available(), len - TAIL_LEN) as usize;
        if again != len {
            return Err(buffer
                .malformed(format!("a block begins with a length of {len} and ends with one of {again}")));
        }
        Ok(len)
    }

    fn describe<R: Read>(&mut self, buffer: &Buffer<Decoded<R>>, len: usize) -> Result<(), CaptureError> {
        const FIXED: usize = HEAD_LEN + 8;
        if len < FIXED + TAIL_LEN {
            return Err(buffer.malformed("an interface description is too short"));
        }
        if self.interfaces.len() == MOST_INTERFACES {
            return Err(buffer.malformed(format!("more than {MOST_INTERFACES} interfaces in one section")));
        }
        let octets = &buffer.available()[..len - TAIL_LEN];
        let (mut name, mut resolution, mut offset) = (None, Scale::MICROSECONDS, 0);
        for (code, at, len) in Options::new(self.order, octets, FIXED) {
            let value = &octets[at..][..len];
            match (code, value) {
                (OPTION_IF_NAME, value) => {
                    name = Some(as_far_as_text(&value[..len.min(LONGEST_NAME)]).to_owned());
                }
                (OPTION_IF_TSRESOL, &[exponent]) => resolution = exponent,
                (OPTION_IF_TSOFFSET, value) if len == 8 => offset = self.order.u64(value, 0) as i64,
                _ => {}
            }
        }
        self.interfaces.push(Interface {
            number: self.numbered.saturating_add(self.interfaces.len() as u32),
            link: LinkType(self.order.u16(octets, HEAD_LEN)),
            snap_len: self.order.u32(octets, HEAD_LEN + 4),
            name,
        });
        self.scales.push(Scale::new(resolution, offset));
        self.dropped.push(0);
        Ok(())
    }

    /// Reads a block of one of the three kinds that hold a packet.
    #[inline]
    fn packet<R: Read>(
        &self,
        kind: u32,
        buffer: &Buffer<Decoded<R>>,
        len: usize,
    ) -> Result<Record, CaptureError> {
        let octets = &buffer.available()[..len - TAIL_LEN];
        let layout = match kind {
            SIMPLE_PACKET => self.simple(octets),
            kind => self.timed(kind, octets),
        };
        let Some(layout) = layout else {
            return Err(buffer.malformed("a packet does not fit in its block"));
        };
        let Layout { interface, ticks, bytes_at, bytes_len, original_len } = layout;
        let (Some(told), Some(scale)) = (self.interfaces.get(interface), self.scales.get(interface)) else {
            let there = self.interfaces.len();
            return Err(buffer.malformed(format!(
                "a packet is of interface {interface}, but only {there} were described before it"
            )));
        };
        let options_at = bytes_at + bytes_len.next_multiple_of(4);
        let comment = if kind == SIMPLE_PACKET {
            None
        } else {
            Options::new(self.order, octets, options_at).find(|&(code, ..)| code == OPTION_COMMENT)
        };
        Ok(Record {
            len,
            bytes_at,
            bytes_len,
            time: ticks.map(|ticks| scale.to_nanos(ticks)),
            link: told.link,
            interface: told.number,
            original_len,
            comment: comment.map(|(_, at, len)| (at, len)),
        })
    }

    /// Enhanced packets, and the obsolete kind, which differ in the interface's width alone.
    fn timed(&self, kind: u32, octets: &[u8]) -> Option<Layout> {
        const FIXED: usize = HEAD_LEN + 20;
        let bytes_max = octets.len().checked_sub(FIXED)?;
        let interface = if kind == PACKET {
            self.order.u16(octets, HEAD_LEN).into()
        } else {
            self.order.u32(octets, HEAD_LEN) as usize
        };
        let ticks = u64::from(self.order.u32(octets, 12)) << 32 | u64::from(self.order.u32(octets, 16));
        let bytes_len = self.order.u32(octets, 20) as usize;
        let original_len = self.order.u32(octets, 24);
        (bytes_len <= bytes_max).then_some(Layout {
            interface,
            ticks: Some(ticks),
            bytes_at: FIXED,
            bytes_len,
            original_len,
        })
    }

    /// Simple packets are all of the first interface, whose snap length says how much of them is there.
    fn simple(&self, octets: &[u8]) -> Option<Layout> {
        const FIXED: usize = HEAD_LEN + 4;
        let bytes_max = octets.len().checked_sub(FIXED)?;
        let original_len = self.order.u32(octets, HEAD_LEN);
        let snap_len = match self.interfaces.first().map_or(0, |interface| interface.snap_len) {
            0 => u32::MAX,
            limit => limit,
        };
        let bytes_len = bytes_max.min(original_len.min(snap_len) as usize);
        Some(Layout { interface: 0, ticks: None, bytes_at: FIXED, bytes_len, original_len })
    }
}

/// A block's options: the code of each, where its value begins, and how long that is. A list that is not as it should
/// be ends where it ceases to be.
struct Options<'a> {
    order: ByteOrder,
    octets: &'a [u8],
    at: usize,
}

impl<'a> Options<'a> {
    fn new(order: ByteOrder, octets: &'a [u8], at: usize) -> Self {
        Self { order, octets, at }
    }
}

impl Iterator for Options<'_> {
    type Item = (u16, usize, usize);

    fn next(&mut self) -> Option<Self::Item> {
        const HEAD: usize = 4;
        let rest = self.octets.get(self.at..)?;
        if rest.len() < HEAD {
            return None;
        }
        let (code, len) = (self.order.u16(rest, 0), usize::from(self.order.u16(rest, 2)));
        if code == OPTION_END || len > rest.len() - HEAD {
            return None;
        }
        let at = self.at + HEAD;
        self.at = at + len.next_multiple_of(4);
        Some((code, at, len))
    }
}
