//! The one way out.
//!
//! In: a TCB with the intents that input, timers and the user's calls have left. Out: one segment at a
//! time with its reason, in a fixed order, until there is nothing to send. Deciding comes first and
//! building after; neither looks at a segment that came in. RFC 9293 sections 3.7.4 (Nagle), 3.8.1
//! (retransmission), 3.8.6 (windows).

pub(crate) mod build;
pub(crate) mod burst;
mod mtu_probe;
mod persist;

use synfin_wire::{Instant, SeqNumber};

use crate::congestion::pacing;
use crate::congestion::usage::UsageInput;
use crate::connection::Common;
use crate::connection::status::RecoveryState;
use crate::connection::tcb::Tcb;
use crate::outgoing::{SegmentOut, TransmitLimits};
use crate::recovery::Repair;
use crate::send::chronograph::Waits;
use crate::send::retransmission_queue::Collapse;
use crate::span::Span;
use crate::timer::Timer;
use burst::Awaited;
use mtu_probe::MtuStep;
use synfin_wire::reason::SendReason;

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
    /// Text that was never sent.
    New(NewText),
}

/// Text that was never sent, and the FIN when it is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NewText {
    octets: u32,
    /// What each of its segments has, but the last: see [`segment_size`].
    size: u32,
    fin: bool,
    reason: SendReason,
}

/// The next segment of a synchronized connection.
pub(crate) fn poll(
    common: &mut Common,
    tcb: &mut Tcb,
    limits: TransmitLimits,
    now: Instant,
) -> Option<SegmentOut> {
    if let Some(reset) = tcb.intents.stray_reset.take() {
        return Some(*reset);
    }
    build::plan(common, tcb, now);
    let Some(decision) = decide(common, tcb, limits, now) else {
        end_turn(common, tcb, now);
        return None;
    };
    Some(match decision {
        Decision::SynAck(reason) => build::syn_ack(common, tcb, reason, now),
        Decision::Acknowledge(reason) => build::acknowledgment(common, tcb, reason, now),
        Decision::Probe(reason) => build::probe(common, tcb, reason, now),
        Decision::Retransmit { start, end, reason } => {
            build::retransmission(common, tcb, start, end, reason, now)
        }
        Decision::New(new) => build::new_text(common, tcb, new, now),
    })
}

/// Ends the turn, as [`poll`] does when there is nothing to send, if the segment that it has just returned is plainly the
/// last one for now. True when it is.
pub(crate) fn end_if_last(common: &mut Common, tcb: &mut Tcb, now: Instant) -> bool {
    let is_last = has_nothing_more(tcb);
    if is_last {
        build::plan(common, tcb, now);
        end_turn(common, tcb, now);
    }
    is_last
}

/// Whether it is plain that [`decide`] would find nothing.
fn has_nothing_more(tcb: &Tcb) -> bool {
    !tcb.has_unsent()
        && tcb.repair == Repair::Nothing
        && tcb.intents.are_none()
        && tcb.ack.due().is_none()
        && !tcb.timers.is_running(Timer::Pacing)
}

/// There is nothing to send now.
fn end_turn(common: &mut Common, tcb: &mut Tcb, now: Instant) {
    note_app_limit(tcb);
    tcb.intents.mtu_probe_considered = false;
    persist::arm(common, tcb, now);
    note_what_holds_up(tcb, now);
    tcb.outbox.calm();
    if core::mem::take(&mut tcb.intents.room_check) {
        tcb.offer_room(common, now);
    }
}

/// Keeps the time that sending waits for the peer, or for the user.
fn note_what_holds_up(tcb: &mut Tcb, now: Instant) {
    let idle = tcb.queue.is_empty() && !tcb.has_unsent();
    let next = tcb.write_queue.front().map_or(0, |burst| burst.len.min(segment_size(tcb)));
    // Where the congestion window is the limit as well, it is not the peer's.
    let has_window = next <= tcb.send.usable_window() || tcb.congestion_room() == 0;
    if core::mem::take(&mut tcb.intents.waits_for_window) || !has_window {
        tcb.chronograph.start(Waits::ForWindow, now);
    } else {
        tcb.chronograph.stop(Waits::ForWindow, idle, now);
    }
    if !idle {
        // A FIN alone is something to send as well.
        tcb.chronograph.start(Waits::Busy, now);
    }
    if tcb.intents.room_wanted && tcb.unsent() == 0 && tcb.congestion_room() > 0 {
        tcb.chronograph.start(Waits::ForBuffer, now);
    }
}

fn decide(common: &Common, tcb: &mut Tcb, limits: TransmitLimits, now: Instant) -> Option<Decision> {
    if let Some(reason) = tcb.intents.syn_ack.take() {
        return Some(Decision::SynAck(reason));
    }
    if let Some(reason) = tcb.intents.challenge.take() {
        return Some(Decision::Acknowledge(reason));
    }
    if !tcb.may_send_text() {
        return tcb.ack.due().map(Decision::Acknowledge);
    }
    if tcb.ecn.owes_handshake()
        && let Some(reason) = tcb.ack.due()
    {
        return Some(Decision::Acknowledge(reason));
    }
    loss_probe(common, tcb, limits)
        .or_else(|| if waits_for_pace(tcb, now) { None } else { text(common, tcb, limits, now) })
        .or_else(|| probe(tcb))
        .or_else(|| tcb.ack.due().map(Decision::Acknowledge))
}

fn probe(tcb: &mut Tcb) -> Option<Decision> {
    tcb.intents.probe.map(|reason| due_probe(tcb, reason))
}

/// A probe lies before the window, where its urgent pointer is not looked at. Where there is urgent data an
/// acknowledgment goes before it that has one (MUST-66), as Linux does it.
#[cold]
fn due_probe(tcb: &mut Tcb, reason: SendReason) -> Decision {
    let tells = !tcb.intents.urgency_told && tcb.send.urgent_pointer(tcb.send.una).is_some();
    tcb.intents.urgency_told = tells;
    if tells {
        return Decision::Acknowledge(reason);
    }
    tcb.intents.probe = None;
    Decision::Probe(reason)
}

fn loss_probe(common: &Common, tcb: &mut Tcb, limits: TransmitLimits) -> Option<Decision> {
    if core::mem::take(&mut tcb.intents.loss_probe) { due_loss_probe(common, tcb, limits) } else { None }
}

/// RFC 8985 section 7.3: new data if the peer's window has room for a segment, else the last again; the congestion
/// window does not count.
#[cold]
fn due_loss_probe(common: &Common, tcb: &mut Tcb, limits: TransmitLimits) -> Option<Decision> {
    if tcb.queue.is_empty() {
        return None;
    }
    let reason = SendReason::TailLossProbe;
    tcb.write_queue.align(tcb.unsent());
    let size = segment_size(tcb);
    let octets = in_one_packet(tcb, limits, size, burst::of_probe(common, tcb, size));
    if octets > 0 {
        if octets > size && tcb.write_queue.released() == 0 {
            tcb.write_queue.release(octets, true);
        }
        let fin = tcb.fin_is_due() && octets == tcb.unsent() && octets < tcb.send.usable_window();
        return Some(Decision::New(NewText { octets, size, fin, reason }));
    }
    let (start, end) = tcb.queue.tail(size)?;
    // As in Linux, nothing but the oldest is sent again beyond a window that the peer has taken back.
    let is_welcome = start == tcb.send.una || start.before(tcb.send.window_end());
    is_welcome.then_some(Decision::Retransmit { start, end, reason })
}

/// Text leaves no faster than the pace. What waits for that has a timer.
fn waits_for_pace(tcb: &mut Tcb, now: Instant) -> bool {
    let deadline = tcb.congestion.pacer.holds_until(now);
    match deadline.filter(|_| tcb.has_unsent() || tcb.repair != Repair::Nothing) {
        Some(deadline) => {
            tcb.timers.set(Timer::Pacing, deadline);
            // Until then the windows may shrink.
            tcb.write_queue.take_back();
        }
        None => tcb.timers.stop(Timer::Pacing),
    }
    deadline.is_some()
}

/// What is lost goes before what is new; but to learn whether a timeout was spurious, new data goes first
/// (RFC 5682 section 3.1, 2b).
fn text(common: &Common, tcb: &mut Tcb, limits: TransmitLimits, now: Instant) -> Option<Decision> {
    match tcb.repair {
        Repair::Nothing => new_text(common, tcb, limits, now),
        Repair::Lost => retransmission(common, tcb, limits).or_else(|| new_text(common, tcb, limits, now)),
        Repair::NewFirst => new_first(common, tcb, limits, now),
    }
}

#[cold]
fn new_first(common: &Common, tcb: &mut Tcb, limits: TransmitLimits, now: Instant) -> Option<Decision> {
    tcb.intents.push_out = true;
    let new = new_text(common, tcb, limits, now);
    tcb.intents.push_out = false;
    if new.is_some() || tcb.send.nxt.after(tcb.recovery.point()) {
        return new;
    }
    tcb.recovery.gives_up_frto();
    tcb.repair = Repair::Lost;
    retransmission(common, tcb, limits)
}

/// What is lost, as far as the congestion window lets it.
#[cold]
fn retransmission(common: &Common, tcb: &mut Tcb, limits: TransmitLimits) -> Option<Decision> {
    let room = tcb.congestion_room();
    if room == 0 {
        return None;
    }
    let size = segment_size(tcb);
    let due = tcb.queue.next_due(size)?;
    let (start, first) = (due.start, due.len().min(due.mss));
    let within_window = tcb.send.window_end().octets_since(start);
    if within_window < first {
        // A window that was taken back is respected, but the oldest octet may always knock (SHLD-16, MAY-7).
        if within_window == 0 && start != tcb.send.una {
            return None;
        }
        tcb.queue.split_due(within_window);
    }
    if common.config.collapse_retransmissions {
        collapse(tcb, size.min(within_window));
    }
    let (mss, segments, end) =
        tcb.queue.next_due(size).map(|range| (range.mss, range.segments, range.end))?;
    let most = room.min(at_once(common, tcb, mss)).min(per_packet(tcb, limits, mss));
    let most = most.min((within_window / mss).max(1));
    let end = if most < segments { start + most * mss } else { end };
    let reason = match tcb.syn_text_lost {
        Some(end) if start.before(end) => SendReason::SynTextRetransmit,
        _ => tcb.recovery.retransmit_reason(tcb.negotiated.sack),
    };
    Some(Decision::Retransmit { start, end, reason })
}

/// Short segments go again together, as far as `room` octets of text go. What was sent last of all may still lie with the
/// device, and stays as it is.
fn collapse(tcb: &mut Tcb, room: u32) {
    let window_end = tcb.send.window_end();
    let newest = tcb.queue.back().filter(|last| last.sent_at >= tcb.last_text);
    let until = newest.map_or(window_end, |newest| window_end.earlier(newest.start));
    let fewer = tcb.queue.collapse_due(&Collapse { room, until, text_end: tcb.outbox.end_seq() });
    if !tcb.negotiated.sack {
        tcb.recovery.collapsed(fewer);
    }
}

/// New text within the peer's window, the congestion window, Nagle and silly-window avoidance.
fn new_text(common: &Common, tcb: &mut Tcb, limits: TransmitLimits, now: Instant) -> Option<Decision> {
    if !tcb.has_unsent() {
        return None;
    }
    let unsent = tcb.unsent();
    tcb.write_queue.align(unsent);
    match mtu_probe::consider(common, tcb, now) {
        MtuStep::Probe(octets) => {
            // It is one segment, however large.
            let reason = SendReason::MtuProbe;
            return Some(Decision::New(NewText { octets, size: octets, fin: false, reason }));
        }
        MtuStep::Wait => return None,
        MtuStep::None => {}
    }
    let size = segment_size(tcb);
    let held = tcb.write_queue.released() == 0 && core::mem::take(&mut tcb.intents.override_holding);
    let octets = if held { overriding(tcb, size) } else { ordinary(common, tcb, size, now) };
    if octets == 0 && tcb.congestion_room() == 0 {
        used(common, tcb, true, now);
    }
    let octets = in_one_packet(tcb, limits, size, octets);
    let fin = tcb.fin_is_due() && octets == unsent && octets < tcb.send.usable_window();
    if octets == 0 && !(fin && unsent == 0) {
        return None;
    }
    let reason = match (octets, held) {
        (0, _) => SendReason::Fin,
        _ if tcb.repair == Repair::NewFirst => SendReason::FrtoData,
        (_, true) => SendReason::OverrideData,
        (_, false) if tcb.recovery.is_limited_transmit() => SendReason::LimitedTransmit,
        (_, false) => SendReason::Data,
    };
    Some(Decision::New(NewText { octets, size, fin, reason }))
}

/// The first burst that was let go, or else what of the next one may go.
fn ordinary(common: &Common, tcb: &mut Tcb, size: u32, now: Instant) -> u32 {
    if tcb.write_queue.released() == 0 {
        burst::fill(common, tcb, size);
        let awaited = burst::awaited(common, tcb, size, now);
        tcb.intents.waits_for_window = awaited == Some(Awaited::Window);
        if awaited == Some(Awaited::Congestion) {
            used(common, tcb, true, now);
        }
        let waits = awaited.is_some();
        let octets = if waits { 0 } else { burst::sendable(common, tcb, size, burst::hold(common, tcb)) };
        if octets == 0 {
            return 0;
        }
        tcb.write_queue.release(octets, octets > size);
    }
    tcb.write_queue.front().map_or(0, |burst| burst.len)
}

/// What was held back for too long: as much of one segment as the window takes.
#[cold]
fn overriding(tcb: &mut Tcb, size: u32) -> u32 {
    let len = tcb.write_queue.front().map_or(0, |burst| burst.len);
    let octets = len.min(size).min(tcb.send.usable_window());
    tcb.write_queue.push_at(octets);
    octets
}

/// How many segments go out in one super-segment.
pub(crate) fn at_once(common: &Common, tcb: &Tcb, size: u32) -> u32 {
    if tcb.send.is_urgent() { 1 } else { worth_a_burst(common, tcb, size) }
}

/// How many segments are worth to be sent together, by the rate of the connection.
pub(crate) fn worth_a_burst(common: &Common, tcb: &Tcb, size: u32) -> u32 {
    let rate = tcb.pacing_rate(common);
    pacing::segments_at_once(rate, tcb.recovery.rtt.minimum(), size, common.config.least_burst.into())
}

/// Notes when the next text may leave, now that some has.
fn paced(common: &Common, tcb: &mut Tcb, segments: u32, octets: u32, now: Instant) {
    let rate = if tcb.congestion.is_paced() || common.config.max_pacing_rate.is_some() {
        tcb.pacing_rate(common)
    } else {
        None
    };
    tcb.congestion.pacer.sent(segments, octets, rate, now);
}

/// Notes that there is less to send than the window would take: what is delivered then says little of the path
/// (draft-ietf-ccwg-bbr, section 4.1.2.4).
fn note_app_limit(tcb: &mut Tcb) {
    let counts = tcb.queue.counts();
    let in_flight = tcb.in_flight();
    let has_too_little = tcb.unsent() < tcb.mss() && in_flight < tcb.congestion.window();
    if has_too_little && counts.lost <= counts.resent {
        tcb.recovery.rate.app_limited(in_flight);
    }
}

/// As much of `octets` as one packet of the device takes.
fn in_one_packet(tcb: &Tcb, limits: TransmitLimits, size: u32, octets: u32) -> u32 {
    if octets <= size { octets } else { octets.min(per_packet(tcb, limits, size).saturating_mul(size)) }
}

/// How many segments one packet of the device takes. With an urgent pointer it is one, as with a CWR that must not be
/// repeated: the device that cuts a larger packet up gives each part the same header.
fn per_packet(tcb: &Tcb, limits: TransmitLimits, size: u32) -> u32 {
    if tcb.send.is_urgent() || (tcb.ecn.next_has_cwr() && !limits.repeats_cwr) {
        return 1;
    }
    let most = u32::try_from(limits.max_payload).unwrap_or(u32::MAX);
    if most < 2 * size { 1 } else { most / size }
}

/// Notes how far the window is used, now that something was sent or, if it `waits`, could not be.
fn used(common: &Common, tcb: &mut Tcb, waits: bool, now: Instant) {
    let in_flight = tcb.in_flight();
    let congestion = &mut tcb.congestion;
    let input = UsageInput {
        limited: waits || in_flight >= congestion.window(),
        outstanding: tcb.queue.counts().outstanding,
        una: tcb.send.una,
        nxt: tcb.send.nxt,
        now,
    };
    congestion.usage.sent(&congestion.window, &input);
    // Who has more to write than there is room for does not leave the window unused.
    let may_decay = tcb.recovery.state() == RecoveryState::Open && !tcb.intents.room_wanted;
    if may_decay && common.config.slow_start_after_idle && !congestion.has_own_control() {
        let initial = common.config.initial_window_segments.into();
        let rto = tcb.recovery.rto.current();
        congestion.usage.decay(&mut congestion.window, initial, rto, now);
    }
}

/// RFC 5681 section 4.1: after a pause longer than the RTO the old window proves nothing. The pause ends when the
/// user has something to send, though the peer's window may hold that back for longer.
pub(crate) fn restart_after_idle(common: &Common, tcb: &mut Tcb, now: Instant) {
    let starts = tcb.queue.is_empty() && tcb.tally.octets_sent > 0;
    let applies = common.config.slow_start_after_idle && !tcb.congestion.has_own_control();
    if !(starts && applies) {
        return;
    }
    let idle = Span::between(tcb.last_text, now);
    let rto = tcb.recovery.rto.current();
    if idle > rto {
        let initial = common.config.initial_window_segments.into();
        let congestion = &mut tcb.congestion;
        congestion.usage.restart(&mut congestion.window, initial, rto, idle, now);
    }
}

/// How many segments of `size` so much text makes. Most is no more than one, for which it is not divided.
pub(crate) fn segments_in(octets: u32, size: u32) -> u32 {
    if octets > size { octets.div_ceil(size) } else { u32::from(octets > 0) }
}

/// What fits beside the options that the segment will carry.
pub(crate) fn segment_size(tcb: &Tcb) -> u32 {
    burst::within_half_window(tcb, tcb.mss() - build::planned_len(tcb))
}
