//! What connections have in common, above the list of them.

use crate::catalogue::{Catalogue, Word};
use crate::model::pattern::Pattern;
use crate::words::clause_text;

use super::findings::told;
use super::line::{Line, Paint};
use super::{Options, render};

/// Each pattern with what likely brought it about, and an empty line behind them all; nothing where there is none.
#[must_use]
pub fn patterns(patterns: &[Pattern], catalogue: &Catalogue, options: &Options) -> String {
    if patterns.is_empty() {
        return String::new();
    }
    let mut lines = vec![Line::of(Paint::Heading, catalogue.word(Word::InCommon))];
    for pattern in patterns {
        let clause = clause_text(pattern.kind.clause());
        let evidence = format!("[{}{}{clause}]", catalogue.connections_of(pattern), catalogue.comma());
        lines.extend(told(&catalogue.tell(pattern), pattern.kind.severity(), &evidence, catalogue, options));
    }
    lines.push(Line::plain(""));
    render(&lines, options)
}
