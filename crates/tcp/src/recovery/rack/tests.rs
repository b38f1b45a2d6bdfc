use synfin_wire::{Instant, SeqNumber};

use super::super::rtt::{RttEstimator, RttSample};
use super::{Rack, RackInput};
use crate::config::ReorderingConfig;
use crate::congestion::rate::DeliveryRate;
use crate::send::RetransmissionQueue;
use crate::send::retransmission_queue::{Again, NewRange};
use crate::span::Span;

const MSS: u32 = 1000;

fn at(segments: u32) -> SeqNumber {
    SeqNumber::new(7) + segments * MSS
}

fn ms(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// A queue of ten segments, one sent each millisecond from the first on, and a path of 100 ms.
struct Scene {
    queue: RetransmissionQueue,
    rtt: RttEstimator,
    rack: Rack,
}

impl Scene {
    fn new() -> Self {
        let mut queue = RetransmissionQueue::default();
        let stamp = DeliveryRate::new(ms(0)).stamp(true, 1, ms(0));
        for i in 0..10 {
            let now = ms(i.into());
            queue.sent(NewRange {
                start: at(i),
                end: at(i + 1),
                segments: 1,
                mss: MSS,
                push: false,
                ends_record: false,
                now,
                stamp,
            });
        }
        let mut rtt = RttEstimator::new(Span::from_millis(200));
        let sample = Span::from_millis(100);
        rtt.measured_least(sample, ms(0));
        rtt.measured(RttSample { rtt: sample, una: at(0), nxt: at(10) });
        Self { queue, rtt, rack: Rack::new(ReorderingConfig::standard()) }
    }

    /// Segment `index` is reported by SACK at `now`. Returns how long the rest may take.
    fn sack(&mut self, index: u32, now: Instant) -> Option<Span> {
        let Self { queue, rtt, rack } = self;
        queue.sack(at(index), at(index + 1), |range| rack.delivered(range, rtt, now));
        let input = RackInput { rtt, recovering: false, now };
        rack.find_lost(queue, &input)
    }

    fn lost(&self) -> u32 {
        self.queue.counts().lost
    }
}

#[test]
fn what_was_sent_earlier_has_a_quarter_of_a_round_trip_more() {
    let mut scene = Scene::new();
    let wait = scene.sack(5, ms(105)).unwrap();
    assert_eq!(scene.lost(), 0);
    // The fifth segment was sent a millisecond before the sixth, and the window is 25 ms.
    assert_eq!(wait, Span::from_millis(24));
    let input = RackInput { rtt: &scene.rtt, recovering: false, now: ms(127) };
    scene.rack.look(&mut scene.queue, &input);
    assert_eq!(scene.lost(), 3, "those of which the time is up");
}

#[test]
fn dupthresh_segments_beyond_leave_no_doubt() {
    let mut scene = Scene::new();
    scene.sack(3, ms(103));
    scene.sack(4, ms(104));
    assert_eq!(scene.lost(), 0);
    assert_eq!(scene.sack(5, ms(105)), None);
    assert_eq!(scene.lost(), 3);
}

#[test]
fn dupthresh_segments_mean_nothing_where_they_are_not_to_count() {
    let mut scene = Scene::new();
    scene.rack = Rack::new(ReorderingConfig { counts_duplicates: false, ..ReorderingConfig::standard() });
    for index in 3..9 {
        assert!(scene.sack(index, ms(u64::from(index) + 100)).is_some());
    }
    assert_eq!(scene.lost(), 0);
}

#[test]
fn a_window_that_does_not_adapt_stays_through_dsacks() {
    let mut rack = Rack::new(ReorderingConfig { adapts: false, ..ReorderingConfig::standard() });
    rack.reordered(at(0), at(5), MSS);
    rack.dsack();
    rack.adapt(Some(0), 10);
    assert_eq!(rack.steps, 1);
}

#[test]
fn reordering_spans_no_more_than_it_is_believed_to() {
    let mut rack = Rack::new(ReorderingConfig { max_span: 4, ..ReorderingConfig::standard() });
    rack.reordered(at(0), at(9), MSS);
    rack.reordered_by(7);
    assert_eq!((rack.span(), rack.reorderings()), (4, 2));
}

#[test]
fn where_reordering_was_seen_dupthresh_says_nothing() {
    let mut scene = Scene::new();
    scene.rack.reordered(at(1), at(6), MSS);
    assert_eq!((scene.rack.span(), scene.rack.reorderings()), (5, 1));
    for index in 3..9 {
        assert!(scene.sack(index, ms(u64::from(index) + 100)).is_some());
    }
    assert_eq!(scene.lost(), 0);
}

#[test]
fn a_lost_retransmission_is_found_by_what_was_sent_after_it() {
    let mut scene = Scene::new();
    for index in 1..4 {
        scene.sack(index, ms(101));
    }
    assert_eq!(scene.lost(), 1);
    let stamp = DeliveryRate::new(ms(0)).stamp(true, 1, ms(0));
    scene.queue.retransmitted(&Again { start: at(0), end: at(1), now: ms(102), stamp, probe: false });
    let (start, end) = (at(10), at(11));
    let (push, ends_record) = (false, false);
    scene.queue.sent(NewRange { start, end, segments: 1, mss: MSS, push, ends_record, now: ms(103), stamp });
    assert_eq!(scene.queue.counts().resent, 1);
    scene.sack(10, ms(203));
    assert_eq!((scene.lost(), scene.queue.counts().resent), (7, 0), "and so is all that was sent before");
}

#[test]
fn an_answer_too_quick_for_the_retransmission_is_one_to_the_original() {
    let mut scene = Scene::new();
    scene.queue.mark_front_lost();
    let stamp = DeliveryRate::new(ms(0)).stamp(true, 1, ms(0));
    scene.queue.retransmitted(&Again { start: at(0), end: at(1), now: ms(120), stamp, probe: false });
    assert_eq!(scene.sack(0, ms(130)), None);
    assert_eq!(scene.lost(), 0, "it says nothing of what was sent up to 120 ms");
}

#[test]
fn the_window_is_no_longer_than_a_smoothed_round_trip() {
    let mut scene = Scene::new();
    scene.rack.reordered(at(1), at(6), MSS);
    scene.rack.steps = 100;
    let wait = scene.sack(5, ms(105)).unwrap();
    assert_eq!(wait, Span::from_millis(99), "the fifth segment was sent a millisecond before the sixth");
}

#[test]
fn a_dsack_widens_the_window_once_a_round_trip_and_for_sixteen_recoveries() {
    let mut rack = Rack::new(ReorderingConfig::standard());
    rack.dsack();
    rack.adapt(Some(0), 10);
    assert_eq!(rack.steps, 1, "without reordering a DSACK means nothing");
    rack.reordered(at(0), at(5), MSS);
    rack.dsack();
    rack.adapt(Some(0), 10);
    assert_eq!(rack.steps, 2);
    rack.dsack();
    rack.adapt(Some(9), 20);
    assert_eq!(rack.steps, 2, "what was sent before the last widening");
    for _ in 0..16 {
        rack.recovered();
    }
    rack.adapt(Some(20), 30);
    assert_eq!(rack.steps, 1);
}
