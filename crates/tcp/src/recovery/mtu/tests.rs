use alloc::vec::Vec;
use core::time::Duration;

use synfin_wire::{Instant, Mss, SeqNumber, TcpOptions, Timestamps};

use super::{MtuProbe, MtuSearch, PathNews};
use crate::config::{Config, MtuProbing, MtuProbingMode};
use crate::connection::negotiate::Negotiated;

const START: SeqNumber = SeqNumber::new(1000);

fn config(mode: MtuProbingMode) -> Config {
    Config { mtu_probing: MtuProbing { mode, ..MtuProbing::linux() }, ..Config::default() }
}

/// Between two ends that take 1460 octets.
fn search(mode: MtuProbingMode) -> (MtuSearch, MtuProbing) {
    let config = config(mode);
    let peer = TcpOptions { mss: Some(1460), ..TcpOptions::default() };
    (MtuSearch::new(&config, &Negotiated::from_peer(&config, &peer), Instant::ZERO), config.mtu_probing)
}

fn send(search: &mut MtuSearch, size: u16) {
    search.sent(MtuProbe { size, start: START, end: START + u32::from(size) });
    search.check_invariants();
}

/// Probes until there is nothing left to find, on a path that takes so much. Returns the sizes that were tried.
fn probe_all(search: &mut MtuSearch, probing: &MtuProbing, path: u16) -> Vec<u16> {
    let mut tried = Vec::new();
    while let Some(size) = search.next(probing, search.size(), Instant::ZERO) {
        tried.push(size);
        send(search, size);
        if size <= path {
            assert!(search.acknowledged(START + u32::from(size)).is_some());
        } else {
            search.failed();
        }
        search.check_invariants();
    }
    tried
}

#[test]
fn off_it_neither_probes_nor_holds_back() {
    let (mut search, probing) = search(MtuProbingMode::Off);
    assert_eq!((search.size(), search.next(&probing, 1460, Instant::ZERO)), (1460, None));
    search.suspect_black_hole(&probing, Instant::ZERO);
    assert_eq!((search.size(), search.is_on()), (1460, false));
}

#[test]
fn it_halves_the_range_until_the_threshold() {
    let (mut search, probing) = search(MtuProbingMode::Always);
    assert_eq!(search.size(), 1024);
    assert_eq!(probe_all(&mut search, &probing, 1300), [1242, 1351, 1296, 1323, 1309, 1302]);
    assert_eq!(search.size(), 1296);
    assert!(search.high - search.low < probing.threshold);
}

/// Whatever the path takes, what is found is within the threshold of it.
#[test]
fn it_finds_every_path() {
    for path in 1024..=1460 {
        let (mut search, probing) = search(MtuProbingMode::Always);
        probe_all(&mut search, &probing, path);
        assert!(search.size() <= path && path - search.size() < probing.threshold, "{path}");
    }
}

#[test]
fn what_every_segment_carries_beside_text_is_part_of_its_size() {
    let config = config(MtuProbingMode::Always);
    let timestamps = Some(Timestamps { value: 1, echo: 0 });
    let peer = TcpOptions { mss: Some(9000), timestamps, ..TcpOptions::default() };
    let search = MtuSearch::new(&config, &Negotiated::from_peer(&config, &peer), Instant::ZERO);
    assert_eq!((search.low, search.high, search.size()), (1036, 1460, 1036));
}

#[test]
fn one_probe_at_a_time() {
    let (mut search, probing) = search(MtuProbingMode::Always);
    send(&mut search, 1242);
    assert_eq!(search.next(&probing, 1024, Instant::ZERO), None);
    assert_eq!(search.acknowledged(START + 1241), None);
    assert!(search.acknowledged(START + 1242).is_some());
    assert_eq!((search.size(), search.acknowledged(START + 1242)), (1242, None));
}

#[test]
fn what_tells_nothing_moves_nothing() {
    let (mut search, probing) = search(MtuProbingMode::Always);
    send(&mut search, 1242);
    search.inconclusive();
    assert_eq!(search.acknowledged(START + 5000), None);
    assert_eq!((search.low, search.high), (1024, 1460));
    assert_eq!(search.next(&probing, 1024, Instant::ZERO), Some(1242));
}

#[test]
fn it_looks_again_after_a_while() {
    let (mut search, probing) = search(MtuProbingMode::Always);
    probe_all(&mut search, &probing, 1300);
    let (early, late) = (Instant::from_millis(599_999), Instant::from_millis(600_000));
    assert_eq!(search.next(&probing, 1296, early), None);
    assert_eq!((search.low, search.high), (1296, 1301));
    assert_eq!(search.next(&probing, 1296, late), None);
    assert_eq!((search.size(), search.high), (1296, 1460));
    assert_eq!(search.next(&probing, 1296, late), Some(1378));
}

#[test]
fn a_black_hole_turns_it_on_and_then_halves() {
    let (mut search, probing) = search(MtuProbingMode::AfterBlackHole);
    assert_eq!((search.size(), search.next(&probing, 1460, Instant::ZERO)), (1460, None));
    let mut sizes = Vec::new();
    for _ in 0..7 {
        search.suspect_black_hole(&probing, Instant::ZERO);
        search.check_invariants();
        sizes.push(search.size());
    }
    assert_eq!(sizes, [1024, 512, 256, 128, 64, 48, 48]);
    assert_eq!(search.next(&probing, 48, Instant::ZERO), Some(754));
}

#[test]
fn a_router_bounds_it_from_above() {
    let (mut search, probing) = search(MtuProbingMode::Always);
    send(&mut search, 1242);
    assert_eq!(search.told(1300, Instant::ZERO), PathNews::Narrower);
    assert_eq!(search.told(1300, Instant::ZERO), PathNews::None);
    assert_eq!((search.low, search.high, search.probe().map(|probe| probe.size)), (1024, 1300, Some(1242)));
    assert_eq!(search.told(1200, Instant::ZERO), PathNews::ProbeTooLarge);
    assert_eq!(search.next(&probing, 1024, Instant::ZERO), Some(1112));
    assert_eq!(search.told(600, Instant::ZERO), PathNews::Narrower);
    assert_eq!((search.size(), search.next(&probing, 600, Instant::ZERO)), (600, None));
    assert_eq!(search.told(0, Instant::ZERO), PathNews::Narrower);
    assert_eq!(search.size(), 48);
    search.check_invariants();
}

/// What is in use stays so until a probe has arrived.
#[test]
fn a_wider_link_is_searched() {
    let config = Config { mss: Mss::new(600), ..config(MtuProbingMode::Always) };
    let config =
        Config { mtu_probing: MtuProbing { base_mss: Mss::new(512), ..config.mtu_probing }, ..config };
    let peer = TcpOptions { mss: Some(1460), ..TcpOptions::default() };
    let mut search = MtuSearch::new(&config, &Negotiated::from_peer(&config, &peer), Instant::ZERO);
    assert_eq!((search.low, search.high), (512, 600));
    assert_eq!(search.link_takes(9000), PathNews::None);
    assert_eq!((search.low, search.high), (512, 1460));
    assert_eq!(search.next(&config.mtu_probing, 600, Instant::ZERO), Some(986));
    assert_eq!(search.link_takes(500), PathNews::Narrower);
    assert_eq!((search.low, search.high, search.size()), (500, 500, 500));
    search.check_invariants();
}

/// Settings that make no sense do no harm.
#[test]
fn absurd_settings_are_bounded() {
    for (base, floor, least) in [(0, 0, 0), (u16::MAX, u16::MAX, u16::MAX), (0, u16::MAX, 0)] {
        let [base_mss, floor, least_mss] = [base, floor, least].map(Mss::new);
        let mode = MtuProbingMode::Always;
        let mtu_probing =
            MtuProbing { mode, base_mss, floor, least_mss, interval: Duration::ZERO, threshold: 0 };
        let config = Config { mtu_probing, ..Config::default() };
        let peer = TcpOptions { mss: Some(0), ..TcpOptions::default() };
        for peer in [peer, TcpOptions { mss: Some(u16::MAX), ..TcpOptions::default() }] {
            let mut search = MtuSearch::new(&config, &Negotiated::from_peer(&config, &peer), Instant::ZERO);
            search.check_invariants();
            for _ in 0..20 {
                if let Some(size) = search.next(&config.mtu_probing, search.size(), Instant::ZERO) {
                    send(&mut search, size);
                    search.failed();
                }
                search.suspect_black_hole(&config.mtu_probing, Instant::ZERO);
                search.check_invariants();
            }
        }
    }
}

#[test]
fn a_link_that_becomes_smaller_says_nothing_against_a_router() {
    let config = Config { mss: Mss::new(8960), ..config(MtuProbingMode::Off) };
    let peer = TcpOptions { mss: Some(8960), ..TcpOptions::default() };
    let mut search = MtuSearch::new(&config, &Negotiated::from_peer(&config, &peer), Instant::ZERO);
    assert_eq!(search.told(1460, Instant::ZERO), PathNews::Narrower);
    assert_eq!(search.link_takes(4000), PathNews::None);
    search.check_invariants();
    assert_eq!(search.describe().high, 1460);
    // One that becomes larger may be on another path.
    assert_eq!(search.link_takes(9000), PathNews::None);
    search.check_invariants();
    assert_eq!(search.describe().high, 8960);
}

#[test]
fn what_a_router_has_told_is_forgotten_after_a_while() {
    for mode in [MtuProbingMode::Off, MtuProbingMode::AfterBlackHole] {
        let (mut search, probing) = search(mode);
        let (told_at, interval) = (Instant::from_millis(5000), probing.interval);
        assert!(!search.told_long_ago(interval, told_at + interval));
        assert_eq!(search.told(1300, told_at), PathNews::Narrower);
        assert!(!search.told_long_ago(interval, told_at + (interval - Duration::from_millis(1))));
        assert_eq!(search.size(), 1300);
        assert!(search.told_long_ago(interval, told_at + interval));
        assert_eq!(search.size(), 1460);
        search.check_invariants();
    }
}
