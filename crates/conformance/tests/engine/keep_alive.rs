//! Keep-alive (RFC 9293 section 3.8.4).

use synfin_tcp::{CloseReason, Config, DropReason, KeepAlive, State};
use synfin_wire::Flags;

use crate::peer::{Scene, ack, ms, plain, secs, segment, text};

fn lively() -> Config {
    Config { keep_alive: Some(KeepAlive { idle: secs(100), interval: secs(10), probes: 3 }), ..plain() }
}

/// MUST-25.
#[test]
fn it_is_off_unless_asked_for() {
    let mut scene = Scene::new(plain()).established();
    scene.wait(secs(1_000_000));
    assert_eq!((scene.heard().len(), scene.state()), (0, State::Established));
}

#[test]
fn a_quiet_peer_is_probed_and_one_that_answers_stays() {
    let mut scene = Scene::new(lively()).established();
    scene.wait(secs(100));
    scene.say(ack());
    scene.wait(secs(100));
    scene.say(ack());
    let lines = ["100.000 ACK 0 ack 1: keep-alive-probe", "200.000 ACK 0 ack 1: keep-alive-probe"];
    assert_eq!((scene.heard(), scene.state()), (lines.map(String::from).to_vec(), State::Established));
}

/// MUST-26: only when nothing was received for the time.
#[test]
fn whatever_is_heard_puts_the_probe_off() {
    let mut scene = Scene::new(lively()).established();
    for _ in 0..10 {
        scene.wait(secs(90));
        scene.say(text(1));
    }
    let probes = scene.heard().iter().filter(|line| line.contains("keep-alive")).count();
    assert_eq!(probes, 0);
}

/// MUST-29: one unanswered probe proves nothing; all of them do.
#[test]
fn a_peer_that_answers_none_of_the_probes_is_dead() {
    let mut scene = Scene::new(lively()).established();
    scene.wait(secs(129));
    assert_eq!((scene.heard().len(), scene.state()), (3, State::Established));
    scene.wait(secs(1));
    assert_eq!(scene.heard(), ["130.000 RST,ACK 1 ack 1: reset-timeout"]);
    assert_eq!(scene.closed(), Some(CloseReason::KeepAliveTimeout));
}

/// Nor while our SYN is: its own timer says when it goes again, and when to give up.
#[test]
fn a_handshake_needs_no_probes() {
    let mut scene = Scene::new(Config {
        keep_alive: Some(KeepAlive { idle: secs(10), interval: secs(1), probes: 3 }),
        ..plain()
    });
    scene.reach(State::SynSent);
    scene.say(segment(Flags::SYN));
    scene.start();
    // Without an acknowledgment it tells nothing, but it was heard.
    assert_eq!(scene.say(segment(Flags::PSH)), Some(DropReason::NoAck));
    scene.wait(secs(40));
    assert_eq!(scene.state(), State::SynReceived);
    scene.heard();
    scene.say(ack());
    assert_eq!((scene.heard(), scene.state()), (vec![], State::Established));
}

/// While data is in flight the retransmission timer watches over the peer.
#[test]
fn data_in_flight_needs_no_probes() {
    let mut scene = Scene::new(lively()).established();
    scene.wait(secs(99));
    scene.send(10);
    scene.wait(secs(50));
    assert!(scene.heard().iter().all(|line| !line.contains("keep-alive")));
}

/// The peer's own probe is answered, with or without an octet of garbage in it.
#[test]
fn the_peers_probe_is_answered() {
    let mut scene = Scene::new(plain()).established();
    scene.say(ack().at(0));
    scene.wait(secs(75));
    scene.say(text(1).at(0));
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 1: probe-ack", "75.000 ACK 1 ack 1: probe-ack"]);
}

/// MUST-24: it can be turned on and off while the connection lasts.
#[test]
fn it_can_be_turned_on_and_off() {
    let mut scene = Scene::new(plain()).established();
    let (now, settings) = (scene.now, KeepAlive { idle: secs(5), interval: secs(1), probes: 9 });
    scene.socket().set_keep_alive(Some(settings), now);
    scene.wait(ms(5500));
    assert_eq!(scene.heard(), ["5.000 ACK 0 ack 1: keep-alive-probe"]);
    let now = scene.now;
    scene.socket().set_keep_alive(None, now);
    scene.wait(secs(1000));
    assert_eq!(scene.heard(), [""; 0]);
}

/// MUST-28, MUST-27: two hours unless the user says otherwise.
#[test]
fn two_hours_are_the_default() {
    let config = Config { keep_alive: Some(KeepAlive::default()), ..plain() };
    let mut scene = Scene::new(config).established();
    scene.wait(secs(7199));
    assert_eq!(scene.heard(), [""; 0]);
    scene.wait(secs(1));
    assert_eq!(scene.heard(), ["7200.000 ACK 0 ack 1: keep-alive-probe"]);
}
