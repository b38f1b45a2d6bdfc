//! Packets that stand in a capture more than once: seen on two ports of a switch, on a router's way in and out, or
//! doubled by the hardware that captures.
//!
//! No sender sends the same segment again within a millisecond, with the same IP identification. Two bare
//! acknowledgments may well be alike: of those the identification must tell, or the hop limit, which a router between
//! the two has counted down.

use std::time::Duration;

use synfin_ladder::Side;
use synfin_wire::{Flags, Instant, SeqNumber, Timestamps};

use crate::packet::Packet;

/// The two sightings of a packet are no further apart.
const APART: Duration = Duration::from_millis(1);
/// So many packets of a side are compared with.
const KEPT: usize = 4;

/// The last packets of both sides.
#[derive(Debug, Default)]
pub(crate) struct Mirror {
    seen: [[Option<Sighting>; KEPT]; 2],
    next: [usize; 2],
}

#[derive(Clone, Copy, Debug)]
struct Sighting {
    frame: u64,
    at: Instant,
    hop_limit: u8,
    likeness: Likeness,
}

/// What is the same in both sightings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Likeness {
    seq: SeqNumber,
    ack: SeqNumber,
    flags: Flags,
    len: u32,
    window: u16,
    timestamps: Option<Timestamps>,
    identification: u16,
}

impl Mirror {
    /// The frame in which the same packet was seen before; the packet is remembered otherwise.
    pub(crate) fn first_of(&mut self, from: Side, packet: &Packet<'_>) -> Option<u64> {
        let header = &packet.header;
        let likeness = Likeness {
            seq: header.seq,
            ack: header.ack,
            flags: header.flags,
            len: packet.len,
            window: header.window,
            timestamps: header.options.timestamps,
            identification: packet.identification,
        };
        let is_told_apart = packet.sequence_length() > 0 || packet.identification != 0;
        let (seen, next) = (&mut self.seen[from.index()], &mut self.next[from.index()]);
        let first = seen.iter().flatten().find(|sighting| {
            sighting.likeness == likeness
                && packet.at - sighting.at <= APART
                && (is_told_apart || sighting.hop_limit != packet.hop_limit)
        });
        let first = first.map(|sighting| sighting.frame);
        if first.is_none() {
            let hop_limit = packet.hop_limit;
            seen[*next] = Some(Sighting { frame: packet.frame, at: packet.at, hop_limit, likeness });
            *next = (*next + 1) % KEPT;
        }
        first
    }
}
