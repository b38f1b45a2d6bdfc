//! Frames in the order of their times, where a capture has them in another: a program that captures on several
//! interfaces writes what each of them has gathered, one after the other.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BinaryHeap;

use super::{CaptureError, LinkType, Record};

/// So many frames, or octets of them, wait for an earlier one.
const MOST_FRAMES: usize = 1 << 16;
const MOST_OCTETS: usize = 64 << 20;
/// A clock that goes back further has been set, and what stands behind came later all the same.
const CLOCK_SET: u64 = 1_000_000_000;

/// Frames that wait.
#[derive(Debug, Default)]
pub(super) struct Sorter {
    waiting: BinaryHeap<Reverse<Waiting>>,
    octets: usize,
    read: u64,
    /// The latest time so far.
    latest: Option<u64>,
    moved: u64,
    /// The source has no more, or this stands in the way of it.
    is_over: bool,
    error: Option<CaptureError>,
    handed_out: Waiting,
}

/// A frame that waits. Its time comes first, then its place in the file, of which there is one each.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Waiting {
    pub(super) time: Option<u64>,
    place: u64,
    pub(super) link: u16,
    pub(super) interface: u32,
    pub(super) original_len: u32,
    pub(super) bytes: Vec<u8>,
    pub(super) comment: Option<String>,
}

impl Sorter {
    /// Whether there is room for another one, and there may be one.
    pub(super) fn wants(&self) -> bool {
        !self.is_over && self.waiting.len() < MOST_FRAMES && self.octets < MOST_OCTETS
    }

    /// Takes what the file has next.
    pub(super) fn take(&mut self, record: &Record, bytes: &[u8], comment: Option<&str>) {
        // One without a time stays behind the one before it.
        let time = record.time.or(self.latest);
        self.moved += u64::from(time < self.latest);
        self.latest = self.latest.max(time);
        self.octets += bytes.len();
        self.read += 1;
        self.waiting.push(Reverse(Waiting {
            time,
            place: self.read,
            link: record.link.0,
            interface: record.interface,
            original_len: record.original_len,
            bytes: bytes.to_vec(),
            comment: comment.map(str::to_owned),
        }));
    }

    /// The file has no more, or this stands in the way.
    pub(super) fn end(&mut self, error: Option<CaptureError>) {
        (self.is_over, self.error) = (true, error);
    }

    /// The earliest.
    pub(super) fn hand_out(&mut self) -> Result<Option<&Waiting>, CaptureError> {
        match self.waiting.pop() {
            Some(Reverse(earliest)) => {
                self.octets -= earliest.bytes.len();
                self.handed_out = earliest;
                Ok(Some(&self.handed_out))
            }
            None => self.error.take().map_or(Ok(None), Err),
        }
    }

    /// How many stood behind a later one.
    pub(super) fn moved(&self) -> u64 {
        self.moved
    }
}

impl Waiting {
    pub(super) fn link(&self) -> LinkType {
        LinkType(self.link)
    }
}

/// Finds out whether frames stand behind later ones.
#[derive(Debug, Default)]
pub(super) struct Times {
    latest: u64,
    /// By interface.
    latest_of: BTreeMap<u32, u64>,
    pub(super) go_back: bool,
    pub(super) clock_was_set: bool,
}

impl Times {
    pub(super) fn see(&mut self, record: &Record) {
        let Some(time) = record.time else { return };
        let latest_of_it = self.latest_of.entry(record.interface).or_default();
        self.clock_was_set |= time.saturating_add(CLOCK_SET) < *latest_of_it;
        *latest_of_it = time.max(*latest_of_it);
        self.go_back |= time < self.latest;
        self.latest = self.latest.max(time);
    }
}
