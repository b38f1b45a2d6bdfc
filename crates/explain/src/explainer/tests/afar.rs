//! Seen from an end, or between the two: acknowledgments come a round trip later than what they answer.

use synfin_ladder::{Fate, Seen, Step};
use synfin_wire::tcp::SackRange;

use super::*;

const ACK: Flags = Flags::ACK;

pub(super) fn told(packets: &[Packet<'_>]) -> Connection {
    let mut explainer = Explainer::new(Detail::All);
    packets.iter().for_each(|packet| explainer.observe(packet));
    only(explainer)
}

/// Open since 21 ms, with a round trip of 20 ms.
pub(super) fn opened() -> Vec<Packet<'static>> {
    let mut packets = vec![
        says(0, 1000, 0, Flags::SYN, (0, 0), 0),
        says(20, 1000, 1, Flags::SYN | ACK, (500, 1), 0),
        says(21, 1000, 0, ACK, (1, 501), 0),
    ];
    for packet in &mut packets[..2] {
        packet.header.options.mss = Some(1460);
        packet.header.options.sack_permitted = true;
    }
    packets
}

pub(super) fn with_sack(mut packet: Packet<'static>, start: u32, end: u32) -> Packet<'static> {
    let [start, end] = [start, end].map(SeqNumber::new);
    packet.header.options.sack.push(SackRange { start, end });
    packet
}

pub(super) fn step(connection: &Connection, millis: u64) -> &Step {
    connection.steps.iter().find(|step| step.frame == millis + 1).expect("it is there")
}

fn reason(connection: &Connection, millis: u64) -> Reason {
    step(connection, millis).reason
}

#[test]
fn what_takes_a_round_trip_was_not_delayed() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 100),
        says(50, 1000, 1, ACK, (501, 101), 0),
        says(60, 1000, 0, ACK, (101, 501), 100),
        says(120, 1000, 1, ACK, (501, 201), 0),
        says(130, 1000, 0, ACK, (201, 501), 1460),
        says(131, 1000, 0, ACK, (1661, 501), 1460),
        says(151, 1000, 1, ACK, (501, 3121), 0),
        says(160, 1000, 0, ACK, (3121, 501), 1460),
        says(180, 1000, 1, ACK, (501, 4581), 0),
    ]);
    let connection = told(&packets);
    assert_eq!(reason(&connection, 50), SendReason::QuickAck.into());
    assert_eq!(reason(&connection, 120), SendReason::DelayedAck.into());
    assert_eq!(reason(&connection, 151), SendReason::SecondSegmentAck.into());
    assert_ne!(reason(&connection, 180), SendReason::SecondSegmentAck.into(), "one segment is not two");
    assert_eq!(step(&connection, 180).because, Some(161));
}

#[test]
fn a_queue_on_the_way_delays_no_acknowledgment() {
    let mut packets = opened();
    packets.extend((0..8).map(|index| says(30 + index, 1000, 0, ACK, (1 + 100 * index as u32, 501), 100)));
    packets
        .extend((0..7).map(|index| says(100 + 10 * index, 1000, 1, ACK, (501, 101 + 100 * index as u32), 0)));
    let connection = told(&packets);
    let delayed = connection.steps.iter().filter(|step| step.reason == SendReason::DelayedAck.into());
    assert_eq!(delayed.count(), 0);
}

#[test]
fn ranges_tell_what_a_repeated_acknowledgment_is_for() {
    let mut packets = opened();
    packets.extend((0..4).map(|index| says(30 + index, 1000, 0, ACK, (1 + 1000 * index as u32, 501), 1000)));
    packets.extend([
        with_sack(says(51, 1000, 1, ACK, (501, 1), 0), 1001, 2001),
        with_sack(says(52, 1000, 1, ACK, (501, 1), 0), 1001, 3001),
        says(60, 1000, 0, ACK, (1, 501), 1000),
        says(80, 1000, 1, ACK, (501, 4001), 0),
    ]);
    let connection = told(&packets);
    assert_eq!(reason(&connection, 51), SendReason::OutOfOrderAck.into());
    assert_eq!(step(&connection, 52).because, Some(33), "the newest that it tells of");
    assert_eq!(reason(&connection, 80), SendReason::GapFilledAck.into());
    assert_eq!(step(&connection, 80).because, Some(61));
}

#[test]
fn an_acknowledgment_of_what_is_not_there_is_not_called_delayed() {
    let connection = told(&[says(0, 1000, 0, ACK, (1, 501), 0)]);
    assert_eq!(reason(&connection, 0), Seen::Ack.into());
}

#[test]
fn a_fin_that_goes_again_is_no_keep_alive() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, Flags::FIN | ACK, (1, 501), 0),
        says(50, 1000, 1, Flags::FIN | ACK, (501, 2), 0),
        says(51, 1000, 0, ACK, (2, 502), 0),
        says(300, 1000, 1, Flags::FIN | ACK, (501, 2), 0),
        says(301, 1000, 0, ACK, (2, 502), 0),
    ]);
    let connection = told(&packets);
    assert_eq!(reason(&connection, 300), Seen::FinRetransmit.into());
    assert!(found(&connection, FindingKind::KeepAlive).is_none());
    assert_eq!(connection.verdict.kind, VerdictKind::Closed);
}

#[test]
fn one_octet_that_goes_again_asks_nobody_whether_he_is_there() {
    let mut packets = opened();
    packets.push(says(30, 1000, 0, ACK, (1, 501), 1));
    packets.extend([300, 700, 1500, 3100].map(|millis| says(millis, 1000, 0, ACK, (1, 501), 1)));
    packets.push(says(9000, 1000, 0, Flags::RST | ACK, (2, 501), 0));
    let connection = told(&packets);
    assert!(found(&connection, FindingKind::PeerGone).is_none());
    assert_eq!(connection.verdict.kind, VerdictKind::TimedOut);
}

#[test]
fn an_octet_knocks_at_a_closed_window_again_and_again() {
    let closed = |millis| {
        let mut packet = says(millis, 1000, 1, ACK, (501, 1001), 0);
        packet.header.window = 0;
        packet
    };
    let mut packets = opened();
    packets.extend([says(30, 1000, 0, ACK, (1, 501), 1000), closed(50)]);
    for millis in [300, 700, 1500, 3100, 6300] {
        packets.extend([says(millis, 1000, 0, ACK, (1001, 501), 1), closed(millis + 20)]);
    }
    let connection = told(&packets);
    for millis in [300, 700, 1500, 3100, 6300] {
        assert_eq!(reason(&connection, millis), SendReason::ZeroWindowProbe.into());
        assert_eq!(step(&connection, millis).fate, Fate::Unknown);
    }
    assert_eq!(connection.verdict.kind, VerdictKind::Open, "whoever answers is not given up");
    for kind in [FindingKind::Loss, FindingKind::Timeout] {
        assert!(found(&connection, kind).is_none(), "{kind:?}");
    }
}

#[test]
fn text_of_a_syn_that_was_left_out_goes_again_and_was_not_lost() {
    let packets = [
        says(0, 1000, 0, Flags::SYN, (0, 0), 100),
        says(20, 1000, 1, Flags::SYN | ACK, (500, 1), 0),
        says(21, 1000, 0, ACK, (1, 501), 100),
        says(41, 1000, 1, ACK, (501, 101), 0),
    ];
    let connection = told(&packets);
    assert_eq!(reason(&connection, 21), SendReason::SynTextRetransmit.into());
    assert!(found(&connection, FindingKind::Loss).is_none());
}

#[test]
fn what_turns_out_to_have_come_twice_was_not_lost() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 100),
        says(280, 1000, 0, ACK, (1, 501), 100),
        says(290, 1000, 1, ACK, (501, 101), 0),
        with_sack(says(540, 1000, 1, ACK, (501, 101), 0), 1, 101),
    ]);
    let connection = told(&packets);
    assert!(found(&connection, FindingKind::Loss).is_none());
    let spurious = found(&connection, FindingKind::Spurious).expect("it is told");
    assert_eq!(spurious.by, Some(Side::Left));
    assert!(connection.steps.iter().all(|step| step.fate != Fate::Lost));
}

/// Seen at the sender, what goes again is old to the capture and not to its receiver.
#[test]
fn what_fills_a_gap_asks_for_no_answer_of_its_own() {
    let mut packets = opened();
    packets.iter_mut().for_each(|packet| packet.header.options.sack_permitted = false);
    packets.extend((0..4).map(|index| says(30 + index, 1000, 0, ACK, (1 + 1000 * index as u32, 501), 1000)));
    packets.extend((0..3).map(|index| says(51 + index, 1000, 1, ACK, (501, 1), 0)));
    packets.extend([
        says(60, 1000, 0, ACK, (1, 501), 1000),
        says(61, 1000, 0, ACK, (4001, 501), 1000),
        says(81, 1000, 1, ACK, (501, 1001), 0),
        says(82, 1000, 1, ACK, (501, 1001), 0),
        says(83, 1000, 0, ACK, (1001, 501), 1000),
        says(103, 1000, 1, ACK, (501, 5001), 0),
    ]);
    let connection = told(&packets);
    assert_eq!(reason(&connection, 51), SendReason::OutOfOrderAck.into());
    assert_eq!(reason(&connection, 81), SendReason::GapFilledAck.into());
    assert_eq!(reason(&connection, 82), SendReason::OutOfOrderAck.into());
    assert_eq!(reason(&connection, 103), SendReason::GapFilledAck.into());
}

#[test]
fn what_was_sent_twice_measures_no_round_trip() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 100),
        says(280, 1000, 0, ACK, (1, 501), 100),
        says(300, 1000, 1, ACK, (501, 101), 0),
    ]);
    let [least, mean, most] = told(&packets).rtt.expect("the handshake measures one");
    assert_eq!([least, mean, most].map(|span| span.as_millis()), [21, 21, 21]);
}

/// A round trip takes longer than the first timer: the SYN-ACK echoes the first SYN (RFC 3522).
#[test]
fn a_syn_that_went_again_because_the_way_is_long_was_not_lost() {
    let syn = Flags::SYN;
    for (echo, is_long) in [(10, true), (1010, false)] {
        let stamped = |mut packet: Packet<'static>, value, echo| {
            packet.header.options.timestamps = Some(synfin_wire::Timestamps { value, echo });
            packet
        };
        let packets = [
            stamped(says(0, 1000, 0, syn, (0, 0), 0), 10, 0),
            stamped(says(1000, 1000, 0, syn, (0, 0), 0), 1010, 0),
            stamped(says(1400, 1000, 1, syn | ACK, (500, 1), 0), 7, echo),
            stamped(says(1401, 1000, 0, ACK, (1, 501), 0), 1411, 7),
        ];
        let connection = told(&packets);
        let frames = |kind| found(&connection, kind).map(|finding| finding.frames.clone());
        assert_eq!(frames(FindingKind::Spurious), is_long.then(|| vec![1001]));
        assert_eq!(frames(FindingKind::SlowHandshake), (!is_long).then(|| vec![1001]));
    }
}

/// The other SYN was doubled behind the point of capture.
#[test]
fn a_syn_ack_that_goes_again_at_once_answers_another_syn() {
    let syn = Flags::SYN;
    for (again, is_slow) in [(30, false), (1030, true)] {
        let connection = told(&[
            says(0, 1000, 0, syn, (0, 0), 0),
            says(20, 1000, 1, syn | ACK, (500, 1), 0),
            says(21, 1000, 0, ACK, (1, 501), 0),
            says(again, 1000, 1, syn | ACK, (500, 1), 0),
        ]);
        assert_eq!(found(&connection, FindingKind::SlowHandshake).is_some(), is_slow);
        assert_eq!(reason(&connection, again) == SendReason::SynAckRepeat.into(), !is_slow);
    }
}
