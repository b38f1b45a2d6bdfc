//! Plots of what stacks do side by side, as SVG: bars in groups, and lines in panels.

mod canvas;

use crate::task::Stack;
use canvas::{Anchor, Canvas, INK, LETTER, PALE, WIDTH};

/// What stands around a plot.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// Above it.
    pub title: &'a str,
    /// What the axis of the figures counts.
    pub axis: &'a str,
    /// Below it, in small letters: what made the figures.
    pub made_by: &'a str,
    /// Whose figures there are.
    pub stacks: &'a [Stack],
}

/// Bars that belong together, one below the other.
#[derive(Clone, Debug)]
pub struct Group {
    /// Beside them.
    pub name: String,
    /// Without those of stacks that have no figure.
    pub bars: Vec<Bar>,
}

/// A bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Whose.
    pub stack: Stack,
    /// In the unit of the axis.
    pub length: f64,
    /// At its end.
    pub label: String,
}

/// Lines over one axis of how many idle connections there are.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Above it.
    pub name: String,
    /// One for each stack.
    pub lines: Vec<Line>,
}

/// A line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Whose.
    pub stack: Stack,
    /// How many connections are idle, and the figure beside them; in ascending order.
    pub points: Vec<(usize, f64)>,
}

const MARGIN: f64 = 16.0;
/// Where what is below title and legend begins.
const HEAD: f64 = 72.0;
const BAR: f64 = 14.0;
const BETWEEN_GROUPS: f64 = 12.0;
/// What the label of the longest bar takes.
const LABEL: f64 = 90.0;
const PANEL_HEIGHT: f64 = 220.0;
/// What the figures beside an axis take.
const SCALE: f64 = 34.0;
const BETWEEN_PANELS: f64 = 24.0;
/// The least that the vertical axis of panels goes up to.
const PANEL_TOP: f64 = 1.2;

/// Draws groups of horizontal bars, all from the same zero, and a line at 1.
#[must_use]
pub fn bars(frame: &Frame<'_>, groups: &[Group]) -> String {
    let mut canvas = head(frame, |canvas, stack, (x, y)| canvas.bar(stack, (x - 6.0, y - 6.0), (12.0, 12.0)));
    let letters = groups.iter().map(|group| group.name.chars().count()).max().unwrap_or(0);
    let left = MARGIN + letters as f64 * LETTER + 8.0;
    let lengths = groups.iter().flat_map(|group| &group.bars).map(|bar| bar.length);
    let longest = lengths.fold(1.0, f64::max).ceil();
    let scale = (WIDTH - MARGIN - LABEL - left) / longest;
    let heights = groups.iter().map(|group| group.bars.len() as f64 * BAR + BETWEEN_GROUPS);
    let bottom = HEAD + heights.sum::<f64>();
    for tick in ticks(longest, (longest / 10.0).ceil()) {
        let x = left + tick * scale;
        canvas.line((x, HEAD), (x, bottom), if tick == 1.0 { INK } else { PALE });
        canvas.text((x, bottom + 16.0), 12.0, Anchor::Middle, &tick.to_string());
    }
    let mut y = HEAD + BETWEEN_GROUPS / 2.0;
    for group in groups {
        let middle = y + group.bars.len() as f64 * BAR / 2.0 + 4.0;
        canvas.text((left - 8.0, middle), 12.0, Anchor::End, &group.name);
        for bar in &group.bars {
            let end = left + bar.length * scale;
            canvas.bar(bar.stack, (left, y), (end - left, BAR - 2.0));
            // Not across the line at 1.
            canvas.text((end.max(left + scale) + 5.0, y + 10.0), 11.0, Anchor::Start, &bar.label);
            y += BAR;
        }
        y += BETWEEN_GROUPS;
    }
    canvas.text((left, bottom + 36.0), 12.0, Anchor::Start, frame.axis);
    canvas.finish(bottom + 60.0, frame.made_by)
}

/// Draws panels beside one another, with the number of idle connections from left to right: none at a place of its own,
/// the others by their logarithm.
#[must_use]
pub fn panels(frame: &Frame<'_>, panels: &[Panel]) -> String {
    let mut canvas = head(frame, |canvas, stack, at| canvas.mark(stack, at, stack.name()));
    canvas.text((MARGIN, HEAD + 4.0), 12.0, Anchor::Start, frame.axis);
    let points = || panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| &line.points);
    let highest = points().map(|(_, figure)| *figure).fold(PANEL_TOP, f64::max);
    let decades = Decades::of(points().map(|(idle, _)| *idle));
    let many = panels.len().max(1) as f64;
    let width = (WIDTH - 2.0 * MARGIN - (many - 1.0) * BETWEEN_PANELS) / many - SCALE;
    let (top, bottom) = (HEAD + 34.0, HEAD + 34.0 + PANEL_HEIGHT);
    for (at, panel) in panels.iter().enumerate() {
        let left = MARGIN + at as f64 * (SCALE + width + BETWEEN_PANELS) + SCALE;
        let place = Place { left, width, top, bottom, highest: (highest * 5.0).ceil() / 5.0, decades };
        place.draw(&mut canvas, panel);
    }
    canvas.text((WIDTH / 2.0, bottom + 38.0), 12.0, Anchor::Middle, "idle connections");
    canvas.finish(bottom + 62.0, frame.made_by)
}

/// Title and legend.
fn head(frame: &Frame<'_>, sample: impl Fn(&mut Canvas, Stack, (f64, f64))) -> Canvas {
    let mut canvas = Canvas::default();
    canvas.text((MARGIN, 26.0), 16.0, Anchor::Start, frame.title);
    let mut x = MARGIN;
    for stack in frame.stacks {
        sample(&mut canvas, *stack, (x + 6.0, 44.0));
        canvas.text((x + 18.0, 48.0), 12.0, Anchor::Start, stack.name());
        x += 18.0 + stack.name().len() as f64 * LETTER + 20.0;
    }
    canvas
}

/// From 0 up to `most`.
fn ticks(most: f64, step: f64) -> impl Iterator<Item = f64> {
    (0..=(most / step + 0.01) as usize).map(move |tick| tick as f64 * step)
}

/// Powers of ten on an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Decades {
    first: u32,
    last: u32,
}

impl Decades {
    /// All that are needed for these numbers.
    fn of(numbers: impl Iterator<Item = usize>) -> Self {
        let (mut first, mut last) = (u32::MAX, 0);
        for number in numbers.filter(|number| *number > 0) {
            first = first.min(number.ilog10());
            last = last.max(number.ilog10() + u32::from(!is_power_of_ten(number)));
        }
        Self { first: first.min(last), last }
    }

    /// How far to the right a number is, from 0 to 1. Zero is a decade to the left of the first.
    fn part(self, number: usize) -> f64 {
        let all = f64::from(self.last - self.first) + 1.0;
        if number == 0 { 0.0 } else { ((number as f64).log10() - f64::from(self.first) + 1.0) / all }
    }
}

fn is_power_of_ten(number: usize) -> bool {
    number == 10_usize.pow(number.ilog10())
}

/// Where a panel is drawn, and how.
struct Place {
    left: f64,
    width: f64,
    top: f64,
    bottom: f64,
    /// The figure at the top.
    highest: f64,
    decades: Decades,
}

impl Place {
    fn draw(&self, canvas: &mut Canvas, panel: &Panel) {
        canvas.text((self.left, self.top - 10.0), 12.0, Anchor::Start, &panel.name);
        for tick in ticks(self.highest, 0.2) {
            let (left, y) = self.at(0, tick);
            canvas.line((left, y), (left + self.width, y), if tick == 0.0 { INK } else { PALE });
            canvas.text((left - 8.0, y + 4.0), 11.0, Anchor::End, &format!("{tick:.1}"));
        }
        let powers = (self.decades.first..=self.decades.last).map(|power| 10_usize.pow(power));
        for idle in std::iter::once(0).chain(powers) {
            let (x, y) = self.at(idle, 0.0);
            canvas.line((x, y), (x, y + 4.0), INK);
            canvas.text((x, y + 17.0), 11.0, Anchor::Middle, &short(idle));
        }
        self.draw_gap(canvas);
        for line in &panel.lines {
            let points: Vec<_> = line.points.iter().map(|(idle, figure)| self.at(*idle, *figure)).collect();
            canvas.path(line.stack, &points);
            for ((idle, figure), at) in line.points.iter().zip(&points) {
                let told = format!("{}, {idle} idle: {figure:.2}", line.stack.name());
                canvas.mark(line.stack, *at, &told);
            }
        }
    }

    /// Breaks the axis before the first power of ten: no logarithm leads to zero.
    fn draw_gap(&self, canvas: &mut Canvas) {
        let (first, y) = self.at(10_usize.pow(self.decades.first), 0.0);
        let x = f64::midpoint(self.left, first);
        canvas.line((x - 3.0, y), (x + 3.0, y), "#fff");
        for x in [x - 3.0, x + 3.0] {
            canvas.line((x - 2.0, y + 4.0), (x + 2.0, y - 4.0), INK);
        }
    }

    fn at(&self, idle: usize, figure: f64) -> (f64, f64) {
        let x = self.left + self.decades.part(idle) * self.width;
        (x, self.bottom - figure / self.highest * (self.bottom - self.top))
    }
}

/// A power of ten in few letters.
fn short(number: usize) -> String {
    match number {
        1_000_000.. => format!("{}M", number / 1_000_000),
        1000.. => format!("{}k", number / 1000),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests;
