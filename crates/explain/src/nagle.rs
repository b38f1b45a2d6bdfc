//! Nagle's algorithm and delayed acknowledgments that wait for each other (RFC 9293 section 3.7.4): a small segment goes,
//! its acknowledgment is delayed, and the next small segment goes the moment that comes.

use std::time::Duration;

use synfin_ladder::Side;
use synfin_wire::{Instant, SeqNumber};

use crate::findings::Path;
use crate::packet::Packet;

/// An acknowledgment that takes this much longer than others was delayed.
const DELAYED: Duration = Duration::from_millis(30);
/// What follows an acknowledgment sooner than this has waited for it.
const PROMPT: Duration = Duration::from_micros(500);

/// The small segments of both sides.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Nagle {
    /// The last small segment: behind its last number, and when it went.
    small: [Option<(SeqNumber, Instant)>; 2],
    /// When a delayed acknowledgment of it came.
    released: [Option<Instant>; 2],
}

impl Nagle {
    /// Whether this packet is a small one that had to wait for a delayed acknowledgment.
    pub(crate) fn waited(&mut self, from: Side, packet: &Packet<'_>, path: &Path) -> bool {
        let (own, other) = (from.index(), from.other().index());
        if packet.header.flags.ack()
            && let Some((end, sent)) = self.small[other]
            && packet.header.ack.at_or_after(end)
        {
            let usual = path.answered_in[own].unwrap_or_default();
            self.released[other] =
                (packet.at - sent > usual + DELAYED && packet.len == 0).then_some(packet.at);
            self.small[other] = None;
        }
        if packet.len == 0 {
            return false;
        }
        let half = path.mss.map(|mss| u32::from(mss) / 2);
        // What fills the window waits for that.
        let is_small =
            half.is_some_and(|half| packet.len < half && path.room.is_none_or(|room| room >= half));
        let released = self.released[own].take();
        self.small[own] = is_small.then(|| (packet.header.seq + packet.len, packet.at));
        // Elsewhere than at its sender it comes as much later as that takes to answer.
        let usual = path.answered_in[own].unwrap_or_default();
        is_small && released.is_some_and(|released| packet.at - released <= usual + PROMPT)
    }
}
