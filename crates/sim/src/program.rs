//! What runs on the hosts of a [`Network`](crate::Network).
//!
//! A program is called when its host starts, when the host has an event, and when it wanted to be woken; and
//! it calls its host. [`Client`] and [`Server`] are ready-made: they send a known pattern as fast as TCP lets
//! them, or wait for each answer, or send back what comes, and check every octet that they receive.

use std::any::Any;

use synfin_host::{Host, HostEvent};
use synfin_wire::Instant;

mod client;
mod pattern;
mod server;
mod talk;

pub use client::Client;
pub use pattern::{is_pattern, pattern};
pub use server::Server;
pub use talk::{Exchange, Talk};

/// A program.
///
/// ```
/// use synfin_host::{ConnectOptions, HostConfig, HostEvent, TcpHandle};
/// use synfin_sim::program::{Context, Program};
/// use synfin_sim::{LinkConfig, Network};
///
/// /// Knocks at a port and notes the answer.
/// struct Knock(Option<TcpHandle>, Option<String>);
///
/// impl Program for Knock {
///     fn start(&mut self, cx: &mut Context<'_>) {
///         let (now, there) = (cx.now(), "10.0.0.2:80".parse().unwrap());
///         self.0 = cx.host().connect(there, ConnectOptions::default(), now).ok();
///     }
///     fn event(&mut self, event: &HostEvent, _: &mut Context<'_>) {
///         if let HostEvent::Tcp { handle, events } = event
///             && Some(*handle) == self.0
///         {
///             self.1 = events.closed().map(|reason| reason.to_string());
///         }
///     }
/// }
///
/// let mut network = Network::new(1);
/// let [a, b] = ["10.0.0.1", "10.0.0.2"]
///     .map(|address| network.add_host(HostConfig::new([(address.parse().unwrap(), 24)])));
/// network.connect(a, b, LinkConfig::default());
/// let knock = network.run(a, Knock(None, None));
/// while network.step().is_some() {}
/// assert_eq!(network.program(knock).1.as_deref(), Some("refused [RFC 9293 3.10.7.3]"));
/// ```
pub trait Program: Any {
    /// The host has started: for the first time, or again after a [`Reboot`](crate::Fault::Reboot), when
    /// all handles of before are void.
    fn start(&mut self, cx: &mut Context<'_>);

    /// The host has an event. Programs of one host see each other's and take what is theirs.
    fn event(&mut self, event: &HostEvent, cx: &mut Context<'_>);

    /// The moment has come for which [`Context::wake_at`] was called, or an earlier one.
    fn wake(&mut self, cx: &mut Context<'_>) {
        let _ = cx;
    }
}

/// What a program has around it while it is called.
#[derive(Debug)]
pub struct Context<'a> {
    host: &'a mut Host,
    now: Instant,
    alarm: Option<Instant>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(host: &'a mut Host, now: Instant) -> Self {
        Self { host, now, alarm: None }
    }

    /// The program's host.
    pub fn host(&mut self) -> &mut Host {
        self.host
    }

    /// The moment that it is.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Has [`Program::wake`] called at this moment. Of several the earliest counts, whichever call of the
    /// program they were made in.
    pub fn wake_at(&mut self, moment: Instant) {
        self.alarm = Some(self.alarm.map_or(moment, |alarm| alarm.min(moment)));
    }

    pub(crate) fn alarm(&self) -> Option<Instant> {
        self.alarm
    }
}

#[cfg(test)]
mod tests;
