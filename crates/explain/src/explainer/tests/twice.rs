//! Packets that stand in a capture twice: as two points of capture have seen them, or the hardware has doubled them.

use std::time::Duration;

use synfin_ladder::Seen;
use synfin_wire::Timestamps;

use super::afar::{opened, step, told, with_sack};
use super::*;

const ACK: Flags = Flags::ACK;
const FIN: Flags = Flags::FIN;
const RST: Flags = Flags::RST;
const AGAIN: Seen = Seen::NetworkDuplicate;

/// One whose IPv4 datagram has this identification.
fn numbered(mut packet: Packet<'static>, identification: u16) -> Packet<'static> {
    packet.identification = identification;
    packet
}

/// One with timestamps of the millisecond in which it was sent.
fn stamped(mut packet: Packet<'static>, millis: u32) -> Packet<'static> {
    packet.header.options.timestamps = Some(Timestamps { value: 7000 + millis, echo: 1 });
    packet
}

/// The same packet, as it is seen 20 ms further on its way, behind so many routers.
fn further(packet: &Packet<'static>, routers: u8) -> Packet<'static> {
    let at = packet.at + Duration::from_millis(20);
    Packet { frame: packet.frame + 20, at, hop_limit: packet.hop_limit - routers, ..packet.clone() }
}

/// A connection whose ends are 20 ms apart, each packet as it was captured where it was sent.
fn as_sent() -> Vec<Packet<'static>> {
    vec![
        says(0, 1000, 0, Flags::SYN, (0, 0), 0),
        says(21, 1000, 1, Flags::SYN | ACK, (500, 1), 0),
        says(42, 1000, 0, ACK, (1, 501), 0),
        says(43, 1000, 0, ACK, (1, 501), 100),
        says(64, 1000, 1, ACK, (501, 101), 0),
        says(65, 1000, 1, ACK, (501, 101), 300),
        says(86, 1000, 0, ACK, (101, 801), 0),
        says(87, 1000, 0, FIN | ACK, (101, 801), 0),
        says(108, 1000, 1, FIN | ACK, (801, 102), 0),
        says(129, 1000, 0, ACK, (102, 802), 0),
    ]
}

/// What was captured at both ends, merged.
fn merged(sent: &[Packet<'static>], routers: u8) -> Vec<Packet<'static>> {
    let came = sent.iter().map(|packet| further(packet, routers));
    let mut packets: Vec<_> = sent.iter().cloned().chain(came).collect();
    packets.sort_by_key(|packet| packet.at);
    packets
}

fn is_told_once(connection: &Connection) {
    assert_eq!(connection.verdict.kind, VerdictKind::Closed);
    let kinds: Vec<_> = connection.findings.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [FindingKind::Mirrored]);
}

/// As Linux sends it over IPv4: the identification goes on, but for that of a SYN-ACK, which is 0.
#[test]
fn captures_of_both_ends_tell_a_connection_once() {
    let sent: Vec<_> = as_sent()
        .into_iter()
        .map(|packet| {
            let (frame, is_syn_ack) = (packet.frame, packet.header.flags == Flags::SYN | ACK);
            stamped(numbered(packet, if is_syn_ack { 0 } else { 1000 + frame as u16 }), frame as u32)
        })
        .collect();
    is_told_once(&told(&merged(&sent, 0)));
    is_told_once(&told(&merged(&sent, 3)));
}

/// The clock of the server's machine is behind that of the client's by more than the way takes.
#[test]
fn clocks_of_both_ends_need_not_agree() {
    const BEHIND: Duration = Duration::from_millis(50);
    let seen_by = |side: usize, packet: Packet<'static>| {
        let frame = packet.frame;
        let packet = stamped(numbered(packet, 1000 + frame as u16), frame as u32);
        let sent_here = packet.source == ends(1000)[side];
        let packet = if sent_here { packet } else { further(&packet, 0) };
        let at = if side == 0 { packet.at + BEHIND } else { packet.at };
        Packet { at, ..packet }
    };
    let mut packets: Vec<_> =
        (0..2).flat_map(|side| as_sent().into_iter().map(move |packet| seen_by(side, packet))).collect();
    packets.sort_by_key(|packet| packet.at);
    for (frame, packet) in packets.iter_mut().enumerate() {
        packet.frame = frame as u64 + 1;
    }
    is_told_once(&told(&packets));
}

/// IPv6 has no identification: its timestamps and the routers between the ends tell.
#[test]
fn over_ipv6_timestamps_tell_what_stands_there_twice() {
    let sent = as_sent().into_iter().map(|packet| {
        let frame = packet.frame as u32;
        stamped(packet, frame)
    });
    let sent: Vec<_> = sent.collect();
    is_told_once(&told(&merged(&sent, 3)));
    is_told_once(&told(&merged(&sent, 0)));
}

#[test]
fn without_timestamps_identifications_tell() {
    let sent = as_sent().into_iter().map(|packet| {
        let frame = packet.frame as u16;
        numbered(packet, frame)
    });
    let sent: Vec<_> = sent.collect();
    is_told_once(&told(&merged(&sent, 3)));
}

/// What a timer sends again is another packet, whose identification and timestamps have gone on.
#[test]
fn what_is_sent_again_was_sent_again() {
    let sent: Vec<_> = as_sent().into_iter().take(3).collect();
    let mut packets = merged(&sent, 0);
    let again = |millis, identification| {
        let packet = says(millis, 1000, 0, ACK, (1, 501), 100);
        stamped(numbered(packet, identification), millis as u32)
    };
    packets.extend([again(100, 7), again(301, 8)]);
    let connection = told(&packets);
    assert_ne!(step(&connection, 301).reason, AGAIN.into());
    assert!(found(&connection, FindingKind::Timeout).is_some());
}

/// Some stacks have one identification for all: it tells nothing.
#[test]
fn an_identification_that_never_changes_tells_nothing() {
    let mut packets: Vec<_> = as_sent().into_iter().take(3).collect();
    packets.extend([100, 301].map(|millis| says(millis, 1000, 0, ACK, (1, 501), 100)));
    let packets: Vec<_> = packets.into_iter().map(|packet| numbered(packet, 54_321)).collect();
    assert!(found(&told(&packets), FindingKind::Timeout).is_some());
}

/// The sender's hardware cuts 4000 octets into segments, of which the receiver's joins two.
#[test]
fn a_super_segment_and_its_parts_are_the_same_text() {
    let text = |millis, seq, len, identification| {
        stamped(numbered(says(millis, 1000, 0, ACK, (seq, 501), len), identification), 43)
    };
    let mut packets: Vec<_> = as_sent().into_iter().take(3).collect();
    packets.extend([
        text(43, 1, 4000, 90),
        text(63, 1, 1000, 90),
        text(64, 1001, 2000, 91),
        text(65, 3001, 1000, 93),
        stamped(numbered(says(66, 1000, 1, ACK, (501, 4001), 0), 5), 66),
    ]);
    let connection = told(&packets);
    for millis in [63, 64, 65] {
        assert_eq!(step(&connection, millis).reason, AGAIN.into(), "at {millis} ms");
    }
    assert!(found(&connection, FindingKind::Loss).is_none());
}

/// Linux sends what refuses with the identification 0 and without timestamps.
#[test]
fn a_refusal_that_stands_there_twice_is_not_an_rst_that_is_ignored() {
    let syn = says(0, 1000, 0, Flags::SYN, (0, 0), 0);
    let rst = says(20, 1000, 1, RST | ACK, (0, 1), 0);
    for (apart, routers) in [(Duration::from_micros(5), 0), (Duration::from_millis(20), 3)] {
        let again = |packet: &Packet<'static>| {
            let hop_limit = packet.hop_limit - routers;
            Packet { frame: packet.frame + 1, at: packet.at + apart, hop_limit, ..packet.clone() }
        };
        let mut packets = vec![syn.clone(), again(&syn), rst.clone(), again(&rst)];
        packets.sort_by_key(|packet| packet.at);
        let connection = told(&packets);
        assert_eq!(connection.verdict.kind, VerdictKind::Refused);
        assert!(found(&connection, FindingKind::Refused).is_some());
        assert!(found(&connection, FindingKind::ResetIgnored).is_none());
    }
}

/// A router has forwarded it: a SYN went again, and what answers it came by two interfaces.
#[test]
fn what_a_router_forwards_comes_no_other_way() {
    let seen = [
        says(0, 1000, 0, Flags::SYN, (0, 0), 0),
        says(1000, 1000, 0, Flags::SYN, (0, 0), 0),
        says(1001, 1000, 1, Flags::SYN | ACK, (500, 1), 0),
        says(1002, 1000, 0, ACK, (1, 501), 0),
        says(3000, 1000, 0, FIN | ACK, (1, 501), 0),
        says(3001, 1000, 1, RST, (501, 0), 0),
    ];
    let mut packets = Vec::new();
    for packet in &seen {
        let at = packet.at + Duration::from_micros(2);
        let out =
            Packet { frame: packet.frame + 5000, at, hop_limit: packet.hop_limit - 1, ..packet.clone() };
        packets.extend([packet.clone(), out]);
    }
    for (frame, packet) in packets.iter_mut().enumerate() {
        packet.frame = frame as u64 + 1;
    }
    let connection = told(&packets);
    assert!(found(&connection, FindingKind::ResetForged).is_none());
    assert_eq!(connection.steps[5].reason, AGAIN.into(), "the SYN-ACK");
}

/// Its receiver has the copy, and says so (RFC 2883 section 4.1).
#[test]
fn what_the_network_doubles_was_not_sent_again() {
    let mut packets = opened();
    packets[2].identification = 6;
    packets.extend([30, 34].map(|millis| numbered(says(millis, 1000, 0, ACK, (1, 501), 100), 7)));
    packets.insert(3, numbered(says(29, 1000, 0, ACK, (1, 501), 0), 8));
    packets.push(with_sack(says(35, 1000, 1, ACK, (501, 101), 0), 1, 101));
    let connection = told(&packets);
    assert_eq!(found(&connection, FindingKind::Duplicated).expect("it is told").frames, [35]);
    assert!(found(&connection, FindingKind::Mirrored).is_none());
    assert!(found(&connection, FindingKind::Spurious).is_none());
}

#[test]
fn what_is_doubled_behind_the_point_of_capture_was_not_sent_again() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 100),
        says(50, 1000, 1, ACK, (501, 101), 0),
        with_sack(says(51, 1000, 1, ACK, (501, 101), 0), 1, 101),
    ]);
    let connection = told(&packets);
    let doubled = found(&connection, FindingKind::Duplicated).expect("it is told");
    assert_eq!((doubled.by, &*doubled.frames), (Some(Side::Left), &[52][..]));
    assert!(found(&connection, FindingKind::Spurious).is_none());
}

/// The card cuts it, and each piece is reported by itself.
#[test]
fn what_goes_again_in_one_and_comes_in_pieces_is_not_doubled() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 2920),
        says(300, 1000, 0, ACK, (1, 501), 2920),
        says(301, 1000, 1, ACK, (501, 2921), 0),
        with_sack(says(320, 1000, 1, ACK, (501, 2921), 0), 1, 1461),
        with_sack(says(321, 1000, 1, ACK, (501, 2921), 0), 1461, 2921),
    ]);
    let connection = told(&packets);
    assert!(found(&connection, FindingKind::Spurious).is_some());
    assert!(found(&connection, FindingKind::Duplicated).is_none());
}

#[test]
fn where_the_sender_is_not_seen_nobody_knows_whether_it_sent_again() {
    let packets =
        [says(50, 1000, 1, ACK, (501, 101), 0), with_sack(says(51, 1000, 1, ACK, (501, 101), 0), 1, 101)];
    let connection = told(&packets);
    assert!(found(&connection, FindingKind::Spurious).is_some());
    assert!(found(&connection, FindingKind::Duplicated).is_none());
}

/// A router says that its link takes less, and all that was in flight goes again at once (RFC 9293 section 3.7.2).
#[test]
fn what_goes_again_in_shorter_segments_was_not_captured_twice() {
    let mut packets = opened();
    let text = |frame: u64, identification: u16, seq, len| {
        let packet = stamped(numbered(says(30, 1000, 0, ACK, (seq, 501), len), identification), 30);
        Packet { frame, ..packet }
    };
    packets.extend([text(31, 1, 1, 1448), text(32, 2, 1449, 1448), text(33, 3, 2897, 1448)]);
    packets.extend([
        text(41, 4, 1, 1148),
        text(42, 5, 1149, 1148),
        text(43, 6, 2297, 600),
        text(44, 7, 2897, 1148),
    ]);
    let connection = told(&packets);
    assert!(found(&connection, FindingKind::Mirrored).is_none());
}

/// A copy of a copy may be a retransmission that looks alike.
#[test]
fn where_all_is_captured_twice_nothing_shows_who_has_doubled_it() {
    let mut sent = as_sent();
    for (identification, packet) in (1..).zip(&mut sent) {
        *packet = stamped(numbered(packet.clone(), identification), u32::from(identification));
    }
    sent[4] = with_sack(sent[4].clone(), 1, 101);
    let connection = told(&merged(&sent, 1));
    assert!(found(&connection, FindingKind::Mirrored).is_some());
    assert!(found(&connection, FindingKind::Duplicated).is_none());
}

#[test]
fn frames_are_named_in_their_order() {
    let mut packets = opened();
    packets.extend([
        says(30, 1000, 0, ACK, (1, 501), 100),
        says(300, 1000, 0, ACK, (1, 501), 100),
        says(700, 1000, 0, ACK, (1, 501), 100),
        with_sack(says(701, 1000, 1, ACK, (501, 101), 0), 1, 101),
        with_sack(says(702, 1000, 1, ACK, (501, 101), 0), 1, 101),
    ]);
    assert_eq!(found(&told(&packets), FindingKind::Spurious).expect("it is told").frames, [301, 701]);
}

/// Two captures whose clocks differ: what the one has seen stands behind all that the other has, or before it.
#[test]
fn clocks_may_be_seconds_apart() {
    for (clock, routers) in [(3_000, 0), (3_000, 2), (30_000, 0)] {
        let sent: Vec<_> = as_sent()
            .into_iter()
            .enumerate()
            // As Linux does, it sends SYN-ACKs with the identification 0.
            .map(|(index, packet)| {
                let identification =
                    if packet.header.flags.contains(Flags::SYN | ACK) { 0 } else { index as u16 + 9 };
                let millis = packet.at.as_nanos() / 1_000_000;
                numbered(stamped(packet, millis as u32), identification)
            })
            .collect();
        // The client's end has sent its own and got the others 20 ms later; the server's end the other way round.
        let is_clients = |packet: &Packet<'_>| packet.source.port() == 1000;
        let seen = |at_client: bool| {
            let see = |packet: &Packet<'static>| {
                if is_clients(packet) == at_client { packet.clone() } else { further(packet, routers) }
            };
            sent.iter().map(see).collect::<Vec<_>>()
        };
        let late = |packet: Packet<'static>| {
            let at = packet.at + Duration::from_millis(clock);
            Packet { at, ..packet }
        };
        let mut packets = seen(true);
        packets.extend(seen(false).into_iter().map(late));
        packets.sort_by_key(|packet| packet.at);
        for (frame, packet) in (1..).zip(&mut packets) {
            packet.frame = frame;
        }
        is_told_once(&told(&packets));
    }
}
