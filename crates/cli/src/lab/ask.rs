//! What the reader expects, before he sees it.

use std::io::{self, BufRead as _};

use synfin_lab::Texts;
use synfin_lab::scenarios::{Scenario, Told};
use synfin_ladder::text::{self, Options};

use super::show;
use crate::failure::Failure;
use crate::out::print;

const LETTERS: [&str; 3] = ["a", "b", "c"];

/// In which order the choices stand, so that their place tells nothing.
fn order(scenario: &Scenario) -> [usize; 3] {
    let turn = scenario.number.bytes().map(usize::from).sum::<usize>() % 3;
    [turn, (turn + 1) % 3, (turn + 2) % 3]
}

/// Asks, and says whether the answer is what the run shows; where nobody can be asked, the choices alone are shown.
pub(super) fn predict(
    scenario: &Scenario,
    told: &Told,
    values: &[(String, String)],
    seed: u64,
    may_ask: bool,
    texts: &Texts,
    options: &Options,
) -> Result<(), Failure> {
    let mut out = format!("{}{}", texts.say("predict-head"), show::colon(texts));
    out.push_str(&told.predict);
    let mut shown = text::wrap(&out, options.width).join("\n");
    let order = order(scenario);
    for (letter, choice) in LETTERS.iter().zip(order) {
        shown.push_str(&format!("\n  {letter}) {}", told.choices[choice]));
    }
    print(format!("{shown}\n"))?;
    let right = scenario.runs(values, seed).ok().and_then(|runs| scenario.right(&runs));
    if may_ask {
        print(format!("{} ", texts.say("ask")))?;
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        let answer = LETTERS.iter().position(|letter| line.trim().eq_ignore_ascii_case(letter));
        if read.is_ok()
            && let (Some(answer), Some(right)) = (answer, right)
        {
            let word = if order[answer] == right { "right" } else { "wrong" };
            let place = order.iter().position(|choice| *choice == right).unwrap_or(0);
            let head = format!("{}{}", texts.say(word), show::colon(texts));
            let told = format!("{head}{}) {}", LETTERS[place], told.choices[right]);
            print(format!("{told}\n"))?;
        }
    }
    print("\n")
}
