//! A thousand networks, each drawn from a seed: see `scenario`.

mod scenario;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use scenario::Scenario;

const SEEDS: u64 = 1_000;

/// `SEED=17 cargo test -p synfin-sim --test seeds` runs one of them; with `CAPTURES=DIR` before it, what passed
/// is written there.
#[test]
fn every_octet_arrives_in_a_thousand_networks() {
    if let Ok(seed) = std::env::var("SEED") {
        run_one(seed.parse().expect("SEED is a number"));
        return;
    }
    let next = AtomicU64::new(0);
    let one_after_another = || {
        let mut failed = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= SEEDS {
                return failed;
            }
            if catch_unwind(AssertUnwindSafe(|| Scenario::new(seed).run())).is_err() {
                failed.push(seed);
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut failed: Vec<u64> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(one_after_another)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("panics are caught")).collect()
    });
    failed.sort_unstable();
    let commands = failed.iter().map(|seed| format!("SEED={seed} cargo test -p synfin-sim --test seeds\n"));
    assert!(failed.is_empty(), "{} of {SEEDS} failed:\n{}", failed.len(), commands.collect::<String>());
}

fn run_one(seed: u64) {
    let mut scenario = Scenario::new(seed);
    let outcome = catch_unwind(AssertUnwindSafe(|| scenario.run()));
    if let Ok(folder) = std::env::var("CAPTURES") {
        for (number, file) in scenario.files().enumerate() {
            let path = format!("{folder}/{seed}-{number}.pcapng");
            std::fs::write(&path, file).expect("CAPTURES is a folder that can be written to");
        }
    }
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}
