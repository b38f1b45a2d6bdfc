//! poll and epoll.

use std::collections::BTreeMap;

use synfin_host::tcp::State;
use synfin_wire::Instant;

use super::{Errno, File, Kernel, Object, Outcome, Role, Stop};
use crate::symbols::{
    EPOLLET, EPOLLEXCLUSIVE, EPOLLONESHOT, POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDHUP,
    POLLRDNORM, POLLWRNORM,
};

/// What may be asked for together with EPOLLEXCLUSIVE.
const WITH_EXCLUSIVE: i64 = POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLET | EPOLLEXCLUSIVE;

/// What `poll` is asked about one descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PollRequest {
    pub(crate) fd: i32,
    pub(crate) events: i64,
}

/// What `epoll_wait` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EpollEvent {
    pub(crate) events: i64,
    pub(crate) data: i64,
}

/// An epoll descriptor.
#[derive(Debug, Default)]
pub(crate) struct Epoll {
    interests: BTreeMap<i32, Interest>,
}

#[derive(Clone, Copy, Debug)]
struct Interest {
    events: i64,
    data: i64,
    /// What had been seen when it was last told (edge-triggered).
    told: Option<Activity>,
    /// It was told once, which was all (EPOLLONESHOT).
    spent: bool,
}

/// What wakes an edge-triggered waiter when it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Activity {
    ready: i64,
    /// How often a reader was told of text.
    received: u64,
    reported: u64,
    /// How often a writer was told of room.
    rooms: u64,
    state: State,
}

/// Who waits to read, and who waits to write.
const READS: i64 = POLLIN | POLLRDNORM;
const WRITES: i64 = POLLOUT | POLLWRNORM;

impl Activity {
    /// Whether something has happened since `told` that wakes whoever waits for `events`. What is ready no longer wakes
    /// nobody, nor does text of which there is too little to be read (SO_RCVLOWAT), nor room that nobody was told of.
    fn wakes(&self, told: &Self, events: i64) -> bool {
        let now_ready = self.ready & !told.ready & !WRITES & (events | POLLERR | POLLHUP);
        now_ready != 0
            || self.received != told.received && events & READS != 0
            || self.rooms != told.rooms && events & WRITES != 0
            || self.reported != told.reported
            || self.state != told.state
    }
}

impl Epoll {
    pub(super) fn forget(&mut self, fd: i32) {
        self.interests.remove(&fd);
    }

    /// The descriptors that it watches, and for what.
    fn watched(&self) -> Vec<(i32, i64)> {
        self.interests.iter().map(|(fd, interest)| (*fd, interest.events)).collect()
    }
}

impl Kernel {
    /// What a descriptor is ready for; and who finds no room to write waits for it.
    fn readiness(&mut self, fd: i32) -> i64 {
        if let Some(mut socket) = self.connection(fd).and_then(|handle| self.host.tcp(handle)) {
            let _ = socket.is_writable();
        }
        self.ready_for(fd)
    }

    /// The same, and nobody waits.
    fn ready_for(&mut self, fd: i32) -> i64 {
        match self.object(fd) {
            Ok(Object::Tcp(_)) => self.ready_connection(fd),
            Ok(Object::Datagram(socket)) => socket.readiness(),
            Ok(Object::Plain(_)) => POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM,
            Ok(&mut Object::Pipe { pipe, end }) => self.ready_pipe(pipe, end),
            Ok(Object::Epoll(epoll)) => {
                let watched = epoll.watched();
                if self.any_ready(&watched) { POLLIN | POLLRDNORM } else { 0 }
            }
            Err(_) => POLLNVAL,
        }
    }

    /// Whether one of these is ready for what it is watched for. Who watches is not asked: it could watch in a circle.
    fn any_ready(&mut self, watched: &[(i32, i64)]) -> bool {
        watched.iter().any(|(fd, events)| {
            let watches = matches!(self.object(*fd), Ok(Object::Epoll(_)));
            !watches && self.ready_for(*fd) & (events | POLLERR | POLLHUP) != 0
        })
    }

    /// The same of TCP, as Linux's tcp_poll has it.
    fn ready_connection(&mut self, fd: i32) -> i64 {
        let state = self.state(fd);
        let failed = self.pending_error(fd).is_some();
        let Ok(file) = self.tcp(fd) else { return 0 };
        let (read_shut, write_shut) = (file.read_shut, file.write_shut);
        let reports = file.errors.is_ready();
        let connecting = file.is_connecting(state);
        let (role, put_off) = (file.role, file.fast_open.put_off.is_some());
        let handle = match role {
            // A connect that was put off waits for octets.
            Role::Idle if put_off => return POLLOUT | POLLWRNORM,
            Role::Idle => return POLLOUT | POLLWRNORM | POLLHUP | if failed { POLLERR } else { 0 },
            Role::Listener(listener) if self.host.is_acceptable(listener) => return POLLIN | POLLRDNORM,
            Role::Listener(_) => return 0,
            Role::Connection(handle) => handle,
        };
        // At the mark the urgent octet is none that a read would have.
        let least = self.least_to_read(fd) + usize::from(self.is_barred(fd));
        let urgent = self.has_urgent(fd);
        let Some(socket) = self.host.tcp(handle) else { return 0 };
        let mut ready = if failed || reports { POLLERR } else { 0 };
        if connecting {
            return ready;
        }
        let ended = matches!(
            state,
            State::CloseWait | State::LastAck | State::Closing | State::TimeWait | State::Closed
        );
        let read_over = read_shut || ended;
        let write_over = write_shut || state == State::Closed;
        if read_over && write_over {
            ready |= POLLHUP;
        }
        if read_over {
            ready |= POLLIN | POLLRDNORM | POLLRDHUP;
        }
        if socket.receive_available() >= least {
            ready |= POLLIN | POLLRDNORM;
        }
        if write_over || socket.has_room() {
            ready |= POLLOUT | POLLWRNORM;
        }
        if urgent {
            ready |= POLLPRI;
        }
        ready
    }

    /// The `revents` of each request. `deadline` is when to return with none.
    pub(crate) fn poll(&mut self, requests: &[PollRequest], deadline: Option<Instant>) -> Outcome<Vec<i64>> {
        let mut answers = Vec::new();
        for request in requests {
            answers.push(self.readiness(request.fd) & (request.events | POLLERR | POLLHUP | POLLNVAL));
        }
        let over = deadline.is_some_and(|deadline| self.now >= deadline);
        if over || answers.iter().any(|events| *events != 0) {
            return Ok(answers);
        }
        Err(Stop::Block { until: deadline })
    }

    pub(crate) fn epoll_create(&self, size: i64) -> Outcome<File> {
        if size <= 0 {
            return Err(Errno::EINVAL.into());
        }
        Ok(Self::epoll())
    }

    pub(crate) fn epoll() -> File {
        File::new(Object::Epoll(Epoll::default()))
    }

    /// Watches a descriptor (1), no longer (2), or for something else (3).
    pub(crate) fn epoll_ctl(&mut self, epoll: i32, how: i64, fd: i32, event: EpollEvent) -> Outcome<i64> {
        let is_plain = matches!(self.object(fd)?, Object::Plain(_));
        let is_itself = epoll == fd;
        let Object::Epoll(epoll) = self.object(epoll)? else { return Err(Errno::EINVAL.into()) };
        if is_plain {
            return Err(Errno::EPERM.into());
        }
        let interest = Interest { events: event.events, data: event.data, told: None, spent: false };
        let exclusive = event.events & EPOLLEXCLUSIVE != 0;
        let told_so_far = epoll.interests.get(&fd).map(|interest| interest.events);
        match (how, told_so_far) {
            (1..=3, _) if is_itself => return Err(Errno::EINVAL.into()),
            (1, _) if exclusive && event.events & !WITH_EXCLUSIVE != 0 => return Err(Errno::EINVAL.into()),
            (1, Some(_)) => return Err(Errno::EEXIST.into()),
            (3, _) if exclusive => return Err(Errno::EINVAL.into()),
            (2 | 3, None) => return Err(Errno::ENOENT.into()),
            (3, Some(events)) if events & EPOLLEXCLUSIVE != 0 => return Err(Errno::EINVAL.into()),
            (1, None) | (3, Some(_)) => epoll.interests.insert(fd, interest),
            (2, Some(_)) => epoll.interests.remove(&fd),
            _ => return Err(Errno::EINVAL.into()),
        };
        Ok(0)
    }

    pub(crate) fn epoll_wait(
        &mut self,
        epoll: i32,
        most: usize,
        deadline: Option<Instant>,
    ) -> Outcome<Vec<EpollEvent>> {
        let Object::Epoll(found) = self.object(epoll)? else { return Err(Errno::EINVAL.into()) };
        if most == 0 {
            return Err(Errno::EINVAL.into());
        }
        let watched: Vec<(i32, Interest)> =
            found.interests.iter().map(|(fd, interest)| (*fd, *interest)).collect();
        let mut told = Vec::new();
        for (fd, mut interest) in watched {
            let seen = self.activity(fd);
            let is_new = interest.told.is_none_or(|told| seen.wakes(&told, interest.events));
            if interest.events & EPOLLET == 0 || is_new {
                // Only whom something has woken looks for room.
                let _ = self.readiness(fd);
            }
            let events = seen.ready & (interest.events | POLLERR | POLLHUP);
            let stale = interest.events & EPOLLET != 0 && !is_new;
            if events == 0 || interest.spent || stale || told.len() == most {
                continue;
            }
            interest.told = Some(seen);
            interest.spent = interest.events & EPOLLONESHOT != 0;
            told.push(EpollEvent { events, data: interest.data });
            if let Object::Epoll(found) = self.object(epoll)? {
                found.interests.insert(fd, interest);
            }
        }
        let over = deadline.is_some_and(|deadline| self.now >= deadline);
        if told.is_empty() && !over { Err(Stop::Block { until: deadline }) } else { Ok(told) }
    }

    fn activity(&mut self, fd: i32) -> Activity {
        let (ready, state) = (self.ready_for(fd), self.state(fd));
        let Ok(file) = self.tcp(fd) else {
            return Activity { ready, received: 0, reported: 0, rooms: 0, state };
        };
        Activity { ready, received: file.arrivals, reported: file.errors.reported, rooms: file.rooms, state }
    }
}
