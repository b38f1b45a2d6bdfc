//! What a recorder has noted of an end: its state at some frames, for certain.
//!
//! A state that was noted stands, whatever the packets suggest. The end is led to it by what is on its way there, or was
//! its user's; and between two notes it was somewhere on a way from the one state to the other.

use synfin_ladder::{Certainty, StateSet};
use synfin_wire::{State, Trigger};

use super::{Automaton, Before, Here, Moment, Pending, Step, after};

/// No end that one follows has more states than this; what is noted of one that has is heeded no longer.
const MOST_RUNS: usize = 64;

/// The steps that it may have taken by then.
const MOST_STEPS: usize = 8 * MOST_RUNS;

/// What was noted, in the capture's order.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Vec<Run>);

/// Frames with one state, the first and the last of which it was noted on.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: Moment,
    last: Moment,
    state: State,
    /// The steps that the end had taken by then.
    steps: usize,
}

impl Told {
    fn is_full(&self) -> bool {
        self.0.len() == MOST_RUNS
    }

    fn add(&mut self, state: State, moment: Moment, steps: usize) {
        if let Some(run) = self.0.last_mut()
            && (run.state, run.steps) == (state, steps)
        {
            run.last = moment;
            return;
        }
        // Of two notes on one frame the later stands.
        self.0.pop_if(|run| run.first.frame == moment.frame);
        self.0.push(Run { first: moment, last: moment, state, steps });
    }

    /// When the end was last known to be elsewhere, before something that has come about by `latest`.
    pub(super) fn not_by(&self, latest: Option<Moment>) -> Option<Moment> {
        let is_before = |run: &&Run| latest.is_none_or(|latest| run.last.frame < latest.frame);
        self.0.iter().rev().find(is_before).map(|run| run.last)
    }

    /// What is left of these sets, one for each of these frames.
    pub(super) fn narrow(&self, frames: &[u64], sets: &mut [StateSet]) {
        let mut runs = self.0.iter().peekable();
        let mut run: Option<&Run> = None;
        for (frame, set) in frames.iter().zip(sets) {
            while let Some(next) = runs.next_if(|next| next.first.frame <= *frame) {
                run = Some(next);
            }
            *set = match run {
                Some(run) if *frame <= run.last.frame => StateSet::of(run.state),
                _ => between(*set, run, runs.peek().copied()),
            };
        }
    }
}

/// What an end can be between two notes, or before the first, or behind the last.
fn between(set: StateSet, before: Option<&Run>, behind: Option<&Run>) -> StateSet {
    let after = before.map_or(StateSet::ALL, |run| closure(run.state, false));
    let until = behind.map_or(StateSet::ALL, |run| closure(run.state, true));
    let possible = after.and(until);
    // One life may have ended between the two and another have begun: of that the packets alone tell.
    if possible.and(set).is_empty() { set } else { possible.and(set) }
}

/// The states that can follow one, or, `backwards`, come before it, in one life of a connection; itself among them.
fn closure(from: State, backwards: bool) -> StateSet {
    let mut set = StateSet::of(from);
    loop {
        let mut more = set;
        for state in State::ALL {
            for next in Trigger::ALL.into_iter().filter_map(|trigger| state.next(trigger)) {
                let (near, far) = if backwards { (next, state) } else { (state, next) };
                let goes_on = near == from || !matches!(near, State::Closed | State::Listen);
                if set.contains(near) && goes_on {
                    more = more.with(StateSet::of(far));
                }
            }
        }
        if more == set {
            return set;
        }
        set = more;
    }
}

/// How unlikely it is that a trigger has moved an end unseen.
const EXPECTED: u32 = 1;
const OWN: u32 = 8;
const UNSEEN: u32 = 32;

impl Automaton {
    /// It is noted that the end is in this state once this frame has passed.
    pub(in crate::track) fn is_told(&mut self, state: State, moment: Moment) {
        // A listener waits there still: the connection that came of it is over.
        let has_been_open =
            self.before == Before::Synchronized || self.steps.iter().any(|step| step.to.is_synchronized());
        let state = if state == State::Listen && has_been_open { State::Closed } else { state };
        let last = self.told.as_ref().and_then(|told| told.not_by(None));
        if self.steps.len() >= MOST_STEPS || self.told.as_ref().is_some_and(|told| told.is_full()) {
            return;
        }
        self.unreachable = None;
        self.begins_as(state);
        if self.state() != state {
            self.goes_to(state, last, moment);
        } else if self.steps.is_empty() && state.is_synchronized() {
            self.step(state, None, Some(moment), Here::Between);
        }
        self.pending_still();
        let steps = self.steps.len();
        self.told.get_or_insert_default().add(state, moment, steps);
    }

    /// What it was before, where nothing was known of that.
    fn begins_as(&mut self, state: State) {
        if self.before != Before::Unknown || !self.steps.is_empty() {
            return;
        }
        let has_syn = self.pending.iter().any(|pending| pending.trigger == Trigger::Syn);
        self.before = match state {
            State::Closed | State::SynSent => Before::Closed,
            State::Listen | State::SynReceived => Before::Listen,
            _ if has_syn => Before::Listen,
            State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => Before::Synchronized,
        };
    }

    /// Leads it there by the likeliest way; where there is none, it is there all the same.
    fn goes_to(&mut self, state: State, last: Option<Moment>, moment: Moment) {
        // From anywhere a user or a timer may end it. What passed by before that may well have come.
        let ends = |pending: &Pending| after(self.state(), pending.trigger) == State::Closed;
        if state == State::Closed && !self.pending.iter().any(ends) {
            self.confirm(self.pending.len(), moment);
        }
        let way = self.way_to(state);
        if way.is_empty() && self.state() != state {
            self.pending.clear();
            self.told_step(state, last, moment);
        }
        for trigger in way {
            let to = after(self.state(), trigger);
            match self.pending.iter().position(|pending| pending.trigger == trigger) {
                Some(at) => {
                    let pending = self.pending.remove(at);
                    self.step(to, Some(pending.moment), Some(moment), Here::Earliest);
                }
                None => self.told_step(to, last, moment),
            }
        }
    }

    fn told_step(&mut self, to: State, earliest: Option<Moment>, moment: Moment) {
        let latest = Some(moment);
        let here = Here::Between;
        self.steps.push(Step { to, earliest, latest, here, certainty: Certainty::Told, instead: None });
    }

    /// The triggers that lead from here to a state: what has passed by on its way to the end rather than what its user
    /// or a timer did, and that rather than what was never seen. Empty where none lead there in one life.
    fn way_to(&self, state: State) -> Vec<Trigger> {
        let from = self.state();
        let mut ways: [Option<(u32, State, Trigger)>; State::ALL.len()] = [None; State::ALL.len()];
        let mut costs = [u32::MAX; State::ALL.len()];
        costs[from as usize] = 0;
        for _ in State::ALL {
            for near in State::ALL {
                let so_far = costs[near as usize];
                let goes_on = near == from || !matches!(near, State::Closed | State::Listen);
                if so_far == u32::MAX || !goes_on {
                    continue;
                }
                for trigger in Trigger::ALL {
                    let Some(next) = near.next(trigger) else { continue };
                    let cost = so_far + self.cost(near, trigger);
                    if cost < costs[next as usize] {
                        costs[next as usize] = cost;
                        ways[next as usize] = Some((cost, near, trigger));
                    }
                }
            }
        }
        let mut way = Vec::new();
        let mut at = state;
        while at != from
            && let Some((_, before, trigger)) = ways[at as usize]
        {
            way.push(trigger);
            at = before;
        }
        way.reverse();
        way
    }

    fn cost(&self, state: State, trigger: Trigger) -> u32 {
        let place = self.pending.iter().position(|pending| pending.trigger == trigger);
        // Of an end that closes or hears a FIN its opening was acknowledged by then.
        let skips = state == State::SynReceived && matches!(trigger, Trigger::Close | Trigger::Fin);
        let cost = match (place, trigger) {
            // What passed by first has come first.
            (Some(place), _) => EXPECTED + u32::from(place > 0),
            (
                None,
                Trigger::PassiveOpen
                | Trigger::ActiveOpen
                | Trigger::Close
                | Trigger::ReturnToListen
                | Trigger::Abort
                | Trigger::TimedOut
                | Trigger::TimeWaitOver,
            ) => OWN,
            (
                None,
                Trigger::Syn
                | Trigger::SynAck
                | Trigger::AckOfSyn
                | Trigger::Fin
                | Trigger::AckOfFin
                | Trigger::Rst,
            ) => UNSEEN,
        };
        if skips { cost + UNSEEN } else { cost }
    }

    /// Of what is on its way, what would still change something.
    fn pending_still(&mut self) {
        let kept = std::mem::take(&mut self.pending);
        kept.into_iter().for_each(|pending: Pending| self.awaits_still(pending));
    }

    /// Whether what has passed by where the end is was not heeded: it was noted since to be where it was.
    pub(super) fn is_ignored(&self, step: &Step) -> bool {
        let told = self.told.as_ref().and_then(|told| told.not_by(step.latest));
        step.earliest.zip(told).is_some_and(|(passed, told)| passed.frame <= told.frame)
    }
}
