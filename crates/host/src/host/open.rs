//! OPEN, active and passive (RFC 9293 section 3.10.1).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use synfin_tcp::{Config, Connection, Identity};
use synfin_wire::{Instant, SeqNumber};

use super::{Host, TcpSocket, signature};
use crate::config::{ConnectOptions, ListenOptions};
use crate::error::{ConnectError, ListenError};
use crate::event::{Accepted, ListenerHandle, TcpHandle};
use crate::fast_open::FastOpen;
use crate::listener::Listener;
use crate::ports::PortShare;
use crate::table::{Entry, Owner, Pair, Phase};

impl Host {
    /// Opens a connection (RFC 9293 section 3.10.1). Its handle can be used at once: what is sent is
    /// queued, and [`crate::TcpEvents::established`] or [`crate::TcpEvents::closed`] tells how it went.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect(
        &mut self,
        remote: SocketAddr,
        options: ConnectOptions,
        now: Instant,
    ) -> Result<TcpHandle, ConnectError> {
        let pair = self.choose_ends(remote, options.local)?;
        if self.table.is_full() {
            return Err(ConnectError::TooMany);
        }
        let config = self.tcp_config(options.config.as_ref(), pair.remote.is_ipv4());
        let config = signature::config_for(config, options.md5_key.as_ref());
        let identity = self.identify(pair, None, now);
        let fast_open = if options.md5_key.is_some() { FastOpen::Off } else { options.fast_open };
        let connection = match self.fast_open_attempt(pair, fast_open, now) {
            Some(attempt) => Connection::open_fast(config.clone(), identity, attempt, now),
            None => Connection::open(config.clone(), identity, now),
        };
        let phase = Phase::Connection(connection);
        let mut entry = Entry::new(pair, config, phase, Owner::User);
        entry.md5_key = options.md5_key;
        let handle = self.table.insert(entry);
        self.touch(handle);
        Ok(handle)
    }

    /// Chooses the ports of connections from this share alone from now on.
    pub fn set_port_share(&mut self, share: PortShare) {
        self.port_share = share;
    }

    /// Listens on `local`. An unspecified address stands for all of the host's of that family; port 0 for
    /// a free one, which [`Host::listener_addr`] tells.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn listen(
        &mut self,
        local: SocketAddr,
        options: ListenOptions,
    ) -> Result<ListenerHandle, ListenError> {
        let mut local = SocketAddr::new(local.ip(), local.port());
        if !self.is_bindable(local.ip()) {
            return Err(ListenError::NotOurAddress);
        }
        if local.port() == 0 {
            let is_free = |port| !self.listeners.is_taken(SocketAddr::new(local.ip(), port));
            let port = self.tcp_ports.allocate(local.ip(), local, is_free).ok_or(ListenError::NoFreePort)?;
            local.set_port(port);
        } else if self.listeners.is_taken(local) {
            return Err(ListenError::InUse);
        }
        let config = self.tcp_config(options.config.as_ref(), local.is_ipv4());
        let fast_open = self.fast_open_options(&options);
        let handle = self.listeners.insert(local, config, options.backlog, fast_open);
        if let Some(listener) = self.listeners.get_mut(handle) {
            listener.md5_keys = options.md5_keys;
        }
        Ok(handle)
    }

    /// Gives the connections that a listener accepts from now on other settings. A handle that is no longer
    /// valid is ignored.
    pub fn configure_listener(&mut self, listener: ListenerHandle, config: &Arc<Config>) {
        let Some(found) = self.listeners.get(listener) else { return };
        let config = self.tcp_config(Some(config), found.local.is_ipv4());
        if let Some(found) = self.listeners.get_mut(listener) {
            found.config = config;
        }
    }

    /// Where a listener listens; `None` once it is closed.
    #[must_use]
    pub fn listener_addr(&self, listener: ListenerHandle) -> Option<SocketAddr> {
        self.listeners.get(listener).map(|listener| listener.local)
    }

    /// How many connections of a listener wait to be accepted, and how many may; `None` once it is closed.
    #[must_use]
    pub fn accept_queue(&self, listener: ListenerHandle) -> Option<(usize, usize)> {
        self.listeners.get(listener).map(Listener::accept_queue)
    }

    /// The next established connection of a listener.
    pub fn accept(&mut self, listener: ListenerHandle) -> Option<Accepted> {
        let handle = self.listeners.get_mut(listener)?.accept()?;
        let entry = self.table.get_mut(handle)?;
        entry.owner = Owner::User;
        self.events.tcp(handle, entry);
        Some(Accepted { handle, local: entry.pair.local, remote: entry.pair.remote })
    }

    /// Whether [`Host::accept`] would return a connection.
    #[must_use]
    pub fn is_acceptable(&self, listener: ListenerHandle) -> bool {
        self.listeners.get(listener).is_some_and(Listener::has_established)
    }

    /// Closes a listener. Connections that nobody accepted are reset; half-open ones are forgotten.
    pub fn close_listener(&mut self, listener: ListenerHandle, now: Instant) {
        let Some(mut closed) = self.listeners.remove(listener) else { return };
        while let Some(handle) = closed.accept() {
            let Some(entry) = self.table.get_mut(handle) else { continue };
            entry.owner = Owner::Nobody;
            if let Some(connection) = entry.connection_mut() {
                connection.abort(now);
            }
            self.touch(handle);
        }
    }

    /// A connection, to call; `None` once its handle was released.
    pub fn tcp(&mut self, handle: TcpHandle) -> Option<TcpSocket<'_>> {
        self.table.slot(handle).filter(|slot| slot.owner() == Owner::User)?;
        // Whatever is asked of it, it is asked of the whole.
        self.table.get_mut(handle)?;
        Some(TcpSocket::new(self, handle))
    }

    /// What sets this connection apart from all others (RFC 6528). After TIME-WAIT its numbers begin
    /// right beyond those of the connection before, as in Linux (RFC 9293 section 3.6.1).
    pub(super) fn identify(&mut self, pair: Pair, minimum_iss: Option<SeqNumber>, now: Instant) -> Identity {
        let drawn = self.isn.initial_sequence(pair.local, pair.remote, now);
        #[cfg(feature = "counterfactual")]
        let drawn = self.fixed_sequences.pop_front().unwrap_or(drawn);
        Identity {
            local_port: pair.local.port(),
            remote_port: pair.remote.port(),
            iss: minimum_iss.unwrap_or(drawn),
            timestamp_offset: self.isn.timestamp_offset(pair.local, pair.remote),
        }
    }

    /// Whether a socket may be at this address.
    pub(super) fn is_bindable(&self, address: IpAddr) -> bool {
        address.is_unspecified()
            || self.routes.is_ours(address)
            || self.config.any_address && self.routes.is_unicast(address)
    }

    fn choose_ends(&mut self, remote: SocketAddr, local: Option<SocketAddr>) -> Result<Pair, ConnectError> {
        let remote = SocketAddr::new(remote.ip(), remote.port());
        if remote.port() == 0 || !self.routes.is_unicast(remote.ip()) {
            return Err(ConnectError::InvalidRemote);
        }
        let address = match local.map(|local| local.ip()).filter(|address| !address.is_unspecified()) {
            Some(address) if address.is_ipv4() == remote.is_ipv4() && self.is_bindable(address) => address,
            Some(_) => return Err(ConnectError::NotOurAddress),
            None => self.routes.source_for(remote.ip()).ok_or(ConnectError::NoAddress)?,
        };
        self.routes.next_hop(remote.ip()).ok_or(ConnectError::NoRoute)?;
        let pair = |port| Pair { local: SocketAddr::new(address, port), remote };
        let port = match local.map_or(0, |local| local.port()) {
            0 => {
                let is_free = |port| {
                    let pair = pair(port);
                    self.port_share.contains(port)
                        && self.table.find(&pair).is_none()
                        && self.listeners.find(pair.local, true).is_none()
                };
                self.tcp_ports.allocate(address, remote, is_free).ok_or(ConnectError::NoFreePort)?
            }
            port if self.table.find(&pair(port)).is_some() => return Err(ConnectError::InUse),
            port => port,
        };
        Ok(pair(port))
    }
}
