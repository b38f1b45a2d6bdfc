use synfin_wire::{Instant, SeqNumber};

use super::{RttEstimator, RttSample};
use crate::span::Span;

/// Takes samples, a round trip each.
fn estimator(millis: &[u64]) -> RttEstimator {
    let mut rtt = RttEstimator::new(Span::from_millis(200));
    for (round, millis) in (1..).zip(millis) {
        let una = SeqNumber::new(round * 1000);
        rtt.measured(RttSample { rtt: Span::from_millis(*millis), una, nxt: una + 900 });
    }
    rtt
}

#[test]
fn the_first_sample_stands_and_later_ones_are_smoothed() {
    let rtt = estimator(&[100]);
    assert_eq!(rtt.smoothed(), Some(Span::from_millis(100)));
    assert_eq!(rtt.variation(), Span::from_millis(50));
    // RTTVAR = 3/4 * 50 + 1/4 * |100 - 180|, SRTT = 7/8 * 100 + 1/8 * 180.
    let rtt = estimator(&[100, 180]);
    assert_eq!(rtt.variation(), Span::from_micros(57_500));
    assert_eq!(rtt.smoothed(), Some(Span::from_millis(110)));
}

#[test]
fn the_timeout_lies_at_least_the_floor_over_the_round_trip() {
    assert_eq!(estimator(&[100]).timeout(), Some(Span::from_millis(300)));
    assert_eq!(estimator(&[400]).timeout(), Some(Span::from_millis(1200)));
    assert_eq!(estimator(&[]).timeout(), None);
    // A steady path brings the variation down to the floor, a quarter of the way for each round trip.
    let timeout = estimator(&[400; 60]).timeout().unwrap();
    assert!((600_000..610_000).contains(&timeout.as_micros()), "{timeout:?}");
}

#[test]
fn the_least_round_trip_is_forgotten_in_time() {
    let mut rtt = estimator(&[]);
    let millis = Span::from_millis;
    rtt.measured_least(millis(10), Instant::ZERO);
    rtt.measured_least(millis(20), Instant::from_millis(299_000));
    assert_eq!(rtt.minimum(), Some(millis(10)));
    rtt.measured_least(millis(20), Instant::from_millis(301_000));
    assert_eq!(rtt.minimum(), Some(millis(20)));
}
