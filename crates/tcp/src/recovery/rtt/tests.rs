use core::time::Duration;

use super::RttEstimator;

#[test]
fn the_first_sample_stands_and_later_ones_are_smoothed() {
    let mut rtt = RttEstimator::default();
    rtt.measured(Duration::from_millis(100));
    assert_eq!(rtt.smoothed(), Some(Duration::from_millis(100)));
    assert_eq!(rtt.variation(), Duration::from_millis(50));
    rtt.measured(Duration::from_millis(60));
    // RTTVAR = 3/4 * 50 + 1/4 * |100 - 60|, then SRTT = 7/8 * 100 + 1/8 * 60.
    assert_eq!(rtt.variation(), Duration::from_micros(47_500));
    assert_eq!(rtt.smoothed(), Some(Duration::from_millis(95)));
    assert_eq!(rtt.minimum(), Some(Duration::from_millis(60)));
}
