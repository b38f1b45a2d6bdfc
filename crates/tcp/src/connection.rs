//! A connection: which phase it is in, and who acts there.
//!
//! Orchestration only. What a segment means is for `input` to say, what is sent for `output`; here the
//! phases hand over to one another.

pub mod ecn;
pub mod half_open;
mod invariants;
pub mod look;
pub mod measures;
pub(crate) mod negotiate;
pub(crate) mod open;
pub mod resting;
pub mod status;
pub(crate) mod tcb;
pub mod time_wait;
pub(crate) mod timeout;
mod user;
pub(crate) mod user_timeout;
pub mod write;

use alloc::boxed::Box;
use alloc::sync::Arc;

use synfin_wire::{Instant, SeqNumber};

use crate::compact::compact;
use crate::config::Config;
use crate::event::{Event, Events};
use crate::fast_open::{FastOpenAttempt, FastOpenNews, FastOpenState};
use crate::incoming::{Incoming, PathSignal, PathSignalKind, Verdict};
use crate::input::{self, Stop};
use crate::outgoing::{SegmentOut, TransmitLimits};
use crate::output;
use crate::pressure::MemoryPressure;
use crate::receive::ReceiveBuffer;
use half_open::HalfOpen;
use open::SynSent;
use status::Tallies;
use synfin_wire::reason::{CloseReason, DropReason, SendReason};
use synfin_wire::state::State;
use tcb::Tcb;
use time_wait::TimeWait;

/// What makes a connection this one. The host chooses the numbers (RFC 6528, RFC 7323 section 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Our port.
    pub local_port: u16,
    /// The peer's port.
    pub remote_port: u16,
    /// ISS: the number of our SYN; unpredictable and clock-driven (MUST-8, MUST-9).
    pub iss: SeqNumber,
    /// What is added to the millisecond clock to make our timestamps.
    pub timestamp_offset: u32,
}

compact!(Identity { local_port, remote_port, iss, timestamp_offset });

impl Identity {
    /// Our timestamp at `now`: milliseconds (RFC 7323 section 5.4).
    pub(crate) fn timestamp(&self, now: Instant) -> u32 {
        (now.as_millis() as u32).wrapping_add(self.timestamp_offset)
    }
}

/// What every phase has.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) identity: Identity,
    pub(crate) config: Arc<Config>,
    pub(crate) events: Events,
    pub(crate) fast_open: FastOpenState,
    pub(crate) pressure: MemoryPressure,
}

impl Common {
    pub(crate) fn new(identity: Identity, config: Arc<Config>) -> Self {
        Self {
            identity,
            config,
            events: Events::default(),
            fast_open: FastOpenState::default(),
            pressure: MemoryPressure::None,
        }
    }
}

/// One TCP connection.
///
/// ```
/// use std::sync::Arc;
/// use synfin_tcp::{Config, Connection, Identity, SendReason, State, TransmitLimits};
/// use synfin_wire::{Instant, SeqNumber};
///
/// let identity = Identity {
///     local_port: 40000,
///     remote_port: 80,
///     iss: SeqNumber::new(100),
///     timestamp_offset: 0,
/// };
/// let mut connection = Connection::open(Arc::new(Config::default()), identity, Instant::ZERO);
/// assert_eq!(connection.state(), State::SynSent);
/// let syn = connection.poll_transmit(TransmitLimits::ONE_SEGMENT, Instant::ZERO).unwrap();
/// assert_eq!(syn.reason, SendReason::Syn);
/// assert!(connection.poll_timeout().is_some());
/// ```
#[derive(Clone, Debug)]
pub struct Connection {
    common: Common,
    phase: Phase,
}

/// What a connection consists of at each time of its life. Every call asks which, so that is told by a number of its own.
#[derive(Clone, Debug)]
#[repr(u8)]
#[allow(clippy::large_enum_variant, reason = "what is left at the end is small beside a TCB")]
enum Phase {
    SynSent(Box<SynSent>),
    Synchronized(Box<Tcb>),
    TimeWait { entry: TimeWait, unread: ReceiveBuffer, tallies: Option<Box<Tallies>> },
    Closed(Closed),
}

/// What is left of a connection: why it ended, and what the user has not read.
#[derive(Clone, Debug)]
struct Closed {
    reason: CloseReason,
    unread: ReceiveBuffer,
    /// The peer's FIN had come: reading ends in order.
    peer_finished: bool,
    /// The RST that tells the peer.
    last_words: Option<Box<SegmentOut>>,
    tallies: Option<Box<Tallies>>,
}

impl Connection {
    /// Opens actively: SYN-SENT, with the SYN waiting to be polled (RFC 9293 section 3.10.1).
    #[must_use]
    pub fn open(config: Arc<Config>, identity: Identity, now: Instant) -> Self {
        let common = Common::new(identity, config);
        let syn_sent = SynSent::new(&common, None, now);
        Self { common, phase: Phase::SynSent(Box::new(syn_sent)) }
    }

    /// Opens actively, with Fast Open (RFC 7413 section 4.2.1): what is sent before the first
    /// [`Connection::poll_transmit`] goes with the SYN, as far as `attempt` lets it.
    #[must_use]
    pub fn open_fast(
        config: Arc<Config>,
        identity: Identity,
        attempt: FastOpenAttempt,
        now: Instant,
    ) -> Self {
        let common = Common::new(identity, config);
        let syn_sent = SynSent::new(&common, Some(attempt), now);
        Self { common, phase: Phase::SynSent(Box::new(syn_sent)) }
    }

    /// How much text the SYN of a Fast Open has room for, octets; 0 once it has left.
    #[must_use]
    pub fn syn_capacity(&self) -> usize {
        match &self.phase {
            Phase::SynSent(syn_sent) => syn_sent.capacity(&self.common.config),
            Phase::Synchronized(_) | Phase::TimeWait { .. } | Phase::Closed(_) => 0,
        }
    }

    /// What Fast Open has taught about the path and the peer since this was last asked.
    pub fn take_fast_open_news(&mut self) -> Option<FastOpenNews> {
        self.common.fast_open.news.take().map(|news| *news)
    }

    /// [`Connection::take_fast_open_news`] would return something.
    #[must_use]
    pub fn has_fast_open_news(&self) -> bool {
        self.common.fast_open.news.is_some()
    }

    /// The first SYN carried text, and whoever received it took all of it.
    #[must_use]
    pub fn syn_text_taken(&self) -> bool {
        self.common.fast_open.text_taken
    }

    /// Our SYN or SYN-ACK is not acknowledged yet. After a passive Fast Open text may flow all the same.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        match &self.phase {
            Phase::SynSent(_) => true,
            Phase::Synchronized(tcb) => tcb.awaits_ack_of_syn(),
            Phase::TimeWait { .. } | Phase::Closed(_) => false,
        }
    }

    /// The network says that there is no way to the peer of a handshake, and nobody has the connection yet.
    pub fn give_up_unreachable(&mut self, now: Instant) {
        self.finish(CloseReason::Unreachable, None, now);
    }

    /// A connection whose SYN-RECEIVED or later state is made elsewhere.
    pub(crate) fn from_tcb(common: Common, tcb: Box<Tcb>) -> Self {
        Self { common, phase: Phase::Synchronized(tcb) }
    }

    /// When a segment that does not fit was last answered.
    pub(crate) fn last_challenge(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Synchronized(tcb) => tcb.last_challenge,
            Phase::SynSent(_) | Phase::TimeWait { .. } | Phase::Closed(_) => None,
        }
    }

    /// The state; never LISTEN, which is the host's.
    #[must_use]
    pub fn state(&self) -> State {
        match &self.phase {
            Phase::SynSent(_) => State::SynSent,
            Phase::Synchronized(tcb) => tcb.state(),
            Phase::TimeWait { .. } => State::TimeWait,
            Phase::Closed(_) => State::Closed,
        }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.common.config
    }

    /// What makes the connection this one.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.common.identity
    }

    /// Takes a segment that was looked up as this connection's (RFC 9293 section 3.10.7).
    pub fn handle_segment(&mut self, mut incoming: Incoming) -> Verdict {
        let now = incoming.arrived;
        let result = match &mut self.phase {
            Phase::SynSent(syn_sent) => match input::syn_sent::handle(&mut self.common, syn_sent, incoming) {
                input::syn_sent::Outcome::Stay(verdict) => return verdict,
                input::syn_sent::Outcome::Synchronized(tcb, rest) => {
                    self.phase = Phase::Synchronized(tcb);
                    rest
                }
                input::syn_sent::Outcome::Refused => Err(Stop::Close(CloseReason::Refused)),
            },
            Phase::Synchronized(tcb) => input::synchronized(&mut self.common, tcb, &mut incoming),
            Phase::TimeWait { entry, .. } => return entry.handle_segment(&self.common.config, &incoming),
            Phase::Closed(_) => return Verdict::Dropped(DropReason::Closed),
        };
        self.settle(result, now)
    }

    /// In TIME-WAIT, when a new connection may take the pair over: ends this one, of which what is unread can still be
    /// read, and returns the least ISS of the new one. To be asked before [`Connection::handle_segment`].
    pub fn give_way(&mut self, incoming: &Incoming) -> Option<SeqNumber> {
        let Phase::TimeWait { entry, .. } = &self.phase else { return None };
        if !entry.gives_way_to(&self.common.config, &incoming.segment.header) {
            return None;
        }
        let minimum_iss = entry.minimum_iss();
        self.finish(CloseReason::Finished, None, incoming.arrived);
        Some(minimum_iss)
    }

    /// Carries out what input or a timer has concluded.
    fn settle(&mut self, result: Result<(), Stop>, now: Instant) -> Verdict {
        match result {
            Ok(()) => {
                if self.state() == State::TimeWait {
                    self.enter_time_wait(now);
                }
                Verdict::Accepted
            }
            Err(Stop::Dropped(reason)) => Verdict::Dropped(reason),
            Err(Stop::Close(reason)) => {
                self.finish(reason, None, now);
                Verdict::Accepted
            }
            Err(Stop::Reset(reason, why)) => {
                self.finish(reason, Some(why), now);
                Verdict::Dropped(DropReason::NobodyReads)
            }
        }
    }

    /// Takes what an ICMP error says (RFC 9293 section 3.9.2.2, RFC 5927).
    pub fn handle_path_signal(&mut self, signal: PathSignal, now: Instant) -> Verdict {
        let in_flight = match &self.phase {
            Phase::SynSent(_) => signal.quoted_seq == self.common.identity.iss,
            Phase::Synchronized(tcb) => {
                let oldest = if tcb.awaits_ack_of_syn() { tcb.send.iss } else { tcb.send.una };
                signal.quoted_seq.at_or_after(oldest) && signal.quoted_seq.before(tcb.send.nxt)
            }
            Phase::TimeWait { .. } | Phase::Closed(_) => false,
        };
        if !in_flight {
            return Verdict::Dropped(DropReason::OutsideWindow);
        }
        match (&mut self.phase, signal.kind) {
            (Phase::Synchronized(tcb), PathSignalKind::TooBig { mss }) => tcb.path_takes(mss, now),
            (Phase::SynSent(syn_sent), PathSignalKind::TooBig { mss }) => syn_sent.path_takes(mss),
            // Once synchronized even a hard error may be forged: RFC 5927 section 5.2 treats it as soft.
            (Phase::SynSent(_), PathSignalKind::Hard) => self.finish(CloseReason::Unreachable, None, now),
            _ => self.common.events.raise(Event::SoftError),
        }
        Verdict::Accepted
    }

    /// Does what is due at `now`; harmless when nothing is.
    pub fn handle_timeout(&mut self, now: Instant) {
        let result = match &mut self.phase {
            Phase::SynSent(syn_sent) => syn_sent.handle_timeout(&mut self.common, now),
            Phase::Synchronized(tcb) => timeout::synchronized(&mut self.common, tcb, now),
            Phase::TimeWait { entry, .. } => {
                if entry.handle_timeout(now) {
                    Err(Stop::Close(CloseReason::Finished))
                } else {
                    Ok(())
                }
            }
            Phase::Closed(_) => Ok(()),
        };
        let _ = self.settle(result, now);
    }

    /// The next segment to send, and why; `None` when there is nothing to send now.
    pub fn poll_transmit(&mut self, limits: TransmitLimits, now: Instant) -> Option<SegmentOut> {
        match &mut self.phase {
            Phase::SynSent(syn_sent) => syn_sent.poll_transmit(&mut self.common, now),
            Phase::Synchronized(tcb) => output::poll(&mut self.common, tcb, limits, now),
            Phase::TimeWait { entry, .. } => entry.poll_transmit(now),
            Phase::Closed(closed) => closed.last_words.take().map(|reset| *reset),
        }
    }

    /// When [`Connection::handle_timeout`] is to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.phase {
            Phase::SynSent(syn_sent) => Some(syn_sent.deadline()),
            Phase::Synchronized(tcb) => tcb.timers.earliest(),
            Phase::TimeWait { entry, .. } => entry.poll_timeout(),
            Phase::Closed(_) => None,
        }
    }

    /// Ends the turn if the segment that [`Connection::poll_transmit`] has just returned was plainly the last one for now.
    /// True when it was: it need not be asked again until something else happens.
    pub fn end_if_last(&mut self, now: Instant) -> bool {
        match &mut self.phase {
            Phase::Synchronized(tcb) => output::end_if_last(&mut self.common, tcb, now),
            Phase::SynSent(_) | Phase::TimeWait { .. } | Phase::Closed(_) => false,
        }
    }

    /// [`Connection::poll_event`] would return something.
    #[must_use]
    pub fn has_events(&self) -> bool {
        !self.common.events.is_empty()
    }

    /// Everything that has happened since it was last asked.
    pub fn take_events(&mut self) -> Events {
        core::mem::take(&mut self.common.events)
    }

    /// Something that the owner may want to act on.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.common.events.take()
    }

    /// The compact form, once the connection is in TIME-WAIT and has nothing left to read.
    ///
    /// # Errors
    /// Gives the connection back when it is in another state or holds unread data.
    #[allow(clippy::result_large_err, reason = "it gives back what it was given")]
    pub fn into_time_wait(self) -> Result<TimeWait, Self> {
        match self.phase {
            Phase::TimeWait { entry, unread, .. } if unread.is_empty() => Ok(entry),
            phase => Err(Self { common: self.common, phase }),
        }
    }

    #[cold]
    fn enter_time_wait(&mut self, now: Instant) {
        let Phase::Synchronized(tcb) = &mut self.phase else { return };
        let entry = TimeWait::new(&self.common, tcb, now);
        let unread = core::mem::take(&mut tcb.inbox);
        let tallies = tcb.tallies_to_keep();
        self.phase = Phase::TimeWait { entry, unread, tallies };
    }

    /// To CLOSED, with an RST for the peer when `reset` says why.
    #[cold]
    fn finish(&mut self, reason: CloseReason, reset: Option<SendReason>, now: Instant) {
        let closed = match &mut self.phase {
            Phase::SynSent(_) => Closed {
                reason,
                unread: ReceiveBuffer::default(),
                peer_finished: false,
                last_words: None,
                tallies: None,
            },
            Phase::Synchronized(tcb) => {
                let peer_finished = !matches!(reset, Some(SendReason::ResetUnread))
                    && tcb.peer_fin.is_some_and(|fin| tcb.receive.nxt.after(fin));
                let last_words = reset.map(|why| Box::new(output::build::reset(&self.common, tcb, why, now)));
                let unread = core::mem::take(&mut tcb.inbox);
                Closed { reason, unread, peer_finished, last_words, tallies: tcb.tallies_to_keep() }
            }
            Phase::TimeWait { unread, tallies, .. } => Closed {
                reason,
                unread: core::mem::take(unread),
                peer_finished: true,
                last_words: None,
                tallies: tallies.take(),
            },
            Phase::Closed(_) => return,
        };
        self.phase = Phase::Closed(closed);
        self.common.events.raise(Event::Readable);
        self.common.events.raise(Event::Closed(reason));
    }
}

#[cfg(test)]
mod tests;
