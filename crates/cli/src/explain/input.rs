//! Captures become connections.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use synfin_explain::capture::Reader;
use synfin_explain::packet::Dissector;
use synfin_explain::{Detail, Explainer};
use synfin_ladder::Connection;
use synfin_ladder::json::Capture;

use crate::failure::Failure;

/// What was read of one capture.
#[derive(Debug)]
pub(super) struct Told {
    /// The name of its file.
    pub(super) name: String,
    pub(super) capture: Capture,
    pub(super) connections: Vec<Connection>,
    /// Why reading ended before the capture did.
    pub(super) cut: Option<String>,
}

/// Reads the captures, several at a time, and gives them back in their order.
pub(super) fn read_all(files: &[PathBuf], detail: Detail) -> Result<Vec<Told>, Failure> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from).min(files.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((index, file)) = claim(&next, files) {
                    let told = read(file, detail);
                    done.lock().expect("no reader panics while it holds the lock").push((index, told));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no reader panics while it holds the lock");
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, told)| told).collect()
}

fn claim<'a>(next: &AtomicUsize, files: &'a [PathBuf]) -> Option<(usize, &'a Path)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    files.get(index).map(|file| (index, file.as_path()))
}

fn read(file: &Path, detail: Detail) -> Result<Told, Failure> {
    let name = file.display().to_string();
    let source: Box<dyn Read> = if name == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(
            File::open(file).map_err(|error| Failure::call(format!("{name} cannot be opened: {error}")))?,
        )
    };
    let mut reader = Reader::new(source).map_err(|error| Failure::fault(format!("{name}: {error}")))?;
    let (mut dissector, mut explainer) = (Dissector::new(), Explainer::new(detail));
    let mut frames = 0;
    let cut = loop {
        match reader.next() {
            Ok(Some(frame)) => {
                frames = frame.number;
                if let Some(packet) = dissector.dissect(&frame).into_tcp() {
                    explainer.observe(&packet);
                }
            }
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    let start = reader.started().and_then(|start| i64::try_from(start).ok());
    let capture = Capture { name: Some(name.clone()), start, frames };
    Ok(Told { name, capture, connections: explainer.finish(), cut })
}
