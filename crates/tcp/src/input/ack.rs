//! Fifth, check the ACK field (RFC 9293 section 3.10.7.4, RFC 5961 section 5.2).

use core::ops::ControlFlow;
use core::time::Duration;

use synfin_wire::{Instant, WindowSize};

use super::{InWindow, Step, Stop, challenge, drop};
use crate::congestion::{AckEvent, CongestionController, LossEvent, RecoveredEvent};
use crate::connection::Common;
use crate::connection::state::{State, Trigger};
use crate::connection::tcb::Tcb;
use crate::connection::timeout::start_retransmission;
use crate::event::Event;
use crate::output::build;
use crate::reason::{CloseReason, DropReason, SendReason};
use crate::recovery::{AckOutcome, LossVerdict};
use crate::send::retransmission_queue::Acknowledged;
use crate::timer::Timer;

pub(super) fn check(common: &mut Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    if !segment.flags.ack() {
        return drop(DropReason::NoAck);
    }
    if tcb.state() == State::SynReceived {
        establish(common, tcb, segment)?;
    }
    in_range(tcb, segment)?;
    let outcome = take(common, tcb, segment);
    judge(tcb, &outcome);
    if outcome.acknowledged > 0 {
        restart_timer(common, tcb, segment);
        our_fin(common, tcb, segment)?;
    }
    ControlFlow::Continue(())
}

/// SYN-RECEIVED: the acknowledgment of our SYN makes ESTABLISHED; any other gets an RST.
fn establish(common: &mut Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    let ack = segment.header.ack;
    if !(ack.after(tcb.send.una) && ack.at_or_before(tcb.send.nxt)) {
        tcb.intents.stray_reset = Some(build::stray_reset(common, ack));
        return drop(DropReason::SynReceivedBadAck);
    }
    if tcb.retransmissions > 0 {
        tcb.recovery.rto.after_lost_syn();
    }
    let sample = tcb.syn_ack_at.map(|sent_at| segment.arrived - sent_at);
    if let Some(sample) = sample.or_else(|| echoed(common, tcb, segment)) {
        tcb.recovery.rtt.measured(sample);
        tcb.recovery.rto.measured(&tcb.recovery.rtt);
    }
    tcb.advance(Trigger::AckOfSyn);
    tcb.send.una = tcb.send.first_octet();
    tcb.send.set_window(segment.header.seq, ack, window(tcb, segment));
    begin(common, tcb, segment.arrived);
    ControlFlow::Continue(())
}

/// What every way into ESTABLISHED does.
pub(super) fn begin(common: &mut Common, tcb: &mut Tcb, now: Instant) {
    tcb.retransmissions = 0;
    tcb.troubled_since = None;
    // The SYN-ACK that was to acknowledge the peer's SYN is not needed, but the acknowledgment is.
    if tcb.intents.syn_ack.take().is_some() {
        tcb.ack.at_once(SendReason::HandshakeAck);
    }
    tcb.timers.stop(Timer::Retransmission);
    if let Some(keep_alive) = common.config.keep_alive {
        tcb.timers.set(Timer::KeepAlive, now + keep_alive.idle);
    }
    common.events.raise(Event::Established);
    common.events.raise(Event::Writable);
    tcb.grow_send_buffer(common);
    if tcb.fin_queued {
        tcb.advance(Trigger::Close);
    }
}

/// (SND.UNA - MAX.SND.WND) =< SEG.ACK =< SND.NXT, else a challenge.
fn in_range(tcb: &mut Tcb, segment: &InWindow) -> Step {
    let ack = segment.header.ack;
    let reason = if ack.after(tcb.send.nxt) {
        DropReason::AckOfUnsent
    } else if ack.before(tcb.send.una - tcb.send.max_wnd.octets()) {
        DropReason::AckTooOld
    } else {
        return ControlFlow::Continue(());
    };
    challenge::throttled(tcb, SendReason::ChallengeAck, segment.arrived);
    drop(reason)
}

/// Takes what the acknowledgment covers off the queues, and the window that it announces.
fn take(common: &mut Common, tcb: &mut Tcb, segment: &InWindow) -> AckOutcome {
    let header = &segment.header;
    let acknowledged = header.ack.octets_since(tcb.send.una);
    let outstanding = tcb.send.outstanding();
    let (sacked, sacked_sent_at) = take_sack(tcb, segment);
    let mut taken = Acknowledged { sent_once_at: sacked_sent_at, retransmitted: false };
    if acknowledged > 0 {
        tcb.send.una = header.ack;
        tcb.small_until = tcb.small_until.later(header.ack);
        tcb.outbox.acknowledge(header.ack);
        tcb.write_queue.acknowledged(header.ack);
        let cumulative = tcb.queue.acknowledge(header.ack);
        taken.sent_once_at = cumulative.sent_once_at.or(taken.sent_once_at);
        taken.retransmitted = cumulative.retransmitted;
        tcb.tally.octets_acknowledged += u64::from(acknowledged);
        if tcb.outbox.len() == 0 && (!tcb.fin_queued || tcb.fin_acknowledged()) {
            common.events.raise(Event::AllAcknowledged);
        }
    }
    let window_changed = take_window(tcb, segment);
    // RFC 5681 section 2: data outstanding, no text, no SYN or FIN, the same number, the same window.
    let duplicate = acknowledged == 0
        && outstanding > 0
        && header.ack == tcb.send.una
        && segment.text.is_empty()
        && !segment.flags.fin()
        && !window_changed;
    AckOutcome {
        una: tcb.send.una,
        nxt: tcb.send.nxt,
        acknowledged,
        sacked,
        duplicate,
        rtt: round_trip(common, tcb, segment, &taken, acknowledged),
        mss: tcb.mss(),
        sack: tcb.negotiated.sack,
    }
}

/// SND.WND, from a segment that is no older than the last that set it. Returns whether it changed.
fn take_window(tcb: &mut Tcb, segment: &InWindow) -> bool {
    let header = &segment.header;
    let was_closed = tcb.send.wnd == WindowSize::ZERO;
    let changed = header.ack.at_or_after(tcb.send.una)
        && tcb.send.update_window(header.seq, header.ack, window(tcb, segment));
    if changed && tcb.send.usable_window() > 0 {
        tcb.timers.stop(Timer::Persist);
        tcb.persist_backoff = 0;
    }
    // MUST-34: a peer may take its window back behind what was sent. What knocked since was refused, but
    // somebody answered (MUST-37), and now it may come in.
    if tcb.send.wnd == WindowSize::ZERO {
        tcb.troubled_since = tcb.troubled_since.map(|_| segment.arrived);
    } else if was_closed && tcb.retransmissions > 0 {
        tcb.queue.mark_front_lost(tcb.mss());
        tcb.intents.retransmit_now = true;
    }
    changed
}

/// RFC 2018 section 5. Ranges that cover nothing in flight say nothing.
fn take_sack(tcb: &mut Tcb, segment: &InWindow) -> (u32, Option<Instant>) {
    let mut news = 0;
    let mut sent_at = None;
    if tcb.negotiated.sack {
        for range in &segment.header.options.sack {
            let in_flight = range.start.before(range.end)
                && range.start.at_or_after(tcb.send.una)
                && range.end.at_or_before(tcb.send.nxt);
            if in_flight {
                let (octets, newest) = tcb.queue.sack(range.start, range.end);
                news += octets;
                sent_at = sent_at.max(newest);
            }
        }
    }
    (news, sent_at)
}

/// A round trip: by when data was sent that was sent only once (Karn, RFC 6298 section 3), else by the
/// echoed timestamp, which tells a retransmission from the original (RFC 7323 section 4.1).
fn round_trip(
    common: &Common,
    tcb: &Tcb,
    segment: &InWindow,
    taken: &Acknowledged,
    acknowledged: u32,
) -> Option<Duration> {
    if let (Some(sent_at), false) = (taken.sent_once_at, taken.retransmitted) {
        return Some(segment.arrived - sent_at);
    }
    if acknowledged > 0 { echoed(common, tcb, segment) } else { None }
}

/// How long ago the echoed timestamp was sent.
fn echoed(common: &Common, tcb: &Tcb, segment: &InWindow) -> Option<Duration> {
    let stamps = segment.header.options.timestamps.filter(|stamps| stamps.echo != 0)?;
    if !tcb.negotiated.timestamps {
        return None;
    }
    let millis = common.identity.timestamp(segment.arrived).wrapping_sub(stamps.echo);
    (millis < u32::MAX / 2).then(|| Duration::from_millis(millis.max(1).into()))
}

/// What the acknowledgment says about losses, and what that means for how much may fly.
fn judge(tcb: &mut Tcb, outcome: &AckOutcome) {
    let mss = tcb.mss();
    let in_flight = tcb.in_flight() + outcome.acknowledged + outcome.sacked;
    let verdict = tcb.recovery.on_ack(outcome, &mut tcb.queue);
    let grow = |after_timeout| AckEvent { acknowledged: outcome.acknowledged, in_flight, after_timeout, mss };
    match verdict {
        LossVerdict::Open if outcome.acknowledged > 0 => tcb.congestion.on_ack(&grow(false)),
        LossVerdict::AfterTimeout if outcome.acknowledged > 0 => tcb.congestion.on_ack(&grow(true)),
        LossVerdict::Open | LossVerdict::AfterTimeout => {}
        LossVerdict::Entered => {
            tcb.congestion.on_loss(&LossEvent { flight_size: tcb.send.outstanding(), mss });
            tcb.intents.retransmit_now = true;
        }
        // A partial acknowledgment: the next hole is filled at once (RFC 6582 section 3.2).
        LossVerdict::Recovering => tcb.intents.retransmit_now |= outcome.acknowledged > 0,
        LossVerdict::Recovered => {
            let in_flight = tcb.in_flight();
            tcb.congestion.on_recovered(&RecoveredEvent { in_flight, mss });
        }
    }
    tcb.intents.retransmit_now &= tcb.queue.lost_octets() > 0;
}

/// RFC 6298 section 5.2 and 5.3.
fn restart_timer(common: &Common, tcb: &mut Tcb, segment: &InWindow) {
    tcb.retransmissions = 0;
    tcb.troubled_since = None;
    if tcb.queue.is_empty() {
        tcb.timers.stop(Timer::Retransmission);
    } else {
        start_retransmission(common, tcb, segment.arrived);
    }
}

/// What the acknowledgment of our FIN does in each state.
fn our_fin(common: &Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    if !tcb.fin_acknowledged() {
        return ControlFlow::Continue(());
    }
    match tcb.state() {
        State::FinWait1 => {
            tcb.advance(Trigger::AckOfFin);
            if tcb.released {
                tcb.timers.set(Timer::FinWait2, segment.arrived + common.config.fin_wait_2_timeout);
            }
        }
        State::Closing => tcb.advance(Trigger::AckOfFin),
        State::LastAck => return ControlFlow::Break(Stop::Close(CloseReason::Finished)),
        State::FinWait2
        | State::Closed
        | State::Listen
        | State::SynSent
        | State::SynReceived
        | State::Established
        | State::CloseWait
        | State::TimeWait => {}
    }
    ControlFlow::Continue(())
}

/// SEG.WND: the field, scaled.
fn window(tcb: &Tcb, segment: &InWindow) -> WindowSize {
    WindowSize::from_field(segment.header.window, tcb.negotiated.send_scale)
}
