//! System calls: made, kept aside while they block, and compared with what they must return.

use std::time::Duration;

use synfin_wire::Instant;

use super::arguments::{Arguments, integer, kind, message_buffers, number_field};
use super::clock::Ended;
use super::conversation::{Stage, Transport};
use super::outputs::{Problem, Reply};
use super::{Due, GRACE, Halt, Runner, Step};
use crate::ast::{Call, Expression};
use crate::sockets::{Errno, Stop, Wait};
use crate::span::Position;
use crate::symbols::{self, AF_UNSPEC, MSG_FASTOPEN, MSG_TRUNC};

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
        let expected = i64::from(integer(&call.result).map_err(wrong)? as i32);
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
        // Any number will do for what has none of its own.
        let is_any = is_file || call.name == "cap_set" && found == 0;
        let fits = if is_any { expected >= 0 } else { expected == found };
        if !fits {
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
            let fd = i32::try_from(expected).unwrap_or(-1);
            let transport = file.protocol().map(Transport::of);
            let installed = match remote {
                Some(_) => self.kernel.install_accepted(fd, file),
                None => self.kernel.install(fd, file),
            };
            if !installed {
                return Err(wrong(format!("descriptor {fd} is in use already")));
            }
            match (transport, remote) {
                (_, Some(remote)) => self.accepted(fd, remote),
                (Some(transport), None) => self.begin_conversation(fd, transport),
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// A descriptor that the script has opened.
    pub(super) fn fd(&self, arguments: &Arguments<'_>, index: usize) -> Result<i32, Problem> {
        let fd = arguments.integer(index)? as i32;
        match self.kernel.knows(fd) {
            true => Ok(fd),
            false => Err(Problem::Wrong(format!("there is no descriptor {fd}"))),
        }
    }

    fn make(&mut self, call: &Call, ongoing: &mut Ongoing) -> Result<Reply, Problem> {
        match call.name.as_str() {
            "socket" | "bind" | "listen" | "accept" | "connect" => self.opening(call),
            "close" => Ok(self.kernel.close(self.fd(&Arguments::new(call, 1..=1)?, 0)?)?.into()),
            "shutdown" => {
                let arguments = Arguments::new(call, 2..=2)?;
                Ok(self.kernel.shutdown(self.fd(&arguments, 0)?, arguments.integer(1)?)?.into())
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

    /// Calls that make sockets, and give them their ends.
    fn opening(&mut self, call: &Call) -> Result<Reply, Problem> {
        let arguments = Arguments::new(call, if call.name == "listen" { 2..=2 } else { 3..=3 })?;
        if call.name == "socket" {
            let (family, kind, protocol) =
                (arguments.address(0)?, arguments.integer(1)?, arguments.integer(2)?);
            return Ok(Reply::file(self.kernel.socket(family, kind, protocol)?, None));
        }
        let fd = self.fd(&arguments, 0)?;
        if call.name == "listen" {
            let value = self.kernel.listen(fd, i64::from(arguments.integer(1)? as i32));
            // Whoever fails to listen on a port that another has is still the last that was to.
            self.advance_conversation(fd, Stage::Listening);
            return Ok(value?.into());
        }
        arguments.ellipsis(2)?;
        match (call.name.as_str(), arguments.address(1)?) {
            ("connect", Some(family)) => {
                if family == AF_UNSPEC {
                    self.advance_conversation(fd, Stage::New);
                }
                Ok(self.kernel.connect_family(fd, family)?.into())
            }
            (_, Some(_)) => Err(Problem::Wrong("argument 2: expected `...`".to_owned())),
            ("bind", None) => Ok(self.kernel.bind(fd, self.kernel.any)?.into()),
            ("accept", None) => {
                let (file, remote) = self.kernel.accept(fd)?;
                Ok(Reply::file(file, Some(remote)))
            }
            (_, None) => {
                self.starts_connecting(fd);
                Ok(self.kernel.connect(fd, self.kernel.peer)?.into())
            }
        }
    }

    /// What sends and receives with flags does so with sockets alone.
    fn must_be_socket(&self, fd: i32, call: &Call) -> Result<(), Problem> {
        let is_for_files = matches!(call.name.as_str(), "read" | "readv" | "write" | "writev");
        match is_for_files || self.kernel.is_socket(fd) {
            true => Ok(()),
            false => Err(Stop::Errno(Errno::ENOTSOCK).into()),
        }
    }

    fn receiving(&mut self, call: &Call) -> Result<Reply, Problem> {
        let counts = match call.name.as_str() {
            "read" | "readv" | "recvmsg" => 3..=3,
            "recv" => 4..=4,
            _ => 6..=6,
        };
        let arguments = Arguments::new(call, counts)?;
        let fd = self.fd(&arguments, 0)?;
        self.must_be_socket(fd, call)?;
        if call.name == "recvmsg" {
            return self.receive_message(fd, arguments.get(1), arguments.integer(2)?);
        }
        if arguments.len() == 6 {
            arguments.ellipsis(4)?;
            arguments.ellipsis(5)?;
        }
        let (len, is_null, flags) = match call.name.as_str() {
            "readv" => (arguments.buffers(1, 2)?.into_iter().fold(0, usize::saturating_add), false, 0),
            "read" => (arguments.size(2)?, arguments.is_null(1)?, 0),
            _ => (arguments.size(2)?, arguments.is_null(1)?, arguments.integer(3)?),
        };
        // A read of nothing from a socket is over before anybody looks what there is.
        if len == 0 && matches!(call.name.as_str(), "read" | "readv") {
            return Ok(0.into());
        }
        let is_copied = flags & MSG_TRUNC == 0 || !self.kernel.is_stream(fd);
        if is_null && len > 0 && is_copied && self.kernel.has_unread(fd) {
            return Err(Stop::Errno(Errno::EFAULT).into());
        }
        Ok(self.kernel.receive(fd, len, flags)?.into())
    }

    fn sending(&mut self, call: &Call, sent: &mut usize) -> Result<Reply, Problem> {
        let counts = match call.name.as_str() {
            "send" => 4..=4,
            "sendto" => 6..=6,
            _ => 3..=3,
        };
        let arguments = Arguments::new(call, counts)?;
        let fd = self.fd(&arguments, 0)?;
        self.must_be_socket(fd, call)?;
        let (buffers, is_null, flags) = match call.name.as_str() {
            "write" => (vec![arguments.size(2)?], arguments.is_null(1)?, 0),
            "writev" => (arguments.buffers(1, 2)?, false, 0),
            "sendmsg" => {
                let message = arguments.get(1);
                if number_field(message, "msg_flags")? != 0 {
                    return Err("sendmsg takes no `msg_flags` from a message".into());
                }
                self.check_sent_control(fd, message)?;
                (message_buffers(message)?, false, arguments.integer(2)?)
            }
            _ => (vec![arguments.size(2)?], arguments.is_null(1)?, arguments.integer(3)?),
        };
        let names_peer = matches!(call.name.as_str(), "sendto" | "sendmsg");
        let mut family = None;
        if arguments.len() == 6 {
            arguments.ellipsis(5)?;
            family = arguments.address(4)?;
        }
        if names_peer && family.is_none() {
            self.starts_connecting(fd);
        }
        if is_null && buffers.iter().any(|len| *len > 0) {
            return Err(Stop::Errno(Errno::EFAULT).into());
        }
        if names_peer && !self.kernel.is_stream(fd) {
            return Ok(self.kernel.send_to(fd, buffers.iter().sum(), flags, family)?.into());
        }
        // The address of another family than the socket's is none.
        if flags & MSG_FASTOPEN != 0 && family.is_some() {
            return Err(Stop::Errno(Errno::EOPNOTSUPP).into());
        }
        Ok(self.kernel.send(fd, &buffers, flags, sent)?.into())
    }

    /// Calls on files and pipes.
    fn moving(&mut self, call: &Call, sent: &mut usize) -> Result<Reply, Problem> {
        match call.name.as_str() {
            "open" => {
                let arguments = Arguments::new(call, 2..=2)?;
                let Expression::Text(path) = arguments.get(0) else {
                    return Err(Problem::Wrong(format!("expected a path, not {}", kind(arguments.get(0)))));
                };
                let flags = arguments.integer(1)?;
                Ok(Reply::file(self.kernel.open(&String::from_utf8_lossy(path), flags)?, None))
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
                let (to, from) = (self.fd(&arguments, 0)?, self.fd(&arguments, 1)?);
                let offset = arguments.bracketed(2)?;
                Ok(self.kernel.send_file(to, from, offset, arguments.size(3)?, sent)?.into())
            }
            _ => {
                let arguments = Arguments::new(call, 6..=6)?;
                let ends = (self.fd(&arguments, 0)?, self.fd(&arguments, 2)?);
                let offsets = (arguments.long(1)?, arguments.long(3)?);
                let how = (arguments.size(4)?, arguments.integer(5)?);
                Ok(self.kernel.splice(ends, offsets, how, sent)?.into())
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

/// A time that a call gives in milliseconds; negative is for ever.
pub(super) fn deadline(started: Instant, millis: i64) -> Option<Instant> {
    u64::try_from(millis).ok().map(|millis| started + Duration::from_millis(millis))
}
