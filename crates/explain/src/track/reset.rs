//! What made an RST go (RFC 9293 section 3.5.2), and whether its receiver takes it.

use std::time::Duration;

use synfin_ladder::{Reason, Role, Side};
use synfin_wire::{SendReason, SeqNumber, State};

use super::automaton::Automaton;
use super::space::Space;
use crate::packet::Packet;

/// What made an RST go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetCause {
    /// Nobody listens: it answers a SYN.
    Refused,
    /// There is no connection for what it answers: there was none, it is over, or its host has restarted.
    NoConnection,
    /// The same, since it had given its peer up a while ago.
    GivenUp,
    /// The same, since its peer closed later than it waits for that in FIN-WAIT-2.
    Orphaned,
    /// It answers an acknowledgment of something that was never sent, before the connection was open.
    BadAck,
    /// Its user aborted.
    Abort,
    /// Its user closed with text unread.
    Unread,
    /// Text came for a user who had closed.
    AfterClose,
    /// It gave its peer up.
    TimedOut,
    /// It gave its peer up, which was quiet and answered no keep-alive probe.
    Unheard,
}

impl ResetCause {
    /// The reason of the segment.
    #[must_use]
    pub fn reason(self) -> Reason {
        match self {
            Self::Refused | Self::NoConnection | Self::GivenUp | Self::Orphaned => {
                SendReason::ResetNoConnection.into()
            }
            Self::BadAck => SendReason::ResetBadAck.into(),
            Self::Abort => SendReason::ResetAbort.into(),
            Self::Unread => SendReason::ResetUnread.into(),
            Self::AfterClose => SendReason::ResetAfterClose.into(),
            Self::TimedOut | Self::Unheard => SendReason::ResetTimeout.into(),
        }
    }

    /// Whether its sender has no connection any more.
    pub(super) fn is_from_nowhere(self) -> bool {
        matches!(self, Self::NoConnection | Self::GivenUp | Self::Orphaned)
    }
}

/// So many retransmissions without an answer go before an end gives up.
const MANY: u32 = 2;
/// No user reads sooner than this, or if he does he seldom aborts then.
pub(crate) const JUST_NOW: Duration = Duration::from_millis(1);

/// What made this RST go.
///
/// One that answers has the number that the segment before it acknowledged, and no acknowledgment; or, where that
/// segment acknowledged nothing, the number 0 and an acknowledgment of it (RFC 9293 section 3.10.7.1). One that a user
/// or a timer sent has the sender's next number.
pub(super) fn cause(
    from: Side,
    packet: &Packet<'_>,
    spaces: &[Space; 2],
    automata: &[Automaton; 2],
) -> ResetCause {
    let (own, peer) = (&spaces[from.index()], &spaces[from.other().index()]);
    let state = automata[from.index()].newest();
    let answers = !packet.header.flags.ack() && is_there_anything_to_answer(from, spaces, automata);
    if !own.is_seen() {
        // One that acknowledges answers what does not, with the number 0.
        let is_zero = packet.header.flags.ack() && packet.header.seq == SeqNumber::new(0);
        let peer_is_captured = automata[from.other().index()].last_sent.is_some();
        let is_own = packet.header.flags.ack() && !is_zero && peer_is_captured;
        return match peer.syn_seen() {
            true => ResetCause::Refused,
            // Nothing but a SYN goes without an acknowledgment.
            false if is_zero && !peer_is_captured => ResetCause::Refused,
            false if is_own => ResetCause::Abort,
            false => ResetCause::NoConnection,
        };
    }
    if answers && packet.header.seq == own.most_sent() && has_closed_in_vain(peer, own) {
        return ResetCause::Orphaned;
    }
    // What is over has no user who could abort it.
    if automata[from.index()].is_over() {
        return ResetCause::NoConnection;
    }
    if answers && matches!(state, State::SynSent | State::SynReceived) {
        return ResetCause::BadAck;
    }
    if answers {
        let is_next = packet.header.seq == own.most_sent();
        let late = is_next && state != State::Closed && peer.has_spoken_since_fin_of(own);
        let has_given_up =
            own.unanswered().is_some_and(|(repeats, _)| repeats >= MANY) && own.falls_silent(packet.at);
        return match (late, has_given_up) {
            (true, _) => ResetCause::AfterClose,
            (false, true) => ResetCause::GivenUp,
            (false, false) => ResetCause::NoConnection,
        };
    }
    // Text that it has not had is not what it left unread.
    let has_missed = packet.header.flags.ack()
        && packet.header.ack.before(peer.most_sent())
        && peer.unanswered().is_some_and(|(repeats, _)| repeats >= MANY);
    if own.probes() > 0 && own.unanswered().is_none() && !own.is_shut_out() {
        ResetCause::Unheard
    } else if own.probes() > 0 || own.unanswered().is_some_and(|(repeats, _)| repeats >= MANY) {
        ResetCause::TimedOut
    } else if !has_missed
        && own.fin_end().is_none()
        && left_unread(packet, own, peer, &automata[from.index()])
    {
        ResetCause::Unread
    } else {
        ResetCause::Abort
    }
}

/// Whether `peer` has closed when the FIN of `own` was acknowledged, and its FIN never was.
fn has_closed_in_vain(peer: &Space, own: &Space) -> bool {
    let is_acknowledged = |space: &Space| {
        space.fin_end().is_some_and(|end| space.acknowledged_to().is_some_and(|known| known.at_or_after(end)))
    };
    let frames = [own, peer].map(|space| space.fin_moment().map(|fin| fin.frame));
    let is_later = matches!(frames, [Some(own), Some(peer)] if own < peer);
    is_later && is_acknowledged(own) && !is_acknowledged(peer) && !peer.has_spoken_since_fin_of(own)
}

/// Whether the other end may have said something to which no answer was seen.
fn is_there_anything_to_answer(from: Side, spaces: &[Space; 2], automata: &[Automaton; 2]) -> bool {
    let peer = &spaces[from.other().index()];
    let [own_last, peer_last] =
        [from, from.other()].map(|side| automata[side.index()].last_sent.map(|moment| moment.frame));
    peer_last.is_none()
        || peer_last > own_last
        || peer.acknowledged_to().is_some_and(|known| peer.most_sent().after(known))
}

/// What made it go as its sender has it; `inferred` where it says nothing of that.
pub(super) fn told(reason: SendReason, inferred: ResetCause, from: Side, spaces: &[Space; 2]) -> ResetCause {
    let (own, peer) = (&spaces[from.index()], &spaces[from.other().index()]);
    match reason {
        SendReason::ResetNoConnection if !own.is_seen() && peer.syn_seen() => ResetCause::Refused,
        SendReason::ResetNoConnection if inferred.is_from_nowhere() => inferred,
        SendReason::ResetNoConnection => ResetCause::NoConnection,
        SendReason::ResetRefused => ResetCause::Refused,
        SendReason::ResetBadAck => ResetCause::BadAck,
        SendReason::ResetAbort | SendReason::ResetOrphan => ResetCause::Abort,
        SendReason::ResetUnread => ResetCause::Unread,
        SendReason::ResetAfterClose => ResetCause::AfterClose,
        SendReason::ResetTimeout if inferred == ResetCause::Unheard => inferred,
        SendReason::ResetTimeout => ResetCause::TimedOut,
        _ => inferred,
    }
}

/// Whether text was probably left unread: a server that was asked and does not answer, text that came just now, or so
/// much that there is no room for more.
fn left_unread(packet: &Packet<'_>, own: &Space, peer: &Space, automaton: &Automaton) -> bool {
    let asked = peer.has_spoken_since(own) && automaton.role() == Role::Server;
    asked || peer.is_shut_out() || peer.last_text_at().is_some_and(|at| packet.at - at < JUST_NOW)
}

/// Whether the other end takes it: in SYN-SENT it must acknowledge the SYN; else its number must be the one that is
/// awaited, or, where that is not known for certain, one that may be.
pub(super) fn is_acceptable(
    from: Side,
    packet: &Packet<'_>,
    spaces: &[Space; 2],
    automata: &[Automaton; 2],
) -> bool {
    let to = from.other();
    let header = &packet.header;
    match automata[to.index()].newest() {
        // Nothing is known of it that would forbid it.
        _ if automata[to.index()].is_blank() => true,
        State::SynSent => header.flags.ack() && spaces[to.index()].syn_covered_by(header.ack),
        State::Closed | State::Listen | State::TimeWait => false,
        State::SynReceived
        | State::Established
        | State::FinWait1
        | State::FinWait2
        | State::CloseWait
        | State::Closing
        | State::LastAck => {
            let sent = &spaces[from.index()];
            let known = sent.acknowledged_to().unwrap_or(sent.whole());
            !sent.is_seen()
                || header.seq == sent.whole()
                || header.seq.at_or_after(known) && header.seq.at_or_before(sent.most_sent())
        }
    }
}
