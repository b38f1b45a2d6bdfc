//! The error queue: what MSG_ZEROCOPY reports when octets are acknowledged.

use std::collections::VecDeque;

use super::{Errno, File, Kernel, Outcome, Stop, TcpFile};
use crate::symbols::{MSG_ZEROCOPY, SOL_SOCKET};

const SO_TIMESTAMPING: i64 = 37;
const SO_ZEROCOPY: i64 = 60;

/// Sends without copying that are not yet reported.
#[derive(Debug, Default)]
pub(super) struct ErrorQueue {
    /// Octets written so far.
    written: u64,
    /// The number of the next send.
    next: u32,
    /// The number of each send, and how many octets must be acknowledged for it to be over.
    under_way: VecDeque<(u32, u64)>,
    /// Runs of sends that are over.
    over: VecDeque<(u32, u32)>,
    /// How many have become over: what wakes a waiter.
    pub(super) reported: u64,
}

impl ErrorQueue {
    /// There is something to report.
    pub(super) fn is_ready(&self) -> bool {
        !self.over.is_empty()
    }

    /// So many octets are acknowledged in all.
    fn acknowledged(&mut self, octets: u64) {
        while let Some((number, end)) = self.under_way.front().copied()
            && end <= octets
        {
            self.under_way.pop_front();
            self.reported += 1;
            match self.over.back_mut() {
                Some((_, last)) if last.wrapping_add(1) == number => *last = number,
                _ => self.over.push_back((number, number)),
            }
        }
    }
}

impl TcpFile {
    /// Octets were written by a call that has returned; MSG_ZEROCOPY in its flags asks for a report.
    pub(super) fn wrote(&mut self, octets: u64, flags: i64) {
        let queue = &mut self.errors;
        queue.written += octets;
        let wanted = self.kept.get(&(SOL_SOCKET, SO_ZEROCOPY)).is_some_and(|value| *value != 0);
        if flags & MSG_ZEROCOPY != 0 && wanted && octets > 0 {
            queue.under_way.push_back((queue.next, queue.written));
            queue.next = queue.next.wrapping_add(1);
        }
    }
}

impl Kernel {
    /// Moves what was acknowledged to the error queues.
    pub(super) fn note_acknowledged(&mut self) {
        let waiting: Vec<i32> = self
            .files
            .iter()
            .filter(|(_, file)| matches!(file, File::Tcp(file) if !file.errors.under_way.is_empty()))
            .map(|(fd, _)| *fd)
            .collect();
        for fd in waiting {
            let status = self.connection(fd).and_then(|handle| self.host.tcp(handle)?.status());
            if let (Some(status), Ok(file)) = (status, self.tcp(fd)) {
                file.errors.acknowledged(status.octets_acknowledged);
            }
        }
    }

    /// MSG_ERRQUEUE: the first and the last of the sends that the next report is about. It never blocks.
    pub(crate) fn take_report(&mut self, fd: i32) -> Outcome<(u32, u32)> {
        let file = self.tcp(fd)?;
        if file.kept.get(&(SOL_SOCKET, SO_TIMESTAMPING)).is_some_and(|value| *value != 0) {
            return Err(Stop::unsupported("timestamps of what was sent"));
        }
        file.errors.over.pop_front().ok_or_else(|| Errno::EAGAIN.into())
    }
}
