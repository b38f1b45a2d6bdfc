//! By what text is known again that nobody keeps: its first octets, and the sum of all of them.

use std::net::IpAddr;

use synfin_wire::IpProtocol;
use synfin_wire::checksum::{Checksum, PseudoHeader};

use super::ChecksumSeen;

/// What is remembered of a segment's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Print {
    /// The first eight octets, where so many were captured.
    pub front: Option<u64>,
    /// The sum of all, as in a checksum.
    pub sum: Option<u16>,
}

impl Print {
    /// Of a segment of `len` octets: its header, and what is at hand of its text. What was damaged is not known.
    ///
    /// A right checksum makes the sum of everything vanish, so that the header's alone tells that of the text.
    #[inline]
    pub(super) fn of(
        [source, destination]: [IpAddr; 2],
        len: u32,
        header: &[u8],
        text: &[u8],
        checksum: ChecksumSeen,
    ) -> Self {
        if len as usize == header.len() || checksum == ChecksumSeen::Wrong {
            return Self::default();
        }
        let sum = (checksum == ChecksumSeen::Right).then(|| {
            let protocol = IpProtocol::TCP;
            let pseudo_header = PseudoHeader { source, destination, protocol, length: len };
            let mut sum = Checksum::with_pseudo_header(&pseudo_header);
            sum.add(header);
            sum.finish()
        });
        Self { front: text.first_chunk().copied().map(u64::from_be_bytes), sum }
    }

    /// Whether the two cannot be of the same text: of the same length, or one the front of the other.
    #[must_use]
    pub fn contradicts(self, other: Self, of_same_length: bool) -> bool {
        let differ = |pair: Option<(u64, u64)>| pair.is_some_and(|(one, other)| one != other);
        let sums = self.sum.zip(other.sum).map(|(one, other)| (one.into(), other.into()));
        differ(self.front.zip(other.front)) || of_same_length && differ(sums)
    }
}
