use std::time::Duration;

use bytes::Bytes;
use synfin_wire::Instant;

use super::{Link, LinkConfig, LinkCounters, LinkDrop, Loss, Queue};
use crate::units::{Probability, Rate};

const MILLI: Duration = Duration::from_millis(1);

fn packet(number: u64) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

fn percent(percent: u32) -> Probability {
    Probability::from_percent(percent)
}

/// Pushes `count` numbered packets, one each `gap`, and pops everything at its moment.
fn drive(config: LinkConfig, seed: u64, count: u64, gap: Duration) -> (Vec<(Instant, Bytes)>, LinkCounters) {
    let mut link = Link::new(config, seed);
    let mut out = Vec::new();
    let mut now = Instant::ZERO;
    for number in 0..count {
        drain(&mut link, now, &mut out);
        link.push(packet(number), now);
        now += gap;
    }
    drain(&mut link, Instant::FAR_FUTURE, &mut out);
    let counters = link.counters();
    assert_eq!(counters.taken, count);
    assert_eq!(
        counters.taken + counters.duplicated,
        counters.delivered + counters.lost + counters.queue_dropped
    );
    assert_eq!((link.in_flight(), link.next_due(), link.travelling_octets), (0, None, 0));
    (out, counters)
}

fn drain(link: &mut Link, until: Instant, out: &mut Vec<(Instant, Bytes)>) {
    while let Some(due) = link.next_due().filter(|due| *due <= until) {
        out.push((due, link.pop(due).expect("it is due")));
    }
}

fn payloads(out: &[(Instant, Bytes)]) -> Vec<Bytes> {
    out.iter().map(|(_, packet)| packet.clone()).collect()
}

fn everything() -> LinkConfig {
    LinkConfig {
        rate: Rate::from_bits_per_second(1_000_000),
        delay: 20 * MILLI,
        jitter: 5 * MILLI,
        loss: Loss::Independent(percent(5)),
        reorder: percent(5),
        duplicate: percent(2),
        corrupt: percent(1),
        ..LinkConfig::default()
    }
}

#[test]
fn a_clean_link_passes_everything_in_order_at_once() {
    let (out, counters) = drive(LinkConfig::default(), 1, 1_000, MILLI);
    let expected: Vec<_> = (0..1_000).map(|n| (Instant::from_millis(n), packet(n))).collect();
    assert_eq!(out, expected);
    assert_eq!(counters, LinkCounters { taken: 1_000, delivered: 1_000, ..LinkCounters::default() });
}

#[test]
fn one_seed_one_outcome() {
    let first = drive(everything(), 42, 5_000, MILLI);
    assert_eq!(first, drive(everything(), 42, 5_000, MILLI));
    assert_ne!(first, drive(everything(), 43, 5_000, MILLI));
}

#[test]
fn the_outcome_of_a_seed_is_pinned() {
    let (_, counters) = drive(everything(), 42, 5_000, MILLI);
    let expected = LinkCounters {
        taken: 5_000,
        delivered: 4_846,
        lost: 251,
        duplicated: 97,
        reordered: 234,
        corrupted: 33,
        ..LinkCounters::default()
    };
    assert_eq!(counters, expected);
}

#[test]
fn both_directions_have_faults_of_their_own() {
    let (mut there, mut back) = Link::pair(everything(), 9);
    for number in 0..1_000 {
        there.push(packet(number), Instant::from_millis(number));
        back.push(packet(number), Instant::from_millis(number));
    }
    assert_ne!(there.counters(), back.counters());
}

#[test]
fn loss_is_as_frequent_as_asked_for() {
    let lossy = |share| LinkConfig { loss: Loss::Independent(percent(share)), ..LinkConfig::default() };
    let (_, counters) = drive(lossy(5), 7, 100_000, MILLI);
    assert!((4_700..5_300).contains(&counters.lost), "{counters:?}");
    let (out, _) = drive(lossy(100), 7, 100, MILLI);
    assert_eq!(out, []);
}

#[test]
fn more_loss_loses_the_same_and_more() {
    let lossy = |share| LinkConfig { loss: Loss::Independent(percent(share)), ..LinkConfig::default() };
    let (two, _) = drive(lossy(2), 7, 10_000, MILLI);
    let (three, _) = drive(lossy(3), 7, 10_000, MILLI);
    let two = payloads(&two);
    assert!(payloads(&three).iter().all(|packet| two.contains(packet)));
    assert!(three.len() < two.len());
}

#[test]
fn one_fault_does_not_shift_another() {
    let lossy = LinkConfig { loss: Loss::Independent(percent(5)), ..LinkConfig::default() };
    let jittery = LinkConfig { delay: 20 * MILLI, jitter: 10 * MILLI, ..lossy.clone() };
    assert_eq!(payloads(&drive(lossy, 11, 2_000, MILLI).0), payloads(&drive(jittery, 11, 2_000, MILLI).0),);
}

#[test]
fn the_rate_spaces_packets_out() {
    // 8 octets at 64 kbit/s take a millisecond.
    let config = LinkConfig { rate: Rate::from_bits_per_second(64_000), ..LinkConfig::default() };
    let (out, _) = drive(config, 1, 100, Duration::ZERO);
    let expected: Vec<_> = (0..100).map(|n| (Instant::from_millis(n + 1), packet(n))).collect();
    assert_eq!(out, expected);
}

#[test]
fn a_rate_that_is_not_reached_delays_by_one_packet() {
    let config = LinkConfig { rate: Rate::from_bits_per_second(64_000), ..LinkConfig::default() };
    let (out, _) = drive(config, 1, 10, 5 * MILLI);
    let expected: Vec<_> = (0..10).map(|n| (Instant::from_millis(5 * n + 1), packet(n))).collect();
    assert_eq!(out, expected);
}

#[test]
fn a_full_queue_drops_the_newest() {
    let config = LinkConfig {
        rate: Rate::from_bits_per_second(64_000),
        queue: Queue::DropTail { packets: 3, octets: usize::MAX },
        ..LinkConfig::default()
    };
    let (out, counters) = drive(config, 1, 10, Duration::ZERO);
    assert_eq!(payloads(&out), [packet(0), packet(1), packet(2)]);
    assert_eq!(counters.queue_dropped, 7);
}

#[test]
fn a_queue_counts_octets_and_has_room_again() {
    let mut link = Link::new(
        LinkConfig {
            rate: Rate::from_bits_per_second(64_000),
            queue: Queue::DropTail { packets: usize::MAX, octets: 16 },
            ..LinkConfig::default()
        },
        1,
    );
    for number in 0..3 {
        link.push(packet(number), Instant::ZERO);
    }
    assert_eq!(link.counters().queue_dropped, 1);
    link.push(packet(3), Instant::from_millis(1));
    assert_eq!((link.counters().queue_dropped, link.in_flight()), (1, 3));
}

#[test]
fn a_packet_longer_than_the_queue_enters_an_empty_one() {
    let config = LinkConfig {
        rate: Rate::from_bits_per_second(64_000),
        queue: Queue::DropTail { packets: 1, octets: 1 },
        ..LinkConfig::default()
    };
    assert_eq!(drive(config, 1, 3, MILLI).0.len(), 3);
}

#[test]
fn a_queue_can_be_sized_by_time() {
    let rate = "10mbit".parse().unwrap();
    assert_eq!(
        Queue::draining_in(100 * MILLI, rate),
        Queue::DropTail { packets: usize::MAX, octets: 125_000 },
    );
    assert_eq!(Queue::draining_in(MILLI, rate), Queue::DropTail { packets: usize::MAX, octets: 65_536 },);
}

#[test]
fn what_is_lost_took_its_turn() {
    let config = LinkConfig {
        rate: Rate::from_bits_per_second(64_000),
        loss: Loss::Independent(percent(50)),
        ..LinkConfig::default()
    };
    let (out, _) = drive(config, 5, 100, Duration::ZERO);
    for (due, packet) in out {
        let number = u64::from_be_bytes(packet.as_ref().try_into().unwrap());
        assert_eq!(due, Instant::from_millis(number + 1));
    }
}

#[test]
fn jitter_keeps_the_order_and_its_bounds() {
    let config = LinkConfig { delay: 20 * MILLI, jitter: 5 * MILLI, ..LinkConfig::default() };
    let (out, counters) = drive(config, 3, 10_000, 10 * MILLI);
    assert_eq!(counters.reordered, 0);
    let travels: Vec<_> = (0..).zip(&out).map(|(n, (due, _))| *due - Instant::from_millis(10 * n)).collect();
    let (least, most) = (travels.iter().min().unwrap(), travels.iter().max().unwrap());
    assert!((15 * MILLI..16 * MILLI).contains(least), "{least:?}");
    assert!((24 * MILLI..=25 * MILLI).contains(most), "{most:?}");
}

#[test]
fn jitter_reorders_where_it_may() {
    let config =
        LinkConfig { delay: 20 * MILLI, jitter: 5 * MILLI, jitter_reorders: true, ..LinkConfig::default() };
    let (out, counters) = drive(config, 3, 1_000, MILLI);
    assert!(counters.reordered > 100, "{counters:?}");
    assert!(!out.is_sorted_by_key(|(_, packet)| packet.clone()));
}

#[test]
fn jitter_over_the_delay_never_arrives_before_it_was_sent() {
    let config = LinkConfig { delay: MILLI, jitter: 5 * MILLI, ..LinkConfig::default() };
    let (out, _) = drive(config, 3, 1_000, 100 * MILLI);
    assert!((0..).zip(&out).all(|(n, (due, _))| *due >= Instant::from_millis(100 * n)));
}

#[test]
fn a_reordered_packet_overtakes_those_under_way() {
    let config = LinkConfig { delay: 20 * MILLI, reorder: percent(10), ..LinkConfig::default() };
    let (out, counters) = drive(config, 8, 10_000, MILLI);
    assert!((900..1_100).contains(&counters.reordered), "{counters:?}");
    let overtaking = (0..).zip(out.windows(2)).filter(|(_, pair)| pair[0].1 > pair[1].1).count();
    assert!(overtaking > 800, "{overtaking}");
    assert_eq!(out.len(), 10_000);
}

#[test]
fn reordering_keeps_everybody_else_in_order() {
    let config = LinkConfig { delay: 20 * MILLI, reorder: percent(10), ..LinkConfig::default() };
    let (out, _) = drive(config, 8, 1_000, MILLI);
    let number = |packet: &Bytes| u64::from_be_bytes(packet.as_ref().try_into().unwrap());
    let travelled: Vec<_> = out
        .iter()
        .filter(|(due, p)| *due != Instant::from_millis(number(p)))
        .map(|(_, p)| number(p))
        .collect();
    assert!(travelled.is_sorted());
}

#[test]
fn a_duplicate_follows_its_original() {
    let config = LinkConfig { duplicate: percent(10), ..LinkConfig::default() };
    let (out, counters) = drive(config, 8, 10_000, MILLI);
    assert!((900..1_100).contains(&counters.duplicated), "{counters:?}");
    let twins = out.windows(2).filter(|pair| pair[0].1 == pair[1].1).count();
    assert_eq!(twins as u64, counters.duplicated);
}

#[test]
fn corruption_flips_one_bit_of_a_copy() {
    let config = LinkConfig { corrupt: Probability::ALWAYS, ..LinkConfig::default() };
    let mut link = Link::new(config, 8);
    let mut flipped = [0_u32; 64];
    for _ in 0..6_400 {
        let original = packet(0);
        link.push(original.clone(), Instant::ZERO);
        let changed = link.pop(Instant::ZERO).unwrap();
        assert_eq!(original, packet(0));
        let bits = u64::from_be_bytes(changed.as_ref().try_into().unwrap());
        assert_eq!(bits.count_ones(), 1);
        flipped[bits.trailing_zeros() as usize] += 1;
    }
    assert!(flipped.iter().all(|count| (50..150).contains(count)), "{flipped:?}");
    assert_eq!(link.counters().corrupted, 6_400);
}

#[test]
fn an_empty_packet_has_no_bit_to_flip() {
    let mut link = Link::new(LinkConfig { corrupt: Probability::ALWAYS, ..LinkConfig::default() }, 8);
    link.push(Bytes::new(), Instant::ZERO);
    assert_eq!(link.pop(Instant::ZERO), Some(Bytes::new()));
    assert_eq!(link.counters().corrupted, 0);
}

#[test]
fn memory_is_bounded() {
    let mut link = Link::new(LinkConfig { delay: Duration::MAX, ..LinkConfig::default() }, 1);
    let big = Bytes::from(vec![0; 1 << 20]);
    for _ in 0..300 {
        link.push(big.clone(), Instant::ZERO);
    }
    assert_eq!(link.in_flight(), 256);
    assert_eq!(link.counters().queue_dropped, 44);
}

#[test]
fn only_a_config_without_effect_is_clean() {
    assert!(LinkConfig::default().is_clean());
    assert!(!everything().is_clean());
    assert!(!LinkConfig { corrupt: percent(1), ..LinkConfig::default() }.is_clean());
    assert!(!LinkConfig { rate: Rate::from_bits_per_second(1), ..LinkConfig::default() }.is_clean());
}

#[test]
fn a_full_queue_of_codel_marks_who_understands_and_drops_the_others() {
    let mut config = LinkConfig { queue: Queue::codel(), ..LinkConfig::default() };
    config.rate = Rate::from_bits_per_second(1_000_000);
    for (second_octet, marks, drops) in [(0b10, true, false), (0b00, false, true)] {
        let mut octets = vec![0; 1_000];
        (octets[0], octets[1]) = (0x45, second_octet);
        let mut link = Link::new(config.clone(), 1);
        let (mut marked, mut dropped) = (0, 0);
        for _ in 0..200 {
            let treatment = link.push(octets.clone().into(), Instant::ZERO);
            marked += u64::from(treatment.marked);
            dropped += u64::from(treatment.dropped == Some(LinkDrop::Queue));
        }
        assert_eq!((marked > 0, dropped > 0), (marks, drops));
        assert_eq!((link.counters().marked, link.counters().queue_dropped), (marked, dropped));
        let arrived = std::iter::from_fn(|| link.pop(Instant::FAR_FUTURE));
        assert_eq!(arrived.filter(|packet| packet[1] == 0b11).count() as u64, marked);
    }
}

#[test]
fn a_cut_loses_what_is_under_way() {
    let mut link = Link::new(everything(), 1);
    for number in 0..50 {
        link.push(packet(number), Instant::ZERO);
    }
    let under_way = link.in_flight() as u64;
    link.set_up(false);
    assert_eq!((link.next_due(), link.in_flight(), link.travelling_octets), (None, 0, 0));
    assert_eq!(link.counters().cut, under_way);
}
