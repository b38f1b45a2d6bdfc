//! How connections end, as the captures of kernels show it.

use synfin_ladder::Fate;

use super::afar::{opened, step, told};
use super::*;

const ACK: Flags = Flags::ACK;
const RST: Flags = Flags::RST;

#[test]
fn an_rst_after_keep_alive_probes_tells_that_the_peer_is_gone() {
    let mut packets = opened();
    packets.extend([says(30, 1000, 0, ACK, (1, 501), 10), says(50, 1000, 1, ACK, (501, 11), 0)]);
    packets.extend([1000, 2000, 3000].map(|millis| says(millis, 1000, 0, ACK, (10, 501), 0)));
    packets.push(says(4000, 1000, 0, RST | ACK, (11, 501), 0));
    let connection = told(&packets);
    assert_eq!(connection.verdict.kind, VerdictKind::TimedOut);
    assert_eq!(step(&connection, 4000).reason, SendReason::ResetTimeout.into());
    let gone = found(&connection, FindingKind::PeerGone).expect("it is told");
    assert_eq!((gone.by, &gone.frames[..]), (Some(Side::Left), &[4001][..]));
    assert!(found(&connection, FindingKind::GaveUp).is_none(), "all that it sent was acknowledged");
}

/// RFC 9293 section 3.6.1 (SHLD-3): a buffer that is full is one that is not read.
#[test]
fn an_rst_behind_a_closed_window_leaves_text_unread() {
    let mut full = says(52, 1000, 0, ACK, (1, 1501), 0);
    full.header.window = 0;
    let mut packets = opened();
    packets.extend([
        says(50, 1000, 1, ACK, (501, 1), 1000),
        full,
        says(300, 1000, 0, RST | ACK, (1, 1501), 0),
    ]);
    let connection = told(&packets);
    assert_eq!(step(&connection, 300).reason, SendReason::ResetUnread.into());
    assert!(found(&connection, FindingKind::ResetUnread).is_some());
}

/// Four times the same, and nothing answers.
fn in_vain() -> Vec<Packet<'static>> {
    let mut packets = opened();
    packets.extend([30, 300, 700, 1500, 3100].map(|millis| says(millis, 1000, 0, ACK, (1, 501), 100)));
    packets
}

/// Another connection goes on to this moment.
fn watched_until(packets: &[Packet<'static>], millis: u64) -> Connection {
    let mut explainer = Explainer::new(Detail::All);
    packets.iter().for_each(|packet| explainer.observe(packet));
    explainer.observe(&says(millis, 1001, 0, Flags::SYN, (0, 0), 0));
    explainer.finish().remove(0)
}

/// RFC 6298 section 5.5: the timer would have run out once more at 6300 ms.
#[test]
fn nobody_has_given_up_whose_timer_runs_where_the_capture_ends() {
    for connection in [told(&in_vain()), watched_until(&in_vain(), 6000)] {
        assert_eq!(connection.verdict, Verdict { kind: VerdictKind::Stalled, by: Some(Side::Left) });
        let stalled = found(&connection, FindingKind::Stalled).expect("it is told");
        assert_eq!((stalled.by, stalled.evidence[0].value), (Some(Side::Left), 4.0));
        assert!(found(&connection, FindingKind::GaveUp).is_none());
    }
}

#[test]
fn who_is_silent_for_longer_than_his_timer_runs_has_given_up() {
    let connection = watched_until(&in_vain(), 7500);
    assert_eq!(connection.verdict, Verdict { kind: VerdictKind::TimedOut, by: Some(Side::Left) });
    assert!(found(&connection, FindingKind::GaveUp).is_some());
    assert!(found(&connection, FindingKind::Stalled).is_none());
}

/// A FIN that nobody acknowledges is not one that its peer leaves unanswered.
#[test]
fn a_fin_in_vain_half_closes_nothing() {
    let mut packets = opened();
    let fins = [30, 300, 700, 1500].map(|millis| says(millis, 1000, 0, Flags::FIN | ACK, (1, 501), 0));
    packets.extend(fins);
    let connection = told(&packets);
    assert_eq!(connection.verdict.kind, VerdictKind::Stalled);
    assert!(found(&connection, FindingKind::HalfClosed).is_none());
}

/// RFC 9293 section 3.10.7.1: who has given up has no connection that an answer belongs to.
#[test]
fn an_rst_of_one_who_had_fallen_silent_tells_that_it_had_given_up() {
    for (millis, expected) in [(9000, FindingKind::GaveUp), (4000, FindingKind::HalfOpen)] {
        let mut packets = in_vain();
        packets.extend([says(millis, 1000, 1, ACK, (501, 1), 10), says(millis + 1, 1000, 0, RST, (1, 0), 0)]);
        let connection = told(&packets);
        let given_up = expected == FindingKind::GaveUp;
        assert!(found(&connection, expected).is_some(), "{millis}: {:?}", connection.findings);
        assert_eq!(connection.verdict.kind == VerdictKind::TimedOut, given_up);
    }
}

/// What became of a socket in FIN-WAIT-2 whose program has gone is the system's affair: it does not wait for ever.
#[test]
fn a_fin_that_comes_after_fin_wait_2_finds_nobody() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, Flags::FIN | ACK, (1, 501), 0),
        says(50, 1000, 1, ACK, (501, 2), 0),
        says(70_050, 1000, 1, Flags::FIN | ACK, (501, 2), 0),
        says(70_051, 1000, 0, RST, (2, 0), 0),
    ]);
    let connection = told(&packets);
    let late = found(&connection, FindingKind::LateClose).expect("it is told");
    assert_eq!((late.by, &late.frames[..]), (Some(Side::Left), &[70_052][..]));
    assert_eq!(late.evidence[0].value, 70_021.0);
    assert!(found(&connection, FindingKind::Reset).is_none());
}

/// A program that was asked and answers with an RST after a while may have read the question.
#[test]
fn text_that_lay_there_for_long_was_probably_unread() {
    for (millis, waited) in [(400, Some(349.0)), (71, None)] {
        let mut packets = opened();
        packets
            .extend([says(51, 1000, 0, ACK, (1, 501), 100), says(millis, 1000, 1, RST | ACK, (501, 101), 0)]);
        let connection = told(&packets);
        let unread = found(&connection, FindingKind::ResetUnread).expect("it is told");
        assert_eq!(unread.evidence.first().map(|evidence| evidence.value), waited);
    }
}

/// The path was slow, not the program.
#[test]
fn an_answer_is_not_slow_while_a_segment_goes_again() {
    let mut packets = opened();
    packets.push(says(30, 1000, 0, ACK, (1, 501), 100));
    packets.extend([300, 700, 1500].map(|millis| says(millis, 1000, 0, ACK, (1, 501), 100)));
    packets.push(says(1520, 1000, 1, ACK, (501, 101), 100));
    assert!(found(&told(&packets), FindingKind::SlowApplication).is_none());
}

/// Each copy that another had to follow was lost, but for the last.
#[test]
fn every_copy_that_went_again_was_lost() {
    let mut packets = in_vain();
    packets.push(says(3120, 1000, 1, ACK, (501, 101), 0));
    let connection = told(&packets);
    let lost: Vec<u64> =
        connection.steps.iter().filter(|step| step.fate == Fate::Lost).map(|step| step.frame).collect();
    assert_eq!(lost, [31, 301, 701, 1501]);
}
