//! Stacks on a TUN with the virtio-net header, and a load for them from the kernel at its other end.
//!
//! What comes in: which stack. What goes out: a server at 10.0.0.2 with three ports; on 5001 it throws away what it gets,
//! on 5002 it sends zeros, on 5003 it sends back what it gets. `load` is the client for all of them, on the kernel's
//! sockets, and prints what it has measured as JSON.

use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd as _;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use synfin_device::interface::Interface;
use synfin_device::tun::Tun;

mod load;
mod null;
mod own;
mod peer;
mod segment;

/// The kernel's end and the stack's.
const KERNEL: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const OURS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// Where octets are thrown away, where zeros come from, and where what is sent comes back.
const SINK: u16 = 5001;
const SOURCE: u16 = 5002;
const ECHO: u16 = 5003;
const PORTS: [u16; 3] = [SINK, SOURCE, ECHO];

/// The largest packet that is no super-segment.
const MTU: usize = 1500;
/// How many packets of the kernel's may wait.
const QUEUE_LEN: u32 = 8192;

/// Stacks on a TUN, and a load for them.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Acknowledge and throw away, or send zeros, as fast as it goes, with no TCP behind it
    Null(Stack),
    /// Serve with smoltcp
    Smoltcp(Stack),
    /// Serve with synfin
    Synfin(Stack),
    /// Be the client of one of them
    Load(load::Load),
}

#[derive(Debug, Args)]
struct Stack {
    /// Ask for packets again and again in place of waiting for them
    #[arg(long)]
    polling: bool,
}

fn main() -> Result<()> {
    match Cli::parse().verb {
        Verb::Null(stack) => null::serve(open()?, stack.polling),
        Verb::Smoltcp(stack) => peer::serve(open()?, stack.polling),
        Verb::Synfin(stack) => own::serve(open()?, stack.polling),
        Verb::Load(load) => load.run(),
    }
}

/// The TUN, up, with the kernel's address and a route to ours.
fn open() -> Result<Tun> {
    let tun = Tun::builder().mtu(MTU).build()?;
    let mut interface = Interface::new(tun.name())?;
    interface.set_queue_len(QUEUE_LEN)?;
    interface.add_address(IpAddr::V4(KERNEL), 32)?;
    interface.up()?;
    interface.add_route(IpAddr::V4(OURS), 32, None)?;
    Ok(tun)
}

/// Waits until there is a packet; false when the time is over.
fn wait(tun: &Tun, most: Option<Duration>) -> Result<bool> {
    let timeout = match most {
        // A timer that is due in less than a millisecond is not to be missed by one.
        Some(most) => PollTimeout::try_from(most.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX),
        None => PollTimeout::NONE,
    };
    match poll(&mut [PollFd::new(tun.as_fd(), PollFlags::POLLIN)], timeout) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::EINTR) => Ok(true),
        Err(errno) => Err(errno.into()),
    }
}
