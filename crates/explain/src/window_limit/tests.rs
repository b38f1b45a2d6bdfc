//! Text that fills windows, and text that does not.

use std::net::SocketAddr;

use synfin_wire::Flags;

use super::*;
use crate::testing::packet;

const TRIP: u64 = 100;
const FULL: u32 = 1000;
const SHIFT: u8 = 7;

fn says(millis: u64, from: Side, (seq, ack): (u32, u32), len: u32, window: u16) -> Packet<'static> {
    let ends = [1000, 80].map(|port| SocketAddr::from(([10, 0, 0, 1], port)));
    let ends = [ends[from.index()], ends[from.other().index()]];
    let mut packet = packet(millis, ends, Flags::ACK, (seq, ack), len);
    packet.header.window = window;
    packet
}

/// In each round the receiver, left, says its window, and text of so many octets comes a round trip later. Which rounds
/// were seen to fill it, and whether it is heeded as if it was not scaled.
fn rounds(window: u16, len: u32) -> (Vec<u64>, bool) {
    let mut limits = WindowLimits::default();
    let trip = Duration::from_millis(TRIP);
    let mut limited = Vec::new();
    let mut next = 1;
    for round in 0..8 {
        let millis = round * (TRIP + 1);
        limits.observe(
            Side::Left,
            &says(millis, Side::Left, (1, next), 0, window),
            Some(SHIFT),
            Duration::ZERO,
            FULL,
        );
        let mut rest = len;
        while rest > 0 {
            let part = rest.min(FULL);
            let packet = says(millis + TRIP, Side::Right, (next, 1), part, 500);
            if limits.observe(Side::Right, &packet, Some(0), trip, FULL) {
                limited.push(round);
            }
            (next, rest) = (next + part, rest - part);
        }
    }
    (limited, limits.misread(Side::Right).is_some())
}

#[test]
fn windows_that_are_filled_are_known_from_the_third_on() {
    let window = 100;
    assert_eq!(rounds(window, u32::from(window) << SHIFT), (vec![2, 3, 4, 5, 6, 7], false));
}

#[test]
fn what_leaves_room_for_a_segment_is_not_limited() {
    let window = 100;
    assert_eq!(rounds(window, (u32::from(window) << SHIFT) - FULL), (vec![], false));
}

#[test]
fn windows_that_are_filled_without_their_scale() {
    assert_eq!(rounds(300, 300), (vec![], true));
    assert_eq!(rounds(300, 299), (vec![], false), "small messages may be of any length");
}

#[test]
fn who_goes_beyond_the_header_heeds_the_scale() {
    let mut limits = WindowLimits::default();
    let mut next = 1;
    for round in 0..8 {
        let ack = says(10 * round, Side::Left, (1, next), 0, 300);
        limits.observe(Side::Left, &ack, Some(SHIFT), Duration::ZERO, FULL);
        let len = if round == 5 { 301 } else { 300 };
        let text = says(10 * round + 1, Side::Right, (next, 1), len, 500);
        limits.observe(Side::Right, &text, Some(0), Duration::ZERO, FULL);
        next += len;
    }
    assert_eq!(limits.misread(Side::Right), None);
}
