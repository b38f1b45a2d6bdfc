use core::time::Duration;

use super::super::rtt::RttEstimator;
use super::Rto;

fn rto() -> Rto {
    Rto::new(Duration::from_secs(1), Duration::from_millis(200), Duration::from_secs(120))
}

#[test]
fn it_doubles_up_to_its_bound_and_a_sample_ends_that() {
    let mut rto = rto();
    let mut seen = [0; 9];
    for timeout in &mut seen {
        *timeout = rto.current().as_secs();
        rto.back_off();
    }
    assert_eq!(seen, [1, 2, 4, 8, 16, 32, 64, 120, 120]);
    for _ in 0..1000 {
        rto.back_off();
    }
    assert_eq!(rto.current().as_secs(), 120);
    let mut rtt = RttEstimator::default();
    rtt.measured(Duration::from_millis(400));
    rto.measured(&rtt);
    assert_eq!(rto.current(), Duration::from_millis(1200));
}

#[test]
fn a_short_path_does_not_go_under_the_minimum() {
    let mut rto = rto();
    let mut rtt = RttEstimator::default();
    rtt.measured(Duration::from_micros(80));
    rto.measured(&rtt);
    assert_eq!(rto.current(), Duration::from_millis(200));
}
