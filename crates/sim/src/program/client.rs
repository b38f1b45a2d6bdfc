//! A program that connects.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use synfin_host::tcp::{CloseReason, Config};
use synfin_host::{ConnectError, ConnectOptions, HostEvent};

use super::talk::Plan;
use super::{Context, Exchange, Program, Talk};

/// Opens one connection, says what it has to say, hears what there is to hear, and ends it.
#[derive(Debug)]
pub struct Client {
    remote: SocketAddr,
    after: Duration,
    options: ConnectOptions,
    /// Until the connection is opened.
    plan: Option<Plan>,
    talk: Option<Talk>,
    failed: Option<ConnectError>,
    started: bool,
}

impl Client {
    /// A client that connects at once and has nothing to say.
    #[must_use]
    pub fn new(remote: SocketAddr) -> Self {
        Self {
            remote,
            after: Duration::ZERO,
            options: ConnectOptions::default(),
            plan: Some(Plan::Say(0)),
            talk: None,
            failed: None,
            started: false,
        }
    }

    /// Sends this much of the [`pattern`](super::pattern()), then ends.
    #[must_use]
    pub fn sending(mut self, octets: u64) -> Self {
        self.plan = Some(Plan::Say(octets));
        self
    }

    /// Sends `size` octets, waits for as many, and so on, `rounds` times. For a [`Server::echo`](super::Server::echo).
    #[must_use]
    pub fn asking(mut self, size: u64, rounds: u64) -> Self {
        self.plan = Some(Plan::Ask { size, rounds });
        self
    }

    /// Asks, and ends when all is answered. For a [`Server::answering`](super::Server::answering) of the same exchange.
    #[must_use]
    pub fn exchanging(mut self, exchange: Exchange) -> Self {
        self.plan = Some(Plan::Question(exchange));
        self
    }

    /// Connects only after this time.
    #[must_use]
    pub fn after(mut self, span: Duration) -> Self {
        self.after = span;
        self
    }

    /// Settings of the connection, other than the host's.
    #[must_use]
    pub fn with_config(mut self, config: Config) -> Self {
        self.options.config = Some(Arc::new(config));
        self
    }

    /// The connection; `None` before it is opened.
    #[must_use]
    pub fn talk(&self) -> Option<&Talk> {
        self.talk.as_ref()
    }

    /// Whether both directions have ended in order; see [`Talk::through`].
    #[must_use]
    pub fn is_through(&self) -> bool {
        self.talk.as_ref().is_some_and(|talk| talk.through().is_some())
    }

    /// Why the connection is CLOSED; see [`Talk::closed`].
    #[must_use]
    pub fn closed(&self) -> Option<CloseReason> {
        self.talk.as_ref()?.closed()
    }

    /// Why there is no connection at all.
    #[must_use]
    pub fn failed(&self) -> Option<ConnectError> {
        self.failed
    }

    fn open(&mut self, cx: &mut Context<'_>) {
        let Some(plan) = self.plan.take() else { return };
        let now = cx.now();
        match cx.host().connect(self.remote, self.options.clone(), now) {
            Ok(handle) => {
                let talk = self.talk.insert(Talk::new(handle, plan));
                talk.go_on(Default::default(), cx);
            }
            Err(error) => self.failed = Some(error),
        }
    }
}

impl Program for Client {
    /// A client that ran when its host crashed does not begin anew.
    fn start(&mut self, cx: &mut Context<'_>) {
        if std::mem::replace(&mut self.started, true) {
            self.plan = None;
            if let Some(talk) = &mut self.talk {
                talk.forget();
            }
        } else if self.after.is_zero() {
            self.open(cx);
        } else {
            cx.wake_at(cx.now() + self.after);
        }
    }

    fn event(&mut self, event: &HostEvent, cx: &mut Context<'_>) {
        if let HostEvent::Tcp { handle, events } = event
            && let Some(talk) = self.talk.as_mut().filter(|talk| talk.is_of(*handle))
        {
            talk.go_on(*events, cx);
        }
    }

    fn wake(&mut self, cx: &mut Context<'_>) {
        self.open(cx);
    }
}
