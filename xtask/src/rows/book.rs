//! The rows as their file has them.

use anyhow::Result;
use serde::Deserialize;

/// All rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Book {
    #[serde(rename = "row")]
    pub(super) rows: Vec<Row>,
}

/// One thing that is said of TCP.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) number: u16,
    /// What the project says, in a line of its own words.
    pub(super) says: String,
    /// Where it is shown.
    shown: Vec<String>,
    /// Why neither a scenario nor a test can show it.
    pub(super) words_only: Option<String>,
}

/// Where a row is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// A scenario, by its number: `05`, `05b`.
    Lab(&'a str),
    /// A script or test that shows what the engine does.
    Test(&'a str),
    /// A test that shows what `explain` says of a capture.
    Explain(&'a str),
    /// A place on a page.
    Page {
        /// From the repository's root.
        file: &'a str,
        anchor: &'a str,
    },
    /// Anything else.
    Unknown(&'a str),
}

impl Book {
    pub(super) fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }
}

impl Row {
    pub(super) fn places(&self) -> Vec<Place<'_>> {
        self.shown.iter().map(|text| Place::parse(text)).collect()
    }
}

impl<'a> Place<'a> {
    fn parse(text: &'a str) -> Self {
        match text.split_once(':') {
            Some(("lab", number)) => Self::Lab(number),
            Some(("test", name)) => Self::Test(name),
            Some(("explain", name)) => Self::Explain(name),
            Some(("page", place)) => match place.split_once('#') {
                Some((file, anchor)) => Self::Page { file, anchor },
                None => Self::Unknown(text),
            },
            _ => Self::Unknown(text),
        }
    }

    /// Whether something happens there, rather than being said.
    pub(super) fn shows(&self) -> bool {
        matches!(self, Self::Lab(_) | Self::Test(_) | Self::Explain(_))
    }
}
