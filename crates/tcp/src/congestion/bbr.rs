//! BBR version 3 (draft-ietf-ccwg-bbr): no window that grows until something is lost, but a model of the path, of
//! how much it delivers in a time and how long it takes when nothing waits, and a sender that follows the model.
//!
//! In: a measurement for each acknowledgment. Out: the window, and the pace. The sections cited here and below are
//! the draft's. Counts are in segments; gains in hundredths. Left out on purpose: the reaction to marks, which the
//! draft leaves open, and a look at each lost segment apart (section 5.5.10.2), as losses are judged with the
//! acknowledgment that tells of them.

mod aggregation;
mod bounds;
mod control;
mod model;
mod probe_bw;
mod probe_rtt;
mod random;
mod startup;

use synfin_wire::{Instant, SeqNumber};

use super::bandwidth::Bandwidth;
use super::{
    CongestionController, CongestionEvent, DeliveryEvent, OwnControl, RestartEvent, RoundTripEvent, Window,
};
use crate::compact::compact;
use crate::connection::status::RecoveryState;
use crate::span::Span;
use aggregation::Aggregation;
use bounds::Bounds;
use model::{LatestSignals, MaxBandwidth, MinRtt, Rounds};
use probe_bw::Cycle;
use probe_rtt::ProbeRtt;
use startup::FullPipe;

/// Beta: what a loss leaves of a bound.
const BETA: u64 = 70;
/// BBR.MinPipeCwnd: enough for an acknowledgment to be under way while another is made.
const MIN_WINDOW: u32 = 4;
/// More than one in so many lost is too much: LossThresh, 2 %.
const LOSS_DIVISOR: u64 = 50;

/// What BBR is at (section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Doubling each round trip, until the path delivers no more.
    Startup,
    /// Emptying the queue that Startup has made.
    Drain,
    /// A little slower than the path, to empty queues and make room for others.
    Down,
    /// As fast as the path.
    Cruise,
    /// As fast as the path, with all of the window, so that the probe begins with a full pipe.
    Refill,
    /// A little faster, to see whether there is more.
    Up,
    /// Almost nothing in flight, to see how short the path is.
    ProbeRtt,
}

compact!(
    enum Mode {
        Startup,
        Drain,
        Down,
        Cruise,
        Refill,
        Up,
        ProbeRtt,
    }
);

impl Mode {
    /// The pace, in hundredths of the bandwidth (section 4.6).
    fn pacing_gain(self) -> u64 {
        match self {
            Self::Startup => 277,
            Self::Drain => 35,
            Self::Down => 90,
            Self::Cruise | Self::Refill | Self::ProbeRtt => 100,
            Self::Up => 125,
        }
    }

    /// The window, in hundredths of what the path holds.
    fn window_gain(self) -> u64 {
        match self {
            Self::Startup | Self::Drain | Self::Down | Self::Cruise | Self::Refill => 200,
            Self::Up => 225,
            Self::ProbeRtt => 50,
        }
    }

    /// One of the four that it goes round in.
    fn is_probe_bw(self) -> bool {
        matches!(self, Self::Down | Self::Cruise | Self::Refill | Self::Up)
    }

    /// It looks for more bandwidth: a loss then is an answer, and no reason to slow down.
    fn seeks_bandwidth(self) -> bool {
        matches!(self, Self::Startup | Self::Refill | Self::Up)
    }
}

/// What BBR knows of the path, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Bbr {
    mode: Mode,
    rounds: Rounds,
    max_bandwidth: MaxBandwidth,
    min_rtt: MinRtt,
    latest: LatestSignals,
    bounds: Bounds,
    /// The bounds when an episode of losses began.
    bounds_before: Bounds,
    full: FullPipe,
    cycle: Cycle,
    probe_rtt: ProbeRtt,
    aggregation: Aggregation,
    /// Segments that had been lost by the last acknowledgment.
    lost: u64,
    /// How recovery stood then.
    recovery: RecoveryState,
    /// The window before a loss or a probe made it small.
    saved_window: u32,
    /// The initial window, which Startup may always use.
    initial_window: u32,
    /// The pace; `None` before the first round trip.
    pacing_rate: Option<Bandwidth>,
    /// Nothing was in flight, and nothing has been delivered since.
    restarted: bool,
}

compact!(Bbr {
    mode,
    rounds,
    max_bandwidth,
    min_rtt,
    latest,
    bounds,
    bounds_before,
    full,
    cycle,
    probe_rtt,
    aggregation,
    lost,
    recovery,
    saved_window,
    initial_window,
    pacing_rate,
    restarted
});

/// One acknowledgment, as the model sees it.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// RS.delivery_rate; zero when the acknowledgment measures none.
    rate: Bandwidth,
    /// RS.delivered.
    delivered: u32,
    /// RS.prior_delivered; `None` without a measurement.
    prior_delivered: Option<u64>,
    app_limited: bool,
    /// RS.tx_in_flight.
    sent_in_flight: u32,
    /// RS.lost: what was lost since it was sent.
    lost_since: u64,
    /// What this acknowledgment shows to be lost.
    newly_lost: u32,
}

impl Sample {
    /// More was lost than a path loses that is not too full (IsInflightTooHigh).
    fn lost_too_much(&self) -> bool {
        self.lost_since.saturating_mul(LOSS_DIVISOR) > u64::from(self.sent_in_flight)
    }
}

impl Bbr {
    /// BBROnInit. What is drawn by chance follows from `seed`.
    pub(crate) fn new(window: u32, seed: SeqNumber, now: Instant) -> Self {
        Self {
            mode: Mode::Startup,
            rounds: Rounds::default(),
            max_bandwidth: MaxBandwidth::default(),
            min_rtt: MinRtt::new(now),
            latest: LatestSignals::default(),
            bounds: Bounds::default(),
            bounds_before: Bounds::default(),
            full: FullPipe::default(),
            cycle: Cycle::new(seed, now),
            probe_rtt: ProbeRtt::default(),
            aggregation: Aggregation::new(now),
            lost: 0,
            recovery: RecoveryState::Open,
            saved_window: 0,
            initial_window: window,
            pacing_rate: None,
            restarted: false,
        }
    }

    /// What one acknowledgment says. One that came sooner than a round trip takes measures no rate: it tells of
    /// acknowledgments that were held back and came at once.
    fn sample(&self, event: &DeliveryEvent) -> Sample {
        let least = event.minimum_rtt.unwrap_or_default();
        let sound = event.sample.filter(|sample| sample.interval >= least && !sample.interval.is_zero());
        Sample {
            rate: sound.map_or(Bandwidth::ZERO, |sample| Bandwidth::of(sample.delivered, sample.interval)),
            delivered: event.sample.map_or(0, |sample| u32::try_from(sample.delivered).unwrap_or(u32::MAX)),
            prior_delivered: event.sample.map(|sample| sample.prior_delivered),
            app_limited: event.sample.is_some_and(|sample| sample.app_limited),
            sent_in_flight: event.sample.map_or(0, |sample| sample.sent_in_flight),
            lost_since: event.sample.map_or(0, |sample| sample.lost),
            newly_lost: u32::try_from(event.lost.saturating_sub(self.lost)).unwrap_or(u32::MAX),
        }
    }

    /// BBRUpdateModelAndState (section 5.2.3).
    fn update_model(&mut self, window: &mut Window, event: &DeliveryEvent, sample: &Sample) {
        self.rounds.update(event.delivered_in_all, sample.prior_delivered);
        self.latest.take(event.delivered_in_all, sample);
        self.max_bandwidth.take(sample);
        self.adapt_lower_bounds(window.size, sample);
        let bandwidth = self.bandwidth();
        let filter_rounds = if self.full.reached { aggregation::ROUNDS } else { 1 };
        self.aggregation.take(event, bandwidth, window.size, self.rounds.count, filter_rounds);
        self.full.look(sample, self.rounds.started);
        self.check_startup(event, sample);
        self.check_drain(event);
        self.update_cycle(window, event, sample);
        self.min_rtt.take(event.rtt, event.now);
        self.check_probe_rtt(window, event);
        self.latest.advance(sample);
    }

    /// The bandwidth to use: what the path can do, as far as losses do not speak against it.
    fn bandwidth(&self) -> Bandwidth {
        self.max_bandwidth.get().min(self.bounds.bandwidth_low)
    }

    /// A round begins with what is sent now.
    fn start_round(&mut self, event: &DeliveryEvent) {
        self.rounds.until = event.delivered_in_all;
    }

    fn save_window(&mut self, window: &Window) {
        let is_small = matches!(self.recovery, RecoveryState::Recovery | RecoveryState::Loss)
            || self.mode == Mode::ProbeRtt;
        self.saved_window = if is_small { self.saved_window.max(window.size) } else { window.size };
    }

    fn restore_window(&mut self, window: &mut Window) {
        window.size = window.size.max(self.saved_window);
    }

    /// What it decides beside the window.
    pub(super) fn control(&self) -> OwnControl {
        OwnControl { pacing_rate: self.pacing_rate, holds_back: self.mode == Mode::ProbeRtt }
    }
}

impl CongestionController for Bbr {
    /// The threshold says nothing here; but when the window is to become small, it is to be found again.
    fn on_congestion(&mut self, window: &Window, _: &CongestionEvent) -> u32 {
        self.save_window(window);
        self.bounds_before = self.bounds;
        window.threshold
    }

    /// BBRInitPacingRate (section 5.6.2): so that the first window, too, leaves in bursts that suit the path.
    fn on_established(&mut self, rtt: Span) {
        self.init_pacing(rtt);
    }

    fn on_round_trip(&mut self, _: &mut Window, event: &RoundTripEvent) {
        if self.pacing_rate.is_none() {
            self.init_pacing(event.rtt);
        }
    }

    /// BBRHandleRestartFromIdle (section 5.4.3): no faster than the path, lest all that waits leave in a burst.
    fn on_restart(&mut self, event: &RestartEvent) {
        if event.idle.is_zero() {
            return;
        }
        self.restarted = true;
        self.aggregation.restart(event.now);
        if self.mode.is_probe_bw() {
            self.pace(100);
        }
    }

    fn on_delivery(&mut self, window: &mut Window, event: &DeliveryEvent) {
        let sample = self.sample(event);
        self.update_model(window, event, &sample);
        self.pace(self.mode.pacing_gain());
        self.set_window(window, event, &sample);
        self.lost = event.lost;
        self.recovery = event.recovery;
    }

    /// Nothing had been lost: the bounds as they were before.
    fn on_undo(&mut self, window: &mut Window) {
        self.full.reset();
        self.latest.loss_in_round = false;
        self.bounds.loosen(&self.bounds_before);
        self.restore_window(window);
    }
}

/// The share of a number of segments.
fn percent(segments: u32, percent: u64) -> u32 {
    u32::try_from(u64::from(segments) * percent / 100).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
