use synfin_wire::{Instant, SeqNumber};

use super::super::{AckOutcome, LossVerdict};
use super::FastRecovery;
use crate::reason::SendReason;
use crate::send::RetransmissionQueue;

const MSS: u32 = 1000;

fn seq(segments: u32) -> SeqNumber {
    SeqNumber::new(7) + segments * MSS
}

fn ten_in_flight() -> RetransmissionQueue {
    let mut queue = RetransmissionQueue::default();
    for i in 0..10 {
        queue.sent(seq(i), seq(i + 1), Instant::ZERO);
    }
    queue
}

fn duplicate(una: u32, sack: bool) -> AckOutcome {
    let sacked = if sack { MSS } else { 0 };
    AckOutcome {
        una: seq(una),
        nxt: seq(10),
        duplicate: true,
        sacked,
        mss: MSS,
        sack,
        ..AckOutcome::default()
    }
}

fn forward(from: u32, to: u32, sack: bool) -> AckOutcome {
    AckOutcome { una: seq(to), acknowledged: (to - from) * MSS, duplicate: false, ..duplicate(to, sack) }
}

#[test]
fn the_third_duplicate_finds_the_loss_and_a_partial_acknowledgment_the_next() {
    let mut queue = ten_in_flight();
    let mut fast = FastRecovery::default();
    assert_eq!(fast.on_ack(&duplicate(0, false), &mut queue), LossVerdict::Open);
    assert_eq!(fast.on_ack(&duplicate(0, false), &mut queue), LossVerdict::Open);
    assert!(fast.is_limited_transmit());
    assert_eq!(fast.left_the_network(MSS), 2 * MSS);
    assert_eq!(fast.on_ack(&duplicate(0, false), &mut queue), LossVerdict::Entered);
    assert_eq!(fast.retransmit_reason(), SendReason::FastRetransmit);
    assert_eq!(queue.lost_octets(), MSS);
    queue.retransmitted(seq(0), seq(1), Instant::ZERO);
    queue.acknowledge(seq(4));
    assert_eq!(fast.on_ack(&forward(0, 4, false), &mut queue), LossVerdict::Recovering);
    assert_eq!(fast.retransmit_reason(), SendReason::PartialAckRetransmit);
    assert_eq!(queue.next_lost().map(|range| range.start), Some(seq(4)));
    queue.acknowledge(seq(10));
    assert_eq!(fast.on_ack(&forward(4, 10, false), &mut queue), LossVerdict::Recovered);
}

#[test]
fn sack_ranges_show_every_loss_below_them() {
    let mut queue = ten_in_flight();
    let mut fast = FastRecovery::default();
    for i in [2, 4] {
        queue.sack(seq(i), seq(i + 1));
        assert_eq!(fast.on_ack(&duplicate(0, true), &mut queue), LossVerdict::Open);
    }
    queue.sack(seq(5), seq(7));
    assert_eq!(fast.on_ack(&duplicate(0, true), &mut queue), LossVerdict::Entered);
    assert_eq!(fast.retransmit_reason(), SendReason::SackRetransmit);
    assert_eq!(queue.lost_octets(), 3 * MSS, "segments 0, 1 and 3");
}

#[test]
fn after_a_timeout_duplicates_of_the_old_flight_enter_nothing() {
    let mut queue = ten_in_flight();
    let mut fast = FastRecovery::default();
    queue.mark_all_lost();
    fast.timed_out(seq(10));
    for _ in 0..5 {
        assert_eq!(fast.on_ack(&duplicate(0, false), &mut queue), LossVerdict::AfterTimeout);
    }
    assert_eq!(fast.left_the_network(MSS), 0);
    assert_eq!(fast.on_ack(&forward(0, 10, false), &mut queue), LossVerdict::AfterTimeout);
    assert!(fast.is_open());
}
