//! A long capture is followed by several threads, each of which has a share of its connections.
//!
//! Any of them reads on when there is little left to do for one of them: so the one whose connections make less work
//! reads more.

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use synfin_explain::capture::{CaptureError, Reader};
use synfin_explain::shard::{self, Batch, Shard, Sorter};
use synfin_explain::{Detail, Patterns};
use synfin_ladder::{Connection, Severity};

use super::input::{Summary, Told, Unread, Wanted, begin, is_disordered, of_capture, open, worst_of};
use super::progress::Progress;

/// With fewer batches than this one may soon have nothing to do.
const FEW: usize = 2;
/// With as many batches as this one lies so far behind that the others wait for it.
const MANY: usize = 8;

/// What the threads have in common.
struct Common<R> {
    source: Mutex<Source<R>>,
    /// The batches that each thread has not followed yet.
    queues: Vec<Mutex<VecDeque<Batch>>>,
    /// A queue has become shorter, or some have become longer.
    moved: Condvar,
    /// Batches that were followed.
    spare: Mutex<Vec<Batch>>,
}

/// The capture, as far as it has not been read.
struct Source<R> {
    reader: Reader<R>,
    sorter: Sorter,
    frames: u64,
    is_over: bool,
    cut: Option<CaptureError>,
}

/// Reads a capture with so many threads, and keeps its connections. Segments are wanted of none or the first: numbers are
/// not known while it is read.
pub(super) fn read(file: &Path, wanted: Wanted, threads: usize, progress: &Progress) -> Result<Told, Unread> {
    let keeps_first = wanted.detail == Detail::First;
    let source = progress.watch(open(file)?);
    let name = file.display().to_string();
    let reader = begin(&name, source)?;
    let reader = if is_disordered(file) { reader.sorted() } else { reader };
    let common = Common::new(reader, threads);
    let shares: Vec<_> = thread::scope(|scope| {
        let share = |index| {
            let common = &common;
            let shard = Shard::new(keeps_first);
            let shard = if wanted.heeds_notes { shard } else { shard.ignoring_notes() };
            move || share(common, index, shard)
        };
        let others: Vec<_> = (1..threads).map(|index| scope.spawn(share(index))).collect();
        let first = share(0)();
        let joined = others.into_iter().map(|thread| thread.join().expect("nothing panics over a capture"));
        [first].into_iter().chain(joined).collect()
    });
    let worst = shares.iter().map(|(_, worst)| *worst).max().flatten();
    let connections = shard::merge(shares.into_iter().map(|(connections, _)| connections).collect());
    let source = common.source.into_inner().unwrap_or_else(PoisonError::into_inner);
    let start = source.reader.started().and_then(|start| i64::try_from(start).ok());
    let mut patterns = Patterns::default();
    connections.iter().for_each(|connection| patterns.observe(connection));
    let capture = of_capture(&name, start, source.frames, source.sorter.unknown_links(), &patterns);
    let worst = worst.max(worst_of(&capture));
    let summary = Summary {
        capture,
        name,
        count: connections.len() as u64,
        worst,
        cut: source.cut.map(|error| error.to_string()),
        unknown: source.sorter.unknown_links().clone(),
        dropped: source.reader.dropped(),
        moved: source.reader.moved(),
    };
    Ok(Told { summary, connections })
}

/// What one thread does.
fn share<R: Read>(common: &Common<R>, index: usize, mut shard: Shard) -> (Vec<Connection>, Option<Severity>) {
    while let Some(mut batch) = common.take(index) {
        shard.follow(&mut batch);
        lock(&common.spare).push(batch);
    }
    let connections = shard.finish();
    let findings = connections.iter().flat_map(|connection| &connection.findings);
    let worst = findings.map(|finding| finding.kind.severity()).max();
    (connections, worst)
}

impl<R: Read> Common<R> {
    fn new(reader: Reader<R>, threads: usize) -> Self {
        let source = Source { reader, sorter: Sorter::new(threads), frames: 0, is_over: false, cut: None };
        Self {
            source: Mutex::new(source),
            queues: (0..threads).map(|_| Mutex::default()).collect(),
            moved: Condvar::new(),
            spare: Mutex::default(),
        }
    }

    /// The next batch of a thread; `None` at the end of the capture.
    fn take(&self, index: usize) -> Option<Batch> {
        if self.has(|len| len < FEW)
            && let Ok(mut source) = self.source.try_lock()
        {
            self.read(&mut source);
        }
        loop {
            if let Some(batch) = self.pop(index) {
                return Some(batch);
            }
            let mut source = lock(&self.source);
            // Another thread may have read meanwhile.
            if let Some(batch) = self.pop(index) {
                return Some(batch);
            }
            if source.is_over {
                return None;
            }
            if self.has(|len| len >= MANY) {
                // Should that queue have become shorter just now, its thread comes here in the end and wakes this one.
                drop(self.moved.wait(source));
            } else {
                self.read(&mut source);
            }
        }
    }

    /// Whether there is a queue of such a length.
    fn has(&self, is_so: impl Fn(usize) -> bool) -> bool {
        self.queues.iter().any(|queue| is_so(lock(queue).len()))
    }

    fn pop(&self, index: usize) -> Option<Batch> {
        let batch = lock(&self.queues[index]).pop_front()?;
        self.moved.notify_all();
        Some(batch)
    }

    /// Reads until all have something to do again, or one has too much.
    fn read(&self, source: &mut Source<R>) {
        while !source.is_over && self.has(|len| len < FEW) && !self.has(|len| len >= MANY) {
            match source.next_full() {
                Ok(Some(index)) => self.hand_on(source, index),
                Ok(None) => source.is_over = true,
                Err(error) => (source.is_over, source.cut) = (true, Some(error)),
            }
            if source.is_over {
                (0..self.queues.len()).for_each(|index| self.hand_on(source, index));
            }
        }
        self.moved.notify_all();
    }

    fn hand_on(&self, source: &mut Source<R>, index: usize) {
        let room = lock(&self.spare).pop().unwrap_or_default();
        let batch = source.sorter.take(index, room);
        lock(&self.queues[index]).push_back(batch);
    }
}

impl<R: Read> Source<R> {
    /// Reads until a batch is full, and says whose.
    fn next_full(&mut self) -> Result<Option<usize>, CaptureError> {
        while let Some(frame) = self.reader.next()? {
            self.frames = frame.number;
            if let Some(index) = self.sorter.frame(&frame) {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }
}

/// Nothing panics while it holds a lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
