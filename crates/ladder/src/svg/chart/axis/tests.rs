use super::*;

#[test]
fn ticks_are_round() {
    assert_eq!(Axis::up_to(70_000.0, (0, 100)).ticks(), [0.0, 20_000.0, 40_000.0, 60_000.0, 80_000.0]);
    assert!(Axis::up_to(0.0, (0, 100)).ticks().len() > 1);
    let middle = Axis::between((5_000.013, 5_000.113), (0, 100));
    assert!(middle.ticks().iter().all(|tick| (5_000.013..=5_000.113).contains(tick)), "{:?}", middle.ticks());
}

#[test]
fn values_have_their_place() {
    let axis = Axis::up_to(80.0, (200, 20));
    assert_eq!((axis.place(0.0), axis.place(80.0), axis.place(40.0)), (200.0, 20.0, 110.0));
}

#[test]
fn amounts_are_short() {
    assert_eq!((count(9_500.0), count(20_000.0), count(3e6)), ("9500".into(), "20 k".into(), "3 M".into()));
    assert_eq!((octets(500.0), octets(64_000.0)), ("500".into(), "64 KB".into()));
}
