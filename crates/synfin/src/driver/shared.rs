//! What the driver and the sockets share, and the one lock around it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use synfin_wire::Instant;
use tokio::task::coop;

use super::waiters::{Ticket, Woken};
use super::{Clock, Place, State, Stopped};

/// The state of a stack behind its lock.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn new(clock: Clock, state: State) -> Self {
        Self { clock, state: Mutex::new(state) }
    }

    /// If somebody panicked under the lock, the host is not to be trusted: the stack has stopped.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            self.state.clear_poison();
            let mut state = PoisonError::into_inner(poisoned);
            state.stopped = Some(Stopped::Panicked);
            state
        })
    }

    /// Looks at the state without doing anything to it that would have packets sent or somebody woken.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        look(&mut self.lock())
    }

    /// Makes a call: packets that come of it go out, and whoever it concerns is woken.
    pub(crate) fn call<R>(&self, call: impl FnOnce(&mut State, Instant) -> R) -> R {
        self.call_with(|_| Consequence::Much, call)
    }

    /// As [`Shared::call`], where the result says what has come of it.
    fn call_with<R>(
        &self,
        consequence: impl FnOnce(&R) -> Consequence,
        call: impl FnOnce(&mut State, Instant) -> R,
    ) -> R {
        let mut woken = Woken::new();
        let result = {
            let mut state = self.lock();
            let now = self.clock.now();
            let result = call(&mut state, now);
            match consequence(&result) {
                Consequence::None => {}
                Consequence::Little if state.answers_later() => state.tell_all(&mut woken),
                Consequence::Little | Consequence::Much => state.settle_call(now, &mut woken),
            }
            result
        };
        woken.into_iter().for_each(Waker::wake);
        result
    }

    /// Makes a call, or registers the task of a `poll_*` method to make it again. Nothing can happen
    /// between the two. An attempt that is pending must have changed nothing.
    pub(crate) fn poll<R>(
        &self,
        place: Place,
        cx: &mut Context<'_>,
        attempt: impl FnOnce(&mut State, Instant) -> Poll<R>,
    ) -> Poll<R> {
        let budget = std::task::ready!(coop::poll_proceed(cx));
        let result =
            self.call_with(of_attempt(place), |state, now| attempt_at(state, place, cx, now, attempt));
        if result.is_ready() {
            budget.made_progress();
        }
        result
    }

    /// As [`Shared::poll`], where the attempt does nothing that would have packets sent or somebody woken.
    pub(crate) fn poll_look<R>(
        &self,
        place: Place,
        cx: &mut Context<'_>,
        attempt: impl FnOnce(&mut State, Instant) -> Poll<R>,
    ) -> Poll<R> {
        let budget = std::task::ready!(coop::poll_proceed(cx));
        let now = self.clock.now();
        let result = self.look(|state| attempt_at(state, place, cx, now, attempt));
        if result.is_ready() {
            budget.made_progress();
        }
        result
    }

    /// Makes a call, as often as it takes. Any number of these may wait at one place. An attempt that is pending must have
    /// changed nothing.
    pub(crate) fn wait<R, F>(&self, place: Place, attempt: F) -> Wait<'_, F>
    where
        F: FnMut(&mut State, Instant) -> Poll<R> + Unpin,
    {
        Wait { shared: self, place, ticket: None, only_looks: false, attempt }
    }

    /// As [`Shared::wait`], where the attempt does nothing that would have packets sent or somebody woken.
    pub(crate) fn watch<R, F>(&self, place: Place, attempt: F) -> Wait<'_, F>
    where
        F: FnMut(&mut State, Instant) -> Poll<R> + Unpin,
    {
        Wait { shared: self, place, ticket: None, only_looks: true, attempt }
    }

    /// The driver is gone. Returns why, where somebody still holds the stack.
    pub(super) fn end(&self) -> Option<Stopped> {
        let mut woken = Woken::new();
        let why = {
            let mut state = self.lock();
            let now = self.clock.now();
            state.stop(Stopped::Ended, now);
            state.end(&mut woken);
            state.stopped.filter(|_| !state.is_left())
        };
        woken.into_iter().for_each(Waker::wake);
        why
    }
}

/// What has come of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consequence {
    None,
    /// At most something that goes with what the driver has still to send.
    Little,
    Much,
}

/// What comes of an attempt: of a pending one nothing, of reading a window that is wider.
fn of_attempt<R>(place: Place) -> impl FnOnce(&Poll<R>) -> Consequence {
    move |result| match (result, place) {
        (Poll::Pending, _) => Consequence::None,
        (Poll::Ready(_), Place::Read(_)) => Consequence::Little,
        (Poll::Ready(_), _) => Consequence::Much,
    }
}

/// Makes an attempt, or registers the task to make it again.
fn attempt_at<R>(
    state: &mut State,
    place: Place,
    cx: &Context<'_>,
    now: Instant,
    attempt: impl FnOnce(&mut State, Instant) -> Poll<R>,
) -> Poll<R> {
    let result = attempt(state, now);
    if result.is_pending() {
        state.register(place, cx.waker());
    }
    result
}

/// See [`Shared::wait`] and [`Shared::watch`].
#[derive(Debug)]
pub(crate) struct Wait<'a, F> {
    shared: &'a Shared,
    place: Place,
    ticket: Option<Ticket>,
    only_looks: bool,
    attempt: F,
}

impl<R, F: FnMut(&mut State, Instant) -> Poll<R> + Unpin> Future for Wait<'_, F> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let budget = std::task::ready!(coop::poll_proceed(cx));
        let Self { shared, place, ticket, only_looks, attempt } = self.get_mut();
        let mut attempt = |state: &mut State, now| {
            let result = attempt(state, now);
            if result.is_pending() {
                *ticket = state.register_future(*place, *ticket, cx.waker());
            } else if let Some(ticket) = ticket.take() {
                state.forget(*place, ticket);
            }
            result
        };
        let result = if *only_looks {
            let now = shared.clock.now();
            shared.look(|state| attempt(state, now))
        } else {
            shared.call_with(of_attempt(*place), attempt)
        };
        if result.is_ready() {
            budget.made_progress();
        }
        result
    }
}

impl<F> Drop for Wait<'_, F> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.shared.look(|state| state.forget(self.place, ticket));
        }
    }
}
