//! Answers to segments that do not fit, so that an honest peer finds its place again and two confused
//! ends do not answer each other for ever (RFC 5961 section 7).

use core::time::Duration;

use synfin_wire::{Instant, Segment};

use crate::connection::tcb::Tcb;
use synfin_wire::reason::SendReason;

/// Segments without text are answered no more often than this.
pub(crate) const INTERVAL: Duration = Duration::from_millis(500);

/// Answers a segment that is discarded. One with text is a retransmission, and its sender waits for the
/// answer; the others are held to a rate.
pub(super) fn answer(tcb: &mut Tcb, segment: &Segment, reason: SendReason, now: Instant) {
    if !segment.payload.is_empty() || segment.header.flags.fin() {
        tcb.ack.at_once(reason);
    } else {
        throttled(tcb, reason, now);
    }
}

/// A challenge acknowledgment, unless one was sent a moment ago. Where one is due for another reason, that one does.
pub(super) fn throttled(tcb: &mut Tcb, reason: SendReason, now: Instant) {
    if is_time(&mut tcb.last_challenge, now) && tcb.ack.due().is_none() {
        tcb.intents.challenge = Some(reason);
    }
}

/// Whether the last challenge lies back far enough for another, which is taken down.
pub(super) fn is_time(last: &mut Option<Instant>, now: Instant) -> bool {
    let is_time = last.is_none_or(|last| now - last >= INTERVAL);
    if is_time {
        *last = Some(now);
    }
    is_time
}
