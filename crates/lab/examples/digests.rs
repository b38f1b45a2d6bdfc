//! Prints a number for each scenario, made of every octet of its traces and captures: the same on every platform.
//!
//! `cargo run -p synfin-lab --example digests`
//!
//! As that of synfin-sim, it leaves the text in memory for whoever runs it in a web page.

#[path = "../tests/digests/mod.rs"]
mod digests;

use std::fmt::Write as _;

fn main() {
    let mut text = String::from("digests:");
    for digest in digests::digests() {
        let _ = write!(text, " {digest:016x}");
    }
    text.push(';');
    println!("{text}");
    std::hint::black_box(text.leak());
}
