//! `synfin run` on a terminal: a shell is usable under it, and it is usable under a shell.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

mod common;

use common::{SYNFIN, namespaces};

const INTERRUPT: &str = "\x03";
const SUSPEND: &str = "\x1a";
const PROMPT: &str = "your turn> ";
const SHELL: &str = "bash --norc --noprofile -i";

/// A job that reads the terminal, which only one in its foreground may. The quotes inside a word keep the
/// terminal's echo from being taken for the output. It does not fork: a shell that is stopped in the middle
/// of that may not notice.
const JOB: &str = r#"sh -c 'echo rea""dy; read word; echo "got $word"'"#;

/// Only a hang takes as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with a command on it, made by script(1).
struct Terminal {
    script: Child,
    keyboard: ChildStdin,
    screen: Receiver<Vec<u8>>,
    unread: String,
}

impl Terminal {
    fn open(command: &str) -> Self {
        let mut script = Command::new("script")
            .args(["-qec", command, "/dev/null"])
            .env("TERM", "dumb")
            .env("PS1", PROMPT)
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script(1) can be started");
        let keyboard = script.stdin.take().expect("it is piped");
        let mut output = script.stdout.take().expect("it is piped");
        let (to_screen, screen) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                if to_screen.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { script, keyboard, screen, unread: String::new() }
    }

    fn type_in(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Reads up to and including `text`.
    #[track_caller]
    fn expect(&mut self, text: &str) {
        loop {
            if let Some(start) = self.unread.find(text) {
                self.unread.drain(..start + text.len());
                return;
            }
            match self.screen.recv_timeout(PATIENCE) {
                Ok(output) => self.unread.push_str(&common::text(&output)),
                Err(_) => panic!("{text:?} does not come after {:?}", self.unread),
            }
        }
    }

    /// Types a line once the shell has asked for it: before that, it is still changing the terminal's mode.
    fn command(&mut self, line: &str) {
        self.expect(PROMPT);
        self.type_in(line);
        self.type_in("\n");
    }

    /// Starts the job from the shell that has the terminal, and interrupts it.
    fn interrupt_job(&mut self, prefix: &str) {
        self.command(&format!("{prefix}{JOB}"));
        self.expect("ready");
        self.type_in(INTERRUPT);
        self.command("echo status i''s $?");
        self.expect("status is 130");
    }

    /// Starts it again, stops it and fetches it back.
    fn stop_and_continue_job(&mut self, prefix: &str) {
        self.command(&format!("{prefix}{JOB}"));
        self.expect("ready");
        self.type_in(SUSPEND);
        self.expect("Stopped");
        self.command("fg");
        // The shell names the job once more.
        self.expect("read word");
        self.type_in("hello\n");
        self.expect("got hello");
    }

    fn status(mut self) -> Option<i32> {
        self.script.wait().unwrap().code()
    }
}

impl Drop for Terminal {
    /// A test that failed leaves nothing behind: whatever is on the terminal gets a SIGHUP.
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

#[test]
fn a_shell_has_job_control() {
    if !namespaces() {
        return;
    }
    let mut terminal = Terminal::open(&format!("{SYNFIN} run -- {SHELL}"));
    terminal.command("tty");
    terminal.expect("/dev/pts/");
    terminal.interrupt_job("");
    terminal.stop_and_continue_job("");
    terminal.command("exit 5");
    assert_eq!(terminal.status(), Some(5));
}

#[test]
fn it_is_itself_a_job_of_a_shell() {
    if !namespaces() {
        return;
    }
    let mut terminal = Terminal::open(SHELL);
    terminal.interrupt_job(&format!("{SYNFIN} run -- "));
    terminal.stop_and_continue_job(&format!("{SYNFIN} run -- "));
    terminal.command("exit 0");
    assert_eq!(terminal.status(), Some(0));
}

#[test]
fn a_shell_under_it_can_be_suspended() {
    if !namespaces() {
        return;
    }
    let mut terminal = Terminal::open(SHELL);
    terminal.command(&format!("{SYNFIN} run -- {SHELL}"));
    terminal.command("ip -o link show synf''in0; suspend");
    terminal.expect("synfin0: <");
    terminal.expect("Stopped");
    terminal.command("fg");
    terminal.command("ip -o link show synf''in0; exit 6");
    terminal.expect("synfin0: <");
    terminal.command("echo status i''s $?; exit 0");
    terminal.expect("status is 6");
    assert_eq!(terminal.status(), Some(0));
}
