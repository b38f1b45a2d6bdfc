//! Text that fills its receiver's window, told from wherever it was captured.
//!
//! A sender knows of a window what has come to it: elsewhere than at its end, what was said a round trip before its text
//! is seen. A receiver whose scale (RFC 7323 section 2) a box on the way has taken away or changed is heeded as if it had
//! none: its windows are filled as they stand in the header.

use std::collections::VecDeque;
use std::time::Duration;

use synfin_ladder::Side;
use synfin_wire::{Instant, SeqNumber};

use crate::packet::Packet;

/// So many windows are remembered.
const MOST: usize = 64;
/// So many windows that are filled, each by itself, are no chance.
const NO_CHANCE: u32 = 3;
/// And so many that are filled to the octet as if they had no scale.
const NO_CHANCE_UNSCALED: u32 = 4;

/// What was sent into windows, by side of the sender.
#[derive(Clone, Debug, Default)]
pub(crate) struct WindowLimits([Sent; 2]);

#[derive(Clone, Debug, Default)]
struct Sent {
    /// What the receiver has said, the newest last.
    edges: VecDeque<Edge>,
    /// Windows that were filled, and the last of them.
    filled: u32,
    last: Option<SeqNumber>,
    /// As many as if they were not scaled, and whether text went beyond one of those.
    filled_unscaled: u32,
    last_unscaled: Option<SeqNumber>,
    heeds_scale: bool,
    /// The frames that filled them.
    unscaled: Vec<u64>,
    /// The last window that was filled as if it was not scaled, octets.
    window: u16,
}

/// Behind the last number that a window takes.
#[derive(Clone, Copy, Debug)]
struct Edge {
    at: Instant,
    /// Not known where the scale is not.
    scaled: Option<SeqNumber>,
    unscaled: SeqNumber,
    window: u16,
}

impl WindowLimits {
    /// Follows a packet, whose window is shifted by `shift`, where that is known; text of its sender is seen `trip` after
    /// what has made it go, and `full` octets of it make a segment. Whether it fills a window as others did before it.
    pub(crate) fn observe(
        &mut self,
        from: Side,
        packet: &Packet<'_>,
        shift: Option<u8>,
        trip: Duration,
        full: u32,
    ) -> bool {
        let header = &packet.header;
        let mut is_limited = false;
        if packet.len > 0 && !header.flags.syn() && !header.flags.rst() {
            let end = header.seq + packet.len;
            is_limited = self.0[from.index()].fills(packet, end, trip, full);
        }
        if header.flags.ack() && !header.flags.syn() && !header.flags.rst() {
            let edges = &mut self.0[from.other().index()].edges;
            if edges.len() == MOST {
                edges.pop_front();
            }
            edges.push_back(Edge {
                at: packet.at,
                scaled: shift.map(|shift| header.ack + (u32::from(header.window) << shift)),
                unscaled: header.ack + u32::from(header.window),
                window: header.window,
            });
        }
        is_limited
    }

    /// What shows that a side heeds the other's windows as if they were not scaled: the frames, and how large the last was.
    pub(crate) fn misread(&self, side: Side) -> Option<(&[u64], u16)> {
        let sent = &self.0[side.index()];
        let is_so = !sent.heeds_scale && sent.filled_unscaled >= NO_CHANCE_UNSCALED;
        is_so.then_some((&sent.unscaled[..], sent.window))
    }
}

impl Sent {
    fn fills(&mut self, packet: &Packet<'_>, end: SeqNumber, trip: Duration, full: u32) -> bool {
        /// So many frames are named.
        const NAMED: usize = 8;
        let Some(newest) = self.edges.back().copied() else { return false };
        self.heeds_scale |= end.after(newest.unscaled);
        let known = self.edges.iter().rev().find(|edge| packet.at - edge.at >= trip).copied();
        let Some(known) = known else { return false };
        let is_apart = known.scaled.is_some_and(|scaled| scaled.after(known.unscaled));
        if is_apart && end == known.unscaled && self.last_unscaled != Some(end) {
            self.filled_unscaled += 1;
            self.last_unscaled = Some(end);
            self.window = known.window;
            if self.unscaled.len() < NAMED {
                self.unscaled.push(packet.frame);
            }
        }
        let Some(scaled) = known.scaled else { return false };
        let fills = end.at_or_before(scaled) && scaled.octets_since(end) < full;
        if fills && self.last.is_none_or(|last| scaled.after(last)) {
            self.last = Some(scaled);
            self.filled += 1;
            return self.filled >= NO_CHANCE;
        }
        false
    }
}

#[cfg(test)]
mod tests;
