//! From the model to the pace and the window (section 5.6).

use super::{Bbr, DeliveryEvent, MIN_WINDOW, Mode, Sample};
use crate::congestion::Window;
use crate::congestion::bandwidth::Bandwidth;
use crate::connection::status::RecoveryState;
use crate::span::Span;

/// A little less than the bandwidth, so that a queue drains rather than grows: PacingMarginPercent.
const MARGIN: u64 = 99;
/// What is sent at once lasts a millisecond, within bounds (section 5.6.3).
const QUANTUM: Span = Span::from_millis(1);
const QUANTUM_SEGMENTS: (u32, u32) = (2, 44);

impl Bbr {
    /// BBRInitPacingRate: as if the initial window took a round trip, and Startup's gain.
    pub(super) fn init_pacing(&mut self, rtt: Span) {
        let bandwidth = Bandwidth::of(self.initial_window.into(), rtt);
        self.pacing_rate = Some(bandwidth.percent(Mode::Startup.pacing_gain()));
    }

    /// BBRSetPacingRateWithGain: Startup never slows down.
    pub(super) fn pace(&mut self, gain: u64) {
        let rate = self.bandwidth().percent(gain).percent(MARGIN);
        let is_known = rate > Bandwidth::ZERO;
        if is_known && (self.full.reached || Some(rate) > self.pacing_rate) {
            self.pacing_rate = Some(rate);
        }
    }

    /// BBRBDPMultiple: what the path holds at this bandwidth, in hundredths.
    pub(super) fn in_path(&self, bandwidth: Bandwidth, gain: u64) -> u32 {
        let Some(rtt) = self.min_rtt.get() else { return self.initial_window };
        bandwidth.percent(gain).segments_in(rtt)
    }

    /// BBRInflight: the same, and enough for how it is sent.
    pub(super) fn inflight(&self, bandwidth: Bandwidth, gain: u64) -> u32 {
        self.quantized(self.in_path(bandwidth, gain))
    }

    /// BBRQuantizationBudget: room for what the network card and the peer gather up.
    fn quantized(&self, segments: u32) -> u32 {
        let (least, most) = QUANTUM_SEGMENTS;
        let quantum = self.pacing_rate.map_or(least, |rate| rate.segments_in(QUANTUM)).clamp(least, most);
        segments.max(3 * quantum).max(MIN_WINDOW) + if self.mode == Mode::Up { 2 } else { 0 }
    }

    /// BBRSetCwnd.
    pub(super) fn set_window(&mut self, window: &mut Window, event: &DeliveryEvent, sample: &Sample) {
        self.after_loss(window, event, sample);
        if event.delivered > 0 {
            let held = self.in_path(self.bandwidth(), self.mode.window_gain());
            let most = self.quantized(held.saturating_add(self.aggregation.extra()));
            let grown = window.size.saturating_add(event.delivered);
            if self.full.reached {
                window.size = grown.min(most);
            } else if window.size < most || event.delivered_in_all < self.initial_window.into() {
                window.size = grown;
            }
            window.size = window.size.max(MIN_WINDOW);
        }
        if self.mode == Mode::ProbeRtt {
            window.size = window.size.min(self.probe_rtt_window());
        }
        window.size = window.size.min(self.bound());
    }

    /// BBRModulateCwndForRecovery: what is lost is not in flight any more, and may be sent again at the pace that
    /// acknowledgments have; after a recovery the window is what it was.
    fn after_loss(&mut self, window: &mut Window, event: &DeliveryEvent, sample: &Sample) {
        let is_trouble = |state| matches!(state, RecoveryState::Recovery | RecoveryState::Loss);
        window.size = window.size.saturating_sub(sample.newly_lost).max(1);
        if is_trouble(self.recovery) && !is_trouble(event.recovery) {
            self.restore_window(window);
        }
    }

    /// BBRBoundCwndForModel.
    fn bound(&self) -> u32 {
        let high = match self.mode {
            Mode::Startup | Mode::Drain => u32::MAX,
            Mode::Down | Mode::Refill | Mode::Up => self.bounds.in_flight_high,
            Mode::Cruise | Mode::ProbeRtt => self.bounds.with_headroom(),
        };
        high.min(self.bounds.in_flight_low).max(MIN_WINDOW)
    }
}
