//! Two ends, what is in flight between them, and what can happen next.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use synfin_tcp::{
    CloseReason, Config, Connection, Event, HalfOpen, HalfOpenOutcome, Identity, Incoming, ReceiveError,
    SegmentOut, State, TransmitLimits, no_connection,
};
use synfin_wire::{Ecn, Instant, Segment, SeqNumber};

use crate::digest::digest;
use crate::plan::{Plan, Step};

/// Octets of one SEND.
const CHUNK: u8 = 2;

/// How often what goes wrong may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bounds {
    pub(crate) losses: u8,
    pub(crate) duplicates: u8,
    /// Timers that fire while segments are in flight: those are delayed by more than the timer's time.
    pub(crate) early: u8,
}

/// Something that can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A segment arrives, of whatever age.
    Deliver(usize),
    /// A segment is lost.
    Lose(usize),
    /// A segment is doubled.
    Double(usize),
    /// Time passes until the next timer fires.
    Time,
    /// A user makes his next call.
    Call(usize),
}

#[derive(Clone)]
pub(crate) struct World {
    now: Instant,
    ends: [End; 2],
    flying: Vec<Flying>,
    left: Bounds,
}

/// A segment on its way.
#[derive(Clone)]
struct Flying {
    to: usize,
    segment: Segment,
    digest: u64,
}

/// One end with its user, who reads whatever comes at once.
#[derive(Clone)]
struct End {
    plan: Plan,
    /// How many of the plan's calls were made.
    calls: usize,
    phase: Phase,
    said: u8,
    heard: Vec<u8>,
    end_heard: bool,
    outcome: Option<CloseReason>,
    /// The user has aborted, or closed a listener, which forgets what was half-open.
    gone: bool,
    digest: u64,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there are two of them")]
enum Phase {
    Nothing,
    Listen,
    HalfOpen(HalfOpen),
    Connection(Connection),
}

fn identity(end: usize) -> Identity {
    let ports = [40_000, 80];
    Identity {
        local_port: ports[end],
        remote_port: ports[1 - end],
        iss: SeqNumber::new([1_000, 700_000][end]),
        timestamp_offset: 0,
    }
}

/// No timestamps, whose numbers would make every moment a state of its own.
fn config() -> Arc<Config> {
    Arc::new(Config { timestamps: false, receive_buffer: 65_535, ..Config::default() })
}

impl World {
    pub(crate) fn new(plans: [Plan; 2], bounds: Bounds) -> Self {
        let end = |plan| End {
            plan,
            calls: 0,
            phase: Phase::Nothing,
            said: 0,
            heard: Vec::new(),
            end_heard: false,
            outcome: None,
            gone: false,
            digest: 0,
        };
        let mut world = Self { now: Instant::ZERO, ends: plans.map(end), flying: Vec::new(), left: bounds };
        (0..2).for_each(|end| world.settle(end));
        world
    }

    /// What tells this state from others.
    pub(crate) fn digest(&self) -> u64 {
        let mut flying: Vec<u64> = self.flying.iter().map(|flying| flying.digest).collect();
        flying.sort_unstable();
        let mut hasher = DefaultHasher::new();
        (self.ends[0].digest, self.ends[1].digest, flying, self.left).hash(&mut hasher);
        hasher.finish()
    }

    /// The states that the ends are in.
    pub(crate) fn states(&self) -> [State; 2] {
        self.ends.each_ref().map(End::state)
    }

    /// Everything that can happen next.
    pub(crate) fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        for (index, flying) in self.flying.iter().enumerate() {
            if self.flying[..index].iter().any(|other| other.digest == flying.digest) {
                continue;
            }
            actions.push(Action::Deliver(index));
            if self.left.losses > 0 {
                actions.push(Action::Lose(index));
            }
            if self.left.duplicates > 0 {
                actions.push(Action::Double(index));
            }
        }
        if self.deadline().is_some() && (self.flying.is_empty() || self.left.early > 0) {
            actions.push(Action::Time);
        }
        actions.extend((0..2).filter(|end| self.ends[*end].can_call()).map(Action::Call));
        actions
    }

    /// The world once that has happened.
    pub(crate) fn after(&self, action: Action) -> Self {
        let mut world = self.clone();
        match action {
            Action::Deliver(index) => {
                let Flying { to, segment, .. } = world.flying.swap_remove(index);
                world.deliver(to, segment);
                world.settle(to);
            }
            Action::Lose(index) => {
                world.flying.swap_remove(index);
                world.left.losses -= 1;
            }
            Action::Double(index) => {
                world.flying.push(world.flying[index].clone());
                world.left.duplicates -= 1;
            }
            Action::Time => world.pass(),
            Action::Call(end) => {
                world.ends[end].call(end, world.now);
                world.settle(end);
            }
        }
        world
    }

    fn deadline(&self) -> Option<Instant> {
        self.ends.iter().filter_map(End::deadline).min()
    }

    fn pass(&mut self) {
        let Some(deadline) = self.deadline() else { return };
        self.left.early -= u8::from(!self.flying.is_empty());
        self.now = self.now.max(deadline);
        for end in 0..2 {
            self.ends[end].handle_timeout(self.now);
            self.settle(end);
        }
    }

    fn deliver(&mut self, to: usize, segment: Segment) {
        let incoming = Incoming { segment, ecn: Ecn::NotEct, segment_size: None, arrived: self.now };
        let flags = incoming.segment.header.flags;
        let end = &mut self.ends[to];
        match &mut end.phase {
            Phase::Listen if flags.syn() && !flags.ack() && !flags.rst() => {
                end.phase = Phase::HalfOpen(HalfOpen::from_syn(&config(), &incoming, identity(to)));
            }
            Phase::Listen if !flags.ack() => {}
            Phase::HalfOpen(half_open) => match half_open.handle_segment(&config(), incoming) {
                HalfOpenOutcome::Stay(_) => {}
                HalfOpenOutcome::Promoted(connection, _) => end.phase = Phase::Connection(connection),
                HalfOpenOutcome::Gone(_) => end.phase = Phase::Listen,
            },
            Phase::Connection(connection) if connection.state() != State::Closed => {
                let _ = connection.handle_segment(incoming);
            }
            Phase::Nothing | Phase::Listen | Phase::Connection(_) => {
                if let Some(reset) = no_connection(&incoming.segment) {
                    self.launch(to, &reset);
                }
            }
        }
    }

    /// Lets the user read and the engine send, until there is nothing to read or send.
    fn settle(&mut self, end: usize) {
        let now = self.now;
        self.ends[end].read(now);
        while let Some(out) = self.ends[end].poll_transmit(now) {
            self.launch(end, &out);
        }
        if let Phase::Connection(connection) = &self.ends[end].phase {
            connection.check_drained();
        }
        let End { plan, calls, phase, said, heard, end_heard, outcome, gone, .. } = &self.ends[end];
        let user = (plan.len() - calls, said, heard, end_heard, outcome, gone);
        self.ends[end].digest = digest(&(user, phase), now);
    }

    fn launch(&mut self, from: usize, out: &SegmentOut) {
        let mut text = BytesMut::new();
        out.payload.iter().for_each(|slice| text.extend_from_slice(slice));
        let segment = Segment { header: out.header.clone(), payload: text.freeze() };
        let to = 1 - from;
        let digest = digest(&(to, &segment), Instant::ZERO);
        self.flying.push(Flying { to, segment, digest });
    }

    /// What must hold in every state.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (end, peer) in [(&self.ends[0], &self.ends[1]), (&self.ends[1], &self.ends[0])] {
            let said: Vec<u8> = (0..peer.said).collect();
            if !said.starts_with(&end.heard) {
                return Err(format!("heard {:?} where {said:?} was said", end.heard));
            }
            if end.end_heard && (end.heard != said || !peer.made(Step::Close)) {
                return Err(format!("an end behind {:?}, where {said:?} was said", end.heard));
            }
            if end.outcome == Some(CloseReason::Finished) && !(end.end_heard && peer.end_heard) {
                return Err("finished, and not both ends have heard everything".into());
            }
        }
        Ok(())
    }

    /// What must hold where nothing more can happen.
    pub(crate) fn check_end(&self) -> Result<(), String> {
        let outcomes = self.ends.each_ref().map(|end| end.outcome);
        for (end, peer) in [(&self.ends[0], &self.ends[1]), (&self.ends[1], &self.ends[0])] {
            let state = end.state();
            // Without keep-alive nobody tells of a peer whose RST was lost (RFC 9293 section 3.5.1).
            let half_open = state == State::FinWait2 && peer.gone;
            if !matches!(state, State::Closed | State::Listen) && !half_open {
                return Err(format!("{state} for ever, beside {}", peer.state()));
            }
        }
        let given_up = |outcome: &Option<CloseReason>| {
            !matches!(
                outcome,
                None | Some(CloseReason::Finished | CloseReason::Aborted)
                    | Some(CloseReason::Refused | CloseReason::Reset)
            )
        };
        if outcomes.iter().any(given_up) {
            return Err(format!("nobody has to give up for so few losses: {outcomes:?}"));
        }
        let aborted = self.ends.iter().any(|end| end.gone);
        let opened = self.ends.iter().any(|end| end.outcome == Some(CloseReason::Finished) || end.end_heard);
        let finished = outcomes.iter().all(|outcome| *outcome == Some(CloseReason::Finished));
        let refused = outcomes.contains(&Some(CloseReason::Refused));
        if !aborted && opened != finished || !aborted && !finished && !refused {
            return Err(format!("nobody aborted, and the ends do not agree: {outcomes:?}"));
        }
        Ok(())
    }
}

impl End {
    fn state(&self) -> State {
        match &self.phase {
            Phase::Nothing => State::Closed,
            Phase::Listen => State::Listen,
            Phase::HalfOpen(_) => State::SynReceived,
            Phase::Connection(connection) => connection.state(),
        }
    }

    /// The user has made this call.
    fn made(&self, step: Step) -> bool {
        self.plan[..self.calls].contains(&step)
    }

    /// The user can make his next call: OPEN at any time, SEND once there is a connection, CLOSE and ABORT also of
    /// a listener.
    fn can_call(&self) -> bool {
        match self.plan.get(self.calls) {
            None => false,
            Some(Step::Active | Step::Passive | Step::Close | Step::Abort) => true,
            Some(Step::Send) => matches!(&self.phase, Phase::Connection(_)),
        }
    }

    fn call(&mut self, number: usize, now: Instant) {
        let step = self.plan[self.calls];
        self.calls += 1;
        match (step, &mut self.phase) {
            (Step::Active, phase) => {
                *phase = Phase::Connection(Connection::open(config(), identity(number), now));
            }
            (Step::Passive, phase) => *phase = Phase::Listen,
            (Step::Send, Phase::Connection(connection)) => {
                let text: Bytes = (self.said..self.said + CHUNK).collect();
                // A connection that was refused or reset meanwhile takes nothing.
                if connection.send(text, now).is_ok() {
                    self.said += CHUNK;
                }
            }
            (Step::Close, Phase::Connection(connection)) => connection.close(now),
            (Step::Abort, Phase::Connection(connection)) => {
                self.gone = true;
                connection.abort(now);
            }
            (Step::Close | Step::Abort, phase) => {
                self.gone = true;
                *phase = Phase::Nothing;
            }
            (Step::Send, _) => {}
        }
    }

    /// Reads all that there is.
    fn read(&mut self, now: Instant) {
        let Phase::Connection(connection) = &mut self.phase else { return };
        loop {
            match connection.receive(usize::MAX, now) {
                Ok(Some(bytes)) => self.heard.extend_from_slice(&bytes),
                Ok(None) => {
                    self.end_heard = true;
                    break;
                }
                Err(ReceiveError::WouldBlock | ReceiveError::Closed(_)) => break,
            }
        }
        while let Some(event) = connection.poll_event() {
            if let Event::Closed(reason) = event {
                self.outcome = Some(reason);
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Nothing | Phase::Listen => None,
            Phase::HalfOpen(half_open) => half_open.poll_timeout(),
            Phase::Connection(connection) => connection.poll_timeout(),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        match &mut self.phase {
            Phase::Nothing | Phase::Listen => {}
            Phase::HalfOpen(half_open) => {
                if half_open.handle_timeout(&config(), now).is_some() {
                    self.phase = Phase::Listen;
                }
            }
            Phase::Connection(connection) => connection.handle_timeout(now),
        }
    }

    fn poll_transmit(&mut self, now: Instant) -> Option<SegmentOut> {
        match &mut self.phase {
            Phase::Nothing | Phase::Listen => None,
            Phase::HalfOpen(half_open) => half_open.poll_transmit(&config(), now),
            Phase::Connection(connection) => connection.poll_transmit(TransmitLimits::ONE_SEGMENT, now),
        }
    }
}
