//! What a kernel logged of its own ends.

use std::fs;
use std::path::Path;

use synfin_ladder::{Side, StateSet};
use synfin_wire::State;

/// Two log lines of one event are no further apart.
const SAME_NS: u64 = 1_000_000;

/// The log of one case.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    changes: Vec<Change>,
    /// Who reset, when, and why.
    pub(crate) resets: Vec<(Side, u64, String)>,
}

#[derive(Clone, Copy, Debug)]
struct Change {
    side: Side,
    at: u64,
    from: State,
    to: State,
}

impl Truth {
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("the log is there");
        let mut truth = Self { changes: Vec::new(), resets: Vec::new() };
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let side = if words[0] == "left" { Side::Left } else { Side::Right };
            let at = nanos(words[1]);
            match words[2] {
                "state" => {
                    truth.changes.push(Change { side, at, from: state(words[3]), to: state(words[4]) });
                }
                "reset" => truth.resets.push((side, at, words[3].to_owned())),
                _ => {}
            }
        }
        truth.find_time_wait();
        truth
    }

    /// The kernel's log says CLOSED of what goes to TIME-WAIT, which another kind of entry stands for.
    fn find_time_wait(&mut self) {
        let resets = self.resets.clone();
        for change in &mut self.changes {
            let reset =
                resets.iter().any(|(side, at, _)| *side == change.side && at.abs_diff(change.at) < SAME_NS);
            let waits = matches!(change.from, State::FinWait2 | State::Closing);
            if waits && change.to == State::Closed && !reset {
                change.to = State::TimeWait;
            }
        }
    }

    fn of(&self, side: Side) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.side == side)
    }

    pub(crate) fn before(&self, side: Side) -> State {
        self.of(side).next().map_or(State::Closed, |change| change.from)
    }

    pub(crate) fn sequence(&self, side: Side) -> Vec<State> {
        self.of(side).map(|change| change.to).collect()
    }

    /// Each state with its moment.
    pub(crate) fn moments(&self, side: Side) -> Vec<(State, u64)> {
        self.of(side).map(|change| (change.to, change.at)).collect()
    }

    /// With left and right exchanged.
    pub(crate) fn mirrored(mut self) -> Self {
        self.changes.iter_mut().for_each(|change| change.side = change.side.other());
        self.resets.iter_mut().for_each(|(side, ..)| *side = side.other());
        self
    }

    /// The states of a side in a span of time.
    pub(crate) fn between(&self, side: Side, from: u64, until: u64) -> StateSet {
        let mut states = StateSet::of(self.before(side));
        for change in self.of(side) {
            if change.at <= from {
                states = StateSet::NONE;
            }
            if change.at <= until {
                states = states.with(StateSet::of(change.to));
                if change.to == State::TimeWait {
                    // The log does not tell when the entry that stands for it leaves FIN-WAIT-2.
                    states = states.with(StateSet::of(change.from));
                }
            } else if change.to == State::SynReceived {
                // It has been that for a while.
                states = states.with(StateSet::of(State::SynReceived));
            }
        }
        states
    }
}

fn nanos(text: &str) -> u64 {
    let (seconds, rest) = text.split_once('.').expect("seconds and a fraction");
    let fraction = format!("{rest:0<9}");
    seconds.parse::<u64>().expect("seconds") * 1_000_000_000
        + fraction[..9].parse::<u64>().expect("a fraction")
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
        other => panic!("no state has the name {other}"),
    }
}

/// The code of the reason that the kernel gives for an RST.
pub(crate) fn reset_code(reason: &str) -> &'static str {
    match reason {
        "NO_SOCKET" => "reset-no-connection",
        "TCP_ABORT_ON_CLOSE" => "reset-unread",
        // What a zero linger time ends in.
        "TCP_STATE" | "TCP_ABORT_ON_LINGER" | "TCP_DISCONNECT_WITH_DATA" => "reset-abort",
        "TCP_ABORT_ON_DATA" => "reset-after-close",
        "TCP_KEEPALIVE_TIMEOUT" | "TCP_TIMEOUT" => "reset-timeout",
        other => panic!("the kernel has a reason that this does not know: {other}"),
    }
}
