//! Bytes and typed headers.
//!
//! What comes in: the bytes of a packet. What goes out: typed headers with a payload that is still a
//! slice of the buffer it came in. And back again. Nothing here knows a connection, a clock or a device. The words in which
//! the engine, a capture's reader and a picture speak of a connection, its states and reasons, are here too.
//!
//! | module | what it holds | from |
//! |---|---|---|
//! | [`seq`] | [`SeqNumber`]: arithmetic modulo 2^32 | RFC 9293 section 3.4 |
//! | [`size`] | [`WindowSize`], [`WindowScale`], [`Mss`] | RFC 9293 section 3.1, RFC 7323 section 2 |
//! | [`time`] | [`Instant`]: nanoseconds of whatever clock drives the engine | |
//! | [`tcp`] | the TCP header, its options, a [`Segment`] | RFC 9293 section 3.1 |
//! | [`ip`] | IPv4 and IPv6 headers, fragments, ECN | RFC 791, RFC 8200 |
//! | [`udp`], [`icmp`], [`arp`], [`ndp`], [`ethernet`] | the neighbours of TCP | |
//! | [`checksum`] | the Internet checksum | RFC 1071 |
//! | [`state`] | the eleven [`State`]s and the one table of their transitions | RFC 9293 section 3.3.2 |
//! | [`reason`] | why a segment was sent, why one was dropped, why a connection ended | |
//! | [`note`] | what a recorder that knows the engine writes on a packet | |
//! | [`pcapng`] | capture files, written | draft-ietf-opsawg-pcapng |
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

pub mod arp;
pub mod checksum;
pub mod ethernet;
pub mod icmp;
pub mod ip;
pub mod ndp;
pub mod note;
pub mod pcapng;
pub mod reason;
pub mod seq;
pub mod size;
pub mod state;
pub mod tcp;
pub mod time;
pub mod udp;

pub use icmp::IcmpMessage;
pub use ip::{Ecn, IpHeader, IpPacket, IpProtocol};
pub use note::Note;
pub use reason::{CloseReason, DropReason, SendReason};
pub use seq::SeqNumber;
pub use size::{Mss, WindowScale, WindowSize};
pub use state::{State, Trigger};
pub use tcp::{
    Cookie, FastOpenOption, Flags, Md5Digest, OptionOrder, Segment, TcpHeader, TcpOptions, Timestamps,
    UserTimeout,
};
pub use time::Instant;
pub use udp::UdpDatagram;
