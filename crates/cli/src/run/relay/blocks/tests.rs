use super::*;

fn read(blocks: &mut Blocks, octets: usize) -> (Bytes, usize) {
    let room = blocks.room(octets);
    assert!(room.is_empty() && room.capacity() >= octets);
    let place = room.as_ptr().addr();
    room.resize(octets, 7);
    (blocks.take(), place)
}

#[test]
fn a_block_is_read_into_again_once_nobody_has_any_of_it() {
    let mut blocks = Blocks::default();
    let (first, place) = read(&mut blocks, BLOCK);
    let (second, other) = read(&mut blocks, BLOCK);
    assert_ne!(other, place, "the first is still lent out");
    drop(first);
    assert_eq!(read(&mut blocks, BLOCK).1, place);
    drop(second);
    assert_eq!(read(&mut blocks, BLOCK).1, place, "nobody has kept what was read into it");
}

#[test]
fn the_rest_of_a_block_is_used_where_it_is_enough() {
    let mut blocks = Blocks::default();
    let (first, place) = read(&mut blocks, BLOCK / 2);
    let (second, other) = read(&mut blocks, BLOCK / 2);
    assert_eq!(other, place + BLOCK / 2);
    assert_eq!((first.len(), second.len()), (BLOCK / 2, BLOCK / 2));
}

#[test]
fn a_little_does_not_keep_a_block() {
    let mut blocks = Blocks::default();
    let (first, place) = read(&mut blocks, LITTLE);
    assert_eq!(read(&mut blocks, LITTLE).1, place);
    assert_eq!(first, vec![7; LITTLE]);
}

#[test]
fn what_is_kept_is_bounded() {
    let mut blocks = Blocks::default();
    let lent: Vec<Bytes> = (0..20).map(|_| read(&mut blocks, BLOCK).0).collect();
    assert_eq!(blocks.lent.len(), KEPT);
    assert!(lent.iter().all(|bytes| bytes.len() == BLOCK));
}
