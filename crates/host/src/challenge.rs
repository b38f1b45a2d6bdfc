//! How many challenges go to one remote host: RFC 5961 section 7 wants them bounded.
//!
//! A bound for all of a host together would let whoever has one connection learn, from how many challenges are left
//! for it, whether segments forged in the name of another were near their mark (CVE-2016-5696). So each remote address
//! has a bound of its own, and what is sent to one tells nothing of the others. Beside it each connection is held to
//! one challenge in half a second, by the engine.

use std::net::IpAddr;

use hashbrown::HashMap;
use synfin_wire::Instant;

use crate::keyed::{Key, Purpose};

/// Remote hosts that are counted in one second; those beyond go uncounted, for nobody is to suffer for others.
const COUNTED: usize = 4096;

#[derive(Debug)]
pub(crate) struct ChallengeLimit {
    per_second: u32,
    /// The second that the counts are of.
    second: u64,
    sent: HashMap<IpAddr, u32, Key>,
}

impl ChallengeLimit {
    pub(crate) fn new(secret: &[u8; 32], per_second: u32) -> Self {
        let key = Key::derive(secret, Purpose::Challenges);
        Self { per_second, second: 0, sent: HashMap::with_hasher(key) }
    }

    /// Whether one more may go to this host now.
    pub(crate) fn allows(&mut self, remote: IpAddr, now: Instant) -> bool {
        let second = now.as_millis() / 1000;
        if self.second != second {
            self.second = second;
            self.sent.clear();
        }
        if self.sent.len() >= COUNTED && !self.sent.contains_key(&remote) {
            return true;
        }
        let sent = self.sent.entry(remote).or_insert(0);
        *sent = sent.saturating_add(1);
        *sent <= self.per_second
    }
}

#[cfg(test)]
mod tests;
