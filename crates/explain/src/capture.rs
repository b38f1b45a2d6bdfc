//! Frames: what a capture holds, whatever its format.
//!
//! What comes in: the octets of a file or a pipe. What goes out: [`Frame`]s that borrow from the reader's buffer, one
//! at a time, and at the end, if there is one, the [`CaptureError`] that says what stood in the way of more.
//!
//! | module | what it reads | from |
//! |---|---|---|
//! | `pcap` | the old format: micro- and nanoseconds, either byte order, two variants | draft-ietf-opsawg-pcap |
//! | `pcapng` | the new one: sections, interfaces, comments | draft-ietf-opsawg-pcapng |
//! | `decode` | either of them behind gzip or Zstandard | RFC 1952, RFC 8878 |
//! | `buffer` | the octets in work, a window that moves over the file | |
//! | `sorter` | frames that wait for earlier ones, where that is asked for | |
//!
//! Memory is bounded whatever the file says: a frame has at most [`LONGEST_RECORD`] octets, and blocks that are not
//! needed are passed over, not kept. A file that was cut off gives all its whole frames first.
//!
//! The blocks are read here and not by a parser library: one that hands out a block's options as a list allocates for
//! each frame, and where a file is cut off could not be told.
//!
//! Left out on purpose: pcap files of a modified layout that bear the common magic number (some Linux distributions
//! of 1999 wrote them), and going on behind a damaged record, since neither format has a mark to look for.

use std::fmt;
use std::io::Read;

use synfin_wire::Instant;

mod buffer;
mod decode;
mod error;
mod pcap;
mod pcapng;
mod sorter;

use buffer::Buffer;
use decode::Decoded;
pub use error::CaptureError;
use sorter::{Sorter, Times};

/// The longest record or block that is taken, octets: far more than any packet of a link that carries IP has, and so
/// little that a file cannot make us ask for memory that is not there.
pub const LONGEST_RECORD: u32 = 16 << 20;

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
    /// counts as zero, one that bears none as captured with the one before it.
    pub at: Instant,
    /// What it begins with.
    pub link: LinkType,
    /// The interface it was captured on, by its number in the file; 0 in a file that knows of one only.
    pub interface: u32,
    /// What was captured of it.
    pub bytes: &'a [u8],
    /// How long it was on the link, octets; more than `bytes` where the snap length cut it off.
    pub original_len: u32,
    /// The comment that the file has on it; of several, the first.
    pub comment: Option<&'a str>,
}

/// What a file says of one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its number, as in [`Frame::interface`].
    pub number: u32,
    /// What its frames begin with.
    pub link: LinkType,
    /// How many octets of each frame were kept at most; 0 for all of them.
    pub snap_len: u32,
    /// Its name, if the file has one.
    pub name: Option<String>,
}

/// The format of a capture, whether or not it was compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// pcap, the format of libpcap and tcpdump.
    Pcap,
    /// pcapng, the one of Wireshark.
    Pcapng,
}

/// Reads a capture, frame by frame.
///
/// ```
/// use synfin_explain::capture::{CaptureError, Reader};
///
/// # fn file() -> std::io::Cursor<Vec<u8>> {
/// #     let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
/// #     file.extend([[1, 0, 0, 0], [5, 0, 0, 0], [2, 0, 0, 0], [60, 0, 0, 0]].concat());
/// #     file.extend([0xaa; 2]);
/// #     std::io::Cursor::new(file)
/// # }
/// let mut reader = Reader::new(file())?;
/// while let Some(frame) = reader.next()? {
///     println!("{} at {:?}: {} of {} octets", frame.number, frame.at, frame.bytes.len(), frame.original_len);
/// }
/// assert_eq!(reader.started(), Some(1_000_005_000));
/// # Ok::<(), CaptureError>(())
/// ```
#[derive(Debug)]
pub struct Reader<R> {
    buffer: Buffer<Decoded<R>>,
    layout: Layout,
    clock: Clock,
    number: u64,
    over: bool,
    sorter: Option<Box<Sorter>>,
}

/// What is known of the file from what stands before its frames.
#[derive(Debug)]
enum Layout {
    Pcap(pcap::Pcap),
    Pcapng(pcapng::Pcapng),
}

/// A record at the front of the buffer: where in it things are, counted from its first octet.
#[derive(Debug)]
struct Record {
    /// All of it, octets.
    len: usize,
    /// Where the frame's octets begin.
    bytes_at: usize,
    /// How many there are.
    bytes_len: usize,
    /// Nanoseconds since 1970, if it bears a time.
    time: Option<u64>,
    link: LinkType,
    interface: u32,
    original_len: u32,
    /// Where its comment begins, and how long it is.
    comment: Option<(usize, usize)>,
}

/// Turns the times of a file into times since its first frame.
#[derive(Debug, Default)]
struct Clock {
    first: Option<u64>,
    last: Instant,
}

impl Clock {
    fn read(&mut self, time: Option<u64>) -> Instant {
        if let Some(time) = time {
            let first = *self.first.get_or_insert(time);
            self.last = Instant::from_nanos(time.saturating_sub(first));
        }
        self.last
    }
}

impl<R: Read> Reader<R> {
    /// Reads what stands before the first frame. The format, and whether it is compressed, is told by the first octets.
    /// Reads are large: `source` needs no buffer of its own.
    ///
    /// # Errors
    /// When this is no capture, or `source` fails.
    pub fn new(source: R) -> Result<Self, CaptureError> {
        let mut buffer = Buffer::new(Decoded::new(source).map_err(CaptureError::Read)?);
        let layout = Layout::open(&mut buffer)?;
        Ok(Self { buffer, layout, clock: Clock::default(), number: 0, over: false, sorter: None })
    }

    /// Hands out frames in the order of their times, and numbers them so: each waits for those that stand up to 65 536
    /// frames behind it. A live source is heard late that way.
    #[must_use]
    pub fn sorted(self) -> Self {
        Self { sorter: Some(Box::default()), ..self }
    }

    /// How many frames stood behind a later one, where they are sorted.
    #[must_use]
    pub fn moved(&self) -> u64 {
        self.sorter.as_ref().map_or(0, |sorter| sorter.moved())
    }

    /// Whether the file has its frames in another order than that of their times, as far as so many frames tell: those
    /// are read. Where a clock was set back the order is that of the file.
    #[must_use]
    pub fn is_disordered(mut self, frames: u64) -> bool {
        let mut times = Times::default();
        for _ in 0..frames {
            // What stands in the way is told by who reads it.
            let Ok(Some(record)) = self.record() else { break };
            times.see(&record);
            self.buffer.take(record.len);
        }
        times.go_back && !times.clock_was_set
    }

    /// The next frame; `None` at the end of the file, and after an error.
    ///
    /// # Errors
    /// See [`CaptureError`]; all whole frames before the fault have been handed out by then.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        if self.over {
            return Ok(None);
        }
        if self.sorter.is_some() {
            return self.next_sorted();
        }
        let record = self.record();
        let Some(record) = record.inspect_err(|_| self.over = true)? else {
            self.over = true;
            return Ok(None);
        };
        self.number += 1;
        let octets = self.buffer.take(record.len);
        Ok(Some(Frame {
            number: self.number,
            at: self.clock.read(record.time),
            link: record.link,
            interface: record.interface,
            bytes: &octets[record.bytes_at..][..record.bytes_len],
            original_len: record.original_len,
            comment: record.comment.map(|(at, len)| as_far_as_text(&octets[at..][..len])),
        }))
    }

    fn record(&mut self) -> Result<Option<Record>, CaptureError> {
        match &mut self.layout {
            Layout::Pcap(pcap) => pcap.next(&mut self.buffer),
            Layout::Pcapng(pcapng) => pcapng.next(&mut self.buffer),
        }
    }

    fn next_sorted(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        while self.sorter.as_ref().is_some_and(|sorter| sorter.wants()) {
            let record = self.record();
            let Some(sorter) = &mut self.sorter else { break };
            match record {
                Ok(Some(record)) => {
                    let octets = self.buffer.take(record.len);
                    let comment = record.comment.map(|(at, len)| as_far_as_text(&octets[at..][..len]));
                    sorter.take(&record, &octets[record.bytes_at..][..record.bytes_len], comment);
                }
                Ok(None) => sorter.end(None),
                Err(error) => sorter.end(Some(error)),
            }
        }
        let Some(sorter) = &mut self.sorter else { return Ok(None) };
        let Some(earliest) = sorter.hand_out()? else { return Ok(None) };
        self.number += 1;
        Ok(Some(Frame {
            number: self.number,
            at: self.clock.read(earliest.time),
            link: earliest.link(),
            interface: earliest.interface,
            bytes: &earliest.bytes,
            original_len: earliest.original_len,
            comment: earliest.comment.as_deref(),
        }))
    }

    /// When the first frame that bears a time was captured, nanoseconds since 1970; `None` before it was read. Times
    /// before 1970 count as 1970, those after 2554 as its end.
    #[must_use]
    pub const fn started(&self) -> Option<u64> {
        self.clock.first
    }

    /// What kind of file it is.
    #[must_use]
    pub const fn format(&self) -> Format {
        match self.layout {
            Layout::Pcap(_) => Format::Pcap,
            Layout::Pcapng(_) => Format::Pcapng,
        }
    }

    /// The interfaces that the file has told of up to here. Of a file with several sections: those of the present one.
    #[must_use]
    pub fn interfaces(&self) -> &[Interface] {
        match &self.layout {
            Layout::Pcap(pcap) => pcap.interfaces(),
            Layout::Pcapng(pcapng) => pcapng.interfaces(),
        }
    }

    /// How many packets the program that captured has lost, as far as the file says so up to here.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        match &self.layout {
            Layout::Pcap(_) => 0,
            Layout::Pcapng(pcapng) => pcapng.dropped(),
        }
    }

    /// How many octets of the file, decompressed, have been read up to the end of the last frame.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.buffer.offset()
    }
}

impl Layout {
    fn open<R: Read>(buffer: &mut Buffer<Decoded<R>>) -> Result<Self, CaptureError> {
        if !buffer.fill(4)? {
            return Err(match *buffer.available() {
                [] => CaptureError::Empty,
                ref few => CaptureError::not_a_capture(few),
            });
        }
        let &[a, b, c, d, ..] = buffer.available() else { return Err(CaptureError::Empty) };
        let magic = [a, b, c, d];
        if pcapng::is_magic(magic) {
            return Ok(Self::Pcapng(pcapng::Pcapng::open(buffer)?));
        }
        match pcap::Variant::of(magic) {
            Some(variant) => Ok(Self::Pcap(pcap::Pcap::open(variant, buffer)?)),
            None => Err(CaptureError::not_a_capture(&magic)),
        }
    }
}

/// The longest front of it that is UTF-8.
fn as_far_as_text(octets: &[u8]) -> &str {
    match str::from_utf8(octets) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&octets[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// The byte order of the machine that wrote a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// The two octets at `at`, which must be there.
    fn u16(self, octets: &[u8], at: usize) -> u16 {
        let value = [octets[at], octets[at + 1]];
        match self {
            Self::Little => u16::from_le_bytes(value),
            Self::Big => u16::from_be_bytes(value),
        }
    }

    /// The four octets at `at`, which must be there.
    fn u32(self, octets: &[u8], at: usize) -> u32 {
        let value = [octets[at], octets[at + 1], octets[at + 2], octets[at + 3]];
        match self {
            Self::Little => u32::from_le_bytes(value),
            Self::Big => u32::from_be_bytes(value),
        }
    }

    /// The eight octets at `at`, which must be there.
    fn u64(self, octets: &[u8], at: usize) -> u64 {
        let words = [self.u32(octets, at), self.u32(octets, at + 4)].map(u64::from);
        let [low, high] = if self == Self::Little { words } else { [words[1], words[0]] };
        high << 32 | low
    }
}

impl fmt::Display for LinkType {
    /// The number, with a name where it is a well-known one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            0 => "null",
            1 => "Ethernet",
            9 => "PPP",
            12 | 14 | 101 => "raw IP",
            105 => "IEEE 802.11",
            113 => "Linux cooked",
            127 => "radiotap",
            220 => "USB",
            276 => "Linux cooked v2",
            _ => return write!(f, "{}", self.0),
        };
        write!(f, "{} ({name})", self.0)
    }
}

#[cfg(test)]
pub(crate) mod tests;
