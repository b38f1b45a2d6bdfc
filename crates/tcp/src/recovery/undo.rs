//! The memory that lets a reduction be taken back when it turns out that nothing was lost: by DSACKs for all that
//! was sent again (RFC 3708), or by an echoed timestamp older than the first retransmission (RFC 3522, RFC 4015).

use synfin_wire::{Instant, SeqNumber};

use crate::compact::compact;
use crate::send::retransmission_queue::Counts;

/// What a recovery began with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Undo {
    /// SND.UNA when it began; `None` when there is nothing to take back.
    marker: Option<SeqNumber>,
    /// Retransmissions that no DSACK has reported yet; `None` before the first.
    unreported: Option<u32>,
    /// The timestamp of the first retransmission of the episode, and when it was sent.
    first: Option<(u32, Instant)>,
    /// cwnd before; segments.
    pub(crate) window: u32,
    /// ssthresh before; 0 when it must not be restored.
    pub(crate) threshold: u32,
}

compact!(Undo { marker, unreported, first, window, threshold });

impl Undo {
    /// A recovery begins. What was sent again already may still be reported by DSACKs.
    pub(crate) fn begin(&mut self, una: SeqNumber, counts: Counts, probe: bool) {
        let out = counts.resent + u32::from(probe);
        self.marker = Some(una);
        self.unreported = (out > 0).then_some(out);
    }

    /// Something was sent again; `timestamp` is what it carried, or would have.
    pub(crate) fn retransmitted(&mut self, segments: u32, timestamp: u32, now: Instant) {
        self.first.get_or_insert((timestamp, now));
        self.unreported = Some(self.unreported.unwrap_or(0) + segments);
    }

    /// A DSACK reports `segments` that lie before `end`.
    pub(crate) fn reported(&mut self, end: SeqNumber, segments: u32) {
        if self.marker.is_some_and(|marker| end.after(marker)) {
            self.unreported = self.unreported.map(|unreported| unreported.saturating_sub(segments));
        }
    }

    pub(crate) fn is_possible(&self) -> bool {
        self.marker.is_some()
    }

    /// Every retransmission was reported to have arrived twice.
    pub(crate) fn all_reported(&self) -> bool {
        self.marker.is_some() && self.unreported == Some(0)
    }

    /// The timestamp of the first retransmission, and when it was sent.
    pub(crate) fn first_retransmission(&self) -> Option<(u32, Instant)> {
        self.first
    }

    /// The episode of retransmissions is over.
    pub(crate) fn forget_first(&mut self) {
        self.first = None;
    }

    /// There is nothing to take back any more.
    pub(crate) fn close(&mut self) {
        self.marker = None;
    }
}
