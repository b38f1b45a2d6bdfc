use synfin_wire::{Instant, SeqNumber};

use super::RetransmissionQueue;

const UNA: u32 = u32::MAX - 1500;

fn at(offset: u32) -> SeqNumber {
    SeqNumber::new(UNA) + offset
}

fn queue() -> RetransmissionQueue {
    let mut queue = RetransmissionQueue::default();
    for i in 0..5 {
        queue.sent(at(i * 1000), at(i * 1000 + 1000), Instant::from_millis(i.into()));
    }
    queue
}

#[test]
fn an_acknowledgment_inside_a_range_splits_it() {
    let mut queue = queue();
    let outcome = queue.acknowledge(at(1500));
    assert_eq!(outcome.sent_once_at, Some(Instant::from_millis(1)));
    assert!(!outcome.retransmitted);
    queue.check_invariants(at(1500), at(5000));
    queue.acknowledge(at(5000));
    assert!(queue.is_empty());
}

#[test]
fn sacked_ranges_leave_the_loss_and_split_where_they_must() {
    let mut queue = queue();
    assert_eq!(queue.mark_front_lost(1000), 1000);
    assert_eq!(queue.sack(at(500), at(2500)).0, 2000);
    assert_eq!(queue.sack(at(500), at(2500)).0, 0);
    assert_eq!((queue.sacked_octets(), queue.lost_octets()), (2000, 500));
    queue.check_invariants(at(0), at(5000));
    queue.mark_all_lost();
    assert_eq!((queue.sacked_octets(), queue.lost_octets()), (0, 5000));
    queue.check_invariants(at(0), at(5000));
}

#[test]
fn loss_is_what_lies_below_enough_sacked_octets_and_was_sent_once() {
    let mut queue = queue();
    queue.sack(at(2000), at(5000));
    assert_eq!(queue.mark_lost_below_sacked(3001, 3), 0);
    assert_eq!(queue.mark_lost_below_sacked(3000, 3), 2000);
    let first = queue.next_lost().map(|range| (range.start, range.end));
    assert_eq!(first, Some((at(0), at(1000))));
    queue.retransmitted(at(0), at(400), Instant::from_millis(50));
    assert_eq!(queue.lost_octets(), 1600);
    assert_eq!(queue.mark_lost_below_sacked(3000, 3), 0, "what was sent again is not lost again");
    queue.check_invariants(at(0), at(5000));
    assert!(queue.acknowledge(at(1000)).retransmitted);
}

#[test]
fn a_peer_that_reports_every_other_octet_does_not_make_the_queue_large() {
    let mut queue = RetransmissionQueue::default();
    queue.sent(at(0), at(100_000), Instant::ZERO);
    for octet in (1..100_000).step_by(2) {
        queue.sack(at(octet), at(octet + 1));
    }
    queue.check_invariants(at(0), at(100_000));
    assert!(queue.ranges.len() <= 64 + 100_000 / 256 + 1, "{}", queue.ranges.len());
    // What needs no cut is still taken.
    queue.sack(at(0), at(100_000));
    assert_eq!(queue.sacked_octets(), 100_000);
}
