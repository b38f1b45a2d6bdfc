//! One flow over 50 Mbit/s and 40 ms: how its window moves with each congestion control, and what that makes of
//! the path. Exact, since it is virtual time.

use std::fmt::Write as _;
use std::time::Duration;

use synfin_host::HostConfig;
use synfin_host::tcp::{Config, CongestionAlgorithm, SlowStartExit, Status};
use synfin_sim::program::{Client, Server};
use synfin_sim::{LinkConfig, Loss, Network, Probability, Queue, Rate};

const RATE: u64 = 50_000_000;
const ROUND_TRIP: Duration = Duration::from_millis(40);
const STEP: Duration = Duration::from_millis(50);
const SPAN: Duration = Duration::from_secs(20);
/// Of 1500 octets a segment has 1448 of text.
const TEXT_SHARE: f64 = 1448.0 / 1500.0;

/// One flow, looked at every [`STEP`].
struct Flow {
    statuses: Vec<Status>,
    /// Octets that the receiver had read by then.
    received: Vec<u64>,
}

/// What the path is like, but for its rate and round trip.
struct Path {
    /// How long the queue takes to drain when it is full.
    queue: Duration,
    loss: Probability,
}

impl Path {
    fn with_queue(queue: Duration) -> Self {
        Self { queue, loss: Probability::NEVER }
    }
}

impl Flow {
    fn over(path: &Path, tcp: Config) -> Self {
        let rate = Rate::from_bits_per_second(RATE).expect("it is not zero");
        let octets = rate.octets_in(path.queue);
        let there = LinkConfig {
            rate: Some(rate),
            queue: Queue::DropTail { packets: usize::MAX, octets },
            delay: ROUND_TRIP / 2,
            loss: Loss::Independent(path.loss),
            ..LinkConfig::default()
        };
        let back = LinkConfig { delay: ROUND_TRIP / 2, ..LinkConfig::default() };
        let tcp = Config { receive_buffer: 8 << 20, send_buffer: 8 << 20, ..tcp };
        let config = |address: &str| HostConfig {
            tcp: tcp.clone(),
            ..HostConfig::new([(address.parse().expect("an address"), 24)])
        };
        let mut network = Network::new(1);
        let (a, b) = (network.add_host(config("10.0.0.1")), network.add_host(config("10.0.0.2")));
        network.connect_uneven(a, b, there, back);
        let remote = "10.0.0.2:80".parse().expect("an address and port");
        let server = network.run(b, Server::sink(remote));
        let client = network.run(a, Client::new(remote).sending(u64::MAX));
        let mut flow = Self { statuses: Vec::new(), received: Vec::new() };
        while flow.statuses.len() as u128 * STEP.as_millis() < SPAN.as_millis() {
            network.run_for(STEP);
            let handle = network.program(client).talk().and_then(|talk| talk.handle()).expect("it is open");
            let status = network.host(a).tcp(handle).and_then(|socket| socket.status());
            flow.statuses.push(status.expect("it has not ended"));
            flow.received.push(network.program(server).received());
        }
        flow
    }

    fn at(&self, moment: Duration) -> usize {
        (moment.as_millis() / STEP.as_millis()) as usize - 1
    }

    /// The share of the path that was used between two moments.
    fn goodput(&self, from: Duration, to: Duration) -> f64 {
        let octets = self.received[self.at(to)] - self.received[self.at(from)];
        octets as f64 * 8.0 / (to - from).as_secs_f64() / (RATE as f64 * TEXT_SHARE)
    }

    /// The windows from a moment on, in segments.
    fn windows(&self, from: Duration) -> impl Iterator<Item = u32> {
        self.statuses[self.at(from)..].iter().map(|status| status.window_segments)
    }

    /// The longest that data waited in the queue from a moment on, smoothed.
    fn longest_wait(&self, from: Duration) -> Duration {
        let waits = self.statuses[self.at(from)..].iter().filter_map(|status| status.smoothed_rtt);
        waits.max().unwrap_or_default().saturating_sub(ROUND_TRIP)
    }

    fn curve(&self, every: usize) -> String {
        let mut curve = String::from("    ms  window  threshold  Mbit/s paced  srtt ms  lost\n");
        for (index, status) in self.statuses.iter().enumerate().filter(|(index, _)| (index + 1) % every == 0)
        {
            let threshold = match status.threshold_segments {
                u32::MAX => "-".to_owned(),
                segments => segments.to_string(),
            };
            let pace = status.pacing_rate.unwrap_or(0) as f64 * 8.0 / 1e6;
            let rtt = status.smoothed_rtt.unwrap_or_default().as_secs_f64() * 1e3;
            let moment = (index + 1) as u128 * STEP.as_millis();
            let _ = writeln!(
                curve,
                "{moment:>6}  {:>6}  {threshold:>9}  {pace:>12.1}  {rtt:>7.1}  {:>4}",
                status.window_segments, status.segments_lost_in_all
            );
        }
        curve
    }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn bbr(path: &Path) -> Flow {
    Flow::over(path, Config { congestion: CongestionAlgorithm::Bbr, ..Config::default() })
}

#[test]
fn bbr_fills_the_path_whatever_its_queue_and_leaves_the_queue_short() {
    for millis in [8, 40, 400] {
        let flow = bbr(&Path::with_queue(Duration::from_millis(millis)));
        assert!(flow.goodput(secs(1), secs(20)) > 0.9, "{millis} ms");
        // No more than the window's gain of 2.25 leaves, for the short time of a probe.
        assert!(flow.longest_wait(secs(2)) < ROUND_TRIP * 5 / 4, "{millis} ms");
    }
}

#[test]
fn bbr_looks_at_the_empty_path_every_five_seconds() {
    let flow = bbr(&Path::with_queue(ROUND_TRIP));
    let windows: Vec<u32> = flow.windows(secs(2)).collect();
    // Half of the 169 segments that the path holds.
    let probes = windows.windows(2).filter(|pair| pair[0] > 90 && pair[1] <= 90).count();
    assert_eq!(probes, 3);
}

#[test]
fn bbr_does_not_take_one_loss_in_a_hundred_for_congestion() {
    let loss = "1%".parse().expect("a percentage");
    let flow = bbr(&Path { queue: ROUND_TRIP, loss });
    let goodput = flow.goodput(secs(1), secs(20));
    assert!(goodput > 0.84, "{goodput}");
}

#[test]
fn the_window_over_time() {
    let path = Path::with_queue(ROUND_TRIP);
    let cubic = |exit| Config { slow_start_exit: exit, ..Config::default() };
    let reno = Config { congestion: CongestionAlgorithm::Reno, ..Config::default() };
    insta::assert_snapshot!("reno", Flow::over(&path, reno).curve(10));
    insta::assert_snapshot!("cubic_hystart", Flow::over(&path, cubic(SlowStartExit::HyStart)).curve(10));
    insta::assert_snapshot!(
        "cubic_hystart_plus_plus",
        Flow::over(&path, cubic(SlowStartExit::HyStartPlusPlus)).curve(10)
    );
    insta::assert_snapshot!("bbr", bbr(&path).curve(10));
}
