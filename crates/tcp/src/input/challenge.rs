//! Answers to segments that do not fit, so that an honest peer finds its place again and two confused
//! ends do not answer each other for ever (RFC 5961 section 7).

use synfin_wire::{Instant, Segment};

use crate::connection::Common;
use crate::connection::tcb::Tcb;
use synfin_wire::reason::SendReason;

/// Answers a segment that is discarded. One with text is a retransmission, and its sender waits for the
/// answer; the others are held to a rate. Where all of it lies before the last acknowledgment, or beyond the window, the
/// answer is not an acknowledgment that was owed.
pub(super) fn answer(common: &Common, tcb: &mut Tcb, segment: &Segment, reason: SendReason, now: Instant) {
    if !segment.payload.is_empty() || segment.header.flags.fin() {
        let end = segment.end();
        if end.before(tcb.stamps.last_ack_sent) || end.after(tcb.receive.nxt) {
            tcb.ack.answer(reason);
        } else {
            tcb.ack.at_once(reason);
        }
    } else {
        throttled(common, tcb, reason, now);
    }
}

/// A challenge acknowledgment, unless one was sent a moment ago. Where one is due for another reason, that one does.
pub(super) fn throttled(common: &Common, tcb: &mut Tcb, reason: SendReason, now: Instant) {
    if is_time(common, &mut tcb.last_challenge, now) && tcb.ack.due().is_none() {
        tcb.intents.challenge = Some(reason);
    }
}

/// Whether the last challenge lies back far enough for another, which is taken down.
pub(super) fn is_time(common: &Common, last: &mut Option<Instant>, now: Instant) -> bool {
    let is_time = last.is_none_or(|last| now - last >= common.config.challenge_interval);
    if is_time {
        *last = Some(now);
    }
    is_time
}
