//! A TCP segment as a capture shows it.
//!
//! What comes in: [`Frame`]s. What goes out: a [`Packet`] for each that has a TCP segment in it, an [`IcmpError`] for
//! each that says what became of one, and for all others the reason why they are neither.
//!
//! | module | what it passes over or puts together | from |
//! |---|---|---|
//! | `link` | Ethernet and its tags, LLC, PPP, Linux cooked, loopback and others; MPLS | tcpdump.org/linktypes.html |
//! | `ip` | IPv4 and IPv6 headers, extension headers | RFC 791, RFC 8200 |
//! | `tunnel` | IP in IP, GRE, L2TP, VXLAN, Geneve, GTP-U | RFC 2003, 4213, 2784, 3931, 7348, 8926 |
//! | `fragments` | fragmented datagrams | RFC 791, RFC 8200, RFC 5722 |
//! | `glance` | nothing: the ends of a plain frame | RFC 791, RFC 8200 |
//! | `kept` | nothing: what waits of a plain segment | |
//! | `print` | nothing: what is remembered of text | |
//! | `unknown` | nothing: counts what is of a link type that is not known | |
//! | `icmp` | errors that quote a segment | RFC 792, RFC 4443 |
//!
//! Nothing is copied but fragments: text is a slice of the frame. Whoever watches must take more than a host may: a
//! packet that is cut off, a length of zero that the sender's hardware would have filled in, a checksum that is not
//! there yet. So wire's strict parsers are not used for IP; TCP's header and options are read by them.
//!
//! Left out on purpose: what is encrypted, and fragments within fragments. A source route that is not at its end makes
//! the checksum unknown, since it covers an address further on.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;

use synfin_wire::checksum::{Checksum, PseudoHeader};
use synfin_wire::tcp::{CHECKSUM_OFFSET, HEADER_LEN, sack_len};
use synfin_wire::{Ecn, Instant, IpProtocol, TcpHeader};

use crate::capture::{Frame, LinkType};

mod fragments;
mod glance;
mod icmp;
mod ip;
mod kept;
mod link;
mod print;
mod tunnel;
mod unknown;

use fragments::Fragments;
pub use icmp::{IcmpError, IcmpKind};
use ip::Datagram;
pub(crate) use kept::Kept;
pub use print::Print;
use tunnel::Innermost;
pub use unknown::UnknownLinks;

/// What the checksum of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChecksumSeen {
    /// It is right.
    Right,
    /// It covers the pseudo-header alone, or nothing: the sender's hardware fills in the rest, behind the point of capture.
    Partial,
    /// It is wrong.
    Wrong,
    /// The packet is cut off, or nobody asked.
    Unknown,
}

/// A TCP segment with what the layers below say of it.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    /// The number of its frame; of a reassembled datagram, that of the fragment that completed it.
    pub frame: u64,
    /// When it was captured.
    pub at: Instant,
    /// The interface it was captured on.
    pub interface: u32,
    /// Who sent it.
    pub source: SocketAddr,
    /// To whom.
    pub destination: SocketAddr,
    /// Its header. Options that were cut off are left out.
    pub header: TcpHeader,
    /// Octets of text, as the IP header has it; not all of them need have been captured.
    pub len: u32,
    /// The text, as far as it was captured.
    pub text: &'a [u8],
    /// What is remembered of it.
    pub print: Print,
    /// Octets of text that were captured.
    pub captured: u32,
    /// So many ranges of SACK stood in what was cut off of its options, as far as their length tells.
    pub ranges_cut: u8,
    /// What its checksum says.
    pub checksum: ChecksumSeen,
    /// TTL or hop limit.
    pub hop_limit: u8,
    /// The identification of its IPv4 datagram; 0 over IPv6.
    pub identification: u16,
    /// The two ECN bits of its IP header.
    pub ecn: Ecn,
    /// The comment that the capture has on it.
    pub comment: Option<Cow<'a, str>>,
}

impl Packet<'_> {
    /// All of it but the text, to be kept for longer than its frame.
    #[must_use]
    #[inline]
    pub fn without_text(self) -> Packet<'static> {
        let comment = self.comment.map(|comment| Cow::Owned(comment.into_owned()));
        Packet { text: &[], comment, ..self }
    }

    /// SEG.LEN: the sequence numbers that it takes.
    #[must_use]
    pub fn sequence_length(&self) -> u32 {
        self.len + u32::from(self.header.flags.syn()) + u32::from(self.header.flags.fin())
    }
}

/// What a frame turned out to be.
#[expect(clippy::large_enum_variant, reason = "one is made for each frame: to allocate each is slow")]
#[derive(Clone, Debug)]
pub enum Dissected<'a> {
    /// A TCP segment.
    Tcp(Packet<'a>),
    /// An ICMP error about one.
    Icmp(IcmpError),
    /// Neither.
    Other(NotTcp),
}

impl<'a> Dissected<'a> {
    /// The segment, if that is what it is.
    #[must_use]
    pub fn into_tcp(self) -> Option<Packet<'a>> {
        match self {
            Self::Tcp(packet) => Some(packet),
            Self::Icmp(_) | Self::Other(_) => None,
        }
    }
}

/// Why a frame is no TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotTcp {
    /// It begins with something that is not known here.
    Link(u16),
    /// It does not carry IP but this: an EtherType, or the number that the link has in its stead.
    NotIp(u16),
    /// It is IP but carries another protocol, by IANA's number.
    Protocol(u8),
    /// It is a fragment, and others are missing yet.
    FragmentWaiting,
    /// It is a fragment of a datagram that was given up, or there was no room for it.
    FragmentDropped,
    /// It was cut off by the snap length before the end of a TCP header.
    Cut,
    /// A header makes no sense.
    Malformed(Malformed),
}

/// What makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Malformed {
    /// The frame ends before its headers do, though all of it was captured.
    Short,
    /// A version of IP that is neither 4 nor 6.
    IpVersion(u8),
    /// An IPv4 header length under 20 octets.
    IpHeaderLength,
    /// An IPv4 total length under the header length.
    IpTotalLength,
    /// An IPv6 extension header that is longer than the packet.
    ExtensionHeader,
    /// A fragment that is empty, misaligned, too far out or in another.
    Fragment,
    /// A datagram too short for a TCP header, or a data offset under five words or over the segment.
    TcpHeaderLength,
    /// More layers than anyone has a use for.
    TooDeep,
}

/// Turns frames into segments. It holds the fragments that wait for others, so one is needed for all of a capture.
///
/// ```
/// use synfin_explain::capture::{CaptureError, Reader};
/// use synfin_explain::packet::{Dissected, Dissector};
///
/// fn count(file: impl std::io::Read) -> Result<usize, CaptureError> {
///     let (mut reader, mut dissector) = (Reader::new(file)?, Dissector::new());
///     let mut segments = 0;
///     while let Some(frame) = reader.next()? {
///         match dissector.dissect(&frame) {
///             Dissected::Tcp(packet) => segments += 1,
///             Dissected::Icmp(error) => println!("{:?} about {:?}", error.kind, error.about),
///             Dissected::Other(reason) => println!("frame {}: {reason}", frame.number),
///         }
///     }
///     Ok(segments)
/// }
/// ```
#[derive(Debug)]
pub struct Dissector {
    fragments: Fragments,
    verify: bool,
}

impl Default for Dissector {
    fn default() -> Self {
        Self::new()
    }
}

impl Dissector {
    /// One that has seen nothing yet, and verifies checksums.
    #[must_use]
    pub fn new() -> Self {
        Self { fragments: Fragments::default(), verify: true }
    }

    /// Whether checksums are verified. Where they are not, each is [`ChecksumSeen::Unknown`], and no text is looked at.
    #[must_use]
    pub fn verify_checksums(self, verify: bool) -> Self {
        Self { verify, ..self }
    }

    /// How many fragmented datagrams were given up: not whole in a minute of capture time, overlapping over IPv6, or
    /// without room.
    #[must_use]
    pub const fn datagrams_given_up(&self) -> u64 {
        self.fragments.given_up()
    }

    /// Reads a frame. Frames must come in the order of the capture.
    #[must_use]
    pub fn dissect<'a>(&'a mut self, frame: &Frame<'a>) -> Dissected<'a> {
        self.look_into(frame).unwrap_or_else(|reason| {
            let all_there = frame.bytes.len() as u64 >= u64::from(frame.original_len);
            Dissected::Other(match reason {
                NotTcp::Cut if all_there => NotTcp::Malformed(Malformed::Short),
                reason => reason,
            })
        })
    }

    fn look_into<'a>(&'a mut self, frame: &Frame<'a>) -> Result<Dissected<'a>, NotTcp> {
        let verify = self.verify;
        let datagram = self.datagram(frame)?;
        match datagram.protocol {
            IpProtocol::TCP => segment(&datagram, frame, verify).map(Dissected::Tcp),
            protocol => match icmp::error(&datagram, frame) {
                Some(error) => Ok(Dissected::Icmp(error)),
                None => Err(NotTcp::Protocol(protocol.0)),
            },
        }
    }

    /// What is at the bottom of a frame, put together if it came in fragments.
    #[inline]
    fn datagram<'a>(&'a mut self, frame: &Frame<'a>) -> Result<Datagram<'a>, NotTcp> {
        match tunnel::innermost(frame)? {
            Innermost::Whole(datagram) => Ok(datagram),
            Innermost::Fragment(datagram, fragment) => {
                let whole = self.fragments.insert(&datagram, fragment, frame.at)?;
                match tunnel::within(whole)? {
                    Innermost::Whole(datagram) => Ok(datagram),
                    Innermost::Fragment(..) => Err(NotTcp::Malformed(Malformed::Fragment)),
                }
            }
        }
    }
}

/// Where a frame goes from and to, if that can be seen without reading it: then [`Kept`] may wait in its place.
#[inline]
pub(crate) fn plain_ends(frame: &Frame<'_>) -> Option<(SocketAddr, SocketAddr)> {
    glance::ends(frame)
}

/// Reads the segment that a datagram carries. Inlined, so that so large a thing is written where it is wanted.
#[inline(always)]
fn segment<'a>(datagram: &Datagram<'a>, frame: &Frame<'a>, verify: bool) -> Result<Packet<'a>, NotTcp> {
    const MALFORMED: NotTcp = NotTcp::Malformed(Malformed::TcpHeaderLength);
    if datagram.len < HEADER_LEN as u32 {
        return Err(MALFORMED);
    }
    if datagram.bytes.len() < HEADER_LEN {
        return Err(NotTcp::Cut);
    }
    let (header, header_len) = TcpHeader::parse_prefix(datagram.bytes).map_err(|_| MALFORMED)?;
    let len = datagram.len.checked_sub(header_len as u32).ok_or(MALFORMED)?;
    let text = datagram.bytes.get(header_len..).unwrap_or_default();
    let checksum = if verify { checksum(datagram) } else { ChecksumSeen::Unknown };
    let read = &datagram.bytes[..header_len.min(datagram.bytes.len())];
    let ranges_cut = ranges_cut(&header, header_len, read);
    Ok(Packet {
        frame: frame.number,
        at: frame.at,
        interface: frame.interface,
        source: SocketAddr::new(datagram.source, header.source_port),
        destination: SocketAddr::new(datagram.destination, header.destination_port),
        header,
        len,
        text,
        captured: text.len() as u32,
        ranges_cut,
        print: Print::of([datagram.source, datagram.destination], datagram.len, read, text, checksum),
        checksum,
        hop_limit: datagram.hop_limit,
        identification: datagram.identification,
        ecn: datagram.ecn,
        comment: frame.comment.map(Cow::Borrowed),
    })
}

/// Timestamps, with what aligns them (RFC 7323 section 3.2).
const TIMESTAMPS_LEN: usize = 12;
/// What SACK begins with, and what aligns it (RFC 2018 section 3).
const SACK_START: [u8; 3] = [1, 1, 5];

/// How many ranges of SACK stood where a header is cut off, if nothing speaks against it: the length of the options of a
/// segment without text, timestamps aside.
fn ranges_cut(header: &TcpHeader, header_len: usize, read: &[u8]) -> u8 {
    if read.len() >= header_len || header.flags.syn() {
        return 0;
    }
    let before = HEADER_LEN + if header.options.timestamps.is_some() { TIMESTAMPS_LEN } else { 0 };
    let begins = read.get(before..).unwrap_or_default();
    let is_sack = begins.iter().zip(SACK_START).all(|(octet, expected)| *octet == expected);
    let ranges = (1..=4).find(|ranges| sack_len(*ranges) == header_len.saturating_sub(before));
    ranges.filter(|_| is_sack).map_or(0, |ranges| ranges.saturating_sub(header.options.sack.len()) as u8)
}

/// Judges the checksum of a segment (RFC 9293 section 3.1), which has 20 octets at least.
fn checksum(datagram: &Datagram<'_>) -> ChecksumSeen {
    if datagram.rerouted || (datagram.bytes.len() as u64) < u64::from(datagram.len) {
        return ChecksumSeen::Unknown;
    }
    let pseudo_header = |length| PseudoHeader {
        source: datagram.source,
        destination: datagram.destination,
        protocol: IpProtocol::TCP,
        length,
    };
    let begun = Checksum::with_pseudo_header(&pseudo_header(datagram.len));
    let mut checksum = begun;
    checksum.add(datagram.bytes);
    if checksum.finish() == 0 {
        return ChecksumSeen::Right;
    }
    let field = [datagram.bytes[CHECKSUM_OFFSET], datagram.bytes[CHECKSUM_OFFSET + 1]];
    let field = u16::from_be_bytes(field);
    // Where the hardware cuts the segment into several it also fills in the length of each: Windows leaves that out.
    let without_length = Checksum::with_pseudo_header(&pseudo_header(0)).partial();
    // An address that was exchanged afterwards, or a driver, has left some without any.
    if field == begun.partial() || field == without_length || field == 0 {
        ChecksumSeen::Partial
    } else {
        ChecksumSeen::Wrong
    }
}

impl From<LinkType> for NotTcp {
    fn from(link: LinkType) -> Self {
        Self::Link(link.0)
    }
}

impl fmt::Display for NotTcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(number) => write!(
                f,
                "frames of link type {} are not known here; see https://www.tcpdump.org/linktypes.html for what they are",
                LinkType(*number)
            ),
            Self::NotIp(0x0806) => f.write_str("not IP but ARP"),
            Self::NotIp(number) => write!(f, "not IP but protocol 0x{number:04x} of the link"),
            Self::Protocol(1) => f.write_str("not TCP but ICMP"),
            Self::Protocol(17) => f.write_str("not TCP but UDP"),
            Self::Protocol(58) => f.write_str("not TCP but ICMPv6"),
            Self::Protocol(number) => write!(f, "not TCP but IP protocol {number}"),
            Self::FragmentWaiting => f.write_str("a fragment that waits for others"),
            Self::FragmentDropped => f.write_str("a fragment of a datagram that was given up"),
            Self::Cut => f.write_str(
                "cut off by the snap length before the end of its TCP header; capture with a larger one (`tcpdump -s 0`)",
            ),
            Self::Malformed(what) => fmt::Display::fmt(what, f),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "the frame ends before its headers do",
            Self::IpVersion(version) => return write!(f, "the IP version is {version}, neither 4 nor 6"),
            Self::IpHeaderLength => "the IPv4 header length is under 20 octets",
            Self::IpTotalLength => "the IPv4 total length is under that of the header",
            Self::ExtensionHeader => "an IPv6 extension header does not fit in its packet",
            Self::Fragment => "the fragment is empty, misaligned, too far out or in another",
            Self::TcpHeaderLength => "the TCP header does not fit in its segment",
            Self::TooDeep => "too many headers, one in the other",
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
