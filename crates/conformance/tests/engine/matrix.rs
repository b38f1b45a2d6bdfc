//! Every state against every kind of flags at every place in the sequence space (RFC 9293 section
//! 3.10.7): where it leads, what is sent, what is discarded and why.

use std::fmt::Write;

use synfin_tcp::{Config, State};
use synfin_wire::{Flags, TcpOptions};

use crate::peer::{Scene, plain, segment};

const WINDOW: u32 = 1000;

const KINDS: [(&str, Flags); 8] = [
    ("NONE", Flags::NONE),
    ("ACK", Flags::ACK),
    ("SYN", Flags::SYN),
    ("RST", Flags::RST),
    ("FIN", Flags::FIN),
    ("SYN+ACK", Flags::SYN.with(Flags::ACK)),
    ("RST+ACK", Flags::RST.with(Flags::ACK)),
    ("FIN+ACK", Flags::FIN.with(Flags::ACK)),
];

/// Where the segment lies, as an offset from RCV.NXT.
const PLACES: [(&str, i64); 4] =
    [("old", -5), ("exact", 0), ("in window", 100), ("beyond", WINDOW as i64 + 100)];

/// How each row begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    In(State),
    /// SYN-RECEIVED by a simultaneous open.
    SimultaneousOpen,
}

fn scene(start: Start) -> Scene {
    let mut scene = Scene::new(Config { receive_buffer: WINDOW as usize, ..plain() });
    scene.peer_window = 8000;
    match start {
        Start::In(state) => scene.reach(state),
        Start::SimultaneousOpen => {
            scene.reach(State::SynSent);
            scene.say(segment(Flags::SYN));
        }
    }
    scene.start();
    scene
}

/// The state, with what a handle alone does not tell.
fn state(scene: &mut Scene) -> String {
    if let (Some(listener), None) = (scene.listener, scene.handle) {
        scene.handle = scene.host.accept(listener).map(|accepted| accepted.handle);
    }
    if scene.handle.is_some() {
        let socket = scene.socket();
        return match socket.close_reason() {
            Some(reason) => format!("{} ({})", socket.state(), reason.code()),
            None => socket.state().to_string(),
        };
    }
    let name = if scene.host.connection_count() > 0 {
        State::SynReceived
    } else if scene.listener.is_some() {
        State::Listen
    } else {
        State::Closed
    };
    name.to_string()
}

#[test]
fn every_state_answers_every_segment_as_it_did() {
    let starts = State::ALL.map(Start::In).into_iter().chain([Start::SimultaneousOpen]);
    let mut matrix = String::new();
    for start in starts {
        for (kind, flags) in KINDS {
            for (place, offset) in PLACES {
                let mut scene = scene(start);
                let before = state(&mut scene);
                let seq = scene.peer_next + offset as u32;
                let fate = match scene.say(segment(flags).at_seq(seq).options(TcpOptions::default())) {
                    Some(reason) => format!("dropped: {}", reason.code()),
                    None => "taken".into(),
                };
                let sent: Vec<String> = scene
                    .segments()
                    .iter()
                    .map(|heard| format!("{:?} ({})", heard.header.flags, heard.reason.code()))
                    .collect();
                let sent = if sent.is_empty() { "nothing".into() } else { sent.join(" then ") };
                let after = state(&mut scene);
                let label = match start {
                    Start::In(_) => before,
                    Start::SimultaneousOpen => format!("{before}, active"),
                };
                writeln!(matrix, "{label:<22} {kind:<8} {place:<10} {after:<26} {fate:<32} sends {sent}")
                    .expect("a string");
            }
        }
    }
    insta::assert_snapshot!(matrix);
}
