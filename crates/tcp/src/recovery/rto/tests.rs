use synfin_wire::SeqNumber;

use super::super::rtt::{RttEstimator, RttSample};
use super::Rto;
use crate::span::Span;

fn rto() -> Rto {
    Rto::new(Span::from_secs(1), Span::from_millis(200), Span::from_secs(120))
}

fn measured(rtt: Span) -> RttEstimator {
    let mut estimator = RttEstimator::new(Span::from_millis(200));
    estimator.measured(RttSample { rtt, una: SeqNumber::new(1), nxt: SeqNumber::new(2) });
    estimator
}

#[test]
fn it_doubles_up_to_its_bound_and_a_sample_ends_that() {
    let mut rto = rto();
    let mut seen = [0; 9];
    for timeout in &mut seen {
        *timeout = rto.current().as_micros() / 1_000_000;
        rto.back_off();
    }
    assert_eq!(seen, [1, 2, 4, 8, 16, 32, 64, 120, 120]);
    for _ in 0..1000 {
        rto.back_off();
    }
    assert_eq!(rto.current(), Span::from_secs(120));
    rto.measured(&measured(Span::from_millis(400)));
    assert_eq!((rto.current(), rto.backoff()), (Span::from_millis(1200), 0));
}

#[test]
fn a_short_path_does_not_go_under_the_minimum() {
    let mut rto = rto();
    rto.measured(&measured(Span::from_micros(80)));
    assert_eq!(rto.current(), Span::from_micros(200_080));
}
