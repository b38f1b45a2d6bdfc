//! What calls return beside a number: files and readiness.

use std::net::SocketAddr;

use synfin_wire::Instant;

use super::Runner;
use super::arguments::{Arguments, field, integer, kind, number_field};
use super::calls::deadline;
use crate::ast::{Call, Expression};
use crate::sockets::{EpollEvent, File, PollRequest, Stop};
use crate::symbols;

/// What a call has returned.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) value: i64,
    /// A new file, and whose connection it is.
    pub(super) file: Option<(File, Option<SocketAddr>)>,
}

impl Reply {
    pub(super) fn file(file: File, remote: Option<SocketAddr>) -> Self {
        Self { value: 0, file: Some((file, remote)) }
    }
}

impl From<i64> for Reply {
    fn from(value: i64) -> Self {
        Self { value, file: None }
    }
}

/// Why a call has no reply.
#[derive(Debug)]
pub(super) enum Problem {
    /// It failed, or waits, or is not there.
    Stop(Stop),
    /// It is no call, or did something else than the script says.
    Wrong(String),
}

impl Problem {
    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        Self::Stop(Stop::Unsupported(what.into()))
    }
}

impl From<Stop> for Problem {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<String> for Problem {
    fn from(wrong: String) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<&str> for Problem {
    fn from(wrong: &str) -> Self {
        Self::Wrong(wrong.to_owned())
    }
}

impl Runner {
    pub(super) fn waiting(&mut self, call: &Call, started: Instant) -> Result<Reply, Problem> {
        match call.name.as_str() {
            "poll" => {
                let arguments = Arguments::new(call, 3..=3)?;
                let deadline = deadline(started, i64::from(arguments.integer(2)? as i32));
                self.poll(arguments.get(0), arguments.integer(1)?, deadline)
            }
            "epoll_create" => {
                let size = Arguments::new(call, 1..=1)?.integer(0)?;
                Ok(Reply::file(self.kernel.epoll_create(size)?, None))
            }
            "epoll_ctl" => {
                let arguments = Arguments::new(call, 4..=4)?;
                let (epoll, how) = (self.fd(&arguments, 0)?, arguments.integer(1)?);
                let fd = self.fd(&arguments, 2)?;
                let (events, stored) = epoll_event(arguments.get(3))?;
                if field(arguments.get(3), "fd").is_some() && !stored.is(fd.into()) {
                    return Err("the event is about another descriptor".into());
                }
                let event = EpollEvent { events, data: stored.value };
                Ok(self.kernel.epoll_ctl(epoll, how, fd, event)?.into())
            }
            _ => self.epoll_wait(&Arguments::new(call, 4..=4)?, started),
        }
    }

    fn epoll_wait(&mut self, arguments: &Arguments<'_>, started: Instant) -> Result<Reply, Problem> {
        let epoll = self.fd(arguments, 0)?;
        let (events, stored) = epoll_event(arguments.get(1))?;
        let is_unknown = |fd| i32::try_from(fd).is_ok_and(|fd| !self.kernel.knows(fd));
        if field(arguments.get(1), "fd").is_some() && is_unknown(stored.value) {
            return Err(Problem::Wrong(format!("there is no descriptor {}", stored.value)));
        }
        let deadline = deadline(started, i64::from(arguments.integer(3)? as i32));
        let told = self.kernel.epoll_wait(epoll, arguments.size(2)?, deadline)?;
        // Where nothing is told, nothing is written.
        let found = told.first().copied().unwrap_or(EpollEvent { events: 0, data: 0 });
        if found.events != i64::from(events as u32) || !stored.is(found.data) {
            let shown = |events, data| format!("{{events={}, {data}}}", symbols::bits("EPOLL", events));
            let (expected, found) = (shown(events, stored.value), shown(found.events, found.data));
            return Err(Problem::Wrong(format!("expected {expected}, it is {found}")));
        }
        Ok((told.len() as i64).into())
    }

    fn poll(&mut self, list: &Expression, count: i64, deadline: Option<Instant>) -> Result<Reply, Problem> {
        let Expression::List(requests) = list else {
            return Err(Problem::Wrong(format!("expected a list of descriptors, not {}", kind(list))));
        };
        let mut asked = Vec::new();
        if usize::try_from(count) != Ok(requests.len()) {
            return Err(Problem::Wrong(format!("there are {} descriptors and not {count}", requests.len())));
        }
        for request in requests {
            let fd = i32::try_from(number_field(request, "fd")?).unwrap_or(-1);
            if !self.kernel.knows(fd) {
                return Err(Problem::Wrong(format!("there is no descriptor {fd}")));
            }
            asked.push(PollRequest { fd, events: number_field(request, "events")? });
        }
        let answers = self.kernel.poll(&asked, deadline)?;
        for (request, found) in requests.iter().zip(&answers) {
            let expected = field(request, "revents").map_or(Ok(0), integer)?;
            if expected != *found {
                let (expected, found) = (symbols::bits("POLL", expected), symbols::bits("POLL", *found));
                return Err(Problem::Wrong(format!("expected revents {expected}, they are {found}")));
            }
        }
        Ok((answers.iter().filter(|events| **events != 0).count() as i64).into())
    }
}

/// What is stored beside the events of epoll, and how much of it counts.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stored {
    value: i64,
    is_wide: bool,
}

/// `{events=EPOLLIN, fd=4}`: what is stored beside the events may be called fd, ptr, u32 or u64.
fn epoll_event(expression: &Expression) -> Result<(i64, Stored), Problem> {
    let events = number_field(expression, "events")?;
    for (name, is_wide) in [("fd", false), ("u32", false), ("ptr", true), ("u64", true)] {
        if let Some(value) = field(expression, name) {
            return Ok((events, Stored { value: integer(value)?, is_wide }));
        }
    }
    Err(Problem::Wrong(format!("expected an event of epoll, not {}", kind(expression))))
}

impl Stored {
    fn is(self, found: i64) -> bool {
        if self.is_wide { self.value == found } else { self.value as i32 == found as i32 }
    }
}
