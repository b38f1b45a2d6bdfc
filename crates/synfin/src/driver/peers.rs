//! The other shards of a stack, as one shard's driver knows them: packets go to them and come from them, and they
//! stop together.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use synfin_device::PacketIn;

use super::{Shared, Stopped};

/// How many packets may wait for one shard, and how many octets of them; what comes then is lost, as at any queue that is
/// full.
const PACKETS: usize = 1024;
const OCTETS: usize = 4 << 20;

/// What others have for a shard.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The stack has been left, and the shard has nothing more to do.
    done: bool,
    packets: VecDeque<PacketIn>,
    octets: usize,
    /// The shard's driver.
    driver: Option<Waker>,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, packet: PacketIn) {
        let driver = {
            let mut inner = self.lock();
            if inner.packets.len() >= PACKETS || inner.octets >= OCTETS {
                return;
            }
            inner.octets += packet.bytes.len();
            inner.packets.push_back(packet);
            inner.driver.take()
        };
        driver.into_iter().for_each(Waker::wake);
    }

    /// All there is; `driver` is woken when there is more.
    fn drain(&self, driver: &Waker) -> VecDeque<PacketIn> {
        let mut inner = self.lock();
        match &mut inner.driver {
            Some(known) => known.clone_from(driver),
            none => *none = Some(driver.clone()),
        }
        inner.octets = 0;
        std::mem::take(&mut inner.packets)
    }
}

/// The shards of a stack; one of them is whose driver holds this.
#[derive(Debug)]
pub(crate) struct Peers {
    own: usize,
    shards: Arc<[Arc<Shared>]>,
    inboxes: Arc<[Inbox]>,
}

impl Peers {
    pub(crate) fn new(own: usize, shards: Arc<[Arc<Shared>]>, inboxes: Arc<[Inbox]>) -> Self {
        Self { own, shards, inboxes }
    }

    /// What others have passed on to this shard.
    pub(super) fn collect(&self, driver: &Waker) -> VecDeque<PacketIn> {
        self.inboxes[self.own].drain(driver)
    }

    /// Whether no shard has anything more to do, this one among them, once the stack has been left.
    pub(super) fn are_done(&self) -> bool {
        self.inboxes[self.own].lock().done = true;
        let all = self.inboxes.iter().all(|inbox| inbox.lock().done);
        if all {
            // Those that were done before have waited for this one.
            let others = self.inboxes.iter().filter_map(|inbox| inbox.lock().driver.take());
            others.collect::<Vec<_>>().into_iter().for_each(Waker::wake);
        }
        all
    }

    /// Passes packets on to those they are for. No shard may be locked.
    pub(super) fn pass_on(&self, astray: Vec<(usize, PacketIn)>) {
        for (shard, packet) in astray {
            self.inboxes[shard].push(packet);
        }
    }

    /// This shard has stopped, and so do the others: a stack without one of its shards would leave some of its peers
    /// without an answer. No shard may be locked.
    pub(super) fn stop(&self, why: Stopped) {
        for (shard, shared) in self.shards.iter().enumerate() {
            if shard != self.own {
                shared.call(|state, now| state.stop(why, now));
            }
        }
    }
}

#[cfg(test)]
mod tests;
