use alloc::vec::Vec;

use super::{Gathering, KEPT, LEAST};

#[test]
fn short_messages_take_the_same_memory_again() {
    let mut gathering = Gathering::default();
    let mut places = Vec::new();
    for round in 0..10 * LEAST {
        if !gathering.has_room(1) {
            gathering.begin(1);
        }
        gathering.put(&[round as u8]);
        let chunk = gathering.take().expect("there is an octet");
        assert_eq!(chunk[..], [round as u8]);
        places.push(chunk.as_ptr() as usize);
        gathering.calm();
    }
    let (first, last) = (places.iter().min().unwrap(), places.iter().max().unwrap());
    assert!(last - first < LEAST, "{} octets were in use", last - first + 1);
}

#[test]
fn a_chunk_that_somebody_holds_is_not_written_to() {
    let mut gathering = Gathering::default();
    gathering.begin(KEPT);
    gathering.put(&[1; KEPT]);
    let held = gathering.take().unwrap();
    gathering.begin(KEPT);
    gathering.put(&[2; KEPT]);
    assert_eq!(held[..], [1; KEPT]);
    assert_eq!(gathering.take().unwrap()[..], [2; KEPT]);
}

#[test]
fn much_memory_does_not_stay() {
    let mut gathering = Gathering::default();
    gathering.begin(16 * KEPT);
    gathering.put(b"text");
    drop(gathering.take());
    gathering.calm();
    assert!(!gathering.has_room(1));
}
