//! A long capture is read by several threads, each of which follows a share of its connections.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::thread;

use synfin_explain::Detail;
use synfin_explain::capture::{CaptureError, Reader};
use synfin_explain::shard::{self, Shard};
use synfin_ladder::json::Capture;
use synfin_ladder::{Connection, Severity};

use super::input::{Summary, Told, open};
use super::progress::Progress;
use crate::failure::Failure;

/// What one thread has of a capture.
struct Share {
    connections: Vec<Connection>,
    /// When the first frame was captured, nanoseconds since 1970.
    start: Option<u64>,
    frames: u64,
    worst: Option<Severity>,
    cut: Option<CaptureError>,
}

/// Reads a capture with so many threads, and keeps its connections. `detail` is none or the first: numbers are not known
/// while it is read.
pub(super) fn read(
    file: &Path,
    detail: Detail,
    threads: usize,
    progress: &Progress,
) -> Result<Told, Failure> {
    let keeps_first = detail == Detail::First;
    let (first, others) = (progress.watch(open(file)?), 1..threads);
    let others: Vec<(usize, File)> =
        others.map(|index| Ok((index, open(file)?))).collect::<Result<_, Failure>>()?;
    let name = file.display().to_string();
    let shares: Vec<Result<Share, CaptureError>> = thread::scope(|scope| {
        let others: Vec<_> = others
            .into_iter()
            .map(|(index, file)| scope.spawn(move || share(file, Shard::new(index, threads, keeps_first))))
            .collect();
        let first = share(first, Shard::new(0, threads, keeps_first));
        let joined = others.into_iter().map(|thread| thread.join().expect("nothing panics over a capture"));
        [first].into_iter().chain(joined).collect()
    });
    let shares: Result<Vec<Share>, CaptureError> = shares.into_iter().collect();
    let mut shares = shares.map_err(|error| Failure::fault(format!("{name}: {error}")))?;
    let connections =
        shard::merge(shares.iter_mut().map(|share| std::mem::take(&mut share.connections)).collect());
    let worst = shares.iter().map(|share| share.worst).max().flatten();
    let whole = shares.swap_remove(0);
    let start = whole.start.and_then(|start| i64::try_from(start).ok());
    let summary = Summary {
        capture: Capture { name: Some(name.clone()), start, frames: whole.frames },
        name,
        count: connections.len() as u64,
        worst,
        cut: whole.cut.map(|error| error.to_string()),
    };
    Ok(Told { summary, connections })
}

/// Reads all of a capture for one share of it.
fn share(source: impl Read, mut shard: Shard) -> Result<Share, CaptureError> {
    let mut reader = Reader::new(source)?;
    let mut frames = 0;
    let cut = loop {
        match reader.next() {
            Ok(Some(frame)) => {
                frames = frame.number;
                shard.frame(&frame);
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    let connections = shard.finish();
    let findings = connections.iter().flat_map(|connection| &connection.findings);
    let worst = findings.map(|finding| finding.kind.severity()).max();
    Ok(Share { start: reader.started(), frames, worst, cut, connections })
}
