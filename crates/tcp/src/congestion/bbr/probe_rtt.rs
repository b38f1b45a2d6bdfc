//! Almost nothing in flight for a moment, so that every flow's queue is empty and the path is seen as short as it
//! is (section 5.3.4).

use synfin_wire::Instant;

use super::{Bbr, DeliveryEvent, MIN_WINDOW, Mode};
use crate::compact::compact;
use crate::congestion::Window;
use crate::span::Span;

/// ProbeRTTDuration.
const DURATION: Span = Span::from_millis(200);

/// How far the probe has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ProbeRtt {
    /// When it may end; `None` while too much is in flight.
    until: Option<Instant>,
    /// A round trip has passed with so little.
    round_done: bool,
}

compact!(ProbeRtt { until, round_done });

impl Bbr {
    /// BBRCheckProbeRTT.
    pub(super) fn check_probe_rtt(&mut self, window: &mut Window, event: &DeliveryEvent) {
        if self.mode != Mode::ProbeRtt && self.min_rtt.expired && !self.restarted {
            self.save_window(window);
            self.mode = Mode::ProbeRtt;
            self.probe_rtt = ProbeRtt::default();
            self.cycle.stop_probe();
            self.start_round(event);
        }
        if self.mode == Mode::ProbeRtt {
            self.handle_probe_rtt(window, event);
        }
        if event.delivered > 0 {
            self.restarted = false;
        }
    }

    /// BBRHandleProbeRTT.
    fn handle_probe_rtt(&mut self, window: &mut Window, event: &DeliveryEvent) {
        match self.probe_rtt.until {
            None if event.in_flight <= self.probe_rtt_window() => {
                self.probe_rtt.until = Some(event.now + DURATION);
                self.start_round(event);
            }
            None => {}
            Some(until) => {
                self.probe_rtt.round_done |= self.rounds.started;
                if self.probe_rtt.round_done && event.now > until {
                    self.exit_probe_rtt(window, event);
                }
            }
        }
    }

    /// BBRExitProbeRTT.
    fn exit_probe_rtt(&mut self, window: &mut Window, event: &DeliveryEvent) {
        self.min_rtt.renew(event.now);
        self.restore_window(window);
        self.bounds.reset_low();
        if self.full.reached {
            self.go_down(event);
            self.cruise();
        } else {
            self.mode = Mode::Startup;
        }
    }

    /// BBRProbeRTTCwnd.
    pub(super) fn probe_rtt_window(&self) -> u32 {
        self.in_path(self.bandwidth(), Mode::ProbeRtt.window_gain()).max(MIN_WINDOW)
    }
}
