use super::*;
use crate::link::{Link, LinkConfig, LinkCounters, LinkDrop, Loss};
use crate::units::Probability;

fn numbered(number: u8) -> Bytes {
    Bytes::copy_from_slice(&[number])
}

/// Pushes packets 1 to 9 a millisecond apart and tells when which arrives.
fn drive(config: LinkConfig, rules: Vec<Rule>) -> (Vec<(u64, u8)>, LinkCounters) {
    let mut link = Link::new(config, 1);
    rules.into_iter().for_each(|rule| link.add_rule(rule));
    for number in 1..=9 {
        link.push(numbered(number), Instant::from_millis(number.into()));
    }
    let mut out = Vec::new();
    while let Some(due) = link.next_due() {
        let packet = link.pop(due).unwrap();
        out.push((due.as_millis(), packet[0]));
    }
    (out, link.counters())
}

fn arrivals(rules: Vec<Rule>) -> Vec<(u64, u8)> {
    drive(LinkConfig::default(), rules).0
}

#[test]
fn one_packet_is_dropped() {
    assert!(arrivals(vec![Rule::drop().nth(3)]).iter().all(|(_, number)| *number != 3));
    assert_eq!(arrivals(vec![Rule::drop().nth(3)]).len(), 8);
    assert_eq!(arrivals(vec![Rule::drop().when(|packet| packet.octets[0] > 2)]), [(1, 1), (2, 2)]);
    assert_eq!(arrivals(vec![Rule::drop().first(7)]), [(8, 8), (9, 9)]);
    assert_eq!(arrivals(vec![Rule::drop().when(|packet| packet.number.is_multiple_of(2)).nth(2)]).len(), 8);
}

#[test]
fn one_packet_is_delayed_and_overtaken() {
    let (out, counters) = drive(LinkConfig::default(), vec![Rule::delay(Duration::from_millis(3)).nth(2)]);
    assert_eq!(out[..5], [(1, 1), (3, 3), (4, 4), (5, 2), (5, 5)]);
    assert_eq!(counters.reordered, 2);
}

#[test]
fn one_packet_is_doubled() {
    assert_eq!(arrivals(vec![Rule::duplicate().nth(2)])[..3], [(1, 1), (2, 2), (2, 2)]);
}

#[test]
fn one_packet_is_changed() {
    let out = arrivals(vec![Rule::rewrite_octets(|octets| octets[0] = 99).nth(2)]);
    assert_eq!(out[..3], [(1, 1), (2, 99), (3, 3)]);
    // What is no segment stays as it is.
    assert_eq!(arrivals(vec![Rule::rewrite(|_| {})]), arrivals(vec![]));
}

#[test]
fn the_first_rule_that_matches_decides() {
    let out = arrivals(vec![Rule::pass().when(|packet| packet.octets[0] == 4), Rule::drop()]);
    assert_eq!(out, [(4, 4)]);
}

#[test]
fn a_packet_is_spared() {
    let everything_is_lost =
        LinkConfig { loss: Loss::Independent(Probability::ALWAYS), ..LinkConfig::default() };
    assert_eq!(drive(everything_is_lost, vec![Rule::pass().nth(5)]).0, [(5, 5)]);
}

#[test]
fn a_rule_shifts_nothing_that_chance_does_to_others() {
    let half = LinkConfig { loss: Loss::Independent(Probability::from_percent(50)), ..LinkConfig::default() };
    let (without, _) = drive(half.clone(), vec![]);
    let (with, _) = drive(half, vec![Rule::drop().nth(without[0].1.into())]);
    assert_eq!(with, without[1..]);
}

#[test]
fn the_drop_is_told_to_whoever_pushes() {
    let mut link = Link::new(LinkConfig { mtu: Some(2), ..LinkConfig::default() }, 1);
    link.add_rule(Rule::drop().nth(1));
    let mut dropped = |octets: &'static [u8]| link.push(Bytes::from_static(octets), Instant::ZERO).dropped;
    assert_eq!(dropped(b"ab"), Some(LinkDrop::Rule));
    assert_eq!(dropped(b"abc"), Some(LinkDrop::TooLong));
    assert_eq!(dropped(b"ab"), None);
    link.set_up(false);
    assert_eq!(link.next_due(), None);
    let treatment = link.push(Bytes::from_static(b"ab"), Instant::ZERO);
    assert_eq!((treatment.dropped, link.counters().cut), (Some(LinkDrop::Cut), 2));
    link.set_up(true);
    assert_eq!(link.push(Bytes::from_static(b"ab"), Instant::ZERO).dropped, None);
}
