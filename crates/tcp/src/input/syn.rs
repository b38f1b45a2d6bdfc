//! Fourth, check the SYN bit (RFC 9293 section 3.10.7.4, RFC 5961 section 4.2).

use core::ops::ControlFlow;

use super::{InWindow, Step, Stop, challenge, drop};
use crate::connection::Common;
use crate::connection::tcb::{Opening, Tcb};
use synfin_wire::reason::{CloseReason, DropReason, SendReason};
use synfin_wire::state::State;

/// A SYN in the window is an old duplicate, a peer that has restarted, or an attack: a challenge tells
/// them apart. A passive open goes back to LISTEN, unless Fast Open has made a connection of it already.
pub(super) fn check(common: &Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    if segment.flags.syn() { take(common, tcb, segment) } else { ControlFlow::Continue(()) }
}

#[cold]
fn take(common: &Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    let half_open = tcb.state() == State::SynReceived && !tcb.syn_pending;
    if half_open && tcb.opening == Opening::Passive {
        return ControlFlow::Break(Stop::Close(CloseReason::BackToListen));
    }
    challenge::throttled(common, tcb, SendReason::ChallengeSyn, segment.arrived);
    drop(DropReason::SynInWindow)
}
