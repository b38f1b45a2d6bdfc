//! Who is to go to rest: connections that were busy, each to be looked at again a while later.
//!
//! All wait equally long, so that a line is enough. Whoever has been busy in the meantime goes to its end again; a
//! connection is in it at most once.

use std::collections::VecDeque;
use std::time::Duration;

use synfin_wire::Instant;

use crate::event::TcpHandle;
use crate::spare;

/// A line that is not worth clearing of those who have left.
const SHORT: usize = 64;
/// How many connections go to rest in one go, and what lies between one go and the next.
const AT_ONCE: usize = 64;
const BETWEEN: Duration = Duration::from_micros(200);

/// The line.
#[derive(Debug)]
pub(crate) struct RestLine {
    line: VecDeque<(Instant, TcpHandle)>,
    /// How many of those in the line have left it.
    left: usize,
    /// Those who come to the line as soon as somebody tells the time.
    woken: Vec<TcpHandle>,
    /// How long a connection must have been quiet; `None`: none goes to rest.
    after: Option<Duration>,
    /// The latest moment that was heard of.
    now: Instant,
    /// Until then nobody goes to rest: others want to do something too.
    pause: Instant,
}

impl RestLine {
    pub(crate) fn new(after: Option<Duration>) -> Self {
        Self {
            line: VecDeque::new(),
            left: 0,
            woken: Vec::new(),
            after,
            now: Instant::ZERO,
            pause: Instant::ZERO,
        }
    }

    /// Time has come so far.
    #[inline]
    pub(crate) fn pass(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if !self.woken.is_empty() {
            self.enter_woken();
        }
    }

    fn enter_woken(&mut self) {
        for handle in std::mem::take(&mut self.woken) {
            self.enter(handle);
        }
    }

    /// To the end of the line, by a call that does not tell the time; false when there is none.
    pub(crate) fn enter_late(&mut self, handle: TcpHandle) -> bool {
        if self.after.is_some() {
            self.woken.push(handle);
        }
        self.after.is_some()
    }

    /// To the end of the line; false when there is none.
    pub(crate) fn enter(&mut self, handle: TcpHandle) -> bool {
        let Some(after) = self.after else { return false };
        self.line.push_back((self.now + after, handle));
        true
    }

    /// Somebody has left, and is to be passed over. Once most have, the line keeps those who are still there.
    pub(crate) fn leave(&mut self, is_there: impl Fn(TcpHandle) -> bool) {
        self.left += 1;
        if self.line.len() > SHORT && self.left > self.line.len() / 2 {
            self.line.retain(|(_, handle)| is_there(*handle));
            self.left = 0;
            self.give_back();
        }
    }

    /// The one that was popped had left.
    pub(crate) fn passed_over(&mut self) {
        self.left = self.left.saturating_sub(1);
    }

    fn give_back(&mut self) {
        if let Some(room) = spare::room(self.line.len(), self.line.capacity()) {
            self.line.shrink_to(room);
        }
    }

    /// When the first one is to be looked at.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.line.front().map(|(at, _)| (*at).max(self.pause))
    }

    /// Whether some are to go to rest now. How many at most; then there is a pause.
    pub(crate) fn begin(&mut self, now: Instant) -> usize {
        self.pass(now);
        if self.next().is_none_or(|at| at > now) {
            return 0;
        }
        self.pause = now + BETWEEN;
        AT_ONCE
    }

    /// The first one, if its time has come.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<TcpHandle> {
        self.line.front().filter(|(at, _)| *at <= now)?;
        let (_, handle) = self.line.pop_front()?;
        self.give_back();
        Some(handle)
    }
}
