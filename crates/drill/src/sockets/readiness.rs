//! poll and epoll.

use std::collections::BTreeMap;

use synfin_host::tcp::State;
use synfin_wire::Instant;

use super::{Errno, File, Kernel, Outcome, Role, Stop};
use crate::symbols::{
    EPOLLET, EPOLLEXCLUSIVE, EPOLLONESHOT, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDHUP, POLLRDNORM,
    POLLWRNORM,
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
    received: u64,
    reported: u64,
    /// How often a writer was told of room.
    rooms: u64,
    state: State,
}

impl Epoll {
    pub(super) fn forget(&mut self, fd: i32) {
        self.interests.remove(&fd);
    }
}

impl Kernel {
    /// What a descriptor is ready for, as Linux's tcp_poll has it.
    fn readiness(&mut self, fd: i32) -> i64 {
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
        let least = self.least_to_read(fd);
        let urgent = self.has_urgent(fd);
        let Some(mut socket) = self.host.tcp(handle) else { return 0 };
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
        if write_over || socket.is_writable() {
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
            answers.push(self.readiness(request.fd) & (request.events | POLLERR | POLLHUP));
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
        File::Epoll(Epoll::default())
    }

    /// Watches a descriptor (1), no longer (2), or for something else (3).
    pub(crate) fn epoll_ctl(&mut self, epoll: i32, how: i64, fd: i32, event: EpollEvent) -> Outcome<i64> {
        let is_plain = matches!(self.file(fd)?, File::Plain { .. });
        let is_itself = epoll == fd;
        let File::Epoll(epoll) = self.file(epoll)? else { return Err(Errno::EINVAL.into()) };
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
        let File::Epoll(found) = self.file(epoll)? else { return Err(Errno::EINVAL.into()) };
        if most == 0 {
            return Err(Errno::EINVAL.into());
        }
        let watched: Vec<(i32, Interest)> =
            found.interests.iter().map(|(fd, interest)| (*fd, *interest)).collect();
        let mut told = Vec::new();
        for (fd, mut interest) in watched {
            let seen = self.activity(fd);
            let events = seen.ready & (interest.events | POLLERR | POLLHUP);
            let stale = interest.events & EPOLLET != 0 && interest.told == Some(seen);
            if events == 0 || interest.spent || stale || told.len() == most {
                continue;
            }
            interest.told = Some(seen);
            interest.spent = interest.events & EPOLLONESHOT != 0;
            told.push(EpollEvent { events, data: interest.data });
            if let File::Epoll(found) = self.file(epoll)? {
                found.interests.insert(fd, interest);
            }
        }
        let over = deadline.is_some_and(|deadline| self.now >= deadline);
        if told.is_empty() && !over { Err(Stop::Block { until: deadline }) } else { Ok(told) }
    }

    fn activity(&mut self, fd: i32) -> Activity {
        let (ready, state) = (self.readiness(fd), self.state(fd));
        let (reported, rooms) = self.tcp(fd).map_or((0, 0), |file| (file.errors.reported, file.rooms));
        let status = self.connection(fd).and_then(|handle| self.host.tcp(handle)?.status());
        Activity {
            ready,
            received: status.map_or(0, |status| status.octets_received),
            reported,
            rooms,
            state,
        }
    }
}
