//! Which choice of a prediction is right: asked of the traces, one function a scenario.

use std::time::Duration;

use synfin_wire::{Instant, SendReason, State};

use crate::run::Run;
use crate::trace::{Sent, Trace, What};

/// The traces of a scenario, by their worlds.
pub(super) struct Worlds<'a>(Vec<&'a Trace>);

impl<'a> Worlds<'a> {
    pub(super) fn new(runs: &'a [Run]) -> Self {
        Self(runs.iter().map(|run| &run.trace).collect())
    }

    fn first(&self) -> Option<&'a Trace> {
        self.0.first().copied()
    }

    fn of(&self, world: &str) -> Option<&'a Trace> {
        self.0.iter().copied().find(|trace| trace.world == world)
    }
}

/// The first host opens in most scenarios, the second waits.
const A: usize = 0;
const B: usize = 1;

const FIRST: usize = 0;
const SECOND: usize = 1;
const THIRD: usize = 2;

pub(super) fn right(number: &str, worlds: &Worlds<'_>) -> Option<usize> {
    match number {
        "01" => handshake(worlds.first()?),
        "02" => syn_lost(worlds.first()?),
        "03" => syn_ack_lost(worlds.of("once")?),
        "04" => third_ack_lost(worlds.of("silent")?),
        "05" => delayed_duplicate(worlds.of("two-way")?),
        "05b" => server_isn_lost(worlds.of("two-way")?),
        "06" => old_duplicate_syn(worlds.first()?),
        "07" => simultaneous_open(worlds.first()?),
        "08" => half_open(worlds.of("reconnects")?),
        "09" => state_choice(last(worlds.first()?, B)?, [State::SynReceived, State::Listen, State::Closed]),
        "10" => close(&worlds.0),
        "11" => merged_fin(worlds.first()?),
        "12" => simultaneous_close(worlds.first()?),
        "13" => half_close(worlds.first()?),
        "14" => last_ack_lost(worlds.of("time-wait")?),
        "15" => old_duplicate_data(worlds.of("no-time-wait")?),
        "16" => abort_unread(worlds.of("unread")?),
        "17" => refused(worlds.of("refused")?),
        "18" => syn_flood(worlds.of("no-cookies")?),
        "19" => keep_alive(worlds.of("linux")?),
        "20" => rebooted(worlds.of("rebooted")?),
        "21" => backoff(worlds.first()?),
        "21b" => lost_ack(worlds.first()?),
        "22" => rto_estimator(worlds.first()?),
        "23" => fast_retransmit(worlds.of("newreno")?),
        "24" => reordering(worlds.of("newreno")?),
        "25" => slow_start(worlds.of("newreno")?),
        "26" => zero_window(worlds.of("update-lost")?),
        "27" => window(worlds.of("stop-and-wait")?, worlds.of("window")?),
        "28" => mss(worlds.of("narrow-path")?),
        "29" => corruption(worlds.first()?),
        "30" => nagle(worlds.of("nagle")?),
        "31" => two_three_four(worlds.of("four")?),
        "32" => two_generals(worlds.first()?),
        "33" => urgent(worlds.first()?),
        "34" => data_on_syn(worlds.of("fast-open")?),
        "35" => wrap(worlds.first()?),
        "36" => state_choice(
            last(worlds.of("close-wait")?, B)?,
            [State::Closed, State::CloseWait, State::TimeWait],
        ),
        "37" => isn_guess(worlds.of("guessable")?),
        _ => None,
    }
}

fn last(trace: &Trace, host: usize) -> Option<State> {
    trace.last(0).map(|ends| ends[host].state)
}

fn state_choice(state: State, choices: [State; 3]) -> Option<usize> {
    choices.iter().position(|choice| *choice == state)
}

/// When an end first came to a state.
fn reached(trace: &Trace, host: usize, state: State) -> Option<Instant> {
    trace.states(0, host).into_iter().skip(1).find(|(_, was)| *was == state).map(|(at, _)| at)
}

fn state_at(trace: &Trace, host: usize, at: Instant) -> Option<State> {
    trace.states(0, host).into_iter().take_while(|(since, _)| *since <= at).last().map(|(_, state)| state)
}

fn from(trace: &Trace, host: usize) -> impl Iterator<Item = &Sent> {
    trace.of(0).map(|(_, sent)| sent).filter(move |sent| sent.host() == host)
}

fn is_resent(sent: &Sent) -> bool {
    matches!(
        sent.reason,
        Some(
            SendReason::RtoRetransmit
                | SendReason::FastRetransmit
                | SendReason::RackRetransmit
                | SendReason::PartialAckRetransmit
                | SendReason::TailLossProbe
                | SendReason::SynRetransmit
                | SendReason::SynAckRetransmit
        )
    )
}

fn handshake(trace: &Trace) -> Option<usize> {
    let state = state_at(trace, B, reached(trace, A, State::Established)?)?;
    state_choice(state, [State::Established, State::SynReceived, State::Listen])
}

fn syn_lost(trace: &Trace) -> Option<usize> {
    let mut syns = from(trace, A).filter(|sent| sent.header.flags.syn());
    let (first, again) = (syns.next()?, syns.next()?);
    Some(match again.at - first.at {
        gap if gap < Duration::from_millis(500) => FIRST,
        gap if gap < Duration::from_secs(2) => SECOND,
        _ => THIRD,
    })
}

fn syn_ack_lost(trace: &Trace) -> Option<usize> {
    let again = |host: usize| {
        let of_host = from(trace, host).filter(|sent| sent.header.flags.syn());
        of_host.filter(|sent| is_resent(sent)).count()
    };
    match (again(A), again(B)) {
        (0, 0) => None,
        (_, 0) => Some(FIRST),
        (0, _) => Some(SECOND),
        _ => Some(THIRD),
    }
}

fn third_ack_lost(trace: &Trace) -> Option<usize> {
    let later = reached(trace, A, State::Established)? + Duration::from_millis(500);
    state_choice(state_at(trace, B, later)?, [State::Established, State::SynReceived, State::Closed])
}

fn delayed_duplicate(two_way: &Trace) -> Option<usize> {
    // The old SYN was sent first, and came last of all that A sent.
    let late = from(two_way, A).next().filter(|sent| sent.header.flags.syn())?.arrivals.first()?.at;
    let answered = from(two_way, B).any(|sent| sent.at >= late && sent.header.flags.syn());
    match last(two_way, B)? {
        State::Established if answered => Some(SECOND),
        State::Closed | State::Listen if answered => Some(THIRD),
        State::Closed | State::Listen => Some(FIRST),
        _ => None,
    }
}

fn server_isn_lost(two_way: &Trace) -> Option<usize> {
    let text = from(two_way, B).find(|sent| sent.len > 0 && sent.has_arrived())?;
    let reset = from(two_way, A).any(|sent| sent.header.flags.rst());
    Some(match text.arrivals.first()?.dropped {
        None => FIRST,
        Some(_) if !reset => SECOND,
        Some(_) => THIRD,
    })
}

fn old_duplicate_syn(trace: &Trace) -> Option<usize> {
    let back = trace.events.iter().find(|event| {
        let was = |views: &Option<[crate::trace::EndView; 2]>| views.as_ref().map(|views| views[B].state);
        was(&event.before) == Some(State::SynReceived) && was(&event.after) == Some(State::Listen)
    })?;
    match back.what {
        What::Timer(..) => Some(FIRST),
        What::Arrived(number, _) if trace.segments[number].header.flags.rst() => Some(SECOND),
        What::Arrived(number, _) if trace.segments[number].header.flags.syn() => Some(THIRD),
        _ => None,
    }
}

fn simultaneous_open(trace: &Trace) -> Option<usize> {
    let open = (0..trace.connections.len())
        .filter(|connection| [A, B].iter().all(|host| trace.was(*connection, *host, State::Established)));
    [2, 1, 0].iter().position(|count| *count == open.clone().count())
}

fn half_open(trace: &Trace) -> Option<usize> {
    let mut syns = from(trace, A).filter(|sent| sent.header.flags.syn());
    let again = syns.nth(1)?.arrivals.first()?.at;
    let answer = from(trace, B).find(|sent| sent.at >= again)?.header.flags;
    match (answer.syn(), answer.rst(), answer.ack()) {
        (true, ..) => Some(FIRST),
        (_, true, _) => Some(SECOND),
        (_, _, true) => Some(THIRD),
        _ => None,
    }
}

/// Who waits: the client in both worlds, the server in both, or whoever closed first.
fn close(worlds: &[&Trace]) -> Option<usize> {
    let waits = |trace: &Trace| [A, B].into_iter().find(|host| trace.was(0, *host, State::TimeWait));
    let begins =
        |trace: &Trace| trace.of(0).find(|(_, sent)| sent.header.flags.fin()).map(|(_, sent)| sent.host());
    let all: Vec<_> = worlds.iter().map(|trace| waits(trace)).collect();
    if worlds.len() > 1 && all.iter().all(|host| *host == Some(A)) {
        return Some(FIRST);
    }
    if worlds.len() > 1 && all.iter().all(|host| *host == Some(B)) {
        return Some(SECOND);
    }
    worlds.iter().all(|trace| waits(trace).is_some() && waits(trace) == begins(trace)).then_some(THIRD)
}

fn merged_fin(trace: &Trace) -> Option<usize> {
    let from = trace.of(0).find(|(_, sent)| sent.header.flags.fin())?.1.at;
    let count = trace.of(0).filter(|(_, sent)| sent.at >= from).count();
    [2, 3, 4].iter().position(|choice| *choice == count)
}

fn simultaneous_close(trace: &Trace) -> Option<usize> {
    Some([A, B].into_iter().filter(|host| trace.was(0, *host, State::TimeWait)).count())
}

fn half_close(trace: &Trace) -> Option<usize> {
    let end = from(trace, A).find(|sent| sent.header.flags.fin())?.at;
    let later: Vec<&Sent> = from(trace, B).filter(|sent| sent.len > 0 && sent.at > end).collect();
    let taken = later.iter().filter(|sent| sent.arrivals.iter().any(|arrival| arrival.dropped.is_none()));
    match taken.count() {
        0 => Some(FIRST),
        count if count == later.len() => Some(SECOND),
        _ => Some(THIRD),
    }
}

fn last_ack_lost(trace: &Trace) -> Option<usize> {
    let lost = from(trace, A).filter(|sent| sent.lost.is_some() && sent.is_bare_ack()).last()?.at;
    match trace.of(0).map(|(_, sent)| sent).find(|sent| sent.at > lost) {
        Some(next) if next.host() == A => Some(FIRST),
        Some(next) if next.header.flags.fin() => Some(SECOND),
        _ => Some(THIRD),
    }
}

fn old_duplicate_data(trace: &Trace) -> Option<usize> {
    let text = from(trace, A).find(|sent| sent.len > 0)?;
    let came = text.arrivals.first()?;
    let event = trace.events.iter().find(|event| {
        event.at == came.at
            && matches!(event.what, What::Arrived(number, _) if trace.segments[number] == *text)
    })?;
    let number = |views: &Option<[crate::trace::EndView; 2]>, host: usize| {
        views.as_ref().and_then(|views| views[host].tcb.as_ref().map(|tcb| (tcb.snd_nxt, tcb.rcv_nxt)))
    };
    let moved = number(&event.after, B).map(|of| of.1) != number(&event.before, B).map(|of| of.1);
    if last(trace, B)? == State::Closed {
        Some(THIRD)
    } else if came.dropped.is_none() && moved {
        Some(SECOND)
    } else {
        Some(FIRST)
    }
}

fn abort_unread(trace: &Trace) -> Option<usize> {
    let bye = from(trace, B).find(|sent| sent.header.flags.fin() || sent.header.flags.rst());
    Some(match bye {
        Some(bye) if bye.header.flags.rst() => SECOND,
        Some(_) => FIRST,
        None => THIRD,
    })
}

fn refused(trace: &Trace) -> Option<usize> {
    let asked = from(trace, A).next()?.at;
    Some(match trace.connections.first()?.closed[A] {
        Some((at, _)) if at - asked < Duration::from_secs(3) => FIRST,
        Some(_) => SECOND,
        None => THIRD,
    })
}

fn syn_flood(trace: &Trace) -> Option<usize> {
    let again = from(trace, A).filter(|sent| sent.header.flags.syn()).count() > 1;
    Some(match trace.was(0, A, State::Established) {
        true if !again => FIRST,
        false => SECOND,
        true => THIRD,
    })
}

fn keep_alive(trace: &Trace) -> Option<usize> {
    Some(match trace.connections.first()?.closed[B] {
        Some((at, _)) if at < Instant::ZERO + Duration::from_secs(600) => FIRST,
        Some(_) => SECOND,
        None => THIRD,
    })
}

fn rebooted(trace: &Trace) -> Option<usize> {
    let probe = from(trace, B).find(|sent| sent.reason == Some(SendReason::KeepAliveProbe))?.at;
    Some(match from(trace, A).find(|sent| sent.at > probe) {
        None => FIRST,
        Some(answer) if answer.header.flags.rst() => THIRD,
        Some(_) => SECOND,
    })
}

fn backoff(trace: &Trace) -> Option<usize> {
    let moments: Vec<Instant> = from(trace, A)
        .filter(|sent| sent.reason == Some(SendReason::RtoRetransmit))
        .map(|sent| sent.at)
        .take(5)
        .collect();
    let gaps: Vec<Duration> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
    if gaps.len() < 3 {
        return None;
    }
    let all = |holds: fn(Duration, Duration) -> bool| gaps.windows(2).all(|pair| holds(pair[0], pair[1]));
    Some(match () {
        () if all(|before, after| before == after) => FIRST,
        () if all(|before, after| before * 2 == after) => SECOND,
        () => THIRD,
    })
}

fn lost_ack(trace: &Trace) -> Option<usize> {
    let lost = trace.of(0).any(|(_, sent)| sent.lost.is_some() && sent.is_bare_ack());
    let count = trace.of(0).filter(|(_, sent)| is_resent(sent)).count();
    lost.then_some(count).filter(|count| *count < 3)
}

fn rto_estimator(trace: &Trace) -> Option<usize> {
    let tcb = trace.last(0)?[A].tcb.as_ref()?;
    let (rto, srtt) = (tcb.rto?, tcb.srtt?);
    Some(match () {
        () if rto < srtt + srtt / 10 => FIRST,
        () if rto < 900_000_000 => SECOND,
        () => THIRD,
    })
}

fn fast_retransmit(trace: &Trace) -> Option<usize> {
    match from(trace, A).find(|sent| is_resent(sent))?.reason? {
        SendReason::RtoRetransmit | SendReason::TailLossProbe => Some(FIRST),
        SendReason::FastRetransmit | SendReason::RackRetransmit => Some(SECOND),
        _ => None,
    }
}

fn reordering(trace: &Trace) -> Option<usize> {
    Some(match from(trace, A).find(|sent| is_resent(sent)).map(|sent| sent.reason) {
        None => FIRST,
        Some(Some(SendReason::FastRetransmit)) => SECOND,
        Some(_) => THIRD,
    })
}

/// What is left of cwnd once the first loss is found: one segment, about a half, or all.
fn slow_start(trace: &Trace) -> Option<usize> {
    let views = trace.events.iter().filter_map(|event| event.after.as_ref());
    let mut most = 0;
    for tcb in views.filter_map(|ends| ends[A].tcb.as_ref()) {
        let (cwnd, mss) = (tcb.cwnd?, tcb.mss?);
        match tcb.ssthresh {
            None => most = most.max(cwnd),
            Some(_) if cwnd <= u32::from(mss) => return Some(FIRST),
            Some(threshold) => {
                let is_half = threshold >= most / 3 && threshold <= most * 2 / 3;
                return Some(if is_half { SECOND } else { THIRD });
            }
        }
    }
    None
}

fn zero_window(trace: &Trace) -> Option<usize> {
    let lost = from(trace, B).find(|sent| sent.lost.is_some() && sent.header.window > 0)?.at;
    let on = from(trace, A).find(|sent| sent.at > lost && sent.len > 0 && !is_resent(sent));
    let Some(on) = on else { return Some(FIRST) };
    let within = |host: usize| from(trace, host).filter(move |sent| sent.at > lost && sent.at < on.at);
    let asked = within(A).any(|sent| sent.reason == Some(SendReason::ZeroWindowProbe));
    Some(if asked { SECOND } else { THIRD })
}

fn window(slow: &Trace, fast: &Trace) -> Option<usize> {
    let took = |trace: &Trace| {
        let text: Vec<&Sent> = from(trace, A).filter(|sent| sent.len > 0).collect();
        Some(text.last()?.arrivals.first()?.at - text.first()?.at)
    };
    let (slow, fast) = (took(slow)?, took(fast)?);
    Some(match () {
        () if slow < fast * 3 / 2 => FIRST,
        () if slow < fast * 5 => SECOND,
        () => THIRD,
    })
}

fn mss(trace: &Trace) -> Option<usize> {
    let mtu =
        from(trace, A).filter(|sent| sent.has_arrived()).map(|sent| sent.bytes.len() + sent.len as usize);
    let most = mtu.max()?;
    Some(match () {
        () if most > 1000 => FIRST,
        () if most > 576 => SECOND,
        () => THIRD,
    })
}

fn corruption(trace: &Trace) -> Option<usize> {
    let bad = from(trace, A)
        .find(|sent| sent.arrivals.iter().any(|arrival| arrival.dropped == Some("checksum")))?;
    let came = bad.arrivals.first()?.at;
    let again = from(trace, A).find(|sent| sent.at > bad.at && sent.len > 0)?;
    let said = from(trace, B).find(|sent| sent.at >= came && sent.at < again.arrivals[0].at);
    Some(match said {
        Some(said) if said.header.flags.rst() => THIRD,
        Some(_) => FIRST,
        None => SECOND,
    })
}

/// The second of the two small writes, one millisecond after the first.
fn nagle(trace: &Trace) -> Option<usize> {
    let written = Instant::ZERO + Duration::from_millis(2001);
    let left = from(trace, A).find(|sent| sent.len > 0 && sent.at >= written)?.at;
    let acknowledged = from(trace, B).flat_map(|sent| sent.arrivals.iter()).any(|arrival| arrival.at == left);
    Some(match () {
        () if left == written => FIRST,
        () if acknowledged => SECOND,
        () => THIRD,
    })
}

fn two_three_four(trace: &Trace) -> Option<usize> {
    let count = trace.of(0).filter(|(_, sent)| sent.header.flags.syn()).count();
    [2, 3, 4].iter().position(|choice| *choice == count)
}

fn two_generals(trace: &Trace) -> Option<usize> {
    let (a, b) = (reached(trace, A, State::Established)?, reached(trace, B, State::Established));
    // A takes it for open, and for longer than a way takes B does not.
    let in_doubt = b.is_none_or(|b| b - a > Duration::from_millis(500));
    Some(if in_doubt { SECOND } else { FIRST })
}

fn urgent(trace: &Trace) -> Option<usize> {
    let urgent = from(trace, A).find(|sent| sent.header.flags.urg())?;
    let pointer = u32::from(urgent.header.urgent_pointer);
    let behind = urgent.header.seq.value().wrapping_add(urgent.len);
    [urgent.len - 1, urgent.len, behind].iter().position(|choice| *choice == pointer)
}

fn data_on_syn(trace: &Trace) -> Option<usize> {
    let of_second = || trace.of(1).map(|(_, sent)| sent);
    let syn = of_second().find(|sent| sent.header.flags.syn() && sent.len > 0)?;
    let answer = of_second().find(|sent| sent.host() == B && sent.header.flags.syn())?;
    let taken = answer.header.ack.octets_since(syn.header.seq) == syn.len + 1;
    Some(if taken { FIRST } else { SECOND })
}

fn wrap(trace: &Trace) -> Option<usize> {
    let old = trace
        .of(0)
        .map(|(_, sent)| sent)
        .find(|sent| matches!(sent.source, crate::trace::Source::Nobody(_)))?;
    match old.arrivals.first()?.dropped? {
        "outside-window" | "duplicate" => Some(FIRST),
        "paws" => Some(SECOND),
        "checksum" => Some(THIRD),
        _ => None,
    }
}

fn isn_guess(trace: &Trace) -> Option<usize> {
    Some(if trace.was(0, B, State::Established) { FIRST } else { SECOND })
}
