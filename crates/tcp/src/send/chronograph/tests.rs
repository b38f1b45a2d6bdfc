use synfin_wire::Instant;

use super::{Chronograph, Waits};
use crate::span::Span;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

#[test]
fn the_graver_reason_counts_and_the_network_has_the_rest() {
    let mut chronograph = Chronograph::default();
    chronograph.start(Waits::Busy, at(10));
    chronograph.start(Waits::ForWindow, at(20));
    chronograph.start(Waits::Busy, at(25));
    chronograph.stop(Waits::ForWindow, false, at(50));
    chronograph.stop(Waits::Busy, true, at(60));
    let millis = |waits| chronograph.elapsed(waits, at(1000));
    assert_eq!(millis(Waits::ForWindow), Span::from_millis(30));
    assert_eq!(millis(Waits::Busy), Span::from_millis(20));
    assert_eq!(millis(Waits::ForBuffer), Span::ZERO);
}
