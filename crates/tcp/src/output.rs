//! The one way out.
//!
//! In: a TCB with the intents that input, timers and the user's calls have left. Out: one segment at a
//! time with its reason, in a fixed order, until there is nothing to send. Deciding comes first and
//! building after; neither looks at a segment that came in. RFC 9293 sections 3.7.4 (Nagle), 3.8.1
//! (retransmission), 3.8.6 (windows). Pacing is left out here.

pub(crate) mod build;
pub(crate) mod burst;
mod persist;

use synfin_wire::{Instant, SeqNumber};

use crate::congestion::{CongestionController, IdleEvent, initial_window};
use crate::connection::Common;
use crate::connection::state::State;
use crate::connection::tcb::Tcb;
use crate::outgoing::{SegmentOut, TransmitLimits};
use crate::reason::SendReason;

/// What goes out next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// A SYN-ACK.
    SynAck(SendReason),
    /// An acknowledgment without text.
    Acknowledge(SendReason),
    /// A probe: an old number, to make the peer answer.
    Probe(SendReason),
    /// Text, or a FIN, that was sent before.
    Retransmit { start: SeqNumber, end: SeqNumber, reason: SendReason },
    /// Text that was never sent, and the FIN when it is the last.
    New { octets: u32, fin: bool, reason: SendReason },
}

/// The next segment of a synchronized connection.
pub(crate) fn poll(
    common: &mut Common,
    tcb: &mut Tcb,
    limits: TransmitLimits,
    now: Instant,
) -> Option<SegmentOut> {
    if let Some(reset) = tcb.intents.stray_reset.take() {
        return Some(reset);
    }
    let Some(decision) = decide(common, tcb, limits, now) else {
        persist::arm(common, tcb, now);
        if core::mem::take(&mut tcb.intents.room_check) {
            tcb.offer_room(common, now);
        }
        return None;
    };
    Some(match decision {
        Decision::SynAck(reason) => build::syn_ack(common, tcb, reason, now),
        Decision::Acknowledge(reason) => build::acknowledgment(common, tcb, reason, now),
        Decision::Probe(reason) => build::probe(common, tcb, reason, now),
        Decision::Retransmit { start, end, reason } => {
            build::retransmission(common, tcb, start, end, reason, now)
        }
        Decision::New { octets, fin, reason } => build::new_text(common, tcb, octets, fin, reason, now),
    })
}

fn decide(common: &Common, tcb: &mut Tcb, limits: TransmitLimits, now: Instant) -> Option<Decision> {
    if let Some(reason) = tcb.intents.syn_ack.take() {
        return Some(Decision::SynAck(reason));
    }
    if let Some(reason) = tcb.intents.challenge.take() {
        return Some(Decision::Acknowledge(reason));
    }
    if tcb.state() == State::SynReceived {
        return tcb.ack.due().map(Decision::Acknowledge);
    }
    retransmission(tcb, limits)
        .or_else(|| new_text(common, tcb, limits, now))
        .or_else(|| tcb.intents.probe.take().map(Decision::Probe))
        .or_else(|| tcb.ack.due().map(Decision::Acknowledge))
}

/// What is lost goes before what is new, as far as the congestion window lets it.
fn retransmission(tcb: &mut Tcb, limits: TransmitLimits) -> Option<Decision> {
    let range = tcb.queue.next_lost()?;
    let (start, end) = (range.start, range.end);
    let mss = segment_size(tcb);
    let allowed = tcb.congestion.window().saturating_sub(tcb.in_flight());
    let octets = if allowed >= mss {
        segments(allowed.min(end.octets_since(start)), mss, limits)
    } else if tcb.intents.retransmit_now {
        mss
    } else {
        return None;
    };
    // A window that was taken back is respected, but the oldest octet may always knock (SHLD-16, MAY-7).
    let window_end = tcb.send.una + tcb.send.wnd.octets();
    let within_window = window_end.octets_since(start);
    let octets = if within_window == 0 && start != tcb.send.una { return None } else { octets };
    let octets = if within_window == 0 { mss } else { octets.min(within_window) };
    tcb.intents.retransmit_now = false;
    let reason = tcb.recovery.retransmit_reason();
    Some(Decision::Retransmit { start, end: end.earlier(start + octets), reason })
}

/// New text within the peer's window, the congestion window, Nagle and silly-window avoidance.
fn new_text(common: &Common, tcb: &mut Tcb, limits: TransmitLimits, now: Instant) -> Option<Decision> {
    if !tcb.has_unsent() {
        return None;
    }
    restart_after_idle(common, tcb, now);
    let unsent = tcb.unsent();
    tcb.write_queue.align(unsent);
    let held = tcb.write_queue.released() == 0 && core::mem::take(&mut tcb.intents.override_holding);
    let octets = if held { overriding(tcb) } else { ordinary(common, tcb) };
    let octets = segments(octets, segment_size(tcb), limits);
    let fin = tcb.fin_queued && octets == unsent && octets < tcb.send.usable_window();
    if octets == 0 && !(fin && unsent == 0) {
        return None;
    }
    let reason = match (octets, held) {
        (0, _) => SendReason::Fin,
        (_, true) => SendReason::OverrideData,
        (_, false) if tcb.recovery.is_limited_transmit() => SendReason::LimitedTransmit,
        (_, false) => SendReason::Data,
    };
    Some(Decision::New { octets, fin, reason })
}

/// The first burst that was let go, or else what of the next one may go.
fn ordinary(common: &Common, tcb: &mut Tcb) -> u32 {
    if tcb.write_queue.released() == 0 {
        let octets = burst::sendable(common, tcb, burst::hold(common, tcb));
        if octets == 0 {
            return 0;
        }
        tcb.write_queue.release(octets, octets > segment_size(tcb));
    }
    tcb.write_queue.front().map_or(0, |burst| burst.len)
}

/// What was held back for too long: as much of one segment as the window takes.
fn overriding(tcb: &mut Tcb) -> u32 {
    let size = segment_size(tcb);
    let len = tcb.write_queue.front().map_or(0, |burst| burst.len);
    let octets = len.min(size).min(tcb.send.usable_window());
    tcb.write_queue.push_at(octets);
    octets
}

/// RFC 5681 section 4.1: after a pause longer than the RTO the old window proves nothing.
fn restart_after_idle(common: &Common, tcb: &mut Tcb, now: Instant) {
    let idle = now - tcb.last_text > tcb.recovery.rto.current();
    if tcb.queue.is_empty() && idle && tcb.tally.octets_sent > 0 {
        let restart_window = initial_window(common.config.initial_window_segments, tcb.mss());
        tcb.congestion.on_idle(&IdleEvent { restart_window });
    }
}

/// What fits beside the SACK ranges that the segment will carry.
pub(crate) fn segment_size(tcb: &Tcb) -> u32 {
    burst::within_half_window(tcb, tcb.mss() - build::sack_len(tcb))
}

/// At most `octets`, as many as one segment may carry; over one MSS, whole segments and the tail.
fn segments(octets: u32, size: u32, limits: TransmitLimits) -> u32 {
    let most = u32::try_from(limits.max_payload).unwrap_or(u32::MAX) / size * size;
    octets.min(most.max(size))
}
