//! What the segments of a recording show of the ends and of the path.

use std::time::Duration;

use synfin_host::tcp::{Config, EcnConfig, EcnFeedback, Identity};
use synfin_wire::{Flags, Instant, Mss, SeqNumber};

use super::{Party, Recorded, Recording, ReplayError};

/// What a user asks of TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Open,
    /// So many octets.
    Send(usize),
    Close,
    Abort,
}

/// What an end is before the first segment.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) config: Config,
    pub(super) identity: Identity,
    pub(super) listens: bool,
}

/// How far each end is from the point of capture, one way: half of the shortest time in which anything was answered.
pub(super) fn distances(recording: &Recording) -> [Duration; 2] {
    Party::BOTH.map(|party| {
        let mut shortest: Option<Duration> = None;
        // What has gone to this end, and was not yet answered: the number behind it, and when.
        let mut open: Vec<(SeqNumber, Instant)> = Vec::new();
        for segment in &recording.segments {
            if segment.from != party {
                if segment.sequence_length() > 0
                    && open.last().is_none_or(|(end, _)| segment.end().after(*end))
                {
                    open.push((segment.end(), segment.at));
                }
                continue;
            }
            let ack = segment.header.ack;
            let answered =
                open.iter().rposition(|(end, _)| segment.header.flags.ack() && end.at_or_before(ack));
            if let Some(last) = answered {
                let took = segment.at - open[last].1;
                shortest = Some(shortest.map_or(took, |known| known.min(took)));
                open.drain(..=last);
            }
        }
        shortest.unwrap_or_default() / 2
    })
}

/// What an end is before the first segment. `shift` leads from times of the recording to those of the replay.
pub(super) fn setting(recording: &Recording, party: Party, departs: impl Fn(Instant) -> Instant) -> Setting {
    let syn = recording.syn(party);
    let first = syn.or_else(|| recording.of(party).next());
    let timestamp_offset = recording.of(party).find_map(|segment| {
        let stamps = segment.header.options.timestamps?;
        let clock = departs(segment.at).as_millis() as u32;
        Some(stamps.value.wrapping_sub(clock))
    });
    let identity = Identity {
        local_port: recording.ends[party.index()].port(),
        remote_port: recording.ends[party.other().index()].port(),
        iss: first.map_or(SeqNumber::new(0), |segment| segment.header.seq),
        timestamp_offset: timestamp_offset.unwrap_or(0),
    };
    let v4 = recording.ends[0].is_ipv4();
    let config = syn.map_or_else(Config::default, |syn| config(syn, v4));
    Setting { config, identity, listens: party == Party::Right && syn.is_some() }
}

/// As the SYN announces it. The timing of small segments is already in the user's calls, so that nothing holds them back.
fn config(syn: &Recorded, v4: bool) -> Config {
    let options = &syn.header.options;
    let default_peer_mss = if v4 { Mss::DEFAULT_V4 } else { Mss::DEFAULT_V6 };
    let mut config = Config {
        mss: options.mss.map_or(default_peer_mss, Mss::new),
        default_peer_mss,
        window_scaling: options.window_scale.is_some(),
        timestamps: options.timestamps.is_some(),
        sack: options.sack_permitted,
        nagle: false,
        ecn: ecn(syn.header.flags),
        ..Config::default()
    };
    if let Some(shift) = options.window_scale {
        config.receive_buffer_max = usize::from(u16::MAX) << shift.min(14);
        config.receive_buffer = config.receive_buffer.min(config.receive_buffer_max);
    }
    config
}

/// What a SYN asks for, or a SYN-ACK grants.
fn ecn(flags: Flags) -> EcnConfig {
    let feedback = match (flags.contains(Flags::AE), flags.contains(Flags::CWR), flags.contains(Flags::ECE)) {
        (true, _, _) => EcnFeedback::Accurate,
        (false, false, false) => EcnFeedback::Off,
        (false, _, _) => EcnFeedback::Classic,
    };
    EcnConfig { accept: feedback, request: feedback, ..EcnConfig::passive() }
}

/// What a user has asked for at once.
#[derive(Debug)]
pub(super) struct Made {
    /// When the segment passed that shows it.
    pub(super) at: Instant,
    pub(super) calls: Vec<Call>,
    /// That segment acknowledges something that no segment had acknowledged before.
    pub(super) is_answer: bool,
    /// How many octets of the peer's it acknowledges, the FIN counted as one.
    pub(super) needs: u32,
}

/// What the user of an end has asked for: to send text and to close when the text and the FIN go for the first time, an
/// abort with the RST.
pub(super) fn calls(recording: &Recording, party: Party) -> Result<Vec<Made>, ReplayError> {
    let mut calls = Vec::new();
    let mut acknowledged: Option<SeqNumber> = None;
    let mut next: Option<SeqNumber> = None;
    let (mut closed, mut reset) = (false, false);
    for segment in recording.of(party) {
        let flags = segment.header.flags;
        let mut here = Vec::new();
        if flags.syn() {
            if segment.len > 0 {
                return Err(ReplayError::FastOpen(segment.frame));
            }
            if next.is_none() && party == Party::Left {
                here.push(Call::Open);
            }
            next.get_or_insert(segment.header.seq + 1);
        } else if let Some(expected) = next {
            let end = segment.header.seq + segment.len;
            if segment.len > 0 && end.after(expected) && !closed {
                here.push(Call::Send(end.octets_since(expected) as usize));
                next = Some(end);
            }
            if flags.fin() && !closed {
                closed = true;
                here.push(Call::Close);
            }
            if flags.rst() && segment.is_abort && !reset {
                reset = true;
                here.push(Call::Abort);
            }
        }
        let ack = segment.header.ack;
        let is_answer = flags.ack() && acknowledged.is_none_or(|known| ack.after(known));
        if is_answer {
            acknowledged = Some(ack);
        }
        if !here.is_empty() {
            let first = recording.syn(party.other()).map_or(ack, |syn| syn.header.seq + 1);
            let needs = if flags.ack() && !flags.rst() { ack.distance(first).max(0) as u32 } else { 0 };
            calls.push(Made { at: segment.at, calls: here, is_answer, needs });
        }
    }
    Ok(calls)
}
