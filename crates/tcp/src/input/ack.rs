//! Fifth, check the ACK field (RFC 9293 section 3.10.7.4, RFC 5961 section 5.2).

use alloc::boxed::Box;
use core::ops::ControlFlow;

use synfin_wire::{Instant, SeqNumber, WindowSize};

use super::sequence::newer_timestamp;
use super::{InWindow, Step, Stop, challenge, drop};
use crate::congestion::ecn::{EcnSender, Feedback};
use crate::connection::Common;
use crate::connection::ecn::AccEcnSeen;
use crate::connection::tcb::{Opening, Tcb};
use crate::connection::timeout::watch_flight;
use crate::connection::user_timeout;
use crate::event::Event;
use crate::output::burst::within_half_window;
use crate::output::{build, restart_after_idle};
use crate::recovery::rtt::RttSample;
use crate::recovery::tlp::SLACK;
use crate::recovery::{AckInput, AckPlan, Repair, Sender, TimerPlan, echoed};
use crate::send::write_queue::Burst;
use crate::span::Span;
use crate::timer::Timer;
use synfin_wire::reason::{CloseReason, DropReason, SendReason};
use synfin_wire::state::{State, Trigger};

pub(super) fn check(common: &mut Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    if !segment.flags.ack() {
        return drop(DropReason::NoAck);
    }
    let establishes = tcb.awaits_ack_of_syn();
    if establishes {
        establish(common, tcb, segment)?;
    }
    in_range(common, tcb, segment)?;
    if segment.header.ack.before(tcb.send.una) {
        return old(common, tcb, segment);
    }
    let prior_una = tcb.send.una;
    let advanced = advance(common, tcb, segment);
    let tells_window = take_window(common, tcb, segment) || advanced;
    let plan = recover(common, tcb, segment, prior_una, tells_window, establishes);
    tcb.repair = plan.repair;
    if advanced {
        tcb.retransmissions = 0;
        tcb.troubled_since = None;
    }
    set_timer(common, tcb, &plan, segment.arrived);
    if advanced {
        our_fin(common, tcb, segment)?;
    }
    ControlFlow::Continue(())
}

/// An acknowledgment older than SND.UNA: it may still tell by SACK what the peer holds.
#[cold]
fn old(common: &Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    let input = ack_input(common, tcb, segment, tcb.send.una, false);
    let plan = tcb
        .recovery
        .on_old_ack(&input, &mut Sender { queue: &mut tcb.queue, congestion: &mut tcb.congestion });
    if plan.repair != Repair::Nothing {
        tcb.repair = plan.repair;
    }
    set_timer(common, tcb, &plan, segment.arrived);
    ControlFlow::Continue(())
}

/// SYN-RECEIVED: the acknowledgment of our SYN makes ESTABLISHED; any other gets an RST.
#[cold]
fn establish(common: &mut Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    let ack = segment.header.ack;
    if !(ack.at_or_after(tcb.send.first_octet()) && ack.at_or_before(tcb.send.nxt)) {
        tcb.intents.stray_reset = Some(Box::new(build::stray_reset(common, ack)));
        return drop(DropReason::SynReceivedBadAck);
    }
    if tcb.retransmissions > 0 {
        tcb.recovery.rto.after_lost_syn();
    }
    // Text that went behind the SYN-ACK, and is acknowledged too, gives the sample: it left later.
    let alone = ack == tcb.send.first_octet();
    let sample = tcb.syn_ack_at.filter(|_| alone).map(|sent_at| Span::between(sent_at, segment.arrived));
    let clock = common.identity.timestamp(segment.arrived);
    if let Some(rtt) = sample.or_else(|| echo(tcb, segment).and_then(|echo| echoed(clock, echo))) {
        tcb.recovery.rtt.measured_least(rtt, segment.arrived);
        tcb.recovery.measured(RttSample { rtt, una: ack, nxt: tcb.send.nxt });
    }
    take_ecn(common, tcb, segment);
    if tcb.opening == Opening::Passive && !tcb.syn_pending {
        // As in Linux, the window of the SYN, which is never scaled, is no window that a segment may be half of.
        tcb.send.max_wnd = WindowSize::ZERO;
        // Whoever was challenged before need not have been the peer.
        tcb.last_challenge = None;
    }
    tcb.syn_pending = false;
    tcb.send.una = tcb.send.first_octet();
    tcb.send.set_window(segment.header.seq, ack, segment.window);
    begin(common, tcb, segment.arrived);
    ControlFlow::Continue(())
}

/// What the acknowledgment of our SYN-ACK says of ECN (RFC 9768 section 3.2.2.1).
fn take_ecn(common: &Common, tcb: &mut Tcb, segment: &InWindow) {
    let header = segment.header;
    let is_pure = segment.text_len() == 0 && !segment.flags.fin() && header.options.sack.is_empty();
    let handshake = &mut tcb.negotiated.ecn;
    handshake.take_third(&common.config.ecn, header, is_pure);
    tcb.congestion.ecn = EcnSender::new(handshake);
}

/// What every way into ESTABLISHED does.
pub(super) fn begin(common: &mut Common, tcb: &mut Tcb, now: Instant) {
    tcb.ack.expect_segments(within_half_window(tcb, tcb.mss()));
    tcb.retransmissions = 0;
    // As in Linux a pause before the first text begins here, whenever the SYN came.
    tcb.last_text = now;
    tcb.troubled_since = None;
    // Our SYN has arrived.
    tcb.recovery.rate.count(1);
    // The SYN-ACK that was to acknowledge the peer's SYN is not needed, but the acknowledgment is.
    if tcb.intents.syn_ack.take().is_some() {
        tcb.ack.at_once(SendReason::HandshakeAck);
    }
    tcb.timers.stop_watching();
    if !tcb.queue.is_empty() {
        // Text that Fast Open sent beside or behind the SYN is in flight.
        watch_flight(common, tcb, now);
    }
    if let Some(quiet_until) = user_timeout::quiet_until(common, tcb, now) {
        tcb.timers.set(Timer::KeepAlive, quiet_until);
    }
    common.events.raise(Event::Established);
    common.events.raise(Event::Writable);
    if tcb.opening == Opening::Active {
        tcb.sync_mss();
    }
    tcb.congestion.on_established(tcb.recovery.rtt.smoothed());
    tcb.grow_send_buffer(common);
    tcb.began = now;
    tcb.memory.begin(now);
    if tcb.state() == State::SynReceived {
        tcb.advance(Trigger::AckOfSyn);
    }
    if tcb.fin_queued && tcb.state() == State::Established {
        tcb.advance(Trigger::Close);
    }
}

/// How far behind SND.UNA an acknowledgment may lie: MAX.SND.WND (RFC 5961 section 5.2), but as in Linux no further than
/// the text reaches that was ever acknowledged.
fn oldest_ack(tcb: &Tcb) -> u32 {
    let acknowledged = u32::try_from(tcb.tally.octets_acknowledged).unwrap_or(u32::MAX);
    tcb.send.max_wnd.octets().min(acknowledged.saturating_add(1))
}

/// (SND.UNA - MAX.SND.WND) =< SEG.ACK =< SND.NXT, else a challenge.
fn in_range(common: &Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    let ack = segment.header.ack;
    if ack.after(tcb.send.nxt) {
        challenged(common, tcb, segment, DropReason::AckOfUnsent)
    } else if ack.before(tcb.send.una) && ack.before(tcb.send.una - oldest_ack(tcb)) {
        challenged(common, tcb, segment, DropReason::AckTooOld)
    } else {
        ControlFlow::Continue(())
    }
}

#[cold]
fn challenged(common: &Common, tcb: &mut Tcb, segment: &InWindow, reason: DropReason) -> Step {
    challenge::throttled(common, tcb, SendReason::ChallengeAck, segment.arrived);
    drop(reason)
}

/// SND.UNA moves, and what lies before it is let go. Returns whether it moved.
fn advance(common: &mut Common, tcb: &mut Tcb, segment: &InWindow) -> bool {
    let ack = segment.header.ack;
    let acknowledged = ack.octets_since(tcb.send.una);
    if acknowledged == 0 {
        return false;
    }
    tcb.send.una = ack;
    tcb.send.claimed.take_if(|claimed| claimed.at_or_before(ack));
    tcb.send.forget_urgent();
    tcb.small_until = tcb.small_until.later(ack);
    tcb.outbox.acknowledge(ack);
    tcb.tally.octets_acknowledged += u64::from(acknowledged) - u64::from(tcb.fin_acknowledged());
    if tcb.is_all_acknowledged() {
        common.events.raise(Event::AllAcknowledged);
    }
    true
}

/// What the acknowledgment says about losses, and what that means for how much may fly.
fn recover(
    common: &Common,
    tcb: &mut Tcb,
    segment: &InWindow,
    prior_una: SeqNumber,
    tells_window: bool,
    establishes: bool,
) -> AckPlan {
    let mut input = ack_input(common, tcb, segment, prior_una, tells_window);
    // RFC 9768 section 3.2.2.1: in the handshake the ECN bits have a meaning of their own.
    let reads_marks = !establishes && tcb.congestion.ecn.is_on();
    input.feedback = reads_marks.then(|| Feedback {
        flags: segment.flags,
        option: segment.header.options.acc_ecn.as_ref(),
        newer: newer_timestamp(tcb, segment).is_some_and(|newer| newer != tcb.stamps.recent),
        octets_sent: tcb.tally.octets_sent,
    });
    let mut sender = Sender { queue: &mut tcb.queue, congestion: &mut tcb.congestion };
    let plan = tcb.recovery.on_ack(&mut input, &mut sender);
    if plan.wider {
        tcb.sync_mss();
    }
    if tcb.congestion.ecn.option_seen > AccEcnSeen::Nothing {
        tcb.ecn.saw_option();
    }
    plan
}

fn ack_input<'a>(
    common: &Common,
    tcb: &Tcb,
    segment: &InWindow<'a>,
    prior_una: SeqNumber,
    tells_window: bool,
) -> AckInput<'a> {
    let header = segment.header;
    AckInput {
        ranges: if tcb.negotiated.sack { &header.options.sack } else { &[] },
        number: header.ack,
        prior_una,
        una: tcb.send.una,
        nxt: tcb.send.nxt,
        now: segment.arrived,
        mss: tcb.mss(),
        sack: tcb.negotiated.sack,
        carries_text: segment.text_len() > 0 || segment.flags.fin() || segment.flags.syn(),
        tells_window,
        mark: false,
        feedback: None,
        echo: echo(tcb, segment),
        clock: common.identity.timestamp(segment.arrived),
        largest_window: tcb.send.max_wnd.octets(),
        has_new: tcb.has_unsent() && tcb.send.usable_window() > 0,
    }
}

/// The timer that watches over what is in flight (RFC 6298 section 5.2 and 5.3, RFC 8985 section 7.2).
fn set_timer(common: &Common, tcb: &mut Tcb, plan: &AckPlan, now: Instant) {
    if tcb.queue.is_empty() {
        tcb.timers.stop_watching();
        return;
    }
    match plan.timer {
        TimerPlan::Keep => {}
        TimerPlan::Restart => watch_flight(common, tcb, now),
        TimerPlan::Reordering(wait) => tcb.timers.watch(Timer::Reordering, now + wait + SLACK),
        TimerPlan::Soon(wait) => tcb.timers.watch(Timer::Retransmission, now + wait),
    }
}

/// SND.WND, from a segment that is no older than the last that set it. Returns whether the segment says
/// anything of the window that was not known: one that does is no duplicate (RFC 5681 section 2).
fn take_window(common: &Common, tcb: &mut Tcb, segment: &InWindow) -> bool {
    let header = segment.header;
    let window = segment.window;
    let was_closed = tcb.send.wnd == WindowSize::ZERO;
    let tells = (header.seq.after(tcb.send.wl1) && window != tcb.send.wnd)
        || (header.seq == tcb.send.wl1 && (window > tcb.send.wnd || window == WindowSize::ZERO));
    let changed = tcb.send.update_window(header.seq, header.ack, window);
    if changed && tcb.has_unsent() {
        restart_after_idle(common, tcb, segment.arrived);
    }
    // As in Linux, whoever has just said how large the window is need not be asked: the wait begins anew. A window too small
    // for what waits makes it no shorter.
    tcb.timers.stop(Timer::Persist);
    let has_room = |burst: &Burst| burst.len <= tcb.send.usable_window();
    if changed && tcb.send.usable_window() > 0 && tcb.write_queue.front().is_none_or(has_room) {
        tcb.persist_backoff = 0;
    }
    if was_closed || tcb.send.wnd == WindowSize::ZERO {
        take_closed_window(tcb, was_closed, segment.arrived);
    }
    tells
}

/// MUST-34: a peer may take its window back behind what was sent. What knocked since was refused, but somebody answered
/// (MUST-37), and now it may come in. Who has gone waits for nobody.
#[cold]
fn take_closed_window(tcb: &mut Tcb, was_closed: bool, now: Instant) {
    if tcb.send.wnd == WindowSize::ZERO && !tcb.released {
        tcb.troubled_since = tcb.troubled_since.map(|_| now);
    } else if was_closed && tcb.retransmissions > 0 {
        tcb.queue.mark_front_lost();
        tcb.queue.front_is_due();
        tcb.repair = Repair::Lost;
    }
}

/// The timestamp of ours that the segment echoes.
fn echo(tcb: &Tcb, segment: &InWindow) -> Option<u32> {
    let stamps = segment.header.options.timestamps.filter(|stamps| stamps.echo != 0)?;
    tcb.negotiated.timestamps.then_some(stamps.echo)
}

/// What the acknowledgment of our FIN does in each state.
fn our_fin(common: &Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    if tcb.fin_acknowledged() { take_ack_of_fin(common, tcb, segment) } else { ControlFlow::Continue(()) }
}

#[cold]
fn take_ack_of_fin(common: &Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    match tcb.state() {
        State::FinWait1 => {
            tcb.advance(Trigger::AckOfFin);
            if tcb.released {
                let timeout = common.config.fin_wait_2_timeout;
                if timeout.is_zero() {
                    let reason = CloseReason::FinWait2Timeout;
                    return ControlFlow::Break(Stop::Reset(reason, SendReason::ResetAfterClose));
                }
                tcb.timers.set(Timer::FinWait2, segment.arrived + timeout);
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
