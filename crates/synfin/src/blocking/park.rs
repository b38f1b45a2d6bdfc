//! Waiting for a future on this thread.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::task::coop;

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

thread_local! {
    /// One for all that this thread ever waits for: unparking it for nothing does no harm.
    static WAKER: Waker = Waker::from(Arc::new(Unpark(thread::current())));
}

/// Waits until the future is ready, or until `patience` is over. Within a task of tokio's it has no part in the task's
/// budget: that begins anew only when the task gives way, which this thread does not.
pub(super) fn wait<T>(
    future: impl Future<Output = io::Result<T>>,
    patience: Option<Duration>,
) -> io::Result<T> {
    // A time that cannot be said is longer than anybody will wait.
    let deadline = patience.and_then(|patience| Instant::now().checked_add(patience));
    let waker = WAKER.with(Waker::clone);
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(coop::unconstrained(future));
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut cx) {
            return result;
        }
        match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
            None => thread::park(),
            Some(Duration::ZERO) => return Err(io::ErrorKind::WouldBlock.into()),
            Some(left) => thread::park_timeout(left),
        }
    }
}

/// How long one direction of a socket waits; shared by the socket's clones.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// Nanoseconds; 0 for ever.
    nanos: AtomicU64,
}

impl Patience {
    pub(super) fn get(&self) -> Option<Duration> {
        match self.nanos.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// # Errors
    /// As std's: for a time of zero, which would stand for ever.
    pub(super) fn set(&self, patience: Option<Duration>) -> io::Result<()> {
        if patience == Some(Duration::ZERO) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "cannot set a 0 duration timeout"));
        }
        let nanos = patience.map_or(0, |patience| u64::try_from(patience.as_nanos()).unwrap_or(u64::MAX));
        self.nanos.store(nanos, Ordering::Relaxed);
        Ok(())
    }
}

/// The patience of both directions, and whether there is any.
#[derive(Debug, Default)]
pub(super) struct Timeouts {
    pub(super) read: Patience,
    pub(super) write: Patience,
    pub(super) nonblocking: AtomicBool,
}

impl Timeouts {
    pub(super) fn for_read(&self) -> Option<Duration> {
        self.of(&self.read)
    }

    pub(super) fn for_write(&self) -> Option<Duration> {
        self.of(&self.write)
    }

    fn of(&self, patience: &Patience) -> Option<Duration> {
        if self.nonblocking.load(Ordering::Relaxed) { Some(Duration::ZERO) } else { patience.get() }
    }
}
