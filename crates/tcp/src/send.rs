//! What is to go to the peer.
//!
//! In: the user's octets and the peer's acknowledgments. Out: the octets of a range of sequence numbers.
//! RFC 9293 sections 3.3.1 (variables) and 3.10.2 (SEND). Which range goes when is `output`'s to decide,
//! and which was lost is `recovery`'s.

pub(crate) mod buffer;
pub(crate) mod chronograph;
pub(crate) mod retransmission_queue;
pub(crate) mod space;
pub(crate) mod write_queue;

pub(crate) use buffer::SendBuffer;
pub(crate) use chronograph::Chronograph;
pub(crate) use retransmission_queue::RetransmissionQueue;
pub(crate) use space::SendSpace;
pub(crate) use write_queue::WriteQueue;
