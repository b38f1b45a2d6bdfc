//! The maximum segment size (RFC 9293 section 3.7.1).

use synfin_tcp::{Config, State};
use synfin_wire::Flags;

use crate::peer::{Scene, plain, segment};

/// The longest text that the host sends to a peer that announced this.
fn longest_text(mut scene: Scene, announced: Option<u16>) -> usize {
    scene.peer_options.mss = announced;
    let mut scene = scene.established();
    scene.send(10_000);
    scene.segments().iter().map(|heard| heard.text.len()).max().expect("text")
}

fn v4() -> Scene {
    Scene::new(plain())
}

fn v6() -> Scene {
    Scene::between("fd00::1", "fd00::2", 1500, plain())
}

/// MUST-67, SHLD-6: what fits behind IP and TCP headers without options.
#[test]
fn it_is_announced_both_ways_of_opening() {
    for (mut scene, expected) in [(v4(), 1460), (v6(), 1440)] {
        scene.reach(State::SynSent);
        assert_eq!(scene.segments()[0].header.options.mss, Some(expected));
    }
    let mut scene = v4();
    scene.reach(State::Listen);
    scene.say(segment(Flags::SYN));
    assert_eq!(scene.segments()[0].header.options.mss, Some(1460));
}

/// MUST-15.
#[test]
fn without_the_option_the_default_is_assumed() {
    assert_eq!(longest_text(v4(), None), 536);
    assert_eq!(longest_text(v6(), None), 1220);
}

/// MUST-16: the smaller of what the peer takes and what the link carries.
#[test]
fn the_smaller_of_both_counts() {
    assert_eq!(longest_text(v4(), Some(700)), 700);
    assert_eq!(longest_text(v4(), Some(9000)), 1460);
    assert_eq!(longest_text(v4(), Some(u16::MAX)), 1460);
}

/// Options count against it: MSS is for a segment without.
#[test]
fn options_take_of_it() {
    let scene = Scene::new(Config { timestamps: true, ..plain() }).willing();
    assert_eq!(longest_text(scene, Some(1460)), 1448);
}

/// An absurd one must not make a segment an octet long, nor none.
#[test]
fn an_absurd_one_is_raised() {
    for absurd in [1, 12, 47] {
        assert_eq!(longest_text(v4(), Some(absurd)), 48);
        let scene = Scene::new(Config { timestamps: true, sack: true, ..plain() }).willing();
        assert_eq!(longest_text(scene, Some(absurd)), 36);
    }
}

/// One of nothing says nothing, as in Linux: the default is meant.
#[test]
fn one_of_nothing_counts_as_none() {
    assert_eq!(longest_text(v4(), Some(0)), 536);
}

/// Three SACK ranges beside timestamps leave eight octets of the smallest one.
#[test]
fn the_smallest_one_leaves_room_beside_all_options() {
    let mut scene = Scene::new(Config { timestamps: true, sack: true, ..plain() }).willing();
    scene.peer_options.mss = Some(1);
    let mut scene = scene.established();
    for start in [201, 401, 601] {
        scene.say(crate::peer::text(100).at(start));
    }
    scene.start();
    scene.send(80);
    assert_eq!(scene.segments()[0].text.len(), 8);
}

/// SHLD-5, MAY-3: it is announced always, be it the default.
#[test]
fn it_is_announced_even_where_it_is_the_default() {
    let narrow = [("10.0.0.1", "10.0.0.2", 576, 536), ("fd00::1", "fd00::2", 1280, 1220)];
    for (ours, peers, mtu, expected) in narrow {
        let mut scene = Scene::between(ours, peers, mtu, plain());
        scene.reach(State::SynSent);
        assert_eq!(scene.segments()[0].header.options.mss, Some(expected));
    }
}
