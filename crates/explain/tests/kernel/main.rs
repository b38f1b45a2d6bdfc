//! The states that are inferred from a capture, beside what the kernels at both ends logged of themselves.
//!
//! `gold` holds captures and logs that `record.py` made; they are replayed without root. With root the same cases are
//! recorded anew and held to the same rules.

mod truth;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use synfin_explain::capture::Reader;
use synfin_explain::packet::Dissector;
use synfin_explain::{Detail, Explainer};
use synfin_ladder::{Connection, Side, StateSet, Step};
use synfin_wire::{Instant, State};

use truth::Truth;

/// Between the moment that a kernel logs and the one that its capture bears.
const TOLERANCE_NS: u64 = 2_000_000;

fn gold() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kernel/gold")
}

/// The cases of a folder, by name.
fn cases(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").file_name().into_string().expect("its name is plain"));
    let mut names: Vec<String> =
        names.filter_map(|name| name.strip_suffix(".log").map(str::to_owned)).collect();
    names.sort();
    assert!(names.len() > 15, "too few cases in {}", folder.display());
    names
}

/// The one connection of a capture, and when the capture's first frame was, in nanoseconds since 1970.
fn explain(path: &Path) -> (Connection, u64) {
    let mut reader = Reader::new(File::open(path).expect("the capture is there")).expect("it is a capture");
    let (mut dissector, mut explainer) = (Dissector::new(), Explainer::new(Detail::All));
    while let Some(frame) = reader.next().expect("it is whole") {
        explainer.take(&dissector.dissect(&frame));
    }
    let start = reader.started().expect("there is a frame");
    let mut connections = explainer.finish();
    assert_eq!(connections.len(), 1, "{}", path.display());
    (connections.pop().expect("there is one"), start)
}

/// What does not hold in one case, captured at one side.
struct Check<'a> {
    name: &'a str,
    at: Side,
    connection: Connection,
    start: u64,
    truth: Truth,
    faults: Vec<String>,
}

impl Check<'_> {
    fn fault(&mut self, what: String) {
        self.faults.push(format!("{} at {:?}: {what}", self.name, self.at));
    }

    fn moment(&self, at: Instant) -> u64 {
        self.start + at.as_nanos()
    }

    fn run(&mut self) {
        self.sequence(self.at);
        self.windows(self.at);
        self.windows(self.at.other());
        self.sets(self.at);
        self.sets(self.at.other());
        self.resets();
    }

    /// The capturing end goes through the states that its kernel logged, in their order.
    fn sequence(&mut self, side: Side) {
        let end = self.connection.end(side);
        let mut inferred: Vec<State> = end.timeline.sequence().collect();
        let logged: Vec<State> = self.truth.sequence(side);
        // TIME-WAIT's end is not waited for in the log.
        if inferred.len() == logged.len() + 1 && logged.last() == Some(&State::TimeWait) {
            inferred.pop();
        }
        if inferred != logged {
            self.fault(format!("{side:?} went through {logged:?}, not through {inferred:?}"));
        }
        let before = self.truth.before(side);
        let set = self.connection.end(side).before;
        if !set.contains(before) {
            self.fault(format!("{side:?} was {before} before, not {set}"));
        }
    }

    /// Each transition lies in its window.
    fn windows(&mut self, side: Side) {
        let transitions = self.connection.end(side).timeline.0.clone();
        let moments = self.truth.moments(side);
        for (transition, (state, at)) in transitions.iter().zip(&moments) {
            if transition.to != *state {
                break;
            }
            let early =
                transition.when.earliest.is_some_and(|earliest| at + TOLERANCE_NS < self.moment(earliest));
            let late = transition.when.latest.is_some_and(|latest| *at > self.moment(latest) + TOLERANCE_NS);
            // SYN-RECEIVED is logged when it ends; TIME-WAIT when the socket is let go of, in FIN-WAIT-2 already.
            let is_late = late && *state != State::SynReceived;
            let is_early = early && *state != State::TimeWait;
            if is_early || is_late {
                let window = transition.when;
                self.fault(format!("{side:?} came to {state} at {}, not in {window:?}", at - self.start));
            }
        }
    }

    /// The state is in the set, after each frame.
    fn sets(&mut self, side: Side) {
        let steps = self.connection.steps.clone();
        for step in &steps {
            let from = self.moment(step.at);
            let states = self.truth.between(side, from.saturating_sub(50_000), from + TOLERANCE_NS);
            let set = step.states[side.index()];
            if set.and(states).is_empty() {
                self.fault(format!("{side:?} was {states} after frame {}, not {set}", step.frame));
            }
        }
    }

    fn resets(&mut self) {
        let logged = self.truth.resets.clone();
        let seen: Vec<Step> = self.connection.steps.iter().filter(|step| step.flags.rst()).cloned().collect();
        for step in &seen {
            let at = self.moment(step.at);
            let causes: Vec<&str> = logged
                .iter()
                .filter(|(side, when, _)| *side == step.from && when.abs_diff(at) < 15_000_000)
                .map(|(_, _, reason)| truth::reset_code(reason))
                .collect();
            if causes.is_empty() && self.at == step.from {
                self.fault(format!("the kernel logged nothing of the RST in frame {}", step.frame));
            }
            if !causes.is_empty() && !causes.contains(&step.reason.code()) {
                self.fault(format!(
                    "the RST in frame {} was {causes:?}, not {}",
                    step.frame,
                    step.reason.code()
                ));
            }
        }
    }
}

/// Whether the end that the log calls the right one is on the left: of two that open at once, it was seen first.
fn is_mirrored(connection: &Connection) -> bool {
    connection.ends[0].address.port() < connection.ends[1].address.port()
}

/// How many states the sets of the far end have on the mean.
fn mean_size(connections: &[(Side, Connection)]) -> f64 {
    let sizes: Vec<usize> = connections
        .iter()
        .flat_map(|(at, connection)| {
            connection.steps.iter().map(|step| step.states[at.other().index()]).map(StateSet::len)
        })
        .collect();
    sizes.iter().sum::<usize>() as f64 / sizes.len() as f64
}

/// Whether all captures in a folder show what is logged beside them; returns [`mean_size`].
fn hold(folder: &Path) -> f64 {
    let (mut faults, mut connections) = (Vec::new(), Vec::new());
    for name in cases(folder) {
        for (at, suffix) in [(Side::Left, "left"), (Side::Right, "right")] {
            let path = folder.join(format!("{name}.{suffix}.pcap"));
            // Nothing came there.
            if fs::metadata(&path).expect("it is there").len() <= 24 {
                continue;
            }
            let (connection, start) = explain(&path);
            let truth = Truth::read(&folder.join(format!("{name}.log")));
            let at = if is_mirrored(&connection) { at.other() } else { at };
            let truth = if is_mirrored(&connection) { truth.mirrored() } else { truth };
            let mut check = Check { name: &name, at, connection, start, truth, faults: Vec::new() };
            check.run();
            faults.append(&mut check.faults);
            connections.push((at, check.connection));
        }
    }
    let size = mean_size(&connections);
    println!("{} captures, mean size of the far end's sets {size:.2}", connections.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    size
}

#[test]
fn what_two_kernels_logged_is_what_their_captures_show() {
    let size = hold(&gold());
    assert!(size < 1.3, "the far end's sets have {size:.2} states on the mean");
}

#[test]
fn what_two_kernels_log_now_is_what_their_captures_show() {
    let root = nix_is_root();
    let tools = ["tcpdump", "python3", "ip"].iter().all(|tool| has(tool));
    let synfin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/debug/synfin");
    if !root || !tools || !synfin.exists() {
        let why = "needs root, tcpdump, python3, ip and target/debug/synfin (cargo build)";
        assert!(std::env::var_os("CI").is_none(), "{why}");
        eprintln!("skipped: {why}");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kernel/record.py");
    let status = Command::new("python3").arg(recorder).arg(&synfin).arg(folder.path()).status();
    assert!(status.expect("python3 runs").success());
    // How much the far end's sets leave open depends on what crosses what, which no two runs have alike.
    hold(folder.path());
}

fn nix_is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

fn has(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join(tool).exists())
}
