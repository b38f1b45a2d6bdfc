//! Captures become connections, which go to whoever takes them as soon as they are told.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use synfin_explain::capture::{Frame, Reader};
use synfin_explain::packet::{Dissected, Dissector, UnknownLinks};
use synfin_explain::{Detail, Explainer, Patterns};
use synfin_ladder::json::Capture;
use synfin_ladder::{Connection, Severity};
use synfin_wire::Instant;

use super::progress::Progress;
use super::shards;
use crate::failure::Failure;

/// Takes connections as they are told: in the order in which they end, not that of their numbers.
pub(super) trait Sink {
    /// Takes one. `start` is when the capture's first frame was captured, nanoseconds since 1970.
    fn take(&mut self, start: Option<i64>, connection: Connection) -> Result<(), Failure>;
}

impl Sink for Vec<Connection> {
    fn take(&mut self, _: Option<i64>, connection: Connection) -> Result<(), Failure> {
        self.push(connection);
        Ok(())
    }
}

/// What is asked of captures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) detail: Detail,
    /// The one connection that is asked for.
    pub(super) number: Option<u64>,
    /// Connections are told as soon as they are over.
    pub(super) follows: bool,
    /// What synfin has noted on packets is believed.
    pub(super) heeds_notes: bool,
}

/// For so long a connection that is over waits for late segments before it is told, where they are told at once.
const LINGER: Duration = Duration::from_secs(1);

/// Octets of a file that several processors read together.
const LONG: u64 = 16 << 20;

/// What is known of a capture once it has been read.
#[derive(Debug)]
pub(super) struct Summary {
    /// What its file is called, `-` for standard input.
    pub(super) name: String,
    pub(super) capture: Capture,
    /// How many connections it has.
    pub(super) count: u64,
    /// The worst of the findings on the connections that were asked for, and of what those have in common.
    pub(super) worst: Option<Severity>,
    /// Why reading ended before the capture did.
    pub(super) cut: Option<String>,
    /// What could not be looked into.
    pub(super) unknown: UnknownLinks,
    /// How many packets were lost by the program that captured.
    pub(super) dropped: u64,
    /// How many stood behind a later one, and were put before it.
    pub(super) moved: u64,
}

impl Summary {
    /// Why there is less of it than there should be, or nothing: that is a failure.
    pub(super) fn failure(&self) -> Option<Failure> {
        let unknown = self.unseen().filter(|_| self.has_nothing_else());
        let why = [self.cut.clone(), unknown]
            .into_iter()
            .flatten()
            .reduce(|cut, unknown| format!("{cut}; {unknown}"));
        why.map(|why| Failure::fault(format!("{}: {why}", self.name)))
    }

    /// What else there is to say of it.
    pub(super) fn remark(&self) -> Option<String> {
        let unseen = self.unseen().filter(|_| !self.has_nothing_else());
        let instead = self.instead().filter(|_| self.count == 0);
        let all = [unseen, instead, self.lacking(), self.put_in_order()].into_iter().flatten();
        all.reduce(|one, other| format!("{one}; {other}"))
    }

    /// That the capture lacks something by its own account.
    fn lacking(&self) -> Option<String> {
        let lacks = match self.dropped {
            0 => return None,
            1 => "1 packet".to_owned(),
            packets => format!("{packets} packets"),
        };
        Some(format!(
            "the capture says itself that it lacks {lacks}, which came faster than could be written: what is told as \
             lost or unanswered may have come"
        ))
    }

    /// That frames are told in another order than they have.
    fn put_in_order(&self) -> Option<String> {
        let moved = match self.moved {
            0 => return None,
            1 => "1 frame stood behind a later one".to_owned(),
            frames => format!("{frames} frames stood behind later ones"),
        };
        Some(format!(
            "{moved}: all are told in the order of their times, and numbered in it, as in what `reordercap` makes of \
             the capture"
        ))
    }

    /// What there is where no TCP is.
    fn instead(&self) -> Option<String> {
        /// More kinds of it are not named.
        const MOST: usize = 4;
        let others = self.unknown.others();
        let others = others.iter().map(|(reason, frames)| match frames {
            1 => format!("1 frame: {reason}"),
            frames => format!("{frames} frames: {reason}"),
        });
        let kinds = others.take(MOST).reduce(|one, other| format!("{one}; {other}"));
        match (kinds, self.capture.frames) {
            (_, 0) if self.cut.is_none() => Some("the capture has no packets".to_owned()),
            (kinds, _) => kinds.map(|kinds| {
                format!("{kinds} (what is encrypted, as by WireGuard or IPsec, cannot be looked into)")
            }),
        }
    }

    fn has_nothing_else(&self) -> bool {
        let links = self.unknown.frames().map(|(_, frames)| frames).sum::<u64>();
        links + self.unknown.cut() == self.capture.frames
    }

    /// What of it could not be looked into, and what to do.
    fn unseen(&self) -> Option<String> {
        let cut = match self.unknown.cut() {
            0 => None,
            1 => Some("1 frame was".to_owned()),
            frames => Some(format!("{frames} frames were")),
        };
        let cut = cut.map(|frames| {
            format!(
                "{frames} captured only up to somewhere before the end of the headers: capture 128 octets at \
                 least, as with `tcpdump -s 128`"
            )
        });
        self.unknown_links().into_iter().chain(cut).reduce(|links, cut| format!("{links}; {cut}"))
    }

    fn unknown_links(&self) -> Option<String> {
        let of_link = |(link, frames)| match frames {
            1 => format!("1 frame of link type {link}"),
            frames => format!("{frames} frames of link type {link}"),
        };
        let all = self.unknown.frames().map(of_link).reduce(|one, other| format!("{one}, {other}"))?;
        Some(format!(
            "{all} cannot be looked into: capture where frames are of another, as with `tcpdump -i any`; \
             https://www.tcpdump.org/linktypes.html has what it is"
        ))
    }
}

/// A capture whose connections are all in memory.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) summary: Summary,
    /// In the order of their numbers.
    pub(super) connections: Vec<Connection>,
}

/// Why there is nothing to tell of a capture.
#[derive(Debug)]
pub(super) enum Unread {
    /// It cannot be read. Others may be.
    Capture(Failure),
    /// What is told cannot be written, whatever capture it is of.
    Output(Failure),
}

impl From<Failure> for Unread {
    fn from(failure: Failure) -> Self {
        Self::Output(failure)
    }
}

/// What became of the captures that were named.
#[derive(Debug)]
pub(super) struct Captures<T> {
    /// Those that were read, in their order.
    pub(super) read: Vec<T>,
    /// Why others were not.
    pub(super) unread: Vec<Failure>,
}

impl<T> Captures<T> {
    /// Sorts them. What cannot be written ends it.
    pub(super) fn sort(all: impl IntoIterator<Item = Result<T, Unread>>) -> Result<Self, Failure> {
        let mut captures = Self { read: Vec::new(), unread: Vec::new() };
        for capture in all {
            match capture {
                Ok(read) => captures.read.push(read),
                Err(Unread::Capture(failure)) => captures.unread.push(failure),
                Err(Unread::Output(failure)) => return Err(failure),
            }
        }
        Ok(captures)
    }
}

/// Frames become connections, and those go to a sink.
pub(super) struct Follower<'a> {
    dissector: Dissector,
    explainer: Explainer,
    patterns: Patterns,
    wanted: Wanted,
    sink: &'a mut dyn Sink,
    start: Option<i64>,
    frames: u64,
    worst: Option<Severity>,
    unknown: UnknownLinks,
    dropped: u64,
    moved: u64,
}

impl<'a> Follower<'a> {
    pub(super) fn new(wanted: Wanted, sink: &'a mut dyn Sink) -> Self {
        let explainer = Explainer::new(wanted.detail);
        Self {
            dissector: Dissector::new(),
            explainer: if wanted.heeds_notes { explainer } else { explainer.ignoring_notes() },
            patterns: Patterns::default(),
            wanted,
            sink,
            start: None,
            frames: 0,
            worst: None,
            unknown: UnknownLinks::default(),
            dropped: 0,
            moved: 0,
        }
    }

    /// Takes a frame.
    pub(super) fn frame(&mut self, frame: &Frame<'_>) -> Result<(), Failure> {
        self.frames = frame.number;
        let dissected = self.dissector.dissect(frame);
        if let Dissected::Other(reason) = dissected {
            self.unknown.count(reason);
        }
        self.explainer.take(&dissected);
        self.passed(frame.at)
    }

    /// It is so late by now.
    pub(super) fn passed(&mut self, now: Instant) -> Result<(), Failure> {
        if self.wanted.follows && now.as_nanos() > LINGER.as_nanos() as u64 {
            self.explainer.tell_over_at(Instant::from_nanos(now.as_nanos() - LINGER.as_nanos() as u64));
        }
        if self.explainer.has_told() {
            let told = self.explainer.take_told();
            return self.hand_on(told);
        }
        Ok(())
    }

    /// Says when the first frame was captured, nanoseconds since 1970, once that is known.
    pub(super) fn started(&mut self, start: Option<u64>) {
        self.start = start.and_then(|start| i64::try_from(start).ok());
    }

    fn hand_on(&mut self, told: Vec<Connection>) -> Result<(), Failure> {
        for connection in told {
            if self.wanted.number.is_none_or(|number| connection.number == number) {
                let worst = connection.findings.iter().map(|finding| finding.kind.severity()).max();
                self.worst = self.worst.max(worst);
                self.patterns.observe(&connection);
                self.sink.take(self.start, connection)?;
            }
        }
        Ok(())
    }

    /// The capture has ended, or broken off.
    pub(super) fn end(mut self, name: &str, cut: Option<String>) -> Result<Summary, Failure> {
        let rest = std::mem::take(&mut self.explainer);
        let count = rest.count();
        self.hand_on(rest.finish())?;
        let capture = of_capture(name, self.start, self.frames, &self.unknown, &self.patterns);
        let Self { unknown, dropped, moved, .. } = self;
        let worst = self.worst.max(worst_of(&capture));
        Ok(Summary { name: name.to_owned(), capture, count, worst, cut, unknown, dropped, moved })
    }
}

/// What is said of a capture as a whole.
pub(super) fn of_capture(
    name: &str,
    start: Option<i64>,
    frames: u64,
    unknown: &UnknownLinks,
    patterns: &Patterns,
) -> Capture {
    Capture {
        name: Some(name.to_owned()),
        start,
        frames,
        unknown_links: unknown.frames().map(|(link, frames)| (link.0, frames)).collect(),
        cut_frames: unknown.cut(),
        patterns: patterns.finish(),
    }
}

/// How bad the worst is of what the connections of a capture have in common.
pub(super) fn worst_of(capture: &Capture) -> Option<Severity> {
    capture.patterns.iter().map(|pattern| pattern.kind.severity()).max()
}

/// Reads captures, several at a time, keeps their connections, and gives them back in their order. A long one is read
/// by all processors together.
pub(super) fn read_all(
    files: &[PathBuf],
    wanted: Wanted,
    progress: &Progress,
) -> Result<Captures<Told>, Failure> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    if let [file] = files
        && matches!(wanted.detail, Detail::None | Detail::First)
        && is_long(file)
    {
        return Captures::sort([shards::read(file, wanted, processors, progress)]);
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let workers = processors.min(files.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((index, file)) = claim(&next, files) {
                    let told = keep(|sink| read(file, wanted, progress, sink));
                    done.lock().expect("no reader panics while it holds the lock").push((index, told));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no reader panics while it holds the lock");
    done.sort_by_key(|(index, _)| *index);
    Captures::sort(done.into_iter().map(|(_, told)| told))
}

/// Whether it can be read several times, and takes long.
fn is_long(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() > LONG)
}

fn claim<'a>(next: &AtomicUsize, files: &'a [PathBuf]) -> Option<(usize, &'a Path)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    files.get(index).map(|file| (index, file.as_path()))
}

/// Keeps the connections that are handed on.
pub(super) fn keep<E>(read: impl FnOnce(&mut dyn Sink) -> Result<Summary, E>) -> Result<Told, E> {
    let mut connections = Vec::new();
    let summary = read(&mut connections)?;
    connections.sort_unstable_by_key(|connection: &Connection| connection.number);
    Ok(Told { summary, connections })
}

/// Reads a capture and hands its connections on.
pub(super) fn read(
    file: &Path,
    wanted: Wanted,
    progress: &Progress,
    sink: &mut dyn Sink,
) -> Result<Summary, Unread> {
    let name = file.display().to_string();
    let (source, is_disordered): (Box<dyn Read>, bool) = match name.as_str() {
        // Who waits for connections cannot wait for what may stand before them.
        "-" if wanted.follows => (Box::new(io::stdin().lock()), false),
        "-" => {
            let piped = Piped::new(io::stdin().lock()).map_err(|error| cannot_read(&name, &error))?;
            let is_disordered = piped.is_disordered();
            (Box::new(piped.whole()), is_disordered)
        }
        _ => (Box::new(progress.watch(open(file)?)), is_disordered(file)),
    };
    let reader = begin(&name, source)?;
    let mut reader = if is_disordered { reader.sorted() } else { reader };
    let mut follower = Follower::new(wanted, sink);
    let cut = loop {
        match reader.next() {
            Ok(Some(frame)) => {
                let is_first = follower.start.is_none();
                follower.frame(&frame)?;
                if is_first {
                    follower.started(reader.started());
                }
            }
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    (follower.dropped, follower.moved) = (reader.dropped(), reader.moved());
    Ok(follower.end(&name, cut)?)
}

/// What comes through a pipe, of which the beginning is kept to be read twice.
struct Piped<R> {
    begun: Vec<u8>,
    rest: R,
}

impl<R: Read> Piped<R> {
    /// Waits for so much of it, or for its end.
    fn new(mut source: R) -> io::Result<Self> {
        /// As much as holds the frames of which the order is looked at, for most captures; octets.
        const BEGINNING: u64 = 4 << 20;
        let mut begun = Vec::new();
        source.by_ref().take(BEGINNING).read_to_end(&mut begun)?;
        Ok(Self { begun, rest: source })
    }

    fn is_disordered(&self) -> bool {
        Reader::new(&self.begun[..]).is_ok_and(|reader| reader.is_disordered(FRAMES))
    }

    fn whole(self) -> impl Read {
        Cursor::new(self.begun).chain(self.rest)
    }
}

fn cannot_read(name: &str, error: &io::Error) -> Unread {
    Unread::Capture(Failure::fault(format!("{name}: cannot be read: {error}")))
}

/// What is wrong with the order of frames shows in so many.
const FRAMES: u64 = 1 << 14;

/// Whether a file has its frames in another order than that of their times, as far as its beginning tells. What cannot
/// be read twice has none that could be seen to.
pub(super) fn is_disordered(file: &Path) -> bool {
    file.is_file()
        && File::open(file)
            .ok()
            .and_then(|file| Reader::new(file).ok())
            .is_some_and(|reader| reader.is_disordered(FRAMES))
}

/// Opens the file of a capture.
pub(super) fn open(file: &Path) -> Result<File, Unread> {
    let cannot = |error| Failure::call(format!("{} cannot be opened: {error}", file.display()));
    File::open(file).map_err(|error| Unread::Capture(cannot(error)))
}

/// Begins to read a capture, as far as to see that it is one.
pub(super) fn begin<R: Read>(name: &str, source: R) -> Result<Reader<R>, Unread> {
    Reader::new(source).map_err(|error| Unread::Capture(Failure::fault(format!("{name}: {error}"))))
}
