use super::*;

fn frame<'a>(title: &'a str, stacks: &'a [Stack]) -> Frame<'a> {
    Frame { title, axis: "speed", made_by: "a machine", stacks }
}

fn bar(stack: Stack, length: f64) -> Bar {
    Bar { stack, length, label: format!("{length} times") }
}

/// Of the bars in this colour, legend included.
fn widths(svg: &str, colour: &str) -> Vec<f64> {
    let rects = svg.lines().filter(|line| line.starts_with("<rect x=") && line.contains(colour));
    rects.map(|rect| attribute(rect, "width")).collect()
}

fn attribute(line: &str, name: &str) -> f64 {
    let (_, rest) = line.split_once(&format!(" {name}=\"")).unwrap();
    rest.split_once('"').unwrap().0.parse().unwrap()
}

/// The place of the mark that tells this.
fn place(svg: &str, told: &str) -> (f64, f64) {
    let mark = svg.lines().find(|line| line.contains(&format!("<title>{told}</title>"))).unwrap();
    let (_, rest) = mark.split_once("translate(").unwrap();
    let (x, y) = rest.split_once(')').unwrap().0.split_once(' ').unwrap();
    (x.parse().unwrap(), y.parse().unwrap())
}

const SYNFIN: &str = "#0072b2";
const SMOLTCP: &str = "#e69f00";

#[test]
fn each_figure_has_a_bar_as_long_as_it_is() {
    let groups = [
        Group { name: "a".to_owned(), bars: vec![bar(Stack::Synfin, 1.0), bar(Stack::Smoltcp, 2.5)] },
        Group { name: "b".to_owned(), bars: vec![bar(Stack::Synfin, 1.0)] },
    ];
    let svg = bars(&frame("Bars", &[Stack::Synfin, Stack::Smoltcp]), &groups);
    let (ours, theirs) = (widths(&svg, SYNFIN), widths(&svg, SMOLTCP));
    assert_eq!((ours.len(), theirs.len()), (3, 2), "{svg}");
    assert_eq!(ours[1], ours[2]);
    assert!((theirs[1] / ours[1] - 2.5).abs() < 0.01, "{theirs:?} {ours:?}");
    assert!(svg.contains(">2.5 times</text>"), "{svg}");
}

#[test]
fn groups_do_not_overlap_what_is_below_them() {
    let group = |name: &str| Group { name: name.to_owned(), bars: vec![bar(Stack::Synfin, 1.0); 3] };
    let svg = bars(&frame("Bars", &[]), &[group("a"), group("b")]);
    let bars = svg.lines().filter(|line| line.contains(SYNFIN));
    let tops: Vec<_> = bars.map(|line| attribute(line, "y")).collect();
    assert!(tops.windows(2).all(|tops| tops[1] - tops[0] >= BAR), "{tops:?}");
    let axis = svg.lines().find(|line| line.contains(">speed</text>")).unwrap();
    assert!(attribute(axis, "y") > tops[5] + BAR + 12.0, "{svg}");
}

#[test]
fn a_label_is_not_across_the_line_at_1() {
    let groups = [Group { name: "a".to_owned(), bars: vec![bar(Stack::Smoltcp, 0.9)] }];
    let svg = bars(&frame("Bars", &[]), &groups);
    let line = svg.lines().find(|line| line.starts_with("<line") && line.contains(INK)).unwrap();
    let label = svg.lines().find(|line| line.contains(">0.9 times<")).unwrap();
    assert!(attribute(label, "x") > attribute(line, "x1"), "{svg}");
}

#[test]
fn a_point_lies_where_its_figures_say() {
    let points = vec![(0, 1.0), (10, 0.6), (100, 0.3), (1000, 0.0)];
    let panel = Panel { name: "a".to_owned(), lines: vec![Line { stack: Stack::Smoltcp, points }] };
    let svg = panels(&frame("Lines", &[Stack::Smoltcp]), &[panel]);
    let at = ["0 idle: 1.00", "10 idle: 0.60", "100 idle: 0.30", "1000 idle: 0.00"]
        .map(|told| place(&svg, &format!("smoltcp, {told}")));
    let (left, right) = (MARGIN + SCALE, WIDTH - MARGIN);
    let decade = (right - left) / 3.0;
    for (steps, (x, _)) in at.iter().enumerate() {
        assert!((x - left - steps as f64 * decade).abs() < 0.1, "{at:?}");
    }
    let (top, bottom) = (HEAD + 34.0, HEAD + 34.0 + PANEL_HEIGHT);
    assert_eq!(at[1].1, f64::midpoint(top, bottom));
    assert_eq!(at[3].1, bottom);
    let line = svg.lines().find(|line| line.starts_with("<polyline")).unwrap();
    assert!(line.contains(&format!("{:.1},{:.1} ", at[0].0, at[0].1)), "{line}");
}

#[test]
fn a_panel_goes_up_to_the_highest_figure() {
    let line = |figure| Line { stack: Stack::Synfin, points: vec![(0, 1.0), (10, figure)] };
    let panel = |figure| Panel { name: "a".to_owned(), lines: vec![line(figure)] };
    let low = panels(&frame("Lines", &[]), &[panel(0.5)]);
    assert!(low.contains(">1.2</text>") && !low.contains(">1.4</text>"), "{low}");
    let high = panels(&frame("Lines", &[]), &[panel(1.33)]);
    assert!(high.contains(">1.4</text>") && !high.contains(">1.6</text>"), "{high}");
    assert!(place(&high, "synfin, 10 idle: 1.33").1 > HEAD + 34.0);
}

#[test]
fn the_axis_has_the_powers_of_ten_that_are_needed() {
    assert_eq!(Decades::of([0, 10, 1_000_000].into_iter()), Decades { first: 1, last: 6 });
    assert_eq!(Decades::of([30, 2000].into_iter()), Decades { first: 1, last: 4 });
    assert_eq!(Decades::of([0].into_iter()), Decades { first: 0, last: 0 });
    assert_eq!([1, 100, 10_000, 10_000_000].map(short), ["1", "100", "10k", "10M"]);
}

#[test]
fn text_is_escaped_and_what_made_it_is_wrapped() {
    let made_by = ["Medians", "<of>", "&"].map(|word| word.repeat(40)).join(" ");
    let svg = bars(&Frame { made_by: &made_by, ..frame("A & B", &[]) }, &[]);
    assert!(svg.contains(">A &amp; B</text>"), "{svg}");
    assert!(!svg.contains("<of>"), "{svg}");
    let small: Vec<_> = svg.lines().filter(|line| line.contains("font-size=\"10\"")).collect();
    assert_eq!(small.len(), 3, "{small:?}");
    let height = svg.split_once("viewBox=\"0 0 1000 ").unwrap().1.split_once('"').unwrap().0;
    assert!(attribute(small[2], "y") < height.parse().unwrap(), "{svg}");
}
