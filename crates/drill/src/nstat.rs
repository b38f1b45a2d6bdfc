//! `nstat`: which of Linux's counters have grown since it was last asked.

use synfin_host::tcp::DropReason;
use synfin_host::{Counters, PacketDrop};

/// Linux's name of a counter, and what is counted here.
const KNOWN: [(&str, PacketDrop); 7] = [
    ("TcpExtOutOfWindowIcmps", PacketDrop::IcmpOutsideWindow),
    ("TcpExtPAWSEstab", PacketDrop::Tcp(DropReason::Paws)),
    ("TcpExtTCPSYNChallenge", PacketDrop::Tcp(DropReason::SynInWindow)),
    ("TcpExtTCPMD5NotFound", PacketDrop::Tcp(DropReason::Md5NotFound)),
    ("TcpExtTCPMD5Unexpected", PacketDrop::Tcp(DropReason::Md5Unexpected)),
    ("TcpExtTCPMD5Failure", PacketDrop::Tcp(DropReason::Md5Failure)),
    ("TcpInCsumErrors", PacketDrop::Tcp(DropReason::Checksum)),
];

/// What the counters were when `nstat` was last asked.
#[derive(Debug, Default)]
pub(crate) struct Nstat {
    seen: [u64; KNOWN.len()],
}

impl Nstat {
    /// Runs `nstat`, alone or with `grep` for one counter behind it: whether the command succeeds. `None` when it is
    /// another command, or asks for what is not counted here.
    pub(crate) fn run(&mut self, command: &str, counters: &Counters) -> Option<bool> {
        let mut stages = command.trim().split('|').map(str::trim);
        if stages.next()?.split_whitespace().next() != Some("nstat") {
            return None;
        }
        let wanted = stages.next().map(|grep| known(grep).ok_or(())).transpose().ok()?;
        let now = KNOWN.map(|(_, drop)| counters.dropped_for(drop));
        let before = std::mem::replace(&mut self.seen, now);
        Some(wanted.is_none_or(|index| now[index] > before[index]))
    }
}

/// The counter that a call of `grep` looks for.
fn known(grep: &str) -> Option<usize> {
    let mut words = grep.split_whitespace();
    let pattern = words.by_ref().skip(1).find(|word| !word.starts_with('-'))?;
    KNOWN.iter().position(|(name, _)| *name == pattern)
}
