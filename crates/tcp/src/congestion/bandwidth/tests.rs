use super::Bandwidth;
use crate::span::Span;

#[test]
fn a_bandwidth_is_what_it_was_made_of() {
    let bandwidth = Bandwidth::of(1_000, Span::from_millis(100));
    assert_eq!(bandwidth.segments_in(Span::from_millis(40)), 400);
    assert_eq!(bandwidth.percent(125).segments_in(Span::from_millis(40)), 500);
    assert!((14_479_900..=14_480_000).contains(&bandwidth.octets_a_second(1448)));
}

#[test]
fn the_slowest_and_the_fastest_path_are_in_range() {
    let slow = Bandwidth::of(1, Span::from_secs(1));
    assert_eq!(slow.segments_in(Span::from_secs(2)), 2);
    assert_eq!(Bandwidth::UNBOUNDED.percent(277), Bandwidth::UNBOUNDED);
    assert_eq!(Bandwidth::UNBOUNDED.segments_in(Span::from_secs(1)), u32::MAX);
}
