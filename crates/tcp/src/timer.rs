//! The timers of one connection: a deadline for each, and the earliest of them.

use synfin_wire::Instant;

use crate::compact::compact;

/// The timers that a connection may have running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// Retransmission (RFC 6298 section 5).
    Retransmission,
    /// The tail loss probe (RFC 8985 section 7.2).
    LossProbe,
    /// What may only have been reordered (RFC 8985 section 6.3).
    Reordering,
    /// Zero-window probes, and the override of silly-window avoidance (RFC 9293 sections 3.8.6.1 and
    /// 3.8.6.2.1).
    Persist,
    /// The delayed acknowledgment (RFC 9293 section 3.8.6.3).
    DelayedAck,
    /// Keep-alive (RFC 9293 section 3.8.4).
    KeepAlive,
    /// FIN-WAIT-2 of a user who has gone.
    FinWait2,
    /// Text that may leave, but not so fast.
    Pacing,
}

impl Timer {
    const COUNT: usize = 8;
    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::Retransmission,
        Self::LossProbe,
        Self::Reordering,
        Self::Persist,
        Self::DelayedAck,
        Self::KeepAlive,
        Self::FinWait2,
        Self::Pacing,
    ];
    /// The three that watch over what is in flight: at most one of them runs.
    pub(crate) const FLIGHT: [Self; 3] = [Self::Retransmission, Self::LossProbe, Self::Reordering];
}

/// A deadline for each timer that is running.
#[derive(Clone, Debug)]
pub(crate) struct TimerTable {
    deadlines: [Instant; Timer::COUNT],
}

compact!(TimerTable { deadlines });

impl TimerTable {
    pub(crate) const fn new() -> Self {
        Self { deadlines: [Instant::FAR_FUTURE; Timer::COUNT] }
    }

    pub(crate) fn set(&mut self, timer: Timer, deadline: Instant) {
        self.deadlines[timer as usize] = deadline;
    }

    /// Watches over what is in flight with this timer, and with no other.
    pub(crate) fn watch(&mut self, timer: Timer, deadline: Instant) {
        self.stop_watching();
        self.set(timer, deadline);
    }

    /// Nothing is in flight.
    pub(crate) fn stop_watching(&mut self) {
        for timer in Timer::FLIGHT {
            self.stop(timer);
        }
    }

    /// One of the timers that watch over what is in flight is running.
    pub(crate) fn is_watching(&self) -> bool {
        Timer::FLIGHT.iter().any(|timer| self.is_running(*timer))
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.deadlines[timer as usize] = Instant::FAR_FUTURE;
    }

    pub(crate) fn deadline(&self, timer: Timer) -> Option<Instant> {
        Some(self.deadlines[timer as usize]).filter(|deadline| *deadline != Instant::FAR_FUTURE)
    }

    pub(crate) fn is_running(&self, timer: Timer) -> bool {
        self.deadline(timer).is_some()
    }

    /// Stops the timer if its time has come, and says whether it had.
    pub(crate) fn take_expired(&mut self, timer: Timer, now: Instant) -> bool {
        let expired = self.deadline(timer).is_some_and(|deadline| deadline <= now);
        if expired {
            self.stop(timer);
        }
        expired
    }

    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.deadlines.iter().copied().min().filter(|deadline| *deadline != Instant::FAR_FUTURE)
    }
}
