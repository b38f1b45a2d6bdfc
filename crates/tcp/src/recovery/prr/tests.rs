//! The examples of RFC 6937 section 3: 20 segments are in flight, the window is to come down to 10.

use alloc::vec::Vec;

use super::{Prr, PrrInput};

/// What goes out on an acknowledgment that tells of one segment.
fn send(prr: &mut Prr, in_flight: u32, safe: bool) -> u32 {
    let window = prr.window(&PrrInput { threshold: 10, in_flight, delivered: 1, safe }).unwrap();
    let segments = window - in_flight;
    prr.sent(segments);
    segments
}

#[test]
fn a_single_loss_is_repaired_first_and_then_every_second_acknowledgment_sends() {
    let mut prr = Prr::begin(20);
    // Two new segments went out on the first two duplicates. At the third the lost one counts no more.
    let mut in_flight = 18;
    let mut sent = Vec::new();
    for _ in 0..16 {
        let segments = send(&mut prr, in_flight, false);
        sent.push(segments);
        in_flight = in_flight + segments - 1;
    }
    assert_eq!(sent, [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
    assert_eq!(in_flight, 10, "the window has come down in one round trip");
}

#[test]
fn when_most_is_lost_each_arrival_sends_one_and_no_burst_comes() {
    let mut prr = Prr::begin(20);
    // Fifteen of twenty are lost: four are left, far below the threshold.
    assert_eq!([(); 3].map(|()| send(&mut prr, 4, false)), [1, 1, 1]);
}

#[test]
fn safe_acknowledgments_let_it_grow_as_in_slow_start() {
    let mut prr = Prr::begin(20);
    assert_eq!(send(&mut prr, 4, false), 1);
    assert_eq!(send(&mut prr, 4, true), 2);
    assert_eq!(send(&mut prr, 9, true), 1, "but not beyond the threshold");
}

#[test]
fn nothing_arrives_nothing_moves() {
    let mut prr = Prr::begin(20);
    assert_eq!(prr.window(&PrrInput { threshold: 10, in_flight: 4, delivered: 0, safe: true }), None);
}
