//! What routers say (RFC 9293 sections 3.7.2 and 3.9.2.2, RFC 1191, RFC 5927).

use synfin_host::TcpEvents;
use synfin_tcp::{CloseReason, Config, State};
use synfin_wire::SeqNumber;
use synfin_wire::icmp::{IcmpMessage, Unreachable};

use crate::peer::{Scene, ack, ms, plain, secs};

fn too_big(scene: &mut Scene, mtu: u32, quoted: SeqNumber) {
    scene.router_says(|quote| IcmpMessage::PacketTooBig { mtu, quote }, quoted);
}

fn unreachable(scene: &mut Scene, reason: Unreachable, quoted: SeqNumber) {
    scene.router_says(|quote| IcmpMessage::DestinationUnreachable { reason, quote }, quoted);
}

/// A full segment is in flight, and a router has told that the path takes 1000 octets.
fn narrowed() -> Scene {
    let mut scene = Scene::new(plain()).established();
    scene.send(1460);
    let quoted = scene.iss + 1;
    too_big(&mut scene, 1000, quoted);
    scene
}

/// All that was too long goes again at once, in segments that fit.
#[test]
fn a_narrow_path_is_obeyed_at_once() {
    let mut scene = Scene::new(plain()).established();
    scene.send(3 * 1460);
    scene.start();
    let quoted = scene.iss + 1;
    too_big(&mut scene, 1000, quoted);
    let lines = [
        "0.000 ACK 1+960 ack 1: path-mtu-retransmit",
        "0.000 ACK 961+500 ack 1: path-mtu-retransmit",
        "0.000 ACK 1461+960 ack 1: path-mtu-retransmit",
        "0.000 ACK 2421+500 ack 1: path-mtu-retransmit",
        "0.000 ACK 2921+960 ack 1: path-mtu-retransmit",
        "0.000 PSH,ACK 3881+500 ack 1: path-mtu-retransmit",
    ];
    assert_eq!(scene.heard(), lines);
    assert_eq!(scene.status().window_segments, 10, "no congestion");
    // The errors about the others tell nothing new.
    too_big(&mut scene, 1000, quoted + 1460);
    assert_eq!(scene.heard(), [""; 0]);
    scene.say(ack());
    scene.send(2000);
    assert_eq!(scene.segments()[0].text.len(), 960);
}

/// A path narrower by less than the timestamps take is narrower all the same.
#[test]
fn a_path_a_little_narrower_is_obeyed_too() {
    let mut scene = Scene::new(Config { timestamps: true, ..plain() }).willing().established();
    scene.send(1448);
    scene.start();
    let quoted = scene.iss + 1;
    too_big(&mut scene, 1490, quoted);
    assert_eq!(scene.segments()[0].text.len(), 1438);
}

/// RFC 5927 section 4: an error about something that is not in flight was made up.
#[test]
fn a_forged_error_is_not_believed() {
    let mut scene = Scene::new(plain()).established();
    scene.send(1460);
    scene.start();
    for forged in [scene.iss, scene.our_next, scene.iss + 100_000] {
        too_big(&mut scene, 600, forged);
        unreachable(&mut scene, Unreachable::Port, forged);
    }
    assert_eq!((scene.heard().len(), scene.status().send_mss), (0, 1460));
    assert!(!scene.told(TcpEvents::soft_error));
}

/// However narrow it is said to be.
#[test]
fn an_absurd_path_leaves_something_to_send() {
    let mut scene = Scene::new(plain()).established();
    scene.send(100);
    scene.start();
    let quoted = scene.iss + 1;
    too_big(&mut scene, 1, quoted);
    assert!(scene.status().send_mss >= 28);
    scene.wait(ms(10));
    scene.say(ack());
    assert_eq!(scene.status().outstanding, 0);
}

/// MUST-56: soft errors are told and end nothing.
#[test]
fn a_soft_error_is_told() {
    for reason in [Unreachable::Network, Unreachable::Host, Unreachable::SourceRoute] {
        let mut scene = Scene::new(plain());
        scene.reach(State::SynSent);
        let quoted = scene.iss;
        unreachable(&mut scene, reason, quoted);
        assert!(scene.told(TcpEvents::soft_error));
        assert_eq!(scene.state(), State::SynSent);
    }
}

/// SHLD-26: a hard error ends an attempt to open.
#[test]
fn a_hard_error_ends_an_attempt() {
    for reason in [Unreachable::Protocol, Unreachable::Port, Unreachable::Prohibited] {
        let mut scene = Scene::new(plain());
        scene.reach(State::SynSent);
        let quoted = scene.iss;
        unreachable(&mut scene, reason, quoted);
        assert_eq!(scene.closed(), Some(CloseReason::Unreachable));
    }
}

/// RFC 5927 section 5.2: and what is synchronized goes on, for the error may be forged.
#[test]
fn a_hard_error_does_not_end_what_is_synchronized() {
    let mut scene = Scene::new(plain()).established();
    scene.send(10);
    let quoted = scene.iss + 1;
    unreachable(&mut scene, Unreachable::Port, quoted);
    assert!(scene.told(TcpEvents::soft_error));
    assert_eq!(scene.state(), State::Established);
}

/// RFC 1191 section 6.3: the path may have become another.
#[test]
fn what_a_router_has_told_is_not_believed_for_ever() {
    let mut scene = narrowed();
    scene.say(ack());
    scene.wait(secs(590));
    scene.segments();
    scene.send(1460);
    assert_eq!(scene.segments()[0].text.len(), 960);
    scene.say(ack());
    scene.wait(secs(10));
    scene.send(1460);
    assert_eq!(scene.segments()[0].text.len(), 1460);
}

/// What is lost for another reason later is told by that reason.
#[test]
fn a_timeout_behind_a_narrow_path_is_told_as_one() {
    let mut scene = narrowed();
    scene.segments();
    scene.wait(secs(1));
    let reasons: Vec<_> = scene.segments().iter().map(|heard| heard.reason.code()).collect();
    assert!(!reasons.is_empty());
    assert!(reasons.iter().all(|reason| *reason == "rto-retransmit"), "{reasons:?}");
}

/// What the path takes from us is not what it takes from the peer.
#[test]
fn a_syn_announces_no_absurd_mss() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.segments();
    let quoted = scene.iss;
    too_big(&mut scene, 68, quoted);
    scene.wait(secs(2));
    assert_eq!(scene.segments()[0].header.options.mss, Some(256));
}
