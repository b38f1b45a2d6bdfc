//! Measurements of synfin side by side with peers.
//!
//! What comes in: which workload, of which stack, at which settings. What goes out: operations, octets, and the processor
//! time that they took. A pair is two endpoints of one stack on one core, joined in memory; each [`Task`] is one
//! measurement of one, made in a process of its own.
//!
//! Left out on purpose: devices, system calls, other cores. What the whole takes with a kernel beside it is measured by
//! the scripts in this folder.

mod cable;
pub mod callgrind;
pub mod compared;
pub mod counts;
mod cpu;
pub mod flame;
mod idle;
mod lwip;
pub mod machine;
mod memory;
mod pair;
pub mod plot;
pub mod report;
pub mod rooms;
mod smoltcp_pair;
mod synfin_pair;
mod task;
mod workload;

pub use lwip::Lwip;
pub use pair::{Congestion, Cutting, Resting, Setting};
pub use task::{Outcome, Stack, Task, measure};
pub use workload::Workload;
