//! Sixth, check the URG bit (RFC 9293 sections 3.8.5 and 3.10.7.4).

use super::InWindow;
use crate::connection::Common;
use crate::connection::tcb::Tcb;
use crate::event::Event;

/// RCV.UP <- max(RCV.UP, SEG.UP). The pointer names the octet behind the urgent data (MUST-62).
pub(super) fn check(common: &mut Common, tcb: &mut Tcb, segment: &InWindow) {
    if segment.flags.urg() && tcb.state().can_receive_data() {
        note(common, tcb, segment);
    }
}

#[cold]
fn note(common: &mut Common, tcb: &mut Tcb, segment: &InWindow) {
    let field = u32::from(segment.header.urgent_pointer);
    let pointer = segment.header.seq
        + match common.config.urgent_names_last {
            true => field + 1,
            // A pointer of nothing names the first octet, as in Linux.
            false => field.max(1),
        };
    if pointer.after(tcb.receive.nxt) && tcb.receive.urgent.is_none_or(|known| pointer.after(known)) {
        tcb.receive.urgent = Some(pointer);
        common.events.raise(Event::Urgent);
    }
}
