//! What is done when a timer runs out (RFC 9293 sections 3.8 and 3.10.8).

use synfin_wire::Instant;

use super::Common;
use super::state::State;
use super::tcb::Tcb;
use crate::congestion::{CongestionController, TimeoutEvent};
use crate::event::Event;
use crate::input::Stop;
use crate::reason::{CloseReason, SendReason};
use crate::timer::Timer;

/// Goes through the timers of a synchronized connection.
pub(super) fn synchronized(common: &mut Common, tcb: &mut Tcb, now: Instant) -> Result<(), Stop> {
    for timer in Timer::ALL {
        if !tcb.timers.take_expired(timer, now) {
            continue;
        }
        match timer {
            Timer::Retransmission if tcb.state() == State::SynReceived => syn_ack(common, tcb, now)?,
            Timer::Retransmission => retransmission(common, tcb, now)?,
            Timer::Persist => persist(common, tcb, now)?,
            Timer::DelayedAck => {
                let pace = tcb.pace(common, now);
                tcb.ack.delay_over(&pace);
            }
            Timer::KeepAlive => keep_alive(common, tcb, now)?,
            Timer::FinWait2 => return Err(Stop::Close(CloseReason::FinWait2Timeout)),
        }
    }
    Ok(())
}

/// RFC 6298 section 5.4 to 5.6, R1 and R2 (MUST-20).
fn retransmission(common: &mut Common, tcb: &mut Tcb, now: Instant) -> Result<(), Stop> {
    if tcb.queue.is_empty() {
        return Ok(());
    }
    give_up_after(common, tcb, now)?;
    tcb.congestion.on_timeout(&TimeoutEvent {
        flight_size: tcb.send.outstanding(),
        mss: tcb.mss(),
        repeated: tcb.retransmissions > 0,
    });
    tcb.recovery.on_timeout(&mut tcb.queue, tcb.send.nxt);
    tcb.intents.retransmit_now = true;
    tcb.tally.timeouts = tcb.tally.timeouts.saturating_add(1);
    tcb.retransmissions = tcb.retransmissions.saturating_add(1);
    if tcb.retransmissions == common.config.r1_retransmissions {
        common.events.raise(Event::PathTrouble);
    }
    start_retransmission(common, tcb, now);
    Ok(())
}

/// The SYN-ACK of a simultaneous open again (MUST-22, MUST-23).
fn syn_ack(common: &Common, tcb: &mut Tcb, now: Instant) -> Result<(), Stop> {
    let since = *tcb.troubled_since.get_or_insert(tcb.last_text);
    if now - since >= common.config.user_timeout.unwrap_or(common.config.r2_syn) {
        return Err(Stop::Close(CloseReason::HandshakeTimeout));
    }
    tcb.recovery.rto.back_off();
    tcb.retransmissions = tcb.retransmissions.saturating_add(1);
    tcb.intents.syn_ack = Some(SendReason::SynAckRetransmit);
    Ok(())
}

/// Nothing could be sent for a while: a probe when the window is closed, else whatever fits.
fn persist(common: &Common, tcb: &mut Tcb, now: Instant) -> Result<(), Stop> {
    if tcb.send.usable_window() > 0 {
        tcb.intents.override_holding = true;
        return Ok(());
    }
    // MUST-37: as long as the probes are answered the connection stays.
    let since = *tcb.probing_since.get_or_insert(now);
    if now - since >= patience(common) {
        return Err(Stop::Close(expired(common)));
    }
    tcb.probes = tcb.probes.saturating_add(1);
    tcb.persist_backoff = tcb.persist_backoff.saturating_add(1);
    tcb.intents.probe = Some(SendReason::ZeroWindowProbe);
    Ok(())
}

/// RFC 9293 section 3.8.4.
fn keep_alive(common: &Common, tcb: &mut Tcb, now: Instant) -> Result<(), Stop> {
    let Some(settings) = common.config.keep_alive else { return Ok(()) };
    let quiet_until = tcb.last_heard + settings.idle;
    // MUST-26: only when nothing is outstanding and nothing was heard for the time.
    if !tcb.queue.is_empty() || tcb.has_unsent() || (tcb.probes == 0 && quiet_until > now) {
        let next = if quiet_until > now { quiet_until } else { now + settings.idle };
        tcb.timers.set(Timer::KeepAlive, next);
        return Ok(());
    }
    // MUST-29: one probe may always go unanswered.
    if tcb.probes >= settings.probes.max(2) {
        return Err(Stop::Reset(CloseReason::KeepAliveTimeout, SendReason::ResetTimeout));
    }
    tcb.probes = tcb.probes.saturating_add(1);
    tcb.intents.probe = Some(SendReason::KeepAliveProbe);
    tcb.timers.set(Timer::KeepAlive, now + settings.interval);
    Ok(())
}

/// Starts the retransmission timer: for one RTO, or until the connection is to be given up.
pub(crate) fn start_retransmission(common: &Common, tcb: &mut Tcb, now: Instant) {
    let deadline = tcb.recovery.deadline(now).min(gives_up_at(common, tcb, now));
    tcb.timers.set(Timer::Retransmission, deadline);
}

/// R2, or the user timeout where one is set.
fn give_up_after(common: &Common, tcb: &mut Tcb, now: Instant) -> Result<(), Stop> {
    tcb.troubled_since.get_or_insert(tcb.queue.front().map_or(now, |range| range.sent_at));
    if now >= gives_up_at(common, tcb, now) {
        return Err(Stop::Close(expired(common)));
    }
    Ok(())
}

fn gives_up_at(common: &Common, tcb: &Tcb, now: Instant) -> Instant {
    let sent_at = || tcb.queue.front().map_or(now, |range| range.sent_at);
    tcb.troubled_since.unwrap_or_else(sent_at) + patience(common)
}

/// When probing a closed window that nobody answers for ends.
pub(crate) fn probing_ends_at(common: &Common, tcb: &Tcb) -> Instant {
    tcb.probing_since.map_or(Instant::FAR_FUTURE, |since| since + patience(common))
}

fn patience(common: &Common) -> core::time::Duration {
    common.config.user_timeout.unwrap_or(common.config.r2)
}

fn expired(common: &Common) -> CloseReason {
    match common.config.user_timeout {
        Some(_) => CloseReason::UserTimeout,
        None => CloseReason::RetransmissionTimeout,
    }
}
