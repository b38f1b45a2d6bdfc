//! Which shard a packet is for, where a stack has several.
//!
//! What comes in: a packet that a queue has brought. What goes out: whose it is.
//!
//! Each shard has a host and a queue of the device to itself, and a connection is one shard's for its whole life.
//! A passive one is its whose queue brought the SYN: the kernel's TUN driver sends the packets of a flow to the
//! queue that the flow was last written to and, when that was too long ago, to one that a hash of the two ends
//! chooses, which is where the SYN came from (`tun_automq_select_queue`). An active one is written to before the
//! hash was ever asked, so that silence may move it: its local port, which its shard chose, tells whose it is.
//!
//! | what | whose |
//! |---|---|
//! | TCP | the shard's whose queue it came from, unless a shard has opened from that port and knows better |
//! | ICMP errors | every shard's: the one that has sent what they quote heeds them, the others do not |
//! | all the rest: UDP, echo requests, fragments | the first shard's |
//!
//! Left out on purpose: TCP in fragments. The kernel hashes fragments without their ports, so that only by chance
//! would they meet their connection; another shard would reset it. They are lost, and whoever heeds the path's MTU
//! sends none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use synfin_host::{Host, PortShare};
use synfin_wire::IpProtocol;

use super::view::View;

/// Whose a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The shard's whose queue has brought it.
    Here,
    /// Another shard's.
    Shard(usize),
    /// Every shard's.
    All,
    /// It can be given to nobody.
    Nobody,
}

/// The ports from which connections were opened, by any shard. Nothing is ever taken out: that a port is there
/// says where to look, not that there is something.
#[derive(Debug)]
pub(crate) struct OpenedPorts {
    bits: Box<[AtomicU64]>,
}

impl Default for OpenedPorts {
    fn default() -> Self {
        Self { bits: (0..1024).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl OpenedPorts {
    pub(super) fn insert(&self, port: u16) {
        self.bits[usize::from(port / 64)].fetch_or(1 << (port % 64), Ordering::Relaxed);
    }

    // What answers a SYN comes behind it through the kernel, which orders more than this does.
    fn contains(&self, port: u16) -> bool {
        self.bits[usize::from(port / 64)].load(Ordering::Relaxed) & 1 << (port % 64) != 0
    }
}

/// How one shard finds out whose a packet is.
#[derive(Clone, Debug)]
pub(crate) struct Steering {
    shard: usize,
    shards: usize,
    opened: Arc<OpenedPorts>,
}

impl Steering {
    pub(crate) fn new(shard: usize, shards: usize, opened: Arc<OpenedPorts>) -> Self {
        Self { shard, shards, opened }
    }

    pub(super) fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let own = self.shard;
        (0..self.shards).filter(move |shard| *shard != own)
    }

    /// Whose `packet` is, which this shard's queue has brought; `host` is this shard's.
    pub(super) fn owner(&self, packet: &[u8], host: &Host) -> Owner {
        let Some(view) = View::of(packet) else { return Owner::Here };
        match view.protocol {
            IpProtocol::TCP if view.is_fragment => Owner::Nobody,
            IpProtocol::TCP => self.owner_of_segment(&view, host),
            IpProtocol::ICMP | IpProtocol::ICMPV6 if !view.is_fragment && view.is_icmp_error() => Owner::All,
            _ => self.shard(0),
        }
    }

    fn owner_of_segment(&self, view: &View<'_>, host: &Host) -> Owner {
        let Some([remote, local]) = view.ends() else { return Owner::Here };
        let port = local.port();
        let opener = PortShare::owner(port, self.shards);
        if opener == self.shard || !self.opened.contains(port) {
            return Owner::Here;
        }
        // Somebody may have connected to that port before one of us has connected from it.
        if host.look(local, remote).is_some() { Owner::Here } else { Owner::Shard(opener) }
    }

    fn shard(&self, shard: usize) -> Owner {
        if shard == self.shard { Owner::Here } else { Owner::Shard(shard) }
    }
}

#[cfg(test)]
mod tests;
