//! The figures of RFC 9293, typed from them, come out of the scenarios line by line.
//!
//! A line of a figure is a segment that leaves (`>` from A, `<` from B) or comes, with the states of both ends after it,
//! where the figure gives them. An arrow that is drawn whole is both: it leaves one end and comes to the other.

use synfin_lab::Setting;
use synfin_lab::scenarios::find;
use synfin_lab::trace::{Source, Trace, What};

/// What of a segment a line names, and the states beside it: `-` where the figure names none.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    a: String,
    what: String,
    b: String,
}

fn line(a: &str, what: &str, b: &str) -> Line {
    Line { a: a.into(), what: what.into(), b: b.into() }
}

fn trace(number: &str, world: Option<&str>) -> Trace {
    let setting = Setting { world: world.map(str::to_owned), ..Setting::default() };
    find(number).expect("there is one").lab().expect("it is right").run(&setting).expect("it runs").trace
}

/// What a figure writes of a segment.
fn written(trace: &Trace, number: usize) -> String {
    let sent = &trace.segments[number];
    let flags = sent.header.flags;
    let all = [(flags.fin(), "FIN"), (flags.syn(), "SYN"), (flags.rst(), "RST"), (flags.ack(), "ACK")];
    let names: Vec<&str> = all.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name).collect();
    let ack = if flags.ack() { format!("<ACK={}>", sent.header.ack.value()) } else { String::new() };
    let data = if sent.len > 0 { "<DATA>" } else { "" };
    format!("<SEQ={}>{ack}<CTL={}>{data}", sent.header.seq.value(), names.join(","))
}

/// A trace as a figure has it, from the given segment on: one line for what arrives in order, two for what crosses.
fn drawn(trace: &Trace, first: usize) -> Vec<Line> {
    let events: Vec<_> = trace.events.iter().filter(|event| event.connection == Some(0)).collect();
    let mut lines = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let (number, leaves) = match event.what {
            What::Sent(number) => (number, true),
            What::Arrived(number, 0) => (number, false),
            _ => continue,
        };
        if number < first {
            continue;
        }
        let sent = &trace.segments[number];
        let arrival = events.iter().position(|other| other.what == What::Arrived(number, 0));
        let departure = events.iter().position(|other| other.what == What::Sent(number));
        let between = match (departure, arrival) {
            (Some(from), Some(to)) => &events[from + 1..to],
            _ => &events[..0],
        };
        // It crosses what its receiver sends, or its sender has given up before it comes.
        let crosses = between.iter().any(|other| match &other.what {
            What::Sent(other) => trace.segments[*other].host() != sent.host(),
            What::Called(_, call) => call == "abort",
            _ => false,
        });
        let states = |place: usize| {
            let after = events[place].after.as_ref().expect("there are views");
            [after[0].state.name().to_owned(), after[1].state.name().to_owned()]
        };
        let arrow = if sent.host() == 0 { '>' } else { '<' };
        let is_injected = matches!(sent.source, Source::Nobody(_));
        let text = written(trace, number);
        match (crosses || is_injected, leaves) {
            // A whole arrow: the sender's state when it leaves, the receiver's when it comes.
            (false, true) => {
                let (from, to) = (states(place), states(arrival.unwrap_or(place)));
                let [a, b] = if sent.host() == 0 { [&from[0], &to[1]] } else { [&to[0], &from[1]] };
                lines.push(line(a, &format!("{arrow} {text}"), b));
            }
            (false, false) => {}
            // Half an arrow: only the end where it is has a state in the figure.
            (true, leaves) => {
                let here = if leaves { sent.host() } else { 1 - sent.host() };
                let [a, b] = states(place);
                let (a, b) = if here == 0 { (a, "-".to_owned()) } else { ("-".to_owned(), b) };
                let word = if leaves { "leaves" } else { "comes" };
                lines.push(line(&a, &format!("{arrow} {text} {word}"), &b));
            }
        }
    }
    lines
}

/// The segments of a trace that come before the one with this number are the figure's past.
fn from_seq(trace: &Trace, seq: u32) -> usize {
    trace.segments.iter().position(|sent| sent.header.seq.value() == seq).expect("it is sent")
}

#[test]
fn figure_6_basic_handshake() {
    let trace = trace("01", None);
    assert_eq!(
        drawn(&trace, 0)[..4],
        [
            line("SYN-SENT", "> <SEQ=100><CTL=SYN>", "SYN-RECEIVED"),
            line("ESTABLISHED", "< <SEQ=300><ACK=101><CTL=SYN,ACK>", "SYN-RECEIVED"),
            line("ESTABLISHED", "> <SEQ=101><ACK=301><CTL=ACK>", "ESTABLISHED"),
            line("ESTABLISHED", "> <SEQ=101><ACK=301><CTL=ACK><DATA>", "ESTABLISHED"),
        ]
    );
    let first = &trace.connections[0].first;
    assert_eq!([first[0].state.name(), first[1].state.name()], ["CLOSED", "LISTEN"]);
}

#[test]
fn figure_7_simultaneous_open() {
    let trace = trace("07", None);
    let lines = drawn(&trace, 0);
    // In the figure the fourth line stands before the fifth; here A answers the moment it hears.
    assert_eq!(
        lines[..6],
        [
            line("SYN-SENT", "> <SEQ=100><CTL=SYN> leaves", "-"),
            line("SYN-RECEIVED", "< <SEQ=300><CTL=SYN>", "SYN-SENT"),
            line("SYN-RECEIVED", "> <SEQ=100><ACK=301><CTL=SYN,ACK> leaves", "-"),
            line("-", "> <SEQ=100><CTL=SYN> comes", "SYN-RECEIVED"),
            line("ESTABLISHED", "< <SEQ=300><ACK=101><CTL=SYN,ACK>", "SYN-RECEIVED"),
            line("-", "> <SEQ=100><ACK=301><CTL=SYN,ACK> comes", "ESTABLISHED"),
        ]
    );
    // What the figure does not draw: an ACK each, for a SYN that was there already.
    assert!(trace.segments[4..].iter().all(synfin_lab::trace::Sent::is_bare_ack));
    for host in [0, 1] {
        let states: Vec<&str> = trace.states(0, host).iter().map(|(_, state)| state.name()).collect();
        assert_eq!(states, ["CLOSED", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED"]);
    }
}

#[test]
fn figure_8_old_duplicate_syn() {
    let trace = trace("06", None);
    let lines = drawn(&trace, 0);
    let at = |wanted: &Line| lines.iter().position(|line| line == wanted);
    let figure = [
        line("SYN-SENT", "> <SEQ=100><CTL=SYN> leaves", "-"),
        line("-", "> <SEQ=90><CTL=SYN> comes", "SYN-RECEIVED"),
        line("SYN-SENT", "< <SEQ=300><ACK=91><CTL=SYN,ACK>", "SYN-RECEIVED"),
        line("SYN-SENT", "> <SEQ=91><CTL=RST>", "LISTEN"),
        line("-", "> <SEQ=100><CTL=SYN> comes", "SYN-RECEIVED"),
        line("ESTABLISHED", "< <SEQ=400><ACK=101><CTL=SYN,ACK>", "SYN-RECEIVED"),
        line("ESTABLISHED", "> <SEQ=101><ACK=401><CTL=ACK>", "ESTABLISHED"),
    ];
    let places: Vec<usize> = figure
        .iter()
        .map(|wanted| at(wanted).unwrap_or_else(|| panic!("{wanted:?} is missing of {lines:#?}")))
        .collect();
    assert!(places.is_sorted(), "{places:?} of {lines:#?}");
}

#[test]
fn figure_9_half_open() {
    let trace = trace("08", Some("reconnects"));
    let lines = drawn(&trace, from_seq(&trace, 400));
    assert_eq!(
        lines[..4],
        [
            // (??) stands for B's state in the figure: it is ESTABLISHED still.
            line("SYN-SENT", "> <SEQ=400><CTL=SYN>", "ESTABLISHED"),
            line("SYN-SENT", "< <SEQ=300><ACK=100><CTL=ACK>", "ESTABLISHED"),
            line("SYN-SENT", "> <SEQ=100><CTL=RST>", "CLOSED"),
            line("SYN-SENT", "> <SEQ=400><CTL=SYN>", "SYN-RECEIVED"),
        ]
    );
}

#[test]
fn figure_10_active_side() {
    let trace = trace("08", Some("data"));
    let lines = drawn(&trace, from_seq(&trace, 300));
    assert_eq!(
        lines,
        [
            line("CLOSED", "< <SEQ=300><ACK=100><CTL=ACK><DATA>", "ESTABLISHED"),
            line("CLOSED", "> <SEQ=100><CTL=RST>", "CLOSED"),
        ]
    );
    assert_eq!(trace.segments[from_seq(&trace, 300)].len, 10);
}

#[test]
fn figure_11_two_passive() {
    let trace = trace("09", None);
    assert_eq!(
        drawn(&trace, 0),
        [
            line("-", "> <SEQ=90><CTL=SYN> comes", "SYN-RECEIVED"),
            line("LISTEN", "< <SEQ=300><ACK=91><CTL=SYN,ACK>", "SYN-RECEIVED"),
            line("LISTEN", "> <SEQ=91><CTL=RST>", "LISTEN"),
        ]
    );
}

#[test]
fn figure_12_normal_close() {
    let trace = trace("10", None);
    assert_eq!(
        drawn(&trace, 3),
        [
            line("FIN-WAIT-1", "> <SEQ=100><ACK=300><CTL=FIN,ACK>", "CLOSE-WAIT"),
            line("FIN-WAIT-2", "< <SEQ=300><ACK=101><CTL=ACK>", "CLOSE-WAIT"),
            line("TIME-WAIT", "< <SEQ=300><ACK=101><CTL=FIN,ACK>", "LAST-ACK"),
            line("TIME-WAIT", "> <SEQ=101><ACK=301><CTL=ACK>", "CLOSED"),
        ]
    );
    let last = trace.last(0).expect("it is there");
    assert_eq!([last[0].state.name(), last[1].state.name()], ["CLOSED", "CLOSED"]);
}

#[test]
fn figure_13_simultaneous_close() {
    let trace = trace("12", None);
    let lines = drawn(&trace, 3);
    // The figure has the fourth of these before the third; here A answers the moment it hears.
    assert_eq!(
        lines,
        [
            line("FIN-WAIT-1", "> <SEQ=100><ACK=300><CTL=FIN,ACK> leaves", "-"),
            line("CLOSING", "< <SEQ=300><ACK=100><CTL=FIN,ACK>", "FIN-WAIT-1"),
            line("CLOSING", "> <SEQ=101><ACK=301><CTL=ACK> leaves", "-"),
            line("-", "> <SEQ=100><ACK=300><CTL=FIN,ACK> comes", "CLOSING"),
            line("TIME-WAIT", "< <SEQ=301><ACK=101><CTL=ACK>", "CLOSING"),
            line("-", "> <SEQ=101><ACK=301><CTL=ACK> comes", "TIME-WAIT"),
        ]
    );
    for host in [0, 1] {
        let states: Vec<&str> = trace.states(0, host).iter().map(|(_, state)| state.name()).collect();
        assert_eq!(states[states.len() - 4..], ["FIN-WAIT-1", "CLOSING", "TIME-WAIT", "CLOSED"]);
    }
}
