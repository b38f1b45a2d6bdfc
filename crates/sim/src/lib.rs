//! Networks that behave badly on purpose, and the same way each time.
//!
//! What comes in: packets, a moment, a seed. What goes out: the packets that survive, each at its moment.
//! Time is an argument: the same [`Link`] stands in a simulation and before a real device, and the same
//! seed, packets and moments give the same bytes on every platform.
//!
//! | module | what it holds |
//! |---|---|
//! | [`link`] | [`Link`]: one direction of a link with rate, queue, delay, jitter and faults |
//! | [`units`] | [`Probability`], [`Rate`] and durations, as a person writes them |
//!
//! Left out on purpose: addresses, routes and headers. A link carries octets.

pub mod link;
mod random;
pub mod units;

pub use link::{Link, LinkConfig, LinkCounters, Loss, Queue};
pub use units::{Probability, Rate, UnitError};
