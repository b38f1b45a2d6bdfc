//! A network for each test: the test starts itself again in namespaces of its own, with loopback up, and
//! whatever it does there is gone with it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use synfin_device::interface::Interface;

use crate::common::{self, Ended, SYNFIN, output};

const ALONE: &str = "SYNFIN_TEST_IS_ALONE";

/// Only a hang takes as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the body of the calling test in a network of its own, where these programs are there.
#[track_caller]
pub(crate) fn alone<F: FnOnce()>(programs: &[&str], body: F) {
    if std::env::var_os(ALONE).is_some() {
        Interface::new("lo").and_then(|mut loopback| loopback.up()).expect("loopback comes up");
        return body();
    }
    if !common::namespaces() || !common::programs(programs) {
        return;
    }
    // Of the closure: binary::module::test::{{closure}}.
    let name = std::any::type_name::<F>().trim_end_matches("::{{closure}}");
    let (_, name) = name.split_once("::").expect("a test is in a crate");
    let flags = if geteuid().is_root() { "-nm" } else { "-Urnm" };
    let ended = output(
        Command::new("unshare")
            .args([flags, "--"])
            .arg(std::env::current_exe().expect("this is a file"))
            .args([name, "--exact", "--nocapture", "--test-threads=1"])
            .env(ALONE, "1"),
    );
    let ran = ended.stdout.contains("test result: ok. 1 passed");
    assert!(ended.status == Some(0) && ran, "{}\n{}", ended.stdout, ended.stderr);
}

/// Runs `ip` with these words.
#[track_caller]
pub(crate) fn ip(words: &str) {
    assert_eq!(output(Command::new("ip").args(words.split_whitespace())).stdout(), "");
}

/// A shell under `synfin run`, to its end.
pub(crate) fn sh(options: &[&str], script: &str) -> Ended {
    output(Command::new(SYNFIN).arg("run").args(options).args(["--", "bash", "-c", script]))
}

/// Waits until `condition` holds.
#[track_caller]
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "it never came to be that {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until somebody listens.
#[track_caller]
pub(crate) fn listening(address: SocketAddr) {
    until(&format!("{address} is listened on"), || TcpStream::connect(address).is_ok());
}

/// The connections of this namespace that are not over, as lines of /proc/net/tcp.
pub(crate) fn open_connections() -> Vec<String> {
    const LISTEN: &str = "0A";
    const TIME_WAIT: &str = "06";
    let text = std::fs::read_to_string("/proc/net/tcp").expect("the kernel tells its connections");
    let state = |line: &str| line.split_whitespace().nth(3).map(str::to_owned);
    let is_open = |line: &&str| !matches!(state(line).as_deref(), None | Some(LISTEN | TIME_WAIT));
    text.lines().skip(1).filter(is_open).map(str::to_owned).collect()
}

/// A command under `synfin run`, or another of synfin's, which the test speaks with. It is ended with the
/// test.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
}

impl Running {
    /// Starts synfin with these words.
    pub(crate) fn synfin(words: &[&str]) -> Self {
        Self::start(Command::new(SYNFIN).args(words))
    }

    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the command can be started");
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().expect("it is piped"));
        Self { child, stdin, stdout }
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.stdin.as_mut().expect("it is open").write_all(text.as_bytes()).expect("it listens");
    }

    /// Ends its standard input.
    pub(crate) fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Its next line, without the end.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        let (mut line, mut octet) = (Vec::new(), [0]);
        while self.stdout.read(&mut octet).expect("it can be read") == 1 && octet[0] != b'\n' {
            line.push(octet[0]);
        }
        common::text(&line)
    }

    /// All that it still says.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("it speaks UTF-8");
        rest
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("it is there");
    }

    /// Its exit status, once it has ended.
    pub(crate) fn status(&mut self) -> Option<i32> {
        self.child.wait().expect("it is our child").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server of the test's: each connection to a free port of this address is handed to `serve`, in turn,
/// until the namespace is gone.
pub(crate) fn server<F>(address: &str, serve: F) -> SocketAddr
where
    F: FnMut(TcpStream) + Send + 'static,
{
    let listener = TcpListener::bind(address).expect("the address is free");
    let local = listener.local_addr().expect("it is bound");
    let mut serve = serve;
    thread::spawn(move || listener.incoming().flatten().for_each(&mut serve));
    local
}

/// A server for one connection, and what became of it.
pub(crate) fn server_once<T, F>(address: &str, serve: F) -> (SocketAddr, JoinHandle<T>)
where
    T: Send + 'static,
    F: FnOnce(TcpStream) -> T + Send + 'static,
{
    let listener = TcpListener::bind(address).expect("the address is free");
    let local = listener.local_addr().expect("it is bound");
    (local, thread::spawn(move || serve(listener.accept().expect("somebody connects").0)))
}

/// Whether an error is that of a peer that has gone without a farewell.
pub(crate) fn is_reset(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

/// The hash of a file.
#[track_caller]
pub(crate) fn sha256(path: &Path) -> String {
    let line = output(Command::new("sha256sum").arg(path)).stdout();
    line.split_whitespace().next().expect("a hash comes first").to_owned()
}
