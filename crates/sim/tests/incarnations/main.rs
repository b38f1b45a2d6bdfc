//! Connections that follow each other between the same two ports, over paths that do everything at once: segments are
//! lost, doubled, delayed, reordered and corrupted, some come so late that they meet a later connection, windows
//! shrink, the path's MTU changes, and hosts crash and boot again.
//!
//! Nothing is ever lost or corrupted in silence: each octet read is the one that was sent in this connection, an end
//! is where the peer ended, and who was told that all had arrived was told the truth. And all of it comes to an end.

mod program;
mod story;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use story::Story;

/// `SEEDS=100000` in the environment tries more.
const SEEDS: u64 = 1_000;

/// `SEED=17 cargo test -p synfin-sim --test incarnations` runs one of them; with `CAPTURES=DIR` before it, what passed
/// at the answerer is written there.
#[test]
fn nothing_of_an_old_connection_is_taken_for_the_new() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number("SEED") {
        run_one(seed);
        return;
    }
    let seeds = number("SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let one_after_another = || {
        let mut failed = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return failed;
            }
            if catch_unwind(AssertUnwindSafe(|| Story::new(seed).run())).is_err() {
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
    let commands =
        failed.iter().map(|seed| format!("SEED={seed} cargo test -p synfin-sim --test incarnations\n"));
    assert!(failed.is_empty(), "{} of {seeds} failed:\n{}", failed.len(), commands.collect::<String>());
}

fn run_one(seed: u64) {
    let mut story = Story::new(seed);
    let outcome = catch_unwind(AssertUnwindSafe(|| story.run()));
    if let Ok(folder) = std::env::var("CAPTURES") {
        let path = format!("{folder}/{seed}.pcapng");
        std::fs::write(&path, story.file()).expect("CAPTURES is a folder that can be written to");
    }
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}
