//! A look at one connection, for whoever draws what goes on in it: nothing is changed by it.

use std::net::SocketAddr;

use synfin_tcp::{CloseReason, Numbers, RunningTimer, State, Status};

use super::Host;
use crate::compact::Slot;
use crate::table::{Pair, Phase};

/// What a connection is at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The state.
    pub state: State,
    /// Why it is CLOSED, once it is.
    pub close_reason: Option<CloseReason>,
    /// The sequence variables; `None` when it is CLOSED.
    pub numbers: Option<Numbers>,
    /// The rest; `None` while it is half-open, and in TIME-WAIT once its owner has gone.
    pub status: Option<Status>,
    /// The timers that are running.
    pub timers: Vec<RunningTimer>,
}

impl Host {
    /// The connection between these ends, whoever owns it; `None` when there is none.
    #[must_use]
    pub fn look(&self, local: SocketAddr, remote: SocketAddr) -> Option<Look> {
        let (_, slot) = self.table.find(&Pair { local, remote })?;
        let unpacked = slot.unpacked();
        let entry = match slot {
            Slot::Whole(_, entry) => entry,
            _ => unpacked.as_ref()?,
        };
        let only = |name, expires: Option<_>| {
            expires.map(|expires| RunningTimer { name, expires }).into_iter().collect()
        };
        let (numbers, status, timers) = match &entry.phase {
            Phase::Request(_) | Phase::Closed(_) => (None, None, Vec::new()),
            Phase::HalfOpen(phase) => {
                let half_open = &phase.half_open;
                (Some(half_open.numbers()), None, only("retransmission", half_open.poll_timeout()))
            }
            Phase::Connection(connection) => {
                (connection.numbers(), Some(connection.status()), connection.timers())
            }
            Phase::TimeWait(time_wait) => {
                (Some(time_wait.numbers()), None, only("time-wait", time_wait.poll_timeout()))
            }
        };
        Some(Look { state: entry.state(), close_reason: entry.close_reason, numbers, status, timers })
    }

    /// Whether a listener waits at this address and port.
    #[must_use]
    pub fn is_listening(&self, local: SocketAddr) -> bool {
        self.listeners.find(local, true).is_some()
    }

    /// How many connections of listeners are half-open: their SYN-ACK is not acknowledged.
    #[must_use]
    pub fn half_open_count(&self) -> usize {
        self.listeners.half_open()
    }

    /// The initial sequence numbers of the next connections, in this order, instead of drawn ones.
    #[cfg(feature = "counterfactual")]
    pub fn fix_initial_sequences(&mut self, numbers: impl IntoIterator<Item = synfin_wire::SeqNumber>) {
        self.fixed_sequences = numbers.into_iter().collect();
    }
}
