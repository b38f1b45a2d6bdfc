//! Silly-window avoidance at both ends (RFC 9293 sections 3.8.6.2.1 and 3.8.6.2.2).

use synfin_tcp::Config;

use crate::peer::{Scene, ack, ms, plain, text};

/// MUST-38: with something in flight the sender does not use a sliver of window, but waits for a segment's worth.
#[test]
fn the_sender_does_not_fill_slivers() {
    let mut scene = Scene::new(plain()).established();
    scene.peer_window = 2000;
    scene.say(ack());
    scene.send(10_000);
    assert_eq!(scene.heard(), ["0.000 ACK 1+1460 ack 1: data", "0.000 PSH,ACK 1461+540 ack 1: data"]);
    // 460 octets of window are left, then 1459: under a segment.
    scene.say(ack().ack_seq(scene.iss + 461));
    scene.say(ack().ack_seq(scene.iss + 1460));
    assert_eq!(scene.heard(), [""; 0]);
    scene.say(ack().ack_seq(scene.iss + 1461));
    assert_eq!(scene.heard(), ["0.000 ACK 2001+1460 ack 1: data"]);
}

/// Half of the largest window that the peer ever had is enough: its buffer may be smaller than a segment.
#[test]
fn a_peer_with_a_small_buffer_gets_half_of_it_at_a_time() {
    let mut scene = Scene::new(plain());
    scene.peer_window = 600;
    let mut scene = scene.established();
    scene.send(2000);
    assert_eq!(scene.heard(), ["0.000 ACK 1+300 ack 1: data", "0.000 PSH,ACK 301+300 ack 1: data"]);
    scene.say(ack().window(299));
    assert_eq!(scene.heard(), [""; 0]);
    scene.say(ack().window(300));
    assert_eq!(scene.heard(), ["0.000 ACK 601+300 ack 1: data"]);
}

/// The override timer, 0.1 to 1 s: what little there is goes in the end.
#[test]
fn a_sliver_is_used_when_nothing_else_comes() {
    let mut scene = Scene::new(plain()).established();
    scene.say(ack().window(100));
    scene.send(1000);
    scene.wait(ms(199));
    assert_eq!(scene.heard(), [""; 0]);
    scene.wait(ms(1));
    assert_eq!(scene.heard(), ["0.200 PSH,ACK 1+100 ack 1: override-data"]);
}

/// MUST-39: the receiver does not announce slivers, but a segment's worth or half of its buffer.
#[test]
fn the_receiver_does_not_announce_slivers() {
    let mut scene = Scene::new(Config { receive_buffer: 2920, ..plain() }).established();
    scene.say(text(1460));
    scene.say(text(1460));
    scene.wait(ms(40));
    scene.start();
    for _ in 0..14 {
        scene.read(100);
    }
    assert_eq!(scene.heard(), [""; 0]);
    scene.read(60);
    let heard = scene.segments();
    assert_eq!((heard.len(), heard[0].header.window), (1, 1460));
}

#[test]
fn a_small_buffer_is_announced_by_halves() {
    let mut scene = Scene::new(Config { receive_buffer: 1000, ..plain() }).established();
    scene.say(text(1000));
    scene.wait(ms(40));
    scene.start();
    scene.read(500);
    assert_eq!(scene.heard(), [""; 0]);
    scene.read(1);
    let heard = scene.segments();
    assert_eq!((heard.len(), heard[0].header.window), (1, 501));
}

/// An acknowledgment that goes out meanwhile announces no sliver either.
#[test]
fn an_acknowledgment_carries_no_sliver() {
    let mut scene = Scene::new(Config { receive_buffer: 2920, ..plain() }).established();
    scene.say(text(1460));
    scene.say(text(1460));
    scene.read(700);
    scene.start();
    scene.send(1);
    assert_eq!(scene.segments()[0].header.window, 0);
}
