//! Two engines over a path that loses, duplicates, reorders and corrupts: every octet arrives, in order,
//! and both ends come to CLOSED. Each run is decided by its seed.

mod pair;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bytes::Bytes;
use pair::{Pair, Path, Random, User};
use synfin_tcp::{Config, MtuProbing, MtuProbingMode, State, TransmitLimits};
use synfin_wire::{Instant, Mss};

const SEEDS: u64 = 10_000;

fn user(random: &mut Random) -> User {
    let len = random.below(20_000);
    let bytes: Vec<u8> = (0..len).map(|_| random.next() as u8).collect();
    User {
        to_send: Bytes::from(bytes),
        sent: 0,
        closed: false,
        heard: Vec::new(),
        end_heard: false,
        diligence: 100,
        eagerness: 20 + random.below(81),
        chunk: 1 + random.below(5_000) as usize,
    }
}

fn config(random: &mut Random) -> Config {
    Config {
        mss: Mss::new(100 + random.below(1_400) as u16),
        receive_buffer: 500 + random.below(100_000) as usize,
        send_buffer: 500 + random.below(100_000) as usize,
        window_scaling: random.percent(70),
        timestamps: random.percent(70),
        sack: random.percent(70),
        nagle: random.percent(50),
        quick_acks: random.below(20) as u8,
        // A path this bad may need long: what is tried here is that nothing is lost.
        r2: Duration::from_secs(100_000),
        r2_syn: Duration::from_secs(100_000),
        r2_syn_ack: Duration::from_secs(100_000),
        // The last acknowledgment may be lost many times: TIME-WAIT must outlast the FIN's back-off.
        msl: Duration::from_secs(2_000),
        mtu_probing: mtu_probing(random),
        initial_window_segments: 10 + random.below(10) as u16,
        ..Config::default()
    }
}

fn mtu_probing(random: &mut Random) -> MtuProbing {
    let mode = match random.below(20) {
        0 => MtuProbingMode::AfterBlackHole,
        1 => MtuProbingMode::Always,
        _ => MtuProbingMode::Off,
    };
    MtuProbing {
        mode,
        base_mss: Mss::new(random.below(1_000) as u16),
        // Not so low that a transfer takes for ever.
        floor: Mss::new(400),
        interval: Duration::from_millis(random.below(10_000)),
        ..MtuProbing::linux()
    }
}

fn run(seed: u64) {
    let mut random = Random::new(seed ^ 0x5eed);
    let path = Path {
        delay_ms: random.below(100),
        loss: random.below(25),
        reorder: random.below(40),
        duplicate: random.below(20),
        corrupt: random.below(10),
    };
    let users = [user(&mut random), user(&mut random)];
    let configs = [config(&mut random), config(&mut random)];
    let mut pair = Pair::new(seed, path, configs, users);
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
    for end in 0..2 {
        let (heard, said) = (&pair.users[end].heard, &pair.users[1 - end].to_send);
        assert!(heard[..] == said[..], "end {end} heard {} of {} octets", heard.len(), said.len());
        assert_eq!(pair.state(end), State::Closed, "end {end}, {path:?}");
    }
}

/// Runs one seed and, when it fails, says how to run it again.
fn checked(seed: u64) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(seed))) {
        eprintln!("to see it again: SYNFIN_SEED={seed} cargo test -p synfin-tcp --test lossy_pair one_seed");
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn every_octet_arrives_in_order_and_both_ends_close() {
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    std::thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || (first..SEEDS).step_by(threads as usize).for_each(checked));
        }
    });
}

/// One seed, from the environment.
#[test]
fn one_seed() {
    let seed = std::env::var("SYNFIN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    checked(seed);
}
