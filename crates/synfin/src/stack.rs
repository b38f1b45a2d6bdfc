//! A stack: one host on one device, and the task that drives it; or several of each, one a shard.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use synfin_host::{Counters, PortShare};
use tokio::runtime::Handle;

use crate::driver::{Place, Shared, Stopped};
use crate::forward::{EchoForwarder, Forwarder, UdpForwarder};

mod builder;
mod default;

pub use builder::Builder;
pub use default::DefaultGuard;

/// A TCP/IP stack in this process. Clones are handles of the same stack.
///
/// Every listener, stream and socket holds a handle. When the last handle is gone the driver goes on until
/// every connection has ended, for two seconds at most, and stops; [`Stack::shutdown`] stops it at once.
///
/// On a device with several queues it has a shard for each, see [`Builder::queues`]: a host, a lock and a driver of
/// its own, and connections that are never shared. Listeners and forwarders take from all of them; sockets for UDP are
/// on the first.
///
/// See the [crate] for an example.
#[derive(Clone)]
pub struct Stack {
    owned: Arc<Owned>,
    /// The shard that this handle is of; that of a stack's user is of none.
    shard: Option<usize>,
}

/// What all handles of a stack hold together.
struct Owned {
    /// Not empty.
    shards: Arc<[Arc<Shared>]>,
    /// Which shard opens the next connection.
    next: AtomicUsize,
}

impl Drop for Owned {
    fn drop(&mut self) {
        for shard in &*self.shards {
            shard.call(|state, now| state.leave(now));
        }
    }
}

impl Stack {
    /// Begins a stack on `device`: a [`Tun`](synfin_device::tun::Tun), one end of a
    /// [`memory::pair`](synfin_device::memory::pair), or something of your own. A device with several queues gives one
    /// here and the others to [`Builder::queues`].
    pub fn builder(device: impl synfin_device::Device + 'static) -> Builder {
        Builder::new(Box::new(device))
    }

    fn new(shards: Arc<[Arc<Shared>]>) -> Self {
        Self { owned: Arc::new(Owned { shards, next: AtomicUsize::new(0) }), shard: None }
    }

    /// What is behind the lock of this handle's shard, or of the first.
    pub(crate) fn shared(&self) -> &Shared {
        &self.owned.shards[self.shard.unwrap_or(0)]
    }

    /// A handle of one shard.
    fn of_shard(&self, shard: usize) -> Self {
        Self { owned: Arc::clone(&self.owned), shard: Some(shard) }
    }

    /// A handle of the first shard.
    pub(crate) fn first(&self) -> Self {
        self.of_shard(0)
    }

    /// A handle of each shard.
    pub(crate) fn each_shard(&self) -> impl Iterator<Item = Self> + '_ {
        (0..self.shards()).map(|shard| self.of_shard(shard))
    }

    /// A handle of the shard that is to open a connection: the one whose port `local` is, this handle's, or each in turn.
    pub(crate) fn opener(&self, local: Option<SocketAddr>) -> Self {
        let shards = self.shards();
        let shard = match (local.map_or(0, |local| local.port()), self.shard) {
            _ if shards == 1 => 0,
            (0, Some(shard)) => shard,
            (0, None) => self.owned.next.fetch_add(1, Ordering::Relaxed) % shards,
            (port, _) => PortShare::owner(port, shards),
        };
        self.of_shard(shard)
    }

    /// How many shards there are: one for each queue of the device.
    #[must_use]
    pub fn shards(&self) -> usize {
        self.owned.shards.len()
    }

    /// The stack that [`Stack::set_default`] chose for this runtime.
    ///
    /// # Errors
    /// [`NotConnected`](io::ErrorKind::NotConnected) when none is.
    pub fn current() -> io::Result<Self> {
        default::current()
    }

    /// Makes this the stack on which [`net`](crate::net) binds and connects within the current runtime when
    /// none is named, until the guard is dropped. The guard holds a handle.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn set_default(&self) -> DefaultGuard {
        default::set(Some(Handle::current().id()), self)
    }

    /// The stack that [`Stack::set_process_default`] chose.
    ///
    /// # Errors
    /// [`NotConnected`](io::ErrorKind::NotConnected) when none is.
    pub fn process_default() -> io::Result<Self> {
        default::process()
    }

    /// Makes this the stack on which [`blocking`](crate::blocking) sockets bind and connect when none is
    /// named, until the guard is dropped. The guard holds a handle.
    pub fn set_process_default(&self) -> DefaultGuard {
        default::set(None, self)
    }

    /// Takes the requests of a host that answers for every address; see [`Builder::any_address`].
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) when somebody has them.
    pub fn forwarder(&self) -> io::Result<Forwarder> {
        Forwarder::new(self)
    }

    /// Takes the datagrams that no socket receives.
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) when somebody has them.
    pub fn udp_forwarder(&self) -> io::Result<UdpForwarder> {
        UdpForwarder::new(self)
    }

    /// Takes the echo requests for addresses that are not the host's own.
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) when somebody has them.
    pub fn echo_forwarder(&self) -> io::Result<EchoForwarder> {
        EchoForwarder::new(self)
    }

    /// What was counted so far, by all shards together. An ICMP error is handed to each of them, and counts with each.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut sum = Counters::default();
        self.shard_counters().iter().for_each(|shard| sum += shard);
        sum
    }

    /// What each shard has counted so far.
    #[must_use]
    pub fn shard_counters(&self) -> Vec<Counters> {
        self.look_at_each(|shard| shard.look(|state| state.host.counters().clone())).collect()
    }

    /// How many connections there are: half-open, undecided and TIME-WAIT ones among them.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.look_at_each(|shard| shard.look(|state| state.host.connection_count())).sum()
    }

    /// Whether an address is one of the stack's own.
    #[must_use]
    pub fn is_ours(&self, address: SocketAddr) -> bool {
        self.shared().look(|state| state.host.is_ours(address.ip()))
    }

    /// Takes the error that ended the recording.
    #[must_use]
    pub fn recording_error(&self) -> Option<io::Error> {
        self.look_at_each(|shard| shard.look(|state| state.link.recording_error.take())).flatten().next()
    }

    /// Stops the stack: every connection is reset, its peer told, and every call fails from now on with
    /// [`NetworkDown`](io::ErrorKind::NetworkDown).
    pub fn shutdown(&self) {
        for shard in &*self.owned.shards {
            shard.call(|state, now| state.stop(Stopped::Shutdown, now));
        }
    }

    /// Waits until the stack has stopped: by [`Stack::shutdown`], or because its device is gone. The
    /// recorder has finished then.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when it has not stopped because it was told to.
    pub async fn stopped(&self) -> io::Result<()> {
        for shard in &*self.owned.shards {
            let why = shard.watch(Place::Ended, |state, _| {
                if state.has_ended() { Poll::Ready(state.stopped) } else { Poll::Pending }
            });
            match why.await {
                None | Some(Stopped::Shutdown) => {}
                Some(why) => return Err(why.into()),
            }
        }
        Ok(())
    }

    fn look_at_each<R>(&self, look: impl Fn(&Shared) -> R) -> impl Iterator<Item = R> {
        self.owned.shards.iter().map(move |shard| look(shard))
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").finish_non_exhaustive()
    }
}
