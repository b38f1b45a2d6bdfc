//! Captures that lack something, and segments that do not belong where they are.

use synfin_ladder::{Fate, Role};

use super::afar::{opened, step, told};
use super::*;

const ACK: Flags = Flags::ACK;
const FIN: Flags = Flags::FIN;
const RST: Flags = Flags::RST;

fn closed() -> Vec<Packet<'static>> {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, FIN | ACK, (1, 501), 0),
        says(50, 1000, 1, FIN | ACK, (501, 2), 0),
        says(51, 1000, 0, ACK, (2, 502), 0),
    ]);
    packets
}

#[test]
fn where_checksums_are_never_right_they_were_not_filled_in() {
    let mut packets = closed();
    for packet in &mut packets {
        packet.checksum = ChecksumSeen::Wrong;
    }
    let connection = told(&packets);
    assert_eq!(connection.verdict.kind, VerdictKind::Closed);
    assert!(found(&connection, FindingKind::BadChecksum).is_none());
    let kinds = connection.findings.iter().filter(|finding| finding.kind == FindingKind::ChecksumOffload);
    assert_eq!(kinds.count(), 2, "one of each side");
}

#[test]
fn a_wrong_checksum_among_right_ones_is_damage() {
    let mut packets = opened();
    packets.extend([says(30, 1000, 0, ACK, (1, 501), 10), says(300, 1000, 0, ACK, (1, 501), 10)]);
    for packet in &mut packets {
        packet.checksum = ChecksumSeen::Right;
    }
    packets[3].checksum = ChecksumSeen::Wrong;
    let connection = told(&packets);
    assert!(matches!(step(&connection, 30).fate, Fate::Dropped(_)));
    assert!(found(&connection, FindingKind::BadChecksum).is_some());
}

/// RFC 5961 section 3.2: the number is in the window but not exact.
#[test]
fn an_rst_in_the_name_of_an_end_that_goes_on_is_somebody_else_s() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 100),
        says(50, 1000, 1, ACK, (501, 101), 0),
        says(150, 1000, 1, RST, (700, 0), 0),
        says(151, 1000, 0, ACK, (101, 501), 0),
        says(200, 1000, 0, ACK, (101, 501), 100),
        says(220, 1000, 1, ACK, (501, 201), 0),
    ]);
    let connection = told(&packets);
    assert_eq!(connection.verdict.kind, VerdictKind::Open);
    assert_eq!(step(&connection, 151).reason, SendReason::ChallengeRst.into());
    for kind in [FindingKind::ResetIgnored, FindingKind::ResetForged] {
        assert_eq!(found(&connection, kind).expect("it is told").frames, [151]);
    }
    assert!(connection.ends.iter().all(|end| end.timeline.0.iter().all(|at| at.to != State::Closed)));
}

#[test]
fn an_exact_rst_of_somebody_else_ends_it_all_the_same() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 100),
        says(35, 1000, 1, RST | ACK, (501, 101), 0),
        says(50, 1000, 1, ACK, (501, 101), 300),
        says(51, 1000, 0, RST, (101, 0), 0),
    ]);
    let connection = told(&packets);
    assert_eq!(connection.verdict.kind, VerdictKind::Reset);
    assert_eq!(found(&connection, FindingKind::ResetForged).expect("it is told").frames, [36]);
    let causes = [FindingKind::Reset, FindingKind::ResetUnread, FindingKind::ResetAfterClose];
    assert!(causes.iter().all(|kind| found(&connection, *kind).is_none()));
}

#[test]
fn an_rst_after_nothing_but_a_syn_did_not_end_an_open_connection() {
    let mut packets = opened();
    packets.truncate(2);
    packets.push(says(21, 1000, 0, RST, (1, 0), 0));
    let connection = told(&packets);
    assert_eq!(found(&connection, FindingKind::ResetOpening).expect("it is told").by, Some(Side::Left));
    assert!(found(&connection, FindingKind::Reset).is_none());
}

#[test]
fn an_rst_after_the_close_is_not_worth_a_finding() {
    let mut packets = closed();
    packets.push(says(70, 1000, 1, RST | ACK, (502, 2), 0));
    let connection = told(&packets);
    assert_eq!(connection.verdict.kind, VerdictKind::Closed);
    assert_eq!(step(&connection, 70).reason, SendReason::ResetNoConnection.into());
    assert!(connection.findings.is_empty(), "{:?}", connection.findings);
}

#[test]
fn of_a_lone_rst_nothing_says_that_it_was_ignored() {
    let connection = told(&[says(0, 1000, 0, RST, (7, 0), 0)]);
    assert_eq!(connection.verdict.kind, VerdictKind::Reset);
    assert!(found(&connection, FindingKind::ResetIgnored).is_none());
    assert!(connection.ends[0].before.contains(State::Closed), "it may never have had a connection");
}

/// RFC 9293 section 3.5.1, Figure 9: one end has restarted, and the other still has the old connection.
#[test]
fn what_an_old_connection_says_to_a_syn_is_not_of_the_new_one() {
    let mut explainer = Explainer::new(Detail::All);
    let mut packets = opened();
    packets.extend([
        says(5000, 1000, 0, Flags::SYN, (70_000, 0), 0),
        says(5020, 1000, 1, ACK, (501, 1), 0),
        says(5021, 1000, 0, RST, (1, 0), 0),
        says(6000, 1000, 0, Flags::SYN, (70_000, 0), 0),
        says(6020, 1000, 1, Flags::SYN | ACK, (90_000, 70_001), 0),
        says(6021, 1000, 0, ACK, (70_001, 90_001), 0),
    ]);
    packets.iter().for_each(|packet| explainer.observe(packet));
    let connections = explainer.finish();
    let second = &connections[1];
    assert_eq!(step(second, 5020).reason, SendReason::ChallengeSyn.into());
    let states: Vec<State> = second.ends[1].timeline.0.iter().map(|at| at.to).collect();
    assert_eq!(states, [State::SynReceived, State::Established]);
    for kind in [FindingKind::ResetIgnored, FindingKind::CaptureGap] {
        assert!(found(second, kind).is_none(), "{kind:?}");
    }
}

#[test]
fn two_fins_without_the_last_acknowledgment_have_closed_both_directions() {
    let mut packets = closed();
    packets.pop();
    let connection = told(&packets);
    assert_eq!(connection.verdict.kind, VerdictKind::Closed);
    assert!(found(&connection, FindingKind::HalfClosed).is_none());
}

#[test]
fn of_one_direction_it_is_not_said_that_the_other_never_closed() {
    let packets: Vec<_> = closed().into_iter().filter(|packet| packet.source == ends(1000)[0]).collect();
    let connection = told(&packets);
    assert_eq!(connection.verdict.kind, VerdictKind::Unknown);
    assert!(found(&connection, FindingKind::HalfClosed).is_none());
    assert!(connection.steps[2].states[1].contains(State::Established), "the third segment tells of it");
}

#[test]
fn a_fin_in_the_middle_may_be_the_second() {
    let connection = told(&[says(0, 1000, 0, FIN | ACK, (1, 501), 0), says(20, 1000, 1, ACK, (501, 2), 0)]);
    assert_eq!(connection.verdict.kind, VerdictKind::Unknown);
    let states = connection.steps[0].states;
    assert!(states[0].contains(State::LastAck) && states[0].contains(State::FinWait1));
    assert!(states[1].contains(State::FinWait2) && states[1].contains(State::CloseWait));
}

#[test]
fn marks_and_their_echoes_are_told() {
    let mut packets = opened();
    packets[0].header.flags = Flags::SYN | Flags::ECE | Flags::CWR;
    packets[1].header.flags = Flags::SYN | ACK | Flags::ECE;
    packets
        .extend([says(30, 1000, 0, ACK, (1, 501), 100), says(50, 1000, 1, ACK | Flags::ECE, (501, 101), 0)]);
    packets[3].ecn = Ecn::Ce;
    let connection = told(&packets);
    let marks = found(&connection, FindingKind::CongestionMarks).expect("they are told");
    assert_eq!((marks.by, &marks.frames[..]), (Some(Side::Left), &[31, 51][..]));
}

#[test]
fn a_fin_without_an_acknowledgment_makes_no_sense() {
    let connection = told(&[
        says(0, 1000, 0, FIN | Flags::PSH | Flags::URG, (1, 0), 0),
        says(20, 1000, 1, RST | ACK, (0, 2), 0),
    ]);
    assert_eq!(step(&connection, 0).reason, synfin_ladder::Seen::Senseless.into());
    assert!(found(&connection, FindingKind::Deviation).is_some());
}

#[test]
fn where_both_open_neither_is_the_client() {
    let connection = told(&[
        says(0, 1000, 0, Flags::SYN, (0, 0), 0),
        says(10, 1000, 1, Flags::SYN, (500, 0), 0),
        says(11, 1000, 0, Flags::SYN | ACK, (0, 501), 0),
        says(30, 1000, 1, Flags::SYN | ACK, (500, 1), 0),
    ]);
    assert!(connection.ends.iter().all(|end| end.role == Role::Peer));
    let kinds = connection.findings.iter().filter(|finding| finding.kind == FindingKind::SimultaneousOpen);
    assert_eq!(kinds.count(), 1);
}

#[test]
fn probes_that_nobody_answers_are_their_sender_s() {
    let mut packets = opened();
    packets.push(says(30, 1000, 0, ACK, (1, 501), 10));
    packets.push(says(50, 1000, 1, ACK, (501, 11), 0));
    packets.extend([5000, 6000, 7000].map(|millis| says(millis, 1000, 0, ACK, (10, 501), 0)));
    let connection = told(&packets);
    assert_eq!(found(&connection, FindingKind::PeerGone).expect("it is told").by, Some(Side::Left));
}

/// A hole that fills sooner than its sender can have heard of it was not lost.
#[test]
fn what_was_overtaken_and_comes_at_once_was_not_sent_again() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 10),
        says(50, 1000, 1, ACK, (501, 11), 1000),
        says(51, 1000, 0, ACK, (11, 1501), 0),
        says(60, 1000, 0, ACK, (11, 1501), 10),
        says(80, 1000, 1, ACK, (2501, 21), 1000),
        says(81, 1000, 0, ACK, (21, 1501), 0),
        says(81 + 1, 1000, 1, ACK, (1501, 21), 1000),
        says(90, 1000, 1, ACK, (4501, 21), 1000),
        says(91, 1000, 0, ACK, (21, 3501), 0),
        says(140, 1000, 1, ACK, (3501, 21), 1000),
    ]);
    let mut connection = told(&packets);
    // The server has taken 20 ms for its SYN-ACK; the client answers within 1.
    assert_eq!(step(&connection, 82).reason, synfin_ladder::Seen::Reordered.into());
    assert_ne!(step(&connection, 140).reason, synfin_ladder::Seen::Reordered.into());
    assert_eq!(step(&connection, 140).because, None, "nothing in the capture had it before");
    connection.findings.retain(|finding| finding.kind == FindingKind::Reordering);
    assert_eq!(connection.findings[0].frames, [83]);
}

#[test]
fn a_client_may_think_before_it_asks_again() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 10),
        says(50, 1000, 1, ACK, (501, 11), 1000),
        says(5000, 1000, 0, ACK, (11, 1501), 10),
        says(9000, 1000, 1, ACK, (1501, 21), 1000),
    ]);
    let connection = told(&packets);
    let slow: Vec<_> =
        connection.findings.iter().filter(|finding| finding.kind == FindingKind::SlowApplication).collect();
    assert_eq!(slow.len(), 1);
    assert_eq!(slow[0].by, Some(Side::Right));
}

#[test]
fn a_timer_that_ran_out_once_is_counted_once() {
    let mut packets = opened();
    packets.iter_mut().for_each(|packet| packet.header.options.sack_permitted = false);
    packets.extend((0..5).map(|index| says(30 + index, 1000, 0, ACK, (1 + 1000 * index as u32, 501), 1000)));
    packets.extend([
        says(330, 1000, 0, ACK, (1, 501), 1000),
        says(350, 1000, 1, ACK, (501, 1001), 0),
        says(351, 1000, 0, ACK, (1001, 501), 1000),
        says(352, 1000, 0, ACK, (2001, 501), 1000),
        says(371, 1000, 1, ACK, (501, 5001), 0),
    ]);
    let connection = told(&packets);
    assert_eq!(found(&connection, FindingKind::Timeout).expect("it is told").frames, [331]);
}

#[test]
fn a_syn_ack_of_another_syn_opens_nothing() {
    let connection = told(&[
        says(0, 1000, 0, Flags::SYN, (0, 0), 0),
        says(20, 1000, 1, Flags::SYN | ACK, (500, 5000), 0),
        says(21, 1000, 0, RST, (5000, 0), 0),
    ]);
    assert_eq!(step(&connection, 20).reason, SendReason::SynAck.into());
    assert_eq!(step(&connection, 21).reason, SendReason::ResetBadAck.into());
    assert!(connection.ends[0].timeline.0.iter().all(|at| at.to != State::Established));
}

#[test]
fn an_rst_with_another_hop_limit_tells_nothing_of_a_program() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 100),
        says(50, 1000, 1, ACK, (501, 101), 0),
        says(60, 1000, 0, ACK, (101, 501), 100),
        says(70, 1000, 1, RST | ACK, (501, 201), 0),
    ]);
    packets[6].hop_limit = 250;
    let connection = told(&packets);
    assert_eq!(step(&connection, 70).reason, synfin_ladder::Seen::ResetUnexplained.into());
    assert!(found(&connection, FindingKind::Reset).is_some());
    assert!(found(&connection, FindingKind::ResetUnread).is_none());
}

#[test]
fn the_third_segment_is_known_without_the_first() {
    let connection = told(&opened()[1..]);
    assert_eq!(step(&connection, 21).reason, SendReason::HandshakeAck.into());
}

/// RFC 7413 section 4.2.2: the SYN-ACK acknowledges the SYN alone.
#[test]
fn text_in_a_syn_that_is_not_taken_is_told() {
    for (ack, refused) in [(1, true), (201, false)] {
        let mut packets = vec![
            says(0, 1000, 0, Flags::SYN, (0, 0), 200),
            says(20, 1000, 1, Flags::SYN | ACK, (500, ack), 0),
        ];
        packets.push(if refused {
            says(21, 1000, 0, ACK, (1, 501), 200)
        } else {
            says(21, 1000, 0, ACK, (201, 501), 0)
        });
        let connection = told(&packets);
        let finding = found(&connection, FindingKind::FastOpenRefused);
        assert_eq!(
            finding.map(|finding| (finding.by, finding.frames.clone())),
            refused.then(|| (Some(Side::Left), vec![22]))
        );
    }
}

/// What was seen to go before is no segment that was overtaken.
#[test]
fn what_goes_again_where_one_direction_was_captured_was_lost() {
    let text = |millis, seq| says(millis, 1000, 0, ACK, (seq, 501), 100);
    let connection =
        told(&[text(10, 1), text(11, 101), text(12, 201), text(40, 301), text(41, 101), text(42, 401)]);
    assert!(found(&connection, FindingKind::Reordering).is_none());
    assert_eq!(found(&connection, FindingKind::Loss).expect("it is told").frames, [42]);
}
