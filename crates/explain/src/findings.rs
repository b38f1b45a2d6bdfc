//! What is worth telling of a connection.
//!
//! In: each packet with its reason. Out: the findings, the worst first, with the frames that show them. What is kept
//! while packets come are counts and the first few frames of each kind.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use synfin_ladder::{FindingKind, Mark, Marks, Reason, Seen, Side};
use synfin_wire::{DropReason, Ecn, Instant, SendReason, SeqNumber};

use crate::black_hole::BlackHoles;
use crate::contradiction::Contradictions;
use crate::lost::come_twice;
use crate::nagle::Nagle;
use crate::packet::{ChecksumSeen, IcmpKind, Packet};
use crate::reasons::Why;
use crate::track::SHORTEST_RTO;

mod copies;
mod ending;
mod icmp;
mod opening;
mod reports;
mod telling;

use copies::{Copies, Twice};
use reports::Reports;

/// So many frames of a kind are named.
const MOST_FRAMES: usize = 20;
/// An application that is silent for longer than this while its peer waits is slow.
const SLOW_ANSWER: Duration = Duration::from_millis(500);

/// What was noticed so far: by kind and side.
#[derive(Debug, Default)]
pub(crate) struct Evidences {
    noticed: BTreeMap<(FindingKind, Option<Side>), Noticed>,
    /// By side.
    checksums: [[u64; 4]; 2],
    /// When the last text of either side went, and where it ends.
    last_text: [Option<(Instant, SeqNumber)>; 2],
    /// The frame that it was in, and whether its receiver had all of it already.
    text_frames: [(u64, bool); 2],
    /// By side, and where its packets stand in the capture twice, of their second sighting.
    hop_limits: [Option<u8>; 2],
    hop_limits_again: [Option<u8>; 2],
    /// When the last segment came.
    last_at: Instant,
    copies: Copies,
    reports: Reports,
    nagle: Nagle,
    contradictions: Contradictions,
    /// Of what lay beyond the window: behind its last number, and its frame.
    strays: [Vec<(SeqNumber, u64)>; 2],
    black_holes: BlackHoles,
    /// When a side closed its window, while it is closed.
    closed_since: [Option<Instant>; 2],
    /// The frame in which a side answered a SYN from an older connection that its peer has forgotten.
    older: [Option<u64>; 2],
    /// When a side last had to send again.
    again_at: [Option<Instant>; 2],
    /// For how long nobody had said anything when a side last sent something new while nothing of it was in flight, and
    /// when it did.
    quiet: [(Duration, Instant); 2],
    /// The frame in which something new of a side was acknowledged last.
    progress: [u64; 2],
}

/// What is known of the way that a packet takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    /// The largest segment that its receiver takes, octets.
    pub(crate) mss: Option<u16>,
    /// The shortest time in which either side has answered.
    pub(crate) answered_in: [Option<Duration>; 2],
    /// Its sender is the one that answers, as far as that is known.
    pub(crate) serves: bool,
    /// It says that its receiver's segments were marked (RFC 3168 section 6.1).
    pub(crate) echoes_marks: bool,
    /// It acknowledges what was not seen to be sent.
    pub(crate) acks_unseen: bool,
    /// It answers a SYN from an older connection, which its sender has not closed as far as is known.
    pub(crate) is_of_older: bool,
    /// Nothing of its receiver was captured.
    pub(crate) is_alone: bool,
    /// It has numbers that were not sent before.
    pub(crate) is_new: bool,
    /// It acknowledges text that cannot have come to its sender yet.
    pub(crate) is_too_soon: bool,
    /// It fills its receiver's window, as others did before it.
    pub(crate) fills_window: bool,
    /// Octets that its receiver's window takes behind it.
    pub(crate) room: Option<u32>,
    /// It reports what its receiver can never have sent.
    pub(crate) reports_foreign: bool,
    /// All that its sender had sent before was acknowledged.
    pub(crate) is_idle: bool,
    /// What of its receiver was acknowledged before it.
    pub(crate) peer_una: Option<SeqNumber>,
    /// The first number of its receiver that is known.
    pub(crate) peer_first: Option<SeqNumber>,
    /// Many packets of its receiver stand in the capture twice.
    pub(crate) peer_is_mirrored: bool,
    /// Those are but one or two.
    pub(crate) is_few: bool,
    /// The next number that its receiver awaits, if all that was seen before has reached it.
    pub(crate) awaited: Option<SeqNumber>,
    /// Why its receiver does not take it, if it does not.
    pub(crate) dropped: Option<DropReason>,
}

#[derive(Debug, Default)]
struct Noticed {
    count: u64,
    frames: Vec<u64>,
    longest: Duration,
    /// What ICMP said last, and who.
    heard: Option<(IcmpKind, IpAddr)>,
}

impl Evidences {
    /// The frame in which a side answered a SYN from an older connection that its peer has forgotten.
    pub(crate) fn older(&self, side: Side) -> Option<u64> {
        self.older[side.index()]
    }

    pub(crate) fn new(reuses_ports: bool) -> Self {
        let mut evidences = Self::default();
        if reuses_ports {
            evidences.noticed.insert((FindingKind::ReusedPorts, None), Noticed::default());
        }
        evidences
    }

    pub(crate) fn note(&mut self, from: Side, packet: &Packet<'_>, why: &Why, marks: Marks, path: &Path) {
        self.checksums[from.index()][packet.checksum as usize] += 1;
        let (header, by) = (&packet.header, Some(from));
        let carries_on = !header.flags.rst() && !header.flags.syn();
        let is_lost = !marks.contains(Mark::SpuriousRetransmission);
        let is_overtaken = why.reason == Seen::Reordered.into();
        self.follow_strays(from, packet, path);
        let is_taken = path.dropped.is_none();
        let contradicts = is_taken && self.contradictions.found(from, packet);
        if is_taken {
            self.black_holes.observe(from, packet, path.awaited, path.mss);
        }
        let found = [
            (packet.checksum == ChecksumSeen::Wrong, FindingKind::BadChecksum, by),
            (header.window == 0 && carries_on, FindingKind::ZeroWindow, by),
            (carries_on && !header.flags.ack() || is_senseless(why), FindingKind::Deviation, by),
            (path.reports_foreign, FindingKind::SackForeign, by),
            (packet.captured < packet.len, FindingKind::CutOff, None),
            (packet.at < self.last_at, FindingKind::Disordered, None),
            (path.dropped == Some(DropReason::OutsideWindow), FindingKind::OutsideWindow, by),
            (contradicts, FindingKind::ConflictingText, by),
            (self.refuses_text(from, why), FindingKind::Paws, Some(from.other())),
            (path.mss.is_some_and(|mss| packet.len > u32::from(mss)), FindingKind::SuperSegments, by),
            (self.nagle.waited(from, packet, path), FindingKind::NagleDelay, by),
            (is_overtaken, FindingKind::Reordering, by),
            (
                marks.contains(Mark::AckLostSegment) && path.acks_unseen,
                FindingKind::CaptureGap,
                Some(from.other()),
            ),
            (
                marks.contains(Mark::WindowFull) || path.fills_window,
                FindingKind::WindowLimited,
                Some(from.other()),
            ),
            // Nothing tells of its window but that.
            (
                path.is_alone && why.reason == SendReason::ZeroWindowProbe.into(),
                FindingKind::ZeroWindow,
                Some(from.other()),
            ),
            (!is_lost && !is_overtaken && !header.flags.syn(), FindingKind::Spurious, by),
            (packet.ecn == Ecn::Ce, FindingKind::CongestionMarks, by),
            (path.echoes_marks, FindingKind::CongestionMarks, Some(from.other())),
            // Why it goes again, the other direction would tell.
            (path.is_alone && why.reason == Seen::Retransmit.into(), FindingKind::Loss, by),
            (self.looks_strange(from, packet, path), FindingKind::ResetForged, by),
        ];
        self.follow_progress(from, packet, path);
        self.follow_copies(from, packet, why, path);
        for (_, kind, by) in found.into_iter().filter(|(holds, ..)| *holds) {
            self.notice(kind, by, packet.frame);
        }
        if path.is_of_older {
            self.older[from.index()].get_or_insert(packet.frame);
        }
        // What follows the first segment after a timeout goes without another.
        let follows =
            |kind: &FindingKind| *kind == FindingKind::Timeout && self.follows_timeout(from, packet);
        // A probe may carry what was never sent before: then nothing of it was lost (RFC 8985 section 7.3).
        let kind = kind_of(why.reason).filter(|kind| *kind != FindingKind::Loss || !path.is_new);
        if let Some(kind) = kind.filter(|kind| (is_lost || !is_of_loss(*kind)) && !follows(kind)) {
            // It takes both to open at once.
            let by = by.filter(|_| kind != FindingKind::SimultaneousOpen);
            self.notice(kind, by, packet.frame);
        }
        if marks.contains(Mark::Retransmission) || kind.is_some_and(is_of_loss) {
            self.again_at[from.index()] = Some(packet.at);
        }
        if !path.is_new && packet.sequence_length() > 0 && !header.flags.rst() {
            // Why a SYN goes again is told by all of the handshake.
            self.copies.sends_again(from, packet, !is_lost || is_overtaken || header.flags.syn());
        }
        if carries_on {
            self.follow_window(from, packet);
        }
        self.follow_sender(from, packet, path);
    }

    /// What of either side gets on.
    fn follow_progress(&mut self, from: Side, packet: &Packet<'_>, path: &Path) {
        let header = &packet.header;
        let known = path.peer_una.or(path.peer_first);
        if header.flags.ack() && known.is_none_or(|known| header.ack.after(known)) {
            self.progress[from.other().index()] = packet.frame;
        }
        if path.is_new && packet.len > 0 && path.is_idle {
            self.quiet[from.index()] = (packet.at - self.last_at, packet.at);
        }
    }

    /// What it says of the other end's packets: which were for nothing.
    fn follow_copies(&mut self, from: Side, packet: &Packet<'_>, why: &Why, path: &Path) {
        let (header, sender) = (&packet.header, from.other());
        if !path.reports_foreign && self.reports.are_moved(from, header) {
            self.withdraw_all(FindingKind::Duplicated, Some(sender));
            self.notice(FindingKind::SackForeign, Some(from), packet.frame);
        }
        if header.flags.rst() && header.flags.ack() {
            let trip = path.answered_in[from.index()];
            for frame in self.copies.reset(sender, packet, trip) {
                self.withdraw(FindingKind::Loss, Some(sender), frame);
            }
        }
        if let Some(twice) = self.reported_twice(sender, packet, why, path) {
            self.tell_twice(sender, twice, packet.frame);
        }
        let una = path.peer_una.or(path.peer_first);
        if let Some(una) = una.filter(|_| header.flags.ack() && !header.flags.rst()) {
            for frame in self.copies.acknowledged(sender, una, header) {
                self.tell_twice(sender, Twice::Again { frame, is_told: false }, packet.frame);
            }
        }
    }

    /// What is known of a side from its last packets.
    fn follow_sender(&mut self, from: Side, packet: &Packet<'_>, path: &Path) {
        let header = &packet.header;
        if header.flags.rst() {
            // Who has reset the connection waits for no answer.
            self.last_text[from.index()] = None;
        } else {
            self.hop_limits[from.index()] = Some(packet.hop_limit);
        }
        if packet.len > 0 {
            let end = header.seq + packet.sequence_length();
            let is_copy = path.awaited.is_some_and(|awaited| end.at_or_before(awaited));
            self.text_frames[from.index()] = (packet.frame, is_copy);
            self.slow_answer(from, packet, path);
        }
        self.last_at = self.last_at.max(packet.at);
    }

    /// For how long a side's window is closed.
    fn follow_window(&mut self, from: Side, packet: &Packet<'_>) {
        let since = &mut self.closed_since[from.index()];
        let closed = *since.get_or_insert(packet.at);
        if packet.header.window > 0 {
            *since = None;
        }
        if let Some(noticed) = self.noticed.get_mut(&(FindingKind::ZeroWindow, Some(from))) {
            noticed.longest = noticed.longest.max(packet.at - closed);
        }
    }

    /// An RST that has come another way than its sender's other packets, or too soon.
    fn looks_strange(&self, from: Side, packet: &Packet<'_>, path: &Path) -> bool {
        let has_come_another_way = self.hop_limits[from.index()]
            .is_some_and(|usual| usual != packet.hop_limit)
            && self.hop_limits_again[from.index()] != Some(packet.hop_limit);
        packet.header.flags.rst() && (has_come_another_way || path.is_too_soon)
    }

    /// What lay beyond the window and is acknowledged did not: the capture lacks something before it.
    fn follow_strays(&mut self, from: Side, packet: &Packet<'_>, path: &Path) {
        let (header, peer) = (&packet.header, from.other());
        let strays = &mut self.strays[from.index()];
        if path.dropped == Some(DropReason::OutsideWindow) && strays.len() < MOST_FRAMES {
            strays.push((header.seq + packet.sequence_length(), packet.frame));
        }
        if path.dropped.is_none() && header.flags.ack() && !header.flags.rst() {
            let (acknowledged, rest) = std::mem::take(&mut self.strays[peer.index()])
                .into_iter()
                .partition::<Vec<_>, _>(|(end, _)| header.ack.at_or_after(*end));
            self.strays[peer.index()] = rest;
            for (_, frame) in acknowledged {
                self.withdraw(FindingKind::OutsideWindow, Some(peer), frame);
            }
        }
    }

    /// It says that the last text of the other end was too old. An acknowledgment that was overtaken is no loss, and a
    /// copy of what had come is as old as it should be.
    fn refuses_text(&self, from: Side, why: &Why) -> bool {
        let (frame, is_copy) = self.text_frames[from.other().index()];
        why.reason == SendReason::PawsAck.into() && (why.because, false) == (Some(frame), is_copy)
    }

    /// No timer has run out since the segment before.
    fn follows_timeout(&self, from: Side, packet: &Packet<'_>) -> bool {
        packet.at - self.last_at < SHORTEST_RTO
            && self.noticed.contains_key(&(FindingKind::Timeout, Some(from)))
    }

    /// What of `sender` a packet of the other end says has come twice, and why.
    fn reported_twice(&mut self, sender: Side, packet: &Packet<'_>, why: &Why, path: &Path) -> Option<Twice> {
        let header = &packet.header;
        let has_moved = self.noticed.contains_key(&(FindingKind::SackForeign, Some(sender.other())));
        let range = come_twice(&header.options.sack, header.ack)
            .filter(|_| !answers_probe(why) && !path.reports_foreign && !has_moved)?;
        // Where both open, each SYN-ACK has the number of its sender's SYN once more (RFC 9293 section 3.5, Figure 7).
        let opens_at_once = self.noticed.contains_key(&(FindingKind::SimultaneousOpen, None));
        if opens_at_once && range.end == range.start + 1 {
            return None;
        }
        // What the capture does not have may have gone again, too.
        let is_whole = !path.is_alone
            && path.peer_first.is_some_and(|first| range.start.at_or_after(first))
            && !self.noticed.contains_key(&(FindingKind::CaptureGap, Some(sender)));
        Some(match self.copies.came_twice(sender, range) {
            Twice::Once if !is_whole => Twice::Forgotten,
            // Among those that the capture doubles, one that went again may be taken for another such.
            Twice::Once if path.peer_is_mirrored => Twice::Forgotten,
            Twice::Doubled { .. } if path.peer_is_mirrored && !path.is_few => Twice::Forgotten,
            twice => twice,
        })
    }

    /// Whether a packet, of which nothing is new, was overtaken by what went again for it: that was for nothing.
    pub(crate) fn comes_late(&mut self, from: Side, packet: &Packet<'_>) -> bool {
        let again = self.copies.comes_late(from, packet);
        if let Some(frame) = again {
            self.tell_twice(from, Twice::Again { frame, is_told: false }, packet.frame);
        }
        again.is_some()
    }

    /// What came twice was sent again for nothing, or the network has doubled it.
    fn tell_twice(&mut self, sender: Side, twice: Twice, frame: u64) {
        let by = Some(sender);
        match twice {
            Twice::Again { is_told: true, .. } => {}
            Twice::Again { frame: again, is_told: false } => {
                self.withdraw(FindingKind::Loss, by, again);
                self.notice(FindingKind::Spurious, by, again);
            }
            Twice::Doubled { frame: copy } => {
                self.withdraw(FindingKind::Mirrored, None, copy);
                self.notice(FindingKind::Duplicated, by, copy);
            }
            Twice::Once => {
                self.notice(FindingKind::Duplicated, by, frame);
            }
            Twice::Forgotten => {
                self.notice(FindingKind::Spurious, by, frame);
            }
        }
    }

    /// It turns out that a frame does not show this.
    fn withdraw(&mut self, kind: FindingKind, by: Option<Side>, frame: u64) {
        let Some(noticed) = self.noticed.get_mut(&(kind, by)) else { return };
        if let Some(at) = noticed.frames.iter().position(|shown| *shown == frame) {
            noticed.frames.remove(at);
            noticed.count -= 1;
        }
        if noticed.count == 0 {
            self.noticed.remove(&(kind, by));
        }
    }

    /// It turns out that this is not so.
    fn withdraw_all(&mut self, kind: FindingKind, by: Option<Side>) {
        self.noticed.remove(&(kind, by));
    }

    /// Whether an RST of a side does not look like its other packets.
    fn looks_forged(&self, side: Side) -> bool {
        self.noticed.contains_key(&(FindingKind::ResetForged, Some(side)))
    }

    /// Whether an RST in this frame does not.
    pub(crate) fn looks_forged_in(&self, side: Side, frame: u64) -> bool {
        let noticed = self.noticed.get(&(FindingKind::ResetForged, Some(side)));
        noticed.is_some_and(|noticed| noticed.frames.contains(&frame))
    }

    /// The packet stands in the capture a second time.
    pub(crate) fn note_mirrored(&mut self, from: Side, packet: &Packet<'_>) {
        self.hop_limits_again[from.index()] = Some(packet.hop_limit);
        self.copies.doubles(from, packet);
        self.notice(FindingKind::Mirrored, None, packet.frame);
    }

    fn slow_answer(&mut self, from: Side, packet: &Packet<'_>, path: &Path) {
        let [own, peer] = [from, from.other()].map(|side| self.last_text[side.index()]);
        self.last_text[from.index()] = Some((packet.at, packet.header.seq + packet.len));
        // Who asks may think between his questions. What has not come is not answered.
        if let Some((asked, end)) = peer
            && path.serves
            && own.is_none_or(|(own, _)| own < asked)
            && packet.header.ack.at_or_after(end)
            && packet.at - asked > SLOW_ANSWER
            // What had to be sent again meanwhile shows that the path was slow.
            && Side::BOTH.iter().all(|side| self.again_at[side.index()].is_none_or(|again| again < asked))
        {
            self.notice(FindingKind::SlowApplication, Some(from), packet.frame);
            let noticed = self.noticed.get_mut(&(FindingKind::SlowApplication, Some(from)));
            let noticed = noticed.expect("it was just noticed");
            noticed.longest = noticed.longest.max(packet.at - asked);
        }
    }

    fn notice(&mut self, kind: FindingKind, by: Option<Side>, frame: u64) -> &mut Noticed {
        let noticed = self.noticed.entry((kind, by)).or_default();
        noticed.count += 1;
        if noticed.frames.len() < MOST_FRAMES {
            let behind = noticed.frames.partition_point(|known| *known < frame);
            noticed.frames.insert(behind, frame);
        }
        noticed
    }
}

/// It answers a probe, which may well carry an octet that its receiver has (RFC 9293 section 3.8.4).
fn answers_probe(why: &Why) -> bool {
    why.reason == SendReason::ProbeAck.into()
}

fn is_senseless(why: &Why) -> bool {
    why.reason == Seen::Senseless.into()
}

/// The finding that a segment with this reason belongs to.
fn kind_of(reason: Reason) -> Option<FindingKind> {
    let Reason::Sent(reason) = reason else { return None };
    Some(match reason {
        SendReason::SynTextRetransmit => FindingKind::FastOpenRefused,
        SendReason::KeepAliveProbe => FindingKind::KeepAlive,
        SendReason::SimultaneousOpen => FindingKind::SimultaneousOpen,
        SendReason::RtoRetransmit => FindingKind::Timeout,
        SendReason::FastRetransmit
        | SendReason::PartialAckRetransmit
        | SendReason::RackRetransmit
        | SendReason::TailLossProbe => FindingKind::Loss,
        _ => return None,
    })
}

fn is_of_loss(kind: FindingKind) -> bool {
    matches!(kind, FindingKind::Loss | FindingKind::Timeout)
}
