//! What an end was when the capture began, and what follows from its not being known.
//!
//! Of a connection that was there before, either end may have sent its FIN already: only text or a FIN that is seen later
//! shows that it had not. Until then what looks like the first FIN may be the second.

use synfin_ladder::StateSet;
use synfin_wire::State;

use super::Step;

/// What an end was before it was seen to do anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing is known yet.
    Unknown,
    Closed,
    Listen,
    /// The connection was there when the capture began.
    Synchronized,
    /// It knew nothing of the connection when it was seen first: it may have been there before.
    Forgotten,
}

/// Who was seen to send text or a FIN at some time.
#[derive(Clone, Copy, Debug)]
pub(in crate::track) struct Spoken {
    pub(in crate::track) own: bool,
    pub(in crate::track) peer: bool,
}

/// What an end can be in an older connection on the same ports.
pub(super) fn older() -> StateSet {
    let closing = [State::CloseWait, State::Closing, State::LastAck, State::TimeWait];
    of(&[State::Established, State::FinWait1, State::FinWait2]).with(of(&closing))
}

fn of(states: &[State]) -> StateSet {
    states.iter().fold(StateSet::NONE, |set, state| set.with(StateSet::of(*state)))
}

impl Before {
    /// What the end can have been before the first step.
    pub(super) fn set(self, spoken: Spoken) -> StateSet {
        match (self, spoken.own, spoken.peer) {
            (Self::Unknown, ..) => of(&[State::Closed, State::Listen]),
            (Self::Closed, ..) => of(&[State::Closed]),
            (Self::Listen, ..) => of(&[State::Listen]),
            (Self::Forgotten, ..) => of(&[State::Closed, State::Established, State::CloseWait]),
            (Self::Synchronized, true, true) => of(&[State::Established]),
            (Self::Synchronized, true, false) => of(&[State::Established, State::CloseWait]),
            (Self::Synchronized, false, true) => of(&[State::Established, State::FinWait1, State::FinWait2]),
            (Self::Synchronized, false, false) => {
                of(&[State::Established, State::CloseWait, State::FinWait1, State::FinWait2])
            }
        }
    }

    /// Where the other FIN may have gone before the capture, a step leads elsewhere.
    pub(super) fn doubts(self, spoken: Spoken, steps: &mut [Step]) {
        if self != Self::Synchronized {
            return;
        }
        for step in steps {
            let instead = match step.to {
                State::FinWait1 if !spoken.peer => State::LastAck,
                State::FinWait2 if !spoken.peer => State::Closed,
                State::CloseWait if !spoken.own => State::TimeWait,
                _ => continue,
            };
            step.instead.get_or_insert(instead);
        }
    }
}
