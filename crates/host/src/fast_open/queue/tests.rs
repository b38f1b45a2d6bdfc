use std::time::Duration;

use synfin_wire::Instant;

use super::FastOpenQueue;

#[test]
fn a_reset_keeps_its_place_for_a_minute() {
    let mut queue = FastOpenQueue::new(2);
    let begin = Instant::from_millis(1000);
    assert!(queue.has_room(begin));
    queue.began();
    queue.began();
    assert!(!queue.has_room(begin));
    queue.ended(None);
    assert!(queue.has_room(begin), "who has finished the handshake leaves");
    queue.began();
    queue.ended(Some(begin));
    queue.ended(Some(begin + Duration::from_secs(1)));
    assert!(!queue.has_room(begin + Duration::from_secs(59)));
    assert!(queue.has_room(begin + Duration::from_secs(60)));
}

#[test]
fn without_a_limit_nobody_may_begin() {
    assert!(!FastOpenQueue::new(0).has_room(Instant::ZERO));
}
