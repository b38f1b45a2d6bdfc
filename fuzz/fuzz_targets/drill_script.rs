//! Any text, taken as a script, is refused with a place in it or played to its verdict: nothing panics, and the same script
//! ends the same way twice.

#![no_main]

use libfuzzer_sys::fuzz_target;
use synfin_drill::{Form, parse, run};

/// The longest script, octets.
const LONGEST: usize = 4096;
/// A number with more digits makes a script that takes long and finds nothing: a day of timers, or gigabytes of text.
const MOST_DIGITS: usize = 5;
/// Nor may a snippet make such a number.
const POWERS: [&str; 2] = ["**", "<<"];

fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if text.len() > LONGEST || is_vast(text) {
        return;
    }
    match parse(text) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(script) => {
            let form = Some(Form::ALL[text.len() % Form::ALL.len()]);
            assert_eq!(run(&script, form), run(&script, form));
        }
    }
});

fn is_vast(text: &str) -> bool {
    let longest = text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        digits > MOST_DIGITS || word.starts_with("0x") && word.len() > 6
    });
    POWERS.iter().any(|power| text.contains(power)) || longest.count() > 0
}
