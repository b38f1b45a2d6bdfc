//! How fast data is delivered, measured over one flight (draft-ietf-ccwg-bbr, section 4.1).

use synfin_wire::{Instant, SeqNumber};

use crate::compact::compact;
use crate::span::Span;

/// What a segment remembers of the moment at which it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateStamp {
    /// Segments delivered by then.
    pub(crate) delivered: u64,
    /// When the last of them was.
    delivered_at: Instant,
    /// When the flight began that it belongs to.
    first_sent_at: Instant,
    /// There was not enough to send.
    app_limited: bool,
    /// Segments found to be lost by then.
    lost: u64,
    /// Segments in flight with it.
    in_flight: u32,
}

compact!(RateStamp { delivered, delivered_at, first_sent_at, app_limited, lost, in_flight });

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateSample {
    /// Segments that had been delivered when the newest of what arrived was sent.
    pub(crate) prior_delivered: u64,
    /// Segments delivered since.
    pub(crate) delivered: u64,
    /// In how long.
    pub(crate) interval: Span,
    /// There was not enough to send: the path may be faster.
    pub(crate) app_limited: bool,
    /// Segments found to be lost since.
    pub(crate) lost: u64,
    /// Segments that were in flight when it was sent, with it.
    pub(crate) sent_in_flight: u32,
}

/// The counters that samples are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeliveryRate {
    /// Segments delivered so far.
    pub(crate) delivered: u64,
    /// Segments found to be lost so far.
    pub(crate) lost: u64,
    delivered_at: Instant,
    first_sent_at: Instant,
    /// Until so many are delivered there was not enough to send.
    limited_until: u64,
    /// The newest of what the acknowledgment in hand covers.
    newest: Option<Newest>,
    /// What is told of the rate.
    told: Option<Measured>,
}

compact!(DeliveryRate { delivered, lost, delivered_at, first_sent_at, limited_until, newest, told });

/// A rate that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measured {
    /// Segments delivered.
    segments: u64,
    /// In how long.
    interval: Span,
    /// There was not enough to send.
    pub(crate) app_limited: bool,
}

compact!(Measured { segments, interval, app_limited });

impl Measured {
    /// Octets a second, if a segment has so many.
    pub(crate) fn octets(&self, segment: u32) -> u64 {
        let text = self.segments.saturating_mul(u64::from(segment));
        text.saturating_mul(1_000_000) / self.interval.as_micros().max(1)
    }

    /// At least as fast.
    fn is_as_fast_as(&self, other: &Self) -> bool {
        let product = |segments: u64, interval: Span| segments.saturating_mul(interval.as_micros());
        product(self.segments, other.interval) >= product(other.segments, self.interval)
    }
}

#[derive(Clone, Copy, Debug)]
struct Newest {
    stamp: RateStamp,
    sent_at: Instant,
    end: SeqNumber,
}

compact!(Newest { stamp, sent_at, end });

impl DeliveryRate {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            delivered: 0,
            lost: 0,
            delivered_at: now,
            first_sent_at: now,
            limited_until: 0,
            newest: None,
            told: None,
        }
    }

    /// What is sent now will remember; `in_flight` counts it.
    pub(crate) fn stamp(&mut self, nothing_outstanding: bool, in_flight: u32, now: Instant) -> RateStamp {
        if nothing_outstanding {
            self.first_sent_at = now;
            self.delivered_at = now;
        }
        RateStamp {
            delivered: self.delivered,
            delivered_at: self.delivered_at,
            first_sent_at: self.first_sent_at,
            app_limited: self.limited_until > self.delivered,
            lost: self.lost,
            in_flight,
        }
    }

    /// Something that was sent at `sent_at` and ends at `end` has arrived.
    pub(crate) fn arrived(&mut self, stamp: RateStamp, sent_at: Instant, end: SeqNumber) {
        let is_newer = self.newest.is_none_or(|newest| {
            sent_at > newest.sent_at || (sent_at == newest.sent_at && end.after(newest.end))
        });
        if is_newer {
            self.newest = Some(Newest { stamp, sent_at, end });
        }
    }

    /// What had been delivered when the newest of what arrived was sent.
    pub(crate) fn prior(&self) -> Option<u64> {
        self.newest.map(|newest| newest.stamp.delivered)
    }

    /// Segments have arrived.
    pub(crate) fn count(&mut self, segments: u32) {
        self.delivered += u64::from(segments);
    }

    /// There is less to send than the window would take.
    pub(crate) fn app_limited(&mut self, in_flight: u32) {
        self.limited_until = self.delivered + u64::from(in_flight.max(1));
    }

    /// The rate that was measured last; where there was not enough to send, only if it is no lower than before.
    pub(crate) fn measured(&self) -> Option<Measured> {
        self.told
    }

    /// What was sent last, before anything was, there was not enough of.
    pub(crate) fn is_app_limited(&self) -> bool {
        self.told.is_none_or(|told| told.app_limited)
    }

    fn tell(&mut self, sample: &RateSample, shortest: Option<Span>) {
        let told = Measured {
            segments: sample.delivered,
            interval: sample.interval,
            app_limited: sample.app_limited,
        };
        // Less than a round trip is no measurement.
        let is_one = shortest.is_none_or(|shortest| told.interval >= shortest);
        if is_one && (!told.app_limited || self.told.is_none_or(|before| told.is_as_fast_as(&before))) {
            self.told = Some(told);
        }
    }

    /// Ends the acknowledgment in hand, with the measurement that it allows; no round trip was shorter than `shortest`.
    pub(crate) fn sample(&mut self, now: Instant, shortest: Option<Span>) -> Option<RateSample> {
        let Newest { stamp, sent_at, .. } = self.newest.take()?;
        self.first_sent_at = sent_at;
        self.delivered_at = now;
        let sample = RateSample {
            prior_delivered: stamp.delivered,
            delivered: self.delivered - stamp.delivered,
            interval: Span::between(stamp.first_sent_at, sent_at).max(Span::between(stamp.delivered_at, now)),
            app_limited: stamp.app_limited,
            lost: self.lost - stamp.lost,
            sent_in_flight: stamp.in_flight,
        };
        self.tell(&sample, shortest);
        Some(sample)
    }
}
