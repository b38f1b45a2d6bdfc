//! What is done when a timer runs out (RFC 9293 sections 3.8 and 3.10.8).

use core::time::Duration;

use synfin_wire::Instant;

use super::tcb::Tcb;
use super::{Common, user_timeout};
use crate::event::Event;
use crate::input::Stop;
use crate::recovery::timeout::TimeoutInput;
use crate::recovery::tlp::TailLossProbe;
use crate::recovery::{Repair, Sender};
use crate::timer::Timer;
use synfin_wire::reason::{CloseReason, SendReason};
use synfin_wire::state::State;

/// What a deadline that has passed already is put off by.
const MOMENT: Duration = Duration::from_millis(1);

/// Segments in flight of a stream that is not thin, and how many of its timeouts do not double.
const THIN: u32 = 4;
const LINEAR_TIMEOUTS: u8 = 6;

/// Goes through the timers of a synchronized connection.
pub(super) fn synchronized(common: &mut Common, tcb: &mut Tcb, now: Instant) -> Result<(), Stop> {
    for timer in Timer::ALL {
        if !tcb.timers.take_expired(timer, now) {
            continue;
        }
        match timer {
            Timer::Retransmission if tcb.awaits_ack_of_syn() => syn_ack(common, tcb, now)?,
            Timer::Retransmission => retransmission(common, tcb, now)?,
            Timer::LossProbe => loss_probe(common, tcb, now),
            Timer::Reordering => reordering(common, tcb, now),
            Timer::Persist => persist(common, tcb, now)?,
            Timer::DelayedAck => {
                let pace = tcb.pace(common, now);
                tcb.ack.delay_over(&pace);
            }
            Timer::KeepAlive => keep_alive(common, tcb, now)?,
            Timer::FinWait2 => return Err(Stop::Close(CloseReason::FinWait2Timeout)),
            // What has waited is polled for now.
            Timer::Pacing => {}
        }
    }
    Ok(())
}

/// RFC 6298 section 5.4 to 5.6, R1 and R2 (MUST-20).
fn retransmission(common: &mut Common, tcb: &mut Tcb, now: Instant) -> Result<(), Stop> {
    if tcb.queue.is_empty() {
        return Ok(());
    }
    let over = give_up_after(common, tcb, now);
    common.fast_open.timed_out(tcb.retransmissions.saturating_add(1), over.is_err());
    over?;
    let input = TimeoutInput {
        una: tcb.send.una,
        nxt: tcb.send.nxt,
        now,
        sack: tcb.negotiated.sack,
        repeated: tcb.retransmissions > 0,
        frto: common.config.frto,
        linear: is_linear(common, tcb),
    };
    if is_past_r1(common, tcb, now) {
        // RFC 4821 section 7.7: it may be the size of the segments that makes them vanish.
        tcb.recovery.mtu.suspect_black_hole(&common.config.mtu_probing, now);
        tcb.sync_mss();
    }
    let mut sender = Sender { queue: &mut tcb.queue, congestion: &mut tcb.congestion };
    tcb.recovery.on_timeout(&input, &mut sender);
    tcb.repair = Repair::Lost;
    tcb.tally.timeouts = tcb.tally.timeouts.saturating_add(1);
    tcb.retransmissions = tcb.retransmissions.saturating_add(1);
    if tcb.retransmissions == common.config.r1_retransmissions {
        common.events.raise(Event::PathTrouble);
    }
    start_retransmission(common, tcb, now);
    Ok(())
}

/// Whether the timeouts of a stream so thin do not double yet: few segments are in flight, so that nothing but the timer
/// finds what is lost, and their load is small.
fn is_linear(common: &Common, tcb: &Tcb) -> bool {
    common.config.thin_linear_timeouts
        && tcb.state() == State::Established
        && tcb.queue.counts().outstanding < THIN
        && tcb.retransmissions < LINEAR_TIMEOUTS
}

/// R1 in terms of time, as RFC 9293 section 3.8.3 allows and Linux has it: as long as its retransmissions take when they
/// begin with the smallest RTO. A short round trip does not make a pause of a few moments a black hole.
fn is_past_r1(common: &Common, tcb: &Tcb, now: Instant) -> bool {
    let config = &common.config;
    let Some(since) = tcb.recovery.resending_since().filter(|_| tcb.retransmissions > 0) else {
        return false;
    };
    let wait = |doublings: u32| config.min_rto.saturating_mul(1 << doublings.min(31)).min(config.max_rto);
    let r1: Duration = (0..=u32::from(config.r1_retransmissions)).map(wait).sum();
    now - since >= r1
}

/// RFC 8985 section 7.3: new data if there is some, else the last segment again. One probe is enough.
fn loss_probe(common: &Common, tcb: &mut Tcb, now: Instant) {
    tcb.intents.loss_probe = !tcb.recovery.probe_is_out();
    rest_of_timeout(common, tcb, now);
}

/// RFC 8985 section 6.3.
fn reordering(common: &Common, tcb: &mut Tcb, now: Instant) {
    let (una, nxt) = (tcb.send.una, tcb.send.nxt);
    let mut sender = Sender { queue: &mut tcb.queue, congestion: &mut tcb.congestion };
    if tcb.recovery.on_reordering_timeout(una, nxt, &mut sender, now) {
        tcb.repair = Repair::Lost;
    }
    rest_of_timeout(common, tcb, now);
}

/// The SYN-ACK of a simultaneous open or of a passive Fast Open again (MUST-22, MUST-23). Until it is acknowledged
/// nothing else is sent again.
fn syn_ack(common: &Common, tcb: &mut Tcb, now: Instant) -> Result<(), Stop> {
    if now - tcb.began >= tcb.handshake_patience(&common.config) {
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
        tcb.persist_backoff = 0;
        return Ok(());
    }
    // MUST-37: as long as the probes are answered the connection stays, and its user decides.
    let since = *tcb.probing_since.get_or_insert(now);
    if now - since >= patience(common, tcb) {
        return Err(Stop::Close(expired(common, tcb)));
    }
    if tcb.released && tcb.recovery.rto.is_spent(tcb.persist_backoff, common.config.r2_orphan.into()) {
        return Err(Stop::Reset(CloseReason::Orphaned, SendReason::ResetOrphan));
    }
    tcb.probes = tcb.probes.saturating_add(1);
    tcb.persist_backoff = tcb.persist_backoff.saturating_add(1);
    tcb.intents.probe = Some(SendReason::ZeroWindowProbe);
    Ok(())
}

/// RFC 9293 section 3.8.4.
fn keep_alive(common: &Common, tcb: &mut Tcb, now: Instant) -> Result<(), Stop> {
    let Some(settings) = common.config.keep_alive else { return Ok(()) };
    let Some(quiet_until) = user_timeout::quiet_until(common, tcb, tcb.last_heard) else { return Ok(()) };
    // MUST-26: only when nothing is outstanding, our SYN included, and nothing was heard for the time.
    let is_waiting = tcb.awaits_ack_of_syn() || !tcb.queue.is_empty() || tcb.has_unsent();
    if is_waiting || (tcb.probes == 0 && quiet_until > now) {
        let next = if quiet_until > now { quiet_until } else { now + settings.idle };
        tcb.timers.set(Timer::KeepAlive, next);
        return Ok(());
    }
    // MUST-29: one probe may always go unanswered. As in Linux, a user timeout takes the place of their number.
    let is_over = match common.config.user_timeout {
        Some(timeout) => tcb.probes > 0 && now - tcb.last_heard >= timeout,
        None => tcb.probes >= settings.probes.max(2),
    };
    if is_over {
        return Err(Stop::Reset(CloseReason::KeepAliveTimeout, SendReason::ResetTimeout));
    }
    tcb.probes = tcb.probes.saturating_add(1);
    tcb.intents.probe = Some(SendReason::KeepAliveProbe);
    tcb.timers.set(Timer::KeepAlive, now + settings.interval);
    Ok(())
}

/// Starts the retransmission timer: for one RTO, or until the connection is to be given up.
pub(crate) fn start_retransmission(common: &Common, tcb: &mut Tcb, now: Instant) {
    if tcb.awaits_ack_of_syn() && tcb.timers.is_running(Timer::Retransmission) {
        // It is the SYN-ACK's, before which nothing is sent again (RFC 7413 section 4.2.2).
        return;
    }
    let deadline = (now + tcb.recovery.rto.current()).min(interrupted_at(common, tcb, now).max(now));
    tcb.timers.watch(Timer::Retransmission, deadline);
}

/// Another timer had taken the retransmission timer's place: that goes on from when the oldest data was sent.
fn rest_of_timeout(common: &Common, tcb: &mut Tcb, now: Instant) {
    if let Some(front) = tcb.queue.front() {
        let deadline = (front.sent_at + tcb.recovery.rto.current()).max(now + MOMENT);
        tcb.timers.watch(Timer::Retransmission, deadline.min(interrupted_at(common, tcb, now).max(now)));
    }
}

/// Data was acknowledged, and some is still in flight: a tail loss probe is due next, or the timeout.
pub(crate) fn watch_flight(common: &Common, tcb: &mut Tcb, now: Instant) {
    if !schedule_probe(common, tcb, now, now + tcb.recovery.rto.current()) {
        start_retransmission(common, tcb, now);
    }
}

/// New data was sent.
pub(crate) fn watch_new_data(common: &Common, tcb: &mut Tcb, was_empty: bool, now: Instant) {
    if was_empty || tcb.timers.is_running(Timer::LossProbe) {
        if was_empty {
            start_retransmission(common, tcb, now);
        } else {
            rest_of_timeout(common, tcb, now);
        }
    }
    let timeout = tcb.queue.front().map_or(now, |front| front.sent_at) + tcb.recovery.rto.current();
    schedule_probe(common, tcb, now, timeout);
}

/// RFC 8985 section 7.2: unless a loss is known, the timer is the probe's, and no later than the timeout.
fn schedule_probe(common: &Common, tcb: &mut Tcb, now: Instant, timeout: Instant) -> bool {
    let outstanding = tcb.queue.counts().outstanding;
    let wanted = common.config.tail_loss_probe && tcb.negotiated.sack && outstanding > 0;
    if !wanted || tcb.awaits_ack_of_syn() || !tcb.recovery.may_probe() {
        return false;
    }
    let smoothed = tcb.recovery.rtt.smoothed();
    let wait = TailLossProbe::timeout(smoothed, outstanding == 1, common.config.min_rto.into());
    let deadline = if timeout > now { (now + wait).min(timeout) } else { now + wait };
    tcb.timers.watch(Timer::LossProbe, deadline);
    true
}

/// R2, or the user timeout where one is set.
fn give_up_after(common: &Common, tcb: &mut Tcb, now: Instant) -> Result<(), Stop> {
    let sent_at = tcb.queue.front().map_or(now, |range| range.sent_at);
    tcb.troubled_since.get_or_insert(if common.config.patience_from_retransmission { now } else { sent_at });
    if now >= gives_up_at(common, tcb, now) {
        return Err(Stop::Close(expired(common, tcb)));
    }
    Ok(())
}

fn gives_up_at(common: &Common, tcb: &Tcb, now: Instant) -> Instant {
    let sent_at = || tcb.queue.front().map_or(now, |range| range.sent_at);
    match tcb.troubled_since {
        None if common.config.patience_from_retransmission => Instant::FAR_FUTURE,
        since => since.unwrap_or_else(sent_at) + patience(common, tcb),
    }
}

/// When a timeout is cut short because patience ends. In Linux R2 is a count of timeouts, and ends with one of them; only
/// the user timeout is a time.
fn interrupted_at(common: &Common, tcb: &Tcb, now: Instant) -> Instant {
    let counts = common.config.patience_from_retransmission && user_timeout::in_force(common, tcb).is_none();
    if counts { Instant::FAR_FUTURE } else { gives_up_at(common, tcb, now) }
}

/// When probing a closed window that nobody answers for ends.
pub(crate) fn probing_ends_at(common: &Common, tcb: &Tcb) -> Instant {
    tcb.probing_since.map_or(Instant::FAR_FUTURE, |since| since + patience(common, tcb))
}

fn patience(common: &Common, tcb: &Tcb) -> Duration {
    let config = &common.config;
    let r2 = if tcb.released { config.r2.min(config.r2_orphan) } else { config.r2 };
    user_timeout::in_force(common, tcb).unwrap_or(r2)
}

fn expired(common: &Common, tcb: &Tcb) -> CloseReason {
    match user_timeout::in_force(common, tcb) {
        Some(_) => CloseReason::UserTimeout,
        None => CloseReason::RetransmissionTimeout,
    }
}
