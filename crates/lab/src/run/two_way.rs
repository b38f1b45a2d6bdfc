//! The handshake that nobody has: two segments and no third.
//!
//! The engine cannot do it, and need not: at the edge of the host the third segment is put in the moment the SYN-ACK has
//! left, so that the server takes the connection for open; and what a client of such a TCP would not say is held back:
//! its third segment, and the RST for a SYN-ACK that it did not ask for.

use std::net::SocketAddr;

use bytes::Bytes;
use synfin_wire::{Flags, Segment, SendReason, TcpHeader, TcpOptions, Timestamps};

use super::packet;

/// The third segment that answers this SYN-ACK, as if its receiver had sent it.
pub(super) fn third(source: SocketAddr, destination: SocketAddr, syn_ack: &Segment) -> Bytes {
    let header = &syn_ack.header;
    let stamps = header.options.timestamps;
    let third = TcpHeader {
        source_port: header.destination_port,
        destination_port: header.source_port,
        seq: header.ack,
        ack: header.seq + 1,
        flags: Flags::ACK,
        reserved: 0,
        window: 65_535,
        urgent_pointer: 0,
        options: TcpOptions {
            timestamps: stamps.map(|stamps| Timestamps { value: stamps.echo, echo: stamps.value }),
            ..TcpOptions::default()
        },
    };
    packet::build(destination, source, &third, &[])
}

/// Whether a client of a two-way handshake would not say this.
pub(super) fn is_unsaid(reason: Option<SendReason>) -> bool {
    matches!(reason, Some(SendReason::HandshakeAck | SendReason::ResetBadAck | SendReason::ResetNoConnection))
}
