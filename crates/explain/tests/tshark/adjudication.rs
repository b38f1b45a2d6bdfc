//! The differences that have been judged: `adjudication.toml`.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::compare::Difference;

#[derive(Deserialize)]
struct File {
    difference: Vec<Judged>,
}

#[derive(Deserialize)]
struct Judged {
    case: String,
    frame: u64,
    values: Vec<String>,
}

/// What was found is what is listed.
///
/// # Panics
/// When it is not.
pub(crate) fn assert_listed(found: &[Difference]) {
    let file: File =
        toml::from_str(include_str!("adjudication.toml")).expect("adjudication.toml is well formed");
    let listed: BTreeSet<(&str, u64, &str)> = file.difference.iter().flat_map(judged).collect();
    let found: BTreeSet<(&str, u64, &str)> =
        found.iter().map(|found| (found.case.as_str(), found.frame, found.value.as_str())).collect();
    let unlisted: Vec<_> = found.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(
        unlisted.is_empty() && gone.is_empty(),
        "not listed: {unlisted:#?}\nlisted and not found: {gone:#?}"
    );
}

fn judged(judged: &Judged) -> impl Iterator<Item = (&str, u64, &str)> {
    judged.values.iter().map(|value| (judged.case.as_str(), judged.frame, value.as_str()))
}
