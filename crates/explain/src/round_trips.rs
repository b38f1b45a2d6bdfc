//! The round trips that one side's answers measure, and whether they grow while much is in flight: then segments wait in
//! a queue on the way.

use std::time::Duration;

/// So many round trips in a row are looked at together: among them is one that no delayed acknowledgment has made longer.
const RUN: u32 = 16;
/// Octets in flight that make a queue where there is one, and no lone segment whose acknowledgment may be delayed.
const MUCH: u32 = 10_000;
/// By how much, and how many times, the shortest of a run must exceed the shortest of all.
const QUEUED: Duration = Duration::from_millis(30);
const QUEUED_RATIO: u32 = 3;

/// Round trips that were measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoundTrips {
    count: u32,
    sum: Duration,
    least: Duration,
    most: Duration,
    /// Of the present run: how many, and the shortest.
    run: u32,
    run_least: Duration,
    /// The longest that the shortest of a run has been.
    loaded: Duration,
}

impl RoundTrips {
    /// A round trip that ends with so many octets in flight.
    pub(crate) fn add(&mut self, sample: Duration, in_flight: u32) {
        self.least = if self.count == 0 { sample } else { self.least.min(sample) };
        self.most = self.most.max(sample);
        self.sum += sample;
        self.count += 1;
        if in_flight < MUCH {
            self.run = 0;
            return;
        }
        self.run_least = if self.run == 0 { sample } else { self.run_least.min(sample) };
        self.run += 1;
        if self.run == RUN {
            self.loaded = self.loaded.max(self.run_least);
            self.run = 0;
        }
    }

    /// The least, the mean and the most.
    pub(crate) fn figures(&self) -> Option<[Duration; 3]> {
        (self.count > 0).then(|| [self.least, self.sum / self.count, self.most])
    }

    /// How long they took under load, where that is far longer than the way itself takes.
    pub(crate) fn queued(&self) -> Option<Duration> {
        self.queued_beside(self.least)
    }

    /// The same, where the way itself takes `least`.
    pub(crate) fn queued_beside(&self, least: Duration) -> Option<Duration> {
        (self.loaded >= least * QUEUED_RATIO && self.loaded >= least + QUEUED).then_some(self.loaded)
    }
}
