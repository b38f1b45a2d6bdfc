//! Values of a script, and the knobs that stand for them.

use std::collections::BTreeMap;
use std::time::Duration;

use synfin_sim::units::parse_duration;
use synfin_sim::{Probability, Rate};

use crate::script::{Knob, ScriptError, Word};

/// What the knobs are set to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(BTreeMap<String, String>);

/// A quantity, as far as its kind can be told from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Quantity {
    Number(u64),
    Time(Duration),
    Share(u32),
    Rate(u64),
}

fn quantity(text: &str) -> Option<Quantity> {
    if let Ok(number) = text.parse() {
        return Some(Quantity::Number(number));
    }
    if let Ok(time) = parse_duration(text) {
        return Some(Quantity::Time(time));
    }
    if let Ok(share) = text.parse::<Probability>() {
        return Some(Quantity::Share(share.billionths()));
    }
    text.parse::<Rate>().ok().map(|rate| Quantity::Rate(rate.bits_per_second()))
}

const KINDS: &str = "write a number like 3, a time like 50ms, a percentage like 2%, or a rate like 10mbit";

/// A knob's three values are of one kind, and in order.
pub(crate) fn check_knob(knob: &Knob) -> Result<(), ScriptError> {
    let values = [&knob.least, &knob.default, &knob.most].map(|text| quantity(text));
    let [Some(least), Some(default), Some(most)] = values else {
        return Err(knob.place.wrong("a value of the knob is none", KINDS));
    };
    let same = std::mem::discriminant(&least) == std::mem::discriminant(&default)
        && std::mem::discriminant(&most) == std::mem::discriminant(&default);
    if !same || least > default || default > most {
        let fix =
            "give three values of one kind, the first between the other two: knob NAME 50ms from 1ms to 2s";
        return Err(knob.place.wrong("the knob's values do not fit together", fix));
    }
    Ok(())
}

impl Values {
    /// The knobs as they stand, but for what is set.
    pub(crate) fn new(knobs: &[Knob], settings: &[(String, String)]) -> Result<Self, ScriptError> {
        let mut values: BTreeMap<String, String> =
            knobs.iter().map(|knob| (knob.name.clone(), knob.default.clone())).collect();
        for (name, text) in settings {
            let off = |message| ScriptError { line: 0, column: 0, message };
            let Some(knob) = knobs.iter().find(|knob| knob.name == *name) else {
                let known: Vec<&str> = knobs.iter().map(|knob| knob.name.as_str()).collect();
                let fix = match &known[..] {
                    [] => "this scenario has none".into(),
                    known => format!("there is {}", known.join(", ")),
                };
                return Err(off(format!("there is no knob '{name}': {fix}")));
            };
            let range = [&knob.least, &knob.most].map(|text| quantity(text));
            let fits = match (range, quantity(text)) {
                ([Some(least), Some(most)], Some(value)) => {
                    std::mem::discriminant(&least) == std::mem::discriminant(&value)
                        && (least..=most).contains(&value)
                }
                _ => false,
            };
            if !fits {
                let Knob { name, least, most, .. } = knob;
                return Err(off(format!(
                    "'{text}' does not fit {name}: give something from {least} to {most}"
                )));
            }
            values.insert(name.clone(), text.clone());
        }
        Ok(Self(values))
    }

    /// The values, by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What a word says: itself, or what its knob is set to.
    pub(crate) fn text<'a>(&'a self, word: &'a Word) -> Result<&'a str, ScriptError> {
        let Some(name) = word.text.strip_prefix('$') else { return Ok(&word.text) };
        let fix = "name it before: knob NAME VALUE from LEAST to MOST";
        self.0.get(name).map(String::as_str).ok_or_else(|| word.wrong("there is no knob of that name", fix))
    }

    pub(crate) fn time(&self, word: &Word) -> Result<Duration, ScriptError> {
        let longest = Duration::from_secs(100 * 24 * 3600);
        let time = parse_duration(self.text(word)?)
            .map_err(|error| word.wrong("a time was expected", &format!("write it like 80ms ({error})")))?;
        if time > longest {
            return Err(word.wrong("that is too long", "give at most 2400h"));
        }
        Ok(time)
    }

    pub(crate) fn number(&self, word: &Word, least: u64, most: u64) -> Result<u64, ScriptError> {
        let number = self.text(word)?.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| {
            word.wrong("a number was expected", &format!("give a whole one from {least} to {most}"))
        })
    }

    pub(crate) fn share(&self, word: &Word) -> Result<Probability, ScriptError> {
        let text = self.text(word)?;
        text.parse().map_err(|error| word.wrong("a percentage was expected", &format!("{error}")))
    }

    pub(crate) fn rate(&self, word: &Word) -> Result<Rate, ScriptError> {
        let text = self.text(word)?;
        text.parse().map_err(|error| word.wrong("a rate was expected", &format!("{error}")))
    }

    pub(crate) fn is_on(&self, word: &Word) -> Result<bool, ScriptError> {
        match self.text(word)? {
            "on" => Ok(true),
            "off" => Ok(false),
            _ => Err(word.wrong("on or off was expected", "write one of the two")),
        }
    }
}
