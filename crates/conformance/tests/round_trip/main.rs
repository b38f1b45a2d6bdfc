//! What the simulator makes, captured at both ends and in the middle, comes out of `explain` with the engine's own
//! states and reasons.
//!
//! The engine's reasons and states stand in the capture as notes: at first `explain` does not look at them, then it does.
//! What states there truly were is read from the hosts as they change.

#[path = "../captured/mod.rs"]
mod captured;
mod scene;
mod unseen;

use std::collections::BTreeMap;

use synfin_ladder::{Connection, Seen, Side, StateSet, Step};
use synfin_tcp::State;

use captured::{Notes, engines, explain};
use scene::{Played, play};

const SEEDS: u64 = 600;
/// Of a thousand reasons at the end where the capture was made: which of several things that come in one instant, as
/// here, made an acknowledgment go depends on how many the receiver still sends at once, which packets do not tell.
const MOST_WRONG_REASONS: u64 = 2;
/// Whoever closes while text is queued is in FIN-WAIT-1 unseen until all of that has gone, and in two of five scenes
/// someone does: no set that holds the truth can be smaller there. In the others it is 1.3.
const LARGEST_MEAN_SET: f64 = 1.7;
/// Of far ends whose states are noted.
const LARGEST_MEAN_NOTED_SET: f64 = 1.3;

/// How often which reason of the engine came out as which.
#[derive(Debug, Default)]
struct Reasons {
    pairs: BTreeMap<(String, &'static str), (u64, String)>,
}

impl Reasons {
    fn add(&mut self, step: &Step, place: &str) {
        let is_mirrored = step.reason == Seen::NetworkDuplicate.into();
        let Some(truth) = engines(step).filter(|_| !is_mirrored) else { return };
        let entry = self.pairs.entry((truth.to_owned(), step.reason.code())).or_default();
        entry.0 += 1;
        if entry.1.is_empty() {
            entry.1 = format!("{place} frame {}", step.frame);
        }
    }

    fn report(&self, is_listed: bool) -> (u64, u64) {
        let (mut right, mut all) = (0, 0);
        for ((truth, said), (count, example)) in &self.pairs {
            all += count;
            if truth == said {
                right += count;
            } else if is_listed {
                println!("{count:>7} {truth} came out as {said}, as in {example}");
            }
        }
        (right, all)
    }
}

/// Prints one capture, for a look at a fault: `SYNFIN_SCENE=4,1 cargo test -p synfin-conformance --test round_trip`; with
/// `,notes` behind it, as it is with notes.
#[test]
fn a_scene_can_be_looked_at() {
    let Ok(words) = std::env::var("SYNFIN_SCENE") else { return };
    let (words, notes) = match words.strip_suffix(",notes") {
        Some(words) => (words.to_owned(), Notes::All),
        None => (words, Notes::None),
    };
    let (seed, place) = words.split_once(',').expect("a seed and a place, 0 to 2");
    let played = play(seed.parse().expect("a seed"));
    let (connections, _) = explain(&played.captures[place.parse::<usize>().expect("a place")].1, notes);
    println!("{:?}", played.states);
    for step in &connections[0].steps {
        let truth = engines(step).unwrap_or("-");
        let wrong = if truth == step.reason.code() || truth == "-" { ' ' } else { '!' };
        let [left, right] = step.states;
        println!(
            "{wrong} {:>4} {:>12} {:?} {:?} seq {} ack {} len {} win {} {truth} / {} {left} {right} {:?}",
            step.frame,
            step.at.as_nanos() / 1000,
            step.from,
            step.flags,
            step.relative.0,
            step.relative.1,
            step.len,
            step.window,
            step.reason.code(),
            step.options.sack
        );
    }
}

/// What comes back of all scenes.
#[derive(Default)]
struct Outcome {
    faults: Vec<String>,
    near: Reasons,
    far: Reasons,
    /// Of the sets of far ends: their sizes summed up, and how many there are.
    sizes: usize,
    steps: usize,
}

impl Outcome {
    fn mean_size(&self) -> f64 {
        self.sizes as f64 / self.steps as f64
    }
}

/// Explains every capture of every scene with the notes that `notes` chooses by its place; where it chooses none, that is
/// left out.
fn explain_all(notes: impl Fn(Option<Side>) -> Option<Notes>) -> Outcome {
    let mut outcome = Outcome::default();
    for seed in 0..SEEDS {
        let Played { captures, states } = play(seed);
        for (place, file) in &captures {
            let Some(notes) = notes(*place) else { continue };
            let (connections, start) = explain(file, notes);
            let name = format!("seed {seed} at {place:?}");
            let [connection] = &connections[..] else {
                outcome.faults.push(format!("{name}: {} connections", connections.len()));
                continue;
            };
            for side in Side::BOTH {
                let is_near = *place == Some(side);
                if let Some(fault) = compare(connection, start, side, &states[side.index()], is_near, notes) {
                    outcome.faults.push(format!("{name}: {fault}"));
                }
                for step in connection.steps.iter().filter(|step| step.from == side) {
                    if is_near { outcome.near.add(step, &name) } else { outcome.far.add(step, &name) }
                }
                if !is_near {
                    let sets = connection.steps.iter().map(|step| step.states[side.index()]);
                    outcome.sizes += sets.map(StateSet::len).sum::<usize>();
                    outcome.steps += connection.steps.len();
                }
            }
        }
    }
    outcome
}

fn assert_without_faults(outcome: &Outcome) {
    let faults = &outcome.faults;
    assert!(faults.is_empty(), "{}\n{} faults", faults[..faults.len().min(30)].join("\n"), faults.len());
}

#[test]
fn states_and_reasons_come_back() {
    let outcome = explain_all(|_| Some(Notes::None));
    println!("at the end where the capture was made:");
    let (right, all) = outcome.near.report(true);
    println!("{right} of {all}");
    println!("elsewhere:");
    let (right_far, all_far) = outcome.far.report(true);
    println!("{right_far} of {all_far}");
    println!("mean size of a far end's set: {:.3}", outcome.mean_size());
    assert_without_faults(&outcome);
    // A user who closes while text is queued is seen to have closed when the last of it goes: sets are large until
    // then, and most of these do.
    assert!(outcome.mean_size() < LARGEST_MEAN_SET);
    assert!((all - right) * 1000 <= all * MOST_WRONG_REASONS, "{right} of {all} reasons");
}

/// Every reason comes back, and little is left open of a far end.
fn assert_all_come_back(notes: Notes) {
    let outcome = explain_all(|_| Some(notes));
    let (near, far) = (outcome.near.report(true), outcome.far.report(true));
    println!(
        "{} of {} at the end where the capture was made, {} of {} elsewhere",
        near.0, near.1, far.0, far.1
    );
    println!("mean size of a far end's set: {:.3}", outcome.mean_size());
    assert_without_faults(&outcome);
    assert!(outcome.mean_size() < LARGEST_MEAN_NOTED_SET);
    assert_eq!((near.0, far.0), (near.1, far.1));
}

/// The simulator notes what both ends are: nothing is left to be inferred.
#[test]
fn with_notes_every_state_and_reason_comes_back() {
    assert_all_come_back(Notes::All);
}

/// Each packet tells of its sender alone; what its receiver is then has to be inferred.
#[test]
fn with_the_notes_of_senders_little_is_left_open() {
    assert_all_come_back(Notes::Senders);
}

/// A host that records itself notes what it knows: its own reasons and states. The other end's are inferred.
#[test]
fn with_the_notes_of_one_end_all_of_its_own_come_back() {
    let addresses = ["10.0.1.1", "10.0.2.1"].map(|address| address.parse().expect("an address"));
    let outcome = explain_all(|place| place.map(|side| Notes::Of(addresses[side.index()])));
    let near = outcome.near.report(true);
    println!("{} of {} at the end where the capture was made", near.0, near.1);
    println!("mean size of a far end's set: {:.3}", outcome.mean_size());
    assert_without_faults(&outcome);
    assert!(outcome.mean_size() < LARGEST_MEAN_SET);
    assert_eq!(near.0, near.1);
}

/// Holds the states of one end to the engine's.
fn compare(
    connection: &Connection,
    start: u64,
    side: Side,
    truth: &[(u64, State)],
    is_near: bool,
    notes: Notes,
) -> Option<String> {
    let end = connection.end(side);
    let inferred: Vec<State> = end.timeline.sequence().collect();
    let logged: Vec<State> = truth.iter().map(|(_, state)| *state).collect();
    // What comes after the last segment is no matter of this capture.
    let agree = inferred.iter().zip(&logged).all(|(inferred, logged)| inferred == logged);
    let missing = logged.len().saturating_sub(inferred.len());
    // Where a user may have closed earlier than his FIN shows, there are two ways.
    let mut all = end.timeline.0.iter().map(|transition| transition.to);
    let is_possible = logged.iter().all(|logged| all.any(|state| state == *logged));
    // What both ends have noted leaves no doubt.
    let is_told = notes == Notes::All || is_near && notes != Notes::None;
    let is_right = agree && missing <= 1;
    if is_told && !is_right || is_near && !is_right && !is_possible {
        return Some(format!("{side:?} went through {logged:?}, not through {inferred:?}"));
    }
    for step in &connection.steps {
        let at = start + step.at.as_nanos();
        let mut states = StateSet::of(before(truth, side));
        for (when, state) in truth {
            // A half-open entry is there before its handle.
            if *state == State::SynReceived && states.contains(State::Listen) {
                states = states.with(StateSet::of(*state));
            }
            if *when < at {
                states = StateSet::of(*state);
            } else if *when == at {
                states = states.with(StateSet::of(*state));
            }
        }
        let set = step.states[side.index()];
        if set.and(states).is_empty() {
            return Some(format!("{side:?} was {states} after frame {}, not {set}", step.frame));
        }
    }
    None
}

fn before(truth: &[(u64, State)], side: Side) -> State {
    match truth.first() {
        Some((_, State::SynReceived)) if side == Side::Right => State::Listen,
        _ => State::Closed,
    }
}
