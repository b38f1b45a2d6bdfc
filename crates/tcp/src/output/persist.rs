//! The persist timer: when nothing is in flight and nothing may be sent, nothing would ever happen
//! (RFC 9293 sections 3.8.6.1 and 3.8.6.2.1).

use synfin_wire::Instant;

use crate::connection::Common;
use crate::connection::tcb::Tcb;
use crate::connection::timeout::probing_ends_at;
use crate::span::Span;
use crate::timer::Timer;

/// How long silly-window avoidance may hold data back, at the most (section 3.8.6.2.1).
const LONGEST_OVERRIDE: Span = Span::from_millis(1000);

/// Starts the timer when text waits and no acknowledgment is to come that could let it go.
pub(super) fn arm(common: &Common, tcb: &mut Tcb, now: Instant) {
    let idle = tcb.queue.is_empty() && !tcb.timers.is_running(Timer::Pacing);
    let stuck = idle && tcb.has_unsent() && tcb.state().is_synchronized();
    if stuck {
        arm_stuck(common, tcb, now);
    } else {
        tcb.timers.stop(Timer::Persist);
    }
}

#[cold]
fn arm_stuck(common: &Common, tcb: &mut Tcb, now: Instant) {
    if tcb.timers.is_running(Timer::Persist) {
        return;
    }
    // SHLD-29: the first probe after one RTO; SHLD-30: then ever further apart. In Linux what is held back waits as long.
    let mut wait = tcb.recovery.rto.backed_off(tcb.persist_backoff);
    if tcb.send.usable_window() > 0 {
        wait = wait.min(LONGEST_OVERRIDE);
    }
    tcb.timers.set(Timer::Persist, (now + wait).min(probing_ends_at(common, tcb)));
}
