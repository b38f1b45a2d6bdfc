//! How long a second at 10 Gbit/s takes to simulate: one connection, full-sized packets of 1500 octets, a round
//! trip of 200 µs, the link full.
//!
//! `cargo run --release -p synfin-sim --example ten_gigabit`

use std::time::Duration;

use synfin_host::HostConfig;
use synfin_host::tcp::Config;
use synfin_sim::program::{Client, Server};
use synfin_sim::{LinkConfig, Network, Queue, Rate, Way};

/// What was simulated.
#[derive(Debug)]
pub(crate) struct Second {
    /// Octets that the receiver read.
    pub(crate) octets: u64,
    /// Packets that either end sent.
    pub(crate) packets: u64,
    /// Things that happened; see [`Network::step`].
    pub(crate) steps: u64,
}

/// Simulates the second after the first tenth, in which slow start does its work.
pub(crate) fn simulate() -> Second {
    let rate = Rate::from_bits_per_second(10_000_000_000).expect("it is not zero");
    let cable = LinkConfig {
        rate: Some(rate),
        queue: Queue::draining_in(Duration::from_micros(400), rate),
        delay: Duration::from_micros(100),
        ..LinkConfig::default()
    };
    // Together less than path and queue hold: nothing is ever lost.
    let tcp = Config { receive_buffer: 640 << 10, send_buffer: 1 << 20, ..Config::default() };
    let mut network = Network::new(1);
    let hosts = ["10.0.0.1", "10.0.0.2"].map(|address| {
        let address = address.parse().expect("it is an address");
        network.add_host(HostConfig { tcp: tcp.clone(), ..HostConfig::new([(address, 24)]) })
    });
    let cable = network.connect(hosts[0], hosts[1], cable);
    let remote = "10.0.0.2:80".parse().expect("it is an address and a port");
    let server = network.run(hosts[1], Server::sink(remote));
    network.run(hosts[0], Client::new(remote).sending(u64::MAX));
    network.run_for(Duration::from_millis(100));

    let so_far = |network: &Network| {
        let packets: u64 = Way::BOTH.map(|way| network.link(cable, way).counters().taken).iter().sum();
        (network.program(server).received(), packets)
    };
    let (octets, packets) = so_far(&network);
    let mut steps = 0;
    network.run_until(Duration::from_secs(1), |_| {
        steps += 1;
        false
    });
    let after = so_far(&network);
    Second { octets: after.0 - octets, packets: after.1 - packets, steps }
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "here the real time is what is asked for"
)]
fn main() {
    let start = std::time::Instant::now();
    let Second { octets, packets, steps } = simulate();
    // The first tenth took its time as well.
    let taken = start.elapsed().mul_f64(1.0 / 1.1);
    println!("{:.3} Gbit read, in {packets} packets and {steps} steps", octets as f64 * 8.0 / 1e9);
    println!("{taken:.2?} for the second, {:.0} ns a packet", taken.as_nanos() as f64 / packets as f64);
}
