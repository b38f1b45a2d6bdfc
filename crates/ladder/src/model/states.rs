//! The state of an end, as far as it is known: a set of states at each moment, and the transitions between them.

use std::fmt;

use synfin_wire::{Instant, State};

/// How well something is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// A recorder that knows the end has noted it in the capture.
    Told,
    /// A segment shows it.
    Seen,
    /// It follows from what segments show.
    Inferred,
    /// Nothing tells: it is one of several.
    Unknown,
}

impl Certainty {
    /// All of them, the surest first.
    pub const ALL: [Self; 4] = [Self::Told, Self::Seen, Self::Inferred, Self::Unknown];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Seen => "seen",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
        }
    }
}

/// States, one of which an end is in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct StateSet(u16);

impl StateSet {
    /// No state: the end is not there.
    pub const NONE: Self = Self(0);
    /// Any state: nothing is known.
    pub const ALL: Self = Self((1 << State::ALL.len()) - 1);

    /// One state.
    #[must_use]
    pub const fn of(state: State) -> Self {
        Self(1 << state as u16)
    }

    /// The states of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The states that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether a state is among them.
    #[must_use]
    pub const fn contains(self, state: State) -> bool {
        self.0 & Self::of(state).0 != 0
    }

    /// How many there are.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The one state, when it is one.
    #[must_use]
    pub fn only(self) -> Option<State> {
        let mut states = self.iter();
        states.next().filter(|_| states.next().is_none())
    }

    /// The states, in the RFC's order.
    pub fn iter(self) -> impl Iterator<Item = State> {
        State::ALL.into_iter().filter(move |state| self.contains(*state))
    }
}

impl FromIterator<State> for StateSet {
    fn from_iter<I: IntoIterator<Item = State>>(states: I) -> Self {
        states.into_iter().fold(Self::NONE, |set, state| set.with(Self::of(state)))
    }
}

impl fmt::Debug for StateSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for StateSet {
    /// The names with a bar between them: `FIN-WAIT-2|TIME-WAIT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        self.iter()
            .try_for_each(|state| write!(f, "{}{}", std::mem::replace(&mut separator, "|"), state.name()))
    }
}

/// When something happened: not before `earliest`, and not after `latest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first moment at which it can have happened; `None` before the capture begins.
    pub earliest: Option<Instant>,
    /// The last; `None` when nothing shows that it has happened before the capture ends.
    pub latest: Option<Instant>,
}

impl Window {
    /// A moment that is known.
    #[must_use]
    pub const fn at(moment: Instant) -> Self {
        Self { earliest: Some(moment), latest: Some(moment) }
    }

    /// Whether it can have happened by then.
    #[must_use]
    pub fn may_have_begun(&self, now: Instant) -> bool {
        self.earliest.is_none_or(|earliest| earliest <= now)
    }

    /// Whether it must have happened by then.
    #[must_use]
    pub fn must_have_passed(&self, now: Instant) -> bool {
        self.latest.is_some_and(|latest| latest <= now)
    }
}

/// An end comes to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state it comes to.
    pub to: State,
    /// When.
    pub when: Window,
    /// How well it is known that it happens at all.
    pub certainty: Certainty,
    /// The number of the frame that brought it about, as far as one did.
    pub frame: Option<u64>,
}

/// The states of one end over time: its transitions in their order.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Timeline(pub Vec<Transition>);

impl Timeline {
    /// The states that the end can be in at a moment. `before` is what it can have been before the first transition.
    #[must_use]
    pub fn at(&self, now: Instant, before: StateSet) -> StateSet {
        let mut states = before;
        for transition in &self.0 {
            let to = StateSet::of(transition.to);
            if transition.when.must_have_passed(now) && transition.certainty != Certainty::Unknown {
                states = to;
            } else if transition.when.may_have_begun(now) {
                states = states.with(to);
            }
        }
        states
    }

    /// The states in the order in which the end came to them, without those that it may not have come to.
    pub fn sequence(&self) -> impl Iterator<Item = State> {
        let known = self.0.iter().filter(|transition| transition.certainty != Certainty::Unknown);
        known.map(|transition| transition.to)
    }
}
