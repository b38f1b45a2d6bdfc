//! One measurement, in a process of its own: what it is to do comes in as JSON, what came of it goes out as JSON.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::lwip::Lwip;
use crate::memory::resident;
use crate::pair::{Cutting, Pair, Resting, Setting};
use crate::smoltcp_pair::SmoltcpPair;
use crate::synfin_pair::SynfinPair;
use crate::workload::Workload;

/// Whose two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Stack {
    /// This project's.
    Synfin,
    /// The crate of that name.
    Smoltcp,
    /// The C library of that name.
    Lwip,
}

impl Stack {
    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Synfin => "synfin",
            Self::Smoltcp => "smoltcp",
            Self::Lwip => "lwIP",
        }
    }

    /// Whether it can be set so, and whether it is to be waited for: smoltcp walks all its sockets for each packet, lwIP
    /// for each that is not for the connection of the last one.
    #[must_use]
    pub const fn can(self, setting: &Setting, idle: usize) -> bool {
        match self {
            Self::Synfin => true,
            Self::Smoltcp | Self::Lwip => matches!(setting.cutting, Cutting::Software) && idle <= 10_000,
        }
    }
}

/// What to measure.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// How much a workload gets done.
    Run {
        /// Whose ends.
        stack: Stack,
        /// What they do.
        workload: Workload,
        /// How they are set.
        setting: Setting,
        /// How many idle connections the server has beside it.
        idle: usize,
        /// For so much processor time, seconds.
        seconds: f64,
    },
    /// How much memory so many connections take.
    Rest {
        /// Whose.
        stack: Stack,
        /// In which state.
        state: Resting,
        /// How many.
        count: usize,
    },
}

/// What came of a task.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// Octets read, exchanges, connections that were opened and closed, or that are there.
    pub count: u64,
    /// Packets that both ends have sent, where that was counted.
    pub packets: u64,
    /// The processor time, seconds.
    pub seconds: f64,
    /// Connections of the client's in TIME-WAIT at the end.
    pub time_waits: usize,
    /// Resident octets more than before.
    pub resident: u64,
}

/// Does a task in this process, which should be a fresh one.
///
/// # Errors
/// When /proc cannot be read.
pub fn measure(task: &Task) -> Result<Outcome> {
    match task {
        Task::Run { stack: Stack::Synfin, .. } | Task::Rest { stack: Stack::Synfin, .. } => {
            measure_pair::<SynfinPair>(task)
        }
        Task::Run { stack: Stack::Smoltcp, .. } | Task::Rest { stack: Stack::Smoltcp, .. } => {
            measure_pair::<SmoltcpPair>(task)
        }
        Task::Run { stack: Stack::Lwip, .. } | Task::Rest { stack: Stack::Lwip, .. } => {
            bail!("lwIP is a program of its own")
        }
    }
}

fn measure_pair<P: Pair>(task: &Task) -> Result<Outcome> {
    match task {
        Task::Run { workload, setting, idle, seconds, .. } => {
            let mut pair = P::new(setting);
            pair.populate(*idle, Resting::Established);
            let done = workload.run(&mut pair, Duration::from_secs_f64(*seconds));
            Ok(Outcome {
                count: done.count,
                packets: done.packets,
                seconds: done.time.as_secs_f64(),
                time_waits: pair.time_waits(),
                resident: 0,
            })
        }
        Task::Rest { state, count, .. } => {
            let mut pair = P::new(&Setting::ordinary());
            let before = resident()?;
            pair.populate(*count, *state);
            let resident = resident()?.saturating_sub(before);
            Ok(Outcome { count: *count as u64, packets: 0, seconds: 0.0, time_waits: 0, resident })
        }
    }
}

impl Task {
    /// Does the task in a process of its own: this program, called with the word `task` and the task, or lwIP's.
    ///
    /// # Errors
    /// When the process cannot be started or fails.
    pub fn run(&self, lwip: Option<&Lwip>) -> Result<Outcome> {
        if let Self::Run { stack: Stack::Lwip, workload, setting, idle, seconds } = self {
            return lwip.context("lwIP was not built")?.run(*workload, setting, *idle, *seconds);
        }
        let mut command = Command::new(std::env::current_exe().context("where is this program?")?);
        command.args(["task", &serde_json::to_string(self)?]);
        read(command)
    }
}

/// Runs a command that writes an outcome.
pub(crate) fn read(mut command: Command) -> Result<Outcome> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("starting {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", output.status);
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("{command:?}: what it says is no outcome"))
}
