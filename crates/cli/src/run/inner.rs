//! The process that becomes the command.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use nix::sys::prctl;
use nix::sys::signal::Signal;
use synfin_device::fd::{inherited_fd, send_fd};
use synfin_device::tun::Tun;

use super::{files, namespace};
use crate::Failure;
use crate::args::{InnerArgs, RunArgs};

/// Before the descriptor of the TUN. Anything else: a reason follows, to the end of the stream.
pub(super) const READY: [u8; 1] = *b"r";
const FAILED: [u8; 1] = *b"f";
/// The answer.
pub(super) const GO: [u8; 1] = *b"g";

/// There is no such command, and: there is, but it cannot be run. What shells say.
const NOT_FOUND: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;

/// Where the C library looks for commands when no PATH says so.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// Makes the namespaces, hands the TUN over, and becomes the command.
pub(crate) fn main(args: &InnerArgs) -> ExitCode {
    let socket = match inherited_fd(args.socket) {
        Ok(fd) => UnixStream::from(fd),
        Err(error) => {
            let message = format!("`inner` is for synfin itself ({error}): use `synfin run -- CMD`");
            return Failure::call(message).report();
        }
    };
    match prepare(args).and_then(|tun| hand_over(&socket, &tun)) {
        Ok(()) => {}
        Err(reason) => {
            // Nobody is left to tell when this fails.
            let _ = (&socket).write_all(&FAILED).and_then(|()| (&socket).write_all(reason.as_bytes()));
            return ExitCode::from(2);
        }
    }
    if (&socket).read_exact(&mut [0]).is_err() {
        return ExitCode::from(2);
    }
    become_command(args).report()
}

fn prepare(args: &InnerArgs) -> Result<Tun, String> {
    let rights = namespace::enter()?;
    // After the user namespace, whose making clears it. Should the parent have gone before, so has the other
    // end of the socket.
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(|errno| format!("cannot be tied to synfin: {errno}"))?;
    let tun = namespace::make_link(args, rights)?;
    for warning in files::lay_over()? {
        eprintln!("synfin: {warning}");
    }
    Ok(tun)
}

fn hand_over(mut socket: &UnixStream, tun: &Tun) -> Result<(), String> {
    let mut send = || -> io::Result<()> {
        socket.write_all(&READY)?;
        send_fd(&socket, tun.as_fd(), &READY)
    };
    send().map_err(|error| format!("cannot pass the TUN interface out of the namespace: {error}"))
}

/// Comes back only when that fails. The library sets SIGPIPE and the signal mask to what programs expect.
fn become_command(args: &InnerArgs) -> Failure {
    let (name, rest) = args.command.split_first().expect("clap wants a command");
    let error = Command::new(name).args(rest).exec();
    match error.kind() {
        ErrorKind::NotFound => not_found(name),
        _ => {
            let name = name.display();
            Failure::with_status(NOT_EXECUTABLE, format_args!("{name}: cannot be executed: {error}"))
        }
    }
}

/// Refuses a command that is nowhere, before anything is begun for it. What else may be in its way, `exec` tells.
pub(super) fn must_be_there(args: &RunArgs) -> Result<(), Failure> {
    let name = args.command.first().expect("clap wants a command");
    let is_there = |path: &Path| match fs::metadata(path) {
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        Ok(_) => true,
    };
    let found = if name.as_encoded_bytes().contains(&b'/') {
        is_there(Path::new(name))
    } else {
        let places = env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
        env::split_paths(&places).any(|place| is_there(&place.join(name)))
    };
    if found { Ok(()) } else { Err(not_found(name)) }
}

fn not_found(name: &OsStr) -> Failure {
    Failure::with_status(NOT_FOUND, format_args!("{}: command not found", name.display()))
}
