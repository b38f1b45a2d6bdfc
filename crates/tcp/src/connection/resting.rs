//! A connection that has been quiet for a while: what it remembers, written down in a few hundred octets.
//!
//! It has no rules of its own. Whatever happens to it happens to the connection that it wakes up as, which is the same to
//! the last field as the one that went to rest.

use alloc::boxed::Box;
use alloc::sync::Arc;

use synfin_wire::Instant;
use synfin_wire::state::State;

use super::tcb::Tcb;
use super::{Common, Connection, Phase};
use crate::compact::{Compact, Reader, Writer};
use crate::config::Config;
use crate::event::Events;
use crate::recovery::Repair;
use crate::timer::Timer;

/// The compact form of a connection in a synchronized state with which nothing goes on: nothing is queued, in flight or
/// unread, nothing is to be told, and only keep-alive or the end of FIN-WAIT-2 is waited for.
#[derive(Clone, Debug)]
pub struct Resting {
    octets: Box<[u8]>,
    config: Arc<Config>,
    deadline: Option<Instant>,
    state: State,
}

impl Resting {
    /// The state.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// When the connection is to be woken for [`Connection::handle_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    /// The connection as it was.
    #[must_use]
    pub fn wake(&self) -> Connection {
        let mut from = Reader::new(&self.octets);
        let common = Common {
            identity: Compact::read(&mut from),
            config: Arc::clone(&self.config),
            events: Events::default(),
            fast_open: Compact::read(&mut from),
            pressure: Compact::read(&mut from),
        };
        let tcb = Tcb::read(&mut from);
        debug_assert!(from.is_at_end(), "what was written is not what is read");
        Connection::from_tcb(common, Box::new(tcb))
    }
}

impl Connection {
    /// The compact form, when nothing goes on.
    #[must_use]
    pub fn rest(&self) -> Option<Resting> {
        let Phase::Synchronized(tcb) = &self.phase else { return None };
        let Common { identity, config, events, fast_open, pressure } = &self.common;
        if !events.is_empty() || fast_open.news.is_some() || !tcb.is_at_rest() {
            return None;
        }
        let mut to = Writer::new();
        identity.write(&mut to);
        fast_open.write(&mut to);
        pressure.write(&mut to);
        tcb.write(&mut to);
        Some(Resting {
            // Not the writer's own memory, which has more room than this takes.
            octets: to.octets().into(),
            config: Arc::clone(config),
            deadline: self.poll_timeout(),
            state: self.state(),
        })
    }
}

impl Tcb {
    /// Nothing is queued, in flight, unread or due, and no timer runs but those of idle connections.
    fn is_at_rest(&self) -> bool {
        let nothing_to_send = self.outbox.len() == 0
            && self.write_queue.len() == 0
            && self.queue.is_empty()
            && self.repair == Repair::Nothing
            && !self.has_unsent();
        let nothing_came = self.inbox.is_empty()
            && self.memory.is_empty()
            && self.assembler.is_empty()
            && self.sack_report.len() == 0;
        nothing_to_send
            && nothing_came
            && self.ack.due().is_none()
            && self.intents.are_none()
            && self.waits_long()
    }

    fn waits_long(&self) -> bool {
        Timer::ALL.into_iter().all(|timer| match timer {
            Timer::KeepAlive | Timer::FinWait2 => true,
            Timer::Retransmission
            | Timer::LossProbe
            | Timer::Reordering
            | Timer::Persist
            | Timer::DelayedAck
            | Timer::Pacing => !self.timers.is_running(timer),
        })
    }
}
