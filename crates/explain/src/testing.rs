//! Packets for the tests of this crate.

use std::net::SocketAddr;

use synfin_wire::{Ecn, Flags, Instant, SeqNumber, TcpHeader, TcpOptions};

use crate::packet::{ChecksumSeen, Packet, Print};

/// A segment at so many milliseconds, which are its frame too, with a number, an acknowledgment and so much text.
pub(crate) fn packet(
    millis: u64,
    [source, destination]: [SocketAddr; 2],
    flags: Flags,
    (seq, ack): (u32, u32),
    len: u32,
) -> Packet<'static> {
    Packet {
        frame: millis,
        at: Instant::from_millis(millis),
        interface: 0,
        source,
        destination,
        header: TcpHeader {
            source_port: source.port(),
            destination_port: destination.port(),
            seq: SeqNumber::new(seq),
            ack: SeqNumber::new(ack),
            flags,
            reserved: 0,
            window: 1000,
            urgent_pointer: 0,
            options: TcpOptions::default(),
        },
        len,
        text: &[],
        print: Print::default(),
        captured: len,
        ranges_cut: 0,
        checksum: ChecksumSeen::Unknown,
        hop_limit: 64,
        identification: 0,
        ecn: Ecn::NotEct,
        comment: None,
    }
}
