//! lwIP, built from its source by the C compiler of this machine: bench/lwip/pair.c does what [`Workload`] says.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::machine::root;
use crate::pair::Setting;
use crate::task::{Outcome, read};
use crate::workload::Workload;

/// As the other stacks are: for any processor of the kind, all of it at once.
const FLAGS: &[&str] = &["-O3", "-flto=auto"];
/// For the very processor that it is built on.
const NATIVE: &str = "-march=native";
/// Control blocks beside those of idle connections: listener, both ends, and TIME-WAITs, which are given up when there is
/// no other one left.
const SPARE_PCBS: usize = 16;
/// IP and TCP headers without options, octets.
const HEADERS: usize = 40;

/// The source of lwIP, and what it was built into.
#[derive(Debug)]
pub struct Lwip {
    source: PathBuf,
    flags: Vec<&'static str>,
    version: String,
}

impl Lwip {
    /// Takes the source in `directory`, or in target/lwip-* as `apt-get source lwip` unpacks it, to be built for any
    /// processor of the kind, or with `native` for this one.
    ///
    /// # Errors
    /// When there is no source, or it cannot be built; it says what to do.
    pub fn find(directory: Option<&Path>, native: bool) -> Result<Self> {
        let source = match directory {
            Some(directory) => directory.to_owned(),
            None => unpacked().context(
                "the source of lwIP is not in target/lwip-*: cd target && apt-get source lwip (with \"deb-src\" among \
                 the Types of apt's sources), or --lwip DIR",
            )?,
        };
        if !source.join("src/core/tcp.c").is_file() {
            bail!("{} is not the source of lwIP: it has no src/core/tcp.c", source.display());
        }
        // What is there may be of another source.
        let _ = std::fs::remove_dir_all(built());
        let flags = FLAGS.iter().copied().chain(native.then_some(NATIVE)).collect();
        let mut lwip = Self { source, flags, version: String::new() };
        let program = lwip.build(&Setting::ordinary(), 0)?;
        let output = Command::new(program).arg("version").output().context("lwIP's pair")?;
        lwip.version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(lwip)
    }

    /// Which lwIP it is, and how it was built.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("lwIP {}, {} {}", self.version, compiler(), self.flags.join(" "))
    }

    /// Runs a workload in a process of its own.
    ///
    /// # Errors
    /// When it cannot be built or fails.
    pub(crate) fn run(
        &self,
        workload: Workload,
        setting: &Setting,
        idle: usize,
        seconds: f64,
    ) -> Result<Outcome> {
        let program = self.program(setting, idle);
        if !program.exists() {
            self.build(setting, idle)?;
        }
        let words = [workload.name().to_owned(), idle.to_string(), seconds.to_string()];
        let mut command = Command::new(program);
        command.args(words);
        read(command)
    }

    /// Where it is built to.
    fn program(&self, setting: &Setting, idle: usize) -> PathBuf {
        let name = format!("pair-{}-{}-{idle}", setting.mtu, setting.checksums);
        built().join(name)
    }

    fn build(&self, setting: &Setting, idle: usize) -> Result<PathBuf> {
        let (program, own) = (self.program(setting, idle), Path::new(root()).join("bench/lwip"));
        std::fs::create_dir_all(program.parent().unwrap_or(&own))?;
        let mut command = Command::new(compiler());
        command.args(&self.flags).args(["-w", "-o"]).arg(&program);
        command.args([
            format!("-I{}", own.display()),
            format!("-I{}", self.source.join("src/include").display()),
            format!("-DTCP_MSS={}", setting.mtu - HEADERS),
            format!("-DCHECKSUMS={}", u8::from(setting.checksums)),
            format!("-DPCBS={}", idle + SPARE_PCBS),
        ]);
        command.arg(own.join("pair.c"));
        for folder in ["src/core", "src/core/ipv4"] {
            command.args(sources(&self.source.join(folder))?);
        }
        let status = command.status().with_context(|| format!("{}: apt-get install gcc", compiler()))?;
        if !status.success() {
            bail!("lwIP in {} could not be built: {} {status}", self.source.display(), compiler());
        }
        Ok(program)
    }
}

fn built() -> PathBuf {
    Path::new(root()).join("target/lwip")
}

fn compiler() -> String {
    std::env::var("CC").unwrap_or_else(|_| "cc".to_owned())
}

fn unpacked() -> Option<PathBuf> {
    let folders = std::fs::read_dir(Path::new(root()).join("target")).ok()?;
    let is_source = |path: &PathBuf| path.join("src/core/tcp.c").is_file();
    folders.flatten().map(|folder| folder.path()).filter(is_source).max()
}

fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut files: Vec<_> = files.flatten().map(|file| file.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "c"));
    files.sort();
    Ok(files)
}
