//! What is measured: round trips, the bandwidth, the least delay (sections 5.5.1 to 5.5.6).

use synfin_wire::Instant;

use super::Sample;
use crate::compact::compact;
use crate::congestion::bandwidth::Bandwidth;
use crate::span::Span;

/// MinRTTFilterLen.
const MIN_RTT_LIFETIME: Span = Span::from_secs(10);
/// ProbeRTTInterval.
const PROBE_RTT_INTERVAL: Span = Span::from_secs(5);

/// Round trips, counted by what is delivered: one is over when what was sent after its beginning arrives
/// (section 5.5.1).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rounds {
    /// BBR.next_round_delivered.
    pub(super) until: u64,
    pub(super) count: u64,
    /// The acknowledgment in hand begins one.
    pub(super) started: bool,
}

compact!(Rounds { until, count, started });

impl Rounds {
    pub(super) fn update(&mut self, delivered_in_all: u64, prior_delivered: Option<u64>) {
        self.started = prior_delivered.is_some_and(|prior| prior >= self.until);
        if self.started {
            self.until = delivered_in_all;
            self.count += 1;
        }
    }
}

/// The most that was delivered in a time, over this cycle of probing and the one before (section 5.5.5).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MaxBandwidth {
    before: Bandwidth,
    now: Bandwidth,
}

compact!(MaxBandwidth { before, now });

impl MaxBandwidth {
    pub(super) fn get(&self) -> Bandwidth {
        self.before.max(self.now)
    }

    /// A flow that had too little to send proves only that the path does as much.
    pub(super) fn take(&mut self, sample: &Sample) {
        if sample.rate >= self.get() || !sample.app_limited {
            self.now = self.now.max(sample.rate);
        }
    }

    /// A cycle is over, if anything was measured in it.
    pub(super) fn advance(&mut self) {
        if self.now > Bandwidth::ZERO {
            self.before = core::mem::take(&mut self.now);
        }
    }
}

/// The round trip when nothing waits anywhere (section 5.5.6, and when to look again, 5.3.4.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct MinRtt {
    rtt: Option<Span>,
    at: Instant,
    /// The least of the last seconds.
    recent: Option<Span>,
    recent_at: Instant,
    /// It was long ago that the path was seen empty.
    pub(super) expired: bool,
}

compact!(MinRtt { rtt, at, recent, recent_at, expired });

impl MinRtt {
    pub(super) fn new(now: Instant) -> Self {
        Self { rtt: None, at: now, recent: None, recent_at: now, expired: false }
    }

    pub(super) fn get(&self) -> Option<Span> {
        self.rtt
    }

    pub(super) fn take(&mut self, sample: Option<Span>, now: Instant) {
        self.expired = now > self.recent_at + PROBE_RTT_INTERVAL;
        if let Some(rtt) = sample.filter(|rtt| self.expired || self.recent.is_none_or(|least| *rtt < least)) {
            self.recent = Some(rtt);
            self.recent_at = now;
        }
        let too_old = now > self.at + MIN_RTT_LIFETIME;
        let is_less = self.recent.is_some() && self.rtt.is_none_or(|rtt| self.recent < Some(rtt));
        if is_less || too_old {
            self.rtt = self.recent.or(self.rtt);
            self.at = self.recent_at;
        }
    }

    /// The path was just seen empty.
    pub(super) fn renew(&mut self, now: Instant) {
        self.recent_at = now;
    }
}

/// What the last round trip delivered, and whether anything was lost in it (section 5.5.10.3).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LatestSignals {
    /// BBR.bw_latest.
    pub(super) bandwidth: Bandwidth,
    /// BBR.inflight_latest.
    pub(super) in_flight: u32,
    pub(super) loss_in_round: bool,
    /// Acknowledgments of this round that told of losses.
    pub(super) loss_events: u32,
    /// BBR.loss_round_delivered.
    until: u64,
    /// BBR.loss_round_start.
    pub(super) round_started: bool,
}

compact!(LatestSignals { bandwidth, in_flight, loss_in_round, loss_events, until, round_started });

impl LatestSignals {
    pub(super) fn take(&mut self, delivered_in_all: u64, sample: &Sample) {
        self.bandwidth = self.bandwidth.max(sample.rate);
        self.in_flight = self.in_flight.max(sample.delivered);
        self.round_started = sample.prior_delivered.is_some_and(|prior| prior >= self.until);
        if self.round_started {
            self.until = delivered_in_all;
        }
        if sample.newly_lost > 0 {
            self.loss_in_round = true;
            self.loss_events += 1;
        }
    }

    /// A round is over: the next begins with this acknowledgment.
    pub(super) fn advance(&mut self, sample: &Sample) {
        if self.round_started {
            self.bandwidth = sample.rate;
            self.in_flight = sample.delivered;
            self.loss_in_round = false;
            self.loss_events = 0;
        }
    }

    /// BBRResetCongestionSignals.
    pub(super) fn reset(&mut self) {
        self.loss_in_round = false;
        self.bandwidth = Bandwidth::ZERO;
        self.in_flight = 0;
    }
}
