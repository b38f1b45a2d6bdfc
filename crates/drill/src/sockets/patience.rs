//! How long is waited: calls, and the stack. Linux counts retries, and makes a time of the count; the stack is told the
//! time.

use std::time::Duration;

use super::options::TCP_RTO_MAX_MS;
use super::{Errno, Kernel, Object, Outcome};

/// How long the calls of a socket wait; `None` for as long as it takes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timeouts {
    /// SO_RCVTIMEO: those that take something.
    pub(super) receive: Option<Duration>,
    /// SO_SNDTIMEO: those that send.
    pub(super) send: Option<Duration>,
}

/// What a call that blocks waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    Receive,
    Send,
    Connect,
}

impl Kernel {
    /// How long a call waits at the most, and what it fails with then.
    pub(crate) fn timeout(&mut self, fd: i32, wait: Wait) -> Option<(Duration, Errno)> {
        let timeouts = match self.object(fd).ok()? {
            Object::Tcp(socket) => socket.timeouts,
            Object::Datagram(socket) => socket.timeouts,
            Object::Epoll(_) | Object::Plain(_) | Object::Pipe { .. } => return None,
        };
        let (timeout, errno) = match wait {
            Wait::Receive => (timeouts.receive, Errno::EAGAIN),
            Wait::Send => (timeouts.send, Errno::EAGAIN),
            Wait::Connect => (timeouts.send, Errno::EINPROGRESS),
        };
        timeout.map(|timeout| (timeout, errno))
    }

    /// TCP_RTO_MAX_MS and TCP_RTO_MIN_US, within what Linux takes.
    pub(super) fn set_rto_bound(&mut self, fd: i32, name: i64, value: i64) -> Outcome<()> {
        let connected = self.connection(fd);
        let config = &mut self.tcp(fd)?.config;
        let value = u64::try_from(value).map_err(|_| Errno::EINVAL)?;
        match (name, value) {
            (TCP_RTO_MAX_MS, 1_000..=120_000) => config.max_rto = Duration::from_millis(value),
            (TCP_RTO_MAX_MS, _) => return Err(Errno::EINVAL.into()),
            (_, 4_001..=200_000) => config.min_rto = Duration::from_micros(value),
            _ => return Err(Errno::EINVAL.into()),
        }
        let (min, max) = (config.min_rto, config.max_rto);
        if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
            socket.set_rto_bounds(min, max);
        }
        Ok(())
    }

    /// TCP_DELACK_MAX_US: more than a tick of Linux's clock, and no longer than it waits in any case.
    pub(super) fn set_longest_delay(&mut self, fd: i32, micros: i64) -> Outcome<()> {
        let micros = u64::try_from(micros).ok().filter(|micros| (4_001..=200_000).contains(micros));
        let longest = Duration::from_micros(micros.ok_or(Errno::EINVAL)?);
        self.tcp(fd)?.config.delayed_ack_max = longest;
        if let Some(mut socket) = self.connection(fd).and_then(|handle| self.host.tcp(handle)) {
            socket.set_delayed_ack_max(longest);
        }
        Ok(())
    }
}

/// The RTO that Linux reckons with when it makes a time of a count of retransmissions.
const LEAST_RTO: Duration = Duration::from_millis(200);

/// How long a SYN is retried when that may be done `retries` times, each wait twice the one before.
pub(crate) fn syn_patience(initial: Duration, retries: usize) -> Duration {
    initial.saturating_mul((2 << retries.min(15)) - 1)
}

/// The count that a SYN's time was made of.
pub(crate) fn retries_of(patience: Duration, initial: Duration) -> i64 {
    (1..=127).find(|retries| syn_patience(initial, *retries as usize) >= patience).unwrap_or(127)
}

/// How long text is sent again that nobody acknowledges, `retries` times: the wait doubles until it is `longest`.
pub(crate) fn retransmission_patience(longest: Duration, retries: usize) -> Duration {
    let waits = (0..=retries.min(255)).scan(LEAST_RTO, |wait, _| {
        let now = (*wait).min(longest);
        *wait = wait.saturating_mul(2);
        Some(now)
    });
    waits.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_become_times() {
        let second = Duration::from_secs(1);
        assert_eq!(syn_patience(second, 5), 63 * second);
        assert_eq!(retries_of(63 * second, second), 5);
        let two_minutes = Duration::from_secs(120);
        assert_eq!(retransmission_patience(two_minutes, 3), Duration::from_secs(3));
        assert_eq!(retransmission_patience(two_minutes, 15), Duration::from_millis(924_600));
    }
}
