//! A TCP/IP host around many connections.
//!
//! What comes in: packets, the owner's calls, moments. What goes out: packets, events, deadlines. The host
//! does no I/O, knows no clock and draws no random numbers: it is one shard on one thread, driven like a
//! connection with four verbs.
//!
//! 1. [`Host::handle_packet`] and [`Host::handle_timeout`]: what the world did;
//! 2. the owner's calls: [`connect`](Host::connect), [`listen`](Host::listen), [`tcp`](Host::tcp),
//!    [`udp_bind`](Host::udp_bind) and the rest;
//! 3. [`Host::poll_transmit`]: the packets to send, and [`Host::poll_event`]: what the owner may act on;
//! 4. [`Host::poll_timeout`]: when to call again.
//!
//! After any of the first two, drain `poll_transmit` and `poll_event` and ask for the deadline. Nothing is
//! sent while a packet is handled: everything queued is taken in first, then answered (RFC 9293 MUST-58,
//! MUST-59).
#![forbid(unsafe_code)]

pub mod config;
pub mod counters;
pub mod error;
pub mod event;
pub mod fast_open;
pub mod host;
pub mod md5;
pub mod packet;
mod pages;
pub mod syn_cookie;

mod challenge;
mod compact;
mod echo;
mod emit;
mod events;
mod forwarder;
mod icmp;
mod isn;
mod keyed;
mod listener;
mod neighbour;
mod outbox;
mod ports;
mod ready;
mod reassembly;
mod rest;
mod route;
mod spare;
mod table;
mod timers;
mod udp;

#[cfg(test)]
mod testing;

pub use config::{ConnectOptions, HostConfig, HostOffload, Limits, ListenFastOpen, ListenOptions, Medium};
pub use counters::{Counters, Fate, PacketDrop};
pub use error::{BindError, ConnectError, ListenError, SendToError};
pub use event::{
    Accepted, Datagram, EchoRequest, HostEvent, ListenerHandle, OpenRequest, Refusal, RequestId, TcpEvents,
    TcpHandle, UdpError, UdpHandle, Unreachable,
};
pub use fast_open::{FastOpen, FastOpenConfig, FastOpenKey, FastOpenKeys};
pub use host::{Host, Look, TcpSocket};
pub use md5::{Md5Key, PeerKeys};
pub use packet::{ChecksumOut, HeaderBytes, PacketIn, PacketNote, PacketOut, Segmentation};
pub use ports::PortShare;
pub use syn_cookie::SynCookies;
/// The engine whose vocabulary this interface speaks: settings, states, reasons.
pub use synfin_tcp as tcp;
pub use synfin_wire::Instant;
pub use synfin_wire::ethernet::MacAddress;
