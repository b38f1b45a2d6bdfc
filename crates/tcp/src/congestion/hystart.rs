//! When slow start should end before it loses anything: HyStart as Linux has it, and HyStart++ (RFC 9406).

use synfin_wire::{Instant, SeqNumber};

use super::{RoundTripEvent, Window, pacing};
use crate::compact::compact;
use crate::config::SlowStartExit;
use crate::span::Span;

/// HyStart leaves smaller windows alone; segments.
const LOW_WINDOW: u32 = 16;
/// Acknowledgments that come no further apart belong to one train.
const TRAIN_GAP: Span = Span::from_millis(2);
/// The most that is allowed for the largest bursts.
const MOST_CUSHION: Span = Span::from_millis(1);
/// Samples before a round trip's delay is judged: N_RTT_SAMPLE.
const SAMPLES: u8 = 8;
/// MIN_RTT_THRESH and MAX_RTT_THRESH.
const THRESHOLD: (Span, Span) = (Span::from_millis(4), Span::from_millis(16));
/// CSS_GROWTH_DIVISOR.
const CSS_DIVISOR: u32 = 4;
/// CSS_ROUNDS.
const CSS_ROUNDS: u8 = 5;
/// L, without pacing: segments that one acknowledgment lets the window grow by.
const MOST_AT_ONCE: u32 = 8;

/// The watch over one slow start.
#[derive(Clone, Debug)]
pub(crate) struct HyStart {
    exit: SlowStartExit,
    /// The least round trip since the path was new.
    least: Option<Span>,
    /// The round ends when this is acknowledged.
    round_until: SeqNumber,
    round_began: Instant,
    /// When the train's last acknowledgment came.
    train: Instant,
    /// The least round trip of this round, and how many samples it has seen.
    current: Option<Span>,
    samples: u8,
    /// The least round trip of the round before.
    previous: Option<Span>,
    /// Conservative slow start (RFC 9406 section 4.2).
    conservative: Option<Conservative>,
    /// It has ended slow start once, which is enough: what ends it again is a loss.
    found: bool,
    /// What the window did not grow by in it, in parts of `CSS_DIVISOR`.
    remainder: u32,
    /// Segments leave at a pace.
    paced: bool,
}

compact!(HyStart {
    exit,
    least,
    round_until,
    round_began,
    train,
    current,
    samples,
    previous,
    conservative,
    found,
    remainder,
    paced
});

#[derive(Clone, Copy, Debug)]
struct Conservative {
    /// cssBaselineMinRtt.
    baseline: Span,
    rounds: u8,
}

compact!(Conservative { baseline, rounds });

impl HyStart {
    pub(crate) fn new(exit: SlowStartExit, nxt: SeqNumber, now: Instant) -> Self {
        Self {
            exit,
            least: None,
            round_until: nxt,
            round_began: now,
            train: now,
            current: None,
            samples: 0,
            previous: None,
            conservative: None,
            found: false,
            remainder: 0,
            paced: false,
        }
    }

    /// All that was learnt is let go.
    pub(crate) fn reset(&mut self, nxt: SeqNumber, now: Instant) {
        *self = Self::new(self.exit, nxt, now);
    }

    /// The least round trip since the path was new.
    pub(crate) fn least_rtt(&self) -> Option<Span> {
        self.least
    }

    /// By how much slow start may grow for so much that has arrived (RFC 9406 section 4.2).
    pub(crate) fn limit(&mut self, delivered: u32) -> u32 {
        let is_limited = self.exit == SlowStartExit::HyStartPlusPlus && !self.paced;
        let delivered = if is_limited { delivered.min(MOST_AT_ONCE) } else { delivered };
        if self.conservative.is_none() {
            return delivered;
        }
        let parts = self.remainder + delivered;
        self.remainder = parts % CSS_DIVISOR;
        parts / CSS_DIVISOR
    }

    /// Takes a sample, and ends slow start by setting the threshold where it is time.
    pub(crate) fn on_round_trip(&mut self, window: &mut Window, event: &RoundTripEvent) {
        self.paced = event.paced;
        let rtt = event.rtt.max(Span::from_micros(1));
        self.least = Some(self.least.map_or(rtt, |least| least.min(rtt)));
        if self.found || !window.in_slow_start() {
            self.conservative = None;
            return;
        }
        if event.una.after(self.round_until) {
            self.next_round(event);
        }
        match self.exit {
            SlowStartExit::Loss => {}
            SlowStartExit::HyStart => self.classic(window, rtt, event),
            SlowStartExit::HyStartPlusPlus => self.plus_plus(window, rtt),
        }
    }

    fn next_round(&mut self, event: &RoundTripEvent) {
        self.round_until = event.nxt;
        self.round_began = event.now;
        self.train = event.now;
        self.previous = self.current.take();
        self.samples = 0;
        if let Some(conservative) = &mut self.conservative {
            conservative.rounds += 1;
        }
    }

    /// A train of acknowledgments as long as half a round trip, or a delay an eighth over the least.
    fn classic(&mut self, window: &mut Window, rtt: Span, event: &RoundTripEvent) {
        if window.size < LOW_WINDOW {
            return;
        }
        let least = self.least.unwrap_or(rtt);
        if Span::between(self.train, event.now) <= TRAIN_GAP {
            self.train = event.now;
            let round = least + cushion(window, event);
            let threshold = if event.paced { round } else { round / 2 };
            if Span::between(self.round_began, event.now) > threshold {
                self.end_slow_start(window);
            }
        }
        self.current = Some(self.current.map_or(rtt, |current| current.min(rtt)));
        if self.samples < SAMPLES {
            self.samples += 1;
        } else if self.current > Some(least + threshold(least)) {
            self.end_slow_start(window);
        }
    }

    fn end_slow_start(&mut self, window: &mut Window) {
        self.found = true;
        window.threshold = window.size;
    }

    /// RFC 9406 section 4.2.
    fn plus_plus(&mut self, window: &mut Window, rtt: Span) {
        self.current = Some(self.current.map_or(rtt, |current| current.min(rtt)));
        self.samples = self.samples.saturating_add(1);
        let current = self.current.unwrap_or(rtt);
        match &mut self.conservative {
            None => {
                let slower = |last: Span| current >= last + threshold(last);
                if self.samples >= SAMPLES && self.previous.is_some_and(slower) {
                    self.conservative = Some(Conservative { baseline: current, rounds: 0 });
                }
            }
            Some(conservative) if self.samples >= SAMPLES && current < conservative.baseline => {
                // The delay was not the queue's: back to slow start.
                self.conservative = None;
            }
            Some(conservative) if conservative.rounds >= CSS_ROUNDS => {
                self.conservative = None;
                self.end_slow_start(window);
            }
            Some(_) => {}
        }
    }
}

/// How much longer a round may last since bursts, which grow with the rate, are sent, put together and acknowledged whole:
/// the time that four of the largest take, and never long. Over a short path slow start would else end far too soon.
fn cushion(window: &Window, event: &RoundTripEvent) -> Span {
    let rate = pacing::rate(window, 0, event.mss, event.smoothed);
    let micros = rate.map_or(0, |rate| 4 * pacing::MOST_AT_ONCE * 1_000_000 / rate.max(1));
    Span::from_micros(micros).min(MOST_CUSHION)
}

/// An eighth of the round trip, within bounds.
fn threshold(rtt: Span) -> Span {
    (rtt / 8).clamp(THRESHOLD.0, THRESHOLD.1)
}

#[cfg(test)]
mod tests;
