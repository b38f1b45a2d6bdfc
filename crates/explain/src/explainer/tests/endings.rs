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
