//! What the tests of `synfin run` share.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fs::OpenOptions;
use std::process::{Command, Output};

pub(crate) const SYNFIN: &str = env!("CARGO_BIN_EXE_synfin");

/// Whether this machine lets the tests make network namespaces and a TUN. Where `CI` is `true` it has to.
pub(crate) fn namespaces() -> bool {
    let rootless = !nix::unistd::geteuid().is_root();
    let unshared = Command::new("unshare").arg(if rootless { "-Urnm" } else { "-nm" }).arg("true").output();
    let missing = match unshared {
        Err(error) => Some(format!("unshare: {error}")),
        Ok(output) if !output.status.success() => Some(text(&output.stderr)),
        Ok(_) => OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/net/tun")
            .err()
            .map(|error| format!("/dev/net/tun: {error}")),
    };
    possible(missing)
}

/// Whether the tests have root, with which they make a machine of another kind.
pub(crate) fn root() -> bool {
    namespaces() && possible((!nix::unistd::geteuid().is_root()).then(|| "it takes root".to_owned()))
}

/// Whether these programs are there.
pub(crate) fn programs(names: &[&str]) -> bool {
    let places = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<_> = std::env::split_paths(&places).chain(["/usr/sbin".into(), "/sbin".into()]).collect();
    let is_missing = |name: &&&str| !places.iter().any(|place| place.join(name).is_file());
    possible(names.iter().find(is_missing).map(|name| format!("there is no {name}")))
}

fn possible(missing: Option<String>) -> bool {
    if let Some(reason) = &missing {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "this must not be skipped in CI: {reason}");
        eprintln!("skipped: {reason}");
    }
    missing.is_none()
}

/// Runs `synfin run` with these words behind it.
pub(crate) fn run(words: &[&str]) -> Ended {
    output(Command::new(SYNFIN).arg("run").args(words))
}

pub(crate) fn output(command: &mut Command) -> Ended {
    command.output().expect("the command can be started").into()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// How a command ended. The fields that a test does not look at are there for its failure's message.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self { status: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

impl Ended {
    /// It ended well and said nothing on standard error.
    #[track_caller]
    pub(crate) fn stdout(self) -> String {
        assert_eq!((self.status, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        self.stdout
    }

    /// It ended with this status, and said why in one line.
    #[track_caller]
    pub(crate) fn fails(self, status: i32, line: &str) {
        assert_eq!((self.status, self.stderr.as_str()), (Some(status), format!("{line}\n").as_str()));
        assert_eq!(self.stdout, "");
    }
}
