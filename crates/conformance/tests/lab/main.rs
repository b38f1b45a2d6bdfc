//! Each scenario of the laboratory, captured at both hosts and half way between, comes out of `explain` with the engine's
//! own states, and at the host where it was captured with the engine's own reasons.
//!
//! The laboratory knows both ends; `explain` sees packets. Where it may fall short is written down below, by scenario, with
//! why; everything else has to be right.

#[path = "../captured/mod.rs"]
mod captured;
mod kernel;

use captured::{Notes, engines, explain};
use synfin_lab::scenarios::ALL;
use synfin_lab::trace::Trace;
use synfin_lab::{Point, Run};
use synfin_ladder::{Connection, Reason, Side, StateSet};
use synfin_wire::State;

/// Worlds in which no TCP lives: what a capture shows of them is not what RFC 9293 would have, and only what is noted of
/// both ends tells what they are.
const IMPOSSIBLE: [(&str, &str); 4] = [("05", "two-way"), ("05b", "two-way"), ("25", "tahoe"), ("31", "two")];

/// Where the states of an end may differ, and why.
const UNSEEN: [(&str, &str, &str); 11] = [
    (
        "05",
        "three-way",
        "a SYN on the ports of a connection that is over: explain keeps to the connection it knows",
    ),
    ("06", "real", "A gave its first attempt up without a word"),
    ("08", "reconnects", "a reset and a new opening on the same ports, seen from elsewhere"),
    (
        "14",
        "no-time-wait",
        "a world without TIME-WAIT: the RST of a machine that knows nothing is taken for an answer",
    ),
    ("15", "no-time-wait", "a world without TIME-WAIT"),
    ("18", "cookies", "a listener that keeps nothing of a SYN looks like one that does"),
    ("19", "linux", "A is dead, and no segment shows it"),
    ("19", "bsd", "A is dead, and no segment shows it"),
    ("34", "bare", "A is dead, and somebody speaks in its name"),
    ("37", "guessable", "A is dead, and somebody speaks in its name"),
    ("37", "keyed", "A is dead, and somebody speaks in its name"),
];
/// Where explain takes another reason for a segment, at the end where the capture was made, and why.
const UNTOLD: [(&str, &str, &str); 7] = [
    ("05", "three-way", "the same SYN twice, in two lives of the same ports"),
    ("08", "reconnects", "a SYN with another number begins another connection"),
    ("15", "no-time-wait", "a world without TIME-WAIT"),
    ("18", "cookies", "a listener that keeps nothing of a SYN looks like one that does"),
    ("26", "update-lost", "a user who reads while the buffer is nearly full ends the quick acknowledgments"),
    ("26", "update-arrives", "the same"),
    ("29", "real", "a second segment in one instant, of which the engine had taken the first alone"),
];

/// Where the states of a host may differ that sends nothing which could be noted, and why.
const SILENT: [(&str, &str, &str); 2] = [
    ("19", "linux", "A is dead, and no segment shows it"),
    ("19", "bsd", "A is dead, and no segment shows it"),
];

const PLACES: [(Point, Option<Side>); 3] =
    [(Point::First, Some(Side::Left)), (Point::Second, Some(Side::Right)), (Point::Middle, None)];

/// The states that an end can have had around a moment.
fn around(trace: &Trace, connection: usize, host: usize, at: u64) -> StateSet {
    let mut states = StateSet::NONE;
    for (since, state) in trace.states(connection, host) {
        if since.as_nanos() < at || states.is_empty() {
            states = StateSet::of(state);
        } else if since.as_nanos() == at {
            states = states.with(StateSet::of(state));
        }
    }
    states
}

/// What is wrong of what `explain` says.
#[derive(Default)]
struct Faults {
    states: Vec<String>,
    reasons: Vec<String>,
    right: u64,
    all: u64,
}

fn compare(name: &str, run: &Run, notes: Notes, faults: &mut Faults) {
    for (point, near) in PLACES {
        let (connections, start) = explain(run.capture(point), notes);
        for connection in &connections {
            let Some((index, flipped)) = find(&run.trace, connection) else { continue };
            let place = format!("{name} at {point:?}");
            for step in &connection.steps {
                let at = start + step.at.as_nanos();
                for host in [0, 1] {
                    let side = if flipped { 1 - host } else { host };
                    let is_near = near.is_some_and(|near| near.index() == host);
                    let truth = around(&run.trace, index, host, at);
                    let set = step.states[side];
                    // LISTEN and CLOSED look the same from outside.
                    let truth = if truth.contains(State::Listen) || truth.contains(State::Closed) {
                        truth.with(StateSet::of(State::Listen)).with(StateSet::of(State::Closed))
                    } else {
                        truth
                    };
                    if set.and(truth).is_empty() {
                        let kind = if is_near { "near" } else { "far" };
                        let host = &run.trace.names[host];
                        faults.states.push(format!(
                            "{place} frame {}: {host} ({kind}) was {truth}, not {set}",
                            step.frame
                        ));
                    }
                }
                let sender = if flipped { 1 - step.from.index() } else { step.from.index() };
                if near.is_some_and(|near| near.index() == sender)
                    && let Some(truth) = engines(step)
                {
                    faults.all += 1;
                    if truth == step.reason.code() {
                        faults.right += 1;
                    } else {
                        let said = Reason::code(step.reason);
                        faults
                            .reasons
                            .push(format!("{place} frame {}: {truth} came out as {said}", step.frame));
                    }
                }
            }
        }
    }
}

/// Which connection of the trace this is, and whether its ends stand the other way round.
fn find(trace: &Trace, connection: &Connection) -> Option<(usize, bool)> {
    let ends = connection.ends.each_ref().map(|end| end.address);
    trace.connections.iter().enumerate().find_map(|(index, traced)| {
        let [a, b] = traced.ends;
        match ends {
            _ if ends == [a, b] => Some((index, false)),
            _ if ends == [b, a] => Some((index, true)),
            _ => None,
        }
    })
}

/// Compares all worlds of all scenarios.
fn compare_all(notes: Notes) -> Faults {
    let mut faults = Faults::default();
    for scenario in ALL {
        for run in scenario.runs(&[], 0).expect("it runs") {
            let is_impossible = IMPOSSIBLE.contains(&(scenario.number, run.trace.world.as_str()));
            if is_impossible && !matches!(notes, Notes::All) {
                continue;
            }
            compare(&format!("{} {}", scenario.number, run.trace.world), &run, notes, &mut faults);
        }
    }
    println!("{} of {} reasons at the end where the capture was made", faults.right, faults.all);
    for fault in faults.reasons.iter().chain(&faults.states) {
        println!("{fault}");
    }
    faults
}

/// Whether a fault is of a world that is in a list.
fn is_listed(list: &[(&str, &str, &str)], fault: &str) -> bool {
    list.iter().any(|(number, world, _)| fault.starts_with(&format!("{number} {world} at")))
}

#[test]
fn states_and_reasons_come_back() {
    let faults = compare_all(Notes::None);
    let is_unseen =
        |fault: &str| (fault.contains("(far)") || fault.starts_with("18")) && is_listed(&UNSEEN, fault);
    let states = faults.states.iter().filter(|fault| !is_unseen(fault));
    let reasons = faults.reasons.iter().filter(|fault| !is_listed(&UNTOLD, fault));
    let unknown: Vec<&String> = states.chain(reasons).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    // A list of what may be wrong says nothing where all of it is: nearly all has to be right.
    assert!(faults.right * 1000 >= faults.all * 998, "{} of {}", faults.right, faults.all);
}

/// With the engine's own notes nothing is left to be wrong in any world, wherever the capture was made.
#[test]
fn with_notes_every_state_and_reason_comes_back() {
    let faults = compare_all(Notes::All);
    assert!(faults.reasons.is_empty(), "{:#?}", faults.reasons);
    assert!(faults.states.is_empty(), "{:#?}", faults.states);
}

/// What is noted of senders alone tells everything but of a host that is silent.
#[test]
fn with_the_notes_of_senders_every_reason_comes_back() {
    let faults = compare_all(Notes::Senders);
    assert!(faults.reasons.is_empty(), "{:#?}", faults.reasons);
    let is_silent = |fault: &&String| fault.contains("(far)") && is_listed(&SILENT, fault);
    let states: Vec<_> = faults.states.iter().filter(|fault| !is_silent(fault)).collect();
    assert!(states.is_empty(), "{states:#?}");
}

/// An old SYN opens the listener's end again, number for number what it was before. Packets alone do not tell.
#[test]
fn a_note_tells_that_another_connection_begins() {
    let scenario = ALL.iter().find(|scenario| scenario.number == "05").expect("there is one");
    let runs = scenario.runs(&[], 0).expect("it runs");
    let run = runs.iter().find(|run| run.trace.world == "three-way").expect("there is one");
    for (point, _) in PLACES {
        let [without, with] = [Notes::None, Notes::All].map(|notes| explain(run.capture(point), notes).0);
        assert_eq!((without.len(), with.len()), (1, 2), "{point:?}");
    }
}
