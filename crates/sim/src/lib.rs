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
//! | [`mod@replay`] | a captured connection run again with something changed |
//! | [`units`] | [`Probability`], [`Rate`] and durations, as a person writes them |
//!
//! A narrow cable behind a router, which is cut for a while:
//!
//! ```
//! use std::time::Duration;
//! use synfin_host::HostConfig;
//! use synfin_sim::program::{Client, Server};
//! use synfin_sim::{Fault, LinkConfig, Network};
//! use synfin_wire::Instant;
//!
//! let mut network = Network::new(17);
//! let a = network.add_host(HostConfig::new([("10.0.1.1".parse()?, 24)]));
//! let b = network.add_host(HostConfig::new([("10.0.2.1".parse()?, 24)]));
//! let router = network.add_router(["10.0.1.254".parse()?]);
//! network.connect(a, router, LinkConfig::default());
//! let narrow = network.connect(router, b, LinkConfig { mtu: Some(1300), ..LinkConfig::default() });
//!
//! let server = network.run(b, Server::sink("10.0.2.1:80".parse()?));
//! let client = network.run(a, Client::new("10.0.2.1:80".parse()?).sending(1_000_000));
//! let capture = network.capture(narrow);
//!
//! network.at(Instant::from_millis(1), Fault::Cut(narrow));
//! network.at(Instant::from_millis(900), Fault::Mend(narrow));
//! assert!(network.run_until(Duration::from_secs(60), |network| network.program(client).is_through()));
//! assert_eq!(network.program(server).received(), 1_000_000);
//! let pcapng: &[u8] = network.captured(capture);
//! # assert!(pcapng.len() > 1_000_000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! How to run one's own program so, a thousand times, is in `docs/simulate.md` of the repository.

pub mod link;
pub mod network;
mod packet;
pub mod program;
mod random;
pub mod replay;
pub mod rule;
pub mod units;

pub use link::{GilbertElliott, Link, LinkConfig, LinkCounters, LinkDrop, Loss, Queue, Treatment};
pub use network::{
    CableId, CaptureId, CapturePoint, Fault, HostId, Network, NodeId, Observer, ProgramId, RouterId, Way,
};
pub use packet::Sighting;
pub use rule::Rule;
/// The hosts that are joined here.
pub use synfin_host as host;
pub use synfin_wire::Instant;
pub use units::{Probability, Rate, UnitError};
