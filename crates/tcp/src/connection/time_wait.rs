//! TIME-WAIT: what is kept for 2 MSL so that old segments find somebody who knows them
//! (RFC 9293 sections 3.6.1 and 3.10.7.4, RFC 6191, RFC 1337).

use core::time::Duration;

use synfin_wire::{Flags, Instant, Segment, SeqNumber, TcpHeader, TcpOptions, Timestamps};

use super::tcb::Tcb;
use super::{Common, Identity};
use crate::config::Config;
use crate::incoming::{Incoming, Verdict};
use crate::outgoing::SegmentOut;
use crate::receive::window;
use synfin_wire::reason::{DropReason, SendReason};

/// The compact form of a connection in TIME-WAIT.
#[derive(Clone, Debug)]
pub struct TimeWait {
    identity: Identity,
    /// SND.NXT, our FIN behind it.
    send_next: SeqNumber,
    /// RCV.NXT, the peer's FIN behind it.
    receive_next: SeqNumber,
    window: u16,
    /// TS.Recent, when timestamps were agreed on.
    recent: Option<u32>,
    expires: Instant,
    due: Option<SendReason>,
    /// When a segment without text or FIN was last answered: milliseconds of the clock, as far as they fit.
    last_challenge: Option<u32>,
}

/// The same while nothing is due, in less room: there may be very many.
#[derive(Clone, Debug)]
pub struct RestingTimeWait {
    identity: Identity,
    send_next: SeqNumber,
    receive_next: SeqNumber,
    recent: u32,
    last_challenge: u32,
    expires: Instant,
    window: u16,
    /// Which of the two that there may be there are.
    known: u8,
    tag: u8,
}

const HAS_RECENT: u8 = 1;
const HAS_CHALLENGED: u8 = 2;
const _: () = assert!(size_of::<RestingTimeWait>() <= 40);

impl RestingTimeWait {
    /// What it was before.
    #[must_use]
    pub fn wake(&self) -> TimeWait {
        let known = |what, value| (self.known & what != 0).then_some(value);
        TimeWait {
            identity: self.identity,
            send_next: self.send_next,
            receive_next: self.receive_next,
            window: self.window,
            recent: known(HAS_RECENT, self.recent),
            expires: self.expires,
            due: None,
            last_challenge: known(HAS_CHALLENGED, self.last_challenge),
        }
    }

    /// The octet that was given to [`TimeWait::rest`].
    #[must_use]
    pub fn tag(&self) -> u8 {
        self.tag
    }

    /// What makes the connection this one.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// When 2 MSL are over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        Some(self.expires)
    }
}

impl TimeWait {
    pub(crate) fn new(common: &Common, tcb: &mut Tcb, now: Instant) -> Self {
        // The acknowledgment of the FIN announces a window as any does, and the later ones the same.
        let scale = tcb.negotiated.receive_scale;
        let window = if tcb.ack.is_pending() {
            let room = tcb.room();
            window::announce(&mut tcb.receive, &room).to_field(scale)
        } else {
            u16::try_from(tcb.receive.window() >> scale.shift()).unwrap_or(u16::MAX)
        };
        Self {
            identity: common.identity,
            send_next: tcb.send.nxt,
            receive_next: tcb.receive.nxt,
            window,
            recent: tcb.negotiated.timestamps.then_some(tcb.stamps.recent),
            expires: now + common.config.msl * 2,
            due: tcb.ack.is_pending().then_some(SendReason::FinAck),
            last_challenge: None,
        }
    }

    /// A form that takes less room, unless a segment is due. It has room for an octet of whoever keeps it.
    #[must_use]
    pub fn rest(&self, tag: u8) -> Option<RestingTimeWait> {
        let Self { identity, send_next, receive_next, window, recent, expires, due, last_challenge } = *self;
        let has = |is_there: bool, what| if is_there { what } else { 0 };
        let known = has(recent.is_some(), HAS_RECENT) | has(last_challenge.is_some(), HAS_CHALLENGED);
        due.is_none().then_some(RestingTimeWait {
            identity,
            send_next,
            receive_next,
            recent: recent.unwrap_or_default(),
            last_challenge: last_challenge.unwrap_or_default(),
            expires,
            window,
            known,
            tag,
        })
    }

    /// SND.NXT and RCV.NXT.
    pub(crate) fn next_numbers(&self) -> (SeqNumber, SeqNumber) {
        (self.send_next, self.receive_next)
    }

    /// What makes the connection this one.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// The least ISS of a connection that reopens the pair, so that none of its numbers can be taken for
    /// one of the old connection's (RFC 9293 section 3.4.3).
    #[must_use]
    pub fn minimum_iss(&self) -> SeqNumber {
        self.send_next + u32::from(u16::MAX) + 2
    }

    /// Whether a new connection may take the pair over (MAY-2, SHLD-4): then the SYN is for whoever listens, with an
    /// ISS of [`TimeWait::minimum_iss`] or later.
    #[must_use]
    pub fn gives_way_to(&self, config: &Config, header: &TcpHeader) -> bool {
        let is_syn = header.flags.syn() && !header.flags.ack() && !header.flags.rst();
        is_syn && self.may_reopen(config, header)
    }

    /// Takes a segment that TIME-WAIT does not give way to.
    pub fn handle_segment(&mut self, config: &Config, incoming: &Incoming) -> Verdict {
        let header = &incoming.segment.header;
        if header.flags.rst() {
            let is_exact = header.seq == self.receive_next && incoming.segment.payload.is_empty();
            if config.reset_ends_time_wait && is_exact {
                self.expires = incoming.arrived;
                return Verdict::Accepted;
            }
            // RFC 1337: an old RST must not end TIME-WAIT early.
            return Verdict::Dropped(DropReason::TimeWaitRst);
        }
        self.answer(config.challenge_interval, incoming);
        // Only a FIN that fits restarts the time: anything else may be old.
        let is_fin_again = header.flags.fin() && incoming.segment.end() == self.receive_next;
        if is_fin_again {
            self.expires = incoming.arrived + config.msl * 2;
            return Verdict::Accepted;
        }
        let is_new = incoming.segment.end().after(self.receive_next);
        Verdict::Dropped(match header.flags.syn() {
            true => DropReason::SynInWindow,
            false if is_new => DropReason::BeyondFin,
            false => DropReason::Duplicate,
        })
    }

    /// Text and FINs are always answered, for their sender waits for it; anything else only now and then, as
    /// in every other state (RFC 5961 section 7), and a pure acknowledgment that fits not at all, as in Linux.
    fn answer(&mut self, interval: Duration, incoming: &Incoming) {
        let Segment { header, payload } = &incoming.segment;
        if payload.is_empty() && !header.flags.fin() {
            let fits = !header.flags.syn() && header.seq == self.receive_next;
            if fits || !self.may_challenge(interval, incoming.arrived) {
                return;
            }
        }
        self.due.get_or_insert(SendReason::TimeWaitAck);
    }

    fn may_challenge(&mut self, interval: Duration, now: Instant) -> bool {
        let now = now.as_millis() as u32;
        let rests = |last| u128::from(now.wrapping_sub(last)) < interval.as_millis();
        let is_time = !self.last_challenge.is_some_and(rests);
        if is_time {
            self.last_challenge = Some(now);
        }
        is_time
    }

    /// A SYN opens anew when its timestamp is later (RFC 6191 section 2), or, without one, its number.
    fn may_reopen(&self, config: &Config, header: &TcpHeader) -> bool {
        match (self.recent, header.options.timestamps) {
            (Some(recent), Some(stamps)) => {
                let advance = stamps.value.wrapping_sub(recent) as i32;
                advance > 0 || (advance == 0 && header.seq.after(self.receive_next))
            }
            // The new connection would have timestamps, which tell its segments from the old one's.
            (None, Some(_)) if config.timestamps => true,
            (Some(_), None) | (None, _) => header.seq.after(self.receive_next),
        }
    }

    /// The next segment to send.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<SegmentOut> {
        let reason = self.due.take()?;
        let stamps = self.recent.map(|echo| Timestamps { value: self.identity.timestamp(now), echo });
        let header = TcpHeader {
            source_port: self.identity.local_port,
            destination_port: self.identity.remote_port,
            seq: self.send_next,
            ack: self.receive_next,
            flags: Flags::ACK,
            reserved: 0,
            window: self.window,
            urgent_pointer: 0,
            options: TcpOptions { timestamps: stamps, ..TcpOptions::default() },
        };
        Some(SegmentOut::without_text(header, reason))
    }

    /// When 2 MSL are over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        Some(self.expires)
    }

    /// Whether 2 MSL are over.
    pub fn handle_timeout(&mut self, now: Instant) -> bool {
        now >= self.expires
    }
}
