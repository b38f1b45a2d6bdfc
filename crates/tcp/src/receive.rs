//! What has arrived from the peer.
//!
//! In: the text of segments that passed the sequence check. Out: octets in order for the user, and what
//! the next acknowledgment says: RCV.NXT, the window, the SACK ranges, and when it is due. RFC 9293
//! sections 3.3.1, 3.8.6.2.2 and 3.8.6.3, RFC 2018; and how it came, RFC 3168 and RFC 9768.

/// Text shorter than this, octets, is copied where it has to wait. Longer text stays a slice of the buffer that the device
/// filled, and keeps that whole buffer alive: some hundred KiB, which other packets share.
const COPY_BELOW: usize = 32 * 1024;

pub(crate) mod ack_policy;
pub(crate) mod assembler;
pub(crate) mod buffer;
pub(crate) mod cost;
pub(crate) mod ecn;
pub(crate) mod memory;
pub(crate) mod overtaken;
pub(crate) mod sack_report;
pub(crate) mod space;
pub(crate) mod window;

pub(crate) use ack_policy::{AckPolicy, Pace};
pub(crate) use assembler::Assembler;
pub(crate) use buffer::ReceiveBuffer;
pub(crate) use memory::ReceiveMemory;
pub(crate) use overtaken::Overtaken;
pub(crate) use sack_report::SackReport;
pub(crate) use space::ReceiveSpace;
