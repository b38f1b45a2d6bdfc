use synfin_wire::{SeqNumber, WindowScale};

use super::{ReceiveSpace, Room, announce, is_news, select};

/// What one step of the field means under the scale below.
const UNIT: u32 = 32;
const FULL: u32 = 1 << 20;

fn room(unread: u32) -> Room {
    Room {
        full: FULL,
        free: FULL - unread,
        clamp: FULL,
        threshold: FULL,
        full_segment: 1460,
        scale: WindowScale::new(5),
        may_shrink: false,
    }
}

fn space() -> ReceiveSpace {
    ReceiveSpace::new(SeqNumber::new(u32::MAX - 5), FULL)
}

#[test]
fn a_window_that_may_shrink_follows_the_room() {
    let mut space = space();
    for unread in [0, 100_001, 700_000, 990_000, 400_000] {
        let window = announce(&mut space, &Room { may_shrink: true, ..room(unread) }).octets();
        let free = FULL - unread;
        let expected = if free < FULL / 16 { 0 } else { free / UNIT * UNIT };
        assert_eq!((window, space.window()), (expected, expected));
    }
}

#[test]
fn the_right_edge_stays_but_for_rounding_while_the_user_does_not_read() {
    let mut space = space();
    let mut unread = 0;
    let mut edge = space.edge;
    while unread < FULL {
        let arrived = 1000.min(FULL - unread);
        space.nxt += arrived;
        unread += arrived;
        let window = announce(&mut space, &room(unread));
        let announced = space.nxt + (window.octets() >> 5 << 5);
        assert!(edge.octets_since(announced) < UNIT, "shrunk with {unread} unread");
        edge = edge.later(announced);
    }
    assert!(announce(&mut space, &room(FULL)).octets() < 2 * UNIT * (FULL / 1000));
}

#[test]
fn a_window_reopens_by_a_sixteenth_of_the_buffer_at_least() {
    let mut space = space();
    space.nxt = space.edge;
    assert_eq!(announce(&mut space, &room(FULL)).octets(), 0);
    assert_eq!(select(&space, &room(FULL - FULL / 16 + UNIT)), 0);
    assert_eq!(select(&space, &room(FULL - FULL / 16)), FULL / 16);
    assert!(is_news(&space, &room(FULL - FULL / 16)));
}

#[test]
fn without_a_scale_the_window_moves_by_whole_segments() {
    let room = Room { scale: WindowScale::NONE, clamp: 65_535, threshold: 65_535, ..room(0) };
    let mut space = ReceiveSpace::new(SeqNumber::new(7), 65_535);
    assert!(!is_news(&space, &room));
    space.nxt += 500;
    assert_eq!(announce(&mut space, &room).octets(), 65_535);
    let short = Room { full: 65_535, free: 20_000, ..room };
    space.nxt += 50_000;
    assert_eq!(select(&space, &short), 13 * 1460);
}

#[test]
fn a_window_is_news_when_it_has_doubled() {
    let mut space = space();
    space.nxt += FULL - 100_000;
    assert!(!is_news(&space, &room(FULL - 199_000)));
    assert!(is_news(&space, &room(FULL - 201_000)));
}

/// Without a scale the window moves by whole segments, of which one may be all that is recommended.
#[test]
fn a_segment_larger_than_the_recommended_window_does_not_keep_it_shut() {
    let mut space = space();
    space.nxt = space.edge;
    let scale = WindowScale::NONE;
    let small =
        Room { full: 1100, free: 0, clamp: 1100, threshold: 1062, full_segment: 1074, scale, ..room(0) };
    assert_eq!(announce(&mut space, &small).octets(), 0);
    assert_eq!(select(&space, &Room { free: 1100, ..small }), 1062);
}
