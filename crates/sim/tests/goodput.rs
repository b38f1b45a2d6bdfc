//! What TCP makes of 100 Mbit/s: the goodput over round-trip time, loss and congestion control.
//!
//! Exact, since it is virtual time: a change of the engine that moves a number shows it here.

use std::fmt::Write as _;
use std::time::Duration;

use synfin_host::HostConfig;
use synfin_host::tcp::{Config, CongestionAlgorithm, SlowStartExit};
use synfin_sim::program::{Client, Server};
use synfin_sim::{LinkConfig, Loss, Network, Probability, Queue, Rate};

const ROUND_TRIPS: [u64; 3] = [1, 20, 100];
const LOSSES: [&str; 4] = ["0%", "0.1%", "1%", "3%"];
const ALGORITHMS: [CongestionAlgorithm; 3] =
    [CongestionAlgorithm::Reno, CongestionAlgorithm::Cubic, CongestionAlgorithm::Bbr];
const SPAN: Duration = Duration::from_secs(10);

/// The way of the text: a queue of one bandwidth-delay product.
fn bottleneck(round_trip: Duration) -> LinkConfig {
    let rate = Rate::from_bits_per_second(100_000_000).expect("it is not zero");
    LinkConfig {
        rate: Some(rate),
        queue: Queue::draining_in(round_trip, rate),
        delay: round_trip / 2,
        ..LinkConfig::default()
    }
}

/// Octets that a sink read within [`SPAN`].
fn received(tcp: &Config, there: LinkConfig) -> u64 {
    // The path of acknowledgments is clean, so that the share of lost segments is what the row says.
    let back = LinkConfig { delay: there.delay, ..LinkConfig::default() };
    let tcp = Config { receive_buffer: 8 << 20, send_buffer: 8 << 20, ..tcp.clone() };
    let config = |address: &str| HostConfig {
        tcp: tcp.clone(),
        ..HostConfig::new([(address.parse().expect("an address"), 24)])
    };
    let mut network = Network::new(1);
    let (a, b) = (network.add_host(config("10.0.0.1")), network.add_host(config("10.0.0.2")));
    network.connect_uneven(a, b, there, back);
    let remote = "10.0.0.2:80".parse().expect("an address and port");
    let server = network.run(b, Server::sink(remote));
    network.run(a, Client::new(remote).sending(u64::MAX));
    network.run_for(SPAN);
    network.program(server).received()
}

#[test]
fn the_goodput_surface() {
    let mut surface = format!("Mbit/s of 100, within {} s\n", SPAN.as_secs());
    for congestion in ALGORITHMS {
        let _ = write!(surface, "\n{:<8}", format!("{congestion:?}").to_lowercase());
        LOSSES.iter().for_each(|loss| surface.push_str(&format!("{loss:>8}")));
        surface.push('\n');
        for round_trip in ROUND_TRIPS {
            let _ = write!(surface, "{round_trip:>5} ms");
            for loss in LOSSES {
                let loss = loss.parse().expect("a percentage");
                let there = LinkConfig {
                    loss: Loss::Independent(loss),
                    ..bottleneck(Duration::from_millis(round_trip))
                };
                let octets = received(&Config { congestion, ..Config::default() }, there);
                let _ = write!(surface, "{:>8.2}", octets as f64 * 8.0 / SPAN.as_secs_f64() / 1e6);
            }
            surface.push('\n');
        }
    }
    insta::assert_snapshot!(surface);
}

/// What overtakes by half a round trip is not taken for lost, and is not lost. Slow start ends by loss here: HyStart ends
/// it early where round trips are uneven, whatever becomes of the segments.
#[test]
fn reordering_by_half_a_round_trip_costs_little() {
    for congestion in [CongestionAlgorithm::Reno, CongestionAlgorithm::Cubic] {
        let tcp = Config { congestion, slow_start_exit: SlowStartExit::Loss, ..Config::default() };
        for round_trip in ROUND_TRIPS.map(Duration::from_millis) {
            let in_order = received(&tcp, bottleneck(round_trip));
            let overtaking = LinkConfig { reorder: Probability::from_percent(2), ..bottleneck(round_trip) };
            let uneven =
                LinkConfig { jitter: round_trip / 4, jitter_reorders: true, ..bottleneck(round_trip) };
            for there in [overtaking, uneven] {
                let share = received(&tcp, there.clone()) as f64 / in_order as f64;
                println!("{congestion:?} {round_trip:?}: {share:.3}");
                assert!(share > 0.95, "{congestion:?}, {round_trip:?}, {there:?}: {share}");
            }
        }
    }
}
