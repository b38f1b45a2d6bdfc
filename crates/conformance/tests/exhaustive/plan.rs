//! What the users mean to do. When they do it is for the search to try.

use Step::{Abort, Active, Close, Passive, Send};

/// A user's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An active OPEN.
    Active,
    /// A passive OPEN.
    Passive,
    /// A SEND of two octets.
    Send,
    /// A CLOSE.
    Close,
    /// An ABORT.
    Abort,
}

/// A user's calls, in their order.
pub(crate) type Plan = &'static [Step];

const ACTIVE: [Plan; 4] =
    [&[Active, Close], &[Active, Abort], &[Active, Close, Abort], &[Active, Send, Close]];

const PASSIVE: [Plan; 4] =
    [&[Passive, Close], &[Passive, Abort], &[Passive, Close, Abort], &[Passive, Send, Close]];

/// Every combination of open, close and abort at both ends, both opening actively among them; with text where that
/// leaves few enough states for a minute.
pub(crate) fn short_pairs() -> Vec<[Plan; 2]> {
    let opened = ACTIVE.iter().flat_map(|first| PASSIVE.iter().map(|second| [*first, *second]));
    opened.chain(both_active(&ACTIVE[..3])).collect()
}

/// Every combination of open, close and abort at both ends, without text.
pub(crate) fn textless_pairs() -> Vec<[Plan; 2]> {
    let opened = ACTIVE[..3].iter().flat_map(|first| PASSIVE[..3].iter().map(|second| [*first, *second]));
    opened.chain(both_active(&ACTIVE[..3])).collect()
}

/// Opening and closing in order, with and without text.
pub(crate) fn plain_pairs() -> Vec<[Plan; 2]> {
    vec![[ACTIVE[0], PASSIVE[0]], [ACTIVE[3], PASSIVE[0]], [ACTIVE[0], PASSIVE[3]], [ACTIVE[0], ACTIVE[0]]]
}

/// Every two of these, in either order.
fn both_active(plans: &'static [Plan]) -> impl Iterator<Item = [Plan; 2]> {
    plans.iter().enumerate().flat_map(|(index, first)| plans[index..].iter().map(|second| [*first, *second]))
}
