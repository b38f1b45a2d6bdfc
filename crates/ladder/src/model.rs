//! The model of a connection: what all pictures of it are drawn from.
//!
//! Everything in it is what is known, not how it is told: no sentence, no colour, no width.

pub mod connection;
pub mod end;
pub mod finding;
pub mod marks;
pub mod pattern;
pub mod states;
pub mod step;
