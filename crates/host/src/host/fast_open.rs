//! Text in SYNs, both ways (RFC 7413).

use std::net::IpAddr;
use std::sync::Arc;

use synfin_tcp::{CloseReason, Config, Connection, FastOpenAttempt, FastOpenNews, Incoming};
use synfin_wire::{FastOpenOption, Instant, SeqNumber};

use super::Host;
use crate::config::{ConnectOptions, ListenFastOpen, ListenOptions};
use crate::event::{ListenerHandle, TcpHandle};
use crate::fast_open::{CookieCheck, FastOpen, FastOpenConfig, FastOpenKeys};
use crate::table::{Entry, Owner, Pair, Phase};

/// What a listener does with a SYN.
pub(super) enum SynAnswer {
    /// An ordinary handshake, with this option in the SYN-ACK.
    Handshake(Option<FastOpenOption>),
    /// A connection at once; the same.
    Connection(Option<FastOpenOption>),
}

impl Host {
    /// Which ways of Fast Open are taken from now on. Listeners keep the backlog that they began with.
    pub fn set_fast_open(&mut self, config: FastOpenConfig) {
        self.config.fast_open = config;
    }

    /// How a listener takes text in SYNs from now on.
    pub fn set_listener_fast_open(&mut self, listener: ListenerHandle, options: ListenFastOpen) {
        if let Some(listener) = self.listeners.get_mut(listener) {
            listener.fast_open.limit = options.backlog.unwrap_or(listener.fast_open.limit);
            listener.fast_open_keys = options.keys.or(listener.fast_open_keys);
            listener.without_cookie = options.without_cookie;
        }
    }

    /// Whether the SYN of a connection to `remote` may carry text: there is a cookie, or none is needed.
    pub fn may_fast_open(&mut self, remote: IpAddr, options: &ConnectOptions, now: Instant) -> bool {
        let bound = options.local.map(|local| local.ip()).filter(|address| !address.is_unspecified());
        let Some(local) = bound.or_else(|| self.routes.source_for(remote)) else { return false };
        let config = &self.config.fast_open;
        let without = options.fast_open == FastOpen::WithoutCookie || config.client_without_cookie;
        options.fast_open != FastOpen::Off
            && config.client
            && !self.black_hole.rests(now)
            && (without || self.cookies.has_cookie((local, remote)))
    }

    /// Forgets what peers have said about Fast Open.
    pub fn forget_fast_open_peers(&mut self) {
        self.cookies.clear();
    }

    pub(super) fn fast_open_attempt(
        &mut self,
        pair: Pair,
        way: FastOpen,
        now: Instant,
    ) -> Option<FastOpenAttempt> {
        if way == FastOpen::Off || !self.config.fast_open.client || self.black_hole.rests(now) {
            return None;
        }
        let between = (pair.local.ip(), pair.remote.ip());
        Some(if way == FastOpen::WithoutCookie || self.config.fast_open.client_without_cookie {
            self.cookies.attempt_without_cookie(between)
        } else {
            self.cookies.attempt(between)
        })
    }

    pub(super) fn fast_open_options(&self, options: &ListenOptions) -> ListenFastOpen {
        let unasked = if self.config.fast_open.every_listener { options.backlog } else { 0 };
        let backlog = options.fast_open.backlog.unwrap_or(unasked);
        ListenFastOpen { backlog: Some(backlog), ..options.fast_open }
    }

    /// Something came for a connection, or its time did: what it has taught about Fast Open, and whether its handshake
    /// is over.
    pub(super) fn follow_fast_open(&mut self, handle: TcpHandle, now: Instant) {
        let Some(entry) = self.table.get_mut(handle) else { return };
        let between = (entry.pair.local.ip(), entry.pair.remote.ip());
        let reset = entry.close_reason == Some(CloseReason::Reset);
        let Some(connection) = entry.connection_mut() else { return };
        let (news, handshaking) = (connection.take_fast_open_news(), connection.is_handshaking());
        let text_taken = connection.syn_text_taken();
        let left = if handshaking { None } else { entry.fast_open.take() };
        if let Some(listener) = left.and_then(|listener| self.listeners.get_mut(listener)) {
            listener.fast_open.ended(reset.then_some(now));
        }
        match news {
            Some(FastOpenNews::Swallowed) => {
                self.black_hole.swallowed(self.config.fast_open.black_hole_timeout, now);
            }
            Some(news @ FastOpenNews::Answered { .. }) => {
                self.cookies.learn(between, &news);
                if text_taken {
                    self.black_hole.passed();
                }
            }
            None => {}
        }
    }

    /// What to do with a SYN for a listener (RFC 7413 section 4.2.2, in the order of Linux's checks).
    pub(super) fn answer_syn(&mut self, listener: ListenerHandle, pair: Pair, syn: &Incoming) -> SynAnswer {
        let config = &self.config.fast_open;
        let shown = syn.segment.header.options.fast_open;
        let with_text = !syn.segment.payload.is_empty();
        let keys = config.keys.unwrap_or(self.fast_open_keys);
        let Some(found) = self.listeners.get_mut(listener) else { return SynAnswer::Handshake(None) };
        if !config.server || !(with_text || shown.is_some()) || !found.fast_open.has_room(syn.arrived) {
            return SynAnswer::Handshake(None);
        }
        if config.server_without_cookie || found.without_cookie {
            return SynAnswer::Connection(None);
        }
        let Some(shown) = shown else { return SynAnswer::Handshake(None) };
        let keys: FastOpenKeys = found.fast_open_keys.unwrap_or(keys);
        let (local, remote) = (pair.local.ip(), pair.remote.ip());
        let fresh = Some(FastOpenOption { cookie: keys.cookie(local, remote), ..shown });
        match keys.check(&shown.cookie, local, remote) {
            CookieCheck::Valid => SynAnswer::Connection(None),
            CookieCheck::Outdated => SynAnswer::Connection(fresh),
            CookieCheck::Wrong => SynAnswer::Handshake(fresh),
        }
    }

    /// A connection out of a SYN: it can be accepted and used while its handshake goes on.
    pub(super) fn open_from_syn(
        &mut self,
        listener: ListenerHandle,
        pair: Pair,
        syn: Incoming,
        minimum_iss: Option<SeqNumber>,
        config: Arc<Config>,
        answer: Option<FastOpenOption>,
    ) {
        let now = syn.arrived;
        let identity = self.identify(pair, minimum_iss, now);
        let connection = Connection::accept_fast(&config, syn, identity, answer);
        let phase = Phase::Connection(connection);
        let mut entry = Entry::new(pair, config, phase, Owner::Listener(listener));
        entry.fast_open = Some(listener);
        let handle = self.table.insert(entry);
        if let Some(found) = self.listeners.get_mut(listener) {
            found.fast_open.began();
            found.established(handle);
            self.events.accept(listener, found);
        }
        self.touch(handle);
    }
}
