//! The Internet checksum (RFC 1071), and the pseudo-header that TCP and UDP put before theirs.

use core::net::IpAddr;

use crate::ip::IpProtocol;

#[cfg(all(feature = "simd", target_arch = "x86_64"))]
mod vector;

/// What TCP's and UDP's checksums cover beside their own bytes: 12 octets over IPv4 (RFC 9293 section
/// 3.1), 40 over IPv6 (RFC 8200 section 8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PseudoHeader {
    /// The source address; of the same family as the destination.
    pub source: IpAddr,
    /// The destination address.
    pub destination: IpAddr,
    /// The protocol that the checksum is for.
    pub protocol: IpProtocol,
    /// The length of header and payload, octets.
    pub length: u32,
}

/// A running sum. Pieces may have any length; an odd one shifts the pieces behind it.
///
/// ```
/// use synfin_wire::checksum::Checksum;
/// let mut checksum = Checksum::new();
/// checksum.add(&[0x00, 0x01, 0xf2]);
/// checksum.add(&[0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
/// assert_eq!(checksum.partial(), 0xddf2); // the example of RFC 1071 section 3
/// assert_eq!(checksum.finish(), !0xddf2);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Checksum {
    /// The sum of the pieces in the machine's byte order, its carries added back in.
    sum: u64,
    /// The pieces so far have an odd number of octets.
    odd: bool,
}

impl Checksum {
    /// A sum of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { sum: 0, odd: false }
    }

    /// A sum that begins with a pseudo-header.
    #[must_use]
    #[inline]
    pub fn with_pseudo_header(pseudo_header: &PseudoHeader) -> Self {
        let word = |word: u32| u64::from(word.to_be());
        let address = |address| match address {
            IpAddr::V4(address) => word(address.to_bits()),
            IpAddr::V6(address) => sum_in_native_order(&address.octets()),
        };
        let rest = word(pseudo_header.length) + word(pseudo_header.protocol.0.into());
        let addresses = add_with_carry(address(pseudo_header.source), address(pseudo_header.destination));
        Self { sum: add_with_carry(addresses, rest), odd: false }
    }

    /// Adds `bytes` behind what was added before.
    #[inline]
    pub fn add(&mut self, bytes: &[u8]) {
        self.add_piece(sum_in_native_order(bytes), bytes.len());
    }

    /// [`Checksum::add`], and copies `bytes` to `to` in the same pass.
    ///
    /// ```
    /// use synfin_wire::checksum::Checksum;
    /// let (mut checksum, mut copy) = (Checksum::new(), [0; 4]);
    /// checksum.add_copied(&[0x00, 0x01, 0xf2, 0x03], &mut copy);
    /// assert_eq!((checksum.partial(), copy), (0xf204, [0x00, 0x01, 0xf2, 0x03]));
    /// ```
    ///
    /// # Panics
    /// When the two are not of one length.
    pub fn add_copied(&mut self, bytes: &[u8], to: &mut [u8]) {
        assert_eq!(bytes.len(), to.len(), "a copy is as long as what is copied");
        self.add_piece(sum_of_copied(bytes, to), bytes.len());
    }

    /// Adds what was summed up apart: an even number of octets, behind an even number.
    ///
    /// ```
    /// use synfin_wire::checksum::Checksum;
    /// let (mut front, mut back) = (Checksum::new(), Checksum::new());
    /// front.add(&[0x00, 0x01]);
    /// back.add(&[0xf2, 0x03]);
    /// front.join(back);
    /// assert_eq!(front.partial(), 0xf204);
    /// ```
    ///
    /// # Panics
    /// When either has an odd number of octets, in a debug build.
    #[inline]
    pub fn join(&mut self, other: Self) {
        debug_assert!(!self.odd && !other.odd, "an octet would stand where it does not belong");
        self.sum = add_with_carry(self.sum, other.sum);
    }

    #[inline]
    fn add_piece(&mut self, piece: u64, octets: usize) {
        // An octet that stood first in its word stands second in the whole, and the other way round.
        let piece = if self.odd { fold(piece).swap_bytes().into() } else { piece };
        self.sum = add_with_carry(self.sum, piece);
        self.odd ^= octets % 2 == 1;
    }

    /// The field's value: the complement of the folded sum. Over a packet with a right checksum in it: 0.
    #[must_use]
    pub const fn finish(self) -> u16 {
        !self.partial()
    }

    /// The folded sum, not complemented: what checksum offload wants in the field to begin with.
    #[must_use]
    pub const fn partial(self) -> u16 {
        u16::from_be(fold(self.sum))
    }
}

/// Shorter pieces, headers among them, are not worth several sums.
const SHORT: usize = 64;
/// Shorter pieces are not worth choosing the code for.
#[cfg(all(feature = "simd", target_arch = "x86_64"))]
const LONG: usize = 128;

/// Adds up `bytes` in the machine's byte order, an odd last octet padded with a zero behind it. The one's
/// complement sum does not care for byte order until the end, nor for the width of the words (RFC 1071
/// sections 2B and 2C).
#[inline]
fn sum_in_native_order(bytes: &[u8]) -> u64 {
    match bytes.len() {
        ..SHORT => sum_of_few(bytes),
        #[cfg(all(feature = "simd", target_arch = "x86_64"))]
        LONG.. => vector::sum(bytes),
        _ => sum_of_lanes(bytes),
    }
}

/// The same of what is copied to `to`, which is as long.
fn sum_of_copied(bytes: &[u8], to: &mut [u8]) -> u64 {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    if bytes.len() >= LONG {
        return vector::sum_of_copied(bytes, to);
    }
    to.copy_from_slice(bytes);
    sum_in_native_order(bytes)
}

/// Word after word.
#[inline]
fn sum_of_few(bytes: &[u8]) -> u64 {
    let (words, tail) = bytes.as_chunks::<8>();
    words.iter().fold(sum_of_tail(tail), |sum, word| add_with_carry(sum, u64::from_ne_bytes(*word)))
}

/// Four sums of 64-bit words with the carry put back in at once, which is two instructions a word, and none of them waits
/// for another.
fn sum_of_lanes(bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<32>();
    let mut lanes = [0u64; 4];
    for chunk in chunks {
        let (words, _) = chunk.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = add_with_carry(*lane, u64::from_ne_bytes(*word));
        }
    }
    let (words, tail) = rest.as_chunks::<8>();
    for (lane, word) in lanes.iter_mut().zip(words) {
        *lane = add_with_carry(*lane, u64::from_ne_bytes(*word));
    }
    lanes.into_iter().fold(sum_of_tail(tail), add_with_carry)
}

/// Fewer than eight octets, as `sum_in_native_order` has them.
#[inline]
fn sum_of_tail(mut tail: &[u8]) -> u64 {
    let mut sum = 0;
    if let Some((four, rest)) = tail.split_first_chunk() {
        sum += u64::from(u32::from_ne_bytes(*four));
        tail = rest;
    }
    if let Some((two, rest)) = tail.split_first_chunk() {
        sum += u64::from(u16::from_ne_bytes(*two));
        tail = rest;
    }
    if let [last] = tail {
        sum += u64::from(u16::from_ne_bytes([*last, 0]));
    }
    sum
}

const fn add_with_carry(one: u64, other: u64) -> u64 {
    let (sum, carry) = one.overflowing_add(other);
    sum + carry as u64
}

/// Folds a sum to 16 bits, the carries added back in at the low end.
const fn fold(sum: u64) -> u16 {
    let sum = (sum & 0xffff_ffff) + (sum >> 32);
    let sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    sum as u16
}

#[cfg(test)]
mod tests;
