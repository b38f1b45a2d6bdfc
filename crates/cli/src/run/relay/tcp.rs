//! TCP: one task a connection, which dials outside and then carries octets both ways.

use std::cell::RefCell;
use std::future::{Future as _, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{BufMut as _, Bytes};
use synfin::CloseReason;
use synfin::forward::{Forwarder, OpenRequest, Refusal};
use synfin::net as inside;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net as outside;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::task::JoinSet;

use super::blocks::{BLOCK, Blocks};
use super::destination::{Destinations, Outside};
use super::dial::Dialler;
use super::dns::Resolvers;

/// The most text that one packet of the link carries behind the longest headers, octets.
const LONGEST_TEXT: usize = 65_435;
/// The text of so many packets is read at once from outside; a read never waits for so much.
const PACKETS: usize = 4;
/// The most octets taken at once from inside.
const TAKE: usize = 1024 * 1024;

/// How many connections are being carried.
#[derive(Clone, Debug, Default)]
pub(super) struct Open(Arc<AtomicUsize>);

impl Open {
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// One more, as long as the guard is held.
    fn enter(&self) -> Guard {
        self.0.fetch_add(1, Ordering::Relaxed);
        Guard(Arc::clone(&self.0))
    }
}

struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Where what the command dials leads, and how it is reached.
#[derive(Clone)]
pub(super) struct Leads {
    pub(super) destinations: Destinations,
    pub(super) dialler: Dialler,
    pub(super) resolvers: Arc<Resolvers>,
}

impl Leads {
    async fn dial(&self, dialled: SocketAddr) -> Result<outside::TcpStream, Refusal> {
        match self.destinations.outside(dialled) {
            Outside::Address(address) => self.dialler.dial(address).await,
            Outside::Resolver => self.resolvers.dial().await,
            Outside::Nobody => Err(Refusal::Reset),
        }
    }
}

/// Answers every SYN that nobody else listens for.
pub(super) async fn serve(forwarder: Forwarder, leads: Leads, open: Open) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            request = forwarder.next() => {
                let Some(request) = request else { return };
                connections.spawn(answer(request, leads.clone(), open.clone()));
            }
            // Reaps, so that ended tasks do not pile up.
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Dials first, then answers: SYN-ACK only when the real destination has accepted.
async fn answer(request: OpenRequest, leads: Leads, open: Open) {
    let dialled = tokio::select! {
        dialled = leads.dial(request.local()) => dialled,
        // The command gave up waiting: nobody is left to answer.
        () = request.withdrawn() => return,
    };
    match dialled {
        Ok(there) => {
            if let Ok(here) = request.accept() {
                join(here, there, &open).await;
            }
        }
        Err(refusal) => request.refuse(refusal),
    }
}

/// Carries octets between the command and the world until both directions have ended. The end of one
/// direction is passed on by itself; an abort of either side aborts the other.
pub(super) async fn join(here: inside::TcpStream, mut there: outside::TcpStream, open: &Open) {
    let _open = open.enter();
    let ended = carry(&here, &mut there).await;
    if ended.is_err() {
        here.abort();
        abort(&there);
    }
}

async fn carry(here: &inside::TcpStream, there: &mut outside::TcpStream) -> io::Result<()> {
    let (mut reader, mut writer) = there.split();
    let hears = AtomicBool::new(true);
    let carried = async { tokio::try_join!(up(here, &mut writer, &hears), down(here, &mut reader)) };
    tokio::select! {
        biased;
        carried = carried => carried.map(|_| ()),
        // The command may abort while the world says nothing, and reads nothing either.
        error = aborted(here, &hears) => Err(error),
    }
}

/// From the command to the world. It `hears` of an abort by itself as long as it waits for the command.
async fn up(here: &inside::TcpStream, there: &mut WriteHalf<'_>, hears: &AtomicBool) -> io::Result<()> {
    while let Some(bytes) = here.receive_bytes(TAKE).await? {
        hears.store(false, Ordering::Relaxed);
        there.write_all(&bytes).await?;
        hears.store(true, Ordering::Relaxed);
    }
    hears.store(false, Ordering::Relaxed);
    there.shutdown().await
}

/// From the world to the command.
async fn down(here: &inside::TcpStream, there: &mut ReadHalf<'_>) -> io::Result<()> {
    let mut most = BLOCK;
    let mut bytes = read(there, most).await?;
    while !bytes.is_empty() {
        // An end that has come already goes along with what is in front of it.
        let next = if has_ended(there).await { Some(read(there, most).await) } else { None };
        if let Some(Ok(end)) = &next
            && end.is_empty()
        {
            break;
        }
        let is_full = bytes.len() == most;
        here.send_bytes(bytes).await?;
        if is_full {
            most = whole_packets(here);
            // What was sent is acknowledged by now: then what comes next is read to where it was, which is in the
            // processor's cache still.
            tokio::task::yield_now().await;
        }
        bytes = match next {
            Some(next) => next?,
            None => read(there, most).await?,
        };
    }
    here.send_last(bytes).await
}

/// How much to read at once, so that no packet has to go with little text in it.
fn whole_packets(here: &inside::TcpStream) -> usize {
    let Some(segment) = here.status().map(|status| usize::from(status.send_mss).max(1)) else { return BLOCK };
    PACKETS * (LONGEST_TEXT / segment).max(1) * segment
}

thread_local! {
    /// One for all connections, since most of them wait most of the time.
    static BLOCKS: RefCell<Blocks> = RefCell::new(Blocks::default());
}

/// What has come from outside, at most so many octets, as soon as there is something; nothing at the end.
async fn read(there: &mut ReadHalf<'_>, most: usize) -> io::Result<Bytes> {
    poll_fn(|cx| {
        BLOCKS.with_borrow_mut(|blocks| {
            ready!(pin!(there.read_buf(&mut blocks.room(most).limit(most))).poll(cx))?;
            Poll::Ready(Ok(blocks.take()))
        })
    })
    .await
}

/// Whether the world is known to say nothing more, behind what is still to be read.
async fn has_ended(there: &ReadHalf<'_>) -> bool {
    let known = |cx: &mut Context<'_>| {
        // Most of the time it has not even said anything more, which takes less to find out.
        if there.as_ref().poll_read_ready(cx).is_pending() {
            return Poll::Ready(false);
        }
        match pin!(there.ready(Interest::READABLE)).poll(cx) {
            Poll::Ready(Ok(ready)) => Poll::Ready(ready.is_read_closed()),
            Poll::Ready(Err(_)) | Poll::Pending => Poll::Ready(false),
        }
    };
    poll_fn(known).await
}

/// The connection inside is gone, has not ended in order, and nobody else hears of it.
async fn aborted(here: &inside::TcpStream, others_hear: &AtomicBool) -> io::Error {
    let mut closed = pin!(here.closed());
    let unheard = |cx: &mut Context<'_>| {
        if others_hear.load(Ordering::Relaxed) { Poll::Pending } else { closed.as_mut().poll(cx) }
    };
    match poll_fn(unheard).await {
        Ok(CloseReason::Finished) => std::future::pending().await,
        Ok(_) => io::ErrorKind::ConnectionReset.into(),
        Err(error) => error,
    }
}

/// Closes with an RST: what was not delivered will not be.
pub(super) fn abort(stream: &outside::TcpStream) {
    let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
}
