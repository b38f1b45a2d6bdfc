//! Every way in which two engines can open and close, within bounds: any order of arrival, so many losses and so many
//! duplicates, a timer that fires too early, and each user's calls at any moment.
//!
//! The search is over the engine itself, not over a model of it: see `world` for what can happen, `search` for how
//! all of it is walked through. There must be no deadlock (an end that waits for ever), no livelock (a state from
//! which no end can be reached), no disagreement, and no lost octet.
//!
//! The bounds of the test fit a minute. `SYNFIN_BOUNDS=2,1,1 cargo test --release -p synfin-conformance --test
//! exhaustive -- --nocapture` takes others (losses, duplicates, early timers), aborts then without text, and prints how
//! many states there were.

mod digest;
mod plan;
mod search;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use plan::Plan;
use search::{Seen, explore};
use synfin_tcp::State;
use world::{Bounds, World};

const LOSS: Bounds = Bounds { losses: 1, duplicates: 0, early: 0 };
const LOSS_AND_DUPLICATE: Bounds = Bounds { losses: 1, duplicates: 1, early: 0 };
const DUPLICATE_AND_EARLY_TIMER: Bounds = Bounds { losses: 0, duplicates: 1, early: 1 };

/// The bounds in the environment: losses, duplicates, early timers.
fn asked_for() -> Option<Bounds> {
    let text = std::env::var("SYNFIN_BOUNDS").ok()?;
    let numbers: Vec<u8> = text.split(',').map(|part| part.parse().expect("a number")).collect();
    let [losses, duplicates, early] = numbers[..] else { panic!("SYNFIN_BOUNDS is three numbers") };
    Some(Bounds { losses, duplicates, early })
}

fn explore_all(pairs: &[[Plan; 2]], bounds: Bounds) -> Seen {
    let (next, total) = (AtomicUsize::new(0), Mutex::new(Seen::default()));
    let worker = || {
        while let Some(pair) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let seen = explore(&World::new(*pair, bounds));
            println!("{:>9} states, {:>8} ends: {:?} and {:?}", seen.states, seen.ends, pair[0], pair[1]);
            total.lock().expect("no worker has panicked").add(seen);
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(worker))));
    let seen = total.into_inner().expect("no worker has panicked");
    println!("{bounds:?}, {} pairs of plans: {seen}", pairs.len());
    seen
}

#[test]
fn every_open_close_and_abort_with_a_loss() {
    let seen = match asked_for() {
        Some(bounds) => explore_all(&plan::textless_pairs(), bounds),
        None => explore_all(&plan::short_pairs(), LOSS),
    };
    assert_eq!(seen.states_of_ends.len(), State::ALL.len(), "not every state was come to");
}

#[test]
fn plain_opening_and_closing_with_a_loss_and_a_duplicate() {
    let seen = explore_all(&plan::plain_pairs(), asked_for().unwrap_or(LOSS_AND_DUPLICATE));
    assert!(seen.states > 1_000 && seen.ends > 10);
}

#[test]
fn the_plainest_opening_and_closing_with_a_duplicate_and_an_early_timer() {
    let seen = explore_all(&plan::plain_pairs()[..1], asked_for().unwrap_or(DUPLICATE_AND_EARLY_TIMER));
    assert!(seen.states > 1_000 && seen.ends > 10);
}
