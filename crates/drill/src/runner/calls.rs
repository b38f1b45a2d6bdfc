//! System calls: made, kept aside while they block, and compared with what they must return.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use synfin_wire::Instant;

use super::arguments::{Arguments, field, integer, iovec_len, iovec_lens, kind, number_field};
use super::clock::Ended;
use super::outputs::{Problem, Reply};
use super::packets::Stage;
use super::{Due, GRACE, Halt, Runner, Step};
use crate::ast::{Call, Expression};
use crate::sockets::{Errno, Stop, Wait};
use crate::span::Position;
use crate::symbols::{self, MSG_ERRQUEUE, MSG_FASTOPEN};

/// How long a call may block that the script expects to return at once.
const LONGEST_BLOCK: Duration = Duration::from_secs(24 * 3600);

/// A call that has begun and not returned.
#[derive(Clone, Debug)]
pub(super) struct Ongoing {
    call: Call,
    started: Instant,
    /// Octets that it has moved.
    progress: usize,
    /// When it returns in any case.
    deadline: Option<Instant>,
    /// When it is to return.
    due: Due,
}

impl Ongoing {
    pub(super) fn at(&self) -> Position {
        self.call.at
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

impl Runner {
    pub(super) fn call(&mut self, call: &Call, due: &Due) -> Step<()> {
        self.finish_ongoing(GRACE)?;
        if call.end.is_some() && self.ongoing.is_some() {
            return Err(Halt::failed(call.at, "a call that blocks is made while another still does"));
        }
        self.wait_until(call.at, due)?;
        let started = self.kernel.now;
        let end = call.end.map(|end| end + due.offset);
        let at = end.unwrap_or(due.at);
        let tolerance = end.map_or(due.tolerance, |end| self.setup.tolerance(end.saturating_sub(due.at)));
        let due = Due { at, end: None, any: end.is_none(), tolerance, ..*due };
        let mut ongoing = Ongoing { call: call.clone(), started, progress: 0, deadline: None, due };
        if self.attempt(&mut ongoing)? {
            return self.settle();
        }
        if call.end.is_some() {
            self.ongoing = Some(ongoing);
            return self.settle();
        }
        // Nothing else happens in the script before it returns; another call that blocks may go on.
        let other = self.ongoing.replace(ongoing);
        let ended = self.pass(started + LONGEST_BLOCK, |runner| runner.ongoing.is_none())?;
        self.ongoing = other;
        match ended {
            Ended::Come => Ok(()),
            Ended::TimeUp => Err(Halt::failed(call.at, format!("{} blocks and never returns", call.name))),
        }
    }

    /// Gives a call that blocks the time to return.
    pub(super) fn finish_ongoing(&mut self, grace: Duration) -> Step<()> {
        if self.ongoing.is_some() {
            let before = self.kernel.now;
            self.pass(before + grace, |runner| runner.ongoing.is_none())?;
        }
        Ok(())
    }

    /// Makes the call that blocks again; true when it has returned.
    pub(super) fn retry_ongoing(&mut self) -> Step<bool> {
        let Some(mut ongoing) = self.ongoing.take() else { return Ok(false) };
        let over = self.attempt(&mut ongoing)?;
        if !over {
            self.ongoing = Some(ongoing);
        }
        Ok(over)
    }

    /// Makes a call; true when it has returned, as the script says.
    fn attempt(&mut self, ongoing: &mut Ongoing) -> Step<bool> {
        let call = ongoing.call.clone();
        let outcome = self.make(&call, ongoing);
        let outcome = match outcome {
            Err(Problem::Stop(Stop::Block { until })) => {
                let over = self
                    .timeout(&call, ongoing.started)
                    .filter(|(end, _)| until.is_none_or(|until| *end < until));
                match over {
                    Some((end, _)) if self.kernel.now < end => ongoing.deadline = Some(end),
                    None => ongoing.deadline = until,
                    Some(_) if ongoing.progress > 0 => {
                        return self.end_call(ongoing, Ok((ongoing.progress as i64).into()));
                    }
                    Some((_, errno)) => return self.end_call(ongoing, Err(errno)),
                }
                return Ok(false);
            }
            Err(Problem::Stop(Stop::Unsupported(what))) => {
                return Err(Halt::Unsupported { at: call.at, what });
            }
            Err(Problem::Wrong(message)) => return Err(Halt::failed(call.at, message)),
            Err(Problem::Stop(Stop::Errno(errno))) => Err(errno),
            Ok(reply) => Ok(reply),
        };
        self.end_call(ongoing, outcome)
    }

    /// A call has returned: as the script says?
    fn end_call(&mut self, ongoing: &Ongoing, outcome: Result<Reply, Errno>) -> Step<bool> {
        let call = &ongoing.call;
        self.check_result(call, outcome)?;
        self.check_time(call.at, &format!("the return of {}", call.name), self.kernel.now, &ongoing.due)?;
        Ok(true)
    }

    /// When the timeout of its socket ends a call, and with what.
    fn timeout(&mut self, call: &Call, started: Instant) -> Option<(Instant, Errno)> {
        let wait = match call.name.as_str() {
            "accept" | "read" | "readv" | "recv" | "recvfrom" | "recvmsg" => Wait::Receive,
            "write" | "writev" | "send" | "sendto" | "sendmsg" | "sendfile" => Wait::Send,
            "connect" => Wait::Connect,
            _ => return None,
        };
        let fd = integer(call.arguments.first()?).ok().and_then(|fd| i32::try_from(fd).ok())?;
        self.kernel.timeout(fd, wait).map(|(timeout, errno)| (started + timeout, errno))
    }

    /// Compares what a call has returned, and gives new files their numbers.
    fn check_result(&mut self, call: &Call, outcome: Result<Reply, Errno>) -> Step<()> {
        let wrong = |message: String| Halt::failed(call.at, format!("{}: {message}", call.name));
        let expected = match &call.result {
            Expression::Ellipsis => None,
            other => Some(integer(other).map_err(wrong)?),
        };
        let found = match &outcome {
            Ok(reply) => reply.value,
            Err(_) => -1,
        };
        let errno = outcome.as_ref().err().map(|errno| errno.name);
        self.note(
            format!("{}(...) = {found} {}", call.name, errno.unwrap_or_default()).trim_end().to_owned(),
        );
        let is_file = matches!(&outcome, Ok(Reply { file: Some(_), .. }));
        let returned = || match errno {
            Some(errno) => format!("-1 {errno}"),
            None => found.to_string(),
        };
        let fits = expected.is_none_or(|expected| if is_file { expected >= 0 } else { expected == found });
        if !fits {
            let expected = expected.unwrap_or_default();
            let name = call.errno.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
            return Err(wrong(format!("expected {expected}{name}, returned {}", returned())));
        }
        if let (Some(expected), Some(found)) = (call.errno.as_deref(), errno)
            && symbols::value(expected) != symbols::value(found)
        {
            return Err(wrong(format!("expected {expected}, set {found}")));
        }
        let Ok(reply) = outcome else { return Ok(()) };
        if let Some((file, remote)) = reply.file {
            let fd = expected.and_then(|fd| i32::try_from(fd).ok()).unwrap_or(-1);
            let installed = match remote {
                Some(_) => self.kernel.install_accepted(fd, file),
                None => self.kernel.install(fd, file),
            };
            if !installed {
                return Err(wrong(format!("descriptor {fd} is in use already")));
            }
            match (call.name.as_str(), remote) {
                ("socket", _) => self.begin_conversation(fd),
                (_, Some(remote)) => self.accepted(fd, remote),
                _ => {}
            }
        }
        Ok(())
    }

    fn make(&mut self, call: &Call, ongoing: &mut Ongoing) -> Result<Reply, Problem> {
        match call.name.as_str() {
            "socket" => {
                let arguments = Arguments::new(call, 3..=3)?;
                Ok(Reply::file(self.kernel.socket(arguments.integer(1)?, arguments.integer(2)?)?, None))
            }
            "bind" => {
                let arguments = Arguments::new(call, 3..=3)?;
                let address = self.address(arguments.get(1), self.kernel.any)?;
                Ok(self.kernel.bind(arguments.fd(0)?, address)?.into())
            }
            "listen" => {
                let arguments = Arguments::new(call, 2..=2)?;
                let fd = arguments.fd(0)?;
                let value = self.kernel.listen(fd, arguments.integer(1)?);
                // Whoever fails to listen on a port that another has is still the last that was to.
                self.advance_conversation(fd, Stage::Listening);
                Ok(value?.into())
            }
            "accept" => {
                let arguments = Arguments::new(call, 3..=3)?;
                let (file, remote) = self.kernel.accept(arguments.fd(0)?)?;
                Ok(Reply::file(file, Some(remote)))
            }
            "connect" => {
                let arguments = Arguments::new(call, 3..=3)?;
                let fd = arguments.fd(0)?;
                if is_no_address(arguments.get(1)) {
                    self.advance_conversation(fd, Stage::New);
                    return Ok(self.kernel.dissolve(fd)?.into());
                }
                let remote = self.address(arguments.get(1), self.kernel.peer)?;
                self.starts_connecting(fd);
                Ok(self.kernel.connect(fd, remote)?.into())
            }
            "close" => Ok(self.kernel.close(Arguments::new(call, 1..=1)?.fd(0)?)?.into()),
            "shutdown" => {
                let arguments = Arguments::new(call, 2..=2)?;
                Ok(self.kernel.shutdown(arguments.fd(0)?, arguments.integer(1)?)?.into())
            }
            "read" | "readv" | "recv" | "recvfrom" | "recvmsg" => self.receiving(call),
            "write" | "writev" | "send" | "sendto" | "sendmsg" => self.sending(call, &mut ongoing.progress),
            "fcntl" | "ioctl" | "getsockopt" | "setsockopt" => self.configuring(call),
            "poll" | "epoll_create" | "epoll_ctl" | "epoll_wait" => self.waiting(call, ongoing.started),
            "open" | "pipe" | "sendfile" | "splice" => self.moving(call, &mut ongoing.progress),
            "cap_set" => {
                let arguments = Arguments::new(call, 3..=3)?;
                let (set, capability) = (arguments.integer(0)?, arguments.integer(1)?);
                Ok(self.kernel.set_capability(set, capability, arguments.integer(2)?)?.into())
            }
            "psp_rx_assoc" | "psp_tx_assoc" => Err(Problem::unsupported(format!("the call {}", call.name))),
            _ => Err(Problem::Wrong(format!("`{}` is no system call", call.name))),
        }
    }

    /// The first connect on a socket makes the host's next SYN that of the conversation.
    fn starts_connecting(&mut self, fd: i32) {
        if self.is_new_socket(fd) {
            self.begin_conversation(fd);
            self.advance_conversation(fd, Stage::Connecting);
        }
    }

    /// `...` is whatever serves; anything else is a structure.
    fn address(&self, expression: &Expression, usual: SocketAddr) -> Result<SocketAddr, Problem> {
        if *expression == Expression::Ellipsis {
            return Ok(usual);
        }
        let call = |name: &str| match field(expression, name) {
            Some(Expression::Function(_, arguments)) => arguments.first(),
            other => other,
        };
        let port = call("sin_port").map(integer).transpose()?.and_then(|port| u16::try_from(port).ok());
        let ip = match call("sin_addr") {
            Some(Expression::Text(text)) => {
                std::str::from_utf8(text).ok().and_then(|text| text.parse::<IpAddr>().ok())
            }
            _ => None,
        };
        match (ip, port) {
            (Some(ip), Some(port)) => Ok(SocketAddr::new(ip, port)),
            _ => Err(Problem::unsupported(format!("{} as an address", kind(expression)))),
        }
    }

    fn receiving(&mut self, call: &Call) -> Result<Reply, Problem> {
        let counts = match call.name.as_str() {
            "read" | "readv" | "recvmsg" => 3..=3,
            "recv" => 4..=4,
            _ => 6..=6,
        };
        let arguments = Arguments::new(call, counts)?;
        let fd = arguments.fd(0)?;
        match call.name.as_str() {
            "readv" => Ok(self.kernel.receive(fd, iovec_len(arguments.get(1))?, 0)?.into()),
            "recvmsg" => self.receive_message(fd, arguments.get(1), arguments.integer(2)?),
            name => {
                let flags = if name == "read" { 0 } else { arguments.integer(3)? };
                let len = arguments.size(2)?;
                if arguments.is_null(1) && len > 0 && self.kernel.has_unread(fd) {
                    return Err(Stop::Errno(Errno::EFAULT).into());
                }
                Ok(self.kernel.receive(fd, len, flags)?.into())
            }
        }
    }

    /// Control messages are compared by the outputs' room.
    fn receive_message(&mut self, fd: i32, message: &Expression, flags: i64) -> Result<Reply, Problem> {
        if flags & MSG_ERRQUEUE != 0 {
            let report = self.kernel.take_report(fd)?;
            return self.check_report(message, report);
        }
        let buffers = field(message, "msg_iov").ok_or("the message has no `msg_iov`")?;
        let value = self.kernel.receive(fd, iovec_len(buffers)?, flags)?;
        let expected = number_field(message, "msg_flags")?;
        if expected != 0 {
            return Err(Problem::Wrong(format!("expected msg_flags {expected:#x}, they are 0")));
        }
        match field(message, "msg_control") {
            Some(Expression::List(list)) if !list.is_empty() => self.check_control(fd, list)?,
            _ => {}
        }
        Ok(value.into())
    }

    fn sending(&mut self, call: &Call, sent: &mut usize) -> Result<Reply, Problem> {
        let counts = match call.name.as_str() {
            "send" => 4..=4,
            "sendto" => 6..=6,
            _ => 3..=3,
        };
        let arguments = Arguments::new(call, counts)?;
        let fd = arguments.fd(0)?;
        let (buffers, flags) = match call.name.as_str() {
            "write" => (vec![arguments.size(2)?], 0),
            "writev" => (iovec_lens(arguments.get(1))?, 0),
            "sendmsg" => {
                let buffers = field(arguments.get(1), "msg_iov").ok_or("the message has no `msg_iov`")?;
                (iovec_lens(buffers)?, arguments.integer(2)?)
            }
            _ => (vec![arguments.size(2)?], arguments.integer(3)?),
        };
        if arguments.is_null(1) && buffers.iter().any(|len| *len > 0) {
            return Err(Stop::Errno(Errno::EFAULT).into());
        }
        if flags & MSG_FASTOPEN == 0 {
            return Ok(self.kernel.send(fd, &buffers, flags, sent)?.into());
        }
        // The address of another family than the socket's is none.
        if arguments.len() == 6 && is_no_address(arguments.get(4)) {
            return Err(Stop::Errno(Errno::EOPNOTSUPP).into());
        }
        self.starts_connecting(fd);
        Ok(self.kernel.send(fd, &buffers, flags, sent)?.into())
    }

    /// Calls on files and pipes.
    fn moving(&mut self, call: &Call, sent: &mut usize) -> Result<Reply, Problem> {
        match call.name.as_str() {
            "open" => {
                let arguments = Arguments::new(call, 2..=3)?;
                let Expression::Text(path) = arguments.get(0) else {
                    return Err(Problem::Wrong(format!("expected a path, not {}", kind(arguments.get(0)))));
                };
                Ok(Reply::file(self.kernel.open(&String::from_utf8_lossy(path))?, None))
            }
            "pipe" => {
                let arguments = Arguments::new(call, 1..=1)?;
                let Expression::List(ends) = arguments.get(0) else {
                    return Err(Problem::from("a pipe has two descriptors in brackets"));
                };
                let ends: Vec<i32> = ends
                    .iter()
                    .map(|end| integer(end).map(|fd| i32::try_from(fd).unwrap_or(-1)))
                    .collect::<Result<_, _>>()?;
                match ends[..] {
                    [read, write] if self.kernel.pipe(read, write) => Ok(0.into()),
                    [_, _] => Err(Problem::from("a descriptor of the pipe is in use already")),
                    _ => Err(Problem::from("a pipe has two descriptors in brackets")),
                }
            }
            "sendfile" => {
                let arguments = Arguments::new(call, 4..=4)?;
                let (to, from) = (arguments.fd(0)?, arguments.fd(1)?);
                let offset = match arguments.is_null(2) {
                    true => None,
                    false => Some(usize::try_from(arguments.bracketed(2)?).unwrap_or(usize::MAX)),
                };
                Ok(self.kernel.send_file(to, from, offset, arguments.size(3)?, sent)?.into())
            }
            _ => {
                let arguments = Arguments::new(call, 6..=6)?;
                let (from, to) = (arguments.fd(0)?, arguments.fd(2)?);
                Ok(self.kernel.splice(from, to, arguments.size(4)?, sent)?.into())
            }
        }
    }

    pub(super) fn check_number(what: &str, expected: i64, found: i64) -> Result<(), Problem> {
        if expected == found {
            return Ok(());
        }
        Err(Problem::Wrong(format!("expected {what} to be {expected}, it is {found}")))
    }
}

fn is_no_address(expression: &Expression) -> bool {
    matches!(expression, Expression::Word(word) if word == "AF_UNSPEC")
}

/// A time that a call gives in milliseconds; negative is for ever.
pub(super) fn deadline(started: Instant, millis: i64) -> Option<Instant> {
    u64::try_from(millis).ok().map(|millis| started + Duration::from_millis(millis))
}
