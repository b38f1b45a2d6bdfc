//! The engine, one host with a hand-written peer in virtual time: one file a subject.

mod matrix;
mod open;
mod peer;
