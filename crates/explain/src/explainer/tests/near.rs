//! Seen next to an end, where answers follow at once.

use std::time::Duration;

use synfin_ladder::Seen;

use super::afar::{opened, step, told, with_sack};
use super::*;

const ACK: Flags = Flags::ACK;

/// A packet some microseconds after its millisecond.
fn later(mut packet: Packet<'static>, micros: u64) -> Packet<'static> {
    packet.at += Duration::from_micros(micros);
    packet
}

/// Open, with the server next to where it is seen.
fn next_to_it(sack: bool) -> Vec<Packet<'static>> {
    let mut packets = vec![
        says(0, 1000, 0, Flags::SYN, (0, 0), 0),
        later(says(0, 1000, 1, Flags::SYN | ACK, (500, 1), 0), 20),
        says(1, 1000, 0, ACK, (1, 501), 0),
        says(2, 1000, 0, ACK, (1, 501), 1000),
        later(says(2, 1000, 1, ACK, (501, 1001), 0), 20),
    ];
    packets[1].frame = 1000;
    packets[4].frame = 1001;
    for packet in &mut packets[..2] {
        packet.header.options.mss = Some(1460);
        packet.header.options.sack_permitted = sack;
    }
    packets
}

fn at(connection: &Connection, frame: u64) -> Reason {
    connection.steps.iter().find(|step| step.frame == frame).expect("it is there").reason
}

/// A firewall behind the point of capture drops one of them.
#[test]
fn what_is_seen_to_go_need_not_have_come() {
    for sack in [false, true] {
        let ranged = |packet, end| if sack { with_sack(packet, 2001, end) } else { packet };
        let mut packets = next_to_it(sack);
        packets.extend([
            says(10, 1000, 0, ACK, (1001, 501), 1000),
            says(11, 1000, 0, ACK, (2001, 501), 1000),
            ranged(says(12, 1000, 1, ACK, (501, 1001), 0), 3001),
            says(13, 1000, 0, ACK, (3001, 501), 1000),
            ranged(says(14, 1000, 1, ACK, (501, 1001), 0), 4001),
            says(15, 1000, 0, ACK, (1001, 501), 1000),
            says(16, 1000, 1, ACK, (501, 4001), 0),
        ]);
        for (packet, after) in [(7, 11), (9, 13), (11, 15)] {
            packets[packet].at = Instant::from_millis(after) + Duration::from_micros(20);
        }
        let connection = told(&packets);
        assert_eq!(at(&connection, 13), SendReason::OutOfOrderAck.into());
        assert_eq!(at(&connection, 15), SendReason::OutOfOrderAck.into());
        assert_eq!(at(&connection, 17), SendReason::GapFilledAck.into());
        assert_eq!(step(&connection, 16).because, Some(16));
    }
}

#[test]
fn what_comes_at_the_second_attempt_was_not_outside_the_window() {
    let mut packets = next_to_it(true);
    packets.extend([
        says(10, 1000, 0, ACK, (1001, 501), 500),
        says(230, 1000, 0, ACK, (1001, 501), 500),
        later(says(230, 1000, 1, ACK, (501, 1501), 0), 20),
    ]);
    packets[7].frame = 1002;
    let connection = told(&packets);
    assert_eq!(at(&connection, 1002), Seen::Ack.into());
}

/// Both timers run for a second: the SYN that goes again is answered, and the SYN-ACK goes again by itself.
#[test]
fn two_syn_acks_upon_a_syn_that_went_again_were_not_captured_twice() {
    let mut packets = vec![
        says(0, 1000, 0, Flags::SYN, (0, 0), 0),
        later(says(0, 1000, 1, Flags::SYN | ACK, (500, 1), 0), 20),
        says(1000, 1000, 0, Flags::SYN, (0, 0), 0),
        later(says(1000, 1000, 1, Flags::SYN | ACK, (500, 1), 0), 20),
        later(says(1000, 1000, 0, ACK, (1, 501), 0), 30),
        later(says(1000, 1000, 1, Flags::SYN | ACK, (500, 1), 0), 50),
    ];
    for (frame, packet) in (1..).zip(&mut packets) {
        packet.frame = frame;
    }
    let connection = told(&packets);
    assert_eq!(at(&connection, 6), SendReason::SynAckRepeat.into());
    assert!(found(&connection, FindingKind::Mirrored).is_none());
}

#[test]
fn what_was_not_acknowledged_was_not_answered_slowly() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 100),
        says(300, 1000, 0, ACK, (1, 501), 100),
        says(9000, 1000, 1, ACK, (501, 1), 10),
    ]);
    assert!(found(&told(&packets), FindingKind::SlowApplication).is_none());
}

#[test]
fn a_handshake_that_never_was_took_no_time() {
    let syns = [0, 1000, 3000].map(|millis| says(millis, 1000, 0, Flags::SYN, (0, 0), 0));
    let connection = told(&syns);
    assert!(found(&connection, FindingKind::NoAnswer).is_some());
    assert!(found(&connection, FindingKind::SlowHandshake).is_none());
}

#[test]
fn both_open_at_once_though_their_first_syns_are_lost() {
    let syn = Flags::SYN;
    let packets = [
        says(0, 1000, 0, syn, (0, 0), 0),
        says(1, 1000, 1, syn, (500, 0), 0),
        says(1000, 1000, 0, syn, (0, 0), 0),
        says(1001, 1000, 1, syn, (500, 0), 0),
        says(1002, 1000, 0, syn | ACK, (0, 501), 0),
        says(1003, 1000, 1, syn | ACK, (500, 1), 0),
        with_sack(says(1004, 1000, 0, ACK, (1, 501), 0), 500, 501),
        with_sack(says(1005, 1000, 1, ACK, (501, 1), 0), 0, 1),
    ];
    let connection = told(&packets);
    for millis in [1002, 1003] {
        assert_eq!(step(&connection, millis).reason, SendReason::SimultaneousOpen.into());
    }
    assert!(found(&connection, FindingKind::SimultaneousOpen).is_some());
    assert!(found(&connection, FindingKind::Spurious).is_none());
}
