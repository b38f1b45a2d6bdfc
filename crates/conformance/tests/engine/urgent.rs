//! The urgent pointer (RFC 9293 section 3.8.5): told, and otherwise text like any other.

use bytes::Bytes;
use synfin_host::TcpEvents;
use synfin_tcp::{Config, SendOptions, State};
use synfin_wire::Flags;

use crate::peer::{Heard, Scene, ack, fin, plain, segment, text};

#[test]
fn urgent_data_is_told_and_read_in_order() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(10));
    assert!(!scene.told(TcpEvents::urgent));
    scene.say(text(10).urgent(5));
    assert!(scene.told(TcpEvents::urgent));
    assert_eq!(scene.read(100), 20);
}

/// MUST-32: told again when there is more of it, and not for what is known.
#[test]
fn more_urgent_data_is_told_again() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(10).urgent(100));
    assert!(scene.told(TcpEvents::urgent));
    scene.say(text(10).urgent(90));
    assert!(!scene.told(TcpEvents::urgent));
    scene.say(text(10).urgent(90));
    assert!(scene.told(TcpEvents::urgent));
}

/// MUST-31: the pointer may lie beyond the text, and beyond the window.
#[test]
fn the_pointer_may_run_ahead() {
    let mut scene = Scene::new(Config { receive_buffer: 100, ..plain() }).established();
    scene.say(text(1).urgent(65_535));
    assert!(scene.told(TcpEvents::urgent));
}

/// MUST-33: how much is left, what has not arrived included; none once the user is behind it.
#[test]
fn the_user_learns_how_much_urgent_data_is_left() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(10));
    assert_eq!(scene.socket().urgent_left(), 0);
    scene.say(text(10).urgent(15));
    assert_eq!(scene.socket().urgent_left(), 25);
    assert_eq!(scene.read(100), 20);
    assert_eq!(scene.socket().urgent_left(), 5);
    scene.say(text(10));
    assert_eq!(scene.read(4), 4);
    assert_eq!(scene.socket().urgent_left(), 1);
    assert_eq!(scene.read(1), 1);
    assert_eq!(scene.socket().urgent_left(), 0);
}

#[test]
fn urgent_data_behind_a_fin_still_counts() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(10).urgent(10));
    scene.say(fin());
    assert_eq!(scene.socket().urgent_left(), 10);
    assert_eq!(scene.read(100), 10);
    assert_eq!(scene.socket().urgent_left(), 0);
}

fn send_urgent(scene: &mut Scene, octets: usize) {
    let (now, data) = (scene.now, Bytes::from(vec![0; octets]));
    let options = SendOptions { urgent: true, ..SendOptions::default() };
    assert_eq!(scene.socket().send_with(data, options, now), Ok(octets));
    scene.drain();
}

/// Where each segment begins, and the pointer of those that have one; both from the first octet of all.
fn pointers(segments: &[Heard], scene: &Scene) -> Vec<(u32, Option<u16>)> {
    let tell = |heard: &Heard| {
        let header = &heard.header;
        let urgent = header.flags.urg().then_some(header.urgent_pointer);
        (header.seq.octets_since(scene.iss + 1), urgent)
    };
    segments.iter().map(tell).collect()
}

/// MUST-62: behind the last octet, from each segment that begins before it, and until it is acknowledged.
#[test]
fn the_pointer_names_the_octet_behind() {
    let mut scene = Scene::new(plain()).established();
    send_urgent(&mut scene, 2000);
    scene.send(1460);
    let heard = scene.segments();
    assert_eq!(pointers(&heard, &scene), [(0, Some(2000)), (1460, Some(540)), (2000, None)]);
    scene.say(ack().ack_seq(scene.iss + 1461));
    scene.start();
    let rto = scene.status().rto;
    scene.wait(rto);
    let heard = scene.segments();
    assert_eq!(pointers(&heard, &scene), [(1460, Some(540))], "the repetition is urgent as well");
    scene.say(ack());
    scene.start();
    scene.send(10);
    let heard = scene.segments();
    assert_eq!(pointers(&heard, &scene), [(3460, None)], "and what comes after is not");
}

/// MUST-31: urgent data of more octets than the field can say.
#[test]
fn a_pointer_that_does_not_fit_says_what_it_can() {
    let mut scene = Scene::new(Config { send_buffer: 1 << 20, ..plain() }).established();
    send_urgent(&mut scene, 70_000);
    let heard = scene.segments();
    let told = pointers(&heard, &scene);
    assert_eq!((told[0], told[3]), ((0, Some(65_535)), (4380, Some(65_535))));
    assert_eq!(told[4], (5840, Some(64_160)));
}

/// Section 3.10.2: what is urgent before the handshake is so behind it.
#[test]
fn urgent_data_may_wait_for_the_handshake() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    send_urgent(&mut scene, 5);
    scene.start();
    scene.say(segment(Flags::SYN | Flags::ACK));
    let heard = scene.segments();
    assert_eq!(pointers(&heard, &scene), [(0, Some(5))]);
}
