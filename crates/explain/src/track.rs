//! Both ends' states, as far as the segments of a capture show them.
//!
//! In: the packets of one connection, in the capture's order. Out: the timeline of each end (RFC 9293 section 3.3.2),
//! as sets where more than one state is possible, and where the capture was made.
//!
//! The transitions themselves are [`State::next`](synfin_wire::State::next)'s: what is inferred here is only which
//! triggers an end has met, and when. What an end sends is seen; what it receives is seen to pass by, and is known to
//! have arrived once the end says so. Where a recorder has noted states on packets, they stand, and it goes on from there.
//! Left out on purpose: anything that needs a second connection or another host.

mod automaton;
mod place;
mod reset;
mod space;

use std::time::Duration;

use synfin_ladder::{Role, Side, StateSet, Timeline};
use synfin_wire::{DropReason, Instant, Note, SeqNumber, State, Trigger};

use crate::packet::{ChecksumSeen, Packet};
pub use automaton::Moment;
use automaton::{Automaton, Pending, Spoken};
use place::Place;
pub(crate) use reset::JUST_NOW;
pub use reset::ResetCause;
pub use space::Arrival;
pub(crate) use space::INITIAL_RTO;
use space::Queued;
pub(crate) use space::Space;

/// Follows one connection; of a new one nothing was seen.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    automata: [Automaton; 2],
    spaces: [Space; 2],
    place: Place,
    /// RSTs that were seen: who sent one, and what made it go.
    resets: Vec<SeenReset>,
    /// What an end was before an RST in its name, and when that came: should it go on, somebody else sent that.
    before_reset: [Option<Box<(Automaton, Moment)>>; 2],
}

/// An RST in the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenReset {
    /// Who sent it.
    pub by: Side,
    /// What made it go.
    pub cause: ResetCause,
    /// Whether its receiver takes it: its number is the one that is awaited (RFC 5961 section 3.2).
    pub acceptable: bool,
    /// Whether it ended the connection, or kept it from beginning, at either end.
    pub ends_it: bool,
    /// It came before its sender had the connection open, or answers the other's opening.
    pub opening: bool,
    /// The connection was over already, or an RST had come to its sender.
    pub late: bool,
    /// In the name of an end that goes on as if it had not sent it.
    pub foreign: bool,
    /// The frame that it answers.
    pub because: Option<u64>,
    /// Its frame.
    pub frame: u64,
    /// When it was seen.
    pub at: Instant,
}

/// No retransmission comes sooner.
pub(crate) const SHORTEST_RTO: Duration = Duration::from_millis(150);
/// Nothing is overtaken by so much on its way.
const OVERTAKEN: Duration = Duration::from_millis(2);
/// Whoever has something to send again has done so after this.
const LONG_SILENCE: Duration = Duration::from_secs(1);
/// No connection has more of them that tell something new.
const MOST_RESETS: usize = 64;

impl Tracker {
    /// Follows one packet that `from` sent. A packet whose checksum is wrong is one that nobody takes.
    pub fn observe(&mut self, from: Side, packet: &Packet<'_>) {
        self.observe_noted(from, packet, &Note::default());
    }

    /// The same with what was noted on the packet: states that are noted stand, whatever the packets suggest.
    pub fn observe_noted(&mut self, from: Side, packet: &Packet<'_>, note: &Note) {
        match self.discards(from, packet) {
            None => self.follow(from, packet, note),
            Some(DropReason::OutsideWindow) => self.spaces[from.index()].strays(),
            Some(_) => {}
        }
        self.heed(from, packet, note);
    }

    /// Why nobody takes a packet, where nobody does. Where a side's checksums are never right they were not filled in, or
    /// the capture was rewritten.
    #[must_use]
    pub fn discards(&self, from: Side, packet: &Packet<'_>) -> Option<DropReason> {
        let flags = packet.header.flags;
        if packet.checksum == ChecksumSeen::Wrong && self.place.has_right_checksums(from) {
            return Some(DropReason::Checksum);
        }
        let scales_known = self.spaces.iter().all(Space::syn_seen);
        let is_beyond = scales_known
            && !flags.syn()
            && !flags.rst()
            && self.spaces[from.index()].is_far_beyond_window(packet.header.seq);
        is_beyond.then_some(DropReason::OutsideWindow)
    }

    /// Whether a packet answers a SYN from a connection that the other end has forgotten: it acknowledges something else
    /// (RFC 9293 section 3.5.1, Figure 9).
    #[must_use]
    pub fn is_of_older(&self, from: Side, packet: &Packet<'_>) -> bool {
        let flags = packet.header.flags;
        let peer = from.other().index();
        self.automata[peer].is_opening()
            && !self.spaces[from.index()].syn_seen()
            && flags.ack()
            && !flags.syn()
            && !flags.rst()
            && !self.spaces[peer].syn_covered_by(packet.header.ack)
    }

    /// The states that are noted on a packet.
    fn heed(&mut self, from: Side, packet: &Packet<'_>, note: &Note) {
        let moment = Moment { frame: packet.frame, at: packet.at };
        for (side, state) in [(from, note.sender), (from.other(), note.receiver)] {
            if let Some(state) = state {
                self.automata[side.index()].is_told(state, moment);
            }
        }
    }

    fn follow(&mut self, from: Side, packet: &Packet<'_>, note: &Note) {
        let moment = Moment { frame: packet.frame, at: packet.at };
        if self.is_of_older(from, packet) {
            self.automata[from.index()].speaks_of_older();
            return;
        }
        self.place.observe(from, packet, &self.spaces);
        let flags = packet.header.flags;
        if flags.rst() {
            self.reset(from, packet, moment, note);
        } else {
            self.goes_on(from, packet);
            let is_old = self.spaces[from.index()].has_had(packet);
            let before = self.automata[from.index()].newest_received();
            self.sent(from, packet, moment, note);
            let after = self.automata[from.index()].newest_received();
            let patience = self.patience(from);
            self.spaces[from.index()].sent(packet, before, after, patience);
            self.spaces[from.other().index()].answered(packet);
            if !is_old || flags.syn() {
                self.passes(from, packet, moment);
            }
        }
        self.automata[from.index()].last_sent = Some(moment);
    }

    /// A packet was seen a second time: it tells nothing of the ends, but of where it was seen.
    pub(crate) fn seen_again(&mut self, from: Side, packet: &Packet<'_>, note: &Note) {
        self.place.counts_hops(from, packet);
        self.heed(from, packet, note);
    }

    /// What the sender shows of itself by sending this; where its state is noted, that is what it shows.
    fn sent(&mut self, from: Side, packet: &Packet<'_>, moment: Moment, note: &Note) {
        let flags = packet.header.flags;
        let peer = &self.spaces[from.other().index()];
        let newest = if flags.ack() { peer.moment_of(packet.header.ack) } else { None };
        let peer_sent = self.automata[from.other().index()].last_sent;
        let own = &mut self.automata[from.index()];
        let before = own.newest_received();
        own.since(newest);
        if flags.ack() {
            // A FIN behind a gap has arrived with what was missing.
            if let Some((last, proof)) = peer_sent.zip(peer.fin_end())
                && peer.fin_covered_by(packet.header.ack)
            {
                own.awaits(Pending { trigger: Trigger::Fin, moment: last, proof });
            }
        }
        if let Some(state) = note.sender {
            if flags.syn() {
                own.plays(!flags.ack());
            }
            own.is_told(state, moment);
            return;
        }
        if flags.ack() {
            own.shows_received(packet.header.ack, moment);
        }
        match (flags.syn(), flags.ack()) {
            (true, false) => own.opens(moment),
            (true, true) => own.answers_syn(moment),
            (false, _) => own.is_synchronized(moment),
        }
        if flags.fin() && self.spaces[from.index()].is_new_fin(packet) {
            self.closes(from, packet, before);
        }
    }

    /// It sends a FIN that was not seen before. Elsewhere than at its end that need not be its first: what it had
    /// received when it sent the first is what it had when it sent something before the FIN.
    fn closes(&mut self, from: Side, packet: &Packet<'_>, before: Option<Moment>) {
        let ahead = self.spaces[from.index()].ahead_of(packet);
        let moment = ahead.map_or(Moment { frame: packet.frame, at: packet.at }, |ahead| ahead.seen);
        let before = ahead.map_or(before, |ahead| ahead.before);
        let patience = self.patience(from);
        let queued = self.spaces[from.index()].queued_since(packet, before, patience);
        let peers_fin = self.spaces[from.other().index()].fin_moment();
        let late =
            peers_fin.is_some_and(|fin| moment.at - fin.at > patience + SHORTEST_RTO) || ahead.is_some();
        // A FIN without text found nothing queued: its user closed after all else had left.
        let at_once = packet.len == 0 && queued.is_none() && ahead.is_none();
        let left = if at_once { self.last_had_left(from) } else { None };
        let own = &mut self.automata[from.index()];
        // One that is late may have crossed the other's, and been lost.
        let again = late
            && self.place.end() != Some(from)
            && before.is_none_or(|before| peers_fin.is_some_and(|fin| before.frame < fin.frame));
        let first = again.then_some(Queued { sent: moment, after: before });
        let before = [before, left].into_iter().flatten().max_by_key(|moment| moment.frame);
        own.closes(queued.or(first), before, moment);
    }

    /// The newest packet that passed here before a side's last one can have left it.
    fn last_had_left(&self, side: Side) -> Option<Moment> {
        let passed = self.automata[side.index()].last_sent?.at;
        let left = passed.as_nanos().saturating_sub(self.place.patience(side).as_nanos() as u64);
        let newest = self.spaces.each_ref().map(|space| space.newest_at(Instant::from_nanos(left)));
        newest.into_iter().flatten().max_by_key(|moment| moment.frame)
    }

    /// How soon a side can be expected to go on here, once it can. What is not captured at its end may be lost before it
    /// comes here, and come again after a timeout.
    fn patience(&self, side: Side) -> Duration {
        let patience = self.place.patience(side);
        if self.place.end() == Some(side) { patience } else { patience + LONG_SILENCE }
    }

    /// What the receiver will make of it, if it arrives.
    fn passes(&mut self, from: Side, packet: &Packet<'_>, moment: Moment) {
        let flags = packet.header.flags;
        let (header, to) = (&packet.header, from.other());
        let sender = &self.spaces[from.index()];
        let receiver = &self.spaces[to.index()];
        let automaton = &mut self.automata[to.index()];
        // Text or a FIN proves itself by its acknowledgment; what has neither, by that of anything sent later.
        let carries = packet.sequence_length() > 0;
        let proof = if carries { header.seq + packet.sequence_length() } else { sender.most_sent() + 1 };
        let pending = |trigger| Pending { trigger, moment, proof };
        if flags.syn() {
            let acknowledges = flags.ack() && receiver.syn_covered_by(header.ack);
            match (acknowledges, automaton.newest()) {
                // In a simultaneous open the SYN came before: its acknowledgment proves nothing of this segment.
                (true, State::SynReceived) => {
                    let proof = sender.most_sent() + 1;
                    automaton.awaits(Pending { trigger: Trigger::AckOfSyn, moment, proof });
                }
                (true, _) => automaton.awaits(pending(Trigger::SynAck)),
                (false, _) if !flags.ack() => automaton.awaits(pending(Trigger::Syn)),
                (false, _) => {}
            }
            return;
        }
        if !flags.ack() {
            return;
        }
        // Whoever sends this has had a SYN-ACK, be it in the capture or not.
        let unseen = !receiver.syn_seen() && automaton.newest() == State::SynReceived;
        if unseen || receiver.syn_covered_by(header.ack) {
            automaton.awaits(pending(Trigger::AckOfSyn));
        }
        if receiver.fin_covered_by(header.ack) {
            automaton.awaits(pending(Trigger::AckOfFin));
        }
        if let Some(end) = sender.whole_to_the_fin() {
            automaton.awaits(Pending { trigger: Trigger::Fin, moment, proof: end });
        }
    }

    /// An end that has sent an RST sends nothing else: it has not sent it. One that an RST went to a while ago has not
    /// taken it.
    fn goes_on(&mut self, from: Side, packet: &Packet<'_>) {
        let later = |moment: &Moment| packet.at - moment.at > OVERTAKEN;
        if packet.header.flags.syn() {
            self.before_reset[from.index()] = None;
        } else if let Some(before) = self.before_reset[from.index()].take_if(|before| later(&before.1)) {
            let (mut automaton, moment) = *before;
            automaton.last_sent = self.automata[from.index()].last_sent;
            self.automata[from.index()] = automaton;
            for reset in
                self.resets.iter_mut().filter(|reset| reset.by == from && reset.frame >= moment.frame)
            {
                reset.foreign = true;
                reset.ends_it &= reset.acceptable;
            }
        }
        let patience = self.patience(from);
        let ignored = self.automata[from.index()].ignores_reset(|sent| packet.at - sent.at > patience);
        if let Some(ignored) = ignored {
            let of_it = |reset: &&mut SeenReset| reset.frame == ignored.frame && reset.foreign;
            self.resets.iter_mut().filter(of_it).for_each(|reset| {
                reset.acceptable = false;
                reset.ends_it = false;
            });
        }
    }

    fn reset(&mut self, from: Side, packet: &Packet<'_>, moment: Moment, note: &Note) {
        let to = from.other();
        // Or it is an echo of its sender's own, to which nothing was said.
        let last_heard = self.automata[to.index()].last_sent.map(|moment| moment.frame);
        let is_echo = |reset: &SeenReset| last_heard.is_some_and(|heard| heard < reset.frame);
        let is_told = self.resets.iter().any(|reset| reset.acceptable && (reset.by == to || is_echo(reset)));
        let late = is_told || Side::BOTH.iter().all(|side| self.automata[side.index()].is_over());
        let cause = reset::cause(from, packet, &self.spaces, &self.automata);
        let cause = note.reason.map_or(cause, |reason| reset::told(reason, cause, from, &self.spaces));
        // What answers somebody's wrong acknowledgment says nothing of an end that was not seen.
        let says_nothing = cause == ResetCause::BadAck && self.automata[to.index()].is_blank();
        let acceptable = !says_nothing && reset::is_acceptable(from, packet, &self.spaces, &self.automata);
        let states = [from, to].map(|side| self.automata[side.index()].newest());
        let ends_it = cause != ResetCause::BadAck
            && (acceptable || !matches!(states[0], State::Closed | State::Listen | State::TimeWait));
        let because = self.automata[to.index()].last_sent.map(|moment| moment.frame);
        let opening = self.automata[from.index()].is_half_open()
            || self.automata[to.index()].is_half_open() && self.automata[from.index()].last_sent.is_none();
        let Packet { frame, at, .. } = *packet;
        let foreign = false;
        let seen =
            SeenReset { by: from, cause, acceptable, ends_it, opening, late, foreign, because, frame, at };
        if !late && cause != ResetCause::BadAck && self.before_reset[from.index()].is_none() {
            let before = self.automata[from.index()].clone();
            self.before_reset[from.index()] = Some(Box::new((before, moment)));
        }
        // The last one is always there.
        self.resets.truncate(MOST_RESETS - 1);
        self.resets.push(seen);
        let newest = if packet.header.flags.ack() {
            self.spaces[to.index()].moment_of(packet.header.ack)
        } else {
            None
        };
        let own = &mut self.automata[from.index()];
        own.since(newest);
        if let Some(state) = note.sender {
            if cause == ResetCause::Refused {
                own.plays(false);
            }
            own.is_told(state, moment);
        } else {
            own.shows_reset(packet, cause, moment);
        }
        if acceptable {
            let proof = self.spaces[from.index()].most_sent() + 1;
            self.automata[to.index()].awaits(Pending { trigger: Trigger::Rst, moment, proof });
        }
    }

    /// ICMP says that a SYN of this side cannot be delivered.
    pub(crate) fn unreachable(&mut self, side: Side, moment: Moment) {
        self.automata[side.index()].hears_unreachable(moment);
    }

    /// The RSTs that were seen.
    #[must_use]
    pub fn resets(&self) -> &[SeenReset] {
        &self.resets
    }

    /// At which ends the capture was made: neither, or one.
    #[must_use]
    pub fn captured_at(&self) -> Option<Side> {
        self.place.end()
    }

    /// How an end came to the connection.
    #[must_use]
    pub fn role(&self, side: Side) -> Role {
        let [own, peer] = [side, side.other()].map(|side| self.automata[side.index()].role());
        // Where both have opened neither serves.
        if (own, peer) == (Role::Client, Role::Client) { Role::Peer } else { own }
    }

    /// Whether anything that an end sent was captured.
    pub(crate) fn is_captured(&self, side: Side) -> bool {
        self.automata[side.index()].last_sent.is_some()
    }

    /// The shortest time in which an end has answered, as seen here.
    pub(crate) fn answered_in(&self, side: Side) -> Option<Duration> {
        self.place.answered_in(side)
    }

    /// The state that an end is in if everything that was seen has reached it.
    #[must_use]
    pub fn state(&self, side: Side) -> State {
        self.automata[side.index()].newest()
    }

    /// Whether nothing more is to be expected: both ends are CLOSED, or in TIME-WAIT.
    #[must_use]
    pub fn is_over(&self) -> bool {
        Side::BOTH.iter().all(|side| matches!(self.state(*side), State::Closed | State::TimeWait))
    }

    /// What was sent in one direction.
    pub(crate) fn space(&self, side: Side) -> &Space {
        &self.spaces[side.index()]
    }

    /// The timelines of both ends and what they can have been before, once the capture has ended.
    #[must_use]
    pub fn timelines(&self, end_of_capture: Instant) -> [(StateSet, Timeline); 2] {
        let captured_at = self.captured_at();
        Side::BOTH.map(|side| {
            let (is_here, unanswered) = (captured_at == Some(side), self.space(side).unanswered());
            self.automata[side.index()].timeline(is_here, self.spoken(side), unanswered, end_of_capture)
        })
    }

    fn spoken(&self, side: Side) -> Spoken {
        let [own, peer] = [side, side.other()].map(|side| self.space(side).has_sent_text_or_fin());
        Spoken { own, peer }
    }

    /// Whether an end may have closed before the capture began: neither text nor a FIN of it is there.
    pub(crate) fn may_have_closed_before(&self, side: Side) -> bool {
        !self.space(side).has_sent_text_or_fin()
            && Side::BOTH.iter().all(|side| !self.space(*side).syn_seen())
    }

    /// The states of both ends after each of these frames, which are in the capture's order.
    #[must_use]
    pub fn states_after(&self, frames: &[u64]) -> Vec<[StateSet; 2]> {
        if frames.is_empty() {
            return Vec::new();
        }
        let captured_at = self.captured_at();
        let ends = Side::BOTH.map(|side| {
            self.automata[side.index()].sets_after(frames, captured_at == Some(side), self.spoken(side))
        });
        let [left, right] = ends;
        left.into_iter().zip(right).map(|(left, right)| [left, right]).collect()
    }

    /// Whether an end sent its FIN before it had the other's, as in a simultaneous close.
    #[must_use]
    pub fn closed_unawares(&self, side: Side) -> bool {
        self.automata[side.index()].has_been(State::Closing)
    }

    /// What the other end will make of a packet that `from` sends, if it arrives now.
    #[must_use]
    pub fn arrival(&self, from: Side, packet: &Packet<'_>) -> Arrival {
        let flags = packet.header.flags;
        let receiver = self.space(from.other());
        if flags.rst() {
            return Arrival::Rst;
        }
        if flags.syn() && self.state(from.other()).is_synchronized() {
            let is_old = self.space(from).has_passed(packet.header.seq);
            return if is_old { Arrival::Old } else { Arrival::Syn };
        }
        if self.is_of_older(from, packet) {
            return Arrival::BadAck;
        }
        if flags.ack() && receiver.is_seen() && packet.header.ack.after(receiver.most_sent()) {
            return Arrival::BadAck;
        }
        self.space(from).arrival(packet)
    }

    /// Whether an end has opened actively and awaits nothing but its own ACK of the SYN-ACK.
    #[must_use]
    pub fn has_opened(&self, side: Side) -> bool {
        // Who has answered a SYN that was not captured shows that there was one.
        let has_begun = self.space(side).syn_seen() || self.role(side.other()) == Role::Server;
        self.role(side) != Role::Server && has_begun && self.space(side.other()).syn_seen()
    }

    /// Whether both ends have announced SACK, or are seen to use it.
    #[must_use]
    pub fn negotiated_sack(&self) -> bool {
        Side::BOTH.iter().all(|side| self.space(*side).sack_permitted())
    }

    /// The initial sequence number of an end, or the first number that was seen of it.
    #[must_use]
    pub fn first_number(&self, side: Side) -> Option<SeqNumber> {
        self.space(side).first_number()
    }
}

#[cfg(test)]
mod tests;
