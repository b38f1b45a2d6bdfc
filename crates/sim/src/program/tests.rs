use super::{is_pattern, pattern};

#[test]
fn the_pattern_tells_every_place_from_the_next() {
    let mut octets = Vec::new();
    while octets.len() < 200_000 {
        octets.extend_from_slice(&pattern(octets.len() as u64, 200_000 - octets.len() as u64));
    }
    assert!(is_pattern(0, &octets));
    assert!(is_pattern(70_000, &octets[70_000..]));
    assert!(!is_pattern(70_001, &octets[70_000..]));
    octets[123_456] ^= 1;
    assert!(!is_pattern(0, &octets));
    assert!(is_pattern(5, &[]));
}
