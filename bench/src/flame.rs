//! A flame graph as SVG: how wide a box is says how much was spent in it and in what it called.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A function in the place where it was called, with what it called.
#[derive(Debug, Default)]
pub struct Flame {
    total: u64,
    called: BTreeMap<String, Flame>,
}

const WIDTH: f64 = 1200.0;
const ROW: f64 = 18.0;
const HEAD: f64 = 28.0;
/// A box that is narrower is left out.
const LEAST: f64 = 1.5;
/// The width of a letter.
const LETTER: f64 = 6.3;

impl Flame {
    /// Adds what was spent in the last function of a path that begins at the bottom.
    pub fn add<'a>(&mut self, path: impl IntoIterator<Item = &'a str>, spent: u64) {
        let mut here = self;
        here.total += spent;
        for name in path {
            here = here.called.entry(name.to_owned()).or_default();
            here.total += spent;
        }
    }

    /// Draws it, the bottom at the bottom. `per` is how many things there were, `unit` what the figures are.
    #[must_use]
    pub fn to_svg(&self, title: &str, per: u64, unit: &str) -> String {
        let scale = WIDTH / self.total.max(1) as f64;
        let height = HEAD + self.depth(scale) as f64 * ROW + 4.0;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"monospace\" font-size=\"11\">\n\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
             <text x=\"4\" y=\"18\" font-size=\"14\">{}</text>\n",
            escaped(title)
        );
        let mut place = Place { svg: &mut svg, scale, per, unit };
        place.row(self, 0.0, height - 4.0 - ROW);
        svg + "</svg>\n"
    }

    fn depth(&self, scale: f64) -> usize {
        let wide = self.called.values().filter(|flame| flame.total as f64 * scale >= LEAST);
        wide.map(|flame| 1 + flame.depth(scale)).max().unwrap_or(0)
    }
}

/// Where is drawn, and how.
struct Place<'a> {
    svg: &'a mut String,
    /// Of a unit, in the picture's.
    scale: f64,
    per: u64,
    unit: &'a str,
}

impl Place<'_> {
    /// Draws what `flame` called, and what that called above it.
    fn row(&mut self, flame: &Flame, mut x: f64, y: f64) {
        for (name, called) in &flame.called {
            let width = called.total as f64 * self.scale;
            if width >= LEAST {
                self.draw(name, called.total, x, y, width);
                self.row(called, x, y - ROW);
            }
            x += width;
        }
    }

    fn draw(&mut self, name: &str, total: u64, x: f64, y: f64, width: f64) {
        let share = total as f64 * self.scale / WIDTH * 100.0;
        let each = total / self.per.max(1);
        let _ = write!(
            self.svg,
            "<g><title>{}: {each} {} ({share:.1} %)</title><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{}\" stroke=\"#fff\" stroke-width=\".5\"/>",
            escaped(name),
            escaped(self.unit),
            ROW - 1.0,
            colour(name),
        );
        let letters = ((width - 6.0) / LETTER) as usize;
        if letters >= 4 {
            let short: String = name.chars().take(letters).collect();
            let _ = write!(
                self.svg,
                "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + 3.0,
                y + 12.5,
                escaped(&short)
            );
        }
        self.svg.push_str("</g>\n");
    }
}

/// By crate, so that one sees where one is.
fn colour(name: &str) -> &'static str {
    let crates = [
        ("synfin_wire", "#f2b56b"),
        ("synfin_tcp", "#8fbf7f"),
        ("synfin_host", "#7fb2d9"),
        ("synfin_bench", "#cfcfcf"),
    ];
    let name = name.trim_start_matches(['<', '&']);
    crates.iter().find(|(prefix, _)| name.starts_with(prefix)).map_or("#e3a0a0", |(_, colour)| colour)
}

/// As text in SVG.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
