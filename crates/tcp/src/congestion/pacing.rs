//! How fast to send, and how much at once.

use synfin_wire::Instant;

use super::Window;
use crate::compact::compact;
use crate::span::Span;

/// In slow start twice the rate that the window makes, later a fifth more than it.
const SLOW_START_PERCENT: u64 = 200;
const AVOIDANCE_PERCENT: u64 = 120;
/// What is sent at once should last about a millisecond, 1/1024 s.
const BURSTS_A_SECOND: u64 = 1024;
/// The most that is sent at once, octets.
pub(super) const MOST_AT_ONCE: u64 = 65_536;
/// The first segments of a connection leave at once, as an initial window does.
const UNPACED: u32 = 10;
/// Paths shorter than this many times 512 microseconds take more at once.
const SHORT_PATH: u32 = 32;

/// What the pace depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PacingInput {
    /// Segments sent and not acknowledged.
    pub(crate) outstanding: u32,
    /// The effective send MSS, octets.
    pub(crate) mss: u32,
    /// SRTT.
    pub(crate) smoothed: Option<Span>,
    /// The most that the user wants, octets a second.
    pub(crate) most: Option<u64>,
}

/// When text may leave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pacer {
    on: bool,
    /// What has left by now used the rate up until then.
    next: Instant,
    /// Segments that have left, as far as it matters.
    sent: u32,
}

compact!(Pacer { on, next, sent });

impl Pacer {
    /// Off: only those segments are paced whose controller, or user, wants that.
    pub(crate) fn new(on: bool) -> Self {
        Self { on, next: Instant::ZERO, sent: 0 }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.on
    }

    /// When the next segment may leave, if that is later than `now`.
    pub(crate) fn holds_until(&self, now: Instant) -> Option<Instant> {
        Some(self.next).filter(|next| *next > now)
    }

    /// Text has left; without a rate nothing waits for it. What left late may be made good, up to half its time.
    pub(crate) fn sent(&mut self, segments: u32, octets: u32, rate: Option<u64>, now: Instant) {
        self.sent = self.sent.saturating_add(segments);
        let left = self.next.max(now);
        let late = Span::between(self.next, left);
        self.next = left;
        if let Some(rate) = rate.filter(|rate| *rate > 0 && self.sent >= UNPACED) {
            let nanos = u128::from(octets) * 1_000_000_000 / u128::from(rate);
            let takes = Span::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
            self.next += takes.saturating_sub(late.min(takes / 2));
        }
    }
}

/// Octets a second at which the window would be used up, and some more; `None` before the first round trip.
pub(crate) fn rate(window: &Window, outstanding: u32, mss: u32, smoothed: Option<Span>) -> Option<u64> {
    let micros = smoothed?.as_micros().max(1);
    let percent = if window.size < window.threshold / 2 { SLOW_START_PERCENT } else { AVOIDANCE_PERCENT };
    let octets = u64::from(window.size.max(outstanding)) * u64::from(mss);
    Some(octets.saturating_mul(1_000_000 / 100).saturating_mul(percent) / micros)
}

/// How many segments to send at once at `rate`: a millisecond's worth, more over a short path, and no fewer
/// than `least`.
pub(crate) fn segments_at_once(rate: Option<u64>, minimum_rtt: Option<Span>, mss: u32, least: u32) -> u32 {
    let Some(rate) = rate else { return (MOST_AT_ONCE / u64::from(mss)).max(1) as u32 };
    let half_millis = minimum_rtt.map_or(u32::MAX, |rtt| (rtt.as_micros() >> 9).min(u32::MAX.into()) as u32);
    let extra = if half_millis < SHORT_PATH { MOST_AT_ONCE >> half_millis } else { 0 };
    let octets = (rate / BURSTS_A_SECOND + extra).min(MOST_AT_ONCE);
    ((octets / u64::from(mss)) as u32).max(least)
}
