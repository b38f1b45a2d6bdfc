//! The marks of `analysis` beside those of tshark 4.0, on captures that are made here.
//!
//! `SEED=17` runs one case of those that are drawn from a seed; `SHOW=20` prints the first differences, of them only those
//! whose name begins with `ONLY`; `PCAP=FILE` keeps the capture.

mod adjudication;
mod cases;
mod chance;
mod compare;
mod frames;
mod simulated;
mod table;
mod tshark;

use chance::Temper;
use compare::{Score, compare};
use frames::Frames;

fn seeds(default: u64) -> std::ops::Range<u64> {
    match std::env::var("SEED") {
        Ok(seed) => {
            let seed = seed.parse().expect("SEED is a number");
            seed..seed + 1
        }
        Err(_) => 0..default,
    }
}

/// Prints the figures, and the first differences where `SHOW` says how many.
fn show(title: &str, frames: &Frames, score: &Score) {
    score.print(title);
    if let Ok(path) = std::env::var("PCAP") {
        std::fs::write(path, frames.pcap()).expect("PCAP is a file that can be written");
    }
    let Some(most) = std::env::var("SHOW").ok().and_then(|show| show.parse().ok()) else { return };
    let only = std::env::var("ONLY").unwrap_or_default();
    for difference in
        score.differences.iter().filter(|difference| difference.value.starts_with(&only)).take(most)
    {
        println!("{difference}");
    }
}

fn by_chance(temper: Temper, count: u64) -> Score {
    let mut frames = Frames::default();
    for seed in seeds(count) {
        frames.begin(format!("{temper:?} {seed}"));
        frames.add_made(seed as u32, &chance::sequence(seed, temper));
    }
    let score = compare(&frames);
    show(&format!("{temper:?}"), &frames, &score);
    score
}

#[test]
fn sequences_that_nearly_make_sense() {
    if tshark::is_there() {
        let score = by_chance(Temper::Mild, 3000);
        score.assert_marks();
        score.assert_values();
    }
}

#[test]
fn sequences_that_make_none() {
    if tshark::is_there() {
        by_chance(Temper::Wild, 3000).assert_marks();
    }
}

#[test]
fn simulated_networks() {
    if !tshark::is_there() {
        return;
    }
    let mut frames = Frames::default();
    seeds(300).for_each(|seed| simulated::add(&mut frames, seed));
    let score = compare(&frames);
    show("simulated", &frames, &score);
    score.assert_marks();
    score.assert_values();
}

#[test]
fn captures_that_miss_a_part() {
    if !tshark::is_there() {
        return;
    }
    let mut frames = Frames::default();
    seeds(600).for_each(|seed| simulated::add_thinned(&mut frames, seed));
    let score = compare(&frames);
    show("captures that miss a part", &frames, &score);
    score.assert_marks();
    score.assert_values();
}

#[test]
fn sequences_made_by_hand() {
    if !tshark::is_there() {
        return;
    }
    let mut frames = Frames::default();
    cases::add(&mut frames, 0, false);
    cases::add(&mut frames, 1000, true);
    let score = compare(&frames);
    show("made by hand", &frames, &score);
    adjudication::assert_listed(&score.differences);
}
