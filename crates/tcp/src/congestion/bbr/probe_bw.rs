//! Round and round: a little slower, as fast, as fast with a full pipe, a little faster (section 5.3.3).

use synfin_wire::{Instant, SeqNumber};

use super::random::Chance;
use super::{Bbr, DeliveryEvent, Mode, Sample};
use crate::compact::compact;
use crate::congestion::Window;
use crate::span::Span;

/// A flow of Reno would have probed after so many round trips (section 5.3.3.5.1), but for no longer than this.
const MOST_ROUNDS: u32 = 63;
/// No more often than this does the growth of the bound double.
const MOST_DOUBLINGS: u32 = 30;

/// What acknowledgments are those of (section 5.3.3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AckPhase {
    /// Of nothing in particular.
    Ordinary,
    /// Of what was sent before the probe.
    ProbeStarting,
    /// Of what the probe has sent.
    ProbeFeedback,
    /// The probe is over, and what it has sent still arrives.
    ProbeStopping,
}

compact!(
    enum AckPhase {
        Ordinary,
        ProbeStarting,
        ProbeFeedback,
        ProbeStopping,
    }
);

/// Where in the cycle.
#[derive(Clone, Debug)]
pub(super) struct Cycle {
    chance: Chance,
    phase: AckPhase,
    /// What is measured now was sent to probe: BBR.bw_probe_samples.
    pub(super) samples_probe: bool,
    /// When the cycle began, and how long it waits before it probes.
    began: Instant,
    wait: Span,
    /// Round trips since the last probe.
    rounds: u32,
    /// Round trips of this probe: the bound grows by one segment in the first, then by two, by four.
    up_rounds: u32,
    up_delivered: u32,
    /// The bound grows by a segment for so many that arrive: BBR.probe_up_cnt.
    up_count: u32,
}

compact!(Cycle { chance, phase, samples_probe, began, wait, rounds, up_rounds, up_delivered, up_count });

impl Cycle {
    pub(super) fn new(seed: SeqNumber, now: Instant) -> Self {
        Self {
            chance: Chance::new(seed),
            phase: AckPhase::Ordinary,
            samples_probe: false,
            began: now,
            wait: Span::ZERO,
            rounds: 0,
            up_rounds: 0,
            up_delivered: 0,
            up_count: u32::MAX,
        }
    }

    /// What is in flight was sent faster than usual, or slower.
    pub(super) fn stop_probe(&mut self) {
        self.phase = AckPhase::ProbeStopping;
    }

    /// BBRPickProbeWait: two to three seconds.
    fn pick_wait(&mut self) {
        self.rounds = self.chance.below(2) as u32;
        self.wait = Span::from_micros(2_000_000 + self.chance.below(1_000_000));
    }

    /// BBRRaiseInflightLongtermSlope.
    fn grow_faster(&mut self, window: u32) {
        self.up_count = (window >> self.up_rounds).max(1);
        self.up_rounds = (self.up_rounds + 1).min(MOST_DOUBLINGS);
    }
}

impl Bbr {
    /// BBRUpdateProbeBWCyclePhase.
    pub(super) fn update_cycle(&mut self, window: &Window, event: &DeliveryEvent, sample: &Sample) {
        if !self.full.reached {
            return;
        }
        self.adapt_upper_bound(window, event, sample);
        if self.rounds.started {
            self.cycle.rounds = self.cycle.rounds.saturating_add(1);
        }
        let mode = self.mode;
        match mode {
            Mode::Down if self.is_time_to_probe(window, event) => self.refill(event),
            Mode::Down if self.is_time_to_cruise(event) => self.cruise(),
            Mode::Cruise if self.is_time_to_probe(window, event) => self.refill(event),
            Mode::Refill if self.rounds.started => self.go_up(window, event, sample),
            Mode::Up if self.is_time_to_go_down(window, event, sample) => self.go_down(event),
            Mode::Startup
            | Mode::Drain
            | Mode::Down
            | Mode::Cruise
            | Mode::Refill
            | Mode::Up
            | Mode::ProbeRtt => {}
        }
    }

    /// BBRAdaptLongTermModel: what the probe says of the bound.
    fn adapt_upper_bound(&mut self, window: &Window, event: &DeliveryEvent, sample: &Sample) {
        if self.rounds.started {
            match self.cycle.phase {
                AckPhase::ProbeStarting => self.cycle.phase = AckPhase::ProbeFeedback,
                AckPhase::ProbeStopping => {
                    self.cycle.phase = AckPhase::Ordinary;
                    self.cycle.samples_probe = false;
                    if self.mode.is_probe_bw() && !sample.app_limited {
                        self.max_bandwidth.advance();
                    }
                }
                AckPhase::Ordinary | AckPhase::ProbeFeedback => {}
            }
        }
        if sample.lost_too_much() {
            if self.cycle.samples_probe {
                self.bound_in_flight(window.size, sample);
                if self.mode == Mode::Up {
                    self.go_down(event);
                }
            }
            return;
        }
        if self.bounds.in_flight_high == u32::MAX {
            return;
        }
        self.bounds.in_flight_high = self.bounds.in_flight_high.max(sample.sent_in_flight);
        if self.mode == Mode::Up {
            self.raise_bound(window, event);
        }
    }

    /// BBRProbeInflightLongtermUpward.
    fn raise_bound(&mut self, window: &Window, event: &DeliveryEvent) {
        if !event.limited || window.size < self.bounds.in_flight_high {
            return;
        }
        let cycle = &mut self.cycle;
        cycle.up_delivered = cycle.up_delivered.saturating_add(event.delivered);
        let more = cycle.up_delivered / cycle.up_count;
        cycle.up_delivered -= more * cycle.up_count;
        self.bounds.in_flight_high = self.bounds.in_flight_high.saturating_add(more);
        if self.rounds.started {
            cycle.grow_faster(window.size);
        }
    }

    /// BBRIsTimeToProbeBW.
    fn is_time_to_probe(&self, window: &Window, event: &DeliveryEvent) -> bool {
        let as_reno = self.target_in_flight(window.size).min(MOST_ROUNDS);
        event.now > self.cycle.began + self.cycle.wait || self.cycle.rounds >= as_reno
    }

    /// BBRIsTimeToCruise: the queue is empty, and there is room for others.
    fn is_time_to_cruise(&self, event: &DeliveryEvent) -> bool {
        let held = self.inflight(self.max_bandwidth.get(), 100);
        event.in_flight <= self.bounds.with_headroom().min(held)
    }

    /// BBRIsTimeToGoDown: the path delivers no more; while the bound is what holds sending back, nobody knows.
    fn is_time_to_go_down(&mut self, window: &Window, event: &DeliveryEvent, sample: &Sample) -> bool {
        if event.limited && window.size >= self.bounds.in_flight_high {
            self.full.begin(sample.rate);
            return false;
        }
        self.full.now
    }

    /// BBRStartProbeBW_DOWN.
    pub(super) fn go_down(&mut self, event: &DeliveryEvent) {
        self.latest.reset();
        self.cycle.up_count = u32::MAX;
        self.cycle.pick_wait();
        self.cycle.began = event.now;
        self.cycle.stop_probe();
        self.start_round(event);
        self.mode = Mode::Down;
    }

    /// BBRStartProbeBW_CRUISE.
    pub(super) fn cruise(&mut self) {
        self.mode = Mode::Cruise;
    }

    /// BBRStartProbeBW_REFILL.
    fn refill(&mut self, event: &DeliveryEvent) {
        self.bounds.reset_low();
        self.cycle.up_rounds = 0;
        self.cycle.up_delivered = 0;
        self.cycle.phase = AckPhase::Ordinary;
        self.start_round(event);
        self.mode = Mode::Refill;
    }

    /// BBRStartProbeBW_UP.
    fn go_up(&mut self, window: &Window, event: &DeliveryEvent, sample: &Sample) {
        self.cycle.samples_probe = true;
        self.cycle.phase = AckPhase::ProbeStarting;
        self.start_round(event);
        self.full.begin(sample.rate);
        self.mode = Mode::Up;
        self.cycle.grow_faster(window.size);
    }
}
