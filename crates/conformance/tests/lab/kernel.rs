//! The laboratory's states beside those that Linux logged of itself in the same situation.
//!
//! The logs are those of `crates/explain/tests/kernel`: recorded once, and with root recorded anew. In its own log Linux
//! goes through FIN_WAIT2 on its way from FIN_WAIT1 to TIME-WAIT even where one segment does both, and calls TIME-WAIT CLOSE.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use synfin_lab::scenarios::find;
use synfin_lab::{Lab, Setting, Trace};
use synfin_wire::State;

/// A scenario, its world, a knob and its value, and the case of the kernel that it is held to.
const SAME: [(&str, &str, &str, &str, &str); 9] = [
    ("17", "refused", "", "", "refused"),
    ("11", "real", "after", "0ms", "three-segments"),
    ("11", "real", "after", "100ms", "four-segments"),
    ("16", "unread", "", "", "reset-unread"),
    ("10", "client-first", "", "", "client-closes-first"),
    ("10", "server-first", "", "", "server-closes-first"),
    ("12", "real", "", "", "simultaneous-close"),
    ("13", "real", "", "", "half-close"),
    ("07", "real", "", "", "simultaneous-open"),
];

/// A dead peer, with the timers of the kernel's case.
const DEAD: &str = "host A 10.0.1.1 keepalive 1s/1s/2\nhost B 10.0.2.1\nlink delay 10ms\nat 0s B listen 80\n\
    at 1s A connect B:80\nat 2s cut\nrun 60s\n";

fn kernel_tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../explain/tests/kernel")
}

fn state(name: &str) -> State {
    match name {
        "CLOSE" => State::Closed,
        "LISTEN" => State::Listen,
        "SYN_SENT" => State::SynSent,
        "SYN_RECV" | "NEW_SYN_RECV" => State::SynReceived,
        "ESTABLISHED" => State::Established,
        "FIN_WAIT1" => State::FinWait1,
        "FIN_WAIT2" => State::FinWait2,
        "CLOSE_WAIT" => State::CloseWait,
        "CLOSING" => State::Closing,
        "LAST_ACK" => State::LastAck,
        "TIME_WAIT" => State::TimeWait,
        other => panic!("{other} is no state"),
    }
}

/// The states that one side logged after its first.
fn logged(log: &str, side: &str) -> Vec<State> {
    let mut states = Vec::new();
    let mut was_reset = false;
    for line in log.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            [by, _, "reset", ..] if by == side => was_reset = true,
            [by, _, "state", from, to] if by == side => {
                let waits = matches!(from, "FIN_WAIT2" | "CLOSING") && to == "CLOSE" && !was_reset;
                states.push(if waits { State::TimeWait } else { state(to) });
            }
            _ => {}
        }
    }
    states
}

/// What one end of the laboratory's connection went through after its first state, until the end of TIME-WAIT.
fn seen(trace: &Trace, host: usize) -> Vec<State> {
    let mut states: Vec<State> = trace.states(0, host).into_iter().skip(1).map(|(_, state)| state).collect();
    if states.ends_with(&[State::TimeWait, State::Closed]) {
        states.pop();
    }
    states
}

/// The same without what lasts for no time at all in one of the two.
fn plain(states: &[State]) -> Vec<State> {
    let mut plain: Vec<State> = Vec::new();
    for (index, state) in states.iter().enumerate() {
        let next = states.get(index + 1);
        let is_passing = matches!((state, next), (State::FinWait2, Some(State::TimeWait)))
            || matches!((state, next), (State::CloseWait, Some(State::LastAck)))
            || (*state == State::SynReceived && index > 0 && states[index - 1] == State::SynSent);
        if !is_passing {
            plain.push(*state);
        }
    }
    plain
}

fn hold(folder: &Path) {
    for (number, world, knob, value, case) in SAME {
        let values = if knob.is_empty() { vec![] } else { vec![(knob.to_owned(), value.to_owned())] };
        let setting = Setting { world: Some(world.to_owned()), values, seed: 0 };
        let trace = find(number).unwrap().lab().unwrap().run(&setting).unwrap().trace;
        same(folder, case, &trace, number);
    }
    same(folder, "keepalive-dead", &Lab::new(DEAD).unwrap().run(&Setting::default()).unwrap().trace, "19");
}

fn same(folder: &Path, case: &str, trace: &Trace, number: &str) {
    let log = fs::read_to_string(folder.join(format!("{case}.log"))).expect("there is a log");
    for (host, side) in ["left", "right"].into_iter().enumerate() {
        let (mut kernel, ours) = (logged(&log, side), seen(trace, host));
        if case == "simultaneous-open" {
            // There the two go on and close.
            kernel.truncate(ours.len());
        }
        assert_eq!(plain(&ours), plain(&kernel), "{number} beside {case}, {side}: {ours:?} and {kernel:?}");
    }
}

#[test]
fn the_laboratory_goes_through_the_states_of_linux() {
    hold(&kernel_tests().join("gold"));
}

/// Recorded anew, now, on this machine's kernel.
#[test]
fn the_laboratory_goes_through_the_states_of_this_kernel() {
    let Some(synfin) = synfin() else { return };
    let folder = std::env::temp_dir().join(format!("synfin-lab-kernel-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder can be made");
    let mut recorder = Command::new("python3");
    recorder.arg(kernel_tests().join("record.py")).arg(synfin).arg(&folder);
    recorder.args(SAME.map(|(.., case)| case)).arg("keepalive-dead");
    assert!(recorder.status().expect("python3 runs").success());
    hold(&folder);
    let _ = fs::remove_dir_all(folder);
}

/// The command that joins two namespaces, where all that it takes is there.
fn synfin() -> Option<PathBuf> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let built = std::env::current_exe().ok()?.parent()?.parent()?.join("synfin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<PathBuf> =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]).collect();
    let lacks = |tool: &str| !places.iter().any(|folder| folder.join(tool).exists());
    let missing = match () {
        () if !is_root => Some("it takes root".to_owned()),
        () if !built.exists() => Some(format!("{} is not built", built.display())),
        () => ["tcpdump", "python3", "ip"]
            .into_iter()
            .find(|tool| lacks(tool))
            .map(|tool| format!("there is no {tool}")),
    };
    if let Some(reason) = &missing {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "this must not be skipped in CI: {reason}");
        eprintln!("skipped: {reason}");
        return None;
    }
    Some(built)
}
