//! A program that listens.

use std::collections::VecDeque;
use std::net::SocketAddr;

use synfin_host::{HostEvent, ListenError, ListenOptions, ListenerHandle};

use super::talk::Plan;
use super::{Context, Exchange, Program, Talk};

/// Accepts whoever comes, treats them all alike, and ends a connection when it has said and heard all.
#[derive(Debug)]
pub struct Server {
    local: SocketAddr,
    answer: Answer,
    listener: Option<ListenerHandle>,
    failed: Option<ListenError>,
    talks: Vec<Talk>,
}

#[derive(Clone, Copy, Debug)]
enum Answer {
    Say(u64),
    Echo,
    Exchange(Exchange),
}

impl Server {
    /// A server that reads.
    #[must_use]
    pub fn sink(local: SocketAddr) -> Self {
        Self::source(local, 0)
    }

    /// A server that sends this much of the [`pattern`](super::pattern()) to each, and reads.
    #[must_use]
    pub fn source(local: SocketAddr, octets: u64) -> Self {
        Self::new(local, Answer::Say(octets))
    }

    /// A server that sends back what it reads. It holds what the client does not take.
    #[must_use]
    pub fn echo(local: SocketAddr) -> Self {
        Self::new(local, Answer::Echo)
    }

    /// A server that answers questions, and ends when the client has. The number of rounds is the client's.
    #[must_use]
    pub fn answering(local: SocketAddr, exchange: Exchange) -> Self {
        Self::new(local, Answer::Exchange(exchange))
    }

    fn new(local: SocketAddr, answer: Answer) -> Self {
        Self { local, answer, listener: None, failed: None, talks: Vec::new() }
    }

    /// The connections, in the order in which they were accepted.
    #[must_use]
    pub fn talks(&self) -> &[Talk] {
        &self.talks
    }

    /// Octets that were read, all connections together.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.talks.iter().map(Talk::received).sum()
    }

    /// Why it does not listen.
    #[must_use]
    pub fn failed(&self) -> Option<ListenError> {
        self.failed
    }

    fn accept(&mut self, listener: ListenerHandle, cx: &mut Context<'_>) {
        while let Some(accepted) = cx.host().accept(listener) {
            let plan = match self.answer {
                Answer::Say(octets) => Plan::Say(octets),
                Answer::Echo => Plan::Echo(VecDeque::new()),
                Answer::Exchange(exchange) => Plan::Answer(exchange),
            };
            let mut talk = Talk::new(accepted.handle, plan);
            talk.go_on(Default::default(), cx);
            self.talks.push(talk);
        }
    }
}

impl Program for Server {
    fn start(&mut self, cx: &mut Context<'_>) {
        self.talks.iter_mut().for_each(Talk::forget);
        match cx.host().listen(self.local, ListenOptions::default()) {
            Ok(listener) => self.listener = Some(listener),
            Err(error) => self.failed = Some(error),
        }
    }

    fn event(&mut self, event: &HostEvent, cx: &mut Context<'_>) {
        match event {
            HostEvent::Accept { listener } if Some(*listener) == self.listener => self.accept(*listener, cx),
            HostEvent::Tcp { handle, events } => {
                if let Some(talk) = self.talks.iter_mut().find(|talk| talk.is_of(*handle)) {
                    talk.go_on(*events, cx);
                }
            }
            _ => {}
        }
    }
}
