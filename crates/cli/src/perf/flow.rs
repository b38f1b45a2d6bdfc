//! One stream of a test: a connection, and what it has moved.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::{Buf as _, Bytes};
use synfin::net::TcpStream;
use tokio::sync::Notify;

use super::protocol::MAX_BLOCK;

/// What is sent: it is never looked at.
static ZEROS: [u8; MAX_BLOCK as usize] = [0; MAX_BLOCK as usize];

/// How much all streams of a test are to move together.
#[derive(Debug)]
pub(super) struct Quota {
    /// What no stream has taken to send yet; all that there is where a test ends by time.
    left: AtomicU64,
    moved: AtomicU64,
    goal: AtomicU64,
    reached: Notify,
}

impl Quota {
    pub(super) fn unlimited() -> Self {
        let all = || AtomicU64::new(u64::MAX);
        Self { left: all(), moved: AtomicU64::new(0), goal: all(), reached: Notify::new() }
    }

    /// From now on so many octets count, and end the test.
    pub(super) fn set(&self, goal: u64) {
        self.moved.store(0, Relaxed);
        self.left.store(goal, Relaxed);
        self.goal.store(goal, Relaxed);
    }

    /// Once that many have been moved.
    pub(super) async fn reached(&self) {
        self.reached.notified().await;
    }

    fn claim(&self, most: u64) -> u64 {
        let take = |left: u64| Some(left - left.min(most));
        self.left.fetch_update(Relaxed, Relaxed, take).map_or(0, |left| left.min(most))
    }

    fn count(&self, octets: u64) {
        let before = self.moved.fetch_add(octets, Relaxed);
        let goal = self.goal.load(Relaxed);
        if before < goal && before.saturating_add(octets) >= goal {
            self.reached.notify_one();
        }
    }
}

/// A stream.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) stream: Arc<TcpStream>,
    moved: Arc<AtomicU64>,
}

impl Flow {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream: Arc::new(stream), moved: Arc::default() }
    }

    /// Octets that were taken for sending, or received.
    pub(super) fn moved(&self) -> u64 {
        self.moved.load(Relaxed)
    }

    fn count(&self, octets: usize, quota: &Quota) {
        self.moved.fetch_add(octets as u64, Relaxed);
        quota.count(octets as u64);
    }

    /// Sends until the quota is used up.
    pub(super) async fn send(self, block: u32, quota: Arc<Quota>) -> io::Result<()> {
        loop {
            let claimed = quota.claim(block.into());
            if claimed == 0 {
                return Ok(());
            }
            let mut rest = Bytes::from_static(&ZEROS[..claimed as usize]);
            while !rest.is_empty() {
                let sent = poll_fn(|cx| self.stream.poll_send_bytes(cx, &rest)).await?;
                rest.advance(sent);
                self.count(sent, &quota);
            }
        }
    }

    /// Receives until the peer ends the stream.
    pub(super) async fn receive(self, block: u32, quota: Arc<Quota>) -> io::Result<()> {
        loop {
            let received = poll_fn(|cx| self.stream.poll_receive_bytes(cx, block as usize)).await?;
            let Some(received) = received else { return Ok(()) };
            self.count(received.len(), &quota);
        }
    }
}
