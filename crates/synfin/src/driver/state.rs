//! What is behind the lock: the host, the link to its device, and who waits for what.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use slotmap::SecondaryMap;
use synfin_host::{
    ConnectError, ConnectOptions, Host, HostEvent, ListenerHandle, OpenRequest, RequestId, TcpEvents,
    TcpHandle, TcpSocket, UdpHandle,
};
use synfin_wire::Instant;

use super::crowd::Crowd;
use super::link::Flushed;
use super::waiters::{Place, Ticket, Waiters, Woken};
use super::{Link, OpenedPorts};

/// How long the driver goes on when nobody holds the stack any more, for what was sent to arrive.
const LINGER: Duration = Duration::from_secs(2);

/// For so many batches an answer is put off at most.
const UNANSWERED: u32 = 4;

/// With more streams it is not looked for packets without sleeping: whoever could answer meanwhile has no processor then.
const FEW: usize = 2;

/// The state of a stack.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) host: Host,
    pub(crate) link: Link,
    /// Where this is the state of one shard among several.
    opened_ports: Option<Arc<OpenedPorts>>,
    pub(crate) stopped: Option<Stopped>,
    /// The driver's task.
    pub(super) driver: Waiters,
    /// How many batches the driver has taken in since it last sent.
    unanswered: u32,
    /// When the driver's alarm rings.
    pub(super) alarm: Option<Instant>,
    /// Nobody holds the stack: the driver ends when all is quiet, and then at the latest.
    leaving: Option<Instant>,
    streams: BTreeMap<TcpHandle, Stream>,
    listeners: SecondaryMap<ListenerHandle, Waiters>,
    udp: SecondaryMap<UdpHandle, Udp>,
    requests: BTreeMap<RequestId, Waiters>,
    /// All UDP sockets' in one, so that nothing is looked through when there is room.
    room: Waiters,
    request: Waiters,
    echo: Waiters,
    ended: Waiters,
    has_ended: bool,
    crowd: Crowd,
    pub(crate) roles: Roles,
}

/// What is known of a connection beyond what the host knows.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    read: Waiters,
    write: Waiters,
    acknowledged: Waiters,
    closed: Waiters,
    /// The owner has ended this direction.
    pub(crate) write_closed: bool,
    /// The owner wants to hear no more.
    pub(crate) read_closed: bool,
    /// Whether the connection is reset when its owner goes.
    pub(crate) abort_on_release: bool,
}

/// What is known of a UDP socket beyond what the host knows.
#[derive(Debug, Default)]
struct Udp {
    datagram: Waiters,
    /// The caller of a `poll_*` method who waits for room.
    room: Option<Ticket>,
}

/// The forwarder's parts that somebody holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Roles {
    pub(crate) requests: bool,
    pub(crate) datagrams: bool,
    pub(crate) echoes: bool,
}

/// How much a driver has left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// There may always be more.
    Left,
    /// Nothing for its own host: another shard's packets may still come in on its queue.
    DoneHere,
    /// Nothing.
    Done,
}

/// Why a stack has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// Somebody asked for it.
    Shutdown,
    /// The device is gone: the error that it gave, and the system's number of it.
    Device(io::ErrorKind, Option<i32>),
    /// The runtime is gone, or nobody held the stack.
    Ended,
    /// Somebody panicked under the lock.
    Panicked,
}

impl From<Stopped> for io::Error {
    fn from(stopped: Stopped) -> Self {
        let sentence = match stopped {
            Stopped::Shutdown => "the stack was shut down",
            Stopped::Device(kind, number) => {
                let error = number.map_or_else(|| kind.into(), Self::from_raw_os_error);
                return Self::new(io::ErrorKind::NetworkDown, format!("the device is gone: {error}"));
            }
            Stopped::Ended => "the stack's driver has ended",
            Stopped::Panicked => "the stack has failed",
        };
        Self::new(io::ErrorKind::NetworkDown, sentence)
    }
}

impl State {
    pub(crate) fn new(host: Host, link: Link, opened_ports: Option<Arc<OpenedPorts>>) -> Self {
        Self {
            host,
            link,
            opened_ports,
            stopped: None,
            driver: Waiters::default(),
            unanswered: 0,
            alarm: None,
            leaving: None,
            streams: BTreeMap::new(),
            listeners: SecondaryMap::new(),
            udp: SecondaryMap::new(),
            requests: BTreeMap::new(),
            room: Waiters::default(),
            request: Waiters::default(),
            echo: Waiters::default(),
            ended: Waiters::default(),
            has_ended: false,
            crowd: Crowd::default(),
            roles: Roles::default(),
        }
    }

    /// # Errors
    /// When the stack has stopped.
    pub(crate) fn running(&self) -> io::Result<()> {
        self.stopped.map_or(Ok(()), |stopped| Err(stopped.into()))
    }

    /// Opens a connection.
    pub(crate) fn connect(
        &mut self,
        remote: SocketAddr,
        options: ConnectOptions,
        now: Instant,
    ) -> Result<TcpHandle, ConnectError> {
        let handle = self.host.connect(remote, options, now)?;
        if let Some(opened) = &self.opened_ports
            && let Some(socket) = self.host.tcp(handle)
        {
            // Before the lock is released, and with it the SYN.
            opened.insert(socket.local_addr().port());
        }
        Ok(handle)
    }

    /// A connection, to call.
    pub(crate) fn tcp(&mut self, handle: TcpHandle) -> io::Result<TcpSocket<'_>> {
        self.running()?;
        self.host.tcp(handle).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    pub(crate) fn stream(&mut self, handle: TcpHandle) -> Option<&mut Stream> {
        self.streams.get_mut(&handle)
    }

    pub(crate) fn add_stream(&mut self, handle: TcpHandle) {
        self.streams.insert(handle, Stream::default());
    }

    /// Whether those who have the other ends are too few to keep all processors busy.
    pub(super) fn has_few_streams(&self) -> bool {
        self.streams.len() <= FEW
    }

    /// The owner of a connection has gone.
    pub(crate) fn release(&mut self, handle: TcpHandle, now: Instant) {
        let stream = self.streams.remove(&handle).unwrap_or_default();
        if stream.abort_on_release
            && let Some(mut socket) = self.host.tcp(handle)
        {
            socket.abort(now);
        }
        if let Some(socket) = self.host.tcp(handle) {
            socket.release(now);
        }
    }

    pub(crate) fn add_listener(&mut self, handle: ListenerHandle) {
        self.listeners.insert(handle, Waiters::default());
    }

    pub(crate) fn remove_listener(&mut self, handle: ListenerHandle, now: Instant) {
        self.listeners.remove(handle);
        self.host.close_listener(handle, now);
    }

    pub(crate) fn add_udp(&mut self, handle: UdpHandle) {
        self.udp.insert(handle, Udp::default());
    }

    pub(crate) fn remove_udp(&mut self, handle: UdpHandle) {
        if let Some(ticket) = self.udp.remove(handle).and_then(|udp| udp.room) {
            self.room.forget(ticket);
        }
        self.host.udp_close(handle);
    }

    pub(crate) fn next_request(&mut self) -> Option<OpenRequest> {
        let request = self.host.poll_request()?;
        self.requests.insert(request.id, Waiters::default());
        Some(request)
    }

    /// Whether a request can still be decided.
    pub(crate) fn is_pending(&self, id: RequestId) -> bool {
        self.requests.contains_key(&id)
    }

    /// A request is decided, or void.
    pub(crate) fn end_request(&mut self, id: RequestId) {
        self.requests.remove(&id);
    }

    pub(super) fn register(&mut self, place: Place, waker: &Waker) {
        if let Place::Room(handle) = place {
            if let Some(udp) = self.udp.get_mut(handle) {
                udp.room = Some(self.room.register_future(udp.room, waker));
            }
        } else if let Some(waiters) = self.waiters(place) {
            waiters.register(waker);
        }
    }

    pub(super) fn register_future(
        &mut self,
        place: Place,
        ticket: Option<Ticket>,
        waker: &Waker,
    ) -> Option<Ticket> {
        Some(self.waiters(place)?.register_future(ticket, waker))
    }

    pub(super) fn forget(&mut self, place: Place, ticket: Ticket) {
        if let Some(waiters) = self.waiters(place) {
            waiters.forget(ticket);
        }
    }

    fn waiters(&mut self, place: Place) -> Option<&mut Waiters> {
        match place {
            Place::Read(handle) => self.streams.get_mut(&handle).map(|stream| &mut stream.read),
            Place::Write(handle) => self.streams.get_mut(&handle).map(|stream| &mut stream.write),
            Place::Acknowledged(handle) => {
                self.streams.get_mut(&handle).map(|stream| &mut stream.acknowledged)
            }
            Place::Closed(handle) => self.streams.get_mut(&handle).map(|stream| &mut stream.closed),
            Place::Accept(listener) => self.listeners.get_mut(listener),
            Place::Datagram(handle) => self.udp.get_mut(handle).map(|udp| &mut udp.datagram),
            Place::Room(_) => Some(&mut self.room),
            Place::Request => Some(&mut self.request),
            Place::Withdrawn(id) => self.requests.get_mut(&id),
            Place::Echo => Some(&mut self.echo),
            Place::Ended => Some(&mut self.ended),
        }
    }

    /// Sends what there is to send, at most a batch, and collects who is to be woken. True when there may
    /// be more.
    pub(super) fn settle(&mut self, now: Instant, woken: &mut Woken) -> bool {
        self.unanswered = 0;
        let flushed = self.link.flush(&mut self.host, now);
        if flushed == Flushed::Drained {
            self.room.wake(woken);
        }
        self.tell_all(woken);
        if self.crowd.has_gone(self.host.connection_count()) {
            synfin_device::give_back_free_memory();
        }
        flushed == Flushed::More
    }

    /// As [`State::settle`], after a call of a socket's owner: the driver is woken only where it has to
    /// wait for something new.
    pub(super) fn settle_call(&mut self, now: Instant, woken: &mut Woken) {
        let was_blocked = self.link.is_blocked();
        let more = self.settle(now, woken);
        let newly_blocked = self.link.is_blocked() && !was_blocked;
        let is_earlier = |deadline| self.alarm.is_none_or(|alarm| deadline < alarm);
        if more || newly_blocked || self.stopped.is_some() || self.deadline().is_some_and(is_earlier) {
            self.driver.wake(woken);
        }
    }

    /// Collects who is to be woken for what has happened.
    pub(super) fn tell_all(&mut self, woken: &mut Woken) {
        while let Some(event) = self.host.poll_event() {
            self.tell(event, woken);
        }
    }

    /// Collects who is to be woken for what a batch has brought. Where somebody is, the answer may wait until the driver
    /// comes again, once he has had his turn: what he writes takes the acknowledgment along, what he reads widens the
    /// window that it tells, and what has come in the meantime is acknowledged by the same (RFC 9293 MUST-58). True when
    /// it does, which is for a few batches at most.
    pub(super) fn waits_for_others(&mut self, woken: &mut Woken) -> bool {
        self.tell_all(woken);
        self.unanswered += 1;
        !woken.is_empty() && self.unanswered < UNANSWERED
    }

    /// Whether the driver has put its answer off.
    pub(super) fn answers_later(&self) -> bool {
        self.unanswered > 0
    }

    fn tell(&mut self, event: HostEvent, woken: &mut Woken) {
        match event {
            HostEvent::Tcp { handle, events } => {
                if let Some(stream) = self.streams.get_mut(&handle) {
                    stream.tell(events, woken);
                }
            }
            HostEvent::Accept { listener } => {
                if let Some(waiters) = self.listeners.get_mut(listener) {
                    waiters.wake(woken);
                }
            }
            HostEvent::Udp { handle } => {
                if let Some(udp) = self.udp.get_mut(handle) {
                    udp.datagram.wake(woken);
                }
            }
            HostEvent::Request => self.request.wake(woken),
            HostEvent::RequestWithdrawn { id } => {
                if let Some(mut waiters) = self.requests.remove(&id) {
                    waiters.wake(woken);
                }
            }
            HostEvent::Echo => self.echo.wake(woken),
        }
    }

    /// When the driver is to look again, if nothing happens before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let earliest = |one: Option<Instant>, other: Option<Instant>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        earliest(self.host.poll_timeout(), earliest(self.link.next_due(), self.leaving))
    }

    /// Nobody holds the stack any more.
    pub(crate) fn leave(&mut self, now: Instant) {
        self.leaving = Some(now + LINGER);
        // Even without a connection, for there may be no deadline that ends it.
        self.alarm = None;
    }

    /// Whether nobody holds the stack any more.
    pub(super) fn is_left(&self) -> bool {
        self.leaving.is_some()
    }

    /// Whether the driver's work is done.
    pub(super) fn work(&self, now: Instant) -> Work {
        let is_quiet = || self.host.connection_count() == 0 && !self.link.is_busy();
        match self.leaving {
            _ if self.stopped.is_some() => Work::Done,
            Some(latest) if now >= latest => Work::Done,
            Some(_) if is_quiet() => Work::DoneHere,
            _ => Work::Left,
        }
    }

    /// Stops the stack: every connection is reset, and no call succeeds any more.
    pub(crate) fn stop(&mut self, why: Stopped, now: Instant) {
        if self.stopped.is_some() {
            return;
        }
        self.stopped = Some(why);
        for &handle in self.streams.keys() {
            if let Some(mut socket) = self.host.tcp(handle) {
                socket.abort(now);
            }
        }
    }

    /// Whether the driver is gone.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The driver is gone: nobody is to wait for what will never come.
    pub(super) fn end(&mut self, woken: &mut Woken) {
        self.link.finish();
        self.has_ended = true;
        for stream in self.streams.values_mut() {
            stream.wake(woken);
        }
        let datagrams = self.udp.values_mut().map(|udp| &mut udp.datagram);
        let waiters = self.listeners.values_mut().chain(datagrams);
        waiters.chain(self.requests.values_mut()).for_each(|waiters| waiters.wake(woken));
        for waiters in [&mut self.room, &mut self.request, &mut self.echo, &mut self.ended] {
            waiters.wake(woken);
        }
    }
}

impl Stream {
    fn tell(&mut self, events: TcpEvents, woken: &mut Woken) {
        if events.closed().is_some() {
            self.wake(woken);
            return;
        }
        if events.readable() {
            self.read.wake(woken);
        }
        if events.writable() || events.established() {
            self.write.wake(woken);
        }
        if events.all_acknowledged() {
            self.acknowledged.wake(woken);
        }
    }

    /// Returns who is to be woken.
    pub(crate) fn close_write(&mut self) -> Woken {
        self.write_closed = true;
        let mut woken = Woken::new();
        self.write.wake(&mut woken);
        woken
    }

    /// Returns who is to be woken.
    pub(crate) fn close_read(&mut self) -> Woken {
        self.read_closed = true;
        let mut woken = Woken::new();
        self.read.wake(&mut woken);
        woken
    }

    fn wake(&mut self, woken: &mut Woken) {
        self.read.wake(woken);
        self.write.wake(woken);
        self.acknowledged.wake(woken);
        self.closed.wake(woken);
    }
}
