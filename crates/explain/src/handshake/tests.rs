//! Handshakes of which it is known what was lost.

use std::net::SocketAddr;

use super::*;
use crate::testing::packet;

const SYN: Flags = Flags::SYN;
const ACK: Flags = Flags::ACK;
const LEFT: Side = Side::Left;
const RIGHT: Side = Side::Right;

/// A segment at so many milliseconds, which are its frame and its timestamp too.
fn says(
    millis: u64,
    from: Side,
    flags: Flags,
    (seq, ack): (u32, u32),
    echo: u32,
    len: u32,
) -> (Side, Packet<'static>) {
    let ends = [1000, 80].map(|port| SocketAddr::from(([10, 0, 0, 1], port)));
    let ends = [ends[from.index()], ends[from.other().index()]];
    let mut packet = packet(millis, ends, flags, (seq, ack), len);
    packet.header.options.timestamps = Some(Timestamps { value: millis as u32, echo });
    (from, packet)
}

fn syn(millis: u64) -> (Side, Packet<'static>) {
    says(millis, LEFT, SYN, (0, 0), 0, 0)
}

fn answer(millis: u64, echo: u32) -> (Side, Packet<'static>) {
    says(millis, RIGHT, SYN | ACK, (500, 1), echo, 0)
}

fn third(millis: u64, echo: u32) -> (Side, Packet<'static>) {
    says(millis, LEFT, ACK, (1, 501), echo, 0)
}

/// What goes again is not new: of text the second of the same number.
fn followed(packets: &[(Side, Packet<'static>)]) -> Handshake {
    let mut handshake = Handshake::default();
    let mut sent = Vec::new();
    for (from, packet) in packets {
        let key = (*from, packet.header.seq, packet.len);
        handshake.observe(*from, packet, !sent.contains(&key));
        sent.push(key);
    }
    handshake
}

fn slow(packets: &[(Side, Packet<'static>)], trip: Option<u64>) -> Option<(Side, Lost, Vec<u64>)> {
    followed(packets).repeats(trip.map(Duration::from_millis)).slow
}

#[test]
fn nothing_is_told_of_a_handshake_in_which_nothing_went_again() {
    let packets = [syn(1), answer(20, 1), third(21, 20)];
    let handshake = followed(&packets);
    assert_eq!(handshake.repeats(None), Repeats::default());
    assert_eq!(handshake.took(), Some(Duration::from_millis(20)));
}

#[test]
fn a_syn_that_was_lost() {
    // At the client, and where the first was lost behind the point of capture.
    let packets = [syn(1), syn(1001), answer(1020, 1001), third(1021, 1020)];
    assert_eq!(slow(&packets, Some(20)), Some((LEFT, Lost::Either, vec![1001])));
    assert_eq!(slow(&packets, None), Some((LEFT, Lost::Either, vec![1001])));
}

#[test]
fn a_syn_ack_that_was_lost() {
    // At the client: what came answers the first SYN, and so does the timer's.
    let at_client = [syn(1), syn(1001), answer(1015, 1), third(1016, 1015)];
    assert_eq!(slow(&at_client, Some(20)), Some((RIGHT, Lost::Answer, vec![1001])));
    // At the server, whose timer runs out before the second SYN has come.
    let at_server = [syn(1), answer(2, 1), answer(1002, 1), syn(1005), answer(1006, 1), third(1025, 1002)];
    assert_eq!(slow(&at_server, Some(20)), Some((RIGHT, Lost::Answer, vec![1002, 1006])));
}

#[test]
fn a_third_segment_that_was_lost() {
    // At the server: the acknowledgment echoes the first SYN-ACK, and so the client had that.
    let at_server = [syn(1), answer(2, 1), answer(1002, 1), third(1025, 2)];
    assert_eq!(slow(&at_server, Some(20)), Some((RIGHT, Lost::Third, vec![1002])));
    let had_none = [syn(1), answer(2, 1), answer(1002, 1), third(1025, 1002)];
    assert_eq!(slow(&had_none, Some(20)), Some((RIGHT, Lost::Answer, vec![1002])));
    let at_client = [syn(1), answer(20, 1), third(21, 20), answer(1020, 1), third(1021, 20)];
    assert_eq!(slow(&at_client, Some(20)), Some((RIGHT, Lost::Third, vec![1020])));
}

#[test]
fn a_way_that_is_longer_than_the_timer_loses_nothing() {
    let packets = [syn(1), syn(1001), answer(1201, 1), third(1202, 1201), answer(2201, 1)];
    let repeats = followed(&packets).repeats(Some(Duration::from_millis(1200)));
    assert_eq!(repeats.slow, None);
    assert_eq!(repeats.in_vain[0], [1001]);
}

/// The connection is open by then, and its sender has sent another meanwhile.
#[test]
fn a_syn_ack_that_comes_late_was_sent_before() {
    let mut late = answer(1500, 1);
    late.1.header.options.timestamps = Some(Timestamps { value: 2, echo: 1 });
    let packets = [syn(1), syn(1001), answer(1015, 1), third(1016, 1015), late];
    assert_eq!(slow(&packets, Some(20)), Some((RIGHT, Lost::Answer, vec![1001])));
    let opened = [syn(1), answer(20, 1), third(21, 20)];
    assert_eq!(slow(&[&opened[..], &packets[4..]].concat(), Some(20)), None);
}

#[test]
fn boxes_drop_what_they_do_not_know() {
    let with = |change: fn(&mut Packet<'static>)| {
        let mut first = syn(1);
        change(&mut first.1);
        slow(&[first, syn(1001), answer(1020, 1001), third(1021, 1020)], Some(20)).map(|(_, lost, _)| lost)
    };
    assert_eq!(with(|packet| packet.len = 10), Some(Lost::FastOpen));
    assert_eq!(with(|packet| packet.header.flags = SYN | Flags::ECE | Flags::CWR), Some(Lost::Ecn));
}

#[test]
fn what_comes_behind_it_is_ignored() {
    let text = |millis| says(millis, LEFT, ACK, (1, 501), 20, 10);
    let opened = [syn(1), answer(20, 1), third(21, 20), text(22)];
    let taken = says(500, RIGHT, ACK, (501, 11), 22, 0);
    assert_eq!(followed(&opened).ignored(true), None);
    let again = [&opened[..], &[text(250), taken.clone()]].concat();
    let took = Duration::from_millis(479);
    assert_eq!(followed(&again).ignored(true), Some((RIGHT, vec![250], took)));
    assert_eq!(followed(&again).ignored(false), None, "it may have been lost");
    let both = [&opened[..], &[text(250), answer(1020, 1), text(1021)]].concat();
    let frames = vec![250, 1020, 1021];
    assert_eq!(followed(&both).ignored(false), Some((RIGHT, frames, Duration::ZERO)));
    let often = [&opened[..], &[text(250), text(500), text(1000)]].concat();
    assert_eq!(followed(&often).ignored(false), None, "the path may have broken");
    let heard = [&often[..], &[says(1100, RIGHT, ACK, (501, 11), 22, 0)]].concat();
    let took = Duration::from_millis(1079);
    assert_eq!(followed(&heard).ignored(false), Some((RIGHT, vec![250, 500, 1000], took)));
    // What goes again later was lost later.
    let later = [&opened[..], &[taken, text(900)]].concat();
    assert_eq!(followed(&later).ignored(true), None);
}
