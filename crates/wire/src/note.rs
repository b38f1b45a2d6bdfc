//! What a recorder that knows the engine writes on a packet, as the packet's comment in a capture.
//!
//! In: why a packet was sent, and the states of its two ends as they are when it is recorded. Out: a line that is read
//! in Wireshark as it stands, and back again.
//!
//! ```text
//! comment  =  note [ "; " anything ]
//! note     =  reason [ "; " states ]  |  states
//! reason   =  code " [" clause "]"                               as `SendReason` has them
//! states   =  "sender " state [ ", receiver " state ]  |  "receiver " state
//! ```
//!
//! `data [RFC 9293 3.8.6]; sender ESTABLISHED, receiver SYN-RECEIVED` is what a simulator writes, which sees both ends; of
//! a host of its own a stack knows one, on each packet. The state is that after the packet was sent, or taken. An end
//! that is dead, or has no connection and no listener, is CLOSED; with a listener alone, LISTEN. What comes behind a
//! note, such as what a link did to the packet, is for people.
//!
//! A note is read only where it stands as it would be written, to the octet. Left out on purpose: frames, numbers and
//! times, which the packet itself has.

use core::fmt;

use crate::reason::SendReason;
use crate::state::State;

const SEPARATOR: &str = "; ";
const SENDER: &str = "sender ";
const RECEIVER: &str = "receiver ";
const AND_RECEIVER: &str = ", receiver ";

/// What is known of a packet, as far as it is.
///
/// ```
/// use synfin_wire::{Note, SendReason, State};
/// let note = Note { reason: Some(SendReason::Fin), sender: Some(State::FinWait1), receiver: None };
/// assert_eq!(note.to_string(), "fin [RFC 9293 3.10.4]; sender FIN-WAIT-1");
/// assert_eq!(Note::read("fin [RFC 9293 3.10.4]; sender FIN-WAIT-1; lost"), Some((note, "lost")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Note {
    /// Why it was sent.
    pub reason: Option<SendReason>,
    /// The state of the end that sent it.
    pub sender: Option<State>,
    /// The state of the end that it goes to.
    pub receiver: Option<State>,
}

impl Note {
    /// Whether nothing is known: nothing is written then.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reason.is_none() && self.sender.is_none() && self.receiver.is_none()
    }

    /// The note at the beginning of a comment, and what comes behind it; `None` where the comment is none.
    #[must_use]
    pub fn read(comment: &str) -> Option<(Self, &str)> {
        let (first, behind) = cut(comment);
        if let Some(note) = states(first) {
            return Some((note, behind));
        }
        let note = Self { reason: Some(reason(first)?), ..Self::default() };
        let (second, rest) = cut(behind);
        Some(match states(second) {
            Some(states) => (Self { reason: note.reason, ..states }, rest),
            None => (note, behind),
        })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some(reason) = self.reason {
            write!(f, "{reason}")?;
            separator = SEPARATOR;
        }
        if let Some(state) = self.sender {
            write!(f, "{separator}{SENDER}{}", state.name())?;
        }
        if let Some(state) = self.receiver {
            let before = if self.sender.is_some() { AND_RECEIVER } else { RECEIVER };
            let separator = if self.sender.is_some() { "" } else { separator };
            write!(f, "{separator}{before}{}", state.name())?;
        }
        Ok(())
    }
}

/// A part of a comment, and what comes behind it.
fn cut(comment: &str) -> (&str, &str) {
    comment.split_once(SEPARATOR).unwrap_or((comment, ""))
}

fn reason(part: &str) -> Option<SendReason> {
    let (code, clause) = part.strip_suffix(']')?.split_once(" [")?;
    SendReason::ALL.iter().copied().find(|reason| reason.code() == code && reason.clause() == clause)
}

fn states(part: &str) -> Option<Note> {
    if let Some(receiver) = part.strip_prefix(RECEIVER) {
        return Some(Note { receiver: Some(state(receiver)?), ..Note::default() });
    }
    let part = part.strip_prefix(SENDER)?;
    let (sender, receiver) = match part.split_once(AND_RECEIVER) {
        Some((sender, receiver)) => (sender, Some(state(receiver)?)),
        None => (part, None),
    };
    Some(Note { sender: Some(state(sender)?), receiver, reason: None })
}

fn state(name: &str) -> Option<State> {
    State::ALL.into_iter().find(|state| state.name() == name)
}

#[cfg(test)]
mod tests;
