//! Fast Open, as far as the host knows it (RFC 7413): which ways of it are open, the cookies that it gives out as a
//! server, and those that it has been given as a client.

use std::net::IpAddr;
use std::time::Duration;

use siphasher::sip::SipHasher24;
use synfin_wire::Cookie;

pub(crate) mod black_hole;
pub(crate) mod cache;
pub(crate) mod queue;

use crate::keyed::{Key, Purpose};

/// A key for Fast Open cookies: sixteen octets.
pub type FastOpenKey = [u8; 16];

/// Which ways of Fast Open a host takes. The defaults are Linux's: as a client where a connection asks for it, as
/// a server not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FastOpenConfig {
    /// Connections that ask for it try it (Linux's `tcp_fastopen` bit 0x1).
    pub client: bool,
    /// Listeners that ask for it take it (0x2).
    pub server: bool,
    /// As a client, send text without a cookie, and ask for none (0x4): for a network where nobody forges addresses.
    pub client_without_cookie: bool,
    /// As a server, take text without a cookie (0x200): likewise.
    pub server_without_cookie: bool,
    /// Every listener takes it, without asking (0x400).
    pub every_listener: bool,
    /// The keys of the cookies that are given out; `None` derives one from the host's secret.
    pub keys: Option<FastOpenKeys>,
    /// For how long Fast Open rests once the path seems to swallow it (RFC 7413 section 7.1); twice as long each
    /// time that this happens again, up to 64 times. Zero, the default as in Linux, lets it never rest.
    pub black_hole_timeout: Duration,
}

impl Default for FastOpenConfig {
    fn default() -> Self {
        Self {
            client: true,
            server: false,
            client_without_cookie: false,
            server_without_cookie: false,
            every_listener: false,
            keys: None,
            black_hole_timeout: Duration::ZERO,
        }
    }
}

/// The key that cookies are made with, and one that they were made with before: a client that shows a cookie of the
/// latter is believed, and given a new one (RFC 7413 section 4.1.2).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FastOpenKeys {
    /// Makes cookies.
    pub primary: FastOpenKey,
    /// Only checks them.
    pub backup: Option<FastOpenKey>,
}

impl std::fmt::Debug for FastOpenKeys {
    /// Nothing of the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FastOpenKeys")
    }
}

/// How an active open uses Fast Open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FastOpen {
    /// Not at all.
    #[default]
    Off,
    /// With the cookie that the peer gave earlier; without one the SYN asks for it, and carries no text.
    Cookie,
    /// Without a cookie: the peer is known not to want one.
    WithoutCookie,
}

/// What a cookie shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieCheck {
    /// Its sender gets what is sent to the address it names.
    Valid,
    /// The same, by a key that is no longer used.
    Outdated,
    Wrong,
}

impl FastOpenKeys {
    /// A key from the host's secret.
    pub(crate) fn derive(secret: &[u8; 32]) -> Self {
        Self { primary: Key::derive(secret, Purpose::FastOpenCookies).octets(), backup: None }
    }

    /// The cookie of a client at `remote` for a server at `local`.
    pub(crate) fn cookie(&self, local: IpAddr, remote: IpAddr) -> Cookie {
        cookie(&self.primary, local, remote)
    }

    pub(crate) fn check(&self, shown: &Cookie, local: IpAddr, remote: IpAddr) -> CookieCheck {
        if *shown == self.cookie(local, remote) {
            return CookieCheck::Valid;
        }
        match self.backup {
            Some(backup) if *shown == cookie(&backup, local, remote) => CookieCheck::Outdated,
            _ => CookieCheck::Wrong,
        }
    }
}

/// RFC 7413 section 4.1.2 leaves the making of cookies to the server. This is Linux's way, so that hosts of both
/// kinds may share a key behind one address: SipHash-2-4 over both addresses, the client's first.
fn cookie(key: &FastOpenKey, local: IpAddr, remote: IpAddr) -> Cookie {
    let mut octets = [0; 32];
    let mut len = 0;
    for address in [remote, local] {
        let address: &[u8] = match &address {
            IpAddr::V4(address) => &address.octets(),
            IpAddr::V6(address) => &address.octets(),
        };
        octets[len..len + address.len()].copy_from_slice(address);
        len += address.len();
    }
    let hash = SipHasher24::new_with_key(key).hash(&octets[..len]);
    Cookie::new(&hash.to_le_bytes()).expect("eight octets are a cookie")
}

#[cfg(test)]
mod tests;
