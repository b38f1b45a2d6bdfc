//! PSH without a PUSH call (RFC 9293 section 3.9.1.2): every SEND is one.

use synfin_wire::Flags;

use crate::peer::{Scene, ack, plain, segment};

/// MUST-61, MAY-15: the last segment of what is queued has PSH, those before it have not.
#[test]
fn the_last_segment_that_is_queued_is_pushed() {
    let mut scene = Scene::new(plain()).established();
    scene.send(4000);
    let pushed: Vec<bool> =
        scene.segments().iter().map(|heard| heard.header.flags.contains(Flags::PSH)).collect();
    assert_eq!(pushed, [false, false, true]);
}

/// SHLD-27, SHLD-28, MAY-16: many small writes that have to wait leave as full segments with one PSH at their end.
#[test]
fn writes_that_wait_are_gathered_up() {
    let mut scene = Scene::new(plain()).established();
    scene.say(ack().window(0));
    for _ in 0..292 {
        scene.send(10);
    }
    scene.say(ack());
    assert_eq!(scene.heard(), ["0.000 ACK 1+1460 ack 1: data", "0.000 PSH,ACK 1461+1460 ack 1: data"]);
}

/// MAY-17: a received PSH is not passed on, and nothing waits for one.
#[test]
fn data_without_psh_is_read_at_once() {
    let mut scene = Scene::new(plain()).established();
    scene.say(segment(Flags::ACK).holding(7));
    assert_eq!(scene.read(100), 7);
    scene.say(segment(Flags::ACK | Flags::PSH).holding(7));
    assert_eq!(scene.read(100), 7);
}
