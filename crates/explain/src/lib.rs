//! What happened on a connection, and why: captures become connections, states, reasons and findings.
//!
//! What comes in: the frames of a capture. What goes out: [`synfin_ladder::Connection`]s, from which words and pictures
//! are made. The engine is not asked: what a segment shows is all there is, and what it does not show is said to be
//! unknown. Where whoever recorded knew more and has [noted](synfin_wire::note) it, that is believed.
//!
//! ```text
//! bytes -> capture::Frame -> packet::Packet -> table: which connection? -> analysis, track, zeek -> Connection
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`capture`] | files of every kind become frames |
//! | [`packet`] | a frame becomes a TCP segment with its addresses: link types, fragments, cut-off packets |
//! | [`explainer`] | packets become connections |
//! | [`patterns`] | what connections have in common |
//! | [`shard`] | the same on several threads |
//! | [`reasons`] | why each segment was sent |
//! | [`track`] | the states of both ends |
//! | [`analysis`] | what Wireshark would note on each segment |
//! | [`zeek`] | what Zeek would write of a connection |

pub mod analysis;
pub mod capture;
pub mod explainer;
pub mod packet;
pub mod patterns;
pub mod reasons;
pub mod shard;
pub mod track;
pub mod zeek;

mod black_hole;
mod contradiction;
mod findings;
mod flow;
mod handshake;
mod lost;
mod mirror;
mod nagle;
mod round_trips;
mod stamps;
#[cfg(test)]
mod testing;
mod verdict;
mod window_limit;

pub use explainer::{Detail, Explainer};
pub use patterns::Patterns;
