//! The form of an answer.

use serde::Serialize;
use synfin_ladder::Language;

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer<T> {
    Ok(T),
    Error(String),
}

/// An answer as JSON.
pub(crate) fn of<T: Serialize>(result: Result<T, String>) -> String {
    let answer = match result {
        Ok(value) => Answer::Ok(value),
        Err(error) => Answer::Error(error),
    };
    // Strings, whole numbers and JSON itself can always be written.
    serde_json::to_string(&answer).unwrap_or_default()
}

/// A language by its tag; English where there is none of that name.
pub(crate) fn language(tag: &str) -> Language {
    Language::from_tag(tag).unwrap_or_default()
}
