//! What peers have said about Fast Open: their cookies and their MSS (RFC 7413 section 4.1.3).

use std::net::IpAddr;

use hashbrown::HashMap;
use synfin_tcp::{FastOpenAttempt, FastOpenNews};
use synfin_wire::{Cookie, FastOpenOption};

use crate::keyed::{Key, Purpose};

/// The two addresses between which a cookie holds: ours, and the peer's.
type Addresses = (IpAddr, IpAddr);

/// A bounded memory. It has two generations: when the younger one is full, the older one is forgotten, and whatever
/// is asked for moves to the younger.
#[derive(Debug)]
pub(crate) struct CookieCache {
    young: HashMap<Addresses, Known, Key>,
    old: HashMap<Addresses, Known, Key>,
    generation: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    mss: Option<u16>,
    cookie: Option<FastOpenOption>,
    experiment: Experiment,
}

/// How far the search for the option that a peer understands has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Experiment {
    #[default]
    Untried,
    /// The option with a kind of its own went unanswered: next time that which came before it.
    Next,
    /// That went unanswered as well.
    Over,
}

impl CookieCache {
    /// Remembers no more than `limit` peers.
    pub(crate) fn new(secret: &[u8; 32], limit: usize) -> Self {
        let key = Key::derive(secret, Purpose::FastOpenCache);
        Self {
            young: HashMap::with_hasher(key),
            old: HashMap::with_hasher(key),
            generation: (limit / 2).max(1),
        }
    }

    /// What the SYN to a peer may carry that wants to see a cookie.
    pub(crate) fn attempt(&mut self, between: Addresses) -> FastOpenAttempt {
        let known = self.recall(between);
        let experimental = known.experiment == Experiment::Next;
        let request = FastOpenOption { cookie: Cookie::REQUEST, experimental };
        FastOpenAttempt { option: Some(known.cookie.unwrap_or(request)), peer_mss: known.mss }
    }

    /// What the SYN to a peer may carry that wants no cookie.
    pub(crate) fn attempt_without_cookie(&mut self, between: Addresses) -> FastOpenAttempt {
        FastOpenAttempt { option: None, peer_mss: self.recall(between).mss }
    }

    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    pub(crate) fn has_cookie(&mut self, between: Addresses) -> bool {
        self.recall(between).cookie.is_some()
    }

    /// Learns from the answer to a SYN. A cookie that was not asked for is not kept.
    pub(crate) fn learn(&mut self, between: Addresses, news: &FastOpenNews) {
        let FastOpenNews::Answered { sent, first, with_text, received, mss } = *news else { return };
        let mut known = self.recall(between);
        known.mss = Some(mss);
        match (sent, received) {
            (Some(_), Some(cookie)) => known.cookie = Some(cookie),
            (Some(asked), None) if first && !with_text && known.cookie.is_none() => {
                let next = if asked.experimental { Experiment::Over } else { Experiment::Next };
                known.experiment = known.experiment.max(next);
            }
            _ => {}
        }
        self.store(between, known);
    }

    fn recall(&mut self, between: Addresses) -> Known {
        if let Some(known) = self.young.get(&between) {
            return *known;
        }
        match self.old.remove(&between) {
            Some(known) => {
                self.store(between, known);
                known
            }
            None => Known::default(),
        }
    }

    fn store(&mut self, between: Addresses, known: Known) {
        if self.young.len() >= self.generation && !self.young.contains_key(&between) {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(between, known);
    }
}

#[cfg(test)]
mod tests;
