use super::SeqNumber;

#[test]
fn comparison_holds_across_the_wrap() {
    let before = SeqNumber::new(0xffff_fff0);
    let after = before + 0x20;
    assert_eq!(after.value(), 0x10);
    assert!(before.before(after));
    assert!(!after.before(before));
    assert!(after.at_or_after(after) && after.at_or_before(after));
    assert_eq!(after.distance(before), 0x20);
    assert_eq!(before.distance(after), -0x20);
    assert_eq!(before.octets_since(after), 0);
    assert_eq!(before.later(after), after);
    assert_eq!(before.earlier(after), before);
    assert_eq!(after - 0x20, before);
}
