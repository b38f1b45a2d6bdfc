//! Ours and theirs, side by side.

use std::collections::BTreeMap;
use std::fmt;

use synfin_ladder::{Mark, Marks};

use super::frames::Frames;
use super::{table, tshark};

/// How often a mark was set by both, by us alone, by tshark alone.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Tally {
    pub(crate) both: u64,
    pub(crate) ours: u64,
    pub(crate) theirs: u64,
}

impl Tally {
    fn add(&mut self, ours: bool, theirs: bool) {
        match (ours, theirs) {
            (true, true) => self.both += 1,
            (true, false) => self.ours += 1,
            (false, true) => self.theirs += 1,
            (false, false) => {}
        }
    }

    pub(crate) fn precision(self) -> f64 {
        share(self.both, self.both + self.ours)
    }

    pub(crate) fn recall(self) -> f64 {
        share(self.both, self.both + self.theirs)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// The outcome of a comparison.
#[derive(Default)]
pub(crate) struct Score {
    pub(crate) frames: u64,
    pub(crate) marks: BTreeMap<Mark, Tally>,
    /// Retransmissions of all kinds and what came out of order, as one.
    pub(crate) resent: Tally,
    /// Frames on which another value differs, by its name.
    pub(crate) values: BTreeMap<&'static str, u64>,
    pub(crate) streams: u64,
    pub(crate) streams_off: u64,
    /// By how much our numbers of streams are ahead at the beginning of a case.
    streams_apart: i64,
    /// The first frames of each case that differ, in words.
    pub(crate) differences: Vec<Difference>,
}

/// Something that differs on a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) case: String,
    /// Counted from the first frame of the case, from 1.
    pub(crate) frame: u64,
    /// The name of the mark or the value.
    pub(crate) value: String,
    /// Ours and theirs.
    words: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{} {}: {}", self.case, self.frame, self.value, self.words)
    }
}

pub(crate) fn compare(frames: &Frames) -> Score {
    let ours = table::observe(frames);
    let pcap = frames.pcap();
    let theirs = tshark::ask(&pcap);
    let numbers = |index: usize| ours.get(index).map(|row| row.frame);
    assert_eq!(
        ours.len(),
        theirs.len(),
        "tshark reads other segments: {:?}",
        (0..9).map(numbers).collect::<Vec<_>>()
    );
    let mut score = Score { frames: ours.len() as u64, ..Score::default() };
    let mut last = BTreeMap::new();
    // One stream more in one case is no reason to find fault with all cases behind it.
    let mut first_streams = (0, 0, 0);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours.frame, theirs.frame);
        let case = frames.case(ours.frame).1;
        if first_streams.0 != case {
            first_streams = (case, ours.stream, theirs.stream);
        }
        score.streams_apart = (first_streams.1 as i64) - (first_streams.2 as i64);
        last.insert(theirs.stream, (ours.frame, ours.completeness));
        score.add(frames, ours, theirs);
    }
    score.streams = last.len() as u64;
    for ((frame, ours), theirs) in last.values().zip(tshark::completeness(&pcap)) {
        if *ours != theirs {
            score.streams_off += 1;
            score.differ(frames, *frame, "completeness", format!("{ours} / {theirs}"));
        }
    }
    score
}

impl Score {
    fn add(&mut self, frames: &Frames, ours: &table::Row, theirs: &tshark::Row) {
        let observed = &ours.observed;
        for mark in Mark::ALL {
            let both = (observed.marks.contains(*mark), theirs.marks.contains(*mark));
            self.marks.entry(*mark).or_default().add(both.0, both.1);
            if both.0 != both.1 {
                self.differ(
                    frames,
                    ours.frame,
                    mark.name(),
                    format!("{} / {}", names(observed.marks), names(theirs.marks)),
                );
            }
        }
        self.resent.add(observed.marks.is_resent_or_late(), theirs.marks.is_resent_or_late());
        let span = |span: Option<std::time::Duration>| span.map(|span| span.as_nanos() as u64);
        let streams_apart = self.streams_apart;
        let mut value = |name: &'static str, differs: bool, words: String| {
            if differs {
                *self.values.entry(name).or_default() += 1;
                self.differ(frames, ours.frame, name, words);
            }
        };
        let apart = ours.stream as i64 - theirs.stream as i64;
        value("stream", apart != streams_apart, format!("{} / {}", ours.stream, theirs.stream));
        let pairs = [
            ("ack_rtt", span(observed.ack_rtt), theirs.ack_rtt),
            ("acks_frame", observed.acks_frame, theirs.acks_frame),
            ("initial_rtt", span(observed.initial_rtt), theirs.initial_rtt),
            ("bytes_in_flight", observed.in_flight.map(u64::from), theirs.in_flight),
            ("rto", observed.rto.map(|(span, _)| span.as_nanos() as u64), theirs.rto.map(|(span, _)| span)),
            ("rto_frame", observed.rto.map(|(_, frame)| frame), theirs.rto.map(|(_, frame)| frame)),
            ("dup_num", observed.duplicate_ack.map(|(n, _)| n.into()), theirs.duplicate_ack.map(|(n, _)| n)),
            ("dup_frame", observed.duplicate_ack.map(|(_, f)| f), theirs.duplicate_ack.map(|(_, f)| f)),
        ];
        for (name, our, their) in pairs {
            // tshark shows the initial round trip only beside something else.
            let shown = match name {
                "initial_rtt" => their.is_some(),
                // Nor does it show a round trip of zero.
                "ack_rtt" => their.is_some() || our != Some(0),
                _ => true,
            };
            value(name, shown && our != their, format!("{our:?} / {their:?}"));
        }
    }

    fn differ(&mut self, frames: &Frames, frame: u64, value: &str, words: String) {
        let (case, first) = frames.case(frame);
        let case = case.to_owned();
        self.differences.push(Difference { case, frame: frame - first + 1, value: value.to_owned(), words });
    }

    /// What was promised of the marks: 98 % of what is resent or late, as one class, 95 % of every other mark, and the
    /// completeness of nearly every stream.
    ///
    /// # Panics
    /// When it is not kept.
    pub(crate) fn assert_marks(&self) {
        let enough = |tally: Tally, share: f64| tally.precision() >= share && tally.recall() >= share;
        assert!(enough(self.resent, 0.98), "resent or late: {:?}", self.resent);
        for (mark, tally) in &self.marks {
            assert!(enough(*tally, 0.95), "{}: {tally:?}", mark.name());
        }
        assert!(
            self.streams_off * 1_000 <= self.streams,
            "completeness is off on {} streams",
            self.streams_off
        );
    }

    /// What was promised of the values: they are the same.
    ///
    /// # Panics
    /// When it is not kept.
    pub(crate) fn assert_values(&self) {
        for name in ["stream", "ack_rtt", "acks_frame", "initial_rtt", "bytes_in_flight", "rto"] {
            assert_eq!(self.values.get(name), None, "{name} differs");
        }
    }

    /// The figures as a table.
    pub(crate) fn print(&self, title: &str) {
        println!(
            "== {title}: {} frames, {} streams, completeness off on {}",
            self.frames, self.streams, self.streams_off
        );
        println!("{:24} {:>9} {:>6} {:>7}  precision  recall", "", "both", "ours", "theirs");
        let line = |name: &str, tally: Tally| {
            let Tally { both, ours, theirs } = tally;
            println!(
                "{name:24} {both:>9} {ours:>6} {theirs:>7}  {:9.4} {:7.4}",
                tally.precision(),
                tally.recall()
            );
        };
        line("(resent or late)", self.resent);
        self.marks.iter().for_each(|(mark, tally)| line(mark.name(), *tally));
        self.values.iter().for_each(|(name, count)| println!("{name:24} differs on {count}"));
    }
}

fn names(marks: Marks) -> String {
    marks.iter().map(Mark::name).collect::<Vec<_>>().join(",")
}
