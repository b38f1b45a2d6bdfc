//! One connection of a [`Client`](super::Client) or a [`Server`](super::Server).

use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use synfin_host::tcp::{CloseReason, ReceiveError, SendError, State};
use synfin_host::{TcpEvents, TcpHandle};
use synfin_wire::Instant;

use super::Context;
use super::pattern::{is_pattern, pattern};

/// What was said on one connection so far, seen from one end.
#[derive(Debug)]
pub struct Talk {
    /// `None` once the connection is gone.
    handle: Option<TcpHandle>,
    plan: Plan,
    sent: u64,
    received: u64,
    intact: bool,
    /// The peer's FIN was read.
    heard_end: bool,
    /// What is still to be said is nothing, and the connection was told so.
    said_end: bool,
    last_heard: Option<Instant>,
    through: Option<Instant>,
    closed: Option<CloseReason>,
}

/// Questions and answers, as most application protocols have them: who asked ends the connection, once all is answered.
///
/// A download is a short question with a long answer, an upload the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Octets of a question; at least one.
    pub question: u64,
    /// Octets of an answer; at least one.
    pub answer: u64,
    /// How many questions there are.
    pub rounds: u64,
}

/// What is to be said.
#[derive(Debug)]
pub(super) enum Plan {
    /// This much of the pattern.
    Say(u64),
    /// This much, so often, each when all that was said before has come back.
    Ask {
        /// Octets.
        size: u64,
        /// How often.
        rounds: u64,
    },
    /// The questions of an exchange, each when the answer to the one before has come. The end is said when the last
    /// answer has.
    Question(Exchange),
    /// The answers, each when its question has come. The end is said when the peer has said his.
    Answer(Exchange),
    /// What is heard.
    Echo(VecDeque<Bytes>),
}

impl Talk {
    pub(super) fn new(handle: TcpHandle, plan: Plan) -> Self {
        Self {
            handle: Some(handle),
            plan,
            sent: 0,
            received: 0,
            intact: true,
            heard_end: false,
            said_end: false,
            last_heard: None,
            through: None,
            closed: None,
        }
    }

    /// Octets that were given to TCP.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Octets that TCP has given.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Whether all of them were those of the pattern, in order.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.intact
    }

    /// Whether the peer has said that this was all, and it was read.
    #[must_use]
    pub fn heard_end(&self) -> bool {
        self.heard_end
    }

    /// When the last octet, or the end, was read.
    #[must_use]
    pub fn last_heard(&self) -> Option<Instant> {
        self.last_heard
    }

    /// Since when both directions have ended in order: the peer's end was read, and it has acknowledged
    /// ours. The connection may live on, in TIME-WAIT.
    #[must_use]
    pub fn through(&self) -> Option<Instant> {
        self.through
    }

    /// Why the connection is CLOSED; `None` while it is not, and for ever when its host has crashed.
    #[must_use]
    pub fn closed(&self) -> Option<CloseReason> {
        self.closed
    }

    pub(super) fn is_of(&self, handle: TcpHandle) -> bool {
        self.handle == Some(handle)
    }

    /// The handle, while there is a connection.
    #[must_use]
    pub fn handle(&self) -> Option<TcpHandle> {
        self.handle
    }

    /// Something has happened: read, write, end, as far as it goes.
    pub(super) fn go_on(&mut self, events: TcpEvents, cx: &mut Context<'_>) {
        self.hear(cx);
        self.say(cx);
        let now = cx.now();
        let Some(mut socket) = self.handle.and_then(|handle| cx.host().tcp(handle)) else { return };
        let acknowledged = matches!(socket.state(), State::FinWait2 | State::TimeWait | State::Closed);
        if self.heard_end && self.said_end && acknowledged {
            self.through.get_or_insert(now);
        }
        if let Some(reason) = events.closed().or(socket.close_reason()) {
            if reason != CloseReason::Finished {
                self.through = None;
            }
            self.closed = Some(reason);
            self.handle = None;
            // There is nothing left to abort: this drops what was not read.
            socket.abort(now);
            socket.release(now);
        }
    }

    /// The host has crashed.
    pub(super) fn forget(&mut self) {
        self.handle = None;
    }

    fn hear(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(mut socket) = self.handle.and_then(|handle| cx.host().tcp(handle)) else { return };
        while !self.heard_end {
            match socket.receive(usize::MAX, now) {
                Ok(Some(octets)) => {
                    self.intact &= is_pattern(self.received, &octets);
                    self.received += octets.len() as u64;
                    if let Plan::Echo(queue) = &mut self.plan {
                        queue.push_back(octets);
                    }
                }
                Ok(None) => self.heard_end = true,
                Err(ReceiveError::WouldBlock | ReceiveError::Closed(_)) => break,
            }
            self.last_heard = Some(now);
        }
    }

    fn say(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(mut socket) = self.handle.and_then(|handle| cx.host().tcp(handle)) else { return };
        while let Some(next) = self.next_words() {
            match socket.send(next, now) {
                Ok(taken) => self.said(taken),
                Err(SendError::WouldBlock | SendError::Closing | SendError::Closed(_)) => return,
            }
        }
        if !self.said_end && self.has_said_all() {
            self.said_end = true;
            socket.close(now);
        }
    }

    /// What is to be said next; `None` for now, or for good.
    fn next_words(&self) -> Option<Bytes> {
        let limit = match &self.plan {
            Plan::Say(total) => *total,
            Plan::Ask { size, rounds } => size * (self.received / size.max(&1) + 1).min(*rounds),
            Plan::Question(exchange) => {
                let answered = self.received / exchange.answer.max(1);
                exchange.question * (answered + 1).min(exchange.rounds)
            }
            Plan::Answer(exchange) => exchange.answer * (self.received / exchange.question.max(1)),
            Plan::Echo(queue) => return queue.front().cloned(),
        };
        (self.sent < limit).then(|| pattern(self.sent, limit - self.sent))
    }

    fn said(&mut self, octets: usize) {
        self.sent += octets as u64;
        if let Plan::Echo(queue) = &mut self.plan
            && let Some(front) = queue.front_mut()
        {
            front.advance(octets);
            if front.is_empty() {
                queue.pop_front();
            }
        }
    }

    fn has_said_all(&self) -> bool {
        match &self.plan {
            Plan::Say(total) => self.sent == *total,
            Plan::Ask { size, rounds } => self.received >= size * rounds,
            Plan::Question(exchange) => self.received >= exchange.answer * exchange.rounds,
            Plan::Answer(exchange) => {
                self.heard_end && self.sent >= exchange.answer * (self.received / exchange.question.max(1))
            }
            Plan::Echo(queue) => self.heard_end && queue.is_empty(),
        }
    }
}
