//! synfin in a web page.
//!
//! What comes in: strings and the octets of captures, from the page's scripts. What goes out: JSON, SVG and captures.
//! Everything is answered from the same crates that the command uses, so that the page shows what the terminal shows,
//! and the trace of a scenario has the same octets in both. Nothing is kept between two calls.
//! Left out on purpose: the page itself, which is `web/`; whatever needs a clock, a file or a socket.
//!
//! | module | what it answers |
//! |---|---|
//! | [`lab`] | which scenarios there are, and what happens in one |
//! | [`captures`] | what happened in a capture |
//! | [`scripts`] | whether a packetdrill script holds |
//! | [`states`] | the table of transitions |
//!
//! An answer is `{"ok": ...}` or `{"error": "..."}`.

pub mod captures;
pub mod lab;
pub mod scripts;
pub mod states;

mod answer;
mod told;

use wasm_bindgen::prelude::wasm_bindgen;

/// The scenarios, with their words in a language (`en`, `zh-CN`).
#[wasm_bindgen]
#[must_use]
pub fn scenarios(language: &str) -> String {
    lab::scenarios(language)
}

/// Runs a scenario: see [`lab::Request`].
#[wasm_bindgen]
#[must_use]
pub fn run(request: &str) -> String {
    lab::run(request)
}

/// The trace of a scenario, the same octets as everywhere else; for a request that is off, what is wrong.
#[wasm_bindgen]
#[must_use]
pub fn trace(request: &str) -> String {
    lab::trace(request)
}

/// The capture of a run, as pcapng: 0 at the first host, 1 at the second, 2 half way. Empty for a request that is off.
#[wasm_bindgen]
#[must_use]
pub fn capture(request: &str, point: u8) -> Vec<u8> {
    lab::capture(request, point)
}

/// Explains a capture. `width` is the drawing's, CSS pixels; `number` is the connection that is drawn, from 1.
#[wasm_bindgen]
#[must_use]
pub fn explain(octets: &[u8], language: &str, width: u32, number: u32) -> String {
    captures::explain(octets, language, width, number)
}

/// Runs a packetdrill script over IPv4.
#[wasm_bindgen]
#[must_use]
pub fn drill(text: &str) -> String {
    scripts::drill(text)
}

/// The states and what leads from one to another.
#[wasm_bindgen]
#[must_use]
pub fn transitions(language: &str) -> String {
    states::transitions(language)
}
