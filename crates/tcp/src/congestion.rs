//! How much may fly.
//!
//! In: what was acknowledged, lost or timed out. Out: the congestion window, in segments, and how fast to send.
//! RFC 5681, RFC 6928, RFC 7661, RFC 9438, RFC 9406, draft-ietf-ccwg-bbr; of marks instead of losses, RFC 3168,
//! RFC 8511, RFC 9768. The controllers know nothing of which octets are lost, which is `recovery`'s to find; while a
//! recovery lasts it is proportional rate reduction, there, that sets the window, unless the controller has control of
//! its own.

mod bandwidth;
mod bbr;
mod cubic;
pub(crate) mod ecn;
mod hystart;
pub(crate) mod pacing;
pub(crate) mod rate;
mod reno;
pub(crate) mod usage;
mod window;

use alloc::boxed::Box;

use synfin_wire::{Instant, SeqNumber};

use crate::compact::{Compact, Reader, Writer, compact};
use crate::config::{Config, CongestionAlgorithm};
use crate::connection::ecn::EcnHandshake;
use crate::connection::status::RecoveryState;
use crate::span::Span;
use bandwidth::Bandwidth;
use bbr::Bbr;
use cubic::Cubic;
use ecn::EcnSender;
use pacing::{Pacer, PacingInput};
use rate::RateSample;
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
    pub(crate) rtt: Span,
    pub(crate) now: Instant,
    /// SND.UNA.
    pub(crate) una: SeqNumber,
    /// SND.NXT.
    pub(crate) nxt: SeqNumber,
    /// Segments leave at a pace, so that their spacing says little.
    pub(crate) paced: bool,
    /// What a segment carries at the most, octets.
    pub(crate) mss: u32,
    /// SRTT, with this one in it.
    pub(crate) smoothed: Option<Span>,
}

/// Sending begins again after nothing was in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RestartEvent {
    /// For how long.
    pub(crate) idle: Span,
    pub(crate) now: Instant,
}

/// An acknowledgment, and what it says of the path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeliveryEvent {
    /// How fast data was delivered.
    pub(crate) sample: Option<RateSample>,
    /// The least round trip that it measures.
    pub(crate) rtt: Option<Span>,
    /// The least round trip measured of late.
    pub(crate) minimum_rtt: Option<Span>,
    /// Segments that have newly arrived, and all that ever have.
    pub(crate) delivered: u32,
    pub(crate) delivered_in_all: u64,
    /// Segments that were ever found to be lost.
    pub(crate) lost: u64,
    /// Segments in flight after it.
    pub(crate) in_flight: u32,
    /// The window was the limit.
    pub(crate) limited: bool,
    /// Where recovery stands after it.
    pub(crate) recovery: RecoveryState,
    pub(crate) now: Instant,
}

/// What a controller decides that has a model of the path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnControl {
    /// How fast to send; `None` while nothing is known.
    pub(crate) pacing_rate: Option<Bandwidth>,
    /// Less is in flight than the path would take, to learn something else: what is delivered now proves nothing.
    pub(crate) holds_back: bool,
}

/// A congestion control algorithm: how its window grows, and how far it shrinks; or, with control of its own, what
/// the window is after each acknowledgment.
pub(crate) trait CongestionController {
    /// Data has arrived, the window was the limit, and no recovery is going on.
    fn on_ack(&mut self, _window: &mut Window, _event: &AckEvent) {}
    /// The network is congested. Returns the threshold that follows, in segments.
    fn on_congestion(&mut self, window: &Window, event: &CongestionEvent) -> u32;
    /// The retransmission timer ran out: what was learnt of the path is in doubt.
    fn on_timeout(&mut self, _event: &TimeoutEvent) {}
    /// The handshake is over, and took so long a round trip.
    fn on_established(&mut self, _rtt: Span) {}
    /// A round trip was measured.
    fn on_round_trip(&mut self, _window: &mut Window, _event: &RoundTripEvent) {}
    /// Sending begins again.
    fn on_restart(&mut self, _event: &RestartEvent) {}
    /// An acknowledgment has come, whatever else is going on: for those with control of their own.
    fn on_delivery(&mut self, _window: &mut Window, _event: &DeliveryEvent) {}
    /// The last reduction was in vain: for those with control of their own.
    fn on_undo(&mut self, _window: &mut Window) {}
}

#[derive(Clone, Debug)]
enum Algorithm {
    Reno(Reno),
    Cubic(Cubic),
    Bbr(Box<Bbr>),
}

impl Compact for Algorithm {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Reno(Reno) => 0u8.write(to),
            Self::Cubic(cubic) => {
                1u8.write(to);
                cubic.write(to);
            }
            Self::Bbr(bbr) => {
                2u8.write(to);
                bbr.write(to);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Self {
        match u8::read(from) {
            0 => Self::Reno(Reno),
            1 => Self::Cubic(Compact::read(from)),
            _ => Self::Bbr(Box::new(Compact::read(from))),
        }
    }
}

impl Algorithm {
    /// What is drawn by chance follows from `nxt`.
    fn new(config: &Config, window: u32, nxt: SeqNumber, now: Instant) -> Self {
        match config.congestion {
            CongestionAlgorithm::Reno => Self::Reno(Reno),
            CongestionAlgorithm::Cubic => {
                Self::Cubic(Cubic::new(config.slow_start_exit, config.alternative_backoff, nxt, now))
            }
            CongestionAlgorithm::Bbr => Self::Bbr(Box::new(Bbr::new(window, nxt, now))),
            #[cfg(feature = "counterfactual")]
            CongestionAlgorithm::Tahoe => Self::Reno(Reno),
        }
    }

    /// Neither recovery nor the absence of use moves the window, but the controller alone.
    fn own_control(&self) -> Option<OwnControl> {
        match self {
            Self::Reno(_) | Self::Cubic(_) => None,
            Self::Bbr(bbr) => Some(bbr.control()),
        }
    }

    fn get_mut(&mut self) -> &mut dyn CongestionController {
        match self {
            Self::Reno(reno) => reno,
            Self::Cubic(cubic) => cubic,
            Self::Bbr(bbr) => &mut **bbr,
        }
    }
}

/// The window of one connection, the algorithm that moves it, and the pace.
#[derive(Clone, Debug)]
pub(crate) struct Congestion {
    pub(crate) window: Window,
    pub(crate) usage: Usage,
    pub(crate) ecn: EcnSender,
    pub(crate) pacer: Pacer,
    algorithm: Algorithm,
    /// A loss leaves one segment and slow start.
    #[cfg(feature = "counterfactual")]
    pub(crate) is_tahoe: bool,
}

compact!(Congestion {
    window,
    usage,
    ecn,
    pacer,
    algorithm,
    #[cfg(feature = "counterfactual")]
    is_tahoe
});

impl Congestion {
    /// `initial_window` is in segments.
    pub(crate) fn new(
        config: &Config,
        initial_window: u32,
        ecn: &EcnHandshake,
        nxt: SeqNumber,
        now: Instant,
    ) -> Self {
        let window = Window::new(initial_window);
        let algorithm = Algorithm::new(config, window.size, nxt, now);
        Self {
            window,
            usage: Usage::new(nxt, now),
            ecn: EcnSender::new(ecn),
            pacer: Pacer::new(config.pacing),
            algorithm,
            #[cfg(feature = "counterfactual")]
            is_tahoe: config.congestion == CongestionAlgorithm::Tahoe,
        }
    }

    /// Another algorithm from now on, with the window that there is.
    pub(crate) fn switch(&mut self, config: &Config, nxt: SeqNumber, now: Instant) {
        self.algorithm = Algorithm::new(config, self.window.size, nxt, now);
    }

    /// cwnd, segments.
    pub(crate) fn window(&self) -> u32 {
        self.window.size
    }

    /// Neither recovery nor the absence of use moves the window.
    pub(crate) fn has_own_control(&self) -> bool {
        self.algorithm.own_control().is_some()
    }

    /// What is delivered now proves nothing.
    pub(crate) fn holds_back(&self) -> bool {
        self.algorithm.own_control().is_some_and(|control| control.holds_back)
    }

    /// Segments leave at a pace.
    pub(crate) fn is_paced(&self) -> bool {
        self.pacer.is_on() || self.has_own_control()
    }

    /// Octets a second at which to send; `None` before anything is known of the path.
    pub(crate) fn pacing_rate(&self, input: &PacingInput) -> Option<u64> {
        let rate = match self.algorithm.own_control() {
            Some(control) => control.pacing_rate.map(|rate| rate.octets_a_second(input.mss)),
            None => pacing::rate(&self.window, input.outstanding, input.mss, input.smoothed),
        };
        match (rate, input.most) {
            (Some(rate), Some(most)) => Some(rate.min(most)),
            (rate, most) => rate.or(most),
        }
    }

    /// The window may grow, if it was the limit (RFC 7661 section 1).
    pub(crate) fn on_ack(&mut self, event: &AckEvent) {
        self.usage.acknowledged(event.now);
        if self.usage.is_limited(&self.window) {
            self.algorithm.get_mut().on_ack(&mut self.window, event);
        }
    }

    /// The threshold falls; how the window comes down to it is the caller's to say.
    pub(crate) fn on_congestion(&mut self, event: &CongestionEvent) {
        self.window.threshold = self.algorithm.get_mut().on_congestion(&self.window, event);
        self.window.counted = 0;
    }

    /// The retransmission timer ran out.
    pub(crate) fn on_timeout(&mut self, event: &TimeoutEvent) {
        self.algorithm.get_mut().on_timeout(event);
    }

    /// The handshake is over. Nothing is known of the path but its round trip, if that could be measured.
    pub(crate) fn on_established(&mut self, rtt: Option<Span>) {
        if let Some(rtt) = rtt {
            self.algorithm.get_mut().on_established(rtt);
        }
    }

    /// A round trip was measured.
    pub(crate) fn on_round_trip(&mut self, event: &RoundTripEvent) {
        self.algorithm.get_mut().on_round_trip(&mut self.window, event);
    }

    /// Sending begins again.
    pub(crate) fn on_restart(&mut self, event: &RestartEvent) {
        self.algorithm.get_mut().on_restart(event);
    }

    /// An acknowledgment has come.
    pub(crate) fn on_delivery(&mut self, event: &DeliveryEvent) {
        self.algorithm.get_mut().on_delivery(&mut self.window, event);
    }

    /// The last reduction was in vain.
    pub(crate) fn on_undo(&mut self) {
        self.algorithm.get_mut().on_undo(&mut self.window);
    }
}
