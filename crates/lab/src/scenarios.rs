//! The scenarios that come with the laboratory.
//!
//! In: their files and their words. Out: for each a [`Scenario`]; its question, its prediction and its answer, in each
//! language; and which of the choices of the prediction is right, computed from runs of it and written nowhere.

mod claims;
mod texts;

pub use texts::{Texts, Told};

use crate::run::Run;
use crate::{Lab, ScriptError, Setting};

/// What scenarios are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chapter {
    /// How a connection comes to be.
    Open,
    /// How it ends.
    Close,
    /// What TIME-WAIT is for.
    TimeWait,
    /// How nothing gets lost.
    Reliable,
    /// How much may fly.
    Window,
    /// Whether anybody is there.
    Alive,
    /// What strangers may do.
    Strangers,
}

impl Chapter {
    /// All of them, in the order of the menu.
    pub const ALL: [Self; 7] =
        [Self::Open, Self::Close, Self::TimeWait, Self::Reliable, Self::Window, Self::Alive, Self::Strangers];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Close => "close",
            Self::TimeWait => "time-wait",
            Self::Reliable => "reliable",
            Self::Window => "window",
            Self::Alive => "alive",
            Self::Strangers => "strangers",
        }
    }
}

/// A scenario that comes with the laboratory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its number: `05`, `05b`.
    pub number: &'static str,
    /// The name of its file: `05-delayed-duplicate`.
    pub name: &'static str,
    /// What it is about.
    pub chapter: Chapter,
    /// Its file.
    pub text: &'static str,
}

/// Declares a scenario with its file.
macro_rules! scenario {
    ($chapter:ident, $number:literal, $name:literal) => {
        Scenario {
            number: $number,
            name: concat!($number, "-", $name),
            chapter: Chapter::$chapter,
            text: include_str!(concat!("../scenarios/", $number, "-", $name, ".lab")),
        }
    };
}

/// All scenarios, by their numbers.
pub const ALL: &[Scenario] = &[
    scenario!(Open, "01", "handshake"),
    scenario!(Open, "02", "syn-lost"),
    scenario!(Open, "03", "syn-ack-lost"),
    scenario!(Open, "04", "third-ack-lost"),
    scenario!(Open, "05", "delayed-duplicate"),
    scenario!(Open, "05b", "server-isn-lost"),
    scenario!(Open, "06", "old-duplicate-syn"),
    scenario!(Open, "07", "simultaneous-open"),
    scenario!(Alive, "08", "half-open"),
    scenario!(Open, "09", "two-passive"),
    scenario!(Close, "10", "close"),
    scenario!(Close, "11", "merged-fin"),
    scenario!(Close, "12", "simultaneous-close"),
    scenario!(Close, "13", "half-close"),
    scenario!(TimeWait, "14", "last-ack-lost"),
    scenario!(TimeWait, "15", "old-duplicate-data"),
    scenario!(Close, "16", "abort-unread"),
    scenario!(Open, "17", "refused"),
    scenario!(Strangers, "18", "syn-flood"),
    scenario!(Alive, "19", "keep-alive"),
    scenario!(Alive, "20", "rebooted"),
    scenario!(Reliable, "21", "backoff"),
    scenario!(Reliable, "21b", "lost-ack"),
    scenario!(Reliable, "22", "rto-estimator"),
    scenario!(Reliable, "23", "fast-retransmit"),
    scenario!(Reliable, "24", "reordering"),
    scenario!(Window, "25", "slow-start"),
    scenario!(Window, "26", "zero-window"),
    scenario!(Window, "27", "window"),
    scenario!(Reliable, "28", "mss"),
    scenario!(Reliable, "29", "corruption"),
    scenario!(Window, "30", "nagle"),
    scenario!(Open, "31", "two-three-four"),
    scenario!(Open, "32", "two-generals"),
    scenario!(Reliable, "33", "urgent"),
    scenario!(Open, "34", "data-on-syn"),
    scenario!(Reliable, "35", "wrap"),
    scenario!(Close, "36", "leaks"),
    scenario!(Strangers, "37", "isn-guess"),
];

/// The scenario of a number or name: `5`, `05`, `05b`, `05-delayed-duplicate`.
#[must_use]
pub fn find(word: &str) -> Option<&'static Scenario> {
    let bare = |number: &str| number.trim_start_matches('0').to_owned();
    ALL.iter().find(|scenario| scenario.name == word || bare(scenario.number) == bare(word))
}

impl Scenario {
    /// The scenario, read.
    ///
    /// # Errors
    /// None, as tests see to; a change of its file may bring one.
    pub fn lab(&self) -> Result<Lab, ScriptError> {
        Lab::new(self.text)
    }

    /// Runs of it in each of its worlds, in their order.
    ///
    /// # Errors
    /// A setting that it does not have.
    pub fn runs(&self, values: &[(String, String)], seed: u64) -> Result<Vec<Run>, ScriptError> {
        let lab = self.lab()?;
        let worlds = lab.script().worlds().iter();
        let setting = |world: &String| Setting { world: Some(world.clone()), values: values.to_vec(), seed };
        worlds.map(|world| lab.run(&setting(world))).collect()
    }

    /// Which choice of its prediction is right, 0 for the first, as the runs of all of its worlds show; `None` when none
    /// of them is, as may be with other settings.
    #[must_use]
    pub fn right(&self, runs: &[Run]) -> Option<usize> {
        claims::right(self.number, &claims::Worlds::new(runs))
    }
}
