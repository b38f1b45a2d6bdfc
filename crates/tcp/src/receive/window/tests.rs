use synfin_wire::{SeqNumber, WindowScale};

use super::{ReceiveSpace, Room, announce, opening};

/// What one step of the field means under the scale below.
const UNIT: u32 = 32;

fn room(unread: usize) -> Room {
    Room { capacity: 1 << 20, unread, mss: 1460, scale: WindowScale::new(5) }
}

fn space() -> ReceiveSpace {
    ReceiveSpace::new(SeqNumber::new(u32::MAX - 5), 1 << 20)
}

#[test]
fn the_right_edge_stays_but_for_rounding_while_the_user_does_not_read() {
    let mut space = space();
    let start = space.nxt;
    let mut unread = 0;
    let mut edge = space.edge;
    while unread < 1 << 20 {
        let arrived = 1000.min((1 << 20) - unread as u32);
        space.nxt += arrived;
        unread += arrived as usize;
        let window = announce(&mut space, &room(unread));
        let announced = space.nxt + (window.octets() >> 5 << 5);
        assert!(edge.octets_since(announced) < UNIT, "shrunk with {unread} unread");
        edge = edge.later(announced);
    }
    assert!(announce(&mut space, &room(unread)).octets() < 2 * UNIT);
    assert!(space.edge.octets_since(start + (1 << 20)) < 2 * UNIT, "the edge crept");
}

#[test]
fn a_window_reopens_by_a_segment_at_least() {
    let mut space = space();
    space.nxt = space.edge;
    assert_eq!(announce(&mut space, &room(1 << 20)).octets(), 0);
    assert_eq!(opening(&space, &room((1 << 20) - 1459)), None);
    assert_eq!(opening(&space, &room((1 << 20) - 1460)), Some(1460));
    assert_eq!(announce(&mut space, &room((1 << 20) - 1460)).octets(), 1440);
}

#[test]
fn a_field_that_can_say_no_more_is_no_reason_for_an_update() {
    let room = Room { scale: WindowScale::NONE, ..room(0) };
    let mut space = ReceiveSpace::new(SeqNumber::new(7), 65_535);
    assert_eq!(opening(&space, &room), None);
    space.nxt += 500;
    assert_eq!(opening(&space, &room), None);
    assert_eq!(announce(&mut space, &room).octets(), 65_035);
}
