//! A paused clock: nothing takes time but what the path and the timers say.
#![cfg(feature = "axum")]

#[path = "../examples/virtual_time.rs"]
#[allow(dead_code, reason = "its `main` is for people")]
mod example;

use std::time::Duration;

use synfin_sim::{LinkConfig, Loss, Probability};

const PATH: Duration = Duration::from_millis(40);

#[test]
fn a_clean_path_takes_its_round_trips() {
    let config = LinkConfig { delay: PATH, ..LinkConfig::default() };
    let taken = example::simulate(config, 1).unwrap();
    // The handshake, the question and the minute; then 150 kB through an initial window of ten segments that
    // doubles each round trip.
    assert_eq!(taken, 2 * PATH + 2 * PATH + Duration::from_secs(60) + 3 * 2 * PATH);
}

#[test]
fn one_seed_takes_the_same_time_each_run_and_every_one_gets_through() {
    let config = LinkConfig {
        delay: PATH,
        loss: Loss::Independent(Probability::from_percent(5)),
        ..LinkConfig::default()
    };
    let times = || (0..20).map(|seed| example::simulate(config.clone(), seed).unwrap());
    let first: Vec<Duration> = times().collect();
    assert_eq!(first, times().collect::<Vec<_>>());
    assert!(first.iter().any(|time| time != &first[0]), "{first:?}");
}
