//! TCP: one task a connection, which dials outside and then carries octets both ways.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use synfin::CloseReason;
use synfin::forward::{Forwarder, OpenRequest, Refusal};
use synfin::net as inside;
use tokio::io::AsyncWriteExt as _;
use tokio::net as outside;
use tokio::net::tcp::OwnedReadHalf;
use tokio::task::JoinSet;

use super::destination::Destinations;
use super::dial::Dialler;

/// The most octets read at once from outside; a read never waits for so many.
const READ: usize = 256 * 1024;
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

/// Answers every SYN that nobody else listens for.
pub(super) async fn serve(forwarder: Forwarder, destinations: Destinations, dialler: Dialler, open: Open) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            request = forwarder.next() => {
                let Some(request) = request else { return };
                connections.spawn(answer(request, destinations.clone(), dialler.clone(), open.clone()));
            }
            // Reaps, so that ended tasks do not pile up.
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Dials first, then answers: SYN-ACK only when the real destination has accepted.
async fn answer(request: OpenRequest, destinations: Destinations, dialler: Dialler, open: Open) {
    let Some(destination) = destinations.outside(request.local()) else {
        return request.refuse(Refusal::Reset);
    };
    let dialled = tokio::select! {
        dialled = dialler.dial(destination) => dialled,
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
pub(super) async fn join(here: inside::TcpStream, there: outside::TcpStream, open: &Open) {
    let _open = open.enter();
    let (mut here_reader, mut here_writer) = here.into_split();
    let (there_reader, mut there_writer) = there.into_split();
    let up = async {
        while let Some(mut bytes) = here_reader.receive_bytes(TAKE).await? {
            there_writer.write_all_buf(&mut bytes).await?;
        }
        there_writer.shutdown().await
    };
    let down = async {
        loop {
            let bytes = tokio::select! {
                bytes = read(&there_reader) => bytes?,
                // The command may abort while the world says nothing, and reads nothing either.
                why = here_writer.as_ref().closed() => return aborted(why?),
            };
            if bytes.is_empty() {
                return here_writer.shutdown().await;
            }
            here_writer.send_bytes(bytes).await?;
        }
    };
    let ended: io::Result<((), ())> = async { tokio::try_join!(up, down) }.await;
    if ended.is_err() {
        if let Ok(here) = here_reader.reunite(here_writer) {
            here.abort();
        }
        if let Ok(there) = there_reader.reunite(there_writer) {
            abort(&there);
        }
    }
}

thread_local! {
    /// What is read next goes here: one block for all connections, since most of them wait most of the time.
    static SCRATCH: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

/// What has come from outside, as soon as there is something; nothing at the end.
async fn read(there: &OwnedReadHalf) -> io::Result<Bytes> {
    loop {
        there.readable().await?;
        let read = SCRATCH.with_borrow_mut(|scratch| {
            scratch.reserve(READ);
            there.try_read_buf(scratch).map(|_| scratch.split().freeze())
        });
        match read {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => return read,
        }
    }
}

/// An error, unless the connection inside has ended in order.
fn aborted(why: CloseReason) -> io::Result<()> {
    match why {
        CloseReason::Finished => Ok(()),
        _ => Err(io::ErrorKind::ConnectionReset.into()),
    }
}

/// Closes with an RST: what was not delivered will not be.
pub(super) fn abort(stream: &outside::TcpStream) {
    let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
}
