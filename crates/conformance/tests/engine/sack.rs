//! The SACK ranges that are sent (RFC 2018 section 4).

use synfin_tcp::Config;

use crate::peer::{IRS, Scene, plain, text};

fn scene(timestamps: bool) -> Scene {
    Scene::new(Config { sack: true, timestamps, ..plain() }).willing().established()
}

/// The ranges of the last segment heard, counted from the peer's SYN.
fn ranges(scene: &mut Scene) -> Vec<(i32, i32)> {
    let heard = scene.segments();
    let options = &heard.last().expect("an acknowledgment").header.options;
    options.sack.iter().map(|range| (range.start.distance(IRS), range.end.distance(IRS))).collect()
}

/// The range that the newest segment lies in comes first; then those reported most recently.
#[test]
fn the_newest_range_comes_first() {
    let mut scene = scene(false);
    for (start, expected) in [
        (201, vec![(201, 301)]),
        (401, vec![(401, 501), (201, 301)]),
        (601, vec![(601, 701), (401, 501), (201, 301)]),
        (301, vec![(201, 501), (601, 701)]),
    ] {
        scene.say(text(100).at(start));
        assert_eq!(ranges(&mut scene), expected);
    }
}

#[test]
fn four_ranges_fit_and_three_beside_timestamps() {
    for (timestamps, fit) in [(false, 4), (true, 3)] {
        let mut scene = scene(timestamps);
        for start in [201, 401, 601, 801, 1001] {
            scene.say(text(100).at(start));
        }
        let reported = ranges(&mut scene);
        assert_eq!((reported.len(), reported[0], reported[1]), (fit, (1001, 1101), (801, 901)));
    }
}

#[test]
fn what_is_acknowledged_is_reported_no_more() {
    let mut scene = scene(false);
    scene.say(text(100).at(201));
    scene.say(text(100).at(401));
    scene.say(text(200).at(1));
    assert_eq!(ranges(&mut scene), [(401, 501)]);
    scene.say(text(100).at(301));
    assert_eq!(ranges(&mut scene), []);
}

/// A segment with text carries the ranges too, and is so much shorter.
#[test]
fn text_makes_room_for_the_ranges() {
    let mut scene = scene(true);
    for start in [201, 401, 601] {
        scene.say(text(100).at(start));
    }
    scene.start();
    scene.send(3000);
    let heard = scene.segments();
    let sizes: Vec<usize> = heard.iter().map(|heard| heard.header.len() + heard.text.len()).collect();
    assert_eq!((sizes[0], sizes[1], heard[0].header.options.sack.len()), (1480, 1480, 3));
}

#[test]
fn without_agreement_there_are_none() {
    let mut scene = Scene::new(plain()).willing().established();
    scene.say(text(100).at(201));
    assert_eq!(ranges(&mut scene), []);
}
