use synfin_wire::{Flags, Instant};

use super::{AckPolicy, Pace, SHARING, Size};
use crate::config::SecondSegment;
use crate::span::Span;
use crate::timer::{Timer, TimerTable};
use synfin_wire::reason::SendReason;

const DELAY: Span = Span::from_millis(40);
const MSS: u32 = 1460;

fn pace(millis: u64, quick_acks: u8) -> Pace {
    let (now, rto) = (Instant::from_millis(millis), Span::from_millis(300));
    Pace {
        now,
        rto,
        rtt: None,
        delay: DELAY,
        longest: Span::from_millis(200),
        window: 65_535,
        quick_acks,
        second_segment: SecondSegment::FullSized,
    }
}

/// Text in order, and what becomes of it.
fn data(policy: &mut AckPolicy, len: u32, timers: &mut TimerTable, pace: &Pace) {
    policy.advanced(len);
    policy.data(&Size { text: len, fixed: 0, variable: 0 }, Flags::ACK, MSS, pace);
    policy.decide(true, None, timers, pace);
}

/// Text beyond a gap, whose acknowledgments may wait so long for each other.
fn beyond(
    policy: &mut AckPolicy,
    gathering: Span,
    timers: &mut TimerTable,
    pace: &Pace,
) -> Option<SendReason> {
    policy.held();
    policy.decide(false, Some(gathering), timers, pace);
    policy.due()
}

#[test]
fn every_second_full_segment_is_acknowledged_and_a_lone_one_waits() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(MSS, 65_535);
    let pace = pace(100, 0);
    data(&mut policy, 1448, &mut timers, &pace);
    assert_eq!(policy.due(), None);
    assert_eq!(timers.deadline(Timer::DelayedAck), Some(pace.now + DELAY));
    data(&mut policy, 1448, &mut timers, &pace);
    assert_eq!(policy.due(), Some(SendReason::SecondSegmentAck));
    policy.sent(DELAY, &mut timers);
    assert_eq!((policy.due(), timers.earliest()), (None, None));
    data(&mut policy, 10, &mut timers, &pace);
    assert_eq!(policy.due(), None);
    policy.delay_over(&pace);
    assert_eq!(policy.due(), Some(SendReason::DelayedAck));
}

#[test]
fn a_super_segment_is_two_segments() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(MSS, 65_535);
    data(&mut policy, 65_000, &mut timers, &pace(0, 0));
    assert_eq!(policy.due(), Some(SendReason::SecondSegmentAck));
    assert_eq!(policy.full_segment(), MSS);
}

#[test]
fn the_first_segments_are_acknowledged_at_once_until_the_user_answers() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(MSS, 65_535);
    let pace = pace(10, 2);
    data(&mut policy, 10, &mut timers, &pace);
    assert_eq!(policy.due(), Some(SendReason::QuickAck));
    policy.sent(DELAY, &mut timers);
    policy.answered(pace.now);
    data(&mut policy, 10, &mut timers, &pace);
    assert_eq!(policy.due(), None);
    assert!(timers.is_running(Timer::DelayedAck));
}

#[test]
fn any_second_segment_is_acknowledged_where_that_is_the_rule() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(MSS, 65_535);
    let pace = Pace { second_segment: SecondSegment::Any, ..pace(10, 0) };
    data(&mut policy, 1, &mut timers, &pace);
    assert_eq!(policy.due(), None);
    data(&mut policy, 1, &mut timers, &pace);
    assert_eq!(policy.due(), Some(SendReason::SecondSegmentAck));
}

#[test]
fn an_answer_that_does_not_come_ends_the_waiting_for_it() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(MSS, 65_535);
    data(&mut policy, 10, &mut timers, &pace(10, 16));
    policy.sent(DELAY, &mut timers);
    policy.answered(Instant::from_millis(11));
    data(&mut policy, 10, &mut timers, &pace(20, 16));
    policy.delay_over(&pace(60, 16));
    policy.sent(DELAY, &mut timers);
    data(&mut policy, 10, &mut timers, &pace(70, 16));
    assert_eq!(policy.due(), Some(SendReason::QuickAck));
}

#[test]
fn the_wait_follows_the_time_between_segments() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(MSS, 65_535);
    data(&mut policy, 10, &mut timers, &pace(0, 0));
    data(&mut policy, 10, &mut timers, &pace(30, 0));
    assert_eq!(policy.wait(), Span::from_millis(50));
    data(&mut policy, 10, &mut timers, &pace(31, 0));
    assert_eq!(policy.wait(), Span::from_millis(45));
}

#[test]
fn segments_beyond_a_gap_share_acknowledgments_after_the_first_three() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(MSS, 65_535);
    let (pace, gathering) = (pace(10, 0), Span::from_millis(1));
    for _ in 0..3 {
        let due = beyond(&mut policy, gathering, &mut timers, &pace);
        assert_eq!(due, Some(SendReason::OutOfOrderAck));
        policy.sent(DELAY, &mut timers);
    }
    for _ in 0..SHARING {
        assert_eq!(beyond(&mut policy, gathering, &mut timers, &pace), None);
    }
    assert_eq!(timers.deadline(Timer::DelayedAck), Some(pace.now + gathering));
    assert!(beyond(&mut policy, gathering, &mut timers, &pace).is_some(), "so many share one, and no more");
    policy.sent(DELAY, &mut timers);
    policy.gathers_no_more();
    assert_eq!(policy.due(), None, "none waits");
    assert_eq!(beyond(&mut policy, gathering, &mut timers, &pace), None);
    policy.gathers_no_more();
    assert!(policy.due().is_some());
    policy.sent(DELAY, &mut timers);
    assert_eq!(beyond(&mut policy, gathering, &mut timers, &pace), None);
    let wait = policy.wait();
    policy.delay_over(&pace);
    assert_eq!((policy.due(), policy.wait()), (Some(SendReason::OutOfOrderAck), wait));
}

#[test]
fn of_three_segments_beyond_a_gap_those_do_not_count_that_would_be_acknowledged_at_once_anyway() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(MSS, 65_535);
    let (pace, gathering) = (pace(10, 2), Span::from_millis(1));
    policy.be_quick(&pace);
    let due = core::array::from_fn::<_, 6, _>(|_| {
        let due = beyond(&mut policy, gathering, &mut timers, &pace);
        policy.sent(DELAY, &mut timers);
        due.is_some()
    });
    assert_eq!(due, [true, true, true, true, true, false]);
}

#[test]
fn text_beyond_a_gap_may_end_the_quick_acknowledgments_before_any_text_is_in_order() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(MSS, 65_535);
    policy.once_more();
    assert!(beyond(&mut policy, Span::ZERO, &mut timers, &pace(10, 16)).is_some());
    policy.sent(DELAY, &mut timers);
    data(&mut policy, 10, &mut timers, &pace(20, 16));
    assert_eq!(policy.due(), None);
    data(&mut policy, 10, &mut timers, &pace(400, 16));
    assert_eq!(policy.due(), Some(SendReason::QuickAck), "the peer was quiet for longer than an RTO");
}

#[test]
fn an_answer_is_none_of_the_quick_acknowledgments() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(MSS, 65_535);
    policy.be_quick(&pace(10, 1));
    policy.answer(SendReason::ProbeAck);
    assert_eq!(policy.due(), Some(SendReason::ProbeAck));
    policy.sent(DELAY, &mut timers);
    policy.advanced(10);
    policy.decide(true, None, &mut timers, &pace(10, 1));
    assert_eq!(policy.due(), Some(SendReason::QuickAck));
}

#[test]
fn quick_acknowledgments_asked_for_do_not_hurry_who_has_not_read() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(MSS, 65_535);
    policy.set_interactive(true, false);
    data(&mut policy, 10, &mut timers, &pace(10, 0));
    policy.set_interactive(false, false);
    assert_eq!(policy.due(), None);
    policy.set_interactive(false, true);
    assert_eq!(policy.due(), Some(SendReason::QuickAck));
}

#[test]
fn timestamps_count_where_a_short_segment_may_be_full() {
    let mut policy = AckPolicy::new(MSS, 65_535);
    let size = Size { text: 530, fixed: 12, variable: 0 };
    for full_segment in [536, 530] {
        policy.measure(&size, Flags::ACK | Flags::PSH, MSS);
        assert_eq!(policy.full_segment(), full_segment);
    }
}

#[test]
fn what_is_marked_is_acknowledged_at_once_twice_even_to_a_user_who_answers() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(MSS, 65_535);
    data(&mut policy, 10, &mut timers, &pace(10, 0));
    policy.answered(Instant::from_millis(11));
    policy.sent(DELAY, &mut timers);
    policy.quicken(2, DELAY);
    for due in [Some(SendReason::QuickAck), Some(SendReason::QuickAck), None] {
        data(&mut policy, 10, &mut timers, &pace(20, 0));
        assert_eq!(policy.due(), due);
        policy.sent(DELAY, &mut timers);
    }
}
