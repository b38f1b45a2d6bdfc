//! One TCP connection, from SYN to FIN, as RFC 9293 describes it.
//!
//! The engine does no I/O and knows no clock: segments and moments are handed in, segments and deadlines
//! are asked for. It is driven with four verbs:
//!
//! 1. [`Connection::handle_segment`] and [`Connection::handle_timeout`]: what the world did;
//! 2. the user's calls: [`open`](Connection::open), [`send`](Connection::send),
//!    [`receive`](Connection::receive), [`close`](Connection::close), [`abort`](Connection::abort),
//!    [`status`](Connection::status);
//! 3. [`Connection::poll_transmit`]: what is to be sent, and why;
//! 4. [`Connection::poll_timeout`]: when to call again.
//!
//! After any of the first two, drain `poll_transmit` until it is empty and ask for the deadline.
//!
//! | room | what lives there |
//! |---|---|
//! | [`connection`] | phases, the TCB, the user's calls, the timers that run out; forms that are not whole: half-open, at rest, TIME-WAIT |
//! | `input` | the eight checks of section 3.10.7.4, one function each |
//! | `receive` | what has arrived: buffer, reassembly, window, when to acknowledge |
//! | `send` | what is to go: buffer, send space, the retransmission queue |
//! | `recovery` | what is lost: RTT, RTO, fast recovery |
//! | `congestion` | how much may fly |
//! | `output` | the one way out: decide, then build |
//! | [`fast_open`], [`pressure`] | what the host knows of a peer's cookie, and of the memory that is left |
//! | `timer`, `span` | which timers run; lengths of time |
//! | `gathering`, `compact` | short text copied together; a connection at rest as a few octets |
//!
//! The states and their transitions are a table of synfin-wire: [`State::next`].
#![no_std]

extern crate alloc;

pub mod config;
pub mod connection;
pub mod error;
pub mod event;
pub mod fast_open;
pub mod incoming;
pub mod outgoing;
pub mod pressure;

mod compact;
mod congestion;
mod gathering;
mod input;
mod output;
mod receive;
mod recovery;
mod send;
mod span;
mod timer;

pub use config::{
    AccEcnOption, Config, CongestionAlgorithm, EcnConfig, EcnFeedback, KeepAlive, MtuProbing, MtuProbingMode,
    ReorderingConfig, SecondSegment, SlowStartExit, UnknownAlgorithm, UserTimeoutOption,
};
pub use connection::ecn::{AccEcnFailures, AccEcnSeen};
pub use connection::half_open::{HalfOpen, HalfOpenOutcome};
pub use connection::look::{Numbers, RunningTimer};
pub use connection::measures::{ReceiveMeasures, SendMeasures};
pub use connection::resting::Resting;
pub use connection::status::{EcnStatus, MtuSearchStatus, RecoveryState, Status};
pub use connection::time_wait::{RestingTimeWait, TimeWait};
pub use connection::write::SendOptions;
pub use connection::{Connection, Identity};
pub use error::{ReceiveError, SendError};
pub use event::{Event, Events};
pub use fast_open::{FastOpenAttempt, FastOpenNews};
pub use incoming::{Incoming, PathSignal, PathSignalKind, Verdict};
pub use input::no_connection;
pub use outgoing::{Payload, SegmentOut, TransmitLimits};
pub use pressure::MemoryPressure;
pub use receive::ecn::EcnOctets;
/// What segments and moments are made of.
pub use synfin_wire as wire;
pub use synfin_wire::reason::{CloseReason, DropReason, SendReason};
pub use synfin_wire::state::{State, Trigger};
pub use synfin_wire::tcp::OptionOrder;
pub use synfin_wire::{Instant, Mss, SeqNumber};
