//! Tables and plots, and where they are kept.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::machine::root;

/// Rows of text under a head.
#[derive(Clone, Debug)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new(head: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { head: head.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// As Markdown has it.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule = format!("|{}\n", "---|".repeat(self.head.len()));
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{}{rule}{rows}", line(&self.head))
    }
}

/// The one in the middle, or between the two in the middle; not a number where there is none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// A figure with three digits that count.
#[must_use]
pub fn three_digits(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.digits$}")
}

/// Puts `text` into docs/performance.md, between the two comments that bear `name`.
///
/// # Errors
/// When the file cannot be read or written, or has no such place.
pub fn record(name: &str, text: &str) -> Result<()> {
    let path = Path::new(root()).join("docs/performance.md");
    let document = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let new = replaced(&document, name, text).with_context(|| format!("{}", path.display()))?;
    std::fs::write(&path, new).with_context(|| format!("writing {}", path.display()))
}

/// Puts a plot into docs/images, as `name`.svg.
///
/// # Errors
/// When the file cannot be written.
pub fn record_plot(name: &str, svg: &str) -> Result<()> {
    let path = Path::new(root()).join("docs/images").join(name).with_extension("svg");
    std::fs::write(&path, svg).with_context(|| format!("writing {}", path.display()))
}

fn replaced(document: &str, name: &str, text: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let parts = document.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some((before, after))
    });
    let Some((before, after)) = parts else {
        bail!("there is no place for {name}: a line \"{}\", and one \"{end}\" below it", begin.trim_end());
    };
    Ok(format!("{before}{begin}\n{}\n\n{end}{after}", text.trim()))
}

#[cfg(test)]
mod tests;
