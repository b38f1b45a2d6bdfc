use alloc::vec::Vec;

use synfin_wire::{SeqNumber, tcp::SackRange};

use super::SackReport;

fn range(start: u32, end: u32) -> SackRange {
    SackRange { start: SeqNumber::new(start), end: SeqNumber::new(end) }
}

fn starts(report: &SackReport) -> Vec<u32> {
    report.ranges().map(|range| range.start.value()).collect()
}

#[test]
fn the_newest_range_comes_first_and_swallowed_ones_go() {
    let mut report = SackReport::default();
    for (before, start) in [(0, 10), (1, 30), (2, 50), (3, 70), (4, 90)] {
        assert_eq!(report.grown(range(start, start + 5)), before);
    }
    assert_eq!(starts(&report), [90, 70, 50, 30]);
    assert_eq!(report.grown(range(30, 55)), 2);
    assert_eq!(starts(&report), [30, 90, 70]);
    report.acknowledged(SeqNumber::new(60));
    assert_eq!(starts(&report), [90, 70]);
}

#[test]
fn of_one_segment_the_first_range_that_came_again_is_told() {
    let mut report = SackReport::default();
    report.came_again(range(1, 5));
    report.more_came_again(range(8, 9));
    assert_eq!(report.tell(1).as_slice(), [range(1, 5)]);
    report.came_again(range(1, 5));
    report.more_came_again(range(5, 9));
    assert_eq!(report.tell(1).as_slice(), [range(1, 9)]);
}

#[test]
fn a_later_segment_makes_what_came_again_forgotten() {
    let mut report = SackReport::default();
    report.grown(range(30, 35));
    report.came_again(range(1, 5));
    report.next_came();
    assert_eq!(starts(&report), [30]);
}

#[test]
fn what_came_again_is_told_once_and_first() {
    let mut report = SackReport::default();
    report.grown(range(30, 35));
    report.came_again(range(1, 5));
    assert_eq!((starts(&report), report.len()), (Vec::from([1, 30]), 2));
    assert_eq!(report.tell(1).as_slice(), [range(1, 5)]);
    assert_eq!(starts(&report), [30]);
}
