use core::fmt::Debug;

use super::*;

fn comes_back<T: Compact + PartialEq + Debug>(values: &[T]) {
    let mut to = Writer::new();
    values.iter().for_each(|value| value.write(&mut to));
    let mut from = Reader::new(&to.octets);
    for value in values {
        assert_eq!(T::read(&mut from), *value);
    }
    assert!(from.is_at_end());
}

#[test]
fn numbers_come_back() {
    let edges = [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, u64::from(u32::MAX), 1 << 62, 1 << 63, u64::MAX];
    comes_back(&edges);
    comes_back(&edges.map(|number| number as u32));
    comes_back(&edges.map(|number| number as u8));
    comes_back(&edges.map(|number| SeqNumber::new(number as u32)));
    comes_back(&edges.map(|number| (Some(number > 5), [number as u16; 2])));
}

#[test]
fn moments_come_back_in_any_order() {
    let moments = [5, 0, u64::MAX, 1 << 63, 7, u64::MAX, u64::MAX, 3_000_000_000, 1].map(Instant::from_nanos);
    comes_back(&moments);
    comes_back(&[Duration::ZERO, Duration::MAX, Duration::from_nanos(1), Duration::from_millis(200)]);
}

#[test]
fn a_moment_near_the_last_one_takes_few_octets() {
    let mut to = Writer::new();
    let first = Instant::from_millis(1_000_000_000);
    [first, first + Duration::from_nanos(60), first].iter().for_each(|moment| moment.write(&mut to));
    assert_eq!(to.octets.len(), 8 + 1 + 1);
}

#[test]
fn zeros_take_two_octets_however_many_they_are() {
    let mut to = Writer::new();
    [0u8; 200].write(&mut to);
    assert_eq!(to.octets, [0, 200]);
    for count in [1, 2, 254, 255, 256, 600] {
        let mut values = alloc::vec![0u32; count];
        comes_back(&values);
        values.extend([1, 0, 0, 7, 0]);
        comes_back(&values);
    }
}
