//! Capture files in the pcapng format (draft-ietf-opsawg-pcapng), one section, one interface.
//!
//! | block | section of the draft | with |
//! |---|---|---|
//! | section header | 4.1 | `shb_userappl` |
//! | interface description | 4.2 | `if_name`, `if_tsresol` of nanoseconds |
//! | enhanced packet | 4.3 | `epb_flags` for the direction, `opt_comment` |
//!
//! A file that ends after any block is a good one, so nothing is to be done at its end.

use alloc::vec::Vec;
use core::convert::Infallible;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const LENGTH_UNKNOWN: u64 = u64::MAX;

const OPTION_END: u16 = 0;
const OPTION_COMMENT: u16 = 1;
const OPTION_FLAGS: u16 = 2;
const OPTION_USER_APPLICATION: u16 = 4;
const OPTION_IF_NAME: u16 = 2;
const OPTION_IF_TSRESOL: u16 = 9;

/// Nanoseconds, as a negative power of ten.
const RESOLUTION: u8 = 9;

/// The most octets of one packet that are kept: room is left for the rest of the block in its 32-bit length.
const MOST_CAPTURED: usize = 1 << 31;

/// Where a capture goes.
pub trait Sink {
    /// Why it did not get there.
    type Error;

    /// Takes octets.
    ///
    /// # Errors
    /// The sink's own.
    fn put(&mut self, octets: &[u8]) -> Result<(), Self::Error>;
}

impl Sink for Vec<u8> {
    type Error = Infallible;

    fn put(&mut self, octets: &[u8]) -> Result<(), Infallible> {
        self.extend_from_slice(octets);
        Ok(())
    }
}

/// The way a packet went, seen from this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It was received.
    Inbound,
    /// It was sent.
    Outbound,
}

/// What packets begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkType {
    /// An IPv4 or IPv6 header: LINKTYPE_RAW.
    Ip,
    /// An Ethernet header: LINKTYPE_ETHERNET.
    Ethernet,
}

impl LinkType {
    const fn number(self) -> u16 {
        match self {
            Self::Ip => 101,
            Self::Ethernet => 1,
        }
    }
}

/// What a capture says of the interface.
#[derive(Clone, Copy, Debug)]
pub struct Interface<'a> {
    /// What packets begin with.
    pub link_type: LinkType,
    /// The interface's name; empty for none.
    pub name: &'a str,
    /// How much of each packet is kept, octets; 0 for all of it.
    pub snap_len: u32,
}

/// Writes a capture. Each packet makes several small calls of its sink.
///
/// ```
/// use synfin_wire::pcapng::{Direction, Interface, LinkType, Writer};
///
/// let interface = Interface { link_type: LinkType::Ip, name: "synfin0", snap_len: 0 };
/// let Ok(mut writer) = Writer::new(Vec::new(), interface);
/// let Ok(()) = writer.packet(&[b"\x45...", b"the rest"], Direction::Outbound, 1_700_000_000_000_000_000, Some("why"));
/// assert_eq!(writer.into_inner().len() % 4, 0);
/// ```
#[derive(Debug)]
pub struct Writer<S> {
    sink: S,
    snap_len: usize,
    /// The block in work, but for the packet itself; kept for its memory.
    block: Vec<u8>,
}

impl<S: Sink> Writer<S> {
    /// Begins a capture.
    ///
    /// # Errors
    /// The sink's.
    pub fn new(mut sink: S, interface: Interface<'_>) -> Result<Self, S::Error> {
        let mut block = Vec::new();
        begin_block(&mut block, SECTION_HEADER);
        block.extend_from_slice(&BYTE_ORDER_MAGIC.to_le_bytes());
        block.extend_from_slice(&[1, 0, 0, 0]); // version 1.0
        block.extend_from_slice(&LENGTH_UNKNOWN.to_le_bytes());
        let application = concat!("synfin ", env!("CARGO_PKG_VERSION"));
        put_option(&mut block, OPTION_USER_APPLICATION, application.as_bytes());
        end_block(&mut block);
        sink.put(&block)?;

        block.clear();
        begin_block(&mut block, INTERFACE_DESCRIPTION);
        block.extend_from_slice(&interface.link_type.number().to_le_bytes());
        block.extend_from_slice(&[0; 2]); // reserved
        block.extend_from_slice(&interface.snap_len.to_le_bytes());
        if !interface.name.is_empty() {
            put_option(&mut block, OPTION_IF_NAME, interface.name.as_bytes());
        }
        put_option(&mut block, OPTION_IF_TSRESOL, &[RESOLUTION]);
        end_block(&mut block);
        sink.put(&block)?;

        let snap_len = match interface.snap_len as usize {
            0 => MOST_CAPTURED,
            limit => limit.min(MOST_CAPTURED),
        };
        Ok(Self { sink, snap_len, block })
    }

    /// Adds a packet, given in pieces; `timestamp` is in nanoseconds since the UNIX epoch. A comment is cut
    /// at 65,535 octets.
    ///
    /// # Errors
    /// The sink's; the file may then end within a block.
    pub fn packet(
        &mut self,
        pieces: &[&[u8]],
        direction: Direction,
        timestamp: u64,
        comment: Option<&str>,
    ) -> Result<(), S::Error> {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        let captured = length.min(self.snap_len);
        let block = &mut self.block;
        block.clear();
        begin_block(block, ENHANCED_PACKET);
        block.extend_from_slice(&0_u32.to_le_bytes()); // the only interface
        block.extend_from_slice(&((timestamp >> 32) as u32).to_le_bytes());
        block.extend_from_slice(&(timestamp as u32).to_le_bytes());
        block.extend_from_slice(&(captured as u32).to_le_bytes());
        block.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        let head_len = block.len();

        block.extend_from_slice(padding(captured));
        let direction: u32 = match direction {
            Direction::Inbound => 0b01,
            Direction::Outbound => 0b10,
        };
        put_option(block, OPTION_FLAGS, &direction.to_le_bytes());
        if let Some(comment) = comment {
            put_option(block, OPTION_COMMENT, comment.as_bytes());
        }
        put_option(block, OPTION_END, &[]);
        let block_len = (block.len() + captured + 4) as u32;
        block.extend_from_slice(&block_len.to_le_bytes());
        block[4..8].copy_from_slice(&block_len.to_le_bytes());

        self.sink.put(&self.block[..head_len])?;
        let mut left = captured;
        for piece in pieces {
            let kept = &piece[..piece.len().min(left)];
            self.sink.put(kept)?;
            left -= kept.len();
        }
        self.sink.put(&self.block[head_len..])
    }

    /// Where the capture goes.
    #[must_use]
    pub const fn sink(&self) -> &S {
        &self.sink
    }

    /// Where the capture goes, to flush it, say. What is put there besides becomes a part of the file.
    pub const fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// Where the capture went.
    pub fn into_inner(self) -> S {
        self.sink
    }
}

/// Zeros up to the next multiple of four.
fn padding(length: usize) -> &'static [u8] {
    &[0; 3][..length.wrapping_neg() % 4]
}

/// The type, and room for the length.
fn begin_block(block: &mut Vec<u8>, block_type: u32) {
    block.extend_from_slice(&block_type.to_le_bytes());
    block.extend_from_slice(&[0; 4]);
}

/// Ends the options and puts the length at both ends.
fn end_block(block: &mut Vec<u8>) {
    put_option(block, OPTION_END, &[]);
    let length = (block.len() + 4) as u32;
    block.extend_from_slice(&length.to_le_bytes());
    block[4..8].copy_from_slice(&length.to_le_bytes());
}

/// Section 3.5 of the draft: code, length without padding, value, padding.
fn put_option(block: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = match u16::try_from(value.len()) {
        Ok(_) => value,
        Err(_) => cut_utf8(value, usize::from(u16::MAX)),
    };
    block.extend_from_slice(&code.to_le_bytes());
    block.extend_from_slice(&(value.len() as u16).to_le_bytes());
    block.extend_from_slice(value);
    block.extend_from_slice(padding(value.len()));
}

/// The longest front of a text that is at most `limit` octets and ends between two characters.
fn cut_utf8(text: &[u8], limit: usize) -> &[u8] {
    let is_inside = |at: usize| text.get(at).is_some_and(|octet| octet & 0xc0 == 0x80);
    let end = (0..=limit).rev().find(|&at| !is_inside(at)).unwrap_or(0);
    &text[..end]
}
