//! The command as its parent sees it: started, watched over, its status passed on.

use std::future::poll_fn;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::task::Poll;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{Signal as Number, kill, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use synfin_device::fd::receive_fd;
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
        // Handlers come after the start: a disposition that the caller chose, as `nohup` does, is inherited,
        // and a handler would have reset it.
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
            let number = self.signals.next().await;
            if PASSED_ON.contains(&number) {
                self.send(number);
            }
        }
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
const PASSED_ON: [Number; 4] = [Number::SIGTERM, Number::SIGHUP, Number::SIGUSR1, Number::SIGUSR2];

/// What a terminal sends to the command as well, which decides what it means.
const LEFT_TO_THE_COMMAND: [Number; 3] = [Number::SIGINT, Number::SIGQUIT, Number::SIGTSTP];

/// The signals that this process minds: those above, and SIGCHLD.
struct Signals(Vec<(Number, Signal)>);

impl Signals {
    fn new() -> io::Result<Self> {
        let numbers = [Number::SIGCHLD].into_iter().chain(PASSED_ON).chain(LEFT_TO_THE_COMMAND);
        let listen = |number| Ok((number, signal(SignalKind::from_raw(number as i32))?));
        numbers.map(listen).collect::<io::Result<_>>().map(Self)
    }

    /// Waits for the next one.
    async fn next(&mut self) -> Number {
        poll_fn(|context| {
            let arrived = self
                .0
                .iter_mut()
                .find_map(|(number, signal)| signal.poll_recv(context).is_ready().then_some(*number));
            arrived.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}
