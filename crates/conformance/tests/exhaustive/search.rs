//! Walks through everything that can happen, each state once.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use synfin_tcp::State;

use crate::world::{Action, World};

/// What a search has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) states: usize,
    pub(crate) transitions: usize,
    /// States in which nothing more can happen.
    pub(crate) ends: usize,
    /// The TCP states that an end has been in.
    pub(crate) states_of_ends: BTreeSet<State>,
}

/// The graph of states so far.
#[derive(Default)]
struct Graph {
    numbers: HashMap<u64, usize>,
    /// How each state was come to first.
    came_by: Vec<Option<(usize, Action)>>,
    edges: Vec<(usize, usize)>,
    ends: Vec<usize>,
}

/// Searches from one beginning.
///
/// # Panics
/// When something does not hold that must; the way there is printed first.
pub(crate) fn explore(beginning: &World) -> Seen {
    let mut graph = Graph::default();
    let mut seen = Seen::default();
    graph.number(beginning.digest(), None);
    let mut open = vec![(0, beginning.clone())];
    while let Some((number, world)) = open.pop() {
        seen.states_of_ends.extend(world.states());
        let actions = world.actions();
        if actions.is_empty() {
            graph.ends.push(number);
            graph.must_hold(number, world.check_end());
        }
        for action in actions {
            let next = catch_unwind(AssertUnwindSafe(|| world.after(action))).unwrap_or_else(|panic| {
                graph.tell_way_to(number, Some(action));
                std::panic::resume_unwind(panic)
            });
            let (reached, is_new) = graph.number(next.digest(), Some((number, action)));
            graph.edges.push((number, reached));
            if is_new {
                graph.must_hold(reached, next.check());
                open.push((reached, next));
            }
        }
    }
    graph.every_state_has_a_way_out();
    seen.states = graph.came_by.len();
    seen.transitions = graph.edges.len();
    seen.ends = graph.ends.len();
    seen
}

impl Graph {
    /// The number of a state, and whether it is new.
    fn number(&mut self, digest: u64, came_by: Option<(usize, Action)>) -> (usize, bool) {
        let fresh = self.came_by.len();
        let number = *self.numbers.entry(digest).or_insert(fresh);
        if number == fresh {
            self.came_by.push(came_by);
        }
        (number, number == fresh)
    }

    fn must_hold(&self, number: usize, outcome: Result<(), String>) {
        if let Err(what) = outcome {
            self.tell_way_to(number, None);
            panic!("{what}");
        }
    }

    /// No livelock: from every state an end can be reached.
    fn every_state_has_a_way_out(&self) {
        let mut into = vec![Vec::new(); self.came_by.len()];
        for (from, to) in &self.edges {
            into[*to].push(*from);
        }
        let mut has_way_out = vec![false; self.came_by.len()];
        let mut open = self.ends.clone();
        while let Some(number) = open.pop() {
            if !std::mem::replace(&mut has_way_out[number], true) {
                open.extend(&into[number]);
            }
        }
        if let Some(number) = has_way_out.iter().position(|way_out| !way_out) {
            self.must_hold(number, Err("from here no end can be reached".into()));
        }
    }

    fn tell_way_to(&self, number: usize, last: Option<Action>) {
        let mut way: Vec<Action> = last.into_iter().collect();
        let mut at = number;
        while let Some((from, action)) = self.came_by[at] {
            way.push(action);
            at = from;
        }
        way.reverse();
        eprintln!("the way there: {way:?}");
    }
}

impl Seen {
    pub(crate) fn add(&mut self, other: Self) {
        self.states += other.states;
        self.transitions += other.transitions;
        self.ends += other.ends;
        self.states_of_ends.extend(other.states_of_ends);
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { states, transitions, ends, .. } = self;
        write!(f, "{states} states, {transitions} transitions, {ends} ends")
    }
}
