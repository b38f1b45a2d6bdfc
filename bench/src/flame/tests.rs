use super::*;

#[test]
fn a_box_is_as_wide_as_what_was_spent() {
    let mut flame = Flame::default();
    flame.add(["main", "a"], 300);
    flame.add(["main", "b<c>"], 100);
    flame.add(["main"], 0);
    let svg = flame.to_svg("A & B", 4, "instructions");
    assert!(svg.contains(">A &amp; B</text>"), "{svg}");
    assert!(
        svg.contains(
            "<title>main: 100 instructions (100.0 %)</title><rect x=\"0.0\" y=\"46.0\" width=\"1200.0\""
        ),
        "{svg}"
    );
    assert!(
        svg.contains("<title>a: 75 instructions (75.0 %)</title><rect x=\"0.0\" y=\"28.0\" width=\"900.0\""),
        "{svg}"
    );
    assert!(svg.contains("<title>b&lt;c&gt;: 25 instructions (25.0 %)</title><rect x=\"900.0\""), "{svg}");
}

#[test]
fn what_is_too_narrow_is_left_out() {
    let mut flame = Flame::default();
    flame.add(["main", "wide"], 10_000);
    flame.add(["main", "narrow"], 1);
    assert!(!flame.to_svg("", 1, "").contains("narrow"));
}
