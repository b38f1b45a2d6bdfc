//! CUBIC (RFC 9438): after a loss the window grows along a cubic curve in time, flat where it was when the loss
//! came. The arithmetic is Linux's, in whole numbers.

use synfin_wire::{Instant, SeqNumber};

use super::hystart::HyStart;
use super::{
    AckEvent, Cause, CongestionController, CongestionEvent, RestartEvent, RoundTripEvent, TimeoutEvent,
    Window,
};
use crate::compact::compact;
use crate::config::SlowStartExit;
use crate::span::Span;

/// beta_cubic, 0.7, in 1/1024 (section 4.6).
const BETA: u64 = 717;
/// beta for a mark instead of a loss, 0.85, in 1/1024 (RFC 8511 section 3).
const BETA_MARK: u64 = 870;
/// C, 0.4, in 1/1024 (section 4.1).
const C: u64 = 410;
/// Time is in 1/1024 s.
const TICKS_A_SECOND: u64 = 1024;
/// The curve is not looked at more often than this while the window stays.
const INTERVAL: Span = Span::from_micros(31_250);

/// What CUBIC remembers.
#[derive(Clone, Debug)]
pub(crate) struct Cubic {
    hystart: HyStart,
    /// A mark counts for less than a loss (ABE, RFC 8511).
    backoff_on_mark: u64,
    /// The window at the last loss: W_max. 0 before the first.
    last_max: u32,
    /// When the curve began.
    epoch: Option<Epoch>,
    /// The window grows by a segment for so many that arrive.
    count: u32,
    /// The window when `count` was worked out, and when that was.
    worked_out: (u32, Instant),
}

compact!(Cubic { hystart, backoff_on_mark, last_max, epoch, count, worked_out });

/// One curve.
#[derive(Clone, Copy, Debug)]
struct Epoch {
    began: Instant,
    /// Where the curve is flat.
    origin: u32,
    /// When it gets there: K, in ticks.
    k: u64,
    /// What Reno's window would be, and what has arrived since it grew.
    reno: u32,
    arrived: u32,
}

compact!(Epoch { began, origin, k, reno, arrived });

impl Cubic {
    /// With `alternative_backoff` a mark leaves 0.85 of the window instead of 0.7 (RFC 8511).
    pub(crate) fn new(exit: SlowStartExit, alternative_backoff: bool, nxt: SeqNumber, now: Instant) -> Self {
        Self {
            hystart: HyStart::new(exit, nxt, now),
            backoff_on_mark: if alternative_backoff { BETA_MARK } else { BETA },
            last_max: 0,
            epoch: None,
            count: 1,
            worked_out: (0, Instant::ZERO),
        }
    }

    /// Works out how fast the window grows now (section 4.2 to 4.5).
    fn update(&mut self, size: u32, event: &AckEvent) {
        let now = event.now;
        let (seen, at) = self.worked_out;
        let mut epoch = match self.epoch {
            Some(mut epoch) => {
                epoch.arrived = epoch.arrived.saturating_add(event.delivered);
                epoch
            }
            None => self.begin(size, event),
        };
        let is_new = self.epoch.is_none();
        if !is_new && seen == size && Span::between(at, now) <= INTERVAL {
            self.epoch = Some(epoch);
            return;
        }
        // Once a millisecond is enough for the curve; Reno's window moves with every acknowledgment.
        if is_new || now.as_millis() != at.as_millis() {
            self.worked_out = (size, now);
            self.count = self.along_the_curve(size, &epoch, now);
        }
        self.count = self.count.min(epoch.as_reno(size)).max(2);
        self.epoch = Some(epoch);
    }

    fn begin(&self, size: u32, event: &AckEvent) -> Epoch {
        let missing = self.last_max.saturating_sub(size);
        Epoch {
            began: event.now,
            origin: self.last_max.max(size),
            k: cube_root((u64::from(missing) << 40) / C),
            reno: size,
            arrived: event.delivered,
        }
    }

    fn along_the_curve(&self, size: u32, epoch: &Epoch, now: Instant) -> u32 {
        let elapsed = Span::between(epoch.began, now) + self.hystart.least_rtt().unwrap_or_default();
        let ticks = elapsed.as_micros().saturating_mul(TICKS_A_SECOND) / 1_000_000;
        let distance = ticks.abs_diff(epoch.k).min(1 << 16);
        let delta = ((C * distance.pow(3)) >> 40) as u32;
        let target = if ticks < epoch.k {
            epoch.origin.saturating_sub(delta)
        } else {
            epoch.origin.saturating_add(delta)
        };
        let count = if target > size { size / (target - size) } else { size.saturating_mul(100) };
        // Before the first loss there is no curve to follow: five segments in a hundred.
        if self.last_max == 0 { count.min(20) } else { count }
    }
}

impl Epoch {
    /// The least `count` that keeps up with Reno (section 4.3).
    fn as_reno(&mut self, size: u32) -> u32 {
        // 3 * (1 - beta) / (1 + beta), inverted: so many segments arrive for each that W_est grows.
        let per = ((u64::from(size) * 15) >> 3).max(1) as u32;
        self.reno = self.reno.saturating_add(self.arrived.saturating_sub(1) / per);
        self.arrived -= self.arrived.saturating_sub(1) / per * per;
        if self.reno > size { size / (self.reno - size) } else { u32::MAX }
    }
}

impl CongestionController for Cubic {
    fn on_ack(&mut self, window: &mut Window, event: &AckEvent) {
        let mut event = *event;
        if window.in_slow_start() {
            event.delivered = self.hystart.limit(event.delivered);
            event.delivered = window.grow_exponentially(event.delivered);
        }
        if event.delivered > 0 {
            self.update(window.size, &event);
            window.grow_linearly(self.count, event.delivered);
        }
    }

    fn on_congestion(&mut self, window: &Window, event: &CongestionEvent) -> u32 {
        let size = window.size;
        // Fast convergence (section 4.7): a window that shrinks makes room for others.
        let shrinks = size < self.last_max;
        self.last_max = if shrinks { (u64::from(size) * (1024 + BETA) / 2048) as u32 } else { size };
        self.epoch = None;
        let beta = if event.cause == Cause::Mark { self.backoff_on_mark } else { BETA };
        ((u64::from(size) * beta / 1024) as u32).max(2)
    }

    fn on_timeout(&mut self, event: &TimeoutEvent) {
        // What was learnt is of a path that may be no more.
        self.hystart.reset(event.nxt, event.now);
        self.last_max = 0;
        self.epoch = None;
        self.count = 1;
    }

    fn on_round_trip(&mut self, window: &mut Window, event: &RoundTripEvent) {
        // Right after a recovery round trips say little of the path.
        let settling =
            self.epoch.is_some_and(|epoch| Span::between(epoch.began, event.now) < Span::from_secs(1));
        if !settling {
            self.hystart.on_round_trip(window, event);
        }
    }

    fn on_restart(&mut self, event: &RestartEvent) {
        // An idle time does not count: the curve goes on from where it was (section 4.2, 5.8).
        if let Some(epoch) = &mut self.epoch {
            epoch.began = (epoch.began + event.idle).min(event.now);
        }
    }
}

/// The largest number whose cube is at most `value`.
fn cube_root(value: u64) -> u64 {
    let mut root = 0u64;
    for bit in (0..=20).rev() {
        let candidate = root | 1 << bit;
        if candidate.pow(3) <= value {
            root = candidate;
        }
    }
    root
}

#[cfg(test)]
mod tests;
