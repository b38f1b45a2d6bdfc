use synfin_wire::{SeqNumber, WindowScale};

use super::{ReceiveSpace, Room, announce, opening};

fn room(unread: usize) -> Room {
    Room { capacity: 1 << 20, unread, mss: 1460, scale: WindowScale::new(5) }
}

fn space() -> ReceiveSpace {
    ReceiveSpace::new(SeqNumber::new(u32::MAX - 5), 1 << 20)
}

#[test]
fn the_right_edge_never_moves_left_while_the_user_does_not_read() {
    let mut space = space();
    let mut unread = 0;
    let mut edge = space.edge;
    while unread < 1 << 20 {
        let arrived = 1000.min((1 << 20) - unread as u32);
        space.nxt += arrived;
        unread += arrived as usize;
        let window = announce(&mut space, &room(unread));
        let announced = space.nxt + (window.octets() >> 5 << 5);
        assert!(announced.at_or_after(edge), "shrunk with {unread} unread");
        assert!(space.edge.octets_since(edge) < 64, "the edge crept");
        edge = announced;
    }
    assert_eq!(announce(&mut space, &room(unread)).octets() >> 5, space.window() >> 5);
    assert!(space.window() < 64);
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
