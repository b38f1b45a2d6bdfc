//! How connections end, as the captures of kernels show it.

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
    let connection = watched_until(&in_vain(), 9000);
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
