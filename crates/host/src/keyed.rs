//! Keyed hashing: SipHash-1-3 under keys that only this host knows, so that no sender can choose what
//! collides or guess what is derived.

use std::hash::BuildHasher;
use std::net::{IpAddr, SocketAddr};

use siphasher::sip::SipHasher13;

/// A key for SipHash.
#[derive(Clone, Copy)]
pub(crate) struct Key([u8; 16]);

/// What keys are derived for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    ConnectionTable,
    SequenceNumbers,
    TimestampOffsets,
    TcpPorts,
    UdpPorts,
    UdpTable,
    ListenerTable,
    Reassembly,
    Identification,
    Neighbours,
    FastOpenCookies,
    FastOpenCache,
    SynCookies,
    SynCookieValues,
    Challenges,
}

/// The octets by which a pair of ends is hashed: addresses, and ports where they count.
pub(crate) struct PackedPair {
    octets: [u8; 36],
    len: usize,
}

impl Key {
    /// A key of its own for each purpose, from the host's secret.
    pub(crate) fn derive(secret: &[u8; 32], purpose: Purpose) -> Self {
        let (first, second) = secret.split_at(16);
        let half = |part: u8| {
            let mut input = [0; 18];
            input[..16].copy_from_slice(second);
            input[16..].copy_from_slice(&[purpose as u8, part]);
            keyed(first).hash(&input).to_le_bytes()
        };
        let mut key = [0; 16];
        key[..8].copy_from_slice(&half(0));
        key[8..].copy_from_slice(&half(1));
        Self(key)
    }

    /// The key itself.
    pub(crate) fn octets(&self) -> [u8; 16] {
        self.0
    }

    /// The hash of some octets.
    pub(crate) fn hash(&self, octets: &[u8]) -> u64 {
        self.build_hasher().hash(octets)
    }

    /// The hash of a pair of ends.
    pub(crate) fn hash_pair(&self, local: SocketAddr, remote: SocketAddr) -> u64 {
        match (local, remote) {
            // The same octets, whose number is known beforehand.
            (SocketAddr::V4(local), SocketAddr::V4(remote)) => {
                let mut octets = [0; 12];
                octets[..4].copy_from_slice(&local.ip().octets());
                octets[4..6].copy_from_slice(&local.port().to_be_bytes());
                octets[6..10].copy_from_slice(&remote.ip().octets());
                octets[10..].copy_from_slice(&remote.port().to_be_bytes());
                self.hash(&octets)
            }
            _ => self.hash(PackedPair::new(local, remote).as_ref()),
        }
    }
}

impl BuildHasher for Key {
    type Hasher = SipHasher13;
    fn build_hasher(&self) -> SipHasher13 {
        keyed(&self.0)
    }
}

fn keyed(key: &[u8]) -> SipHasher13 {
    let mut whole = [0; 16];
    whole.copy_from_slice(key);
    SipHasher13::new_with_key(&whole)
}

impl PackedPair {
    pub(crate) fn new(local: SocketAddr, remote: SocketAddr) -> Self {
        let mut packed = Self { octets: [0; 36], len: 0 };
        for end in [local, remote] {
            match end.ip() {
                IpAddr::V4(address) => packed.push(&address.octets()),
                IpAddr::V6(address) => packed.push(&address.octets()),
            }
            packed.push(&end.port().to_be_bytes());
        }
        packed
    }

    fn push(&mut self, octets: &[u8]) {
        self.octets[self.len..self.len + octets.len()].copy_from_slice(octets);
        self.len += octets.len();
    }
}

impl AsRef<[u8]> for PackedPair {
    fn as_ref(&self) -> &[u8] {
        &self.octets[..self.len]
    }
}

impl std::fmt::Debug for Key {
    /// Nothing of the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

#[cfg(test)]
mod tests;
