//! Round trips that timestamps measure (RFC 7323 section 4): text echoes what brought it about. So a queue shows at its
//! receiver's end, too, where acknowledgments take no time.

use std::collections::VecDeque;
use std::time::Duration;

use synfin_ladder::Side;
use synfin_wire::Instant;

use crate::packet::Packet;
use crate::round_trips::RoundTrips;

/// So many timestamps are remembered: as many as are on the way there and back at most.
const MOST: usize = 256;
/// Whoever has sent less text makes no queue, and nothing is remembered for him; octets.
const MUCH: u64 = 10_000;
/// Text that comes after a pause was not waited for in a queue: it goes on within this part of a round trip.
const GOES_ON: u32 = 4;

/// What timestamps tell, by the side of the text that echoes them.
#[derive(Debug, Default)]
pub(crate) struct Stamps([Echoes; 2]);

#[derive(Debug, Default)]
struct Echoes {
    /// What the other side has sent: each timestamp, when it was seen first, and how much text had come by then.
    sent: VecDeque<(u32, Instant, u64)>,
    /// The newest that was echoed.
    newest: Option<u32>,
    octets: u64,
    text_at: Option<Instant>,
    trips: RoundTrips,
}

impl Stamps {
    /// Follows a packet; whether it has numbers that were not sent before.
    pub(crate) fn observe(&mut self, from: Side, packet: &Packet<'_>, is_new: bool) {
        let Some(stamps) = packet.header.options.timestamps.filter(|_| !packet.header.flags.rst()) else {
            return;
        };
        self.0[from.index()].echoes(stamps.echo, packet, is_new);
        self.0[from.other().index()].is_sent(stamps.value, packet.at);
    }

    /// How long round trips of a side's text took under load, where that is far longer than `least`, the shortest there is.
    pub(crate) fn queued(&self, side: Side, least: Duration) -> Option<Duration> {
        self.0[side.index()].trips.queued_beside(least)
    }
}

impl Echoes {
    fn is_sent(&mut self, value: u32, at: Instant) {
        if self.octets < MUCH || self.sent.back().is_some_and(|(known, ..)| *known == value) {
            return;
        }
        if self.sent.len() == MOST {
            self.sent.pop_front();
        }
        self.sent.push_back((value, at, self.octets));
    }

    fn echoes(&mut self, echo: u32, packet: &Packet<'_>, is_new: bool) {
        if packet.len == 0 || !is_new {
            return;
        }
        self.octets += u64::from(packet.len);
        let before = self.text_at.replace(packet.at);
        if self.newest == Some(echo) {
            return;
        }
        self.newest = Some(echo);
        let Some(place) = self.sent.iter().position(|(value, ..)| *value == echo) else { return };
        let (_, at, had) = self.sent[place];
        self.sent.drain(..=place);
        let trip = packet.at - at;
        let goes_on = before.is_some_and(|before| (packet.at - before) * GOES_ON < trip);
        // What came since then was on the way at once.
        let on_the_way = if goes_on { u32::try_from(self.octets - had).unwrap_or(u32::MAX) } else { 0 };
        self.trips.add(trip, on_the_way);
    }
}

#[cfg(test)]
mod tests;
