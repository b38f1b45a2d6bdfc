//! One end: the states that it has come to for certain, and what is on the way to it.
//!
//! What the end sends shows what it had received by then. So a trigger that was seen to pass by stays pending until a
//! segment of the end proves it, and a segment that shows that it had not arrived yet goes before it.

use std::time::Duration;

use smallvec::SmallVec;
use synfin_ladder::{Certainty, Role, StateSet, Timeline, Transition, Window};
use synfin_wire::{Instant, SeqNumber, State, Trigger};

use super::reset::ResetCause;
use super::space::Queued;
use crate::packet::Packet;

mod before;
mod told;

use before::Before;
pub(super) use before::Spoken;
use told::Told;

/// A retransmission is silent for no longer than this before its sender has given up, whatever its timer: after that
/// it has.
pub(super) const LONGEST_TIMEOUT: Duration = Duration::from_secs(120);
/// No TIME-WAIT is shorter than this.
const SHORTEST_TIME_WAIT: Duration = Duration::from_secs(30);
/// Two maximum segment lifetimes (RFC 9293 section 3.4.2).
const LONGEST_TIME_WAIT: Duration = Duration::from_secs(240);

/// A frame and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The frame's number.
    pub frame: u64,
    /// Its time.
    pub at: Instant,
}

/// Something that may have reached the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) trigger: Trigger,
    /// When it passed by.
    pub(super) moment: Moment,
    /// An acknowledgment of this number proves that it has arrived.
    pub(super) proof: SeqNumber,
}

/// A state that the end came to.
#[derive(Clone, Copy, Debug)]
struct Step {
    to: State,
    /// Not before this frame; `None` before the capture.
    earliest: Option<Moment>,
    /// Not after this one; `None` where nothing proves it.
    latest: Option<Moment>,
    /// When it is known where the capture was made at this end.
    here: Here,
    certainty: Certainty,
    /// What it may be instead, for the same segments.
    instead: Option<State>,
}

/// Which bound of a step is its moment, seen from the end itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Here {
    /// The first: what it received makes it.
    Earliest,
    /// The last: what it sent shows it.
    Latest,
    /// Neither.
    Between,
    /// Neither: its user did something since then that went out later.
    Since(Moment),
}

impl Step {
    fn set(&self) -> StateSet {
        self.instead.map_or(StateSet::NONE, StateSet::of).with(StateSet::of(self.to))
    }

    /// The step, and what may have come instead.
    fn with_instead(&self) -> impl Iterator<Item = Self> {
        let instead =
            self.instead.map(|to| Self { to, certainty: Certainty::Unknown, instead: None, ..*self });
        [Some(*self), instead].into_iter().flatten()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Automaton {
    /// What it can have been before the first step.
    before: Before,
    steps: Vec<Step>,
    pending: SmallVec<[Pending; 2]>,
    /// The last packet that it sent.
    pub(super) last_sent: Option<Moment>,
    /// The newest frame that it has received: what it sends now it sends after that. Its own packets are no such bound,
    /// for elsewhere they are seen later than they were sent.
    since: Option<Moment>,
    /// ICMP has said that its SYN cannot be delivered, and nothing shows yet that it goes on.
    unreachable: Option<Moment>,
    /// It has spoken of an older connection.
    had_older: bool,
    is_client: bool,
    is_server: bool,
    /// What a recorder has noted of it. Few captures have that.
    told: Option<Box<Told>>,
}

/// As many as an end has that opens and closes.
const USUAL_STEPS: usize = 6;
/// No connection has more transitions than this that are its own.
const MOST_PENDING: usize = 8;

impl Default for Automaton {
    fn default() -> Self {
        Self {
            before: Before::Unknown,
            steps: Vec::with_capacity(USUAL_STEPS),
            pending: SmallVec::new(),
            last_sent: None,
            since: None,
            unreachable: None,
            had_older: false,
            is_client: false,
            is_server: false,
            told: None,
        }
    }
}

impl Automaton {
    /// The state that is certain.
    fn state(&self) -> State {
        match (self.steps.last(), self.before) {
            (Some(step), _) => step.to,
            (None, Before::Listen) => State::Listen,
            (None, Before::Synchronized | Before::Forgotten) => State::Established,
            (None, Before::Unknown | Before::Closed) => State::Closed,
        }
    }

    /// The state once everything pending has arrived.
    pub(super) fn newest(&self) -> State {
        let from = if self.before == Before::Unknown && self.steps.is_empty() {
            State::Listen
        } else {
            self.state()
        };
        let newest = self.pending.iter().fold(from, |state, pending| after(state, pending.trigger));
        if newest == State::Listen && self.before == Before::Unknown { State::Closed } else { newest }
    }

    /// Whether it has come to a state for certain.
    pub(super) fn has_been(&self, state: State) -> bool {
        self.steps.iter().any(|step| step.to == state)
    }

    /// Whether it was seen to have the connection, and has not any more.
    pub(super) fn is_over(&self) -> bool {
        !self.steps.is_empty() && matches!(self.newest(), State::Closed | State::TimeWait)
    }

    /// Whether nothing was seen of it, nor of what goes to it, that would make it anything.
    pub(super) fn is_blank(&self) -> bool {
        self.before == Before::Unknown && self.steps.is_empty() && self.pending.is_empty()
    }

    /// Whether it was seen to send a SYN, and nothing behind that.
    pub(super) fn is_half_open(&self) -> bool {
        matches!(self.state(), State::SynSent | State::SynReceived)
    }

    /// It sends something else than an RST: one that had come to it long enough ago, if any, it has not taken.
    pub(super) fn ignores_reset(&mut self, long_ago: impl Fn(&Moment) -> bool) -> Option<Moment> {
        let is_it = |pending: &Pending| pending.trigger == Trigger::Rst && long_ago(&pending.moment);
        let at = self.pending.iter().position(is_it)?;
        Some(self.pending.remove(at).moment)
    }

    /// It has answered a SYN from an older connection on the same ports, and has not taken that SYN.
    pub(super) fn speaks_of_older(&mut self) {
        self.pending.retain(|pending| pending.trigger != Trigger::Syn);
        self.had_older = true;
    }

    /// What it can have been before the first step.
    fn first_set(&self, before: Before, spoken: Spoken) -> StateSet {
        let set = before.set(spoken);
        if self.had_older { set.with(before::older()) } else { set }
    }

    /// Whether it has sent its SYN, and nothing shows yet that an answer has come.
    pub(super) fn is_opening(&self) -> bool {
        self.state() == State::SynSent
    }

    pub(super) fn role(&self) -> Role {
        match (self.is_client, self.is_server) {
            (true, false) => Role::Client,
            (false, true) => Role::Server,
            _ => Role::Peer,
        }
    }

    /// What is sent now was sent after this frame had arrived.
    pub(super) fn since(&mut self, newest_received: Option<Moment>) {
        self.since = self.since.into_iter().chain(newest_received).max_by_key(|moment| moment.frame);
    }

    /// The newest frame that it is known to have received.
    pub(super) fn newest_received(&self) -> Option<Moment> {
        self.since
    }

    fn step(&mut self, to: State, earliest: Option<Moment>, latest: Option<Moment>, here: Here) {
        self.steps.push(Step { to, earliest, latest, here, certainty: Certainty::Seen, instead: None });
    }

    /// A trigger has passed by on its way to the end.
    pub(super) fn awaits(&mut self, pending: Pending) {
        if self.pending.len() == MOST_PENDING
            || self.pending.iter().any(|other| other.trigger == pending.trigger)
        {
            return;
        }
        // What would change nothing is not waited for. An end of which nothing was seen may be listening.
        let newest = match self.before {
            Before::Unknown if self.steps.is_empty() => State::Listen,
            _ => self.state(),
        };
        let newest = self.pending.iter().fold(newest, |state, other| after(state, other.trigger));
        let is_open =
            self.before == Before::Unknown && self.steps.is_empty() && pending.trigger != Trigger::Syn;
        if is_open || after(newest, pending.trigger) != newest {
            self.pending.push(pending);
        }
    }

    /// The end acknowledges this: what it proves has arrived.
    pub(super) fn shows_received(&mut self, ack: SeqNumber, moment: Moment) {
        let Some(last) = self
            .pending
            .iter()
            .rposition(|pending| pending.trigger != Trigger::Rst && ack.at_or_after(pending.proof))
        else {
            return;
        };
        self.confirm(last + 1, moment);
    }

    /// It hears that its SYN cannot be delivered. Some stacks give up then, others go on (RFC 9293 section 3.9.2.2).
    pub(super) fn hears_unreachable(&mut self, moment: Moment) {
        if self.state() == State::SynSent && self.unreachable.is_none() {
            self.unreachable = Some(moment);
        }
    }

    /// The first so many pending triggers have arrived by now.
    fn confirm(&mut self, count: usize, moment: Moment) {
        self.unreachable = None;
        let proven: SmallVec<[Pending; 2]> = self.pending.drain(..count).collect();
        for pending in proven {
            if self.before == Before::Unknown && self.steps.is_empty() {
                self.before =
                    if pending.trigger == Trigger::Syn { Before::Listen } else { Before::Synchronized };
                self.is_server |= pending.trigger == Trigger::Syn;
            }
            let to = after(self.state(), pending.trigger);
            if to != self.state() {
                self.steps.extend(without_fin(self.state(), &pending, Some(moment)));
                self.step(to, Some(pending.moment), Some(moment), Here::Earliest);
            }
        }
    }

    /// It sends a segment with a SYN, or answers one: what that makes it.
    pub(super) fn plays(&mut self, is_client: bool) {
        if is_client {
            self.is_client = true;
        } else {
            self.is_server |= !self.is_client;
        }
    }

    /// It sends a SYN of its own.
    pub(super) fn opens(&mut self, moment: Moment) {
        self.plays(true);
        self.unreachable = None;
        if self.before == Before::Unknown {
            self.before = Before::Closed;
        }
        if self.steps.is_empty() {
            self.step(State::SynSent, None, Some(moment), Here::Latest);
        }
    }

    /// It sends a SYN-ACK: a SYN has arrived.
    pub(super) fn answers_syn(&mut self, moment: Moment) {
        if let Some(at) = self.pending.iter().position(|pending| pending.trigger == Trigger::Syn) {
            self.confirm(at + 1, moment);
        }
        match self.state() {
            State::Closed | State::Listen if self.steps.is_empty() => {
                self.before = Before::Listen;
                self.is_server = true;
                self.step(State::SynReceived, None, Some(moment), Here::Between);
            }
            State::SynSent => self.step(State::SynReceived, self.since, Some(moment), Here::Between),
            _ => {}
        }
        self.plays(false);
    }

    /// It sends what only a synchronized connection sends.
    pub(super) fn is_synchronized(&mut self, moment: Moment) {
        let opening = |trigger| matches!(trigger, Trigger::SynAck | Trigger::AckOfSyn | Trigger::Syn);
        while !self.state().is_synchronized()
            && let Some(at) = self.pending.iter().position(|pending| opening(pending.trigger))
        {
            self.confirm(at + 1, moment);
        }
        match self.state() {
            State::Closed | State::Listen if self.steps.is_empty() => self.before = Before::Synchronized,
            State::SynSent | State::SynReceived => {
                self.step(State::Established, self.since, Some(moment), Here::Between);
            }
            _ => {}
        }
    }

    /// It sends its FIN. Its user may have closed since `queued`, text being queued before it.
    pub(super) fn closes(&mut self, queued: Option<Queued>, before: Option<Moment>, moment: Moment) {
        let to = after(self.state(), Trigger::Close);
        if to != self.state() {
            let (earliest, here) = match queued {
                Some(queued) => (queued.after, Here::Since(queued.sent)),
                None => (before, Here::Latest),
            };
            let unsure = queued.filter(|queued| self.closed_before(*queued));
            self.step(to, earliest, Some(moment), here);
            if let Some(queued) = unsure {
                self.doubt(queued);
            }
        }
        // What had not arrived by then meets the new state.
        let kept = std::mem::take(&mut self.pending);
        kept.into_iter().for_each(|pending| self.awaits_still(pending));
    }

    /// Whether its user may have closed before the other end's FIN had come, though its own FIN went behind that.
    fn closed_before(&self, queued: Queued) -> bool {
        let fin = self.steps.last().filter(|step| step.to == State::CloseWait).and_then(|step| step.latest);
        let since = queued.after.map_or(0, |after| after.frame).min(queued.sent.frame);
        fin.is_some_and(|fin| since < fin.frame)
    }

    /// It may have been FIN-WAIT-1 and CLOSING instead of CLOSE-WAIT and LAST-ACK: text was queued all along.
    fn doubt(&mut self, queued: Queued) {
        let at = self.steps.len() - 2;
        let latest = self.steps[at].latest;
        self.steps[at..].iter_mut().for_each(|step| step.instead = Some(State::Closing));
        let here = Here::Since(queued.sent);
        let doubted = Step {
            to: State::FinWait1,
            earliest: queued.after,
            latest,
            here,
            certainty: Certainty::Unknown,
            instead: None,
        };
        self.steps.insert(at, doubted);
    }

    fn awaits_still(&mut self, pending: Pending) {
        let newest = self.newest();
        if after(newest, pending.trigger) != newest {
            self.pending.push(pending);
        }
    }

    /// It sends an RST, and shows by it what it had received.
    pub(super) fn shows_reset(&mut self, packet: &Packet<'_>, cause: ResetCause, moment: Moment) {
        // An answer from where there is no connection acknowledges what no connection has received.
        if packet.header.flags.ack() && cause != ResetCause::Refused {
            self.shows_received(packet.header.ack, moment);
        }
        self.resets(cause, moment);
    }

    fn resets(&mut self, cause: ResetCause, moment: Moment) {
        match cause {
            ResetCause::Refused => {
                if self.before == Before::Unknown {
                    self.before = Before::Closed;
                    self.is_server = true;
                }
                self.pending.clear();
                if self.state() != State::Closed && !self.steps.is_empty() {
                    self.step(State::Closed, self.since, Some(moment), Here::Between);
                }
            }
            // It answers a stray segment, and stays what it is.
            ResetCause::BadAck => {}
            _ => {
                let is_own = !cause.is_from_nowhere();
                let had_it = is_own || self.is_over();
                if self.before == Before::Unknown && self.steps.is_empty() {
                    self.before = if had_it { Before::Synchronized } else { Before::Forgotten };
                }
                self.pending.retain(|pending| pending.trigger != Trigger::Rst);
                let count = self.pending.len();
                if had_it {
                    self.confirm(count, moment);
                }
                self.pending.clear();
                if self.state() != State::Closed {
                    let here = if is_own { Here::Latest } else { Here::Between };
                    self.step(State::Closed, self.since, Some(moment), here);
                    if !is_own {
                        self.steps.last_mut().expect("just pushed").certainty = Certainty::Inferred;
                    }
                }
            }
        }
    }

    /// What follows the last step without a segment to show it: it has given up, or will; and TIME-WAIT ends.
    fn silent(&self, unanswered: Option<(u32, Instant)>, end: Instant) -> Option<(State, Window)> {
        let newest = self.newest();
        if newest == State::TimeWait {
            let entered = self.pending.last().map(|pending| pending.moment);
            let entered = entered.or(self.steps.last().and_then(|step| step.latest)).map(|moment| moment.at);
            let window = Window {
                earliest: entered.map(|entered| entered + SHORTEST_TIME_WAIT),
                latest: entered.map(|entered| entered + LONGEST_TIME_WAIT),
            };
            return Some((State::Closed, window));
        }
        let (_, last) = unanswered?;
        if matches!(newest, State::Closed | State::Listen) || self.unreachable.is_some() {
            return None;
        }
        let given_up = last + LONGEST_TIMEOUT;
        let window = Window { earliest: Some(last), latest: (end > given_up).then_some(given_up) };
        let gives_way = newest == State::SynReceived && self.role() == Role::Server;
        Some((if gives_way { State::Listen } else { State::Closed }, window))
    }

    /// All steps, those of pending triggers among them, with the windows that hold where the capture was made here.
    fn all_steps(&self, here: bool, spoken: Spoken) -> (Before, Vec<Step>) {
        let (mut before, mut steps) = (self.before, self.steps.clone());
        let mut state = self.state();
        steps.extend(self.unreachable.filter(|_| state == State::SynSent).map(|moment| Step {
            to: State::Closed,
            earliest: Some(moment),
            latest: None,
            here: Here::Between,
            certainty: Certainty::Inferred,
            instead: None,
        }));
        for pending in &self.pending {
            if before == Before::Unknown && steps.is_empty() {
                before = if pending.trigger == Trigger::Syn { Before::Unknown } else { Before::Synchronized };
                state = if pending.trigger == Trigger::Syn { State::Listen } else { State::Established };
            }
            let to = after(state, pending.trigger);
            if to != state {
                let certainty = match (here, before) {
                    (true, _) => Certainty::Seen,
                    // Nothing was ever seen of it: it may not even exist.
                    (false, Before::Unknown) => Certainty::Unknown,
                    (false, _) => Certainty::Inferred,
                };
                let earliest = Some(pending.moment);
                steps.extend(without_fin(state, pending, None));
                steps.push(Step {
                    to,
                    earliest,
                    latest: None,
                    here: Here::Earliest,
                    certainty,
                    instead: None,
                });
                state = to;
            }
        }
        let doubted = steps.iter().any(|step| step.instead.is_some());
        for step in steps.iter_mut().filter(|step| doubted && step.to == State::Closed) {
            step.instead = Some(State::TimeWait);
        }
        before.doubts(spoken, &mut steps);
        if here {
            steps.retain(|step| step.latest.is_some() || !self.is_ignored(step));
            for step in &mut steps {
                match step.here {
                    Here::Earliest if self.is_ignored(step) => {}
                    Here::Latest => step.earliest = step.latest,
                    Here::Earliest => step.latest = step.earliest,
                    Here::Between => {}
                    Here::Since(moment) => step.earliest = Some(moment),
                }
            }
        }
        (before, steps)
    }

    /// Its states over time, once the capture has ended; `unanswered` is what it had sent again in vain by then.
    pub(super) fn timeline(
        &self,
        here: bool,
        spoken: Spoken,
        unanswered: Option<(u32, Instant)>,
        end: Instant,
    ) -> (StateSet, Timeline) {
        let (before, steps) = self.all_steps(here, spoken);
        let mut transitions: Vec<Transition> = steps
            .iter()
            .flat_map(Step::with_instead)
            .map(|step| Transition {
                to: step.to,
                when: Window {
                    earliest: self.earliest(&step).map(|moment| moment.at),
                    latest: step.latest.map(|moment| moment.at),
                },
                certainty: step.certainty,
                frame: match step.here {
                    Here::Earliest => step.earliest,
                    Here::Latest | Here::Between | Here::Since(_) => step.latest,
                }
                .map(|moment| moment.frame),
            })
            .collect();
        if let Some((to, when)) = self.silent(unanswered, end) {
            transitions.push(Transition { to, when, certainty: Certainty::Inferred, frame: None });
        }
        (self.first_set(before, spoken), Timeline(transitions))
    }

    /// From when on a step can have been taken: not while it was noted that the end was elsewhere.
    fn earliest(&self, step: &Step) -> Option<Moment> {
        let told = self.told.as_ref().and_then(|told| told.not_by(step.latest));
        step.earliest.into_iter().chain(told).max_by_key(|moment| moment.frame)
    }

    /// The states after each of these frames.
    pub(super) fn sets_after(&self, frames: &[u64], here: bool, spoken: Spoken) -> Vec<StateSet> {
        let (before, steps) = self.all_steps(here, spoken);
        let mut certain = self.first_set(before, spoken);
        let mut passed = 0;
        let mut sets: Vec<StateSet> = frames
            .iter()
            .map(|frame| {
                while let Some(step) = steps.get(passed)
                    && step.latest.is_some_and(|latest| latest.frame <= *frame)
                {
                    certain = step.set();
                    passed += 1;
                }
                steps[passed..]
                    .iter()
                    .take_while(|step| step.earliest.is_none_or(|earliest| earliest.frame <= *frame))
                    .fold(certain, |set, step| set.with(step.set()))
            })
            .collect();
        if let Some(told) = &self.told {
            told.narrow(frames, &mut sets);
        }
        sets
    }
}

/// Where an acknowledgment of the FIN leads when the other end's FIN, which passed by before it, was lost.
fn without_fin(state: State, pending: &Pending, latest: Option<Moment>) -> Option<Step> {
    (state == State::Closing && pending.trigger == Trigger::AckOfFin).then_some(Step {
        to: State::FinWait2,
        earliest: Some(pending.moment),
        latest,
        here: Here::Earliest,
        certainty: Certainty::Unknown,
        instead: None,
    })
}

/// Where a trigger leads; nowhere else when it cannot happen in this state.
fn after(state: State, trigger: Trigger) -> State {
    match (state, trigger) {
        // A FIN with which the handshake's ACK is lost, or an acknowledgment of both FIN and SYN, does both.
        (State::SynReceived, Trigger::AckOfFin) => State::SynReceived,
        _ => state.next(trigger).unwrap_or(state),
    }
}
