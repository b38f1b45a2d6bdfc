//! When data is acknowledged (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2).

use synfin_tcp::Config;

use crate::peer::{Scene, ms, plain, text};

/// With more room than a window can say.
fn roomy() -> Config {
    Config { receive_buffer: 1 << 20, ..plain() }
}

/// MUST-40: within half a second, and here within 40 ms.
#[test]
fn one_segment_waits_for_company() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(1000));
    scene.wait(ms(39));
    assert_eq!(scene.heard(), [""; 0]);
    scene.wait(ms(1));
    assert_eq!(scene.heard(), ["0.040 ACK 1 ack 1001: delayed-ack"]);
}

/// SHLD-19: every second full-sized segment at the latest, where what is not read leaves the window open.
#[test]
fn the_second_full_segment_is_acknowledged_at_once() {
    let mut scene = Scene::new(roomy()).established();
    scene.say(text(1460));
    scene.wait(ms(40));
    scene.start();
    for _ in 0..4 {
        scene.say(text(1460));
    }
    let lines = ["0.000 ACK 1 ack 4381: second-segment-ack", "0.000 ACK 1 ack 7301: second-segment-ack"];
    assert_eq!(scene.heard(), lines);
}

/// Where it would, Linux waits for the user: he is to read, and one acknowledgment tells of both.
#[test]
fn the_second_full_segment_waits_for_a_user_whose_buffer_fills() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(1460));
    scene.say(text(1460));
    assert_eq!(scene.heard(), [""; 0]);
    scene.read(2920);
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 2921: second-segment-ack"]);
}

#[test]
fn small_segments_wait_until_they_make_two_full_ones_or_the_time_is_up() {
    let mut scene = Scene::new(plain()).established();
    for _ in 0..10 {
        scene.say(text(100));
        scene.wait(ms(3));
    }
    assert_eq!(scene.heard(), [""; 0]);
    scene.wait(ms(10));
    assert_eq!(scene.heard(), ["0.040 ACK 1 ack 1001: delayed-ack"]);
}

#[test]
fn the_answer_carries_the_acknowledgment() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(100));
    scene.send(50);
    scene.wait(ms(100));
    assert_eq!(scene.heard(), ["0.000 PSH,ACK 1+50 ack 101: data"]);
}

#[test]
fn the_first_segments_are_acknowledged_at_once() {
    let mut scene = Scene::new(Config { quick_acks: 2, ..plain() }).established();
    for _ in 0..3 {
        scene.say(text(100));
    }
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 101: quick-ack", "0.000 ACK 1 ack 201: quick-ack"]);
}

/// RFC 5681 section 4.2: beyond a gap at once, so that the sender counts duplicates; and when it is filled.
#[test]
fn a_gap_is_reported_and_its_filling_too() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(100).at(101));
    scene.say(text(100).at(201));
    scene.say(text(50).at(1));
    scene.say(text(50).at(51));
    let lines = [
        "0.000 ACK 1 ack 1: out-of-order-ack",
        "0.000 ACK 1 ack 1: out-of-order-ack",
        "0.000 ACK 1 ack 51: gap-filled-ack",
        "0.000 ACK 1 ack 301: gap-filled-ack",
    ];
    assert_eq!(scene.heard(), lines);
    assert_eq!(scene.read(1000), 300);
}

/// MUST-58, MUST-59: what is queued is taken in first, and answered once.
#[test]
fn a_burst_is_acknowledged_by_one_segment() {
    let mut scene = Scene::new(roomy()).established();
    for _ in 0..6 {
        assert_eq!(scene.inject(text(1460)), None);
    }
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 8761: second-segment-ack"]);
}

/// A duplicate is answered at once: its sender waits for the acknowledgment that was lost.
#[test]
fn data_that_comes_again_is_acknowledged_at_once() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(100));
    scene.wait(ms(40));
    scene.start();
    scene.say(text(100).at(1));
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 101: unacceptable-ack"]);
}

/// A probe lies outside the peer's window, so its acknowledgment counts for nothing there.
#[test]
fn a_probe_does_not_stand_for_an_acknowledgment() {
    let mut scene = Scene::new(Config { delayed_ack: ms(200), min_rto: ms(150), ..plain() }).established();
    scene.say(crate::peer::ack().window(0));
    scene.send(10);
    scene.wait(ms(100));
    scene.peer_window = 0;
    scene.say(text(100));
    scene.wait(ms(200));
    let lines = ["0.250 ACK 0 ack 101: zero-window-probe", "0.300 ACK 1 ack 101: delayed-ack"];
    assert_eq!(scene.heard(), lines);
}
