//! How fast to send, and how much at once.

use core::time::Duration;

use super::Window;

/// In slow start twice the rate that the window makes, later a fifth more than it.
const SLOW_START_PERCENT: u64 = 200;
const AVOIDANCE_PERCENT: u64 = 120;
/// What is sent at once should last about a millisecond, 1/1024 s.
const BURSTS_A_SECOND: u64 = 1024;
/// The most that is sent at once, octets.
const MOST_AT_ONCE: u64 = 65_536;
/// Paths shorter than this many times 512 microseconds take more at once.
const SHORT_PATH: u32 = 32;

/// Octets a second at which the window would be used up, and some more; `None` before the first round trip.
pub(crate) fn rate(window: &Window, outstanding: u32, mss: u32, smoothed: Option<Duration>) -> Option<u64> {
    let micros = smoothed?.as_micros().max(1) as u64;
    let percent = if window.size < window.threshold / 2 { SLOW_START_PERCENT } else { AVOIDANCE_PERCENT };
    let octets = u64::from(window.size.max(outstanding)) * u64::from(mss);
    Some(octets.saturating_mul(1_000_000 / 100).saturating_mul(percent) / micros)
}

/// How many segments to send at once at `rate`: a millisecond's worth, more over a short path, and no fewer
/// than `least`.
pub(crate) fn segments_at_once(
    rate: Option<u64>,
    minimum_rtt: Option<Duration>,
    mss: u32,
    least: u32,
) -> u32 {
    let Some(rate) = rate else { return (MOST_AT_ONCE / u64::from(mss)).max(1) as u32 };
    let half_millis = minimum_rtt.map_or(u32::MAX, |rtt| (rtt.as_micros() >> 9).min(u32::MAX.into()) as u32);
    let extra = if half_millis < SHORT_PATH { MOST_AT_ONCE >> half_millis } else { 0 };
    let octets = (rate / BURSTS_A_SECOND + extra).min(MOST_AT_ONCE);
    ((octets / u64::from(mss)) as u32).max(least)
}
