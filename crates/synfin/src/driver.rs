//! The driver: joins one host to one device.
//!
//! What comes in: packets from the device, calls from the owners of sockets, moments. What goes out: packets
//! to the device, wake-ups. A call is made under the lock and its packets go straight to the device, so
//! that sending needs no other task; the [`Driver`] task takes in what the device has received, keeps the
//! timers, and waits for room where the device had none.

use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use synfin_wire::Instant;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::Sleep;

mod busy;
mod clock;
mod crowd;
mod link;
mod peers;
mod shared;
mod state;
mod steering;
mod view;
mod waiters;

pub(crate) use clock::Clock;
pub(crate) use link::Link;
pub(crate) use peers::{Inbox, Peers};
pub(crate) use shared::Shared;
pub(crate) use state::{State, Stopped, Stream};
pub(crate) use steering::{OpenedPorts, Steering};
pub(crate) use waiters::{Place, Woken};

use busy::BusyPoll;
use link::Received;
use state::Work;

/// How many turns the driver takes before it lets other tasks run.
const TURNS: usize = 4;

/// What the device can be waited for by.
type Fd = AsyncFd<OwnedFd>;

/// Ready when the device reports a failure, which makes it neither readable nor writable: its interface is gone.
type Failure = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The task of one stack, or of one of its shards.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    /// The other shards; `None` where there are none.
    peers: Option<Peers>,
    fd: Arc<Fd>,
    /// Until the device has reported a failure.
    failure: Option<Failure>,
    sleep: Pin<Box<Sleep>>,
    busy: BusyPoll,
    /// The device is asked itself for packets: it was found silent, and nobody sleeps.
    looks: bool,
}

/// What to do after a turn.
enum Next {
    /// There is more to do.
    Again,
    /// There is, and somebody was woken who has something to do as well.
    Yield,
    /// There may soon be: it is worth looking for events without sleeping, and time that others do as well.
    Look,
    /// Nothing until somebody wakes the task.
    Wait,
    /// The stack has stopped.
    Over,
}

impl Driver {
    /// Must be called within a tokio runtime with I/O and time enabled.
    pub(crate) fn new(
        shared: Arc<Shared>,
        fd: OwnedFd,
        peers: Option<Peers>,
        busy_poll: Duration,
    ) -> io::Result<Self> {
        // The successor of this constructor is unsafe for the sake of types that lend out a descriptor that is
        // not theirs; an `OwnedFd` is none of them.
        #[expect(deprecated)]
        let fd = Arc::new(AsyncFd::with_interest(fd, Interest::READABLE | Interest::WRITABLE)?);
        let failure = failure(Arc::clone(&fd));
        let sleep = Box::pin(tokio::time::sleep(Duration::ZERO));
        let busy = BusyPoll::new(busy_poll);
        Ok(Self { shared, peers, fd, failure: Some(Box::pin(failure)), sleep, busy, looks: false })
    }

    /// Before the task waits: whether the device has failed. It is then asked itself, and says why.
    fn has_failed(&mut self, cx: &mut Context<'_>) -> bool {
        let failed = self.failure.as_mut().is_some_and(|failure| failure.as_mut().poll(cx).is_ready());
        if failed {
            self.failure = None;
            self.looks = true;
        }
        failed
    }

    /// Takes in a batch, does what is due, sends what there is to send, in this order (RFC 9293 MUST-58,
    /// MUST-59), and asks when to come again.
    fn turn(&mut self, cx: &mut Context<'_>) -> Next {
        let Self { shared, peers, fd, failure: _, sleep, busy, looks } = self;
        let (mut woken, mut astray) = (Woken::new(), Vec::new());
        let next = {
            let mut state = shared.lock();
            let now = shared.clock.now();
            state.driver.register(cx.waker());
            // Before it is read from, so that nothing comes in between.
            let fd = if state.link.wake(cx.waker()) { None } else { Some(&**fd) };
            if let Some(peers) = peers {
                let State { link, host, .. } = &mut *state;
                peers.collect(cx.waker()).into_iter().for_each(|packet| link.take(packet, host, now));
            }
            let found = if *looks { look(&mut state, now) } else { read(fd, &mut state, cx, now) };
            match found {
                Ok(more) => {
                    astray = state.link.take_astray();
                    unblock(fd, &mut state, cx);
                    state.host.handle_timeout(now);
                    // Of much, and nothing behind it, the sender is told at once, so that he goes on.
                    let may_wait = more || !state.link.has_taken_much();
                    if may_wait && state.waits_for_others(&mut woken) {
                        Next::Yield
                    } else if state.settle(now, &mut woken) || more {
                        Next::Again
                    } else {
                        rest(fd, peers.as_ref(), sleep, &shared.clock, &mut state, cx, now)
                            .or_look(busy, looks, &state, now)
                    }
                }
                Err(error) => {
                    state.stop(Stopped::Device(error.kind(), error.raw_os_error()), now);
                    Next::Over
                }
            }
        };
        let next = if woken.is_empty() { next } else { next.after_others() };
        woken.into_iter().for_each(Waker::wake);
        if let Some(peers) = peers {
            peers.pass_on(astray);
        }
        next
    }
}

impl Next {
    /// What has arrived is read before more is taken in.
    fn after_others(self) -> Self {
        match self {
            Self::Again | Self::Yield => Self::Yield,
            Self::Look => Self::Look,
            Self::Wait => Self::Wait,
            Self::Over => Self::Over,
        }
    }

    /// Where there is nothing to do, it may be worth going on. Who has looked asks to be woken before he waits.
    fn or_look(self, busy: &mut BusyPoll, looks: &mut bool, state: &State, now: Instant) -> Self {
        let counters = state.host.counters();
        let packets = counters.packets_in + counters.packets_out;
        match self {
            Self::Wait => {
                let goes_on = state.has_few_streams() && busy.goes_on(packets, now);
                let has_looked = std::mem::replace(looks, goes_on);
                match (goes_on, has_looked) {
                    (true, _) if busy.gives_way() => Self::Look,
                    (true, _) | (false, true) => Self::Again,
                    (false, false) => Self::Wait,
                }
            }
            Self::Again | Self::Yield | Self::Look | Self::Over => self,
        }
    }
}

/// Whether there may be more to read. Without a descriptor to ask, the device itself is asked, here and below.
fn read(fd: Option<&Fd>, state: &mut State, cx: &mut Context<'_>, now: Instant) -> io::Result<bool> {
    let Some(fd) = fd else { return look(state, now) };
    let Poll::Ready(ready) = fd.poll_read_ready(cx) else { return Ok(false) };
    let mut ready = ready?;
    let State { link, host, .. } = state;
    if link.receive(host, now)? == Received::More {
        return Ok(true);
    }
    // What has come since makes this readable again: the guard clears only what it has seen.
    ready.clear_ready();
    drop(ready);
    Ok(fd.poll_read_ready(cx).is_ready())
}

/// As [`read`], without asking whether there is anything, and without being woken when there is.
fn look(state: &mut State, now: Instant) -> io::Result<bool> {
    let State { link, host, .. } = state;
    Ok(link.receive(host, now)? == Received::More)
}

/// Offers the device once more what it had no room for.
fn unblock(fd: Option<&Fd>, state: &mut State, cx: &mut Context<'_>) {
    let Some(fd) = fd else {
        state.link.retry();
        return;
    };
    while state.link.is_blocked() {
        let Poll::Ready(Ok(mut ready)) = fd.poll_write_ready(cx) else { return };
        if !state.link.retry() {
            ready.clear_ready();
        }
    }
}

/// Sets the alarm. It is moved only to an earlier time; when it rings too early it is set again. Until it rings it is left
/// alone: the driver is one task all its life, and that is the one it wakes.
fn rest(
    fd: Option<&Fd>,
    peers: Option<&Peers>,
    sleep: &mut Pin<Box<Sleep>>,
    clock: &Clock,
    state: &mut State,
    cx: &mut Context<'_>,
    now: Instant,
) -> Next {
    let is_over = match state.work(now) {
        Work::Left => false,
        Work::DoneHere => peers.is_none_or(Peers::are_done),
        Work::Done => true,
    };
    if is_over {
        return Next::Over;
    }
    if state.link.is_blocked() && fd.is_some_and(|fd| fd.poll_write_ready(cx).is_ready()) {
        return Next::Again;
    }
    let Some(deadline) = state.deadline() else {
        state.alarm = None;
        return Next::Wait;
    };
    match state.alarm {
        Some(alarm) if alarm <= deadline && now < alarm => return Next::Wait,
        Some(alarm) if alarm <= deadline => {}
        Some(_) | None => {
            sleep.as_mut().reset(clock.at(deadline));
            state.alarm = Some(deadline);
        }
    }
    if sleep.as_mut().poll(cx).is_pending() {
        return Next::Wait;
    }
    state.alarm = None;
    Next::Again
}

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let driver = self.get_mut();
        for _ in 0..TURNS {
            match driver.turn(cx) {
                Next::Again => {}
                Next::Yield => break,
                Next::Look => {
                    // Whoever has something to do goes first, elsewhere on this processor and here.
                    std::thread::yield_now();
                    let _ = std::pin::pin!(tokio::task::yield_now()).poll(cx);
                    return Poll::Pending;
                }
                Next::Wait if driver.has_failed(cx) => {}
                Next::Wait => return Poll::Pending,
                Next::Over => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

async fn failure(fd: Arc<Fd>) {
    // Where it cannot be waited for, the device is asked at once.
    let _ = fd.ready(Interest::ERROR).await;
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("fd", &self.fd).field("looks", &self.looks).finish_non_exhaustive()
    }
}

impl Drop for Driver {
    /// The stack has come to its end, or the runtime has: nobody may wait for it any more.
    fn drop(&mut self) {
        let why = self.shared.end();
        if let (Some(peers), Some(why)) = (&self.peers, why) {
            peers.stop(why);
        }
    }
}
