//! A packet on its way in or out, and what the offload knows of it.

use bytes::{Bytes, BytesMut};

/// A packet on its way out, in pieces that are never joined: one `writev` takes them.
#[derive(Clone, Copy, Debug)]
pub struct PacketOut<'a> {
    /// Everything before the payload: Ethernet (where the medium is), IP and transport headers.
    pub header: &'a [u8],
    /// What follows.
    pub payload: Payload<'a>,
    /// What the device is asked to do.
    pub offload: Offload,
}

impl PacketOut<'_> {
    /// The octets of the whole packet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.header.len() + self.payload.len()
    }

    /// Whether there is not one octet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The packet as its receiver would see it: in one piece, copied to `buffer` in place of what that
    /// holds and split off from it. A buffer with room left makes this free of allocation.
    #[must_use]
    pub fn join(&self, buffer: &mut BytesMut) -> PacketIn {
        buffer.clear();
        buffer.reserve(self.len());
        buffer.extend_from_slice(self.header);
        for piece in self.payload.pieces() {
            buffer.extend_from_slice(piece);
        }
        PacketIn { bytes: buffer.split().freeze(), offload: self.offload }
    }
}

/// The payload of a packet on its way out: octets that lie in pieces, or a part of them.
///
/// ```
/// use bytes::Bytes;
/// use synfin_device::Payload;
///
/// let text = [Bytes::from_static(b"one piece, "), Bytes::from_static(b"another")];
/// let (front, behind) = Payload::of(&text).split_at(4);
/// assert_eq!(front.pieces().collect::<Vec<_>>(), [b"one "]);
/// assert_eq!(behind.pieces().collect::<Vec<_>>(), [&b"piece, "[..], b"another"]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Payload<'a> {
    pieces: &'a [Bytes],
    /// Octets at the front of the pieces that are no part of it.
    skipped: usize,
    len: usize,
}

impl<'a> Payload<'a> {
    /// No payload.
    pub const EMPTY: Payload<'static> = Payload { pieces: &[], skipped: 0, len: 0 };

    /// All of these pieces, of which some may be empty.
    #[must_use]
    pub fn of(pieces: &'a [Bytes]) -> Self {
        Self { pieces, skipped: 0, len: pieces.iter().map(Bytes::len).sum() }
    }

    /// How long it is, octets.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is not one octet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The octets in order, piece by piece.
    pub fn pieces(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        let (mut skipped, mut left) = (self.skipped, self.len);
        self.pieces.iter().map_while(move |piece| {
            let piece = (left > 0).then(|| &piece[std::mem::take(&mut skipped)..])?;
            let piece = &piece[..piece.len().min(left)];
            left -= piece.len();
            Some(piece)
        })
    }

    /// The first `octets`, or all there are, and the rest.
    #[must_use]
    pub fn split_at(self, octets: usize) -> (Self, Self) {
        let octets = octets.min(self.len);
        let front = Self { len: octets, ..self };
        let mut rest = Self { skipped: self.skipped + octets, len: self.len - octets, ..self };
        while let Some((first, behind)) = rest.pieces.split_first()
            && rest.skipped >= first.len()
        {
            rest.skipped -= first.len();
            rest.pieces = behind;
        }
        (front, rest)
    }
}

/// A packet that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketIn {
    /// The packet, from its Ethernet or IP header on.
    pub bytes: Bytes,
    /// What the device says about it.
    pub offload: Offload,
}

impl PacketIn {
    /// The same packet on its way out again, all of it in the header piece.
    #[must_use]
    pub fn as_out(&self) -> PacketOut<'_> {
        PacketOut { header: &self.bytes, payload: Payload::EMPTY, offload: self.offload }
    }
}

/// What a device is asked to do with a packet, or has said about one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Offload {
    /// The transport checksum; IPv4's own is always complete.
    pub checksum: ChecksumOffload,
    /// Present on a super-segment: one packet that stands for several.
    pub segmentation: Option<Segmentation>,
}

/// Who fills or has verified the transport checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ChecksumOffload {
    /// Out: the field is complete. In: it is to be verified.
    #[default]
    None,
    /// The field holds the pseudo-header's partial sum, over the whole length of a super-segment. Out: the
    /// device fills it. In: the packet was never on a wire and can be trusted.
    Partial {
        /// Where summing begins: the transport header's place in the packet, octets.
        start: u16,
        /// The field's place behind `start`, octets: 16 for TCP, 6 for UDP.
        offset: u16,
    },
    /// In: the device has verified it. Out: the field is complete.
    Verified,
}

/// How a super-segment is to be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segmentation {
    /// What is cut.
    pub kind: SegmentationKind,
    /// The payload of each segment but the last, octets; not zero.
    pub size: u16,
    /// The octets before the payload, which every segment repeats. In: a hint, not to be relied on.
    pub header_len: u16,
    /// CWR is set (RFC 3168) and belongs to the first segment alone.
    pub ecn: bool,
}

/// The protocols that can be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentationKind {
    /// TCP over IPv4.
    Tcp4,
    /// TCP over IPv6.
    Tcp6,
}
