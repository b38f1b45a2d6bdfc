//! A test that runs: its streams, its clock, and what each interval has brought.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use synfin::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::flow::{Flow, Quota};
use super::protocol::{Plan, Results, StreamResults, TestEnd, name, stream_id};

/// How many intervals are kept for JSON, each stream's counted; those after are measured and not kept.
const MOST_KEPT: usize = 100_000;

/// A test that runs.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) plan: Plan,
    /// Whether this end sends.
    pub(super) sends: bool,
    pub(super) streams: Vec<Measured>,
    pub(super) intervals: Vec<Interval>,
    keeps: bool,
    movers: JoinSet<io::Result<()>>,
    quota: Arc<Quota>,
    omitting: bool,
    /// Since what counts began.
    began: Instant,
    usage: Usage,
    interval: Duration,
    interval_began: Instant,
    deadline: Option<Instant>,
}

/// A stream, and what was known of it at some moments.
#[derive(Debug)]
pub(super) struct Measured {
    flow: Flow,
    began: Moment,
    interval_began: Moment,
    pub(super) most_window: u32,
    rtts: Rtts,
}

#[derive(Clone, Copy, Debug, Default)]
struct Moment {
    octets: u64,
    retransmits: u64,
}

/// Of the samples at the ends of intervals, microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rtts {
    pub(super) least: u64,
    pub(super) most: u64,
    sum: u64,
    count: u64,
}

impl Rtts {
    fn add(&mut self, sample: u64) {
        self.least = if self.count == 0 { sample } else { self.least.min(sample) };
        self.most = self.most.max(sample);
        self.sum += sample;
        self.count += 1;
    }

    pub(super) fn mean(&self) -> u64 {
        self.sum.checked_div(self.count).unwrap_or(0)
    }
}

/// What has happened between two moments.
#[derive(Clone, Debug)]
pub(super) struct Interval {
    /// Seconds since what counts began.
    pub(super) start: f64,
    pub(super) end: f64,
    pub(super) omitted: bool,
    pub(super) streams: Vec<StreamInterval>,
}

/// On one stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamInterval {
    pub(super) octets: u64,
    pub(super) retransmits: u64,
    /// cwnd at the end, octets.
    pub(super) window: u32,
    /// Smoothed, microseconds, at the end.
    pub(super) rtt: u64,
    /// Its variation.
    pub(super) rtt_variation: u64,
}

/// Why [`Session::step`] has returned.
#[derive(Debug)]
pub(super) enum Step {
    /// An interval is over.
    Interval(Interval),
    /// The quota has been moved.
    Moved,
    /// The time is over.
    Late,
}

impl Session {
    /// Everything begins to move. `patience` is how long the test may take, from now on, what is left out included.
    pub(super) fn begin(
        plan: Plan,
        sends: bool,
        streams: Vec<TcpStream>,
        interval: Duration,
        keeps: bool,
        patience: Option<Duration>,
    ) -> Self {
        let now = Instant::now();
        let (quota, mut movers) = (Arc::new(Quota::unlimited()), JoinSet::new());
        let streams: Vec<_> = streams.into_iter().map(|stream| Measured::new(Flow::new(stream))).collect();
        let omitting = plan.omit > 0;
        if let TestEnd::Octets(octets) = plan.end
            && !omitting
        {
            quota.set(octets);
        }
        for measured in &streams {
            let (flow, quota) = (measured.flow.clone(), Arc::clone(&quota));
            match sends {
                true => movers.spawn(flow.send(plan.block, quota)),
                false => movers.spawn(flow.receive(plan.block, quota)),
            };
        }
        Self {
            plan,
            sends,
            streams,
            intervals: Vec::new(),
            keeps,
            movers,
            quota,
            omitting,
            began: now,
            usage: Usage::now(),
            interval,
            interval_began: now,
            deadline: patience.map(|patience| now + patience),
        }
    }

    /// Waits for the next thing to happen. May be given up while it waits.
    ///
    /// # Errors
    /// Why a stream is lost.
    pub(super) async fn step(&mut self) -> io::Result<Step> {
        loop {
            let interval_ends = (!self.interval.is_zero()).then(|| self.interval_began + self.interval);
            let counting = self.omitting.then(|| self.began + Duration::from_secs(self.plan.omit.into()));
            let next = [interval_ends, counting, self.deadline].into_iter().flatten().min();
            tokio::select! {
                biased;
                Some(ended) = self.movers.join_next() => if let Ok(Err(error)) = ended {
                    return Err(error);
                },
                () = self.quota.reached() => return Ok(Step::Moved),
                () = wait_until(next) => {
                    let now = Instant::now();
                    if counting.is_some_and(|counting| now >= counting) {
                        let omitted = self.end_interval(now);
                        self.count_from(now);
                        return Ok(Step::Interval(omitted));
                    }
                    if self.deadline.is_some_and(|deadline| now >= deadline) {
                        return Ok(Step::Late);
                    }
                    return Ok(Step::Interval(self.end_interval(now)));
                }
            }
        }
    }

    /// What all streams together have moved, what does not count included.
    pub(super) fn octets(&self) -> u64 {
        self.streams.iter().map(|measured| measured.flow.moved()).sum()
    }

    /// Waits until the peer has acknowledged all that was sent.
    ///
    /// # Errors
    /// Why a stream is lost.
    pub(super) async fn arrived(&self) -> io::Result<()> {
        for measured in &self.streams {
            measured.flow.stream.acknowledged().await?;
        }
        Ok(())
    }

    /// Waits until so many octets have been moved since what counts began, or nothing moves any more.
    pub(super) async fn moved(&mut self, octets: u64) {
        let so_far = |streams: &[Measured]| -> u64 {
            streams.iter().map(|measured| measured.flow.moved() - measured.began.octets).sum()
        };
        while so_far(&self.streams) < octets {
            tokio::select! {
                ended = self.movers.join_next() => if ended.is_none() { return },
                () = self.quota.reached() => {}
            }
        }
    }

    /// What was so far does not count.
    fn count_from(&mut self, now: Instant) {
        self.omitting = false;
        (self.began, self.interval_began, self.usage) = (now, now, Usage::now());
        for measured in &mut self.streams {
            measured.began = measured.moment();
            measured.interval_began = measured.began;
        }
        if let TestEnd::Octets(octets) = self.plan.end {
            self.quota.set(octets);
        }
    }

    fn end_interval(&mut self, now: Instant) -> Interval {
        let since = |moment: Instant| (moment - self.began).as_secs_f64();
        let (start, end) = (since(self.interval_began), since(now));
        let streams = self.streams.iter_mut().map(Measured::end_interval).collect();
        let interval = Interval { start, end, omitted: self.omitting, streams };
        self.interval_began = now;
        if self.keeps && (self.intervals.len() + 1) * self.streams.len() <= MOST_KEPT {
            self.intervals.push(interval.clone());
        }
        interval
    }

    /// The interval that has begun, if there is anything in it.
    pub(super) fn last_interval(&mut self) -> Option<Interval> {
        let now = Instant::now();
        let is_long = now - self.interval_began >= self.interval.min(Duration::from_secs(1)) / 10;
        (!self.interval.is_zero() && is_long).then(|| self.end_interval(now))
    }

    /// What this end has measured until now.
    pub(super) fn results(&mut self) -> Results {
        let elapsed = self.began.elapsed();
        let (user, system) = self.usage.until_now();
        let per_cent = |busy: Duration| 100.0 * busy.as_secs_f64() / elapsed.as_secs_f64().max(1e-9);
        let congestion = self.plan.congestion.unwrap_or_default();
        Results {
            cpu_util_total: per_cent(user + system),
            cpu_util_user: per_cent(user),
            cpu_util_system: per_cent(system),
            sender_has_retransmits: if self.sends { 1 } else { -1 },
            congestion_used: Some(name(congestion).to_owned()),
            streams: self
                .streams
                .iter()
                .enumerate()
                .map(|(index, measured)| measured.results(stream_id(index), self.sends, elapsed))
                .collect(),
        }
    }

    /// Nothing is sent any more. What arrives still is received, so that it holds nobody up.
    pub(super) fn enough(&mut self) {
        if self.sends {
            self.movers.abort_all();
        }
    }

    /// Nothing moves any more; the connections are closed in order.
    pub(super) fn stop(&mut self) -> Vec<Tally> {
        self.movers.abort_all();
        self.streams
            .drain(..)
            .map(|measured| Tally { most_window: measured.most_window, rtts: measured.rtts })
            .collect()
    }
}

/// What is left of a stream when it is closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    pub(super) most_window: u32,
    pub(super) rtts: Rtts,
}

async fn wait_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

impl Measured {
    fn new(flow: Flow) -> Self {
        let none = Moment::default();
        Self { flow, began: none, interval_began: none, most_window: 0, rtts: Rtts::default() }
    }

    fn moment(&self) -> Moment {
        let retransmits = self.flow.stream.status().map_or(0, |status| status.segments_retransmitted);
        Moment { octets: self.flow.moved(), retransmits }
    }

    fn end_interval(&mut self) -> StreamInterval {
        let (before, now) = (self.interval_began, self.moment());
        self.interval_began = now;
        let status = self.flow.stream.status();
        let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        let window = status.as_ref().map_or(0, |status| status.congestion_window);
        let rtt = status.as_ref().and_then(|status| status.smoothed_rtt).map(micros);
        self.most_window = self.most_window.max(window);
        if let Some(rtt) = rtt {
            self.rtts.add(rtt);
        }
        StreamInterval {
            octets: now.octets - before.octets,
            // A stack that has stopped counts nothing any more.
            retransmits: now.retransmits.saturating_sub(before.retransmits),
            window,
            rtt: rtt.unwrap_or(0),
            rtt_variation: status.map_or(0, |status| micros(status.rtt_variation)),
        }
    }

    fn results(&self, id: i64, sends: bool, elapsed: Duration) -> StreamResults {
        let now = self.moment();
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        StreamResults {
            id,
            bytes: whole(now.octets - self.began.octets),
            retransmits: if sends {
                whole(now.retransmits.saturating_sub(self.began.retransmits))
            } else {
                -1
            },
            end_time: elapsed.as_secs_f64(),
            ..StreamResults::default()
        }
    }
}

/// What the process has used of its processors.
#[derive(Clone, Copy, Debug)]
struct Usage {
    user: Duration,
    system: Duration,
}

impl Usage {
    fn now() -> Self {
        let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
            return Self { user: Duration::ZERO, system: Duration::ZERO };
        };
        let span = |micros: i64| Duration::from_micros(micros.unsigned_abs());
        Self {
            user: span(usage.user_time().num_microseconds()),
            system: span(usage.system_time().num_microseconds()),
        }
    }

    fn until_now(self) -> (Duration, Duration) {
        let now = Self::now();
        (now.user.saturating_sub(self.user), now.system.saturating_sub(self.system))
    }
}
