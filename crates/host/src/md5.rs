//! Keys of the TCP MD5 signature (RFC 2385), and whose they are.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use synfin_wire::checksum::PseudoHeader;
use synfin_wire::ip::IpHeader;
use synfin_wire::tcp::{MAX_OPTIONS_LEN, Md5Digest, Md5Input};
use synfin_wire::{Segment, TcpHeader};

/// RFC 2385 section 4.5 asks for 80 at least; Linux takes no more.
const LONGEST_KEY: usize = 80;

/// A key that both ends know. Its octets are not shown by [`fmt::Debug`].
///
/// MD5 is broken, and RFC 5925 replaces the option; it is here for the peers that have nothing else.
///
/// ```
/// use synfin_host::Md5Key;
/// assert!(Md5Key::new(b"a secret that is hard to guess").is_some());
/// assert!(Md5Key::new(b"").is_none());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Md5Key(Arc<[u8]>);

impl Md5Key {
    /// A key of 1 to 80 octets; `None` for any other length.
    #[must_use]
    pub fn new(octets: &[u8]) -> Option<Self> {
        (1..=LONGEST_KEY).contains(&octets.len()).then(|| Self(octets.into()))
    }

    /// Puts the signature into the header of a segment that has all else.
    pub(crate) fn sign(&self, ip: &IpHeader, header: &mut TcpHeader, text: &[Bytes]) {
        let options = &mut header.options;
        options.md5 = Some(Md5Digest::default());
        if options.len() > MAX_OPTIONS_LEN {
            // The key is newer than the room that was planned for.
            (options.user_timeout, options.acc_ecn, options.fast_open) = (None, None, None);
        }
        let length = header.len() + text.iter().map(Bytes::len).sum::<usize>();
        let pseudo_header = ip.pseudo_header(length as u32);
        let input = Md5Input { pseudo_header: &pseudo_header, header, text };
        header.options.md5 = Some(input.sign(&self.0));
    }

    /// Whether a segment has been signed so with this key.
    pub(crate) fn has_signed(
        &self,
        pseudo_header: &PseudoHeader,
        Segment { header, payload }: &Segment,
        digest: &Md5Digest,
    ) -> bool {
        let input = Md5Input { pseudo_header, header, text: std::slice::from_ref(payload) };
        input.sign(&self.0) == *digest
    }
}

impl fmt::Debug for Md5Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Md5Key(..)")
    }
}

/// The keys that are shared with peers, by their addresses.
///
/// ```
/// use synfin_host::{Md5Key, PeerKeys};
/// let mut keys = PeerKeys::default();
/// keys.set("10.1.0.0".parse().unwrap(), 16, Md5Key::new(b"for the whole site"));
/// keys.set("10.1.2.3".parse().unwrap(), 32, Md5Key::new(b"for one router"));
/// assert_eq!(keys.find("10.1.2.3".parse().unwrap()), Md5Key::new(b"for one router").as_ref());
/// assert_eq!(keys.find("10.2.0.1".parse().unwrap()), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerKeys {
    /// The longest prefix first.
    keys: Vec<PeerKey>,
}

impl PeerKeys {
    /// Gives the peers of a prefix another key, or takes theirs away. `prefix_len` says how many bits of `address` count:
    /// 32 or 128 is one peer, 0 everybody of its family; more count as all of them.
    pub fn set(&mut self, address: IpAddr, prefix_len: u8, key: Option<Md5Key>) {
        let prefix_len = prefix_len.min(if address.is_ipv4() { 32 } else { 128 });
        self.keys.retain(|known| !(known.prefix_len == prefix_len && known.covers(address)));
        if let Some(key) = key {
            let place = self.keys.partition_point(|known| known.prefix_len > prefix_len);
            self.keys.insert(place, PeerKey { address, prefix_len, key });
        }
    }

    /// The key of a peer: of several, the one with the longest prefix.
    #[must_use]
    pub fn find(&self, peer: IpAddr) -> Option<&Md5Key> {
        self.keys.iter().find(|known| known.covers(peer)).map(|known| &known.key)
    }
}

/// A key, and the peers that it is shared with.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PeerKey {
    address: IpAddr,
    prefix_len: u8,
    key: Md5Key,
}

impl PeerKey {
    fn covers(&self, peer: IpAddr) -> bool {
        let differing = match (self.address, peer) {
            (IpAddr::V4(ours), IpAddr::V4(peer)) => (ours.to_bits() ^ peer.to_bits()).leading_zeros(),
            (IpAddr::V6(ours), IpAddr::V6(peer)) => (ours.to_bits() ^ peer.to_bits()).leading_zeros(),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        differing >= self.prefix_len.into()
    }
}

#[cfg(test)]
mod tests;
