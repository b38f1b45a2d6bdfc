//! Active opens of one shard among several: from ports that tell whose they are.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use synfin_host::{ConnectError, ConnectOptions, Host, TcpHandle};
use synfin_wire::Instant;

use super::steering::OpenedPorts;

/// The ephemeral ports that the host chooses from where it is alone.
const FIRST: u16 = 32_768;
const LAST: u16 = 60_999;

/// The ports of one shard: those that divided by the number of shards leave its number. One is chosen by RFC 6056
/// section 3.3.3, the simple hash-based algorithm.
#[derive(Debug)]
pub(crate) struct ShardPorts {
    shard: u16,
    shards: u16,
    secret: [u8; 32],
    next: u32,
    opened: Arc<OpenedPorts>,
}

impl ShardPorts {
    /// At most 256 shards.
    pub(crate) fn new(shard: usize, shards: usize, secret: [u8; 32], opened: Arc<OpenedPorts>) -> Self {
        Self { shard: shard as u16, shards: shards as u16, secret, next: 0, opened }
    }

    /// As [`Host::connect`]. The port of `options`, where there is one, is this shard's.
    pub(super) fn connect(
        &mut self,
        host: &mut Host,
        remote: SocketAddr,
        options: ConnectOptions,
        now: Instant,
    ) -> Result<TcpHandle, ConnectError> {
        let unspecified: IpAddr =
            if remote.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let local = options.local.unwrap_or_else(|| SocketAddr::new(unspecified, 0));
        if local.port() != 0 {
            self.opened.insert(local.port());
            return host.connect(remote, options, now);
        }
        let (first, count) = self.range();
        let offset = self.offset(remote) % count;
        for _ in 0..count {
            let place = (offset + self.next) % count;
            self.next = (self.next + 1) % count;
            let local = SocketAddr::new(local.ip(), first + place as u16 * self.shards);
            if is_listening(host, local) {
                continue;
            }
            let options = ConnectOptions { local: Some(local), ..options.clone() };
            match host.connect(remote, options, now) {
                Err(ConnectError::InUse) => {}
                outcome => {
                    // Before the lock is released, and with it the SYN.
                    self.opened.insert(local.port());
                    return outcome;
                }
            }
        }
        Err(ConnectError::NoFreePort)
    }

    /// The first of this shard's ports, and how many there are.
    fn range(&self) -> (u16, u32) {
        let first = FIRST + (self.shard + self.shards - FIRST % self.shards) % self.shards;
        (first, u32::from((LAST - first) / self.shards) + 1)
    }

    /// What nobody can tell who does not know the secret. That all shards share it does not matter: their ports differ.
    fn offset(&self, remote: SocketAddr) -> u32 {
        let mut hasher = DefaultHasher::new();
        (self.secret, remote).hash(&mut hasher);
        hasher.finish() as u32
    }
}

/// Whether somebody listens there, where `local` is unspecified on any of the host's addresses.
fn is_listening(host: &Host, local: SocketAddr) -> bool {
    let at = |address| host.is_listening(SocketAddr::new(address, local.port()));
    at(local.ip())
        || local.ip().is_unspecified() && host.config().addresses.iter().any(|(address, _)| at(*address))
}

#[cfg(test)]
mod tests;
