//! Segments that are signed (RFC 2385): which key is whose, and what is not signed with it.

use std::net::IpAddr;
use std::sync::Arc;

use synfin_tcp::{Config, DropReason};
use synfin_wire::Segment;
use synfin_wire::checksum::PseudoHeader;
use synfin_wire::tcp::MD5_OPTION_LEN;

use super::Host;
use crate::compact::Slot;
use crate::event::ListenerHandle;
use crate::listener::Listeners;
use crate::md5::Md5Key;
use crate::table::{Entry, Owner, Pair, Phase};

impl Host {
    /// Gives the peers of a prefix a key with which a listener takes their SYNs from now on, or takes it away; half-open
    /// connections go on with it. Of several prefixes that a peer belongs to, the longest counts. A connection keeps the
    /// key that it was established with, until [`crate::TcpSocket::set_md5_key`] changes it. A handle that is no longer
    /// valid is ignored.
    ///
    /// `prefix_len` says how many bits of `address` count: 32 or 128 is one peer, 0 everybody of its family.
    ///
    /// ```
    /// use synfin_host::{Host, HostConfig, ListenOptions, Md5Key};
    /// let ours = "10.0.0.1".parse().unwrap();
    /// let mut host = Host::new(HostConfig::new([(ours, 24)]), [7; 32]);
    /// let listener = host.listen((ours, 179).into(), ListenOptions::default()).unwrap();
    /// let key = Md5Key::new(b"shared with the peer");
    /// host.set_listener_md5_key(listener, "10.0.0.2".parse().unwrap(), 32, key);
    /// ```
    pub fn set_listener_md5_key(
        &mut self,
        listener: ListenerHandle,
        address: IpAddr,
        prefix_len: u8,
        key: Option<Md5Key>,
    ) {
        if let Some(listener) = self.listeners.get_mut(listener) {
            listener.md5_keys.set(address, prefix_len, key);
        }
    }

    /// The key with which a segment is signed, if it is to be; or why it is dropped. No answer tells its sender of that
    /// (RFC 2385 section 2.0).
    pub(super) fn check_signature(
        &self,
        slot: Option<&Slot>,
        pair: &Pair,
        pseudo_header: &PseudoHeader,
        segment: &Segment,
    ) -> Result<Option<Md5Key>, DropReason> {
        if let Some(Slot::Whole(_, entry)) = slot
            && entry.is_unsigned_connection()
            && segment.header.options.md5.is_none()
            && !segment.header.flags.syn()
        {
            // Nearly every segment that there is.
            return Ok(None);
        }
        self.check_expected_signature(slot, pair, pseudo_header, segment)
    }

    #[cold]
    fn check_expected_signature(
        &self,
        slot: Option<&Slot>,
        pair: &Pair,
        pseudo_header: &PseudoHeader,
        segment: &Segment,
    ) -> Result<Option<Md5Key>, DropReason> {
        let key = self.expected_key(slot, pair, segment);
        match (key, &segment.header.options.md5) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(DropReason::Md5Unexpected),
            (Some(_), None) => Err(DropReason::Md5NotFound),
            (Some(key), Some(digest)) if key.has_signed(pseudo_header, segment, digest) => {
                Ok(Some(key.clone()))
            }
            (Some(_), Some(_)) => Err(DropReason::Md5Failure),
        }
    }

    /// A connection knows its key; for all else it is whoever listens. A SYN that meets TIME-WAIT may be for a new
    /// connection, whose key can be another.
    fn expected_key<'a>(
        &'a self,
        slot: Option<&'a Slot>,
        pair: &Pair,
        segment: &Segment,
    ) -> Option<&'a Md5Key> {
        let may_open = |slot: &Slot| segment.header.flags.syn() && slot.is_time_wait();
        if let Some(slot) = slot.filter(|slot| !may_open(slot)) {
            return key_of_slot(slot, pair, &self.listeners);
        }
        let ours = self.routes.is_ours(pair.local.ip());
        let listener =
            self.listeners.find(pair.local, ours).and_then(|listener| self.listeners.get(listener));
        match listener {
            Some(listener) => listener.md5_keys.find(pair.remote.ip()),
            None => slot.and_then(|slot| key_of_slot(slot, pair, &self.listeners)),
        }
    }
}

fn key_of_slot<'a>(slot: &'a Slot, pair: &Pair, listeners: &'a Listeners) -> Option<&'a Md5Key> {
    match (slot, slot.owner()) {
        (Slot::Whole(_, entry), _) => key_of(entry, listeners),
        (Slot::Resting(_, form), _) => form.md5_key(),
        (_, Owner::Listener(listener)) => listeners.get(listener)?.md5_keys.find(pair.remote.ip()),
        // Who has a key of his own is in no other compact form.
        _ => None,
    }
}

/// With which key a connection signs, and wants to be answered. Until its handshake is over its listener decides.
#[inline]
pub(super) fn key_of<'a>(entry: &'a Entry, listeners: &'a Listeners) -> Option<&'a Md5Key> {
    let listener = match (&entry.phase, entry.owner) {
        (Phase::HalfOpen(_), Owner::Listener(listener)) => listeners.get(listener),
        _ => None,
    };
    match listener {
        Some(listener) => listener.md5_keys.find(entry.pair.remote.ip()),
        None => entry.md5_key.as_ref(),
    }
}

/// Gives a connection this key, made or not made yet.
pub(super) fn adopt(entry: &mut Entry, key: Option<Md5Key>) {
    entry.config = config_for(Arc::clone(&entry.config), key.as_ref());
    entry.md5_key = key;
}

/// The settings of a connection whose segments are signed with this key, or not at all.
pub(super) fn config_for(config: Arc<Config>, key: Option<&Md5Key>) -> Arc<Config> {
    let signature_len = if key.is_some() { MD5_OPTION_LEN as u8 } else { 0 };
    if config.signature_len == signature_len {
        return config;
    }
    Arc::new(Config { signature_len, ..Config::clone(&config) })
}
