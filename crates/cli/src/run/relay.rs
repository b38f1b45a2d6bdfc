//! The network that the command sees.
//!
//! What comes in: packets from the TUN. What goes out: connections to where they were meant for, and the
//! answers as packets.

use std::convert::Infallible;
use std::future::pending;
use std::os::fd::OwnedFd;

use synfin_device::tun::Tun;

use crate::Failure;
use crate::args::RunArgs;

/// Everything between the command's TUN and the world outside.
pub(super) struct Relay {
    _tun: Tun,
}

impl Relay {
    /// Takes what the options ask for, so that what cannot be had is told before the command starts.
    pub(super) async fn open(tun: OwnedFd, args: &RunArgs) -> Result<Self, Failure> {
        let tun = Tun::from_fd(tun, Some(args.mtu.into())).map_err(Failure::call)?;
        Ok(Self { _tun: tun })
    }

    /// Relays, until that is no longer possible.
    pub(super) async fn run(&mut self) -> Failure {
        let never: Infallible = pending().await;
        match never {}
    }

    /// The command has ended: brings to an end what it has sent and closed before.
    pub(super) async fn finish(self) -> Result<(), Failure> {
        Ok(())
    }
}
