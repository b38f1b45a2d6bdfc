//! What plots are drawn with.

use std::fmt::Write as _;

use crate::flame::escaped;
use crate::task::Stack;

/// Of every plot.
pub(super) const WIDTH: f64 = 1000.0;
/// The width of a letter of the usual size, in a wide font.
pub(super) const LETTER: f64 = 7.0;
pub(super) const INK: &str = "#222";
pub(super) const PALE: &str = "#ddd";

const SMALL: f64 = 10.0;
/// How many small letters go into a line.
const SMALL_LETTERS: usize = 180;

/// A plot in the making; places are from the left and the top.
#[derive(Default)]
pub(super) struct Canvas {
    svg: String,
}

/// Which part of a text is at its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Canvas {
    pub(super) fn text(&mut self, (x, y): (f64, f64), size: f64, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = writeln!(
            self.svg,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{INK}\">{}</text>",
            escaped(text)
        );
    }

    pub(super) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), colour: &str) {
        let _ = writeln!(
            self.svg,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\"/>"
        );
    }

    pub(super) fn bar(&mut self, stack: Stack, (x, y): (f64, f64), (width, height): (f64, f64)) {
        let _ = writeln!(
            self.svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{}\"/>",
            colour(stack)
        );
    }

    /// A line through points.
    pub(super) fn path(&mut self, stack: Stack, points: &[(f64, f64)]) {
        let points: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            self.svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>",
            points.join(" "),
            colour(stack)
        );
    }

    /// A point, of another shape for each stack: not everyone sees the colours.
    pub(super) fn mark(&mut self, stack: Stack, (x, y): (f64, f64), told: &str) {
        let shape = match stack {
            Stack::Synfin => "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
            Stack::Smoltcp => "M-4 -4h8v8h-8z",
            Stack::Lwip => "M0 -5l5 5l-5 5l-5 -5z",
        };
        let _ = writeln!(
            self.svg,
            "<path transform=\"translate({x:.1} {y:.1})\" d=\"{shape}\" fill=\"{}\"><title>{}</title></path>",
            colour(stack),
            escaped(told)
        );
    }

    /// The whole, with `below` in small letters under what reaches down to `height`.
    pub(super) fn finish(mut self, mut height: f64, below: &str) -> String {
        for line in lines(below) {
            self.text((16.0, height), SMALL, Anchor::Start, &line);
            height += SMALL * 1.4;
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" font-family=\"sans-serif\">\n\
             <rect width=\"{WIDTH}\" height=\"{height:.0}\" fill=\"#fff\"/>\n{}</svg>\n",
            self.svg
        )
    }
}

/// Told apart by those who see fewer colours, too: Okabe and Ito chose them.
fn colour(stack: Stack) -> &'static str {
    match stack {
        Stack::Synfin => "#0072b2",
        Stack::Smoltcp => "#e69f00",
        Stack::Lwip => "#009e73",
    }
}

/// Words in lines.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].len() + word.len() >= SMALL_LETTERS {
            lines.push(word.to_owned());
        } else {
            lines[last] = format!("{} {word}", lines[last]).trim_start().to_owned();
        }
    }
    lines
}
