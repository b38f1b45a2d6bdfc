//! What calls return beside a number: files, readiness, control messages.

use std::net::SocketAddr;

use synfin_wire::Instant;

use super::Runner;
use super::arguments::{Arguments, field, integer, kind, number_field};
use super::calls::deadline;
use crate::ast::{Call, Expression};
use crate::form::Form;
use crate::sockets::{EpollEvent, File, PollRequest, Report, Stop};
use crate::symbols::{self, MSG_ERRQUEUE, MSG_TRUNC, SOL_SOCKET, SOL_TCP};

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
                self.poll(arguments.get(0), deadline(started, arguments.integer(2)?))
            }
            "epoll_create" => {
                let size = Arguments::new(call, 1..=1)?.integer(0)?;
                Ok(Reply::file(self.kernel.epoll_create(size)?, None))
            }
            "epoll_ctl" => {
                let arguments = Arguments::new(call, 4..=4)?;
                let event = epoll_event(arguments.get(3))?;
                let (epoll, how, fd) = (arguments.fd(0)?, arguments.integer(1)?, arguments.fd(2)?);
                Ok(self.kernel.epoll_ctl(epoll, how, fd, event)?.into())
            }
            _ => {
                let arguments = Arguments::new(call, 4..=4)?;
                let deadline = deadline(started, arguments.integer(3)?);
                let told = self.kernel.epoll_wait(arguments.fd(0)?, arguments.size(2)?, deadline)?;
                let expected = epoll_event(arguments.get(1))?;
                // Where nothing is told, nothing is written.
                let found = told.first().copied().unwrap_or(EpollEvent { events: 0, data: 0 });
                if found != expected {
                    let shown = |event: &EpollEvent| {
                        format!("{{events={}, {}}}", symbols::bits("EPOLL", event.events), event.data)
                    };
                    return Err(Problem::Wrong(format!(
                        "expected {}, it is {}",
                        shown(&expected),
                        shown(&found)
                    )));
                }
                Ok((told.len() as i64).into())
            }
        }
    }

    fn poll(&mut self, list: &Expression, deadline: Option<Instant>) -> Result<Reply, Problem> {
        let Expression::List(requests) = list else {
            return Err(Problem::Wrong(format!("expected a list of descriptors, not {}", kind(list))));
        };
        let mut asked = Vec::new();
        for request in requests {
            let fd = i32::try_from(number_field(request, "fd")?).unwrap_or(-1);
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

    /// Compares what the error queue has reported: that sends are over and their octets were copied after
    /// all, or when a write was sent or acknowledged.
    pub(super) fn check_report(&self, message: &Expression, report: Report) -> Result<Reply, Problem> {
        let value = |name| symbols::value(name).unwrap_or_default();
        let (flags, errno, origin, (kind, code), info, data) = match report {
            Report::Over { first, last } => {
                let code = value("SO_EE_CODE_ZEROCOPY_COPIED");
                (0, 0, "SO_EE_ORIGIN_ZEROCOPY", (0, code), i64::from(first), i64::from(last))
            }
            // The segment that comes with it is cut off.
            Report::Stamp { kind, key, bare, .. } => (
                if bare { 0 } else { MSG_TRUNC },
                value("ENOMSG"),
                "SO_EE_ORIGIN_TIMESTAMPING",
                (0, 0),
                kind,
                i64::from(key),
            ),
            Report::Icmp(told) => {
                let origin = if told.of_v4 { "SO_EE_ORIGIN_ICMP" } else { "SO_EE_ORIGIN_ICMP6" };
                (MSG_TRUNC, told.errno.number, origin, (told.kind.into(), told.code.into()), 0, 0)
            }
        };
        Self::check_number("msg_flags", number_field(message, "msg_flags")?, MSG_ERRQUEUE | flags)?;
        let Some(Expression::List(list)) = field(message, "msg_control") else {
            return Err("the message has no `msg_control`".into());
        };
        let control = match (&list[..], report) {
            ([control], Report::Over { .. } | Report::Icmp(_) | Report::Stamp { at: None, .. }) => control,
            ([stamp, control], Report::Stamp { at: Some(at), .. }) => {
                self.check_stamp(stamp, at)?;
                control
            }
            _ => return Err("expected other control messages than there are".into()),
        };
        let (level, name) = match self.setup.form {
            Form::V4 => ("SOL_IP", "IP_RECVERR"),
            Form::V6 | Form::Mapped => ("SOL_IPV6", "IPV6_RECVERR"),
        };
        Self::check_number("cmsg_level", number_field(control, "cmsg_level")?, value(level))?;
        Self::check_number("cmsg_type", number_field(control, "cmsg_type")?, value(name))?;
        let error = field(control, "cmsg_data").ok_or("the control message has no `cmsg_data`")?;
        for (name, found) in [
            ("ee_errno", errno),
            ("ee_origin", value(origin)),
            ("ee_type", kind),
            ("ee_code", code),
            ("ee_info", info),
            ("ee_data", data),
        ] {
            Self::check_number(name, number_field(error, name)?, found)?;
        }
        Ok(0.into())
    }

    /// The time that SCM_TIMESTAMPING tells, by the script's clock.
    fn check_stamp(&self, control: &Expression, at: Instant) -> Result<(), Problem> {
        let value = |name| symbols::value(name).unwrap_or_default();
        Self::check_number("cmsg_level", number_field(control, "cmsg_level")?, SOL_SOCKET)?;
        Self::check_number("cmsg_type", number_field(control, "cmsg_type")?, value("SCM_TIMESTAMPING"))?;
        let stamp = field(control, "cmsg_data").ok_or("the control message has no `cmsg_data`")?;
        let nanos = number_field(stamp, "scm_sec")? * 1_000_000_000 + number_field(stamp, "scm_nsec")?;
        let expected = u64::try_from(nanos / 1000).unwrap_or(0);
        let found = self.script_time(at);
        if found.abs_diff(expected) > self.setup.tolerance(0) {
            return Err(Problem::Wrong(format!("expected a timestamp of {expected} us, it is {found}")));
        }
        Ok(())
    }

    /// Compares control messages: when text came, and how much is left.
    pub(super) fn check_control(&mut self, fd: i32, expected: &[Expression]) -> Result<(), Problem> {
        let value = |name| symbols::value(name).unwrap_or_default();
        let (inq, stamping) = (value("TCP_CM_INQ"), value("SCM_TIMESTAMPING"));
        for message in expected {
            let (level, kind) = (number_field(message, "cmsg_level")?, number_field(message, "cmsg_type")?);
            if (level, kind) == (SOL_SOCKET, stamping) {
                let at = self.kernel.received_at(fd).ok_or("expected a control message, there is none")?;
                self.check_stamp(message, at)?;
                continue;
            }
            if (level, kind) != (SOL_TCP, inq) {
                return Err(Problem::unsupported(
                    "control messages other than TCP_CM_INQ and SCM_TIMESTAMPING",
                ));
            }
            let found = self.kernel.unread_message(fd);
            let found = found.ok_or("expected a control message, there is none")?;
            let data = field(message, "cmsg_data").ok_or("the control message has no `cmsg_data`")?;
            Self::check_number("cmsg_data", integer(data)?, found)?;
        }
        Ok(())
    }
}

/// `{events=EPOLLIN, fd=4}`: what is stored beside the events may be called fd, ptr, u32 or u64.
fn epoll_event(expression: &Expression) -> Result<EpollEvent, Problem> {
    let events = number_field(expression, "events")?;
    let data = ["fd", "ptr", "u32", "u64"].iter().find_map(|name| field(expression, name));
    Ok(EpollEvent { events, data: data.map_or(Ok(0), integer)? })
}
