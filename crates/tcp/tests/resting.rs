//! A connection that goes to rest wherever it may does what one that never rests does, to the octet and the moment.

mod pair;

use std::time::Duration;

use bytes::Bytes;
use pair::{Pair, Path, Random, User};
use synfin_tcp::{
    Config, CongestionAlgorithm, EcnConfig, EcnFeedback, KeepAlive, MtuProbing, MtuProbingMode,
    SlowStartExit, State, TransmitLimits,
};
use synfin_wire::{Instant, Mss};

const SEEDS: u64 = 600;

/// Somebody who says something now and then.
fn user(random: &mut Random) -> User {
    let len = random.below(3_000);
    User {
        to_send: (0..len).map(|_| random.next() as u8).collect::<Vec<u8>>().into(),
        sent: 0,
        closed: false,
        heard: Vec::new(),
        end_heard: false,
        diligence: 1 + random.below(30),
        eagerness: 20 + random.below(81),
        chunk: 1 + random.below(1_000) as usize,
    }
}

fn config(random: &mut Random) -> Config {
    let keep_alive = KeepAlive {
        idle: Duration::from_millis(50 + random.below(1_000)),
        interval: Duration::from_millis(20 + random.below(500)),
        probes: u8::MAX,
    };
    let congestion = [CongestionAlgorithm::Reno, CongestionAlgorithm::Cubic, CongestionAlgorithm::Bbr]
        [random.below(3) as usize];
    Config {
        mss: Mss::new(100 + random.below(1_400) as u16),
        window_scaling: random.percent(70),
        timestamps: random.percent(70),
        sack: random.percent(70),
        nagle: random.percent(50),
        quick_acks: random.below(20) as u8,
        keep_alive: random.percent(50).then_some(keep_alive),
        congestion,
        slow_start_exit: [SlowStartExit::Loss, SlowStartExit::HyStart, SlowStartExit::HyStartPlusPlus]
            [random.below(3) as usize],
        ecn: EcnConfig { accept: feedback(random), request: feedback(random), ..EcnConfig::default() },
        mtu_probing: MtuProbing {
            mode: if random.percent(20) { MtuProbingMode::Always } else { MtuProbingMode::Off },
            ..MtuProbing::linux()
        },
        r2: Duration::from_secs(100_000),
        r2_syn: Duration::from_secs(100_000),
        r2_syn_ack: Duration::from_secs(100_000),
        msl: Duration::from_secs(2_000),
        ..Config::default()
    }
}

fn feedback(random: &mut Random) -> EcnFeedback {
    [EcnFeedback::Off, EcnFeedback::Classic, EcnFeedback::Accurate][random.below(3) as usize]
}

/// What was sent and heard, and how often somebody rested.
struct Outcome {
    sent: Vec<(Instant, usize, Bytes)>,
    heard: [Vec<u8>; 2],
    rested: u64,
}

fn run(seed: u64, rests: bool) -> Outcome {
    let mut random = Random::new(seed ^ 0x4e57);
    let path = Path {
        delay_ms: random.below(30),
        loss: random.below(15),
        reorder: random.below(20),
        duplicate: random.below(10),
        corrupt: random.below(5),
    };
    let users = [user(&mut random), user(&mut random)];
    let configs = [config(&mut random), config(&mut random)];
    let mut pair = Pair::new(seed, path, configs, users);
    (pair.rests, pair.trace) = (rests, Some(Vec::new()));
    if random.percent(25) {
        pair.open_fast(random.below(1_500) as u16);
    }
    if random.percent(10) {
        pair.open_simultaneously();
    }
    if random.percent(30) {
        pair.limits = TransmitLimits { max_payload: 65_000, repeats_cwr: false };
    }
    pair.run(Instant::from_millis(50_000_000));
    assert!((0..2).all(|end| pair.state(end) == State::Closed), "seed {seed}");
    let [first, second] = pair.users;
    let sent = pair.trace.unwrap_or_default();
    Outcome { sent, heard: [first.heard, second.heard], rested: pair.rested }
}

#[test]
fn a_connection_that_rests_does_what_one_that_does_not_rest_does() {
    let mut rested = 0;
    for seed in 0..SEEDS {
        let [awake, resting] = [false, true].map(|rests| run(seed, rests));
        assert_eq!(awake.rested, 0);
        assert!(awake.heard == resting.heard, "seed {seed}: other text");
        let differ = awake.sent.iter().zip(&resting.sent).position(|(one, other)| one != other);
        assert_eq!((differ, awake.sent.len()), (None, resting.sent.len()), "seed {seed}: other segments");
        rested += resting.rested;
    }
    assert!(rested > 100 * SEEDS, "they rested only {rested} times");
}
