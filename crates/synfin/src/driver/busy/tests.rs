use super::*;

const LIMIT: Duration = Duration::from_micros(50);

fn at(micros: u64) -> Instant {
    Instant::ZERO + Duration::from_micros(micros)
}

#[test]
fn it_goes_on_while_packets_come_close_together() {
    let mut busy = BusyPoll::new(LIMIT);
    assert!(!busy.goes_on(1, at(1_000)), "nothing came shortly before");
    assert!(busy.goes_on(2, at(1_090)), "two came within twice the limit");
    assert!(busy.goes_on(2, at(1_139)), "the limit is not over");
    assert!(busy.goes_on(3, at(1_139)), "one came in time");
    assert!(busy.goes_on(3, at(1_188)), "the limit is counted from the last one");
}

#[test]
fn what_was_in_vain_is_not_tried_again_until_it_may_pay() {
    let mut busy = BusyPoll::new(LIMIT);
    busy.goes_on(1, at(1_000));
    assert!(busy.goes_on(2, at(1_020)));
    assert!(!busy.goes_on(2, at(1_070)), "the limit is over");
    assert!(!busy.goes_on(2, at(1_071)));
    assert!(!busy.goes_on(3, at(2_000)), "it came long after the last");
    assert!(busy.goes_on(4, at(2_100)), "it came shortly after the last");
}

#[test]
fn others_get_the_processor_every_few_looks() {
    let mut busy = BusyPoll::new(LIMIT);
    busy.goes_on(1, at(1_000));
    let looks = [2, 2, 2, 2, 2, 2, 3, 3];
    let gives_way = looks.map(|packets| busy.goes_on(packets, at(1_010)) && busy.gives_way());
    assert_eq!(gives_way, [true, false, false, false, true, false, true, false]);
}

#[test]
fn without_a_limit_it_never_goes_on() {
    let mut busy = BusyPoll::new(Duration::ZERO);
    assert!(!busy.goes_on(1, at(0)));
    assert!(!busy.goes_on(2, at(0)), "not even in the same moment");
}

#[test]
fn a_clock_that_stands_still_does_not_keep_it() {
    let mut busy = BusyPoll::new(LIMIT);
    busy.goes_on(1, at(1_000));
    assert!(busy.goes_on(2, at(1_000)));
    assert!((0..=MOST_LOOKS).any(|_| !busy.goes_on(2, at(1_000))));
}
