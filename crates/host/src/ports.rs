//! Ephemeral ports by RFC 6056 section 3.3.3, the simple hash-based algorithm.

use std::net::{IpAddr, SocketAddr};

use crate::keyed::{Key, Purpose};

const FIRST: u16 = 32_768;
const LAST: u16 = 60_999;
const COUNT: u32 = (LAST - FIRST) as u32 + 1;

/// The ports from which a host opens connections, where several hosts have the same addresses: those that divided by the
/// number of hosts leave this host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortShare {
    host: usize,
    hosts: usize,
}

impl PortShare {
    /// Every port, for a host that is alone.
    pub const WHOLE: Self = Self { host: 0, hosts: 1 };

    /// The share of one host, counted from 0, of so many.
    #[must_use]
    pub const fn new(host: usize, hosts: usize) -> Self {
        Self { host, hosts }
    }

    /// The host that opens connections from a port, of so many.
    #[must_use]
    pub const fn owner(port: u16, hosts: usize) -> usize {
        port as usize % hosts
    }

    pub(crate) const fn contains(self, port: u16) -> bool {
        Self::owner(port, self.hosts) == self.host
    }
}

/// Chooses ports: for one remote end one after the other, from an offset that nobody else can tell.
#[derive(Debug)]
pub(crate) struct PortAllocator {
    key: Key,
    next: u32,
}

impl PortAllocator {
    pub(crate) fn new(secret: &[u8; 32], purpose: Purpose) -> Self {
        Self { key: Key::derive(secret, purpose), next: 0 }
    }

    /// The next port from `local` to `remote` that is free; `None` when none is.
    pub(crate) fn allocate(
        &mut self,
        local: IpAddr,
        remote: SocketAddr,
        mut is_free: impl FnMut(u16) -> bool,
    ) -> Option<u16> {
        let offset = self.key.hash_pair(SocketAddr::new(local, 0), remote) as u32 % COUNT;
        (0..COUNT).find_map(|_| {
            let port = FIRST + ((self.next + offset) % COUNT) as u16;
            self.next = (self.next + 1) % COUNT;
            is_free(port).then_some(port)
        })
    }
}

#[cfg(test)]
mod tests;
