//! The round-trip time, smoothed (RFC 6298 section 2), as Linux keeps it.
//!
//! RFC 6298 bounds the sum SRTT + 4 * RTTVAR from below; here, as in Linux, it is the variation that is bounded,
//! so that a steady path of 300 ms has an RTO of 500 ms and not of 300 ms and a little. The variation rises with
//! every sample and falls once a round trip, and a sample below SRTT raises it by an eighth only.

use synfin_wire::{Instant, SeqNumber};

use crate::compact::compact;
use crate::span::Span;

/// How long the least round trip is believed.
const MINIMUM_LIFETIME: Span = Span::from_secs(300);

/// SRTT, RTTVAR and the least sample; microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RttEstimator {
    /// SRTT times 8; 0 before the first sample.
    smoothed: u64,
    /// The mean deviation times 4.
    deviation: u64,
    /// The largest deviation, times 4, of this round trip.
    deviation_peak: u64,
    /// RTTVAR times 4: what is added to SRTT.
    variation: u64,
    /// The least `variation`.
    floor: u64,
    /// The round trip ends when this is acknowledged.
    round_until: SeqNumber,
    minimum: Option<(Span, Instant)>,
}

compact!(RttEstimator { smoothed, deviation, deviation_peak, variation, floor, round_until, minimum });

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RttSample {
    /// How long the round trip took.
    pub(crate) rtt: Span,
    /// SND.UNA.
    pub(crate) una: SeqNumber,
    /// SND.NXT.
    pub(crate) nxt: SeqNumber,
}

impl RttEstimator {
    /// `min_rto` is the least that the RTO lies above SRTT.
    pub(crate) fn new(min_rto: Span) -> Self {
        Self {
            smoothed: 0,
            deviation: 0,
            deviation_peak: 0,
            variation: 0,
            floor: min_rto.as_micros(),
            round_until: SeqNumber::default(),
            minimum: None,
        }
    }

    /// Another least that the RTO lies above SRTT.
    pub(crate) fn set_floor(&mut self, min_rto: Span) {
        self.floor = min_rto.as_micros();
    }

    /// SRTT, once there is a sample.
    pub(crate) fn smoothed(&self) -> Option<Span> {
        (self.smoothed > 0).then(|| Span::from_micros(self.smoothed >> 3))
    }

    /// RTTVAR: the mean deviation.
    pub(crate) fn variation(&self) -> Span {
        Span::from_micros(self.deviation >> 2)
    }

    /// The shortest recent sample.
    pub(crate) fn minimum(&self) -> Option<Span> {
        self.minimum.map(|(rtt, _)| rtt)
    }

    /// SRTT + 4 * RTTVAR, within the floor of the latter.
    pub(crate) fn timeout(&self) -> Option<Span> {
        (self.smoothed > 0).then(|| Span::from_micros((self.smoothed >> 3) + self.variation))
    }

    /// Takes a sample for the minimum alone: the shortest that one acknowledgment gives.
    pub(crate) fn measured_least(&mut self, rtt: Span, now: Instant) {
        let stays =
            self.minimum.is_some_and(|(least, at)| least < rtt && Span::between(at, now) < MINIMUM_LIFETIME);
        if !stays {
            self.minimum = Some((rtt, now));
        }
    }

    /// Takes a sample: alpha is 1/8, beta 1/4 (2.2 and 2.3).
    pub(crate) fn measured(&mut self, sample: RttSample) {
        let rtt = sample.rtt.as_micros();
        if self.smoothed == 0 {
            self.smoothed = (rtt << 3).max(1);
            self.deviation = rtt << 1;
            self.variation = self.deviation.max(self.floor);
            self.deviation_peak = self.variation;
            self.round_until = sample.nxt;
            return;
        }
        let smoothed = self.smoothed >> 3;
        self.smoothed = (self.smoothed + rtt).saturating_sub(smoothed).max(1);
        let deviation = self.deviation >> 2;
        let error = rtt.abs_diff(smoothed);
        let shrinks_path = rtt < smoothed;
        match error.checked_sub(deviation) {
            // A sudden drop of the round trip is no reason to wait longer: it counts an eighth.
            Some(more) if shrinks_path => self.deviation += more >> 3,
            Some(more) => self.deviation += more,
            None => self.deviation -= deviation - error,
        }
        if self.deviation > self.deviation_peak {
            self.deviation_peak = self.deviation;
            self.variation = self.variation.max(self.deviation_peak);
        }
        if sample.una.after(self.round_until) {
            self.variation -= self.variation.saturating_sub(self.deviation_peak) >> 2;
            self.round_until = sample.nxt;
            self.deviation_peak = self.floor;
        }
    }
}

#[cfg(test)]
mod tests;
