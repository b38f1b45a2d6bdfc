//! The command as its parent sees it: started, watched over, its status passed on.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{SigSet, Signal as Number, kill, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpgid, getpgrp};
use synfin_device::fd::receive_fd;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::inner;
use crate::Failure;
use crate::args::RunArgs;

/// The inner process, in its namespaces, not yet the command.
pub(super) struct Starting {
    pid: Pid,
    socket: UnixStream,
}

impl Starting {
    /// Starts the inner process and takes its TUN.
    pub(super) fn spawn(args: &RunArgs) -> Result<(Self, OwnedFd), Failure> {
        let cannot_start = |error: io::Error| {
            Failure::call(format_args!("cannot start /proc/self/exe, which is synfin itself: {error}"))
        };
        let (socket, theirs) = UnixStream::pair().map_err(cannot_start)?;
        fcntl(&theirs, FcntlArg::F_SETFD(FdFlag::empty())).map_err(|errno| cannot_start(errno.into()))?;

        // The file itself, wherever it has been moved since.
        let mut command = Command::new("/proc/self/exe");
        command.arg0("synfin").arg("inner");
        command.args(["--socket", &theirs.as_raw_fd().to_string(), "--mtu", &args.mtu.to_string()]);
        // Faults are for single packets of the link's size.
        if args.impairments.link().is_clean() {
            command.arg("--offload");
        }
        let child = command.arg("--").args(&args.command).spawn().map_err(cannot_start)?;
        drop(theirs);
        // Not before the start: a mask is inherited. And before there is another thread, that would not have it.
        minded().thread_block().map_err(|errno| cannot_start(errno.into()))?;

        let pid = Pid::from_raw(child.id().cast_signed());
        let mut starting = Self { pid, socket };
        let tun = starting.receive_tun()?;
        Ok((starting, tun))
    }

    /// What [`inner`] has to say: the TUN, or why there is none.
    fn receive_tun(&mut self) -> Result<OwnedFd, Failure> {
        let ended = |_| Failure::fault("the process inside the namespace ended before it was ready");
        let mut answer = [0];
        self.socket.read_exact(&mut answer).map_err(ended)?;
        if answer == inner::READY {
            let (tun, _) = receive_fd(&self.socket, &mut answer).map_err(ended)?;
            return Ok(tun);
        }
        let mut reason = String::new();
        self.socket.read_to_string(&mut reason).map_err(ended)?;
        Err(Failure::call(reason))
    }

    /// Lets it become the command.
    pub(super) fn go(mut self) -> Result<Child, Failure> {
        // A handler comes after the start: a disposition that the caller chose is inherited, and it would have reset it.
        let cannot = |error| Failure::fault(format_args!("cannot handle signals: {error}"));
        let signals = Signals::new().map_err(cannot)?;
        self.socket.write_all(&inner::GO).map_err(|_| {
            Failure::fault("the process inside the namespace ended before the command was started")
        })?;
        Ok(Child { pid: self.pid, signals })
    }
}

/// The command.
pub(super) struct Child {
    pid: Pid,
    signals: Signals,
}

impl Child {
    /// Passes signals on until the command has ended; then its status, 128+N when signal N killed it.
    pub(super) async fn wait(&mut self) -> Result<u8, Failure> {
        loop {
            if let Some(status) = self.look()? {
                return Ok(status);
            }
            match self.signals.next().await {
                // The command has sent it to the whole group, and so to itself.
                Event::Sent(_, Some(sender)) if sender == self.pid => {}
                Event::Sent(number, None) if OF_THE_TERMINAL.contains(&number) && self.is_of_our_group() => {}
                Event::Sent(number, _) => self.send(number),
                Event::Change => {}
            }
        }
    }

    /// Whether the terminal tells the command what it tells this process: one like `timeout` or `setsid` goes its own way.
    fn is_of_our_group(&self) -> bool {
        getpgid(Some(self.pid)) == Ok(getpgrp())
    }

    /// Returns when somebody asks for an end. The command, which has ended, is not told any more.
    pub(super) async fn told_to_end(&mut self) {
        while !matches!(self.signals.next().await, Event::Sent(number, _) if ENDS.contains(&number)) {}
    }

    /// Ends the command.
    pub(super) fn kill(&self) {
        self.send(Number::SIGKILL);
    }

    /// The command's status, once it has ended.
    fn look(&self) -> Result<Option<u8>, Failure> {
        loop {
            let change = waitpid(self.pid, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED))
                .map_err(|errno| Failure::fault(format_args!("cannot wait for the command: {errno}")))?;
            match change {
                WaitStatus::Exited(_, code) => return Ok(Some(code as u8)),
                WaitStatus::Signaled(_, number, _) => return Ok(Some(128 + number as u8)),
                WaitStatus::Stopped(_, number) => self.stop_as_well(number),
                _ => return Ok(None),
            }
        }
    }

    /// Stops together with the command, and continues it when continued: the caller's shell watches this
    /// process, not the command.
    ///
    /// SIGSTOP is job control only on a terminal (`suspend` of a shell); elsewhere it is somebody holding
    /// the command, who will not think of continuing its network.
    fn stop_as_well(&self, number: Number) {
        let job_control = match number {
            Number::SIGTSTP | Number::SIGTTIN | Number::SIGTTOU => true,
            Number::SIGSTOP => io::stdin().is_terminal(),
            _ => false,
        };
        if job_control && raise(Number::SIGSTOP).is_ok() {
            self.send(Number::SIGCONT);
        }
    }

    fn send(&self, number: Number) {
        // It is unreaped, so the number is still its own; that it may have ended is no matter.
        let _ = kill(self.pid, number);
    }
}

/// Meant for the command, though sent to this process.
///
/// Whoever sends one to the whole group has told the command already, and it hears twice: the kernel does not say to whom
/// a signal was sent, and one that is passed on in vain does less harm than one that is withheld.
const PASSED_ON: [Number; 4] = [Number::SIGTERM, Number::SIGHUP, Number::SIGUSR1, Number::SIGUSR2];

/// What a terminal sends to the command as well, which decides what it means. From a process they are passed on.
const OF_THE_TERMINAL: [Number; 3] = [Number::SIGINT, Number::SIGQUIT, Number::SIGTSTP];

/// What asks for an end.
const ENDS: [Number; 4] = [Number::SIGTERM, Number::SIGHUP, Number::SIGINT, Number::SIGQUIT];

/// What this process minds.
enum Event {
    /// The command may have ended or stopped.
    Change,
    /// One of the signals above, and the process that has sent it: nobody has, where the kernel did.
    Sent(Number, Option<Pid>),
}

/// The signals that this process minds, and SIGCHLD.
///
/// They are read and not handled: only so is it known who has sent them.
struct Signals {
    changes: Signal,
    sent: AsyncFd<SignalFd>,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let sent = SignalFd::with_flags(&minded(), SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        // The successor of this constructor is unsafe for the sake of types that lend out a descriptor that is not
        // theirs; a `SignalFd` is none of them.
        #[expect(deprecated)]
        let sent = AsyncFd::with_interest(sent, Interest::READABLE)?;
        Ok(Self { changes: signal(SignalKind::child())?, sent })
    }

    /// Waits for the next one.
    async fn next(&mut self) -> Event {
        let read = |fd: &SignalFd| fd.read_signal()?.ok_or_else(|| io::ErrorKind::WouldBlock.into());
        tokio::select! {
            _ = self.changes.recv() => Event::Change,
            Ok(info) = self.sent.async_io(Interest::READABLE, read) => {
                // Positive codes are the kernel's: SI_USER and its kin are not.
                let sender = (info.ssi_code <= 0).then(|| Pid::from_raw(info.ssi_pid.cast_signed()));
                match Number::try_from(info.ssi_signo.cast_signed()) {
                    Ok(number) => Event::Sent(number, sender),
                    Err(_) => Event::Change,
                }
            }
        }
    }
}

fn minded() -> SigSet {
    PASSED_ON.into_iter().chain(OF_THE_TERMINAL).collect()
}
