//! Networks that behave badly on purpose, and the same way each time.
//!
//! What comes in: packets, a moment, a seed. What goes out: the packets that survive, each at its moment.
//! Time is an argument: the same [`Link`] stands in a simulation and before a real device, and the same
//! seed, packets and moments give the same bytes on every platform.
//!
//! | module | what it holds |
//! |---|---|
//! | [`link`] | [`Link`]: one direction of a link with rate, queue, delay, jitter and faults |
//! | [`rule`] | [`Rule`]: this segment is lost, that one comes late |
//! | [`network`] | [`Network`]: hosts and routers joined by links, faults, captures |
//! | [`program`] | what runs on those hosts |
//! | [`units`] | [`Probability`], [`Rate`] and durations, as a person writes them |

pub mod link;
pub mod network;
mod packet;
pub mod program;
mod random;
pub mod rule;
pub mod units;

pub use link::{GilbertElliott, Link, LinkConfig, LinkCounters, LinkDrop, Loss, Queue, Treatment};
pub use network::{
    CableId, CaptureId, CapturePoint, Fault, HostId, Network, NodeId, ProgramId, RouterId, Way,
};
pub use packet::Sighting;
pub use rule::Rule;
pub use units::{Probability, Rate, UnitError};
