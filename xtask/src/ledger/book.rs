//! The ledger as its files have it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// All files of the ledger.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) ledgers: Vec<Ledger>,
    pub(super) attacks: Vec<Attack>,
}

/// One RFC: a file of the ledger.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ledger {
    /// The file's name.
    #[serde(skip)]
    pub(super) file: String,
    pub(super) rfc: u16,
    pub(super) title: String,
    #[serde(rename = "requirement")]
    pub(super) requirements: Vec<Requirement>,
}

/// One requirement.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Requirement {
    pub(super) id: String,
    pub(super) level: Level,
    pub(super) section: String,
    /// What it asks, in our own words.
    pub(super) text: String,
    /// The scripts and tests that show it.
    #[serde(default)]
    shown_by: Vec<String>,
    /// Why it does not apply.
    not_applicable: Option<String>,
}

/// RFC 2119's words.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(super) enum Level {
    #[serde(rename = "MUST")]
    Must,
    #[serde(rename = "MUST NOT")]
    MustNot,
    #[serde(rename = "SHOULD")]
    Should,
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    #[serde(rename = "RECOMMENDED")]
    Recommended,
    #[serde(rename = "MAY")]
    May,
}

/// The file of attacks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attacks {
    #[serde(rename = "attack")]
    attacks: Vec<Attack>,
}

/// One attack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attack {
    pub(super) name: String,
    /// What the attacker does.
    pub(super) attacker: String,
    /// What comes of it here.
    pub(super) answer: String,
    /// The clauses that ask for the answer, or describe the attack.
    pub(super) clause: String,
    #[serde(default)]
    shown_by: Vec<String>,
}

/// What an entry rests on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing<'a> {
    Shown(&'a [String]),
    NotApplicable(&'a str),
}

impl Book {
    /// Reads every file of the ledger.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let mut book = Self::default();
        let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            book.add(&file, &text).with_context(|| format!("cannot read {}", path.display()))?;
        }
        book.ledgers.sort_by_key(|ledger| (ledger.rfc != 9293, ledger.rfc));
        Ok(book)
    }

    /// Adds one file.
    pub(super) fn add(&mut self, file: &str, text: &str) -> Result<()> {
        if file == "attacks.toml" {
            self.attacks = toml::from_str::<Attacks>(text)?.attacks;
        } else {
            self.ledgers.push(Ledger { file: file.to_string(), ..toml::from_str(text)? });
        }
        Ok(())
    }
}

impl Requirement {
    /// What it rests on; what is wrong when that is not one thing.
    pub(super) fn standing(&self) -> Result<Standing<'_>, &'static str> {
        one_of(&self.shown_by, self.not_applicable.as_deref())
    }
}

impl Attack {
    /// What its answer rests on.
    pub(super) fn standing(&self) -> Result<Standing<'_>, &'static str> {
        one_of(&self.shown_by, None)
    }
}

fn one_of<'a>(shown_by: &'a [String], not_applicable: Option<&'a str>) -> Result<Standing<'a>, &'static str> {
    match (shown_by, not_applicable) {
        ([], None) => Err("has neither a test nor a reason"),
        ([], Some(reason)) => Ok(Standing::NotApplicable(reason)),
        (tests, None) => Ok(Standing::Shown(tests)),
        _ => Err("has both tests and a reason why not"),
    }
}

impl Level {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::Recommended => "RECOMMENDED",
            Self::May => "MAY",
        }
    }
}
