//! When a probe of the path's MTU goes out (RFC 4821 sections 7.4 and 7.5; the conditions are Linux's).
//!
//! A probe is a segment of new data, larger than those that are known to pass. It is sent only where its loss can be
//! told from others and repaired soon: behind it goes enough to make the duplicates that show it.

use synfin_wire::{Instant, SeqNumber};

use super::build;
use crate::connection::Common;
use crate::connection::status::RecoveryState;
use crate::connection::tcb::Tcb;
use crate::recovery::mtu::MtuProbe;

/// The least congestion window for a probe, segments.
const LEAST_WINDOW: u32 = 11;

/// What is to be done about a probe before new text goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MtuStep {
    /// Nothing.
    None,
    /// Nothing goes out: the next acknowledgment makes room for a probe.
    Wait,
    /// A probe with so much text.
    Probe(u32),
}

/// Once for all that goes out together: a probe goes first, or not at all, so that the rest shows its loss.
pub(super) fn consider(common: &Common, tcb: &mut Tcb, now: Instant) -> MtuStep {
    if tcb.intents.mtu_probe_considered {
        return MtuStep::None;
    }
    if tcb.recovery.mtu.told_long_ago(common.config.mtu_probing.interval, now) {
        tcb.sync_mss();
    }
    let step = next(common, tcb, now);
    tcb.intents.mtu_probe_considered = step != MtuStep::Wait;
    step
}

fn next(common: &Common, tcb: &mut Tcb, now: Instant) -> MtuStep {
    // What we report by SACK takes its part of a header, and not always the same.
    let calm = tcb.recovery.state() == RecoveryState::Open && tcb.plan.ranges == 0;
    if !calm || tcb.congestion.window() < LEAST_WINDOW {
        return MtuStep::None;
    }
    let mss = tcb.mss();
    let options = tcb.negotiated.fixed_len();
    let in_use = tcb.negotiated.send_mss + options;
    let Some(size) = tcb.recovery.mtu.next(&common.config.mtu_probing, in_use, now) else {
        return MtuStep::None;
    };
    let octets = u32::from(size - options).saturating_sub(build::planned_len(tcb));
    let (_, reordering) = tcb.recovery.reordering();
    let needed = octets.saturating_add(reordering.saturating_add(1).saturating_mul(mss));
    if octets == 0 || tcb.unsent() < needed || tcb.send.wnd.octets() < needed {
        return MtuStep::None;
    }
    if needed > tcb.send.usable_window() {
        return MtuStep::Wait;
    }
    let in_flight = tcb.in_flight();
    // It takes the room of two.
    if in_flight + 2 > tcb.congestion.window() {
        return if in_flight == 0 { MtuStep::None } else { MtuStep::Wait };
    }
    if tcb.write_queue.can_gather(octets) { MtuStep::Probe(octets) } else { MtuStep::None }
}

/// The next `octets` go out as a probe. Until they are acknowledged it counts for two segments, though one number of
/// them was taken: the window is one smaller.
pub(super) fn sent(tcb: &mut Tcb, start: SeqNumber, octets: u32) {
    tcb.write_queue.gather(octets);
    let text = u16::try_from(octets + build::planned_len(tcb)).unwrap_or(u16::MAX);
    let size = text.saturating_add(tcb.negotiated.fixed_len());
    tcb.recovery.mtu.sent(MtuProbe { size, start, end: start + octets });
    let window = &mut tcb.congestion.window;
    window.size = (window.size - 1).max(1);
}
