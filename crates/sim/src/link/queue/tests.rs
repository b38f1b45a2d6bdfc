use super::*;

const MILLI: Duration = Duration::from_millis(1);

/// 10 Mbit/s: a packet of 1,250 octets takes a millisecond.
fn config() -> LinkConfig {
    LinkConfig {
        rate: Rate::from_bits_per_second(10_000_000),
        queue: Queue::codel(),
        ..LinkConfig::default()
    }
}

/// Feeds packets one each `gap`, and returns which of them bore a signal.
fn feed(config: &LinkConfig, count: u64, gap: Duration, markable: bool) -> Vec<u64> {
    let mut transmitter = Transmitter::default();
    let mut now = Instant::ZERO;
    let mut signalled = Vec::new();
    for number in 0..count {
        match transmitter.send(1_250, markable, config, now) {
            Sent::At(_) => {}
            Sent::Marked(_) | Sent::Dropped => signalled.push(number),
        }
        now += gap;
    }
    signalled
}

#[test]
fn a_link_that_keeps_up_gives_no_signal() {
    assert_eq!(feed(&config(), 10_000, MILLI, true), []);
}

#[test]
fn a_burst_that_drains_within_the_interval_gives_no_signal() {
    assert_eq!(feed(&config(), 90, Duration::ZERO, true), []);
}

#[test]
fn a_standing_queue_is_signalled_more_and_more_often() {
    // A tenth more than the link takes: the queue stands at 5 ms after 50 packets sent, 100 ms later CoDel
    // has had enough, and then its pauses shrink with the square root.
    let signalled = feed(&config(), 3_000, MILLI * 10 / 11, true);
    assert!((150..180).contains(&signalled[0]), "{signalled:?}");
    let pauses: Vec<u64> = signalled.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{pauses:?}");
    assert_eq!(pauses[0], 100, "an interval, in which the link sends 100 packets");
    assert!(pauses.last().unwrap() < &20, "{pauses:?}");
}

#[test]
fn what_cannot_be_marked_is_dropped_and_takes_no_time() {
    let mut transmitter = Transmitter::default();
    let config = config();
    let mut sent = Instant::ZERO;
    for _ in 0..300 {
        match transmitter.send(1_250, false, &config, Instant::ZERO) {
            Sent::At(moment) => {
                assert_eq!(moment, sent + MILLI);
                sent = moment;
            }
            Sent::Dropped => {}
            Sent::Marked(_) => panic!("it is not ECN-capable"),
        }
    }
    assert!(sent < Instant::from_millis(300));
    assert!(sent > Instant::from_millis(280));
}

#[test]
fn one_full_sized_packet_on_a_slow_link_is_no_standing_queue() {
    // 12 ms each at 1 Mbit/s: the one behind another waits for 10 ms, over the target as it is written.
    let slow = LinkConfig { rate: Rate::from_bits_per_second(1_000_000), ..config() };
    let mut transmitter = Transmitter::default();
    for number in 0..200 {
        let now = Instant::from_millis(24 * number);
        for _ in 0..2 {
            assert!(matches!(transmitter.send(1_250, false, &slow, now), Sent::At(_)));
        }
    }
}

#[test]
fn a_queue_of_codel_is_bounded_too() {
    let queue = Queue::CoDel { packets: 10, target: Duration::MAX, interval: 100 * MILLI };
    assert_eq!(feed(&LinkConfig { queue, ..config() }, 12, Duration::ZERO, true), [10, 11]);
}

#[test]
fn the_pause_shrinks_with_the_root() {
    let pause = |count| CoDel::pause(Duration::from_millis(100), count);
    assert_eq!(pause(1), Duration::from_millis(100));
    assert_eq!(pause(4), Duration::from_millis(50));
    assert_eq!(pause(10_000), Duration::from_millis(1));
    assert!(pause(u64::MAX) > Duration::ZERO);
}
