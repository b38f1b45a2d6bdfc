use synfin_wire::{Instant, SeqNumber};

use super::{Again, Collapse, Counts, Finding, MOST_CUT, NewRange, RetransmissionQueue};
use crate::congestion::rate::DeliveryRate;

const UNA: u32 = u32::MAX - 1500;
const MSS: u32 = 1000;

fn at(offset: u32) -> SeqNumber {
    SeqNumber::new(UNA) + offset
}

fn stamp() -> crate::congestion::rate::RateStamp {
    DeliveryRate::new(Instant::ZERO).stamp(true, 1, Instant::ZERO)
}

fn new_range(start: u32, octets: u32, millis: u64) -> NewRange {
    NewRange {
        start: at(start),
        end: at(start + octets),
        segments: octets.div_ceil(MSS),
        mss: MSS,
        push: true,
        ends_record: false,
        now: Instant::from_millis(millis),
        stamp: stamp(),
    }
}

/// Five segments, sent one after another.
fn queue() -> RetransmissionQueue {
    let mut queue = RetransmissionQueue::default();
    for i in 0..5 {
        queue.sent(new_range(i * MSS, MSS, i.into()));
    }
    queue
}

fn again(start: u32, end: u32, probe: bool) -> Again {
    Again { start: at(start), end: at(end), now: Instant::from_millis(50), stamp: stamp(), probe }
}

fn sacked(queue: &mut RetransmissionQueue, start: u32, end: u32) -> u32 {
    let mut news = 0;
    queue.sack(at(start), at(end), |range| news += range.segments);
    news
}

fn acknowledged(queue: &mut RetransmissionQueue, ack: u32) -> u32 {
    let mut segments = 0;
    queue.acknowledge(at(ack), |_, count| segments += count);
    segments
}

fn due(queue: &mut RetransmissionQueue) -> Option<(SeqNumber, SeqNumber)> {
    queue.next_due(MSS).map(|range| (range.start, range.end))
}

#[test]
fn part_of_a_segment_is_not_acknowledged() {
    let mut queue = queue();
    assert_eq!(acknowledged(&mut queue, 1500), 1);
    queue.check_invariants(at(1500), at(5000));
    assert_eq!(queue.counts().outstanding, 4);
    assert_eq!(acknowledged(&mut queue, 5000), 4);
    assert!(queue.is_empty());
}

#[test]
fn of_a_super_segment_whole_segments_go() {
    let mut queue = RetransmissionQueue::default();
    queue.sent(new_range(0, 4500, 0));
    assert_eq!(acknowledged(&mut queue, 2300), 2);
    assert_eq!(queue.counts().outstanding, 3);
    queue.check_invariants(at(2300), at(4500));
    assert_eq!(acknowledged(&mut queue, 4500), 3);
}

#[test]
fn sacked_segments_are_news_once_and_never_in_part() {
    let mut queue = RetransmissionQueue::default();
    queue.sent(new_range(0, 5000, 0));
    assert_eq!(sacked(&mut queue, 500, 3700), 2);
    assert_eq!(sacked(&mut queue, 500, 3700), 0);
    assert_eq!(sacked(&mut queue, 4999, 5000), 0, "an octet is no segment");
    assert_eq!(queue.counts(), Counts { outstanding: 5, sacked: 2, lost: 0, resent: 0 });
    assert_eq!(queue.highest_sacked(at(0)), at(3000));
    queue.check_invariants(at(0), at(5000));
}

#[test]
fn a_loss_that_is_held_after_all_is_no_loss() {
    let mut queue = queue();
    queue.mark_front_lost();
    assert_eq!(queue.counts().lost, 1);
    assert_eq!(sacked(&mut queue, 0, 2000), 2);
    assert_eq!(queue.counts(), Counts { outstanding: 5, sacked: 2, lost: 0, resent: 0 });
    queue.check_invariants(at(0), at(5000));
}

#[test]
fn what_is_lost_is_due_until_it_was_sent_again_and_again_when_that_is_lost() {
    let mut queue = queue();
    sacked(&mut queue, 3000, 5000);
    assert!(queue.find_lost(|range| if range.start == at(2000) { Finding::Stop } else { Finding::Lost }));
    assert_eq!(due(&mut queue), Some((at(0), at(1000))));
    queue.retransmitted(&again(0, 1000, false));
    assert_eq!(due(&mut queue), Some((at(1000), at(2000))));
    queue.retransmitted(&again(1000, 2000, false));
    assert_eq!((due(&mut queue), queue.counts().resent), (None, 2));
    assert!(queue.find_lost(|range| if range.start == at(0) { Finding::Lost } else { Finding::Keep }));
    assert_eq!((due(&mut queue), queue.counts().resent), (Some((at(0), at(1000))), 1));
    queue.check_invariants(at(0), at(5000));
}

#[test]
fn a_probe_is_sent_again_but_not_counted_twice() {
    let mut queue = RetransmissionQueue::default();
    queue.sent(new_range(0, 2500, 0));
    assert_eq!(queue.tail(MSS), Some((at(2000), at(2500))));
    let sent = queue.retransmitted(&again(2000, 2500, true));
    assert_eq!((sent.segments, sent.push), (1, true));
    assert_eq!(queue.counts(), Counts { outstanding: 3, sacked: 0, lost: 0, resent: 0 });
    queue.check_invariants(at(0), at(2500));
}

#[test]
fn a_narrower_path_makes_more_segments_of_what_is_lost() {
    let mut queue = queue();
    assert!(queue.mark_longer_lost(400));
    assert_eq!(queue.counts(), Counts { outstanding: 15, sacked: 0, lost: 15, resent: 0 });
    assert!(!queue.mark_longer_lost(400));
    queue.check_invariants(at(0), at(5000));
}

#[test]
fn the_walk_goes_on_where_later_ranges_may_be_older() {
    let mut queue = queue();
    queue.mark_front_lost();
    queue.retransmitted(&again(0, 1000, false));
    let mut seen = 0;
    queue.find_lost(|range| {
        seen += 1;
        if range.sent_at > Instant::from_millis(2) { Finding::Stop } else { Finding::Lost }
    });
    assert_eq!((seen, queue.counts().lost), (4, 3), "the first was sent last, and says nothing of the rest");
}

#[test]
fn a_peer_that_reports_every_other_octet_does_not_make_the_queue_large() {
    let mut queue = RetransmissionQueue::default();
    queue.sent(new_range(0, 100_000, 0));
    for octet in (1..100_000).step_by(2) {
        sacked(&mut queue, octet, octet + 1);
    }
    for segment in (0..100).step_by(2) {
        sacked(&mut queue, segment * MSS, (segment + 1) * MSS);
    }
    queue.check_invariants(at(0), at(100_000));
    assert_eq!((queue.ranges.len(), queue.counts().sacked), (100, 50));
    // What fills the gaps makes one range of all.
    sacked(&mut queue, 0, 100_000);
    assert_eq!((queue.ranges.len(), queue.counts().sacked), (1, 100));
    queue.check_invariants(at(0), at(100_000));
}

#[test]
fn what_is_left_of_a_super_segment_has_a_number_in_each_of_its_segments() {
    let mut queue = RetransmissionQueue::default();
    queue.sent(new_range(0, 2100, 0));
    assert_eq!(acknowledged(&mut queue, 1600), 2, "five hundred octets are one segment");
    queue.check_invariants(at(1600), at(2100));
    assert_eq!(queue.tail(MSS), Some((at(1600), at(2100))));
}

#[test]
fn what_arrived_twice_and_is_taken_for_lost_is_not_sent_a_third_time() {
    let mut queue = queue();
    queue.mark_front_lost();
    queue.retransmitted(&again(0, 1000, false));
    queue.duplicated(at(0), at(1000), |_| {});
    assert_eq!(due(&mut queue), None);
    queue.check_invariants(at(0), at(5000));
    assert_eq!(sacked(&mut queue, 0, 1000), 1);
    assert_eq!(queue.counts(), Counts { outstanding: 5, sacked: 1, lost: 0, resent: 0 });
}

/// The size in use may have grown since: what is sent again is cut where it was.
#[test]
fn what_is_sent_again_keeps_its_segments() {
    let mut queue = RetransmissionQueue::default();
    queue.sent(new_range(0, 3 * MSS, 0));
    queue.find_lost(|_| Finding::Lost);
    assert_eq!(queue.next_due(1400).map(|range| range.mss), Some(MSS));
    let sent = queue.retransmitted(&again(0, 3000, false));
    assert_eq!((sent.segments, sent.mss), (3, MSS));
}

/// A probe is one segment, and as many as it takes when it is sent again.
#[test]
fn a_probe_of_the_mtu_that_is_lost_goes_in_smaller_segments() {
    let mut queue = RetransmissionQueue::default();
    queue.sent(NewRange { segments: 1, mss: 1400, ..new_range(0, 1400, 0) });
    queue.find_lost(|_| Finding::Lost);
    assert_eq!(queue.counts().lost, 1);
    assert_eq!(queue.next_due(MSS).map(|range| (range.mss, range.segments)), Some((MSS, 2)));
    assert_eq!((queue.counts().outstanding, queue.counts().lost), (2, 2));
}

#[test]
fn a_narrow_window_splits_the_segment_that_is_due_and_no_other() {
    let mut queue = RetransmissionQueue::default();
    queue.sent(new_range(0, 5 * MSS, 0));
    assert!(queue.find_lost(|_| Finding::Lost));
    assert_eq!(queue.next_due(MSS).map(|due| due.segments), Some(5));
    queue.split_due(48);
    queue.check_invariants(at(0), at(5 * MSS));
    let due = queue.next_due(MSS).map(|due| (due.start, due.end, due.segments));
    assert_eq!(due, Some((at(0), at(48), 1)));
    assert_eq!(queue.counts().outstanding, 6);
    queue.split_due(48);
    assert_eq!(queue.counts().outstanding, 6, "it fits as it is");
    queue.retransmitted(&again(0, 48, false));
    let due = queue.next_due(MSS).map(|due| (due.start, due.end, due.segments));
    assert_eq!(due, Some((at(48), at(MSS), 1)));
}

#[test]
fn what_was_sent_again_long_ago_says_nothing_of_the_order() {
    let mut queue = queue();
    queue.mark_front_lost();
    queue.retransmitted(&again(0, MSS, false));
    queue.acknowledge(at(MSS), |_, _| {});
    let mut seen = 0;
    queue.find_lost(|_| {
        seen += 1;
        Finding::Stop
    });
    assert_eq!(seen, 1);
}

#[test]
fn a_peer_cuts_the_queue_into_so_many_pieces_and_no_more() {
    let mut queue = RetransmissionQueue::default();
    let segments = 2 * MOST_CUT as u32 + 100;
    queue.sent(new_range(0, segments * MSS, 0));
    for segment in (1..segments).step_by(2).rev() {
        sacked(&mut queue, segment * MSS, (segment + 1) * MSS);
    }
    assert!(queue.ranges.len() <= MOST_CUT + 1, "{}", queue.ranges.len());
    queue.check_invariants(at(0), at(segments * MSS));
    // What covers whole ranges is heard all the same.
    sacked(&mut queue, 0, segments * MSS);
    assert_eq!(queue.counts().sacked, segments);
    queue.check_invariants(at(0), at(segments * MSS));
}

/// Three short segments and a FIN, all lost.
fn short_and_lost() -> RetransmissionQueue {
    let mut queue = RetransmissionQueue::default();
    for (start, octets) in [(0, 100), (100, 200), (300, 300), (600, 1)] {
        queue.sent(NewRange { segments: 1, ..new_range(start, octets, 0) });
    }
    queue.find_lost(|_| Finding::Lost);
    assert!(queue.next_due(MSS).is_some());
    queue
}

fn fits(room: u32) -> Collapse {
    Collapse { room, until: at(10_000), text_end: at(600) }
}

#[test]
fn short_segments_that_are_lost_become_one_with_the_fin() {
    let mut queue = short_and_lost();
    assert_eq!(queue.collapse_due(&fits(600)), 3, "a FIN takes no room");
    let due = queue.next_due(600).unwrap();
    assert_eq!((due.start, due.end, due.segments), (at(0), at(601), 1));
    assert_eq!(queue.counts(), Counts { outstanding: 1, lost: 1, ..Counts::default() });
    queue.check_invariants(at(0), at(601));
}

#[test]
fn a_segment_takes_in_what_fits_and_no_more_than_it_may() {
    let mut queue = short_and_lost();
    assert_eq!(queue.collapse_due(&fits(599)), 1, "it stays a whole number of those that were sent");
    assert_eq!(queue.collapse_due(&fits(300)), 0, "it is full");
    assert_eq!(queue.next_due(599).map(|due| due.end), Some(at(300)));
    let mut queue = short_and_lost();
    assert_eq!(queue.collapse_due(&Collapse { until: at(299), ..fits(600) }), 0);
    queue.check_invariants(at(0), at(601));
}

#[test]
fn what_the_peer_holds_and_the_end_of_a_record_are_never_passed() {
    let mut queue = short_and_lost();
    queue.sack(at(100), at(300), |_| {});
    assert_eq!(queue.collapse_due(&fits(1000)), 0);
    let mut queue = RetransmissionQueue::default();
    for (start, ends_record) in [(0, false), (100, true), (200, false)] {
        queue.sent(NewRange { segments: 1, ends_record, ..new_range(start, 100, 0) });
    }
    queue.find_lost(|_| Finding::Lost);
    assert!(queue.next_due(MSS).is_some());
    assert_eq!(queue.collapse_due(&fits(1000)), 1);
    assert_eq!(queue.next_due(MSS).map(|due| due.end), Some(at(200)));
}
