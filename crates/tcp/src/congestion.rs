//! How much may fly.
//!
//! In: what was acknowledged, lost or timed out. Out: the congestion window. RFC 5681, RFC 6928. The
//! controllers know nothing of sequence numbers: which octets are lost is `recovery`'s to find.

pub(crate) mod reno;

use crate::config::CongestionAlgorithm;
use reno::Reno;

/// Data was newly acknowledged, and fast recovery is not going on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AckEvent {
    /// Octets newly acknowledged.
    pub(crate) acknowledged: u32,
    /// Octets in flight before the acknowledgment.
    pub(crate) in_flight: u32,
    /// What a timeout lost is being sent again.
    pub(crate) after_timeout: bool,
    /// The effective send MSS, octets.
    pub(crate) mss: u32,
}

/// A loss was found, and recovery begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LossEvent {
    /// FlightSize: octets outstanding (RFC 5681 section 2).
    pub(crate) flight_size: u32,
    /// The effective send MSS, octets.
    pub(crate) mss: u32,
}

/// Everything that was lost is made good.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecoveredEvent {
    /// Octets still in flight.
    pub(crate) in_flight: u32,
    /// The effective send MSS, octets.
    pub(crate) mss: u32,
}

/// The retransmission timer ran out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeoutEvent {
    /// FlightSize: octets outstanding.
    pub(crate) flight_size: u32,
    /// The effective send MSS, octets.
    pub(crate) mss: u32,
    /// The timer had run out before for the same data.
    pub(crate) repeated: bool,
}

/// Nothing was sent for longer than the RTO.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdleEvent {
    /// The restart window, octets (RFC 5681 section 4.1).
    pub(crate) restart_window: u32,
}

/// IW, octets: so many segments, but no more octets than as many of an Ethernet's make, unless that were
/// under two segments (RFC 6928 section 2).
pub(crate) fn initial_window(segments: u16, mss: u32) -> u32 {
    const ETHERNET_SEGMENT: u32 = 1460;
    let segments = u32::from(segments);
    (segments * mss).min((2 * mss).max(segments * ETHERNET_SEGMENT))
}

/// A congestion control algorithm. Windows are in octets.
pub(crate) trait CongestionController {
    /// Data was newly acknowledged outside of recovery.
    fn on_ack(&mut self, event: &AckEvent);
    /// A loss was found.
    fn on_loss(&mut self, event: &LossEvent);
    /// Recovery is over.
    fn on_recovered(&mut self, event: &RecoveredEvent);
    /// The retransmission timer ran out.
    fn on_timeout(&mut self, event: &TimeoutEvent);
    /// Sending begins again after an idle time.
    fn on_idle(&mut self, event: &IdleEvent);
    /// cwnd.
    fn window(&self) -> u32;
    /// ssthresh; `u32::MAX` before the first loss.
    fn slow_start_threshold(&self) -> u32;
}

/// The algorithm of one connection.
#[derive(Clone, Debug)]
pub(crate) enum Congestion {
    Reno(Reno),
}

impl Congestion {
    /// `initial_window` is in octets.
    pub(crate) fn new(algorithm: CongestionAlgorithm, initial_window: u32) -> Self {
        match algorithm {
            CongestionAlgorithm::Reno => Self::Reno(Reno::new(initial_window)),
        }
    }
}

impl CongestionController for Congestion {
    fn on_ack(&mut self, event: &AckEvent) {
        match self {
            Self::Reno(reno) => reno.on_ack(event),
        }
    }

    fn on_loss(&mut self, event: &LossEvent) {
        match self {
            Self::Reno(reno) => reno.on_loss(event),
        }
    }

    fn on_recovered(&mut self, event: &RecoveredEvent) {
        match self {
            Self::Reno(reno) => reno.on_recovered(event),
        }
    }

    fn on_timeout(&mut self, event: &TimeoutEvent) {
        match self {
            Self::Reno(reno) => reno.on_timeout(event),
        }
    }

    fn on_idle(&mut self, event: &IdleEvent) {
        match self {
            Self::Reno(reno) => reno.on_idle(event),
        }
    }

    fn window(&self) -> u32 {
        match self {
            Self::Reno(reno) => reno.window(),
        }
    }

    fn slow_start_threshold(&self) -> u32 {
        match self {
            Self::Reno(reno) => reno.slow_start_threshold(),
        }
    }
}
