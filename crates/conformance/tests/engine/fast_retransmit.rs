//! Fast retransmit and fast recovery (RFC 5681 section 3.2, RFC 6582, RFC 6675, RFC 3042).

use synfin_tcp::Config;

use crate::peer::{Scene, ack, ms, plain};

/// Ten full segments in flight after 1 s of nothing; `sack` by agreement.
fn ten_in_flight(sack: bool) -> Scene {
    ten_in_flight_by(Config { sack, ..plain() })
}

fn ten_in_flight_by(config: Config) -> Scene {
    let sack = config.sack;
    let mut scene = Scene::new(config);
    scene.peer_options.sack_permitted = sack;
    let mut scene = scene.established();
    scene.send(10 * 1460);
    assert_eq!(scene.heard().len(), 10);
    scene.wait(ms(50));
    scene.start();
    scene
}

/// The number of the first octet of the segment with this index.
fn nth(index: u32) -> u32 {
    1 + 1460 * index
}

#[test]
fn the_third_duplicate_sends_the_first_segment_again() {
    let mut scene = ten_in_flight(false);
    let una = scene.iss + 1;
    scene.say(ack().ack_seq(una));
    scene.say(ack().ack_seq(una));
    assert_eq!(scene.heard(), [""; 0]);
    scene.say(ack().ack_seq(una));
    assert_eq!(scene.heard(), ["0.000 ACK 1+1460 ack 1: fast-retransmit"]);
    let status = scene.status();
    assert_eq!((status.slow_start_threshold, status.window_segments), (5 * 1460, 7));
    // From here on something goes on every second duplicate (RFC 9937), and at the end the window is where the
    // threshold is.
    scene.say(ack());
    scene.send(1460);
    scene.say(ack());
    let status = scene.status();
    assert_eq!((status.outstanding, status.window_segments), (0, 5));
}

/// RFC 5681 section 2: another window, or text, makes an acknowledgment no duplicate.
#[test]
fn a_window_update_is_no_duplicate() {
    let mut scene = ten_in_flight(false);
    let una = scene.iss + 1;
    for window in 1..20 {
        scene.say(ack().ack_seq(una).window(30_000 + window));
    }
    assert_eq!(scene.heard(), [""; 0]);
}

/// RFC 3042: a new segment for each of the first two duplicates.
#[test]
fn the_first_two_duplicates_let_new_segments_go() {
    let mut scene = ten_in_flight(false);
    scene.send(5 * 1460);
    assert_eq!(scene.heard(), [""; 0]);
    let una = scene.iss + 1;
    for _ in 0..3 {
        scene.say(ack().ack_seq(una));
    }
    let lines = [
        "0.000 ACK 14601+1460 ack 1: limited-transmit",
        "0.000 ACK 16061+1460 ack 1: limited-transmit",
        "0.000 ACK 1+1460 ack 1: fast-retransmit",
    ];
    assert_eq!(scene.heard(), lines);
}

/// RFC 6582: a partial acknowledgment shows the next hole, without another three duplicates. The window is coming
/// down, so that it may take one more to fill it (RFC 9937).
#[test]
fn a_partial_acknowledgment_fills_the_next_hole() {
    let mut scene = ten_in_flight(false);
    let una = scene.iss + 1;
    for _ in 0..3 {
        scene.say(ack().ack_seq(una));
    }
    scene.start();
    scene.say(ack().ack_seq(scene.iss + nth(3)));
    scene.say(ack().ack_seq(scene.iss + nth(3)));
    assert_eq!(scene.heard(), ["0.000 ACK 4381+1460 ack 1: partial-ack-retransmit"]);
    scene.say(ack().ack_seq(scene.iss + nth(6)));
    assert_eq!(scene.heard(), ["0.000 ACK 8761+1460 ack 1: partial-ack-retransmit"]);
    scene.say(ack());
    assert_eq!((scene.heard().len(), scene.status().outstanding), (0, 0));
}

/// RFC 6582 section 3.2 (1): duplicates that our own repetitions cause are no new loss.
#[test]
fn duplicates_at_the_end_of_a_recovery_are_no_new_loss() {
    let mut scene = ten_in_flight(false);
    scene.wait(ms(200));
    scene.say(ack());
    scene.send(3 * 1460);
    scene.start();
    let una = scene.our_next - 3 * 1460;
    assert_eq!(scene.status().outstanding, 3 * 1460);
    for _ in 0..5 {
        scene.say(ack().ack_seq(una));
    }
    assert!(scene.heard().iter().all(|line| !line.contains("fast-retransmit")));
}

/// RFC 6582 section 3.2 (4), RFC 6675 section 5.1: what was sent before a timeout and arrives late begins nothing.
#[test]
fn after_a_timeout_duplicates_of_the_old_flight_enter_nothing() {
    for sack in [false, true] {
        let mut scene = ten_in_flight_by(Config { sack, frto: false, ..plain() });
        scene.wait(ms(1000));
        let una = scene.iss + 1;
        let threshold = scene.status().slow_start_threshold;
        scene.start();
        for index in 2..7 {
            let duplicate = ack().ack_seq(una);
            scene.say(if sack { duplicate.sack(&[(nth(1), nth(index))]) } else { duplicate });
        }
        assert!(scene.heard().iter().all(|line| !line.contains("fast-retransmit")));
        assert_eq!(scene.status().slow_start_threshold, threshold);
    }
}

/// RFC 8985: what was sent before something that has arrived is lost, here at once, for the path takes no time;
/// and nothing else is sent again.
#[test]
fn sack_ranges_say_which_segments_are_lost() {
    let mut scene = ten_in_flight(true);
    let una = scene.iss + 1;
    scene.say(ack().ack_seq(una).sack(&[(nth(1), nth(2))]));
    assert_eq!(scene.heard(), ["0.000 ACK 1+1460 ack 1: rack-retransmit"]);
    scene.say(ack().ack_seq(una).sack(&[(nth(3), nth(4)), (nth(1), nth(2))]));
    scene.say(ack().ack_seq(una).sack(&[(nth(3), nth(5)), (nth(1), nth(2))]));
    assert_eq!(scene.heard(), ["0.000 ACK 2921+1460 ack 1: rack-retransmit"]);
    scene.say(ack().ack_seq(una).sack(&[(nth(3), nth(10)), (nth(1), nth(2))]));
    assert_eq!(scene.heard(), [""; 0]);
    scene.say(ack());
    // The tail loss probe of the silence at the beginning is the third.
    assert_eq!((scene.heard().len(), scene.status().octets_retransmitted), (0, 3 * 1460));
}

/// RFC 6675 section 2: without news in its ranges an acknowledgment is no duplicate.
#[test]
fn with_sack_an_acknowledgment_without_news_is_no_duplicate() {
    let mut scene = ten_in_flight(true);
    let una = scene.iss + 1;
    for _ in 0..10 {
        scene.say(ack().ack_seq(una));
    }
    assert_eq!(scene.heard(), [""; 0]);
}

/// What was reported before a timeout and is reported again tells nothing about the round trip.
#[test]
fn a_range_reported_again_after_a_timeout_is_no_sample() {
    let mut scene = ten_in_flight(true);
    let una = scene.iss + 1;
    scene.say(ack().ack_seq(una).sack(&[(nth(1), nth(2))]));
    let before = scene.status().smoothed_rtt;
    scene.wait(ms(2000));
    scene.say(ack().ack_seq(una).sack(&[(nth(1), nth(2))]));
    assert_eq!(scene.status().smoothed_rtt, before);
}

/// Hostile ranges: inverted, empty, beyond what was sent, before what is acknowledged.
#[test]
fn ranges_that_make_no_sense_say_nothing() {
    let mut scene = ten_in_flight(true);
    let una = scene.iss + 1;
    let far = nth(10) + (1 << 31);
    for range in
        [(nth(5), nth(2)), (nth(3), nth(3)), (nth(8), nth(11)), (0, nth(9)), (far, nth(4)), (nth(2), far)]
    {
        scene.say(ack().ack_seq(una).sack(&[range]));
    }
    assert_eq!((scene.heard().len(), scene.status().outstanding), (0, 14_600));
}

/// A repetition leaves room for the ranges that go with it.
#[test]
fn a_segment_sent_again_beside_sack_ranges_fits_the_path() {
    let mut scene = ten_in_flight(true);
    scene.say(crate::peer::text(100).at(201).ack_seq(scene.iss + 1));
    scene.wait(ms(200));
    for heard in scene.segments() {
        assert!(heard.header.len() + heard.text.len() <= 1480, "{heard:?}");
    }
}
