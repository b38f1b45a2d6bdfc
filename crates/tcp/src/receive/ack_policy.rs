//! When an acknowledgment is due, and why (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2).

use core::time::Duration;

use synfin_wire::Instant;

use crate::reason::SendReason;
use crate::timer::{Timer, TimerTable};

/// The smallest guess at the size of the peer's full segments, octets.
const SMALLEST_FULL_SEGMENT: u32 = 536;

/// Whether something that arrived is still to be acknowledged, and how soon.
#[derive(Clone, Debug)]
pub(crate) struct AckPolicy {
    /// An acknowledgment is due at once.
    due: Option<SendReason>,
    /// Octets of text since the last acknowledgment.
    unacknowledged: u32,
    /// Segments that are still to be acknowledged at once.
    quick: u8,
    /// The largest text seen in one segment, which is what "full-sized" means (RMSS).
    full_segment: u32,
}

impl AckPolicy {
    pub(crate) fn new(quick_acks: u8, mss: u32) -> Self {
        Self { due: None, unacknowledged: 0, quick: quick_acks, full_segment: mss.min(SMALLEST_FULL_SEGMENT) }
    }

    /// What is due at once.
    pub(crate) fn due(&self) -> Option<SendReason> {
        self.due
    }

    /// Something that arrived is not acknowledged yet.
    pub(crate) fn is_pending(&self) -> bool {
        self.due.is_some() || self.unacknowledged > 0
    }

    /// An acknowledgment goes out as soon as anything can. The first reason stands.
    pub(crate) fn at_once(&mut self, reason: SendReason) {
        self.due.get_or_insert(reason);
    }

    /// Text arrived in order.
    pub(crate) fn data_in_order(
        &mut self,
        len: u32,
        mss: u32,
        timers: &mut TimerTable,
        now: Instant,
        delay: Duration,
    ) {
        self.full_segment = self.full_segment.max(len.min(mss));
        self.unacknowledged = self.unacknowledged.saturating_add(len);
        if self.unacknowledged >= 2 * self.full_segment {
            self.at_once(SendReason::SecondSegmentAck);
        } else if self.quick > 0 {
            self.quick -= 1;
            self.at_once(SendReason::QuickAck);
        } else {
            Self::delay(timers, now, delay);
        }
    }

    /// The peer's FIN arrived. Its acknowledgment may wait like any other: when the user closes in that
    /// time, one segment does for both.
    pub(crate) fn fin(&mut self, timers: &mut TimerTable, now: Instant, delay: Duration) {
        self.unacknowledged = self.unacknowledged.saturating_add(1);
        Self::delay(timers, now, delay);
    }

    /// The next `segments` are acknowledged at once.
    pub(crate) fn quicken(&mut self, segments: u8) {
        self.quick = self.quick.max(segments);
    }

    /// The user answers: from now on acknowledgments can expect company.
    pub(crate) fn interactive(&mut self) {
        self.quick = 0;
    }

    /// The delayed acknowledgment's time is up.
    pub(crate) fn delay_over(&mut self) {
        if self.unacknowledged > 0 {
            self.at_once(SendReason::DelayedAck);
        }
    }

    /// A segment with the acknowledgment left.
    pub(crate) fn sent(&mut self, timers: &mut TimerTable) {
        self.due = None;
        self.unacknowledged = 0;
        timers.stop(Timer::DelayedAck);
    }

    fn delay(timers: &mut TimerTable, now: Instant, delay: Duration) {
        if !timers.is_running(Timer::DelayedAck) {
            timers.set(Timer::DelayedAck, now + delay);
        }
    }
}

#[cfg(test)]
mod tests;
