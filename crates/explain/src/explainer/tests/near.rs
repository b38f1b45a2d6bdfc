//! Seen next to an end, where answers follow at once.

use std::time::Duration;

use synfin_ladder::Seen;
use synfin_wire::Timestamps;

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

/// Its gap is old, however many packets have come since.
#[test]
fn what_fills_a_gap_after_a_round_trip_was_lost_not_overtaken() {
    for (filled_at, lost, overtaken) in [(230, 1, 0), (206, 1, 0), (112, 0, 1)] {
        let mut packets = opened_afar();
        let text = |millis, seq| says(millis, 1000, 0, ACK, (seq, 501), 100);
        packets.extend((0..100).map(|index| {
            let mut packet = text(110, 201 + 100 * index);
            packet.at = Instant::from_millis(110) + Duration::from_millis(u64::from(index));
            packet.frame = 111 + u64::from(index);
            packet
        }));
        packets.extend([290, 291, 292].map(|frame| {
            let reported = with_sack(says(205, 1000, 1, ACK, (501, 101), 0), 201, 9601);
            Packet { frame, ..reported }
        }));
        packets.retain(|packet| packet.at < Instant::from_millis(filled_at));
        packets.push(Packet { frame: 300, ..text(filled_at, 101) });
        let connection = told(&packets);
        let count = |kind| found(&connection, kind).map_or(0, |finding| finding.frames.len());
        assert_eq!(
            (count(FindingKind::Loss) + count(FindingKind::Timeout), count(FindingKind::Reordering)),
            (lost, overtaken)
        );
    }
}

/// Open, the server next to where it is seen, and the client 100 ms away.
fn opened_afar() -> Vec<Packet<'static>> {
    let mut packets = vec![
        says(0, 1000, 0, Flags::SYN, (0, 0), 0),
        later(says(0, 1000, 1, Flags::SYN | ACK, (500, 1), 0), 20),
        says(100, 1000, 0, ACK, (1, 501), 0),
        says(101, 1000, 0, ACK, (1, 501), 100),
    ];
    packets[1].frame = 1000;
    for packet in &mut packets[..2] {
        packet.header.options.mss = Some(1460);
        packet.header.options.sack_permitted = true;
    }
    packets
}

/// Two small segments, of which the second waited for the delayed acknowledgment of the first: it comes a round trip
/// after that.
#[test]
fn nagle_is_seen_from_the_end_that_delays_its_acknowledgment_too() {
    let mut packets = opened_afar();
    packets.extend([
        later(says(101, 1000, 1, ACK, (501, 101), 0), 20),
        says(300, 1000, 0, ACK, (101, 501), 10),
        says(340, 1000, 1, ACK, (501, 111), 0),
        says(440, 1000, 0, ACK, (111, 501), 10),
    ]);
    packets[4].frame = 1001;
    let nagle = told(&packets);
    assert!(found(&nagle, FindingKind::NagleDelay).is_some());
    packets.last_mut().expect("there is one").at = Instant::from_millis(700);
    assert!(found(&told(&packets), FindingKind::NagleDelay).is_none());
}

#[test]
fn it_is_told_for_how_long_a_window_was_closed() {
    let window = |millis, window| {
        let mut packet = says(millis, 1000, 1, ACK, (501, 1001), 0);
        packet.header.window = window;
        packet
    };
    let mut packets = next_to_it(true);
    packets.extend([window(50, 0), window(400, 0), window(1250, 1000), window(9000, 1000)]);
    let closed = told(&packets);
    let closed = found(&closed, FindingKind::ZeroWindow).expect("it is told");
    assert!(closed.evidence.iter().any(|evidence| evidence.name == "ms" && evidence.value == 1200.0));
}

/// RFC 6298 section 2.1: nobody expects an answer sooner than that.
#[test]
fn an_opening_that_the_capture_cuts_off_was_not_refused() {
    let syn = says(0, 1000, 0, Flags::SYN, (0, 0), 0);
    let answer = says(20, 1000, 1, Flags::SYN | ACK, (500, 1), 0);
    for packets in [vec![syn.clone()], vec![syn, answer]] {
        let told_at = |millis| {
            let mut explainer = Explainer::new(Detail::All);
            packets.iter().for_each(|packet| explainer.observe(packet));
            explainer.observe(&says(millis, 1001, 0, Flags::SYN, (0, 0), 0));
            explainer.finish().remove(0)
        };
        let fails = |connection: Connection| {
            [FindingKind::NoAnswer, FindingKind::HandshakeUnfinished]
                .iter()
                .any(|kind| found(&connection, *kind).is_some())
        };
        assert!(!fails(told_at(500)));
        assert!(fails(told_at(1500)));
    }
}

/// The client was open all the while: only the server had to wait.
#[test]
fn an_ack_that_is_lost_makes_no_handshake_long() {
    for (syn_at, took) in [(1000, Some(1021)), (0, None)] {
        let mut packets = vec![says(0, 1000, 0, Flags::SYN, (0, 0), 0)];
        packets.extend((syn_at > 0).then(|| says(syn_at, 1000, 0, Flags::SYN, (0, 0), 0)));
        packets.extend([
            says(syn_at + 20, 1000, 1, Flags::SYN | ACK, (500, 1), 0),
            says(syn_at + 21, 1000, 0, ACK, (1, 501), 0),
        ]);
        if syn_at == 0 {
            packets.extend([
                says(1020, 1000, 1, Flags::SYN | ACK, (500, 1), 0),
                says(1021, 1000, 0, ACK, (1, 501), 0),
            ]);
        }
        let connection = told(&packets);
        let slow = found(&connection, FindingKind::SlowHandshake).expect("it is told");
        let ms = slow.evidence.iter().find(|evidence| evidence.name == "ms");
        let ms = ms.map(|ms| ms.value.round() as u64);
        assert_eq!(ms, took);
    }
}

/// The acknowledgment of one segment is delayed, and the next one goes before it has come.
#[test]
fn a_probe_with_new_data_is_no_loss() {
    let mut packets = opened();
    packets[2] = later(says(20, 1000, 0, ACK, (1, 501), 0), 20);
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 100),
        says(50, 1000, 1, ACK, (501, 101), 0),
        says(60, 1000, 0, ACK, (101, 501), 100),
        says(100, 1000, 0, ACK, (201, 501), 1460),
        says(101, 1000, 1, ACK, (501, 201), 0),
        says(120, 1000, 1, ACK, (501, 1661), 0),
    ]);
    let connection = told(&packets);
    assert_eq!(step(&connection, 100).reason, SendReason::TailLossProbe.into());
    assert!(found(&connection, FindingKind::Loss).is_none());
}

/// One is overtaken by far, and goes again before it comes. The peer reports nothing of that, but echoes (RFC 3522).
#[test]
fn what_answers_the_first_of_two_copies_shows_that_the_second_was_for_nothing() {
    for (echo, lost, in_vain) in [(40, None, Some(62)), (62, Some(62), None)] {
        let stamped = |millis: u64, from, seqs, len, echo| {
            let mut packet = says(millis, 1000, from, ACK, seqs, len);
            packet.header.options.timestamps = Some(Timestamps { value: millis as u32, echo });
            packet
        };
        let mut packets = opened();
        packets.extend((0..5).map(|index| stamped(40 + index, 0, (1 + 1000 * index as u32, 501), 1000, 0)));
        packets.extend((0..4).map(|index| stamped(55 + index, 1, (501, 1), 0, 20)));
        packets.extend([stamped(61, 0, (1, 501), 1000, 0), stamped(70, 1, (501, 5001), 0, echo)]);
        let connection = told(&packets);
        let frames = |kind| found(&connection, kind).map(|finding| finding.frames[0]);
        assert_eq!((frames(FindingKind::Loss), frames(FindingKind::Spurious)), (lost, in_vain));
        let is_lost = connection.steps.iter().any(|step| step.fate == synfin_ladder::Fate::Lost);
        assert_eq!(is_lost, lost.is_some());
    }
}

#[test]
fn a_report_that_is_cut_off_shows_a_loss_all_the_same() {
    let mut packets = opened();
    packets[2] = later(says(20, 1000, 0, ACK, (1, 501), 0), 20);
    packets.extend((0..4).map(|index| says(30 + index, 1000, 0, ACK, (1 + 1000 * index as u32, 501), 1000)));
    packets.push(Packet { ranges_cut: 1, ..says(51, 1000, 1, ACK, (501, 1), 0) });
    packets.extend([says(52, 1000, 0, ACK, (1, 501), 1000), says(72, 1000, 1, ACK, (501, 4001), 0)]);
    let connection = told(&packets);
    assert_eq!(step(&connection, 52).reason, SendReason::RackRetransmit.into());
    assert_eq!(found(&connection, FindingKind::Loss).expect("it is told").frames, [53]);
}

/// Seen from the receiver: what was overtaken by more than a round trip comes behind what went again for it.
#[test]
fn what_comes_behind_its_retransmission_was_late_and_not_lost() {
    let stamped = |millis: u64, seq, value| {
        let mut packet = says(millis, 1000, 0, ACK, (seq, 501), 1000);
        packet.header.options.timestamps = Some(Timestamps { value, echo: 1 });
        packet
    };
    for (first, late) in [(30, true), (60, false)] {
        let mut packets = next_to_it(true);
        packets.extend([
            stamped(40, 2001, 31),
            later(with_sack(says(40, 1000, 1, ACK, (501, 1001), 0), 2001, 3001), 20),
            stamped(61, 1001, 52),
            later(says(61, 1000, 1, ACK, (501, 3001), 0), 20),
            stamped(66, 1001, first),
            later(with_sack(says(66, 1000, 1, ACK, (501, 3001), 0), 1001, 2001), 20),
        ]);
        for (frame, packet) in (1..).zip(&mut packets) {
            packet.frame = frame;
        }
        let connection = told(&packets);
        let frames = |kind| found(&connection, kind).map(|finding| finding.frames.clone());
        assert_eq!(frames(FindingKind::Spurious), Some(vec![if late { 8 } else { 10 }]));
        assert_eq!(frames(FindingKind::Reordering), late.then(|| vec![10]));
        assert_eq!(frames(FindingKind::Loss), (!late).then(|| vec![8]));
        assert_eq!(at(&connection, 10) == Seen::Reordered.into(), late);
    }
}

/// It fills the gap later than a retransmission could, and has the time at which it was sent first.
#[test]
fn what_was_overtaken_by_far_was_not_sent_again() {
    for (value, overtaken) in [(38, true), (90, false)] {
        let mut packets = opened_afar();
        let stamped = |millis, seq, value| {
            let mut packet = says(millis, 1000, 0, ACK, (seq, 501), 100);
            packet.header.options.timestamps = Some(Timestamps { value, echo: 1 });
            packet
        };
        packets.extend([stamped(110, 201, 40), stamped(260, 101, value)]);
        let connection = told(&packets);
        assert_eq!(step(&connection, 260).reason == Seen::Reordered.into(), overtaken);
        assert_eq!(found(&connection, FindingKind::Reordering).is_some(), overtaken);
    }
}

/// Where one direction is seen, what fills a gap soon after it was seen has a time that tells whether it was sent again.
#[test]
fn what_has_a_newer_time_than_all_before_was_sent_again() {
    for (value, overtaken) in [(11, false), (10, true)] {
        let stamped = |millis, seq, value| {
            let mut packet = says(millis, 1000, 0, ACK, (seq, 501), 100);
            packet.header.options.timestamps = Some(Timestamps { value, echo: 1 });
            packet
        };
        let connection = told(&[stamped(10, 1, 10), stamped(11, 201, 10), stamped(12, 101, value)]);
        assert_eq!(step(&connection, 12).reason == Seen::Reordered.into(), overtaken);
    }
}

#[test]
fn an_rst_alone_with_the_number_zero_refuses_a_syn_that_was_not_captured() {
    for (seq, kind) in [(0, FindingKind::Refused), (7, FindingKind::Reset)] {
        let connection = told(&[says(10, 1000, 1, Flags::RST | ACK, (seq, 1), 0)]);
        assert!(found(&connection, kind).is_some());
    }
}

/// Its sender echoes what it had heard: of a gap that was told a moment ago it knows nothing (RFC 7323 section 4.3).
#[test]
fn who_has_not_heard_of_a_gap_does_not_fill_it() {
    let stamped = |mut packet: Packet<'static>, value, echo| {
        packet.header.options.timestamps = Some(synfin_wire::Timestamps { value, echo });
        packet
    };
    for (echo, is_overtaken) in [(7, true), (9, false)] {
        let mut packets = opened();
        packets.extend([
            stamped(says(30, 1000, 1, ACK, (501, 1), 1000), 100, 7),
            stamped(says(31, 1000, 1, ACK, (2501, 1), 1000), 100, 7),
            stamped(says(32, 1000, 0, ACK, (1, 1501), 0), 8, 100),
            stamped(says(33, 1000, 1, ACK, (3501, 1), 1000), 100, 7),
            stamped(says(34, 1000, 0, ACK, (1, 1501), 0), 9, 100),
            stamped(says(35, 1000, 1, ACK, (4501, 1), 1000), 100, 7),
            stamped(says(36, 1000, 0, ACK, (1, 1501), 0), 9, 100),
            stamped(says(37, 1000, 1, ACK, (5501, 1), 1000), 100, 7),
            stamped(says(38, 1000, 0, ACK, (1, 1501), 0), 9, 100),
            stamped(says(52, 1000, 1, ACK, (1501, 1), 1000), 100, echo),
        ]);
        let connection = told(&packets);
        assert_eq!(step(&connection, 52).reason == synfin_ladder::Seen::Reordered.into(), is_overtaken);
        assert_eq!(found(&connection, FindingKind::Loss).is_none(), is_overtaken);
    }
}

/// Of one direction nothing tells whether what comes late went again.
#[test]
fn what_is_overtaken_does_not_stall() {
    let mut packets = opened();
    packets.retain(|packet| packet.source.port() == 80);
    packets.extend([
        says(30, 1000, 1, ACK, (501, 1), 1000),
        says(31, 1000, 1, ACK, (4501, 1), 1000),
        says(33, 1000, 1, ACK, (1501, 1), 1000),
        says(34, 1000, 1, ACK, (2501, 1), 1000),
        says(35, 1000, 1, ACK, (3501, 1), 1000),
    ]);
    assert!(found(&told(&packets), FindingKind::Stalled).is_none());
}

/// The client is there, and says so, and still waits for what goes again and again.
#[test]
fn a_peer_who_speaks_while_long_segments_are_missing_shows_a_black_hole() {
    for (len, is_hole) in [(1448, true), (100, false)] {
        let mut packets = opened();
        packets.extend([30, 330, 930, 2130, 4530].map(|millis| says(millis, 1000, 1, ACK, (501, 1), len)));
        packets.push(says(5000, 1000, 0, Flags::FIN | ACK, (1, 501), 0));
        assert_eq!(found(&told(&packets), FindingKind::BlackHole).is_some(), is_hole);
        packets.truncate(6);
        assert!(found(&told(&packets), FindingKind::BlackHole).is_none(), "the path may have broken");
    }
}
