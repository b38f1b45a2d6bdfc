//! How a connection ended, and whose doing it was.

use synfin_ladder::{Side, Verdict, VerdictKind};
use synfin_wire::{Instant, State};

use crate::track::{ResetCause, SHORTEST_RTO, Tracker};

/// The verdict on a connection, once its last packet was seen: it was watched up to `end`.
pub(crate) fn of(tracker: &Tracker, end: Instant) -> Verdict {
    let states = Side::BOTH.map(|side| tracker.state(side));
    let syns = Side::BOTH.map(|side| tracker.space(side).syn_seen());
    let closed_first = first_to_close(tracker);
    let fatal = tracker.resets().iter().find(|reset| reset.ends_it);
    if let Some(reset) = fatal {
        let kind = match reset.cause {
            ResetCause::Refused => VerdictKind::Refused,
            ResetCause::TimedOut | ResetCause::Unheard | ResetCause::GivenUp => VerdictKind::TimedOut,
            ResetCause::NoConnection
            | ResetCause::Orphaned
            | ResetCause::BadAck
            | ResetCause::Abort
            | ResetCause::Unread
            | ResetCause::AfterClose => VerdictKind::Reset,
        };
        return Verdict { kind, by: Some(reset.by) };
    }
    let unanswered = |side: Side| {
        // Where nothing of the other end was captured, what comes in another order would look the same.
        let has_waited = tracker.is_captured(side.other()) || tracker.space(side).has_waited(SHORTEST_RTO);
        has_waited && tracker.space(side).unanswered().is_some_and(|(repeats, _)| repeats >= 3)
    };
    let kind = match states {
        [State::Closed | State::TimeWait, State::Closed | State::TimeWait] if closed_first.is_some() => {
            return Verdict { kind: VerdictKind::Closed, by: closed_first };
        }
        [State::SynSent, _] if !tracker.space(Side::Right).is_seen() => VerdictKind::Unanswered,
        [State::SynSent | State::SynReceived, _] | [_, State::SynSent | State::SynReceived]
            if syns.iter().any(|seen| *seen) =>
        {
            VerdictKind::Unfinished
        }
        _ if Side::BOTH.into_iter().any(unanswered) => {
            let by = Side::BOTH.into_iter().find(|side| unanswered(*side));
            let has_given_up = by.is_some_and(|side| tracker.space(side).falls_silent(end));
            let kind = if has_given_up { VerdictKind::TimedOut } else { VerdictKind::Stalled };
            return Verdict { kind, by };
        }
        // Both have closed, and the last acknowledgment is not in the capture.
        _ if Side::BOTH.iter().all(|side| tracker.space(*side).fin_moment().is_some()) => {
            return Verdict { kind: VerdictKind::Closed, by: closed_first };
        }
        // What an end does of which nothing was captured is not known.
        _ if closed_first.is_some_and(|side| {
            !tracker.is_captured(side.other()) || tracker.may_have_closed_before(side.other())
        }) =>
        {
            VerdictKind::Unknown
        }
        _ if closed_first.is_some() => {
            return Verdict { kind: VerdictKind::HalfClosed, by: closed_first };
        }
        _ if states.iter().any(|state| state.is_synchronized()) => VerdictKind::Open,
        _ => VerdictKind::Unknown,
    };
    Verdict { kind, by: None }
}

/// The side whose FIN was seen first.
pub(crate) fn first_to_close(tracker: &Tracker) -> Option<Side> {
    let fins = Side::BOTH.map(|side| tracker.space(side).fin_moment().map(|fin| fin.frame));
    match fins {
        [Some(left), Some(right)] if right < left => Some(Side::Right),
        [Some(_), _] => Some(Side::Left),
        [None, Some(_)] => Some(Side::Right),
        [None, None] => None,
    }
}
