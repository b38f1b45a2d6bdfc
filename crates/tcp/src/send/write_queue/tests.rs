use super::WriteQueue;

/// A queue of bursts of so many octets, each pushed.
fn queue(bursts: &[u32]) -> WriteQueue {
    let mut queue = WriteQueue::default();
    for octets in bursts {
        queue.begin();
        queue.extend(*octets, false);
        queue.mark_push();
    }
    queue
}

#[test]
fn small_writes_share_a_burst_until_it_is_full() {
    let mut queue = queue(&[400]);
    assert_eq!(queue.tail_room(1000, false), 600);
    queue.extend(600, false);
    assert_eq!(queue.tail_room(1000, false), 0);
}

#[test]
fn nothing_goes_behind_the_end_of_a_record() {
    let mut queue = queue(&[400]);
    queue.end_record();
    assert_eq!(queue.tail_room(1000, false), 0);
}

#[test]
fn the_marks_of_a_burst_stay_at_its_end() {
    let mut queue = queue(&[1500]);
    let first = queue.sent(1000).expect("there is a burst");
    assert_eq!((first.len, first.push), (1000, false));
    let rest = queue.sent(500).expect("there is the rest");
    assert_eq!((rest.len, rest.push), (500, true));
    assert!(queue.front().is_none());
}

#[test]
fn what_is_let_go_is_counted_until_it_is_sent() {
    let mut queue = queue(&[3000, 500]);
    queue.release(2000, true);
    assert_eq!(queue.released(), 2000);
    let (held, is_last) = queue.held().expect("a thousand are held");
    assert_eq!((held.len, is_last), (1000, false));
    // A device that takes less gets it in pieces.
    assert!(!queue.sent(1000).expect("a piece").train);
    assert!(queue.sent(1000).expect("the last piece").train);
    assert_eq!(queue.released(), 0);
    assert_eq!(queue.held().map(|(burst, _)| burst.len), Some(1000));
}

#[test]
fn a_lent_burst_takes_seventeen_slices() {
    let mut queue = queue(&[1]);
    for _ in 0..17 {
        queue.extend(1, true);
    }
    assert_eq!(queue.tail_room(1000, true), 0);
    assert_eq!(queue.tail_room(1000, false), 1000 - 18);
}

#[test]
fn a_queue_is_brought_in_line_with_the_buffer() {
    let mut queue = queue(&[300, 300]);
    queue.align(400);
    assert_eq!(queue.front().map(|burst| burst.len), Some(100));
    queue.align(500);
    assert_eq!(queue.len(), 3);
}

#[test]
fn bursts_become_one_for_a_probe() {
    let mut queue = queue(&[300, 300, 300]);
    assert!(queue.can_gather(900) && !queue.can_gather(901));
    queue.gather(700);
    assert_eq!(queue.front().map(|burst| burst.len), Some(700));
    assert_eq!((queue.len(), queue.sent(700).map(|burst| burst.len)), (2, Some(700)));
    assert_eq!(queue.front().map(|burst| burst.len), Some(200));
}

#[test]
fn no_probe_goes_beyond_a_record_or_into_what_was_let_go() {
    let mut queue = queue(&[300]);
    queue.end_record();
    queue.begin();
    queue.extend(300, false);
    assert!(queue.can_gather(300) && !queue.can_gather(301));
    queue.release(300, false);
    assert!(!queue.can_gather(300));
}

#[test]
fn a_burst_is_filled_up_from_the_next() {
    let mut queue = queue(&[1000, 3000]);
    queue.fill(2000);
    assert_eq!(queue.len(), 2);
    let first = queue.sent(2000).expect("there is a burst");
    assert_eq!((first.len, first.push), (2000, true), "it was pushed, and goes on to be");
    queue.begin();
    queue.extend(500, false);
    queue.fill(4000);
    assert_eq!(queue.len(), 1);
    let rest = queue.sent(2500).expect("both became one");
    assert_eq!((rest.len, rest.push), (2500, true));
}

#[test]
fn nothing_is_filled_up_beyond_a_record_or_with_what_is_lent() {
    let mut ended = queue(&[1000]);
    ended.end_record();
    ended.begin();
    ended.extend(1000, false);
    ended.fill(2000);
    assert_eq!(ended.front().map(|burst| burst.len), Some(1000));
    let mut lent = queue(&[1000]);
    lent.begin();
    lent.extend(1000, true);
    lent.fill(2000);
    assert_eq!(lent.front().map(|burst| burst.len), Some(1000));
}

#[test]
fn what_was_let_go_is_not_filled_up() {
    let mut queue = queue(&[1000, 1000, 1000]);
    queue.release(1000, false);
    queue.fill(2000);
    assert_eq!((queue.front().map(|burst| burst.len), queue.len()), (Some(1000), 2));
}
