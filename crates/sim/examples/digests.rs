//! Prints a number for each of the first networks of the tests: the same on every platform.
//!
//! `cargo run -p synfin-sim --example digests`
//!
//! In a web page there is nowhere to print to, and no way for a program without unsafe code to be called but
//! by its `main`: whoever runs it there finds the same text in its memory.

#[path = "../tests/scenario/mod.rs"]
mod scenario;

use std::fmt::Write as _;

fn main() {
    let mut text = String::from("digests:");
    for digest in scenario::digests() {
        let _ = write!(text, " {digest:016x}");
    }
    text.push(';');
    println!("{text}");
    std::hint::black_box(text.leak());
}
