//! Segments that somebody has made up, or that the path or the capture has spoilt.

use synfin_ladder::{Fate, Seen};
use synfin_wire::{DropReason, Timestamps};

use super::afar::{opened, step, told, with_sack};
use super::*;
use crate::packet::Print;

const ACK: Flags = Flags::ACK;
const RST: Flags = Flags::RST;

/// A request and its answer, both acknowledged.
fn talked() -> Vec<Packet<'static>> {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 100),
        says(50, 1000, 1, ACK, (501, 101), 200),
        says(51, 1000, 0, ACK, (101, 701), 0),
    ]);
    packets
}

#[test]
fn a_syn_elsewhere_opens_another_connection() {
    let mut explainer = Explainer::new(Detail::All);
    talked().iter().for_each(|packet| explainer.observe(packet));
    explainer.observe(&says(100, 1000, 0, Flags::SYN, (0x7000_0000, 0), 0));
    assert_eq!(explainer.finish().len(), 2);
}

#[test]
fn what_lies_far_beyond_the_window_was_not_sent_by_its_sender() {
    let mut packets = talked();
    packets.extend([
        says(100, 1000, 0, ACK, (5_000_000, 701), 100),
        says(120, 1000, 1, ACK, (701, 101), 0),
        says(200, 1000, 0, ACK, (101, 701), 100),
        says(220, 1000, 1, ACK, (701, 201), 0),
    ]);
    let connection = told(&packets);
    assert_eq!(step(&connection, 100).fate, Fate::Dropped(DropReason::OutsideWindow));
    assert_eq!(step(&connection, 120).reason, SendReason::UnacceptableAck.into());
    assert_eq!(step(&connection, 200).reason, SendReason::Data.into(), "it does not go again");
    assert_eq!(found(&connection, FindingKind::OutsideWindow).expect("it is told").frames, [101]);
}

/// The capture lacks a stretch: what comes behind it is acknowledged.
#[test]
fn what_is_acknowledged_was_in_the_window() {
    let mut packets = talked();
    packets.extend([
        says(100, 1000, 0, ACK, (5_000_000, 701), 100),
        says(120, 1000, 1, ACK, (701, 5_000_100), 0),
        says(130, 1000, 0, ACK, (5_000_100, 701), 100),
    ]);
    let connection = told(&packets);
    assert_eq!(step(&connection, 100).fate, Fate::Unknown);
    assert_eq!(step(&connection, 130).fate, Fate::Unknown);
    assert!(found(&connection, FindingKind::OutsideWindow).is_none());
}

/// Nothing of the other direction was captured but its SYN-ACK.
#[test]
fn where_acknowledgments_are_missing_what_goes_on_was_sent() {
    let mut packets = opened();
    packets.extend(
        (0..20).map(|index| says(30 + index, 1000, 0, ACK, (1 + 50_000 * index as u32, 501), 50_000)),
    );
    let connection = told(&packets);
    let dropped = connection.steps.iter().filter(|step| step.fate != Fate::Unknown).count();
    assert!(dropped <= 4, "{dropped}");
    assert_eq!(step(&connection, 49).fate, Fate::Unknown);
}

fn bearing(mut packet: Packet<'static>, front: u64, sum: u16) -> Packet<'static> {
    packet.print = Print { front: Some(front), sum: Some(sum) };
    packet
}

#[test]
fn text_that_contradicts_what_had_its_numbers_is_told() {
    for (again, front, sum, contradicts) in
        [(100, 1, 2, false), (100, 7, 2, true), (100, 1, 7, true), (60, 1, 7, false), (60, 7, 7, true)]
    {
        let mut packets = opened();
        packets.extend([
            bearing(says(30, 1000, 0, ACK, (1, 501), 100), 1, 2),
            bearing(says(31, 1000, 0, ACK, (101, 501), 100), 3, 4),
            bearing(says(300, 1000, 0, ACK, (1, 501), again), front, sum),
            says(320, 1000, 1, ACK, (501, 201), 0),
        ]);
        let connection = told(&packets);
        let told = found(&connection, FindingKind::ConflictingText).map(|finding| finding.frames.clone());
        assert_eq!(told, contradicts.then(|| vec![301]), "{again} octets, {front}, {sum}");
    }
}

/// A part of the first goes again, and then something in the second's place.
#[test]
fn text_is_compared_behind_a_part_that_went_again_as_well() {
    let mut packets = opened();
    packets.extend([
        bearing(says(30, 1000, 0, ACK, (1, 501), 100), 1, 2),
        bearing(says(31, 1000, 0, ACK, (101, 501), 100), 3, 4),
        bearing(says(300, 1000, 0, ACK, (1, 501), 60), 1, 5),
        bearing(says(301, 1000, 0, ACK, (101, 501), 100), 7, 4),
    ]);
    let finding = found(&told(&packets), FindingKind::ConflictingText).expect("it is told").frames.clone();
    assert_eq!(finding, [302]);
}

#[test]
fn what_is_refused_for_its_timestamp_was_not_lost() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 100),
        says(30, 1000, 1, ACK, (501, 101), 0),
        says(60, 1000, 0, ACK, (101, 501), 100),
        says(60, 1000, 1, ACK, (501, 101), 0),
        says(400, 1000, 0, ACK, (101, 501), 100),
        says(400, 1000, 1, ACK, (501, 201), 0),
    ]);
    for (index, packet) in packets.iter_mut().enumerate() {
        // Frames are in order; each answer follows within a moment.
        packet.frame = index as u64 + 1;
        packet.at += std::time::Duration::from_micros(10 * (index as u64 % 2));
        let value = if index == 5 { 50 } else { 1000 + index as u32 };
        packet.header.options.timestamps = Some(Timestamps { value, echo: 1 });
    }
    let connection = told(&packets);
    assert_eq!(connection.steps[5].fate, Fate::Dropped(DropReason::Paws));
    assert_eq!(found(&connection, FindingKind::Paws).expect("it is told").frames, [7]);
}

/// RFC 2923 section 2.1. The short end of the flight comes through, and nothing as long as the rest ever has.
#[test]
fn long_segments_that_never_come_through_are_in_a_black_hole() {
    let flight = |millis, len| says(millis, 1000, 0, ACK, (101, 701), len);
    for (short_comes, pieces, expected) in
        [(true, false, Some(1460.0)), (false, true, Some(1460.0)), (false, false, None)]
    {
        let mut packets = talked();
        packets.extend([flight(100, 1460), says(101, 1000, 0, ACK, (1561, 701), 100)]);
        if short_comes {
            packets.push(with_sack(says(120, 1000, 1, ACK, (701, 101), 0), 1561, 1661));
        }
        packets.extend([flight(400, 1460), flight(1000, 1460)]);
        if pieces {
            packets.extend([flight(2200, 1000), says(2220, 1000, 1, ACK, (701, 1101), 0)]);
            packets.extend([
                says(2230, 1000, 0, ACK, (1101, 701), 460),
                says(2250, 1000, 1, ACK, (701, 1661), 0),
            ]);
        } else {
            packets.push(flight(2200, 1460));
        }
        let connection = told(&packets);
        let told = found(&connection, FindingKind::BlackHole).map(|finding| finding.evidence[0].value);
        assert_eq!(told, expected, "short ones come: {short_comes}, in pieces: {pieces}");
    }
}

#[test]
fn a_lossy_path_is_no_black_hole() {
    let mut packets = talked();
    packets.extend([100, 400, 1000].map(|millis| says(millis, 1000, 0, ACK, (101, 701), 1460)));
    packets.push(says(1020, 1000, 1, ACK, (701, 1561), 0));
    assert!(found(&told(&packets), FindingKind::BlackHole).is_none());
}

/// What is as long as the one that is lost again and again comes through, or nobody says that anything does.
#[test]
fn a_lossy_path_is_no_black_hole_though_it_is_never_acknowledged() {
    let long = |millis, seq| says(millis, 1000, 0, ACK, (seq, 701), 1460);
    let mut reported = talked();
    reported.extend([long(100, 101), long(101, 1561)]);
    reported.push(with_sack(says(120, 1000, 1, ACK, (701, 101), 0), 1561, 3021));
    let mut opened_window = talked();
    opened_window.extend([long(100, 101), long(101, 1561), long(400, 101)]);
    let mut update = says(500, 1000, 1, ACK, (701, 101), 0);
    update.header.window = 9000;
    opened_window.push(update);
    for mut packets in [reported, opened_window] {
        packets.extend([600, 1000].map(|millis| long(millis, 101)));
        assert!(found(&told(&packets), FindingKind::BlackHole).is_none());
    }
}

/// RFC 2923 section 2.1. The whole flight is as long, so that nothing shorter can come; what went before did.
#[test]
fn long_segments_that_go_again_and_again_are_in_a_black_hole_though_nothing_shorter_follows() {
    let long = |millis, seq, len| says(millis, 1000, 0, ACK, (seq, 701), len);
    for (len, expected) in [(1460, Some(1460.0)), (400, None)] {
        let mut packets = talked();
        packets.extend([long(100, 101, len), long(101, 101 + len, len)]);
        packets.extend([400, 1000, 2200, 4600].map(|millis| long(millis, 101, len)));
        let told = told(&packets);
        let hole = found(&told, FindingKind::BlackHole).map(|finding| finding.evidence[0].value);
        assert_eq!(hole, expected, "every link takes what is shorter");
        assert!(found(&told, FindingKind::Stalled).is_some());
    }
}

/// RFC 4821 section 7.7: a sender that probes comes down to 1024 octets. At the receiver what is longer was never seen.
#[test]
fn a_gap_that_is_filled_in_pieces_after_a_long_time_tells_of_a_black_hole() {
    for (waited, before, expected) in [(3000, 100, true), (300, 100, false), (3000, 972, false)] {
        let mut packets = talked();
        packets.extend([
            says(60, 1000, 0, ACK, (101, 701), before),
            says(70, 1000, 1, ACK, (701, 101 + before), 0),
        ]);
        let seq = 101 + before;
        packets
            .extend([says(100, 1000, 0, ACK, (seq + 2920, 701), 50), says(101, 1000, 1, ACK, (701, seq), 0)]);
        let pieces = [(0, 972), (972, 972), (1944, 972), (2916, 4)];
        packets.extend(
            pieces.map(|(at, len)| says(100 + waited + u64::from(at), 1000, 0, ACK, (seq + at, 701), len)),
        );
        let connection = told(&packets);
        let hole = found(&connection, FindingKind::BlackHole);
        assert_eq!(hole.is_some(), expected, "{waited} ms, {before} octets before");
        assert!(hole.is_none_or(|hole| hole.by == Some(Side::Left) && hole.evidence[0].value == 972.0));
    }
}

/// The same where all that was sent was too long: there is no gap until it comes in pieces, whose ends show how long it was.
/// Messages of a program have no such ends, nor does a program pause among the pieces.
#[test]
fn pieces_that_end_where_full_segments_would_tell_of_a_black_hole() {
    let cases: [(u64, u64, &[u32], bool); 4] = [
        (4000, 0, &[800, 660, 800, 660], true),
        (4000, 0, &[1024, 436, 1024, 1024, 872], true),
        (100, 0, &[800, 660, 800, 660], false),
        (4000, 0, &[800, 700, 800, 700], false),
    ];
    let pausing = (4000, 1000, &[800, 660, 800, 660][..], false);
    for (waited, pause, pieces, expected) in cases.into_iter().chain([pausing]) {
        let mut packets = talked();
        packets.push(says(60, 1000, 1, ACK, (701, 101), 100));
        let (mut seq, mut millis) = (101, 60 + waited);
        for (index, len) in pieces.iter().enumerate() {
            packets.push(says(millis, 1000, 0, ACK, (seq, 801), *len));
            seq += len;
            millis += if index % 2 == 1 { pause.max(1) } else { 1 };
        }
        let connection = told(&packets);
        let hole = found(&connection, FindingKind::BlackHole);
        assert_eq!(hole.is_some(), expected, "{pieces:?} after {waited} ms");
        assert!(hole.is_none_or(|hole| hole.evidence[0].value == f64::from(pieces[0])));
    }
}

#[test]
fn a_server_whose_answer_was_too_long_was_not_slow() {
    for (rest, is_hole) in [(660, true), (700, false)] {
        let mut packets = talked();
        packets.push(says(60, 1000, 0, ACK, (101, 701), 100));
        let lens = [800, rest, 800, rest];
        let mut seq = 701;
        for (millis, len) in (4060..).zip(lens) {
            packets.push(says(millis, 1000, 1, ACK, (seq, 201), len));
            seq += len;
        }
        let connection = told(&packets);
        assert_eq!(found(&connection, FindingKind::BlackHole).is_some(), is_hole);
        assert_eq!(found(&connection, FindingKind::SlowApplication).is_some(), !is_hole);
    }
}

/// RFC 9293 section 3.5.1, Figure 9: the new SYN finds an older connection, which the RST ends.
#[test]
fn a_syn_that_finds_an_older_connection_tells_a_half_open_one() {
    let opens_again = |millis| {
        [
            says(millis, 1000, 0, Flags::SYN, (7000, 0), 0),
            says(millis + 20, 1000, 1, ACK, (701, 101), 0),
            says(millis + 21, 1000, 0, RST, (101, 0), 0),
            says(millis + 1000, 1000, 0, Flags::SYN, (7000, 0), 0),
            says(millis + 1020, 1000, 1, Flags::SYN | ACK, (9000, 7001), 0),
            says(millis + 1021, 1000, 0, ACK, (7001, 9001), 0),
        ]
    };
    let mut closed = talked();
    closed.extend([
        says(60, 1000, 1, Flags::FIN | ACK, (701, 101), 0),
        says(61, 1000, 0, Flags::FIN | ACK, (101, 702), 0),
        says(81, 1000, 1, ACK, (702, 102), 0),
    ]);
    for (before, is_half_open) in [(Vec::new(), true), (talked(), true), (closed, false)] {
        let mut explainer = Explainer::new(Detail::All);
        before.iter().chain(&opens_again(500)).for_each(|packet| explainer.observe(packet));
        let connection = explainer.finish().pop().expect("it is told");
        let half_open = found(&connection, FindingKind::HalfOpen);
        assert_eq!(half_open.is_some(), is_half_open, "{} packets before", before.len());
        if let Some(half_open) = half_open {
            assert_eq!((half_open.by, &half_open.frames[..]), (Some(Side::Left), &[521, 522][..]));
            assert!(found(&connection, FindingKind::SlowHandshake).is_none(), "no SYN was lost");
        }
        assert_eq!(connection.verdict.kind, VerdictKind::Open);
    }
}

/// RFC 9293 section 3.5.1: it answers with what the segment acknowledged.
#[test]
fn an_rst_from_where_there_is_no_such_connection_tells_a_half_open_one() {
    let mut packets = talked();
    packets.extend([says(5000, 1000, 0, ACK, (101, 701), 100), says(5020, 1000, 1, RST, (701, 0), 0)]);
    let connection = told(&packets);
    assert!(found(&connection, FindingKind::HalfOpen).is_some());
    assert!(found(&connection, FindingKind::Reset).is_none());
}

#[test]
fn an_rst_that_answers_nothing_is_an_abort() {
    let mut packets = opened();
    packets.push(says(22, 1000, 0, RST, (1, 0), 0));
    let connection = told(&packets);
    assert_eq!(step(&connection, 22).reason, SendReason::ResetAbort.into());
    assert!(found(&connection, FindingKind::HalfOpen).is_none());
}

/// Somebody has sent a SYN in its name.
#[test]
fn an_rst_that_answers_a_syn_ack_keeps_it_from_opening() {
    let connection =
        told(&[says(0, 1000, 1, Flags::SYN | ACK, (500, 1), 0), says(1, 1000, 0, RST, (1, 0), 0)]);
    assert!(found(&connection, FindingKind::ResetOpening).is_some());
}

#[test]
fn a_syn_ack_of_something_else_says_nothing_of_the_capture() {
    let connection = told(&[
        says(0, 1000, 0, Flags::SYN, (0, 0), 0),
        says(20, 1000, 1, Flags::SYN | ACK, (500, 9000), 0),
        says(20, 1000, 0, RST, (9000, 0), 0),
        says(1000, 1000, 0, Flags::SYN, (0, 0), 0),
        says(1020, 1000, 1, Flags::SYN | ACK, (700, 1), 0),
    ]);
    assert!(found(&connection, FindingKind::CaptureGap).is_none());
}

/// RFC 8985 section 7.3: a probe is one segment.
#[test]
fn a_whole_flight_that_goes_again_is_a_timeout() {
    let mut packets = talked();
    packets.extend([
        says(100, 1000, 0, ACK, (101, 701), 4380),
        says(340, 1000, 0, ACK, (101, 701), 4380),
        says(360, 1000, 1, ACK, (701, 4481), 0),
    ]);
    let mut packets_with_sack = packets;
    packets_with_sack[1].header.options.sack_permitted = true;
    assert_eq!(step(&told(&packets_with_sack), 340).reason, SendReason::RtoRetransmit.into());
}

/// RFC 7567 section 1.2. Delayed acknowledgments of lone segments make no queue.
#[test]
fn round_trips_that_grow_with_what_is_in_flight_show_a_queue() {
    for (window, expected) in [(60_u32, true), (1, false)] {
        let mut packets = opened();
        for round in 0..40_u32 {
            let millis = 100 + 200 * u64::from(round);
            for segment in 0..window {
                let seq = 1 + 1460 * (round * window + segment);
                packets.push(says(millis + u64::from(segment), 1000, 0, ACK, (seq, 501), 1460));
            }
            for segment in 0..window {
                let ack = 1 + 1460 * (round * window + segment + 1);
                packets.push(says(millis + 100 + u64::from(segment), 1000, 1, ACK, (501, ack), 0));
            }
        }
        let connection = told(&packets);
        assert_eq!(found(&connection, FindingKind::Bufferbloat).is_some(), expected, "{window} in flight");
    }
}

#[test]
fn a_capture_that_goes_back_in_time_is_told() {
    let mut packets = talked();
    packets.swap(3, 4);
    assert_eq!(found(&told(&packets), FindingKind::Disordered).expect("it is told").frames, [31]);
    assert!(found(&told(&talked()), FindingKind::Disordered).is_none());
}

/// The capture begins behind the handshake, and the receiver says nothing that would measure the way to it.
#[test]
fn what_fills_a_gap_at_once_was_overtaken() {
    for (millis, expected) in [(33, Seen::Reordered.into()), (60, SendReason::FastRetransmit.into())] {
        let sends = |millis, seq| says(millis, 1000, 1, ACK, (seq, 1), 1000);
        let mut packets = vec![sends(30, 1000), sends(31, 3000), sends(32, 4000), sends(millis, 2000)];
        let repeats = [(3000, 4000), (3000, 5000)]
            .map(|(start, end)| with_sack(says(32, 1000, 0, ACK, (1, 2000), 0), start, end));
        packets.splice(3..3, repeats);
        for (index, packet) in packets.iter_mut().enumerate() {
            packet.frame = index as u64 + 1;
        }
        let connection = told(&packets);
        assert_eq!(connection.steps[5].reason, expected, "{millis} ms");
    }
}

#[test]
fn what_is_answered_with_an_rst_each_time_is_told_once() {
    let mut packets = talked();
    for round in 0..3_u64 {
        packets.push(says(5000 + 300 * round, 1000, 0, ACK, (101, 701), 100));
        packets.push(says(5020 + 300 * round, 1000, 1, RST, (701, 0), 0));
    }
    let connection = told(&packets);
    let told = connection.findings.iter().filter(|finding| finding.kind == FindingKind::HalfOpen).count();
    assert!(told <= 1, "{:?}", connection.findings);
}

/// RFC 9293 section 3.7.2, seen before the card cuts: the new size is not to be seen, but that it goes at once.
#[test]
fn a_super_segment_that_goes_again_at_once_heeds_icmp() {
    let mut explainer = with_text_in_flight();
    explainer.hear(&hears(32, 1, IcmpKind::TooBig { mtu: 1300 }));
    explainer.observe(&says(33, 1000, 0, ACK, (1, 501), 2920));
    assert_eq!(step(&only(explainer), 33).reason, SendReason::PathMtuRetransmit.into());
    let mut explainer = with_text_in_flight();
    explainer.hear(&hears(32, 1, IcmpKind::TooBig { mtu: 1300 }));
    explainer.observe(&says(400, 1000, 0, ACK, (1, 501), 1460));
    assert_ne!(step(&only(explainer), 400).reason, SendReason::PathMtuRetransmit.into(), "as long as before");
}

/// The black hole is why nothing is acknowledged.
#[test]
fn a_cause_is_told_before_what_it_brings_about() {
    let mut packets = talked();
    packets.extend([100, 400, 1000, 2200, 4600].map(|millis| says(millis, 1000, 0, ACK, (101, 701), 1460)));
    let kinds: Vec<FindingKind> =
        told(&packets).findings.iter().map(|finding| finding.kind).take(2).collect();
    assert_eq!(kinds, [FindingKind::BlackHole, FindingKind::Stalled]);
}

/// It is the first thing to know of an RST that it is somebody else's.
#[test]
fn an_rst_of_somebody_else_is_told_as_such_before_it_is_told_as_an_rst() {
    let mut forged = says(60, 1000, 0, RST | ACK, (101, 701), 0);
    forged.hop_limit = 240;
    let mut packets = talked();
    packets.push(forged);
    let kinds: Vec<FindingKind> =
        told(&packets).findings.iter().map(|finding| finding.kind).take(2).collect();
    assert_eq!(kinds, [FindingKind::ResetForged, FindingKind::Reset]);
}

/// RFC 9293 section 3.10.7.1: the FIN finds no connection, and its receiver was not seen to close.
#[test]
fn a_fin_that_finds_nobody_tells_a_half_open_connection() {
    let mut packets = talked();
    packets.extend([
        says(5000, 1000, 0, Flags::FIN | ACK, (101, 701), 0),
        says(5020, 1000, 1, RST, (701, 0), 0),
    ]);
    let connection = told(&packets);
    assert!(found(&connection, FindingKind::HalfOpen).is_some());
    assert!(found(&connection, FindingKind::Reset).is_none());
}

/// RFC 7323 section 5.3 has it dropped, but all of it was there.
#[test]
fn a_copy_that_is_too_old_is_no_loss() {
    let stamped = |mut packet: Packet<'static>, value| {
        packet.header.options.timestamps = Some(Timestamps { value, echo: 1 });
        packet
    };
    let text = |millis, seq, value| stamped(says(millis, 1000, 0, ACK, (seq, 501), 100), value);
    let mut packets = opened();
    packets.extend([
        text(30, 1, 10),
        stamped(says(31, 1000, 1, ACK, (501, 101), 0), 9),
        text(40, 101, 20),
        stamped(says(41, 1000, 1, ACK, (501, 201), 0), 9),
        text(42, 1, 10),
        with_sack(stamped(says(43, 1000, 1, ACK, (501, 201), 0), 9), 1, 101),
    ]);
    let connection = told(&packets);
    assert!(found(&connection, FindingKind::Paws).is_none());
    assert!(found(&connection, FindingKind::Spurious).is_some());
}

/// A firewall gives the sender other numbers, and forgets those in the ranges that come back (RFC 2018 section 3).
#[test]
fn ranges_of_other_numbers_are_a_fault_and_report_nothing() {
    for (start, is_fault) in [(1001, false), (3_000_001_001, true), (1_000_001_001, true)] {
        let mut packets = opened();
        packets
            .extend((0..4).map(|index| says(30 + index, 1000, 0, ACK, (1 + 1000 * index as u32, 501), 1000)));
        packets.extend([
            with_sack(says(51, 1000, 1, ACK, (501, 1), 0), start, start + 1000),
            says(52, 1000, 0, ACK, (1, 501), 1000),
            says(72, 1000, 1, ACK, (501, 4001), 0),
        ]);
        let connection = told(&packets);
        let fault = found(&connection, FindingKind::SackForeign);
        assert_eq!(fault.is_some(), is_fault);
        assert!(fault.is_none_or(|fault| fault.frames == [52] && fault.by == Some(Side::Right)));
        assert!(found(&connection, FindingKind::Duplicated).is_none());
    }
}
