//! How long the connection was busy sending, and what held it up (RFC 4898, the SndLim counters).

use synfin_wire::Instant;

use crate::compact::compact;
use crate::span::Span;

/// What sending waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Waits {
    /// There is nothing to send.
    #[default]
    Idle,
    /// The network: data is in flight.
    Busy,
    /// The peer's window.
    ForWindow,
    /// The user, whom the send buffer holds up.
    ForBuffer,
}

compact!(
    enum Waits {
        Idle,
        Busy,
        ForWindow,
        ForBuffer,
    }
);

/// A stop-watch with a hand for each.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chronograph {
    waits: Waits,
    since: Instant,
    elapsed: [Span; 4],
}

compact!(Chronograph { waits, since, elapsed });

impl Chronograph {
    /// What takes precedence counts: the buffer over the window, the window over the network.
    pub(crate) fn start(&mut self, waits: Waits, now: Instant) {
        if waits > self.waits {
            self.turn(waits, now);
        }
    }

    /// The reason is gone; `idle` when there is nothing left to send or to be acknowledged.
    pub(crate) fn stop(&mut self, waits: Waits, idle: bool, now: Instant) {
        if idle {
            self.turn(Waits::Idle, now);
        } else if waits == self.waits {
            self.turn(Waits::Busy, now);
        }
    }

    /// How long one of them has held in all.
    pub(crate) fn elapsed(&self, waits: Waits, now: Instant) -> Span {
        let running = if waits == self.waits { Span::between(self.since, now) } else { Span::ZERO };
        self.elapsed[waits as usize] + running
    }

    fn turn(&mut self, waits: Waits, now: Instant) {
        self.elapsed[self.waits as usize] += Span::between(self.since, now);
        (self.waits, self.since) = (waits, now);
    }
}

#[cfg(test)]
mod tests;
