//! Real programs in the network that `synfin run` gives them, against real peers outside; and `synfin serve`
//! and `synfin connect` against the kernel.
//!
//! Each test has a network of its own, in which the peers are; see [`world`].

#[path = "../common/mod.rs"]
mod common;
mod world;

mod bad_calls;
mod connect;
mod datagrams;
mod diagram;
mod ends;
mod page;
mod perf;
mod publish;
mod record;
mod refusals;
mod serve;
mod socks5;
mod transfer;
