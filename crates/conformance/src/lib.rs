//! What the standards ask, shown on the engine.
//!
//! There is nothing here but tests: see `tests/`, one file a subject.
//!
//! | file | what it shows | from |
//! |---|---|---|
//! | `transitions` | the table of the eleven states, whole, and the graph in `docs/states.md` | RFC 9293 section 3.3.2 |
//! | `engine` | one host with a hand-written peer in virtual time, a file a subject; `engine/matrix` has every state against every kind of flags at every place in the sequence space | RFC 9293 section 3.10.7 and those it rests on |
//! | `exhaustive` | every order in which two engines can open, send, close and abort, within bounds of loss and duplication | RFC 9293 sections 3.5 and 3.6 |
//!
//! Which requirement each test shows is in `conformance/ledger/`, and as a page in `docs/conformance.md`.
