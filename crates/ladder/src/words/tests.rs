use super::*;
use crate::{Language, samples};

#[test]
fn the_four_parts_of_a_close_are_counted() {
    let (connection, catalogue) = (samples::closed(), Catalogue::new(Language::Chinese));
    let words = Words::new(&catalogue, &connection);
    let told: Vec<_> = connection.steps.iter().map(|step| words.sentence(step)).collect();
    assert!(told[0].starts_with("第一次握手"), "{told:?}");
    assert!(told[5].starts_with("第一次挥手"), "{told:?}");
    assert!(told[7].starts_with("第三次挥手"), "{told:?}");
    assert!(told[8].starts_with("第四次挥手"), "{told:?}");
}

#[test]
fn spans_have_three_digits() {
    let told = |nanos| span(Duration::from_nanos(nanos));
    assert_eq!(told(0), "0 ms");
    assert_eq!(told(850), "850 ns");
    assert_eq!(told(12_345), "12.3 µs");
    assert_eq!(told(999_960), "1000 µs");
    assert_eq!(told(1_500_000), "1.5 ms");
    assert_eq!(told(200_000_000), "200 ms");
    assert_eq!(told(61_240_000_000), "61.2 s");
}

#[test]
fn octets_are_short() {
    let (connection, catalogue) = (samples::closed(), Catalogue::new(Language::English));
    let words = Words::new(&catalogue, &connection);
    assert_eq!(words.octets(1), "1 octet");
    assert_eq!(words.octets(9_999), "9999 octets");
    assert_eq!(words.octets(70_400), "70.4 KB");
    assert_eq!(words.octets(5_000_000_000), "5 GB");
}

#[test]
fn nothing_of_a_capture_is_obeyed() {
    let told = plain(samples::HOSTILE);
    assert!(!told.chars().any(char::is_control) && !told.contains('\u{202e}'));
}

#[test]
fn frames_are_cut_short() {
    let (mut connection, catalogue) = (samples::lossy(), Catalogue::new(Language::English));
    connection.findings[0].frames = (1..=20).collect();
    let words = Words::new(&catalogue, &connection);
    assert_eq!(words.frames(&connection.findings[0]), "frames 1, 2, 3, 4, 5, 6, 7, 8 and more");
    assert_eq!(words.frames(&connection.findings[2]), "frame 85");
}
