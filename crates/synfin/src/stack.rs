//! A stack: one host on one device, and the task that drives it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;

use synfin_host::Counters;
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
/// See the [crate] for an example.
#[derive(Clone)]
pub struct Stack {
    shared: Arc<Owned>,
}

/// What all handles of a stack hold together.
struct Owned {
    shared: Arc<Shared>,
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.shared.call(|state, now| state.leave(now));
    }
}

impl Stack {
    /// Begins a stack on `device`: a [`Tun`](synfin_device::tun::Tun), one end of a
    /// [`memory::pair`](synfin_device::memory::pair), or something of your own.
    pub fn builder(device: impl synfin_device::Device + 'static) -> Builder {
        Builder::new(Box::new(device))
    }

    fn new(shared: Arc<Shared>) -> Self {
        Self { shared: Arc::new(Owned { shared }) }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared.shared
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

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared().look(|state| state.host.counters().clone())
    }

    /// How many connections there are: half-open, undecided and TIME-WAIT ones among them.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.shared().look(|state| state.host.connection_count())
    }

    /// Whether an address is one of the stack's own.
    #[must_use]
    pub fn is_ours(&self, address: SocketAddr) -> bool {
        self.shared().look(|state| state.host.is_ours(address.ip()))
    }

    /// Takes the error that ended the recording.
    #[must_use]
    pub fn recording_error(&self) -> Option<io::Error> {
        self.shared().look(|state| state.link.recording_error.take())
    }

    /// Stops the stack: every connection is reset, its peer told, and every call fails from now on with
    /// [`NetworkDown`](io::ErrorKind::NetworkDown).
    pub fn shutdown(&self) {
        self.shared().call(|state, now| state.stop(Stopped::Shutdown, now));
    }

    /// Waits until the stack has stopped: by [`Stack::shutdown`], or because its device is gone. The
    /// recorder has finished then.
    ///
    /// # Errors
    /// [`NetworkDown`](io::ErrorKind::NetworkDown) when it has not stopped because it was told to.
    pub async fn stopped(&self) -> io::Result<()> {
        let why = self.shared().wait(Place::Ended, |state, _| {
            if state.has_ended() { Poll::Ready(state.stopped) } else { Poll::Pending }
        });
        match why.await {
            None | Some(Stopped::Shutdown) => Ok(()),
            Some(why) => Err(why.into()),
        }
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").finish_non_exhaustive()
    }
}
