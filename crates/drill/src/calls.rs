//! Linux's socket calls over a host in virtual time, without a script: for an interpreter that is not this crate's.
//!
//! In: one call at a time by its numbers, packets, and the time to which to go. Out: what the call returns or why it
//! does not, and the packets that the host sends. The calls are those that scripts are run with, so another interpreter
//! of the same language checks everything about [`run`](crate::run()) but the calls themselves.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;
use synfin_host::PacketIn;
use synfin_wire::Instant;

use crate::ast::{Command, Flag, Script};
use crate::form::Form;
use crate::runner::setup::Setup;
use crate::sockets::{EpollEvent, Kernel, PollRequest, Report, Stop};
use crate::span::Position;
use crate::symbols::{F_GETFL, F_SETFL, SOL_TCP};

/// Why a call has not returned a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It failed with this number of Linux's.
    Errno(i32),
    /// It waits: it is to be made again when something has happened, at `until` at the latest.
    Block {
        /// When it returns in any case.
        until: Option<Instant>,
    },
    /// There is no such thing here.
    Unsupported(String),
}

impl From<Stop> for Refusal {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Errno(errno) => Self::Errno(i32::try_from(errno.number).unwrap_or(i32::MAX)),
            Stop::Block { until } => Self::Block { until },
            Stop::Unsupported(what) => Self::Unsupported(what),
        }
    }
}

/// What a call comes to.
pub type Outcome<T> = Result<T, Refusal>;

/// A host, the process that runs on it, and the present.
///
/// ```
/// use synfin_drill::Form;
/// use synfin_drill::calls::{Machine, Refusal};
/// let mut machine = Machine::new(Form::V4, None, "");
/// machine.socket(3, 1, 6).unwrap();
/// assert_eq!(machine.connect(3, "192.0.2.1:80".parse().unwrap()), Err(Refusal::Block { until: None }));
/// machine.settle();
/// assert_eq!(machine.next_packet().unwrap().1[9], 6, "a segment of TCP: the SYN");
/// ```
#[derive(Debug)]
pub struct Machine {
    kernel: Kernel,
    sent: VecDeque<(Instant, Bytes)>,
}

impl Machine {
    /// A machine with the addresses of this form. `settings` is what a shell would be told, `sysctl name=value` in lines.
    #[must_use]
    pub fn new(form: Form, mtu: Option<u16>, settings: &str) -> Self {
        let flags =
            mtu.map(|mtu| Flag { at: Position::START, name: "mtu".to_owned(), value: Some(mtu.to_string()) });
        let prepare = Some(Command { at: Position::START, text: settings.to_owned() });
        let script =
            Script { flags: flags.into_iter().collect(), prepare, events: Vec::new(), clean_up: None };
        let mut setup = Setup::new(&script, Some(form)).expect("a number is a value for an MTU");
        Self { kernel: setup.kernel(), sent: VecDeque::new() }
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.kernel.now
    }

    /// What was asked for and had no effect.
    pub fn unheeded(&self) -> impl Iterator<Item = &str> {
        self.kernel.unheeded.iter().map(String::as_str)
    }

    /// Does for sockets that are yet to be made what a shell would be told.
    pub fn configure(&mut self, settings: &str) {
        self.kernel.configure(settings);
    }

    /// Goes to a later moment and does what is due then.
    pub fn advance(&mut self, to: Instant) {
        self.kernel.now = self.kernel.now.max(to);
        self.kernel.host.handle_timeout(self.kernel.now);
    }

    /// When the host next has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.kernel.host.poll_timeout()
    }

    /// A packet arrives.
    pub fn deliver(&mut self, packet: Bytes) {
        self.kernel.deliver(PacketIn { bytes: packet, trust_checksum: false, segment_size: None });
    }

    /// Collects what the host has to send and to tell; after each call, packet and advance.
    pub fn settle(&mut self) {
        let now = self.kernel.now;
        while let Some(packet) = self.kernel.host.poll_transmit(now) {
            self.sent.push_back((now, packet.to_bytes()));
        }
        self.sent.extend(self.kernel.outbox.drain(..).map(|packet| (now, packet)));
        while let Some(event) = self.kernel.host.poll_event() {
            self.kernel.note_event(event);
        }
        self.kernel.note_states();
    }

    /// The first packet that was collected, and when it was sent.
    pub fn next_packet(&mut self) -> Option<(Instant, Bytes)> {
        self.sent.pop_front()
    }

    /// There is a packet to take.
    #[must_use]
    pub fn has_packet(&self) -> bool {
        !self.sent.is_empty()
    }
}

/// The calls, by Linux's numbers. Each may fail as Linux's does.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Machine {
    /// `socket`, under a number that the caller has chosen.
    pub fn socket(&mut self, fd: i32, kind: i32, protocol: i32) -> Outcome<()> {
        let file = self.kernel.socket(None, kind.into(), protocol.into())?;
        self.kernel.install(fd, file);
        Ok(())
    }

    /// `bind`.
    pub fn bind(&mut self, fd: i32, address: SocketAddr) -> Outcome<i64> {
        Ok(self.kernel.bind(fd, address)?)
    }

    /// `listen`.
    pub fn listen(&mut self, fd: i32, backlog: i32) -> Outcome<i64> {
        Ok(self.kernel.listen(fd, backlog.into())?)
    }

    /// `accept`, under a number that `fd_of` chooses once there is something to accept.
    pub fn accept(&mut self, listener: i32, fd_of: impl FnOnce() -> i32) -> Outcome<(i32, SocketAddr)> {
        let (file, remote) = self.kernel.accept(listener)?;
        let fd = fd_of();
        self.kernel.install(fd, file);
        Ok((fd, remote))
    }

    /// `connect`.
    pub fn connect(&mut self, fd: i32, remote: SocketAddr) -> Outcome<i64> {
        Ok(self.kernel.connect(fd, remote)?)
    }

    /// `recv`, of octets that nobody looks at.
    pub fn receive(&mut self, fd: i32, len: usize, flags: i32) -> Outcome<i64> {
        Ok(self.kernel.receive(fd, len, flags.into())?)
    }

    /// There are octets that can be received.
    pub fn has_unread(&mut self, fd: i32) -> bool {
        self.kernel.has_unread(fd)
    }

    /// The control message that comes with what was received: level, type and value.
    pub fn unread_message(&mut self, fd: i32) -> Option<(i64, i64, i64)> {
        const TCP_CM_INQ: i64 = 36;
        self.kernel.unread_message(fd).map(|unread| (SOL_TCP, TCP_CM_INQ, unread))
    }

    /// `recvmsg` with MSG_ERRQUEUE: the first and the last of the sends without copying that are over.
    pub fn take_report(&mut self, fd: i32) -> Outcome<(u32, u32)> {
        match self.kernel.take_report(fd)? {
            Report::Over { first, last } => Ok((first, last)),
            Report::Stamp { .. } => Err(Stop::unsupported("times of writes").into()),
            Report::Icmp(_) => Err(Stop::unsupported("ICMP errors of the error queue").into()),
        }
    }

    /// `send`, of zeros. `sent` is how many of them a call that waits has queued already.
    pub fn send(&mut self, fd: i32, len: usize, flags: i32, sent: &mut usize) -> Outcome<i64> {
        Ok(self.kernel.send(fd, &[len], flags.into(), sent)?)
    }

    /// `shutdown`.
    pub fn shutdown(&mut self, fd: i32, how: i32) -> Outcome<i64> {
        Ok(self.kernel.shutdown(fd, how.into())?)
    }

    /// `close`.
    pub fn close(&mut self, fd: i32) -> Outcome<i64> {
        Ok(self.kernel.close(fd)?)
    }

    /// `fcntl` with F_GETFL.
    pub fn file_flags(&mut self, fd: i32) -> Outcome<i64> {
        Ok(self.kernel.file_control(fd, F_GETFL, 0)?)
    }

    /// `fcntl` with F_SETFL.
    pub fn set_file_flags(&mut self, fd: i32, flags: i64) -> Outcome<i64> {
        Ok(self.kernel.file_control(fd, F_SETFL, flags)?)
    }

    /// The value that `ioctl` stores.
    pub fn ioctl(&mut self, fd: i32, command: u64) -> Outcome<i64> {
        Ok(self.kernel.ioctl(fd, command.cast_signed(), Some(0))?)
    }

    /// `getsockopt`: the octets of an option, for which there is so much room.
    pub fn option(&mut self, fd: i32, level: i32, name: i32, room: usize) -> Outcome<Vec<u8>> {
        Ok(self.kernel.option(fd, level.into(), name.into(), room)?)
    }

    /// `setsockopt`.
    pub fn set_option(&mut self, fd: i32, level: i32, name: i32, octets: &[u8]) -> Outcome<i64> {
        Ok(self.kernel.set_option(fd, level.into(), name.into(), octets)?)
    }

    /// The variables of TCP_INFO that are known here, by name; `None` for what is no socket of this machine.
    pub fn tcp_info(&mut self, fd: i32) -> Option<Vec<(&'static str, i64)>> {
        self.kernel.tcp_info(fd)
    }

    /// `poll`: asked are pairs of a descriptor and events; the answer is one set of events for each.
    pub fn poll(&mut self, asked: &[(i32, i16)], deadline: Option<Instant>) -> Outcome<Vec<i64>> {
        let requests: Vec<PollRequest> =
            asked.iter().map(|&(fd, events)| PollRequest { fd, events: events.into() }).collect();
        Ok(self.kernel.poll(&requests, deadline)?)
    }

    /// `epoll_create`, under a number that the caller has chosen.
    pub fn epoll_create(&mut self, fd: i32) {
        self.kernel.install(fd, Kernel::epoll());
    }

    /// `epoll_ctl`; `event` is events and what is stored beside them.
    pub fn epoll_ctl(&mut self, epoll: i32, how: i32, fd: i32, event: (u32, u64)) -> Outcome<i64> {
        let event = EpollEvent { events: event.0.into(), data: event.1.cast_signed() };
        Ok(self.kernel.epoll_ctl(epoll, how.into(), fd, event)?)
    }

    /// `epoll_wait`.
    pub fn epoll_wait(
        &mut self,
        epoll: i32,
        most: usize,
        deadline: Option<Instant>,
    ) -> Outcome<Vec<(u32, u64)>> {
        let told = self.kernel.epoll_wait(epoll, most, deadline)?;
        Ok(told.iter().map(|event| (event.events as u32, event.data.cast_unsigned())).collect())
    }
}
