//! How much new text may go: Nagle and the sender's silly-window avoidance (RFC 9293 sections 3.7.4 and
//! 3.8.6.2.1).

use crate::connection::Common;
use crate::connection::tcb::Tcb;

/// Octets that may be sent now, out of `unsent`: the rules (1) to (4) of section 3.8.6.2.1.
pub(super) fn allowed(common: &Common, tcb: &Tcb, unsent: u32, window: u32, congestion: u32) -> u32 {
    let usable = window.min(congestion);
    let size = super::segment_size(tcb);
    // (1) Full segments.
    let full = unsent.min(usable) / size * size;
    let tail = unsent - full;
    // (2) All that there is, when nothing small is on its way already (Nagle, as Minshall refined it), or
    // when the user does not want to wait for that.
    if tail > 0 && unsent <= usable {
        let waits = common.config.nagle && small_in_flight(tcb) && !tcb.fin_queued;
        if !waits || tcb.intents.override_holding {
            return unsent;
        }
    }
    if full > 0 {
        return full;
    }
    let room = unsent.min(usable);
    if congestion < size && tcb.send.outstanding() > 0 && congestion < unsent {
        // It is the congestion window that is short: an acknowledgment opens it.
        return 0;
    }
    // (3) Half of the largest window seen, for a peer whose buffer is smaller than a segment; (4) the
    // override timer.
    let nothing_in_flight = tcb.send.outstanding() == 0;
    let half_window = nothing_in_flight && room >= tcb.send.max_wnd.octets() / 2;
    if room > 0 && (half_window || tcb.intents.override_holding) { room } else { 0 }
}

/// A segment that was not full is not acknowledged yet.
fn small_in_flight(tcb: &Tcb) -> bool {
    tcb.send.outstanding() > 0 && tcb.small_until.after(tcb.send.una)
}
