//! How much of the first burst may leave: the peer's window, the congestion window, Nagle and the sender's
//! silly-window avoidance (RFC 9293 sections 3.7.4, 3.8.6 and 3.8.6.2.1).

use crate::congestion::CongestionController;
use crate::connection::Common;
use crate::connection::tcb::Tcb;

/// The most text of one burst, octets: with its headers it still has a length that IP can say.
const LARGEST_BURST: u32 = 65_279;
/// A peer that has never announced more than this is not asked to halve it.
const SMALLEST_HALVED: u32 = 536;
/// The least that half of a window is taken for.
const SMALLEST_SEGMENT: u32 = 48;

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
    if tcb.intents.push_out {
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

/// Octets of the first burst that was not let go that may go now.
pub(crate) fn sendable(common: &Common, tcb: &Tcb, hold: Hold) -> u32 {
    let Some((burst, is_last)) = tcb.write_queue.held() else { return 0 };
    let size = super::segment_size(tcb);
    let segments = quota(tcb).min(most_segments(common, tcb, size));
    let window = tcb.usable_window();
    if segments == 0 || burst.len.min(size) > window {
        return 0;
    }
    let hold = if is_last && !tcb.fin_queued { hold } else { Hold::Nothing };
    let most = segments.saturating_mul(size);
    let needed = burst.len.min(window);
    if most <= needed {
        return most;
    }
    let tail = needed % size;
    if tail > 0 && holds(tcb, hold) { needed - tail } else { needed }
}

fn holds(tcb: &Tcb, hold: Hold) -> bool {
    match hold {
        Hold::Nothing => false,
        // Minshall's refinement: only what was small itself, and is still in flight, holds back.
        Hold::Nagle => tcb.in_transit() > 0 && tcb.small_until.after(tcb.send.una),
        Hold::Cork => true,
    }
}

/// Segments that the congestion window lets go at once: half of it at the most, so that the next
/// acknowledgment finds a burst still on its way.
fn quota(tcb: &Tcb) -> u32 {
    let mss = tcb.mss().max(1);
    let window = tcb.congestion.window() / mss;
    let in_flight = (tcb.in_flight() + tcb.write_queue.released()).div_ceil(mss);
    (window / 2).max(1).min(window.saturating_sub(in_flight))
}

/// Segments that one burst should have: about as many as leave in a millisecond at the rate at which the
/// connection sends, but more where the round trip is short.
fn most_segments(common: &Common, tcb: &Tcb, size: u32) -> u32 {
    let least = u32::from(common.config.min_burst_segments);
    let rtt = tcb.recovery.rtt.smoothed().map_or(0, |rtt| rtt.as_micros() as u64);
    if rtt == 0 {
        return LARGEST_BURST / size;
    }
    let window = u64::from(tcb.congestion.window().max(tcb.in_flight()));
    let threshold = u64::from(tcb.congestion.slow_start_threshold());
    let percent = if u64::from(tcb.congestion.window()) < threshold / 2 { 200 } else { 120 };
    let rate = window * 10_000 * percent / rtt;
    let shortest = tcb.recovery.rtt.minimum().map_or(u64::MAX, |rtt| rtt.as_micros() as u64) >> 9;
    let near = if shortest < 32 { u64::from(LARGEST_BURST) >> shortest } else { 0 };
    let octets = (rate / 1024 + near).min(LARGEST_BURST.into()) as u32;
    (octets / size).max(least).max(1)
}
