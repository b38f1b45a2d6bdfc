//! The letters of a history, and how often each is written.
//!
//! `a`, `d`, `i` and `q` once for each end; `f`, `h`, `r` and `s` again with another sequence number; `c`, `g`, `t` and
//! `w` for the first time, the tenth, the hundredth and so on.

use super::{Party, SeqNumber};

/// The letters that are told apart by their number, and those that are counted.
const NUMBERED: [char; 4] = ['f', 'h', 'r', 's'];
const COUNTED: [char; 4] = ['c', 'g', 't', 'w'];
/// A peer that changes its number each time makes the history no longer than this.
const LONGEST: usize = 256;

/// A history in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    letters: String,
    ends: [Written; 2],
}

/// What was written for one end.
#[derive(Clone, Debug, Default)]
struct Written {
    last_number: [Option<SeqNumber>; 4],
    /// How often it happened.
    count: [u64; 4],
}

impl History {
    pub(super) fn text(&self) -> String {
        self.letters.clone()
    }

    /// The direction was turned round.
    pub(super) fn flip(&mut self) {
        self.letters.push('^');
    }

    pub(super) fn once(&mut self, party: Party, letter: char) {
        if !self.letters.contains(cased(party, letter)) {
            self.write(party, letter);
        }
    }

    pub(super) fn by_number(&mut self, party: Party, letter: char, number: SeqNumber) {
        let Some(place) = NUMBERED.iter().position(|known| *known == letter) else { return };
        let last = &mut self.ends[party as usize].last_number[place];
        if last.replace(number) != Some(number) {
            self.write(party, letter);
        }
    }

    pub(super) fn scaled(&mut self, party: Party, letter: char) {
        let Some(place) = COUNTED.iter().position(|known| *known == letter) else { return };
        let count = &mut self.ends[party as usize].count[place];
        *count += 1;
        if is_power_of_ten(*count) {
            self.write(party, letter);
        }
    }

    fn write(&mut self, party: Party, letter: char) {
        if self.letters.len() < LONGEST {
            self.letters.push(cased(party, letter));
        }
    }
}

fn cased(party: Party, letter: char) -> char {
    match party {
        Party::Originator => letter.to_ascii_uppercase(),
        Party::Responder => letter,
    }
}

fn is_power_of_ten(number: u64) -> bool {
    10_u64.checked_pow(number.ilog10()) == Some(number)
}
