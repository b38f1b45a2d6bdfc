//! A connection as a picture: two ends, what passed between them, and why.
//!
//! What comes in: a [`Connection`], made by whoever knows one: a capture's reader, a laboratory, a running stack. What
//! goes out: words and pictures of it. Nothing here reads a capture, runs a TCP or knows a clock.
//!
//! | module | what it holds |
//! |---|---|
//! | [`model`] | the connection: ends with their states over time, segments with their reasons, findings |
//! | [`reason`] | why a segment was sent, as far as one who only watches can know |
//! | [`catalogue`] | the sentences, in English and Chinese, by stable codes |
//! | [`words`] | what a model says in them |
//! | [`names`] | how others write the states |
//! | [`what_if`] | what is said of a connection that is run again with something changed |
//! | [`fold`] | what a picture draws one by one, and what it tells in one line |
//! | [`text`] | the ladder for a terminal, the list of connections, and what they have in common |
//! | [`json`] | the same for programs |
//! | [`svg`] | the ladder as a picture that scales |
//! | [`html`] | a page: list, ladders, graphs |

pub mod catalogue;
pub mod fold;
pub mod html;
pub mod json;
pub mod model;
pub mod names;
pub mod reason;
pub mod svg;
pub mod text;
mod voices;
pub mod what_if;
pub mod words;

#[cfg(test)]
mod samples;

pub use catalogue::{Catalogue, Language};
pub use model::connection::{Connection, Negotiated, Verdict, VerdictKind, Zeek};
pub use model::end::{Counts, End, Role, Side};
pub use model::finding::{Evidence, Finding, FindingKind, Severity};
pub use model::marks::{Mark, Marks};
pub use model::pattern::{Pattern, PatternKind};
pub use model::states::{Certainty, StateSet, Timeline, Transition, Window};
pub use model::step::{Fate, Step};
pub use reason::{Reason, Seen};
pub use words::Words;
