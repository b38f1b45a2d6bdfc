//! Packets as they cross the border between host and device.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use synfin_tcp::{Payload, SendReason};

/// A packet from the device: an IP datagram, or an Ethernet frame where the medium is Ethernet.
#[derive(Clone, Debug)]
pub struct PacketIn {
    /// The packet. A TCP super-segment may be longer than the MTU.
    pub bytes: Bytes,
    /// The device vouches for the checksums, or they are still partial.
    pub trust_checksum: bool,
    /// The device has put it together from several TCP segments, each but the last with so much text, octets.
    pub segment_size: Option<u16>,
}

/// A packet for the device: `header` and then `payload`, to be written in one go.
#[derive(Clone, Debug)]
pub struct PacketOut {
    /// The link, IP and transport headers.
    pub header: HeaderBytes,
    /// What follows them, in order.
    pub payload: Payload,
    /// The length of `payload`, octets.
    pub payload_len: usize,
    /// Who finishes the transport checksum.
    pub checksum: ChecksumOut,
    /// Set when the device is to cut the packet into segments.
    pub segmentation: Option<Segmentation>,
    /// What it is, and why it is sent.
    pub note: PacketNote,
}

/// Who finishes the transport checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChecksumOut {
    /// It is in its place.
    Complete,
    /// The device sums up from `start` to the end and writes the result `offset` octets behind `start`;
    /// the sum of the pseudo-header is in that field already. As virtio-net has it.
    Partial {
        /// Where the transport header begins in the packet.
        start: u16,
        /// Where the field lies in the transport header.
        offset: u16,
    },
}

/// How the device is to cut a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segmentation {
    /// TCP text of each segment, octets.
    pub size: u16,
    /// TCP over IPv6; over IPv4 otherwise.
    pub ipv6: bool,
    /// Link, IP and TCP headers together, octets: what each segment repeats.
    pub header_len: u16,
}

/// What a packet is, and why it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketNote {
    /// A TCP segment, and why it is sent.
    Tcp(SendReason),
    /// A UDP datagram, or a fragment of one.
    Udp,
    /// An ICMP echo reply.
    EchoReply,
    /// An ICMP error.
    IcmpError,
    /// ARP or neighbour discovery.
    Neighbour,
}

impl PacketOut {
    /// The packet's length, octets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.header.len() + self.payload_len
    }

    /// Always false: there is a header.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The packet in one piece, copied.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut whole = Vec::with_capacity(self.len());
        whole.extend_from_slice(&self.header);
        for chunk in &self.payload {
            whole.extend_from_slice(chunk);
        }
        whole.into()
    }
}

/// The longest link, IP and transport headers: Ethernet 14, IPv6 with a fragment header 48, TCP 60.
const HEADER_CAPACITY: usize = 128;

/// The headers of a packet, held inline.
#[derive(Clone)]
pub struct HeaderBytes {
    bytes: [u8; HEADER_CAPACITY],
    len: u8,
}

impl HeaderBytes {
    pub(crate) const fn new() -> Self {
        Self::zeros(0)
    }

    /// So many octets that are to be filled in.
    pub(crate) const fn zeros(octets: u8) -> Self {
        Self { bytes: [0; HEADER_CAPACITY], len: octets }
    }

    /// Lengthens by `octets` zeros and returns them.
    pub(crate) fn grow(&mut self, octets: usize) -> &mut [u8] {
        let start = usize::from(self.len);
        self.len = (start + octets) as u8;
        &mut self.bytes[start..start + octets]
    }

    /// Lengthens by as much as `write` writes, of at most `most` octets.
    pub(crate) fn write(&mut self, most: usize, write: impl FnOnce(&mut [u8]) -> usize) {
        let start = usize::from(self.len);
        self.len = (start + write(&mut self.bytes[start..start + most])) as u8;
    }

    /// What was written so far.
    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..usize::from(self.len)]
    }
}

impl Deref for HeaderBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Debug for HeaderBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for octet in &**self {
            write!(f, "{octet:02x}")?;
        }
        Ok(())
    }
}
