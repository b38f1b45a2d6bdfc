//! The table of transitions (RFC 9293 section 3.3.2, Figure 5), as the engine has it.

use serde::Serialize;
use synfin_ladder::Catalogue;
use synfin_wire::{State, Trigger};

use crate::answer;

#[derive(Serialize)]
struct Table {
    states: Vec<Named>,
    transitions: Vec<Transition>,
}

#[derive(Serialize)]
struct Named {
    name: &'static str,
    /// What the state means, in the language.
    gloss: String,
}

#[derive(Serialize)]
struct Transition {
    from: &'static str,
    trigger: String,
    to: &'static str,
}

/// The states and the transitions between them.
#[must_use]
pub fn transitions(language: &str) -> String {
    let catalogue = Catalogue::new(answer::language(language));
    let mut transitions = Vec::new();
    for from in State::ALL {
        for trigger in Trigger::ALL {
            if let Some(to) = from.next(trigger) {
                transitions.push(Transition {
                    from: from.name(),
                    trigger: format!("{trigger:?}"),
                    to: to.name(),
                });
            }
        }
    }
    let named = |state: &State| Named { name: state.name(), gloss: catalogue.state(*state) };
    answer::of(Ok(Table { states: State::ALL.iter().map(named).collect(), transitions }))
}
