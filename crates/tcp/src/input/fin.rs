//! Eighth, check the FIN bit (RFC 9293 section 3.10.7.4).

use super::InWindow;
use crate::connection::Common;
use crate::connection::tcb::Tcb;
use crate::event::Event;
use synfin_wire::reason::SendReason;
use synfin_wire::state::{State, Trigger};

/// Notes where the peer's stream ends, and goes on when everything before that has arrived.
pub(super) fn check(common: &mut Common, tcb: &mut Tcb, segment: &InWindow) {
    if segment.flags.fin() && tcb.peer_fin.is_none() {
        let number = segment.end;
        // A peer that has sent text beyond its FIN contradicts itself, and the text came first.
        if number.at_or_after(tcb.receive.nxt) && !tcb.assembler.reaches_beyond(number) {
            tcb.peer_fin = Some(number);
            if number != tcb.receive.nxt {
                tcb.ack.at_once(SendReason::OutOfOrderAck);
                if tcb.negotiated.sack {
                    tcb.sack_report.reaches_fin(number);
                }
            }
        }
    }
    if tcb.peer_fin == Some(tcb.receive.nxt) {
        consume(common, tcb);
    }
}

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
    tcb.assembler.clear();
    tcb.sack_report.clear();
    tcb.ack.fin();
    common.events.raise(Event::Readable);
}
