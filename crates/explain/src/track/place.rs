//! Where the capture was made: at one of the ends, or between them.
//!
//! An end answers at once what it receives, so where the capture is made there the one side's answers follow within
//! microseconds and the other's take a round trip. Hardware that fills in checksums is another sign: the sender's
//! packets lack theirs, and what it receives has them. A packet whose hop limit was counted down is not seen where it
//! was sent.

use std::time::Duration;

use synfin_ladder::Side;

use super::space::Space;
use crate::packet::{ChecksumSeen, Packet};

/// No stack answers later than this what it acknowledges at once.
const PROMPT: Duration = Duration::from_micros(150);
/// A round trip that is shorter than this tells nothing: both ends answer promptly.
const SHORTEST_TRIP: Duration = Duration::from_micros(250);
/// By how much the two must differ.
const RATIO: u32 = 4;

#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// The shortest time in which each side has answered.
    answered_in: [Option<Duration>; 2],
    partial: [u32; 2],
    right: [u32; 2],
    /// A router has counted down the hop limit of a packet of each side.
    has_travelled: [bool; 2],
    /// The end that all this speaks for.
    end: Option<Side>,
}

/// What stacks begin with.
const HOP_LIMITS: [u8; 5] = [32, 60, 64, 128, 255];

impl Place {
    /// A packet, before the spaces know of it.
    pub(super) fn observe(&mut self, from: Side, packet: &Packet<'_>, spaces: &[Space; 2]) {
        let side = from.index();
        self.counts_hops(from, packet);
        match packet.checksum {
            ChecksumSeen::Partial => self.partial[side] += 1,
            ChecksumSeen::Right => self.right[side] += 1,
            ChecksumSeen::Wrong | ChecksumSeen::Unknown => {}
        }
        let peer = &spaces[from.other().index()];
        let ack = packet.header.ack;
        let is_new = packet.header.flags.ack() && peer.acknowledged_to().is_none_or(|known| ack.after(known));
        if is_new && let Some(sent) = peer.moment_of(ack).filter(|_| ack.at_or_before(peer.most_sent())) {
            let took = packet.at - sent.at;
            let shortest = &mut self.answered_in[side];
            *shortest = Some(shortest.map_or(took, |shortest| shortest.min(took)));
        }
        self.end = self.judge();
    }

    /// What the hop limit of a packet says of where it is seen, be it for the second time.
    pub(super) fn counts_hops(&mut self, from: Side, packet: &Packet<'_>) {
        self.has_travelled[from.index()] |= !HOP_LIMITS.contains(&packet.hop_limit);
        self.end = self.end.filter(|end| !self.has_travelled[end.index()]);
    }

    /// How soon an answer of this side can be expected here.
    pub(super) fn patience(&self, side: Side) -> Duration {
        self.answered_in[side.index()].unwrap_or_default() * 2 + PROMPT * 3
    }

    pub(super) fn answered_in(&self, side: Side) -> Option<Duration> {
        self.answered_in[side.index()]
    }

    /// Whether a side sends right checksums.
    pub(super) fn has_right_checksums(&self, side: Side) -> bool {
        self.right[side.index()] > 0
    }

    /// The end at which the capture was made, if it was made at one.
    pub(super) fn end(&self) -> Option<Side> {
        self.end
    }

    fn judge(&self) -> Option<Side> {
        let may_be = |side: &Side| !self.has_travelled[side.index()];
        Side::BOTH.into_iter().filter(may_be).find(|side| self.is_prompt(*side)).or_else(|| {
            Side::BOTH.into_iter().filter(may_be).find(|side| {
                let (own, other) = (side.index(), side.other().index());
                self.partial[own] > 1
                    && self.right[own] == 0
                    && self.right[other] > 1
                    && self.partial[other] == 0
            })
        })
    }

    fn is_prompt(&self, side: Side) -> bool {
        let [Some(own), Some(other)] = [side, side.other()].map(|side| self.answered_in[side.index()]) else {
            return false;
        };
        own <= PROMPT && other >= SHORTEST_TRIP && other >= own * RATIO
    }
}
