//! Initial sequence numbers (RFC 6528) and timestamp offsets (RFC 7323 section 5.4).

use std::net::SocketAddr;

use synfin_wire::{Instant, SeqNumber};

use crate::keyed::{Key, Purpose};

/// One tick of the clock in RFC 6528 section 3: 4 microseconds.
const TICK_MICROS: u64 = 4;

/// Draws what a stranger must not be able to guess about a connection.
#[derive(Debug)]
pub(crate) struct IsnGenerator {
    sequence: Key,
    timestamp: Key,
}

impl IsnGenerator {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self {
            sequence: Key::derive(secret, Purpose::SequenceNumbers),
            timestamp: Key::derive(secret, Purpose::TimestampOffsets),
        }
    }

    /// ISN = M + F(pair, secret): it moves on with the clock for each pair of ends (MUST-8), and tells
    /// nothing about any other pair (SHLD-1).
    pub(crate) fn initial_sequence(&self, local: SocketAddr, remote: SocketAddr, now: Instant) -> SeqNumber {
        let clock = (now.as_micros() / TICK_MICROS) as u32;
        SeqNumber::new(clock) + self.sequence.hash_pair(local, remote) as u32
    }

    /// Constant for a pair of ends, so that its timestamps never run backwards across connections.
    pub(crate) fn timestamp_offset(&self, local: SocketAddr, remote: SocketAddr) -> u32 {
        self.timestamp.hash_pair(local, remote) as u32
    }
}

#[cfg(test)]
mod tests;
