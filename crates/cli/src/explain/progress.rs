//! A bar on standard error while long captures are read.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// For so long nothing is drawn: most captures are read by then.
const QUIET: Duration = Duration::from_secs(1);

/// How much of the captures has been read. It shows itself when that takes more than a second, on a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    begun: Instant,
}

impl Progress {
    /// Nothing has been read.
    pub(super) fn new() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
            let form = "{bar:30} {bytes} of {total_bytes}, {eta} to go";
            bar.set_style(ProgressStyle::with_template(form).expect("the form is a sound one"));
            bar
        });
        Self { bar, begun: Instant::now() }
    }

    /// Counts what is read of a file.
    pub(super) fn watch(&self, file: File) -> Watched {
        if let Some(bar) = &self.bar {
            bar.inc_length(file.metadata().map_or(0, |metadata| metadata.len()));
        }
        Watched { file, bar: self.bar.clone(), begun: self.begun }
    }

    /// Takes the bar away, before something else is written.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A file that says how much was read from it.
#[derive(Debug)]
pub(super) struct Watched {
    file: File,
    bar: Option<ProgressBar>,
    begun: Instant,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        if let Some(bar) = &self.bar {
            if bar.is_hidden() && self.begun.elapsed() > QUIET {
                bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            bar.inc(count as u64);
        }
        Ok(count)
    }
}
