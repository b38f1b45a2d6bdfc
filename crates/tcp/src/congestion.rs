//! How much may fly.
//!
//! In: what was acknowledged, lost or timed out. Out: the congestion window, in segments, and how fast to send.
//! RFC 5681, RFC 6928, RFC 7661, RFC 9438, RFC 9406; of marks instead of losses, RFC 3168, RFC 8511, RFC 9768. The
//! controllers know nothing of which octets are lost, which is `recovery`'s to find; while a recovery lasts it is
//! proportional rate reduction, there, that sets the window.

mod cubic;
pub(crate) mod ecn;
mod hystart;
pub(crate) mod pacing;
pub(crate) mod rate;
mod reno;
pub(crate) mod usage;
mod window;

use core::time::Duration;

use synfin_wire::{Instant, SeqNumber};

use crate::config::{Config, CongestionAlgorithm};
use crate::connection::ecn::EcnHandshake;
use cubic::Cubic;
use ecn::EcnSender;
use reno::Reno;
pub(crate) use usage::Usage;
pub(crate) use window::Window;

/// Data has newly arrived, and the window may grow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AckEvent {
    /// Segments that have newly arrived, acknowledged or reported by SACK.
    pub(crate) delivered: u32,
    pub(crate) now: Instant,
}

/// Why a window is to shrink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A loss was found (RFC 5681 section 3.2).
    Loss,
    /// The retransmission timer ran out (RFC 5681 section 3.1).
    Timeout,
    /// The network marked instead of dropping (RFC 3168 section 6.1.2).
    Mark,
}

/// The network is congested.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CongestionEvent {
    pub(crate) cause: Cause,
}

/// The retransmission timer ran out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeoutEvent {
    pub(crate) now: Instant,
    /// SND.NXT.
    pub(crate) nxt: SeqNumber,
}

/// A round trip was measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundTripEvent {
    pub(crate) rtt: Duration,
    pub(crate) now: Instant,
    /// SND.UNA.
    pub(crate) una: SeqNumber,
    /// SND.NXT.
    pub(crate) nxt: SeqNumber,
    /// Segments leave at a pace, so that their spacing says little.
    pub(crate) paced: bool,
}

/// Sending begins again after nothing was in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RestartEvent {
    /// For how long.
    pub(crate) idle: Duration,
    pub(crate) now: Instant,
}

/// A congestion control algorithm: how its window grows, and how far it shrinks.
pub(crate) trait CongestionController {
    /// Data has arrived, the window was the limit, and no recovery is going on.
    fn on_ack(&mut self, window: &mut Window, event: &AckEvent);
    /// The network is congested. Returns the threshold that follows, in segments.
    fn on_congestion(&mut self, window: &Window, event: &CongestionEvent) -> u32;
    /// The retransmission timer ran out: what was learnt of the path is in doubt.
    fn on_timeout(&mut self, event: &TimeoutEvent);
    /// A round trip was measured.
    fn on_round_trip(&mut self, window: &mut Window, event: &RoundTripEvent);
    /// Sending begins again.
    fn on_restart(&mut self, event: &RestartEvent);
}

#[derive(Clone, Debug)]
enum Algorithm {
    Reno(Reno),
    Cubic(Cubic),
}

/// The window of one connection, and the algorithm that moves it.
#[derive(Clone, Debug)]
pub(crate) struct Congestion {
    pub(crate) window: Window,
    pub(crate) usage: Usage,
    pub(crate) ecn: EcnSender,
    algorithm: Algorithm,
}

impl Congestion {
    /// `initial_window` is in segments.
    pub(crate) fn new(
        config: &Config,
        initial_window: u32,
        ecn: &EcnHandshake,
        nxt: SeqNumber,
        now: Instant,
    ) -> Self {
        let algorithm = match config.congestion {
            CongestionAlgorithm::Reno => Algorithm::Reno(Reno),
            CongestionAlgorithm::Cubic => {
                Algorithm::Cubic(Cubic::new(config.slow_start_exit, config.alternative_backoff, nxt, now))
            }
        };
        Self {
            window: Window::new(initial_window),
            usage: Usage::new(nxt, now),
            ecn: EcnSender::new(ecn),
            algorithm,
        }
    }

    /// cwnd, segments.
    pub(crate) fn window(&self) -> u32 {
        self.window.size
    }

    /// The window may grow, if it was the limit (RFC 7661 section 1).
    pub(crate) fn on_ack(&mut self, event: &AckEvent) {
        if !self.usage.is_limited(&self.window) {
            return;
        }
        match &mut self.algorithm {
            Algorithm::Reno(reno) => reno.on_ack(&mut self.window, event),
            Algorithm::Cubic(cubic) => cubic.on_ack(&mut self.window, event),
        }
    }

    /// The threshold falls; how the window comes down to it is the caller's to say.
    pub(crate) fn on_congestion(&mut self, event: &CongestionEvent) {
        self.window.threshold = match &mut self.algorithm {
            Algorithm::Reno(reno) => reno.on_congestion(&self.window, event),
            Algorithm::Cubic(cubic) => cubic.on_congestion(&self.window, event),
        };
        self.window.counted = 0;
    }

    /// The retransmission timer ran out.
    pub(crate) fn on_timeout(&mut self, event: &TimeoutEvent) {
        match &mut self.algorithm {
            Algorithm::Reno(reno) => reno.on_timeout(event),
            Algorithm::Cubic(cubic) => cubic.on_timeout(event),
        }
    }

    /// A round trip was measured.
    pub(crate) fn on_round_trip(&mut self, event: &RoundTripEvent) {
        match &mut self.algorithm {
            Algorithm::Reno(reno) => reno.on_round_trip(&mut self.window, event),
            Algorithm::Cubic(cubic) => cubic.on_round_trip(&mut self.window, event),
        }
    }

    /// Sending begins again.
    pub(crate) fn on_restart(&mut self, event: &RestartEvent) {
        match &mut self.algorithm {
            Algorithm::Reno(reno) => reno.on_restart(event),
            Algorithm::Cubic(cubic) => cubic.on_restart(event),
        }
    }
}
