//! Eighth, check the FIN bit (RFC 9293 section 3.10.7.4).

use core::ops::ControlFlow;

use super::{InWindow, Step, Stop};
use crate::connection::Common;
use crate::connection::tcb::Tcb;
use crate::event::Event;
use synfin_wire::SeqNumber;
use synfin_wire::reason::{CloseReason, SendReason};
use synfin_wire::state::{State, Trigger};

/// Notes where the peer's stream ends, and goes on when everything before that has arrived.
pub(super) fn check(common: &mut Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    if segment.flags.fin() && !tcb.peer_finished() {
        note(tcb, segment.end)?;
    }
    if tcb.peer_fin == Some(tcb.receive.nxt) {
        consume(common, tcb);
    }
    ControlFlow::Continue(())
}

/// The peer's stream is said to end at `number`. In order that is so, whatever came of it from further on.
#[cold]
fn note(tcb: &mut Tcb, number: SeqNumber) -> Step {
    if number == tcb.receive.nxt {
        tcb.peer_fin = Some(number);
    } else if number.after(tcb.receive.nxt) {
        if tcb.is_deaf {
            // SHLD-3: what lies before it is text that nobody will read.
            return ControlFlow::Break(Stop::Reset(CloseReason::DataAfterClose, SendReason::ResetAfterClose));
        }
        tcb.ack.at_once(SendReason::OutOfOrderAck);
        // A peer that has sent text beyond its FIN contradicts itself, and what came first is believed.
        if tcb.peer_fin.is_none() && !tcb.assembler.reaches_beyond(number) {
            tcb.peer_fin = Some(number);
            if tcb.negotiated.sack {
                tcb.sack_report.reaches_fin(number);
            }
        }
    }
    ControlFlow::Continue(())
}

#[cold]
fn consume(common: &mut Common, tcb: &mut Tcb) {
    match tcb.state() {
        State::SynReceived | State::Established => tcb.advance(Trigger::Fin),
        State::FinWait1 | State::FinWait2 => {
            // Nothing of ours is to come that could carry the acknowledgment.
            tcb.ack.at_once(SendReason::FinAck);
            tcb.advance(Trigger::Fin);
        }
        State::Closed
        | State::Listen
        | State::SynSent
        | State::CloseWait
        | State::Closing
        | State::LastAck
        | State::TimeWait => return,
    }
    tcb.receive.nxt += 1;
    tcb.receive.edge = tcb.receive.edge.later(tcb.receive.nxt);
    if !tcb.assembler.is_empty() {
        // What was held lies beyond the end of the stream.
        tcb.ack.at_once(SendReason::FinAck);
        tcb.assembler.clear();
    }
    tcb.sack_report.clear();
    tcb.ack.fin();
    common.events.raise(Event::Readable);
}
