//! Nagle's algorithm (RFC 9293 section 3.7.4), as Minshall refined it: a small segment waits while another
//! small one is unacknowledged.

use synfin_tcp::Config;

use crate::peer::{Scene, ack, plain};

#[test]
fn a_second_small_write_waits_for_the_first() {
    let mut scene = Scene::new(plain()).established();
    for _ in 0..5 {
        scene.send(10);
    }
    assert_eq!(scene.heard(), ["0.000 PSH,ACK 1+10 ack 1: data"]);
    scene.say(ack());
    assert_eq!(scene.heard(), ["0.000 PSH,ACK 11+40 ack 1: data"]);
}

#[test]
fn a_full_segment_does_not_wait() {
    let mut scene = Scene::new(plain()).established();
    scene.send(10);
    scene.send(1460);
    scene.send(5);
    assert_eq!(scene.heard(), ["0.000 PSH,ACK 1+10 ack 1: data", "0.000 PSH,ACK 11+1460 ack 1: data"]);
    scene.say(ack());
    assert_eq!(scene.heard(), ["0.000 PSH,ACK 1471+5 ack 1: data"]);
}

/// Minshall: the tail of a long write does not wait for the full segments in front of it.
#[test]
fn the_tail_of_a_long_write_goes_with_it() {
    let mut scene = Scene::new(plain()).established();
    scene.send(1500);
    assert_eq!(scene.heard(), ["0.000 ACK 1+1460 ack 1: data", "0.000 PSH,ACK 1461+40 ack 1: data"]);
}

/// MUST-17.
#[test]
fn it_can_be_turned_off() {
    let mut scene = Scene::new(Config { nagle: false, ..plain() }).established();
    scene.send(10);
    scene.send(10);
    assert_eq!(scene.heard(), ["0.000 PSH,ACK 1+10 ack 1: data", "0.000 PSH,ACK 11+10 ack 1: data"]);
}

#[test]
fn turning_it_off_lets_go_what_waits() {
    let mut scene = Scene::new(plain()).established();
    scene.send(10);
    scene.send(10);
    let now = scene.now;
    scene.socket().set_nodelay(true, now);
    assert_eq!(scene.heard(), ["0.000 PSH,ACK 1+10 ack 1: data", "0.000 PSH,ACK 11+10 ack 1: data"]);
}

/// Nothing more will come: there is nothing to wait for.
#[test]
fn closing_lets_go_what_waits() {
    let mut scene = Scene::new(plain()).established();
    scene.send(10);
    scene.send(10);
    scene.close();
    assert_eq!(scene.heard(), ["0.000 PSH,ACK 1+10 ack 1: data", "0.000 FIN,PSH,ACK 11+10 ack 1: data"]);
}
