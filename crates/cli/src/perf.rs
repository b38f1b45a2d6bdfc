//! `synfin perf`: how fast synfin's own TCP is, in the words of iperf3.
//!
//! What comes in: the words behind `synfin perf`, and a peer that speaks iperf3's protocol, be it iperf3 itself. What
//! goes out: octets as fast as they go, and what was measured, as text or as JSON with iperf3's names.
//!
//! There is no specification: the protocol is what iperf3 3.12 is seen to send. A control connection begins with a
//! cookie; then the server leads by single octets ([`protocol::Signal`]), and settings and results cross as JSON behind
//! their length. Each stream is a connection of its own that begins with the same cookie.
//!
//! | module | what it holds |
//! |---|---|
//! | [`args`] | the words |
//! | [`protocol`] | cookies, signals, messages |
//! | [`flow`] | one stream, and what it has moved |
//! | [`session`] | a test that runs: streams, clock, intervals |
//! | [`report`] | what a person or a program reads |
//! | [`server`], [`client`] | the two ends |
//!
//! Left out on purpose: UDP and SCTP, both directions at once, a rate to keep to, authorisation. A peer that asks for
//! them is refused in its own terms.

use std::process::ExitCode;

pub(crate) mod args;
mod client;
mod flow;
mod protocol;
mod report;
mod server;
mod session;

use crate::Failure;
use args::{End, PerfArgs};

/// Measures.
pub(crate) fn perf(args: &PerfArgs) -> Result<ExitCode, Failure> {
    match &args.end {
        End::Server(args) => server::server(args),
        End::Client(args) => client::client(args),
    }
}
