use core::time::Duration;

use synfin_wire::Instant;

use super::AckPolicy;
use crate::config::{Config, SecondSegment};
use crate::reason::SendReason;
use crate::timer::{Timer, TimerTable};

const DELAY: Duration = Duration::from_millis(40);

#[test]
fn every_second_full_segment_is_acknowledged_and_a_lone_one_waits() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(&Config { quick_acks: 0, ..Config::linux() });
    let now = Instant::from_millis(100);
    policy.data_in_order(1448, 1460, &mut timers, now, DELAY);
    assert_eq!(policy.due(), None);
    assert_eq!(timers.deadline(Timer::DelayedAck), Some(now + DELAY));
    policy.data_in_order(1448, 1460, &mut timers, now, DELAY);
    assert_eq!(policy.due(), Some(SendReason::SecondSegmentAck));
    policy.sent(&mut timers);
    assert_eq!((policy.due(), timers.earliest()), (None, None));
    policy.data_in_order(10, 1460, &mut timers, now, DELAY);
    assert_eq!(policy.due(), None);
    policy.delay_over();
    assert_eq!(policy.due(), Some(SendReason::DelayedAck));
}

#[test]
fn a_super_segment_is_two_segments() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(&Config { quick_acks: 0, ..Config::linux() });
    policy.data_in_order(65_000, 1460, &mut timers, Instant::ZERO, DELAY);
    assert_eq!(policy.due(), Some(SendReason::SecondSegmentAck));
}

#[test]
fn the_first_segments_are_acknowledged_at_once_until_the_user_answers() {
    let mut timers = TimerTable::new();
    let mut policy = AckPolicy::new(&Config { quick_acks: 2, ..Config::linux() });
    policy.data_in_order(10, 1460, &mut timers, Instant::ZERO, DELAY);
    assert_eq!(policy.due(), Some(SendReason::QuickAck));
    policy.sent(&mut timers);
    policy.interactive();
    policy.data_in_order(10, 1460, &mut timers, Instant::ZERO, DELAY);
    assert_eq!(policy.due(), None);
    policy.sent(&mut timers);
    policy.fin(&mut timers, Instant::ZERO, DELAY);
    assert_eq!(policy.due(), None);
    assert!(timers.is_running(Timer::DelayedAck));
}

#[test]
fn any_second_segment_is_acknowledged_where_that_is_the_rule() {
    let mut timers = TimerTable::new();
    let config = Config { quick_acks: 0, second_segment: SecondSegment::Any, ..Config::linux() };
    let mut policy = AckPolicy::new(&config);
    policy.data_in_order(1, 1460, &mut timers, Instant::ZERO, DELAY);
    assert_eq!(policy.due(), None);
    policy.data_in_order(1, 1460, &mut timers, Instant::ZERO, DELAY);
    assert_eq!(policy.due(), Some(SendReason::SecondSegmentAck));
}
