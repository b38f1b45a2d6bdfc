//! A segment that waits to be followed, in as little memory as will do: two lines of the cache.

use std::net::{IpAddr, SocketAddr};

use synfin_wire::tcp::{HEADER_LEN, MAX_HEADER_LEN};
use synfin_wire::{Ecn, Instant, IpProtocol, TcpHeader};

use super::tunnel::{self, Innermost};
use super::{ChecksumSeen, Packet, Print, checksum, ranges_cut};
use crate::capture::Frame;

/// A plain segment whose header has not been read yet; its checksum has, while its text was at hand.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    frame: u64,
    at: Instant,
    interface: u32,
    /// Octets of header and text.
    len: u32,
    /// How many of them were captured.
    captured: u32,
    identification: u16,
    hop_limit: u8,
    ecn: Ecn,
    checksum: ChecksumSeen,
    source: IpAddr,
    destination: IpAddr,
    front_len: u8,
    /// The header, and what of the text stands where a longer one would.
    front: [u8; MAX_HEADER_LEN],
}

impl Kept {
    /// The segment of a frame that has [`plain_ends`](super::plain_ends) and no comment; `None` where it is none after
    /// all.
    #[inline]
    pub(crate) fn of(frame: &Frame<'_>) -> Option<Self> {
        let Ok(Innermost::Whole(datagram)) = tunnel::innermost(frame) else { return None };
        let is_whole = datagram.len >= HEADER_LEN as u32 && datagram.bytes.len() >= HEADER_LEN;
        if datagram.protocol != IpProtocol::TCP || !is_whole {
            return None;
        }
        let mut front = [0; MAX_HEADER_LEN];
        let front_len = datagram.bytes.len().min(MAX_HEADER_LEN);
        front[..front_len].copy_from_slice(&datagram.bytes[..front_len]);
        Some(Self {
            frame: frame.number,
            at: frame.at,
            interface: frame.interface,
            len: datagram.len,
            captured: datagram.bytes.len() as u32,
            identification: datagram.identification,
            hop_limit: datagram.hop_limit,
            ecn: datagram.ecn,
            checksum: checksum(&datagram),
            source: datagram.source,
            destination: datagram.destination,
            front_len: front_len as u8,
            front,
        })
    }

    /// Something from either line of the cache.
    #[inline]
    pub(crate) fn touch(&self) -> u8 {
        self.front[0] ^ self.front[MAX_HEADER_LEN - 1] ^ self.front_len
    }

    /// All of it but the text; `None` when its header makes no sense.
    #[inline]
    pub(crate) fn packet(&self) -> Option<Packet<'static>> {
        let front = &self.front[..usize::from(self.front_len)];
        let (header, header_len) = TcpHeader::parse_prefix(front).ok()?;
        let (read, text) = front.split_at(header_len.min(front.len()));
        let ends = [self.source, self.destination];
        let ranges_cut = ranges_cut(&header, header_len, read);
        Some(Packet {
            frame: self.frame,
            at: self.at,
            interface: self.interface,
            source: SocketAddr::new(self.source, header.source_port),
            destination: SocketAddr::new(self.destination, header.destination_port),
            header,
            len: self.len.checked_sub(header_len as u32)?,
            text: &[],
            print: Print::of(ends, self.len, read, text, self.checksum),
            captured: self.captured.saturating_sub(header_len as u32),
            ranges_cut,
            checksum: self.checksum,
            hop_limit: self.hop_limit,
            identification: self.identification,
            ecn: self.ecn,
            comment: None,
        })
    }
}
