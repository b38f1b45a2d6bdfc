//! SYNs that are answered without being kept (RFC 4987 section 3.6).

use std::sync::Arc;

use bytes::Bytes;
use synfin_tcp::connection::half_open::HalfOpenOutcome;
use synfin_tcp::{Config, DropReason, HalfOpen, Identity, Incoming, SendReason};
use synfin_wire::{Flags, Instant, Segment, TcpHeader};

use super::segment::Stray;
use super::{Host, signature};
use crate::counters::Fate;
use crate::event::ListenerHandle;
use crate::md5::Md5Key;
use crate::syn_cookie::{self, SynCookies};
use crate::table::{Entry, HalfOpenPhase, Owner, Pair, Phase, Wishes};

impl Host {
    /// Which SYNs are answered without being kept, from now on.
    pub fn set_syn_cookies(&mut self, which: SynCookies) {
        self.config.syn_cookies = which;
    }

    /// Whether a SYN for this listener gets a cookie rather than a place; `full` says that there is none.
    pub(super) fn wants_cookie(&self, listener: ListenerHandle, syn: &Stray, full: bool) -> bool {
        let accepts = self.listeners.get(listener).is_some_and(|found| !found.accept_queue_is_full());
        let mss = syn.incoming.segment.header.options.mss;
        accepts
            && mss.is_none_or(|mss| syn_cookie::can_tell(syn.pair.remote, mss))
            && match self.config.syn_cookies {
                SynCookies::Off => false,
                SynCookies::WhenFull => full,
                SynCookies::Always => true,
            }
    }

    /// Answers a SYN with a cookie, and keeps nothing of it but that there was one.
    pub(super) fn send_cookie(
        &mut self,
        listener: ListenerHandle,
        pair: Pair,
        mut syn: Incoming,
        key: Option<&Md5Key>,
        now: Instant,
    ) -> Fate {
        let Some(found) = self.listeners.get_mut(listener) else { return DropReason::NoConnection.into() };
        found.cookie_sent_at = Some(now);
        let config = signature::config_for(Arc::clone(&found.config), key);
        let options = &mut syn.segment.header.options;
        // What is noted in the timestamps is worth more than SACK ranges, and a signature has no room for both.
        options.sack_permitted &= key.is_none();
        if !config.timestamps || options.timestamps.is_none() {
            // There is nowhere to note them.
            (options.window_scale, options.sack_permitted) = (None, false);
        }
        let offered = options.clone();
        // Nor is there for what would be agreed on about ECN, and never for more than its classic way.
        let flags = &mut syn.segment.header.flags;
        let is_noted = offered.timestamps.is_some() && flags.contains(Flags::ECE | Flags::CWR);
        *flags = flags.without(Flags::ACE) | if is_noted { Flags::ECE | Flags::CWR } else { Flags::NONE };
        let mss = offered.mss.unwrap_or(config.default_peer_mss.octets());
        let ends = (pair.local, pair.remote);
        let iss = self.syn_cookies.sequence(ends, syn.segment.header.seq, mss, now);
        let identity = Identity { iss, ..self.identify(pair, None, now) };
        let Some(mut answer) = HalfOpen::from_syn(&config, &syn, identity).poll_transmit(&config, now) else {
            return Fate::Taken;
        };
        if let Some(stamps) = &mut answer.header.options.timestamps {
            let ecn = answer.header.flags.contains(Flags::ECE);
            stamps.value = syn_cookie::stamp_with(stamps.value, &offered, ecn);
        }
        self.send_reply(answer, Some(SendReason::SynAckStateless), pair, key, now);
        Fate::Taken
    }

    /// Makes a connection out of an acknowledgment that brings a cookie back; gives it back when it brings none.
    pub(super) fn receive_cookie(
        &mut self,
        listener: ListenerHandle,
        pair: Pair,
        ack: &Incoming,
        key: Option<&Md5Key>,
        now: Instant,
    ) -> Option<Fate> {
        let found = self.listeners.get(listener)?;
        let sent_at = found.cookie_sent_at?;
        if now - sent_at > syn_cookie::LIFETIME {
            return None;
        }
        let config = signature::config_for(Arc::clone(&found.config), key);
        let full = found.accept_queue_is_full() || self.table.is_full();
        let header = &ack.segment.header;
        let (iss, irs) = (header.ack - 1, header.seq - 1);
        let mss = self.syn_cookies.mss((pair.local, pair.remote), irs, iss, now)?;
        if full {
            return Some(DropReason::Backlog.into());
        }
        let options = syn_cookie::options_of(mss, &header.options);
        let flags = Flags::SYN | syn_cookie::ecn_of(&header.options);
        let syn = TcpHeader { seq: irs, flags, options, ..header.clone() };
        let syn = Incoming { segment: Segment { header: syn, payload: Bytes::new() }, ..ack.clone() };
        let identity = Identity { iss, ..self.identify(pair, None, now) };
        Some(self.establish_from(listener, pair, &syn, ack, identity, config, now))
    }

    #[allow(clippy::too_many_arguments, reason = "a handshake, passed once")]
    fn establish_from(
        &mut self,
        listener: ListenerHandle,
        pair: Pair,
        syn: &Incoming,
        ack: &Incoming,
        identity: Identity,
        config: Arc<Config>,
        now: Instant,
    ) -> Fate {
        let mut half_open = HalfOpen::from_syn(&config, syn, identity).answered_before();
        match half_open.handle_segment(&config, ack.clone()) {
            HalfOpenOutcome::Promoted(connection, verdict) => {
                let irs = syn.segment.header.seq;
                let wishes = Wishes::default();
                let phase =
                    Phase::HalfOpen(Box::new(HalfOpenPhase { half_open, iss: identity.iss, irs, wishes }));
                self.listeners.began(listener);
                let handle = self.table.insert(Entry::new(pair, config, phase, Owner::Listener(listener)));
                self.promote(handle, connection, wishes, now);
                verdict.into()
            }
            HalfOpenOutcome::Stay(verdict) => verdict.into(),
            HalfOpenOutcome::Gone(_) => Fate::Taken,
        }
    }
}
