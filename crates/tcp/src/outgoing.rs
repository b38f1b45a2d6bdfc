//! What a connection sends.

use bytes::Bytes;
use smallvec::SmallVec;
use synfin_wire::{Ecn, TcpHeader};

use synfin_wire::reason::SendReason;

/// The text of a segment: slices of what the user sent, in order.
pub type Payload = SmallVec<[Bytes; 2]>;

/// A segment on its way out.
#[derive(Clone, Debug)]
pub struct SegmentOut {
    /// The header; the checksum is for whoever writes it.
    pub header: TcpHeader,
    /// The text.
    pub payload: Payload,
    /// The text's length, octets.
    pub payload_len: usize,
    /// Set when the text is more than one segment's: the size at which the device is to cut it.
    pub segment_size: Option<u16>,
    /// The ECN bits for the datagram.
    pub ecn: Ecn,
    /// Why it is sent.
    pub reason: SendReason,
}

impl SegmentOut {
    /// A segment that is only a header.
    pub(crate) fn without_text(header: TcpHeader, reason: SendReason) -> Self {
        Self { header, payload: Payload::new(), payload_len: 0, segment_size: None, ecn: Ecn::NotEct, reason }
    }
}

/// How much one segment may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransmitLimits {
    /// The most text of one super-segment, octets, where the device cuts segments itself. With less than two segments'
    /// worth there are no super-segments: each segment goes alone, and carries as much as the MSS allows.
    pub max_payload: usize,
    /// The device that cuts a segment leaves CWR in each of its pieces. Most leave it in the first alone, as RFC 3168
    /// section 6.1.2 wants it, which an ACE field of AccECN must not suffer.
    pub repeats_cwr: bool,
}

impl TransmitLimits {
    /// No segment exceeds the MSS.
    pub const ONE_SEGMENT: Self = Self { max_payload: 0, repeats_cwr: true };
}
