//! What timestamps measure at the receiver's end.

use std::net::SocketAddr;

use synfin_wire::{Flags, Timestamps};

use super::*;
use crate::testing::packet;

const TRIP: u64 = 10;

fn says(millis: u64, from: Side, (value, echo): (u64, u64), len: u32) -> Packet<'static> {
    let ends = [1000, 80].map(|port| SocketAddr::from(([10, 0, 0, 1], port)));
    let ends = [ends[from.index()], ends[from.other().index()]];
    let mut packet = packet(millis, ends, Flags::ACK, (1, 1), len);
    packet.header.options.timestamps = Some(Timestamps { value: value as u32, echo: echo as u32 });
    packet
}

/// Text comes every `pause`, and echoes what was acknowledged `trip` before; what is told of a queue.
fn downloads(trip: u64, pause: u64, count: u64) -> Option<u64> {
    let mut stamps = Stamps::default();
    for index in 1..=count {
        let millis = index * pause;
        let text = says(millis, Side::Right, (millis, millis.saturating_sub(trip)), 1000);
        stamps.observe(Side::Right, &text, true);
        stamps.observe(Side::Left, &says(millis, Side::Left, (millis, millis), 0), true);
    }
    stamps.queued(Side::Right, Duration::from_millis(TRIP)).map(|queued| queued.as_millis() as u64)
}

#[test]
fn text_that_waits_in_a_queue_echoes_what_is_long_gone() {
    assert_eq!(downloads(200, 2, 200), Some(200));
}

#[test]
fn a_way_without_a_queue_takes_what_it_takes() {
    assert_eq!(downloads(TRIP, 2, 200), None);
}

#[test]
fn what_comes_after_a_pause_has_waited_in_no_queue() {
    assert_eq!(downloads(200, 100, 200), None);
}
