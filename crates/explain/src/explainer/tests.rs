use synfin_ladder::{Finding, FindingKind, Reason, Severity, Verdict, VerdictKind};
use synfin_wire::icmp::Unreachable;
use synfin_wire::{Ecn, Flags, SendReason, SeqNumber, State};

use super::*;
use crate::packet::{ChecksumSeen, IcmpKind};
use crate::testing::packet;

mod afar;
mod endings;
mod hostile;
mod near;
mod notes;
mod odd;
mod twice;

/// A SYN from a port, and the RST that answers it.
fn refused(millis: u64, port: u16) -> [Packet<'static>; 2] {
    [(Flags::SYN, 0, 0), (Flags::RST | Flags::ACK, 1, 1)]
        .map(|(flags, from, ack)| says(millis, port, from, flags, (0, ack), 0))
}

fn ends(port: u16) -> [SocketAddr; 2] {
    [port, 80].map(|port| SocketAddr::from(([10, 0, 0, 1], port)))
}

/// A segment from the client, 0, or the server, 1, with a number and an acknowledgment.
fn says(
    millis: u64,
    port: u16,
    from: usize,
    flags: Flags,
    (seq, ack): (u32, u32),
    len: u32,
) -> Packet<'static> {
    let ends = ends(port);
    let said = packet(millis, [ends[from], ends[1 - from]], flags, (seq, ack), len);
    Packet { frame: millis + 1, ..said }
}

const ROUTER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9));

/// What a router says of a segment of the client with this number.
fn hears(millis: u64, seq: u32, kind: IcmpKind) -> IcmpError {
    let [client, server] = ends(1000);
    IcmpError {
        frame: millis + 1,
        at: Instant::from_millis(millis),
        interface: 0,
        reporter: ROUTER,
        about: (client, server),
        seq: Some(SeqNumber::new(seq)),
        kind,
    }
}

/// Open, with two full segments of the client under way.
fn with_text_in_flight() -> Explainer {
    let mut explainer = Explainer::new(Detail::All);
    let ack = Flags::ACK;
    for packet in [
        says(0, 1000, 0, Flags::SYN, (0, 0), 0),
        says(10, 1000, 1, Flags::SYN | ack, (500, 1), 0),
        says(20, 1000, 0, ack, (1, 501), 0),
        says(30, 1000, 0, ack, (1, 501), 1460),
        says(31, 1000, 0, ack, (1461, 501), 1460),
    ] {
        explainer.observe(&packet);
    }
    explainer
}

fn only(explainer: Explainer) -> Connection {
    let mut told = explainer.finish();
    assert_eq!(told.len(), 1);
    told.remove(0)
}

fn found(connection: &Connection, kind: FindingKind) -> Option<&Finding> {
    connection.findings.iter().find(|finding| finding.kind == kind)
}

/// RFC 9293 section 3.9.2.2: what ends an attempt to open. Some stacks go on, so both are possible.
#[test]
fn an_attempt_that_icmp_has_ended_says_why() {
    let mut explainer = Explainer::new(Detail::All);
    explainer.observe(&says(0, 1000, 0, Flags::SYN, (7, 0), 0));
    explainer.hear(&hears(5, 7, IcmpKind::Unreachable(Unreachable::Host)));
    let connection = only(explainer);
    assert_eq!(connection.verdict.kind, VerdictKind::Unreachable);
    let finding = found(&connection, FindingKind::Unreachable).expect("it is told");
    assert_eq!((finding.reporter, &finding.frames[..]), (Some(ROUTER), &[6][..]));
    assert!(finding.evidence.iter().any(|number| number.name == "icmp_code" && number.value == 1.0));
    assert!(found(&connection, FindingKind::NoAnswer).is_none(), "somebody did answer");
    let last = connection.ends[0].timeline.0.last().expect("it may be over");
    assert_eq!((last.to, last.when.earliest), (State::Closed, Some(Instant::from_millis(5))));
    assert_eq!(last.when.latest, None);
}

#[test]
fn a_syn_that_goes_again_shows_that_the_attempt_goes_on() {
    let mut explainer = Explainer::new(Detail::All);
    explainer.observe(&says(0, 1000, 0, Flags::SYN, (7, 0), 0));
    explainer.hear(&hears(5, 7, IcmpKind::Unreachable(Unreachable::Network)));
    explainer.observe(&says(1000, 1000, 0, Flags::SYN, (7, 0), 0));
    explainer.observe(&says(1010, 1000, 1, Flags::SYN | Flags::ACK, (500, 8), 0));
    explainer.observe(&says(1020, 1000, 0, Flags::ACK, (8, 501), 0));
    let connection = only(explainer);
    assert_eq!(connection.steps[1].states[0].to_string(), "SYN-SENT");
    let came_to: Vec<State> = connection.ends[0].timeline.sequence().collect();
    assert_eq!(came_to, [State::SynSent, State::Established]);
    assert_eq!(connection.verdict.kind, VerdictKind::Open);
    assert!(found(&connection, FindingKind::UnreachableOnce).is_some());
}

/// An open connection does not end by it (RFC 9293 section 3.9.2.2, MUST-56).
#[test]
fn an_open_connection_outlives_it() {
    let mut explainer = with_text_in_flight();
    explainer.hear(&hears(40, 1, IcmpKind::Unreachable(Unreachable::Host)));
    explainer.hear(&hears(41, 1, IcmpKind::HopLimitExceeded));
    let connection = only(explainer);
    assert_eq!(connection.verdict.kind, VerdictKind::Open);
    assert!(found(&connection, FindingKind::Unreachable).is_some());
    assert!(found(&connection, FindingKind::HopLimit).is_some());
    let came_to: Vec<State> = connection.ends[0].timeline.sequence().collect();
    assert_eq!(came_to, [State::SynSent, State::Established]);
}

/// RFC 9293 section 3.7.2: what was too long goes again at once, in smaller segments. What is lost again is a timeout.
#[test]
fn what_was_too_long_goes_again_in_smaller_segments() {
    let mut explainer = with_text_in_flight();
    explainer.hear(&hears(40, 1, IcmpKind::TooBig { mtu: 1000 }));
    let ack = Flags::ACK;
    for (millis, seq, len) in [(41, 1, 960), (42, 961, 500), (43, 1461, 960), (44, 2421, 500), (2000, 1, 960)]
    {
        explainer.observe(&says(millis, 1000, 0, ack, (seq, 501), len));
    }
    let connection = only(explainer);
    let reasons: Vec<Reason> = connection.steps[5..].iter().map(|step| step.reason).collect();
    let narrowed = Reason::from(SendReason::PathMtuRetransmit);
    assert_eq!(reasons, [narrowed, narrowed, narrowed, narrowed, SendReason::RtoRetransmit.into()]);
    let finding = found(&connection, FindingKind::PathMtu).expect("it is told");
    assert!(finding.evidence.iter().any(|number| number.name == "mtu" && number.value == 1000.0));
    assert_eq!(finding.reporter, Some(ROUTER));
}

/// RFC 5927 section 4.1: whoever guesses misses what is in flight.
#[test]
fn an_error_about_what_is_not_in_flight_changes_nothing() {
    let mut explainer = with_text_in_flight();
    explainer.observe(&says(35, 1000, 1, Flags::ACK, (501, 1461), 0));
    for (millis, seq) in [(40, 1), (41, 2921), (42, 1 << 31)] {
        explainer.hear(&hears(millis, seq, IcmpKind::TooBig { mtu: 600 }));
        explainer.hear(&hears(millis, seq, IcmpKind::Unreachable(Unreachable::Port)));
    }
    let cut = IcmpError { seq: None, ..hears(43, 0, IcmpKind::TooBig { mtu: 600 }) };
    explainer.hear(&cut);
    explainer.observe(&says(44, 1000, 0, Flags::ACK, (1461, 501), 500));
    let connection = only(explainer);
    assert_ne!(connection.steps[6].reason, SendReason::PathMtuRetransmit.into());
    assert!(found(&connection, FindingKind::PathMtu).is_none());
    assert!(found(&connection, FindingKind::Unreachable).is_none());
    let finding = found(&connection, FindingKind::IcmpIgnored).expect("it is told");
    assert_eq!(finding.kind.severity(), Severity::Note);
    assert_eq!(finding.evidence[0].value, 7.0);
}

#[test]
fn an_error_about_a_stranger_begins_nothing() {
    let mut explainer = Explainer::new(Detail::All);
    explainer.hear(&hears(0, 1, IcmpKind::Unreachable(Unreachable::Port)));
    assert_eq!(explainer.count(), 0);
    assert!(explainer.finish().is_empty());
}

#[test]
fn one_that_is_over_is_told_at_once_where_that_is_asked_for() {
    let mut explainer = Explainer::new(Detail::All);
    refused(0, 1000).iter().for_each(|packet| explainer.observe(packet));
    refused(500, 1001).iter().for_each(|packet| explainer.observe(packet));
    assert!(!explainer.has_told(), "late segments may come");
    explainer.tell_over_at(Instant::from_millis(400));
    let told = explainer.take_told();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].number, told[0].verdict.kind, told[0].steps.len()), (1, VerdictKind::Refused, 2));
    assert!(!explainer.has_told());
    assert_eq!(explainer.finish()[0].number, 2);
}

/// SYNs to which nothing answers are never over: what was quiet for longest makes room for them.
#[test]
fn no_flood_of_syns_fills_the_memory() {
    let mut explainer = Explainer::new(Detail::None);
    let mut told = Vec::new();
    for port in 1..=5000 {
        explainer.observe(&refused(u64::from(port), port)[0]);
        told.extend(explainer.take_told());
        assert!(explainer.flows.len() <= MOST_FOLLOWED);
    }
    assert!(told.is_sorted_by_key(|connection| connection.number), "the oldest first");
    assert!(told.len() as u64 >= 5000 - MOST_FOLLOWED as u64);
    assert_eq!(told.len() + explainer.finish().len(), 5000);
}

/// Where each keeps its segments, fewer that are over wait for late ones.
#[test]
fn connections_that_are_over_keep_a_bounded_number_of_segments() {
    let mut explainer = Explainer::new(Detail::All);
    for port in 1..=2 {
        let [syn, reset] = refused(0, port);
        (0..MOST_STEPS_OVER).for_each(|_| explainer.observe(&syn));
        explainer.observe(&reset);
    }
    let told: Vec<u64> = explainer.take_told().iter().map(|connection| connection.number).collect();
    assert_eq!(told, [1]);
}
