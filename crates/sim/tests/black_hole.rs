//! A path whose routers drop what is too long and tell nobody (RFC 4821 section 1): a transfer gets through, and finds
//! what the path takes.

use std::net::SocketAddr;
use std::time::Duration;

use synfin_host::HostConfig;
use synfin_host::tcp::{Config, CongestionAlgorithm, MtuProbing, MtuProbingMode, Status};
use synfin_sim::program::{Client, Server, Talk};
use synfin_sim::{LinkConfig, Loss, Network, Probability, Rate};

const STEP: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(3600);
/// Enough for every probe of a search.
const TRANSFER: u64 = 4_000_000;

/// Who sends.
#[derive(Clone, Copy, Debug)]
enum Sender {
    Client,
    Server,
}

/// One transfer between two hosts whose links take 1500 octets.
struct Transfer {
    sender: Sender,
    v4: bool,
    path: LinkConfig,
    tcp: Config,
    seed: u64,
}

fn tcp(mode: MtuProbingMode) -> Config {
    Config { mtu_probing: MtuProbing { mode, ..MtuProbing::linux() }, ..Config::default() }
}

/// 20 Mbit/s and 20 ms, which drops what is longer than `mtu`.
fn path(mtu: usize) -> LinkConfig {
    LinkConfig {
        mtu: Some(mtu),
        rate: Rate::from_bits_per_second(20_000_000),
        delay: Duration::from_millis(10),
        ..LinkConfig::default()
    }
}

impl Transfer {
    fn over(path: LinkConfig, mode: MtuProbingMode) -> Self {
        Self { sender: Sender::Client, v4: true, path, tcp: tcp(mode), seed: 1 }
    }

    /// Runs until both ends are through. Returns what the sender's connection said last of itself.
    fn run(self) -> Status {
        let (near, far, len) =
            if self.v4 { ("10.0.0.1", "10.0.0.2", 24) } else { ("fd00::1", "fd00::2", 64) };
        let config = |address: &str| HostConfig {
            tcp: self.tcp.clone(),
            ..HostConfig::new([(address.parse().expect("an address"), len)])
        };
        let mut network = Network::new(self.seed);
        let (a, b) = (network.add_host(config(near)), network.add_host(config(far)));
        network.connect(a, b, self.path);
        let remote = SocketAddr::new(far.parse().expect("an address"), 80);
        let (from_client, from_server) = match self.sender {
            Sender::Client => (TRANSFER, 0),
            Sender::Server => (0, TRANSFER),
        };
        let server = network.run(b, Server::source(remote, from_server));
        let client = network.run(a, Client::new(remote).sending(from_client));
        let mut last = None;
        while !network.program(client).is_through() {
            assert!(network.now().as_millis() < PATIENCE.as_millis() as u64, "it is stuck: {last:?}");
            network.run_for(STEP);
            network.check_invariants();
            let (talk, host) = match self.sender {
                Sender::Client => (network.program(client).talk(), a),
                Sender::Server => (network.program(server).talks().first(), b),
            };
            let handle = talk.and_then(Talk::handle);
            let status = handle.and_then(|handle| network.host(host).tcp(handle)?.status());
            last = status.filter(|status| status.outstanding > 0).or(last);
        }
        let taken = &network.program(server).talks()[0];
        let given = network.program(client).talk().expect("it was opened");
        assert_eq!((taken.received(), given.received()), (from_client, from_server));
        assert!(taken.is_intact() && given.is_intact());
        last.expect("it sent something")
    }
}

/// The size that was found, with headers, is within the threshold of the path's.
fn assert_found(status: &Status, mtu: u16, v4: bool) {
    let headers = if v4 { 40 } else { 60 };
    let options = if status.timestamps { 12 } else { 0 };
    let found = status.send_mss + options + headers;
    let threshold = MtuProbing::linux().threshold;
    assert!(
        status.mtu_search.enabled && found <= mtu && mtu - found < threshold,
        "{found} of {mtu}: {status:?}"
    );
}

/// Without a search nothing larger than the path ever gets through, which is what the search is for.
#[test]
fn without_a_search_it_is_stuck() {
    let mut network = Network::new(1);
    let [a, b] = ["10.0.0.1", "10.0.0.2"]
        .map(|address| network.add_host(HostConfig::new([(address.parse().expect("an address"), 24)])));
    network.connect(a, b, path(1400));
    let remote = "10.0.0.2:80".parse().expect("an address and port");
    let server = network.run(b, Server::sink(remote));
    network.run(a, Client::new(remote).sending(TRANSFER));
    network.run_for(Duration::from_secs(600));
    assert_eq!(network.program(server).received(), 0);
}

#[test]
fn a_transfer_gets_through_and_finds_the_path() {
    for mode in [MtuProbingMode::AfterBlackHole, MtuProbingMode::Always] {
        for sender in [Sender::Client, Sender::Server] {
            for mtu in [1100, 1280, 1400, 1492] {
                let path = path(mtu.into());
                let status = Transfer { sender, ..Transfer::over(path, mode) }.run();
                assert_found(&status, mtu, true);
            }
        }
    }
}

#[test]
fn it_does_over_ipv6_with_other_options_and_controllers() {
    for congestion in [CongestionAlgorithm::Cubic, CongestionAlgorithm::Reno, CongestionAlgorithm::Bbr] {
        for (v4, timestamps, sack) in [(false, true, true), (true, false, true), (true, true, false)] {
            let mode = MtuProbingMode::AfterBlackHole;
            let tcp = Config { congestion, timestamps, sack, ..tcp(mode) };
            let status = Transfer { v4, tcp, ..Transfer::over(path(1350), mode) }.run();
            assert_found(&status, 1350, v4);
        }
    }
}

/// A path that takes less than the search begins with is found by halving, and then from below.
#[test]
fn a_very_narrow_path_is_found_too() {
    let status = Transfer::over(path(576), MtuProbingMode::AfterBlackHole).run();
    assert_found(&status, 576, true);
}

/// A search from the start meets no black hole: nothing larger than what passes is ever sent but probes.
#[test]
fn a_search_from_the_start_waits_for_no_timeout() {
    let mode = MtuProbingMode::Always;
    // No more in flight than the path's queue holds.
    let (congestion, window) = (CongestionAlgorithm::Reno, 200_000);
    let tcp = Config { congestion, receive_buffer: window, receive_buffer_max: window, ..tcp(mode) };
    let status = Transfer { tcp, ..Transfer::over(path(1400), mode) }.run();
    assert_eq!((status.timeouts, status.threshold_segments), (0, u32::MAX));
}

/// Losses of other kinds make a search longer, and break nothing.
#[test]
fn it_gets_through_whatever_is_lost_beside() {
    for seed in 0..24 {
        let mode = if seed % 2 == 0 { MtuProbingMode::AfterBlackHole } else { MtuProbingMode::Always };
        let sender = if seed % 4 < 2 { Sender::Client } else { Sender::Server };
        let path = LinkConfig {
            loss: Loss::Independent(Probability::from_billionths(5_000_000)),
            reorder: Probability::from_percent(1),
            duplicate: Probability::from_percent(1),
            jitter: Duration::from_millis(3),
            ..path(1100 + 16 * seed as usize)
        };
        let status = Transfer { sender, seed, ..Transfer::over(path, mode) }.run();
        let found = status.send_mss + 12 + 40;
        assert!(found <= 1100 + 16 * seed as u16, "seed {seed}: {status:?}");
    }
}
