use std::time::Duration;

use synfin_wire::Instant;

use super::IsnGenerator;

#[test]
fn numbers_of_one_pair_move_with_the_clock_and_say_nothing_of_another() {
    let isn = IsnGenerator::new(&[1; 32]);
    let (local, remote) = ("10.0.0.1:80".parse().unwrap(), "10.0.0.2:4000".parse().unwrap());
    let other = "10.0.0.2:4001".parse().unwrap();
    let start = Instant::from_millis(77);
    let first = isn.initial_sequence(local, remote, start);
    // MUST-8: one tick every 4 microseconds.
    let later = isn.initial_sequence(local, remote, start + Duration::from_millis(4));
    assert_eq!(later.distance(first), 1000);
    assert!(isn.initial_sequence(local, other, start).distance(first).unsigned_abs() > 1 << 16);
    assert_ne!(IsnGenerator::new(&[2; 32]).initial_sequence(local, remote, start), first);
}

#[test]
fn timestamps_of_one_pair_have_one_offset() {
    let isn = IsnGenerator::new(&[1; 32]);
    let (local, remote) = ("[fd00::1]:80".parse().unwrap(), "[fd00::2]:4000".parse().unwrap());
    assert_eq!(isn.timestamp_offset(local, remote), isn.timestamp_offset(local, remote));
    assert_ne!(isn.timestamp_offset(local, remote), isn.timestamp_offset(remote, local));
    let drawn = isn.initial_sequence(local, remote, Instant::ZERO).value();
    assert_ne!(isn.timestamp_offset(local, remote), drawn);
}
