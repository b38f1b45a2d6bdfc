//! Second, check the RST bit (RFC 9293 section 3.10.7.4, RFC 5961 section 3.2).

use core::ops::ControlFlow;

use super::{InWindow, Step, Stop, challenge, drop};
use crate::connection::Common;
use crate::connection::tcb::{Opening, Tcb};
use synfin_wire::reason::{CloseReason, DropReason, SendReason};
use synfin_wire::state::State;

/// An RST exactly at RCV.NXT ends the connection; one elsewhere in the window is challenged.
pub(super) fn check(common: &Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    if segment.flags.rst() { take(common, tcb, segment) } else { ControlFlow::Continue(()) }
}

#[cold]
fn take(common: &Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    // As in Linux, one in the window will do where nobody has the connection any more and only the FIN is awaited.
    let only_awaits_fin = tcb.released && tcb.state() == State::FinWait2;
    if segment.header.seq != tcb.receive.nxt && !only_awaits_fin {
        challenge::throttled(common, tcb, SendReason::ChallengeRst, segment.arrived);
        return drop(DropReason::RstNotExact);
    }
    ControlFlow::Break(Stop::Close(match (tcb.state(), tcb.opening) {
        (State::SynReceived, Opening::Passive) if !tcb.syn_pending => CloseReason::BackToListen,
        (State::SynReceived, Opening::Active) => CloseReason::Refused,
        (_, Opening::Passive | Opening::Active) => CloseReason::Reset,
    }))
}
