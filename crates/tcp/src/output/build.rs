//! From a decision to a segment. Whatever leaves carries the newest acknowledgment and window.

use synfin_wire::tcp::{MAX_OPTIONS_LEN, sack_len};
use synfin_wire::{Ecn, Flags, Instant, SeqNumber, TcpHeader, TcpOptions, Timestamps, UserTimeout};

use super::{NewText, segments_in};
use crate::config::EcnFeedback;
use crate::congestion::RestartEvent;
use crate::connection::Common;
use crate::connection::half_open::{self, SynAck};
use crate::connection::tcb::Tcb;
use crate::connection::timeout::{start_retransmission, watch_new_data};
use crate::connection::user_timeout;
use crate::outgoing::{Payload, SegmentOut};
use crate::receive::ecn::{OptionPlan, OptionPlanInput};
use crate::receive::window::{self, Room};
use crate::send::retransmission_queue::{Again, NewRange};
use crate::span::Span;
use crate::timer::Timer;
use synfin_wire::reason::SendReason;

/// What the user timeout option takes, octets.
const USER_TIMEOUT_LEN: usize = 4;

/// The most SACK ranges that fit beside `fixed` octets of other options: the option's own head takes 4 octets of the 40
/// (RFC 2018 section 3).
fn max_sack_ranges(fixed: usize) -> usize {
    MAX_OPTIONS_LEN.saturating_sub(fixed + 4) / 8
}

/// Works out what the next header has room for beside timestamps and signature: SACK ranges and the AccECN option.
pub(super) fn plan(common: &Common, tcb: &mut Tcb, now: Instant) {
    if tcb.sack_report.len() == 0 && !tcb.ecn.has_option() {
        tcb.plan = OptionPlan::default();
        return;
    }
    let fixed = fixed_len(tcb);
    let input = OptionPlanInput {
        fixed,
        ranges: reported_ranges(tcb, fixed),
        smoothed_rtt: tcb.recovery.rtt.smoothed(),
        now,
    };
    tcb.plan = tcb.ecn.plan(&common.config.ecn, &input);
}

/// Timestamps, a signature, and the user timeout when it is due: that is worth more than the last SACK range, for once.
fn fixed_len(tcb: &Tcb) -> usize {
    usize::from(tcb.negotiated.fixed_len()) + if tcb.intents.user_timeout { USER_TIMEOUT_LEN } else { 0 }
}

/// Octets that the planned options will take in the next header, beside those that all have.
pub(super) fn planned_len(tcb: &Tcb) -> u32 {
    let user_timeout = if tcb.intents.user_timeout { USER_TIMEOUT_LEN as u32 } else { 0 };
    sack_len(tcb.plan.ranges) as u32 + tcb.plan.octets as u32 + user_timeout
}

fn reported_ranges(tcb: &Tcb, fixed: usize) -> usize {
    if !tcb.negotiated.sack {
        return 0;
    }
    tcb.sack_report.len().min(max_sack_ranges(fixed))
}

/// `<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>`, for a connection that has a TCB: a simultaneous open, or a passive Fast
/// Open.
#[cold]
pub(super) fn syn_ack(common: &Common, tcb: &mut Tcb, reason: SendReason, now: Instant) -> SegmentOut {
    let config = &common.config;
    let stamps = Timestamps { value: common.identity.timestamp(now), echo: tcb.stamps.recent };
    // However often the peer's SYN comes, R2 ends it (MUST-23).
    let over = (tcb.began + tcb.handshake_patience(config)).max(now);
    tcb.timers.watch(Timer::Retransmission, (now + tcb.recovery.rto.current()).min(over));
    tcb.last_text = now;
    tcb.ack.sent(common.config.delayed_ack.into(), &mut tcb.timers);
    let first = matches!(reason, SendReason::SynAck | SendReason::SynAckText);
    tcb.syn_ack_at = first.then_some(now);
    let again = matches!(reason, SendReason::SynAckRetransmit | SendReason::SynAckRepeat);
    let sends = tcb.retransmissions.max(again.into());
    let fast_open = tcb.intents.fast_open.take().map(|option| *option);
    let this = SynAck { sends, stamps, fast_open, reason };
    tcb.negotiated.ecn.syn_ack_sent(sends);
    let mut segment = half_open::syn_ack(config, common.identity, tcb.receive.nxt, &tcb.negotiated, &this);
    // Text of the SYN that waits to be read takes its part of the buffer.
    let free = config.receive_buffer.saturating_sub(tcb.inbox.len());
    segment.header.window = segment.header.window.min(u16::try_from(free).unwrap_or(u16::MAX));
    tcb.receive.edge = tcb.receive.edge.later(tcb.receive.nxt + u32::from(segment.header.window));
    segment
}

/// The number of a segment without text: SND.NXT, unless the peer has taken so much of its window back that
/// it would find it outside and not look at the acknowledgment (MUST-34). Two ends that are in this together
/// would never hear each other again. What the scale rounds off is not taken back. Nor would they where the peer has taken
/// text beyond that edge: what it says of that is to be believed this far, though its segment was not taken.
fn acceptable_seq(tcb: &Tcb) -> SeqNumber {
    let edge = tcb.send.window_end();
    let rounding = 1 << tcb.negotiated.send_scale.shift();
    if tcb.send.nxt.octets_since(edge) < rounding {
        return tcb.send.nxt;
    }
    tcb.send
        .claimed
        .filter(|claimed| claimed.after(edge))
        .map_or(edge, |claimed| claimed.earlier(tcb.send.nxt))
}

/// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`.
pub(super) fn acknowledgment(common: &Common, tcb: &mut Tcb, reason: SendReason, now: Instant) -> SegmentOut {
    let draft = Draft::without_text(tcb, acceptable_seq(tcb), Flags::ACK, reason);
    finish(common, tcb, draft, now)
}

/// A segment that lies before the peer's window, so that it must answer with where it is: a keep-alive
/// (SHLD-12), or a probe of a closed window. The peer looks at nothing else in it, so that what is still to
/// be acknowledged stays so.
#[cold]
pub(super) fn probe(common: &Common, tcb: &mut Tcb, reason: SendReason, now: Instant) -> SegmentOut {
    let draft = Draft::without_text(tcb, tcb.send.una - 1, Flags::ACK, reason);
    let room = tcb.room();
    unacknowledging(common, tcb, draft, &room, None, now)
}

/// Text that was never sent, with the FIN behind it.
pub(super) fn new_text(common: &Common, tcb: &mut Tcb, new: NewText, now: Instant) -> SegmentOut {
    let NewText { octets, size, fin, reason } = new;
    let start = tcb.send.nxt;
    let end = start + octets + u32::from(fin);
    let segments = segments_in(octets, size).max(1);
    if octets > 0 && octets < segments * size {
        tcb.small_until = end;
    }
    let was_empty = tcb.queue.is_empty();
    if was_empty {
        tcb.congestion.on_restart(&RestartEvent { idle: Span::between(tcb.last_text, now), now });
    }
    let in_flight = tcb.in_flight() + segments;
    let stamp = tcb.recovery.rate.stamp(was_empty, in_flight, now);
    tcb.send.nxt = end;
    if reason == SendReason::MtuProbe {
        super::mtu_probe::sent(tcb, start, octets);
    }
    let burst = if octets > 0 { tcb.write_queue.sent(octets) } else { None };
    let push = burst.is_some_and(|burst| burst.push);
    let ends_record = burst.is_some_and(|burst| burst.ends_record);
    tcb.queue.sent(NewRange { start, end, segments, mss: size, push, ends_record, now, stamp });
    tcb.recovery.sent(segments);
    super::paced(common, tcb, segments, octets, now);
    super::used(common, tcb, false, now);
    if reason == SendReason::TailLossProbe {
        tcb.recovery.probed(end, false);
        start_retransmission(common, tcb, now);
    } else if reason == SendReason::OverrideData {
        // As in Linux, what waited this long gets no probe before the timeout.
        start_retransmission(common, tcb, now);
    } else {
        watch_new_data(common, tcb, was_empty, now);
    }
    // What is urgent leaves as single segments.
    let train = common.config.push_bursts && burst.is_some_and(|burst| burst.train) && !tcb.send.is_urgent();
    let mut flags = text_flags(push || train, fin);
    // Classic ECN: text that was never sent is ECN-capable, and the first after a reduction says that there was one
    // (RFC 3168 section 6.1.2).
    let ecn = tcb.congestion.ecn.codepoint(octets > 0);
    let is_classic = tcb.negotiated.ecn.feedback == EcnFeedback::Classic;
    if octets > 0 && is_classic && tcb.recovery.take_cwr() {
        flags = flags | Flags::CWR;
    }
    let range = TextRange { start, octets, size };
    text(common, tcb, range, Marks { flags, ecn, reason }, now)
}

/// ACK, with PSH where the user has written to the end (MUST-61), and FIN where that is the last of it.
fn text_flags(push: bool, fin: bool) -> Flags {
    let flags = if push { Flags::ACK | Flags::PSH } else { Flags::ACK };
    if fin { flags | Flags::FIN } else { flags }
}

/// `start..end` again; a FIN at its end included.
#[cold]
pub(super) fn retransmission(
    common: &Common,
    tcb: &mut Tcb,
    start: SeqNumber,
    end: SeqNumber,
    reason: SendReason,
    now: Instant,
) -> SegmentOut {
    let fin = end.after(tcb.outbox.end_seq());
    let octets = end.octets_since(start) - u32::from(fin);
    let in_flight = tcb.in_flight() + segments_in(octets, super::segment_size(tcb)).max(1);
    let stamp = tcb.recovery.rate.stamp(false, in_flight, now);
    let probe = reason == SendReason::TailLossProbe;
    let sent = tcb.queue.retransmitted(&Again { start, end, stamp, now, probe });
    super::paced(common, tcb, sent.segments, octets, now);
    tcb.tally.octets_retransmitted += u64::from(octets);
    tcb.recovery.sent_again(sent.segments);
    if probe {
        tcb.recovery.probed(tcb.send.nxt, true);
        start_retransmission(common, tcb, now);
    } else {
        tcb.recovery.retransmitted(sent.segments, common.identity.timestamp(now), now);
        // RFC 6298 section 5.1; the reordering timer comes first, and restarts this one.
        if start == tcb.send.una && !tcb.timers.is_running(Timer::Reordering) {
            start_retransmission(common, tcb, now);
        }
    }
    let flags = text_flags(sent.push || (sent.segments > 1 && common.config.push_bursts), fin);
    let range = TextRange { start, octets, size: sent.mss };
    let ecn = tcb.congestion.ecn.codepoint(false);
    text(common, tcb, range, Marks { flags, ecn, reason }, now)
}

/// `octets` from `start` on, in segments of `size`.
struct TextRange {
    start: SeqNumber,
    octets: u32,
    size: u32,
}

/// What a segment says beside its text, and why it is sent.
struct Marks {
    flags: Flags,
    ecn: Ecn,
    reason: SendReason,
}

fn text(common: &Common, tcb: &mut Tcb, range: TextRange, marks: Marks, now: Instant) -> SegmentOut {
    let TextRange { start, octets, size } = range;
    if octets > 0 {
        tcb.ack.answered(now);
    }
    let payload = tcb.outbox.slice(start, octets as usize);
    tcb.last_text = now;
    tcb.tally.octets_sent += u64::from(octets);
    let segment_size = (octets > size).then_some(size as u16);
    finish(common, tcb, Draft { seq: start, payload, octets, segment_size, marks }, now)
}

/// An RST that ends the connection: `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=RST,ACK>`; or, as an answer to text that nobody
/// will read, `<SEQ=SEG.ACK><CTL=RST>`: where the peer is, since our FIN may be lost.
#[cold]
pub(crate) fn reset(common: &Common, tcb: &mut Tcb, reason: SendReason, now: Instant) -> SegmentOut {
    if matches!(reason, SendReason::ResetAfterClose | SendReason::ResetContradicted) {
        return bare_reset(common, tcb.send.una, reason);
    }
    plan(common, tcb, now);
    let draft = Draft::without_text(tcb, acceptable_seq(tcb), Flags::RST | Flags::ACK, reason);
    let mut segment = finish(common, tcb, draft, now);
    segment.header.options.sack.clear();
    segment.header.options.user_timeout = None;
    segment
}

/// `<SEQ=SEG.ACK><CTL=RST>`: the acknowledgment was of something never sent.
#[cold]
pub(crate) fn stray_reset(common: &Common, ack: SeqNumber) -> SegmentOut {
    bare_reset(common, ack, SendReason::ResetBadAck)
}

fn bare_reset(common: &Common, seq: SeqNumber, reason: SendReason) -> SegmentOut {
    SegmentOut::without_text(
        TcpHeader {
            source_port: common.identity.local_port,
            destination_port: common.identity.remote_port,
            seq,
            ack: SeqNumber::default(),
            flags: Flags::RST,
            reserved: 0,
            window: 0,
            urgent_pointer: 0,
            options: TcpOptions::default(),
        },
        reason,
    )
}

/// A segment but for what all of them say.
struct Draft {
    seq: SeqNumber,
    payload: Payload,
    octets: u32,
    segment_size: Option<u16>,
    marks: Marks,
}

impl Draft {
    fn without_text(tcb: &Tcb, seq: SeqNumber, flags: Flags, reason: SendReason) -> Self {
        let marks = Marks { flags, ecn: tcb.congestion.ecn.codepoint(false), reason };
        Self { seq, payload: Payload::new(), octets: 0, segment_size: None, marks }
    }
}

/// A segment that the peer takes, acknowledgment included.
fn finish(common: &Common, tcb: &mut Tcb, draft: Draft, now: Instant) -> SegmentOut {
    tcb.stamps.last_ack_sent = tcb.receive.nxt;
    let room = tcb.room();
    if room.is_short() {
        tcb.ack.no_hurry();
    }
    tcb.ack.sent(common.config.delayed_ack.into(), &mut tcb.timers);
    let is_told = core::mem::take(&mut tcb.intents.user_timeout);
    let user_timeout = if is_told { user_timeout::advertised(&common.config) } else { None };
    unacknowledging(common, tcb, draft, &room, user_timeout, now)
}

/// The acknowledgment, the window and the options that every segment carries.
fn unacknowledging(
    common: &Common,
    tcb: &mut Tcb,
    draft: Draft,
    room: &Room,
    user_timeout: Option<UserTimeout>,
    now: Instant,
) -> SegmentOut {
    let Draft { seq, payload, octets, segment_size, marks: Marks { flags, ecn, reason } } = draft;
    let window = window::announce(&mut tcb.receive, room).to_field(tcb.negotiated.receive_scale);
    let timestamps = tcb
        .negotiated
        .timestamps
        .then(|| Timestamps { value: common.identity.timestamp(now), echo: tcb.stamps.recent });
    let sack = tcb.sack_report.tell(tcb.plan.ranges);
    let option_plan = tcb.plan;
    let acc_ecn = tcb.ecn.option(&option_plan, now);
    let is_pure = octets == 0 && flags == Flags::ACK && option_plan.ranges == 0;
    let ecn_flags = tcb.ecn.flags(is_pure);
    let pieces = u64::from(segment_size.map_or(1, |size| segments_in(octets, size.into()).max(1)));
    tcb.tally.segments_sent += pieces;
    tcb.tally.text_segments_sent += if octets > 0 { pieces } else { 0 };
    let urgent_pointer = tcb.send.urgent_pointer(seq);
    let flags = if urgent_pointer.is_some() { flags | Flags::URG } else { flags };
    SegmentOut {
        header: TcpHeader {
            source_port: common.identity.local_port,
            destination_port: common.identity.remote_port,
            seq,
            ack: tcb.receive.nxt,
            flags: flags | ecn_flags,
            reserved: 0,
            window,
            urgent_pointer: urgent_pointer.unwrap_or(0),
            options: TcpOptions { timestamps, acc_ecn, sack, user_timeout, ..TcpOptions::default() },
        },
        payload,
        payload_len: octets as usize,
        segment_size,
        ecn,
        reason,
    }
}
