//! Frames: what a capture holds, whatever its format.

use synfin_wire::Instant;

/// What a frame begins with, by the number that pcap and pcapng give it.
///
/// See <https://www.tcpdump.org/linktypes.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

/// One captured frame.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its number in the capture, from 1.
    pub number: u64,
    /// When it was captured, counted from the capture's first frame. A frame that bears an earlier time than the first
    /// counts as zero.
    pub at: Instant,
    /// What it begins with.
    pub link: LinkType,
    /// The interface it was captured on, by its number in the file; 0 in a file that knows of one only.
    pub interface: u32,
    /// What was captured of it.
    pub bytes: &'a [u8],
    /// How long it was on the link, octets; more than `bytes` where the snap length cut it off.
    pub original_len: u32,
    /// The comment that the file has on it.
    pub comment: Option<&'a str>,
}
