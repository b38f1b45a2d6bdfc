//! The error queue: what MSG_ZEROCOPY and SO_TIMESTAMPING report when octets are sent and acknowledged.

use std::collections::VecDeque;

use synfin_host::tcp::State;
use synfin_wire::Instant;

use super::path_errors::IcmpReport;
use super::{Errno, Kernel, Object, Outcome, TcpFile};
use crate::symbols::{MSG_ZEROCOPY, SOL_SOCKET};

const SO_TIMESTAMPING: i64 = 37;
const TX_SOFTWARE: i64 = 2;
const RX_SOFTWARE: i64 = 8;
const SOFTWARE: i64 = 16;
const OPT_ID: i64 = 128;
const TX_SCHED: i64 = 256;
const TX_ACK: i64 = 512;
const OPT_TSONLY: i64 = 2048;
const OPT_STATS: i64 = 4096;
const BIND_PHC: i64 = 32_768;
const OPT_ID_TCP: i64 = 65_536;
const ALL_FLAGS: i64 = (1 << 19) - 1;
/// Octets of the TCP header, and of the timestamps in it.
const TCP_HEADER: u64 = 20;
const TIMESTAMPS: u64 = 12;
/// The times of a write.
const TX_STAMPS: i64 = TX_SOFTWARE | TX_SCHED | TX_ACK;
const SCM_TSTAMP_SND: i64 = 0;
const SCM_TSTAMP_SCHED: i64 = 1;
const SCM_TSTAMP_ACK: i64 = 2;
const SO_ZEROCOPY: i64 = 60;

/// What the error queue tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// Sends without copying are over.
    Over { first: u32, last: u32 },
    /// The last octet of a write was queued, sent or acknowledged.
    /// Without SOF_TIMESTAMPING_SOFTWARE the time itself is not told. The segment comes with it, as long as that is, unless
    /// SOF_TIMESTAMPING_OPT_TSONLY says otherwise.
    Stamp { kind: i64, key: u32, at: Option<Instant>, segment: usize, has_stats: bool },
    /// An ICMP message has ended an open.
    Icmp(IcmpReport),
}

/// The end of a write whose times are wanted.
#[derive(Clone, Copy, Debug)]
struct Stamping {
    end: u64,
    /// How many octets of it there are.
    octets: u64,
    /// What the reports call it.
    key: u32,
    /// Which times are wanted.
    wanted: i64,
    sent: bool,
}

/// What is not yet reported.
#[derive(Debug, Default)]
pub(super) struct ErrorQueue {
    /// Octets written so far.
    written: u64,
    /// The number of the next send.
    next: u32,
    /// The number of each send, and how many octets must be acknowledged for it to be over.
    under_way: VecDeque<(u32, u64)>,
    /// The ends of writes whose times are wanted, oldest first.
    stamping: VecDeque<Stamping>,
    /// Where the octets begin that timestamps count.
    stamps_from: u64,
    /// What there is to report.
    reports: VecDeque<Report>,
    /// Segments that were sent again so far.
    resent: u64,
    /// The times that are wanted of the next write alone.
    wanted_once: Option<i64>,
    /// How many have become over: what wakes a waiter.
    pub(super) reported: u64,
}

impl ErrorQueue {
    /// Something is under way that will be reported.
    fn waits(&self) -> bool {
        !self.under_way.is_empty() || !self.stamping.is_empty()
    }

    /// There is something to report.
    pub(super) fn is_ready(&self) -> bool {
        !self.reports.is_empty()
    }

    /// An ICMP message has ended an open.
    pub(super) fn refused(&mut self, told: IcmpReport) {
        self.reported += 1;
        self.reports.push_back(Report::Icmp(told));
    }

    /// So many octets are acknowledged in all.
    fn acknowledged(&mut self, octets: u64) {
        while let Some((number, end)) = self.under_way.front().copied()
            && end <= octets
        {
            self.under_way.pop_front();
            self.reported += 1;
            match self.reports.back_mut() {
                Some(Report::Over { last, .. }) if last.wrapping_add(1) == number => *last = number,
                _ => self.reports.push_back(Report::Over { first: number, last: number }),
            }
        }
    }

    /// So many octets were sent, up to `again` once more, and so many are acknowledged. `headers` is what segments have in
    /// front of their text.
    fn stamp(
        &mut self,
        (sent, again, acknowledged): (u64, u64, u64),
        headers: u64,
        flags: i64,
        now: Instant,
    ) {
        let mut reports = Vec::new();
        for stamping in &mut self.stamping {
            let mut report = |kind, segment: u64| {
                let segment = if flags & OPT_TSONLY != 0 { 0 } else { segment as usize };
                let at = (flags & SOFTWARE != 0).then_some(now);
                let has_stats = flags & OPT_STATS != 0;
                reports.push(Report::Stamp { kind, key: stamping.key, at, segment, has_stats });
            };
            if stamping.end <= sent && !stamping.sent || stamping.end <= again {
                stamping.sent = true;
                for (kind, flag) in [(SCM_TSTAMP_SCHED, TX_SCHED), (SCM_TSTAMP_SND, TX_SOFTWARE)] {
                    if stamping.wanted & flag != 0 {
                        report(kind, headers + stamping.octets);
                    }
                }
            }
            if stamping.end <= acknowledged && stamping.wanted & TX_ACK != 0 {
                report(SCM_TSTAMP_ACK, stamping.octets);
            }
        }
        self.stamping.retain(|stamping| stamping.end > acknowledged);
        self.reported += reports.len() as u64;
        self.reports.extend(reports);
    }
}

impl TcpFile {
    /// Octets were written by a call that has returned; MSG_ZEROCOPY in its flags asks for a report. They have `joined` what
    /// was written before where both leave together, and then only the later time is told.
    pub(super) fn wrote(&mut self, octets: u64, flags: i64, joined: bool) {
        let wanted = self.is_set(SOL_SOCKET, SO_ZEROCOPY);
        let queue = &mut self.errors;
        queue.written += octets;
        if flags & MSG_ZEROCOPY != 0 && wanted && octets > 0 {
            queue.under_way.push_back((queue.next, queue.written));
            queue.next = queue.next.wrapping_add(1);
        }
        let flags = self.kept.get(&(SOL_SOCKET, SO_TIMESTAMPING)).copied().unwrap_or(0);
        let wanted = queue.wanted_once.take().unwrap_or(flags) & TX_STAMPS;
        if wanted != 0 && octets > 0 {
            let (end, mut octets) = (queue.written, octets);
            if joined && queue.stamping.back().is_some_and(|last| !last.sent) {
                octets += queue.stamping.pop_back().map_or(0, |last| last.octets);
            }
            let key = if flags & OPT_ID != 0 { (end - 1 - queue.stamps_from) as u32 } else { 0 };
            queue.stamping.push_back(Stamping { end, octets, key, wanted, sent: false });
        }
    }
}

impl Kernel {
    /// A control message of the next write says of which of its times there are to be reports.
    pub(crate) fn want_stamps_once(&mut self, fd: i32, flags: i64) -> Outcome<()> {
        if flags & !TX_STAMPS != 0 {
            return Err(Errno::EINVAL.into());
        }
        self.tcp(fd)?.errors.wanted_once = Some(flags);
        Ok(())
    }

    /// SO_TIMESTAMPING was set: octets are counted from here, unless they are counted already.
    pub(super) fn begin_stamps(&mut self, fd: i32, flags: i64) -> Outcome<()> {
        let has = |flag| flags & flag != 0;
        let counts_nothing = has(OPT_ID) && self.connection(fd).is_none();
        if !(0..=ALL_FLAGS).contains(&flags) || counts_nothing || has(OPT_ID_TCP) && !has(OPT_ID) {
            return Err(Errno::EINVAL.into());
        }
        if has(OPT_STATS) && !has(OPT_TSONLY) {
            return Err(Errno::EINVAL.into());
        }
        if has(BIND_PHC) {
            return Err(Errno::EOPNOTSUPP.into());
        }
        let status = self.connection(fd).and_then(|handle| self.host.tcp(handle)?.status());
        let acknowledged = status.map_or(0, |status| status.octets_acknowledged);
        let counted = self.tcp(fd)?.kept.get(&(SOL_SOCKET, SO_TIMESTAMPING)).copied().unwrap_or(0) & OPT_ID;
        let queue = &mut self.tcp(fd)?.errors;
        if has(OPT_ID) && counted == 0 {
            // What is on its way counts, unless SOF_TIMESTAMPING_OPT_ID_TCP says otherwise.
            queue.stamps_from = if has(OPT_ID_TCP) { queue.written } else { acknowledged };
        }
        Ok(())
    }

    /// Moves what was acknowledged to the error queues.
    pub(super) fn note_acknowledged(&mut self) {
        let (now, ip_header) = (self.now, if self.peer.is_ipv4() { 20 } else { 40 });
        let waiting: Vec<i32> = self
            .files
            .iter()
            .filter(|(_, file)| matches!(&file.object, Object::Tcp(file) if file.errors.waits()))
            .map(|(fd, _)| *fd)
            .collect();
        for fd in waiting {
            let status = self.connection(fd).and_then(|handle| self.host.tcp(handle)?.status());
            if let (Some(status), Ok(file)) = (status, self.tcp(fd)) {
                // Whatever a connection holds it lets go of at its end.
                let is_over = status.state == State::Closed;
                file.errors.acknowledged(if is_over { u64::MAX } else { status.octets_acknowledged });
                let resent = status.segments_retransmitted - file.errors.resent;
                file.errors.resent = status.segments_retransmitted;
                // The oldest come again.
                let again = status.octets_acknowledged + resent * u64::from(status.send_mss);
                let again = if resent > 0 { again } else { 0 };
                let flags = file.kept.get(&(SOL_SOCKET, SO_TIMESTAMPING)).copied().unwrap_or(0);
                let acknowledged = status.octets_acknowledged;
                let sent = acknowledged + u64::from(status.outstanding);
                let headers = ip_header + TCP_HEADER + if status.timestamps { TIMESTAMPS } else { 0 };
                file.errors.stamp((sent, again, acknowledged), headers, flags, now);
            }
        }
    }

    /// SCM_TIMESTAMPING of what was received last, where SO_TIMESTAMPING asks for it.
    pub(crate) fn received_at(&mut self, fd: i32) -> Option<Instant> {
        let flags = self.tcp(fd).ok()?.kept.get(&(SOL_SOCKET, SO_TIMESTAMPING)).copied()?;
        let socket = self.connection(fd).and_then(|handle| self.host.tcp(handle))?;
        let wanted = flags & RX_SOFTWARE != 0 && flags & SOFTWARE != 0;
        socket.receive_measures().and_then(|measures| measures.last_text).filter(|_| wanted)
    }

    /// MSG_ERRQUEUE: the next report. It never blocks.
    pub(crate) fn take_report(&mut self, fd: i32) -> Outcome<Report> {
        let report = match self.object(fd)? {
            Object::Datagram(socket) => socket.next_report().map(Report::Icmp),
            _ => self.tcp(fd)?.errors.reports.pop_front(),
        };
        report.ok_or_else(|| Errno::EAGAIN.into())
    }
}
