//! SYN cookies (RFC 4987 section 3.6): what a SYN said is not kept, but sent along in the numbers of the SYN-ACK, and
//! read from the acknowledgment that brings them back.
//!
//! The layout is Linux's. The initial sequence number tells the minute and one of a few MSS values; the lowest bits of
//! the timestamp tell window scale, SACK and ECN. Without timestamps these are lost.

use std::net::SocketAddr;
use std::time::Duration;

use synfin_wire::{Flags, Instant, SeqNumber, TcpOptions};

use crate::keyed::{Key, Purpose};

/// Which SYNs are answered with cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SynCookies {
    /// None: a SYN for which there is no room is dropped.
    Off,
    /// Those for which there is no room.
    #[default]
    WhenFull,
    /// All.
    Always,
}

/// How many minutes a cookie is good for, beside the one in which it was made.
const OLDEST: u32 = 1;
/// For so long after the last cookie was sent one may come back.
pub(crate) const LIFETIME: Duration = Duration::from_secs(120);
/// The bits below the minute.
const VALUE_BITS: u32 = 24;
const VALUE_MASK: u32 = (1 << VALUE_BITS) - 1;

/// What a peer's MSS is rounded down to: what most have, by the links there are.
const MSS_V4: [u16; 4] = [536, 1300, 1440, 1460];
const MSS_V6: [u16; 4] = [1220, 1420, 1440, 8940];

/// The timestamp's lowest bits: the window scale, or that there is none, SACK, and ECN in its classic way.
const OPTION_BITS: u32 = 6;
const OPTION_MASK: u32 = (1 << OPTION_BITS) - 1;
const SCALE_MASK: u32 = 0xf;
const SACK_BIT: u32 = 1 << 4;
const ECN_BIT: u32 = 1 << 5;

/// Makes cookies and reads them.
#[derive(Debug)]
pub(crate) struct SynCookieMaker {
    /// One hash hides the numbers of the pair, the other the value.
    outer: Key,
    inner: Key,
}

impl SynCookieMaker {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self {
            outer: Key::derive(secret, Purpose::SynCookies),
            inner: Key::derive(secret, Purpose::SynCookieValues),
        }
    }

    /// The initial sequence number that says what `mss` a peer announced in its SYN number `irs`.
    pub(crate) fn sequence(
        &self,
        (local, remote): (SocketAddr, SocketAddr),
        irs: SeqNumber,
        mss: u16,
        now: Instant,
    ) -> SeqNumber {
        let table = table(remote);
        let index = table.iter().rposition(|known| *known <= mss).unwrap_or(0) as u32;
        let minute = minute(now);
        let value = self.hidden(local, remote, minute).wrapping_add(index) & VALUE_MASK;
        let cookie = (minute << VALUE_BITS).wrapping_add(value);
        SeqNumber::new(self.shift(local, remote, irs).wrapping_add(cookie))
    }

    /// The MSS that a cookie tells; `None` when it is none of ours, or too old.
    pub(crate) fn mss(
        &self,
        (local, remote): (SocketAddr, SocketAddr),
        irs: SeqNumber,
        iss: SeqNumber,
        now: Instant,
    ) -> Option<u16> {
        let cookie = iss.value().wrapping_sub(self.shift(local, remote, irs));
        let age = minute(now).wrapping_sub(cookie >> VALUE_BITS) & (u32::MAX >> VALUE_BITS);
        if age > OLDEST {
            return None;
        }
        let minute = minute(now).wrapping_sub(age);
        let index = cookie.wrapping_sub(self.hidden(local, remote, minute)) & VALUE_MASK;
        table(remote).get(index as usize).copied()
    }

    fn shift(&self, local: SocketAddr, remote: SocketAddr, irs: SeqNumber) -> u32 {
        (self.outer.hash_pair(local, remote) as u32).wrapping_add(irs.value())
    }

    fn hidden(&self, local: SocketAddr, remote: SocketAddr, minute: u32) -> u32 {
        let pair = self.inner.hash_pair(local, remote).to_le_bytes();
        let mut octets = [0; 12];
        octets[..8].copy_from_slice(&pair);
        octets[8..].copy_from_slice(&minute.to_le_bytes());
        self.inner.hash(&octets) as u32
    }
}

/// A timestamp no later than `stamp` that says what else the SYN offered.
pub(crate) fn stamp_with(stamp: u32, offered: &TcpOptions, ecn: bool) -> u32 {
    let scale = offered.window_scale.map_or(SCALE_MASK, |shift| u32::from(shift.min(14)));
    let bits = scale | if offered.sack_permitted { SACK_BIT } else { 0 };
    let bits = if ecn { bits | ECN_BIT } else { bits };
    let marked = stamp & !OPTION_MASK | bits;
    if bits > stamp & OPTION_MASK { marked.wrapping_sub(OPTION_MASK + 1) } else { marked }
}

/// The options of the SYN of which `ack` is the rest of the handshake.
pub(crate) fn options_of(mss: u16, ack: &TcpOptions) -> TcpOptions {
    let mut options = TcpOptions { mss: Some(mss), ..TcpOptions::default() };
    if let Some(stamps) = ack.timestamps {
        let scale = stamps.echo & SCALE_MASK;
        options.timestamps = Some(stamps);
        options.window_scale = (scale != SCALE_MASK).then_some(scale as u8);
        options.sack_permitted = stamps.echo & SACK_BIT != 0;
    }
    options
}

/// What the flags of that SYN asked for about ECN, where that was granted (RFC 3168 section 6.1.1).
pub(crate) fn ecn_of(ack: &TcpOptions) -> Flags {
    let granted = ack.timestamps.is_some_and(|stamps| stamps.echo & ECN_BIT != 0);
    if granted { Flags::ECE | Flags::CWR } else { Flags::NONE }
}

/// Whether a cookie can tell an MSS of the peer's: one that is smaller than all of the table's would be exceeded (RFC 9293
/// section 3.7.1, MUST-16).
pub(crate) fn can_tell(remote: SocketAddr, mss: u16) -> bool {
    mss >= table(remote)[0]
}

fn minute(now: Instant) -> u32 {
    (now.as_millis() / 60_000) as u32
}

fn table(remote: SocketAddr) -> &'static [u16; 4] {
    if remote.is_ipv4() { &MSS_V4 } else { &MSS_V6 }
}

#[cfg(test)]
mod tests;
