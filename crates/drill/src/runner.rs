//! A script against a host, from the first event to the verdict.
//!
//! In: a [`Script`] and the address form to run it in. Out: a [`Report`]. Time is virtual: it stands still
//! while the host works, and jumps to whatever is due next. A call that blocks is kept aside and made again
//! each time something has happened, so one thread is enough.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use synfin_wire::Instant;

use crate::ast::{Action, Code, Command, Event, Script, Time};
use crate::code::{Environment, Trouble};
use crate::form::Form;
use crate::nstat::Nstat;
use crate::sockets::Kernel;
use crate::span::Position;
use crate::verdict::{Failure, Report, TraceLine, Verdict};

mod arguments;
mod calls;
mod clock;
mod conversation;
mod datagrams;
mod messages;
mod outputs;
mod packets;
mod settings;
pub(crate) mod setup;

use calls::Ongoing;
use conversation::Conversation;
use setup::Setup;

/// Where a script's clock starts on the host's: late enough that nothing looks like the dawn of time.
pub(crate) const START: Instant = Instant::from_millis(10_000);
/// How long a call that blocks may hold up the one behind it, and the end of the script.
const GRACE: Duration = Duration::from_secs(1);

/// Runs a script in one address form; `None` takes the form that the script names, or IPv4.
///
/// ```
/// let script = synfin_drill::parse(
///     "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
///     +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)",
/// )?;
/// let report = synfin_drill::run(&script, None);
/// assert!(matches!(report.verdict, synfin_drill::Verdict::Failed(_)), "the call blocks: nobody answers");
/// # Ok::<(), synfin_drill::ParseError>(())
/// ```
#[must_use]
pub fn run(script: &Script, form: Option<Form>) -> Report {
    let setup = match Setup::new(script, form) {
        Ok(setup) => setup,
        Err(failure) => return Report { verdict: Verdict::Failed(failure), trace: Vec::new() },
    };
    if setup.is_dry {
        return Report { verdict: Verdict::Passed, trace: Vec::new() };
    }
    let mut runner = Runner::new(setup);
    let verdict = match runner.play(script) {
        Ok(()) if runner.kernel.unheeded.is_empty() => runner.clean_up(script),
        Ok(()) => {
            let asked: Vec<&str> = runner.kernel.unheeded.iter().map(String::as_str).collect();
            let what = format!("without effect here: {}", asked.join(", "));
            Verdict::Unsupported { at: Position::START, what }
        }
        Err(Halt::Failed(failure)) => Verdict::Failed(*failure),
        Err(Halt::Unsupported { at, what }) => Verdict::Unsupported { at, what },
    };
    Report { verdict, trace: runner.trace }
}

/// What ends a script early.
#[derive(Debug)]
enum Halt {
    Failed(Box<Failure>),
    Unsupported { at: Position, what: String },
}

impl Halt {
    fn failed(at: Position, message: impl Into<String>) -> Self {
        Self::Failed(Box::new(Failure::new(at, message)))
    }
}

type Step<T> = Result<T, Halt>;

/// A packet that the host has sent.
#[derive(Clone, Debug)]
struct Captured {
    at: Instant,
    bytes: Bytes,
    /// Its checksum is for the device to finish.
    partial: bool,
}

struct Runner {
    setup: Setup,
    kernel: Kernel,
    /// What the host has sent and no event has asked for yet.
    captured: VecDeque<Captured>,
    conversation: Option<Conversation>,
    /// Ports of the script's side that were given out.
    ports_used: u16,
    ongoing: Option<Ongoing>,
    environment: Environment,
    nstat: Nstat,
    /// When the last event was due, by the script's clock; microseconds.
    last_due: Option<u64>,
    /// That event was a packet of the script's: what follows counts from its due time.
    last_inbound: bool,
    trace: Vec<TraceLine>,
}

/// When an event must happen, by the script's clock; microseconds.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: u64,
    /// The end of a range.
    end: Option<u64>,
    /// It may happen at any time.
    any: bool,
    /// What relative times were counted from.
    offset: u64,
    /// How far off it may be.
    tolerance: u64,
}

impl Runner {
    fn new(mut setup: Setup) -> Self {
        let kernel = setup.kernel();
        Self {
            setup,
            kernel,
            captured: VecDeque::new(),
            conversation: None,
            ports_used: 0,
            ongoing: None,
            environment: Environment::default(),
            nstat: Nstat::default(),
            last_due: None,
            last_inbound: false,
            trace: Vec::new(),
        }
    }

    fn play(&mut self, script: &Script) -> Step<()> {
        if let Some(command) = &script.prepare {
            succeeded(command, self.setup.prepare_status)?;
        }
        let mut last_absolute = None;
        for event in &script.events {
            self.check_order(event, &mut last_absolute)?;
            let due = self.due(event);
            match &event.action {
                Action::Packet(packet) => match self.packet(event.at, packet, &due) {
                    Err(Halt::Failed(failure)) if self.setup.forgives(&failure) => {
                        self.note(format!("forgiven: {failure}"));
                    }
                    outcome => outcome?,
                },
                Action::Call(call) => self.call(call, &due)?,
                Action::Command(command) => self.command(event.at, command, &due)?,
                Action::Code(code) => self.code(event.at, code, &due)?,
            }
            self.last_due = Some(due.at);
            self.last_inbound = packets::is_inbound(&event.action);
        }
        self.finish_ongoing(GRACE)?;
        match &self.ongoing {
            Some(ongoing) => {
                Err(Halt::failed(ongoing.at(), "this call still blocks at the end of the script"))
            }
            None => Ok(()),
        }
    }

    /// The command behind the last event, which puts back what the one before the first has set. What it asks for in
    /// vain does no harm any more.
    fn clean_up(&mut self, script: &Script) -> Verdict {
        let Some(command) = script.clean_up.as_ref().filter(|_| script.prepare.is_some()) else {
            return Verdict::Passed;
        };
        match self.kernel.configure(&command.text) {
            (0, _) => Verdict::Passed,
            (status, _) => Verdict::Failed(fails_with(command, status)),
        }
    }

    /// A script begins at zero, and its absolute times do not run backwards.
    fn check_order(&self, event: &Event, last: &mut Option<u64>) -> Step<()> {
        let at = match event.time {
            Time::Absolute(at) | Time::AbsoluteRange(at, _) => Some(at),
            Time::Relative(at) | Time::RelativeRange(at, _) if self.last_due.is_none() => Some(at),
            Time::Any | Time::Relative(_) | Time::RelativeRange(..) => None,
        };
        if self.last_due.is_none() && at.is_some_and(|at| at != 0) {
            return Err(Halt::failed(event.at, "the first event must be at time 0"));
        }
        if let (Some(at), Some(last)) = (at, *last)
            && at < last
        {
            return Err(Halt::failed(event.at, "time runs backwards here"));
        }
        *last = at;
        Ok(())
    }

    /// When an event must happen. Relative times count from now, or, between two packets of the script's,
    /// from when the first of them was due.
    fn due(&self, event: &Event) -> Due {
        let inbound = packets::is_inbound(&event.action);
        let offset = match self.last_due {
            Some(last) if inbound && self.last_inbound => last,
            _ => self.script_time(self.kernel.now),
        };
        let (at, end, any) = match event.time {
            Time::Absolute(at) => (at, None, false),
            Time::AbsoluteRange(at, end) => (at, Some(end), false),
            Time::Relative(at) => (offset + at, None, false),
            Time::RelativeRange(at, end) => (offset + at, Some(offset + end), false),
            Time::Any => (offset, None, true),
        };
        let relative = matches!(event.time, Time::Relative(_));
        let tolerance = self.setup.tolerance(at.saturating_sub(self.last_due.unwrap_or(at)));
        Due { at, end, any, offset: if relative { offset } else { 0 }, tolerance }
    }

    fn command(&mut self, at: Position, command: &Command, due: &Due) -> Step<()> {
        self.wait_until(at, due)?;
        match self.nstat.run(&command.text, self.kernel.host.counters()) {
            Some(true) => return Ok(()),
            Some(false) => return Err(Halt::failed(at, "this counter has not grown")),
            None => {}
        }
        let (status, sleeps) = self.kernel.configure(&command.text);
        self.pass(self.kernel.now + sleeps, |_| false)?;
        succeeded(command, status)
    }

    fn code(&mut self, at: Position, code: &Code, due: &Due) -> Step<()> {
        self.wait_until(at, due)?;
        let fd = self.conversation.as_ref().and_then(|conversation| conversation.fd);
        let Some(info) = fd.and_then(|fd| self.kernel.tcp_info(fd)) else {
            return Err(Halt::failed(at, "there is no open socket for this snippet to look at"));
        };
        match self.environment.run(&code.text, &info) {
            Ok(printed) => {
                for line in printed {
                    self.note(format!("print {line}"));
                }
                Ok(())
            }
            Err(Trouble::Unsupported(what)) => Err(Halt::Unsupported { at: code.at, what }),
            Err(Trouble::Raised(what)) => Err(Halt::failed(code.at, format!("the snippet raises {what}"))),
            Err(Trouble::Assertion { statement, values }) => {
                Err(Halt::failed(code.at, format!("`{statement}` does not hold: {values}")))
            }
        }
    }

    /// Writes a line of the trace.
    fn note(&mut self, text: String) {
        let micros = self.script_time(self.kernel.now);
        self.trace.push(TraceLine { micros, text });
    }
}

/// A command that fails ends the script.
fn succeeded(command: &Command, status: u8) -> Step<()> {
    match status {
        0 => Ok(()),
        _ => Err(Halt::Failed(Box::new(fails_with(command, status)))),
    }
}

fn fails_with(command: &Command, status: u8) -> Failure {
    Failure::new(command.at, format!("this command fails with status {status}"))
}
