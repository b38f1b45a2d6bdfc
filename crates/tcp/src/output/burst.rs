//! How much of the first burst may leave: the peer's window, the congestion window, Nagle and the sender's
//! silly-window avoidance (RFC 9293 sections 3.7.4, 3.8.6 and 3.8.6.2.1).

use synfin_wire::Instant;

use crate::connection::Common;
use crate::connection::status::RecoveryState;
use crate::connection::tcb::Tcb;
use crate::output::{at_once, segments_in, worth_a_burst};
use crate::span::Span;

/// The most text of one burst, octets: with its headers it still has a length that IP can say.
const LARGEST_BURST: u32 = 65_279;
/// A peer that has never announced more than this is not asked to halve it.
const SMALLEST_HALVED: u32 = 536;
/// The least that half of a window is taken for.
const SMALLEST_SEGMENT: u32 = 48;

/// Only what is sent in one go with something else waits to become larger.
const ONE_GO: Span = Span::from_millis(1);
/// An acknowledgment that is due within this is worth waiting for.
const SOON: Span = Span::from_millis(1);
/// What may leave waits unless it is this part of the window.
const WINDOW_DIVISOR: u32 = 3;

/// What holds back a segment that is not full, at the end of what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Nothing.
    Nothing,
    /// A small segment in flight (SHLD-7).
    Nagle,
    /// The user, who has more to write.
    Cork,
}

/// What holds back now.
pub(super) fn hold(common: &Common, tcb: &Tcb) -> Hold {
    if tcb.intents.push_out || tcb.send.is_urgent() {
        Hold::Nothing
    } else if common.config.cork || tcb.intents.more_to_come {
        Hold::Cork
    } else if common.config.nagle {
        Hold::Nagle
    } else {
        Hold::Nothing
    }
}

/// Half of the largest window that the peer has announced, if `octets` is more: a peer must be able to take
/// two segments or bursts (rule (3) of section 3.8.6.2.1).
pub(crate) fn within_half_window(tcb: &Tcb, octets: u32) -> u32 {
    let largest = tcb.send.max_wnd.octets();
    let bound = if largest > SMALLEST_HALVED { largest / 2 } else { largest };
    if bound > 0 && octets > bound { bound.max(SMALLEST_SEGMENT) } else { octets }
}

/// How many octets a burst gathers before it is full: whole segments.
pub(crate) fn goal(tcb: &Tcb) -> u32 {
    let size = super::segment_size(tcb);
    (within_half_window(tcb, LARGEST_BURST) / size).max(1) * size
}

/// Fills the first burst that was not let go up to what may go, from the next, so that the bounds of what was written
/// together cost no segment of their own.
pub(crate) fn fill(common: &Common, tcb: &mut Tcb, size: u32) {
    if tcb.write_queue.held().is_some_and(|(_, is_last)| !is_last) {
        let whole = (LARGEST_BURST / size).max(1);
        let segments = quota(tcb, size).min(at_once(common, tcb, size)).min(whole);
        tcb.write_queue.fill(segments.saturating_mul(size));
    }
}

/// Octets of the first burst that was not let go that may go now, in segments of `size`.
pub(crate) fn sendable(common: &Common, tcb: &Tcb, size: u32, hold: Hold) -> u32 {
    let Some((burst, is_last)) = tcb.write_queue.held() else { return 0 };
    let mut segments = quota(tcb, size);
    if burst.len > size {
        segments = segments.min(at_once(common, tcb, size));
    }
    let window = tcb.usable_window();
    if segments == 0 || burst.len.min(size) > window {
        return 0;
    }
    let most = segments.saturating_mul(size);
    if most <= window && !is_last {
        return most.min(burst.len);
    }
    let needed = burst.len.min(window);
    if most <= needed {
        return most;
    }
    // A segment of its own that nothing can be put behind does not wait; the end of a larger burst does.
    let hold = if burst.len <= size && (!is_last || tcb.fin_queued) { Hold::Nothing } else { hold };
    let tail = if needed < size { needed } else { needed % size };
    if tail > 0 && holds(tcb, hold) { needed - tail } else { needed }
}

/// Octets that a loss probe takes of the first burst: a segment whatever the congestion window has room for, and as in
/// Linux as much as may go where it has.
pub(super) fn of_probe(common: &Common, tcb: &Tcb, size: u32) -> u32 {
    let len = tcb.write_queue.front().map_or(0, |burst| burst.len);
    let window = tcb.send.usable_window();
    if len.min(size) > window {
        return 0;
    }
    let segments = if len > size { quota(tcb, size).min(at_once(common, tcb, size)).max(1) } else { 1 };
    segments.saturating_mul(size).min(len).min(window)
}

/// What a burst that may go in part had better wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// Room in the congestion window for more of it.
    Congestion,
    /// Room in the peer's window for more of it.
    Window,
    /// More text.
    Text,
}

/// What the first burst that was not let go waits for, though some of it may go: an acknowledgment is soon to come that
/// makes room for more, and little of it may go now. Linux does so (tcp_tso_should_defer), which saves work at both ends.
pub(crate) fn awaited(common: &Common, tcb: &Tcb, size: u32, now: Instant) -> Option<Awaited> {
    let (burst, is_last) = tcb.write_queue.held().filter(|(burst, _)| burst.len > size)?;
    let oldest = tcb.queue.front()?;
    let mss = tcb.mss();
    let released = tcb.write_queue.released();
    let room = tcb.congestion_room().saturating_mul(mss).saturating_sub(released);
    let window = tcb.usable_window();
    let limit = room.min(window);
    let share = tcb.send.wnd.octets().min(tcb.congestion.window().saturating_mul(mss)) / WINDOW_DIVISOR;
    let round_trip = tcb.recovery.rtt.smoothed().unwrap_or_default();
    let goes = limit >= share
        || room == 0
        || window < size
        || room < window && !common.config.defer_bursts
        || released == 0 && Span::between(tcb.last_text, now) >= ONE_GO
        || !is_last && limit >= burst.len
        || matches!(tcb.recovery.state(), RecoveryState::Recovery | RecoveryState::Loss)
        || Span::between(oldest.sent_at, now) + SOON.min(round_trip / 2) < round_trip
        || limit >= worth_a_burst(common, tcb, size).saturating_mul(size);
    let ends = is_last && tcb.fin_queued || burst.ends_record;
    match (goes, limit <= burst.len) {
        (true, _) => None,
        (false, true) if room < window => Some(Awaited::Congestion),
        (false, true) => Some(Awaited::Window),
        (false, false) => (!ends).then_some(Awaited::Text),
    }
}

fn holds(tcb: &Tcb, hold: Hold) -> bool {
    match hold {
        Hold::Nothing => false,
        // Minshall's refinement: only what was small itself, and is still in flight, holds back.
        Hold::Nagle => tcb.in_transit() > 0 && tcb.small_until.after(tcb.send.una),
        Hold::Cork => true,
    }
}

/// Segments that the congestion window lets go at once: half of it at the most, so that acknowledgments are
/// spread over the round trip.
fn quota(tcb: &Tcb, size: u32) -> u32 {
    let window = tcb.congestion.window();
    let released = segments_in(tcb.write_queue.released(), size);
    let trusted =
        tcb.recovery.most_outstanding(tcb.negotiated.sack).saturating_sub(tcb.queue.counts().outstanding);
    (window / 2).max(1).min(tcb.congestion_room().min(trusted).saturating_sub(released))
}
