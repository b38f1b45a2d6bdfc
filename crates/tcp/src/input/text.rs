//! Seventh, process the segment text (RFC 9293 section 3.10.7.4).

use core::ops::ControlFlow;

use super::{InWindow, Step, Stop, drop};
use crate::connection::Common;
use crate::connection::tcb::Tcb;
use crate::event::Event;
use crate::reason::{CloseReason, DropReason, SendReason};

pub(super) fn process(common: &mut Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    if segment.text.is_empty() || !tcb.state().can_receive_data() {
        return ControlFlow::Continue(());
    }
    let end = segment.seq + segment.text.len() as u32;
    if tcb.peer_fin.is_some_and(|fin| end.after(fin)) {
        return drop(DropReason::BeyondFin);
    }
    if tcb.released {
        // SHLD-3: nobody will read this, and the peer should know.
        return ControlFlow::Break(Stop::Reset(CloseReason::DataAfterClose, SendReason::ResetAfterClose));
    }
    if tcb.ecn.text(segment.ecn) {
        tcb.ack.quicken(2);
    }
    if segment.seq == tcb.receive.nxt {
        in_order(common, tcb, segment);
        ControlFlow::Continue(())
    } else {
        beyond_a_gap(tcb, segment)
    }
}

fn in_order(common: &mut Common, tcb: &mut Tcb, segment: &InWindow) {
    let len = segment.text.len() as u32;
    tcb.inbox.push(segment.text.clone());
    tcb.receive.nxt += len;
    tcb.tally.octets_received += u64::from(len);
    if !tcb.assembler.is_empty() {
        fill(tcb);
        tcb.ack.at_once(SendReason::GapFilledAck);
    }
    tcb.sack_report.acknowledged(tcb.receive.nxt);
    let mss = common.config.mss.octets().into();
    tcb.ack.data_in_order(len, mss, &mut tcb.timers, segment.arrived, common.config.delayed_ack);
    common.events.raise(Event::Readable);
}

/// Takes what was held beyond the gap that has just been filled.
fn fill(tcb: &mut Tcb) {
    while let Some(bytes) = tcb.assembler.pop(tcb.receive.nxt) {
        tcb.receive.nxt += bytes.len() as u32;
        tcb.tally.octets_received += bytes.len() as u64;
        tcb.inbox.push(bytes);
    }
}

/// SHLD-31: held for later, and acknowledged at once (MAY-13, RFC 5681 section 4.2).
fn beyond_a_gap(tcb: &mut Tcb, segment: &InWindow) -> Step {
    tcb.ack.at_once(SendReason::OutOfOrderAck);
    match tcb.assembler.insert(segment.seq, segment.text.clone()) {
        Ok(run) => {
            tcb.sack_report.grown(run);
            ControlFlow::Continue(())
        }
        Err(_) => drop(DropReason::ReassemblyFull),
    }
}
