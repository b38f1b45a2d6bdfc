//! Between host and device: how packets cross, whole or through a path that misbehaves, and who takes them
//! down.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::io;
use std::task::Waker;

use bytes::Bytes;
use synfin_device::{
    ChecksumOffload, Device, Medium, Offload, PacketIn, PacketOut, Payload, Segmentation, SegmentationKind,
    Transmit, segment,
};
use synfin_host::{ChecksumOut, Fate, Host, PacketNote};
use synfin_wire::{Instant, Note};

use super::steering::Owner;
use super::{Clock, Steering};
use crate::path::Path;
use crate::recorder::{Direction, Record, Recorder};

mod known;

/// How many packets are taken in, or sent, before others get at the lock. All of them are taken in before
/// one is answered, so this is also how much one acknowledgment can stand for.
const BATCH: usize = 32;

/// How many octets are taken in before others get at the lock. Whoever reads them is to find them in the processor's
/// cache still: what lies in main memory is read at half the speed.
const BATCH_OCTETS: usize = 256 * 1024;

/// A packet no longer than this, octets, that comes after a silence is dealt with before another is looked for: most of
/// the time there is none, and somebody waits for the answer.
const SHORT: usize = 1024;

/// So little, octets, is less than any sender has in flight who waits for room.
const LITTLE: usize = 16 * 1024;

/// The link of a host.
pub(crate) struct Link {
    device: Box<dyn Device>,
    medium: Medium,
    mtu: usize,
    path: Option<Box<dyn Path>>,
    /// Where this is the link of one shard among several.
    steering: Option<Steering>,
    /// What the device has brought for other shards, and for which.
    astray: Vec<(usize, PacketIn)>,
    recording: Option<Recording>,
    /// The error that ended the recording.
    pub(crate) recording_error: Option<io::Error>,
    /// What the device had no room for.
    held: Option<Box<synfin_host::PacketOut>>,
    /// What has come to the end of the path, in front of the device.
    arrived: VecDeque<Bytes>,
    /// The device had nothing more when it was last asked.
    is_silent: bool,
    /// How many octets the last batch had.
    taken: usize,
}

/// Whether a batch took everything in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    Drained,
    More,
}

/// Whether a batch sent everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    Drained,
    Blocked,
    More,
}

impl Link {
    pub(crate) fn new(
        device: Box<dyn Device>,
        mtu: usize,
        path: Option<Box<dyn Path>>,
        recorder: Option<Box<dyn Recorder>>,
        clock: Clock,
    ) -> Self {
        let medium = device.capabilities().medium;
        let recording = recorder.map(|recorder| Recording { recorder, clock, comment: String::new() });
        Self {
            device,
            medium,
            mtu,
            path,
            steering: None,
            astray: Vec::new(),
            recording,
            recording_error: None,
            held: None,
            arrived: VecDeque::new(),
            is_silent: true,
            taken: 0,
        }
    }

    /// Makes this the link of one shard among several.
    pub(crate) fn steer(mut self, steering: Steering) -> Self {
        self.steering = Some(steering);
        self
    }

    /// Whether the device wakes a task by itself; see [`Device::wake`].
    pub(super) fn wake(&mut self, waker: &Waker) -> bool {
        self.device.wake(waker)
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.held.is_some() || !self.arrived.is_empty()
    }

    /// Whether packets are still on their way through here.
    pub(super) fn is_busy(&self) -> bool {
        self.is_blocked() || self.next_due().is_some()
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.path.as_ref()?.next_due()
    }

    /// Takes in what the device has, at most a batch.
    pub(super) fn receive(&mut self, host: &mut Host, now: Instant) -> io::Result<Received> {
        self.taken = 0;
        for _ in 0..BATCH {
            match self.device.receive() {
                Ok(Some(packet)) => {
                    self.taken += packet.bytes.len();
                    let is_alone = std::mem::take(&mut self.is_silent) && self.taken <= SHORT;
                    if self.steering.is_some() {
                        self.sort(packet, host, now);
                    } else {
                        self.take(packet, host, now);
                    }
                    if is_alone || self.taken >= BATCH_OCTETS {
                        break;
                    }
                }
                Ok(None) => {
                    self.is_silent = true;
                    return Ok(Received::Drained);
                }
                // One packet made no sense.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Received::More)
    }

    /// Whether a sender may wait for the acknowledgment of what the last batch has brought: it was so much.
    pub(super) fn has_taken_much(&self) -> bool {
        self.taken > LITTLE
    }

    /// Takes what is for this shard, and lays aside what is for others.
    fn sort(&mut self, packet: PacketIn, host: &mut Host, now: Instant) {
        let Some(steering) = &self.steering else { return self.take(packet, host, now) };
        match steering.owner(&packet.bytes, host) {
            Owner::Here => self.take(packet, host, now),
            Owner::Shard(shard) => self.astray.push((shard, packet)),
            Owner::All => {
                self.astray.extend(steering.others().map(|shard| (shard, packet.clone())));
                self.take(packet, host, now);
            }
            Owner::Nobody => {}
        }
    }

    /// What the last batch has brought for other shards, and for which.
    pub(super) fn take_astray(&mut self) -> Vec<(usize, PacketIn)> {
        std::mem::take(&mut self.astray)
    }

    #[inline]
    pub(super) fn take(&mut self, packet: PacketIn, host: &mut Host, now: Instant) {
        let Some(path) = &mut self.path else {
            self.hand_over(packet, host, now);
            return;
        };
        // What cannot be cut is no TCP, and no stack would take it.
        if let Ok(segments) = segment::split(&packet, self.medium, self.mtu) {
            segments.for_each(|segment| path.incoming(segment, now));
        }
    }

    fn hand_over(&mut self, packet: PacketIn, host: &mut Host, now: Instant) {
        let trust_checksum = packet.offload.checksum != ChecksumOffload::None;
        let segment_size = packet.offload.segmentation.map(|segmentation| segmentation.size);
        let recorded = self.recording.is_some().then(|| packet.clone());
        let bytes = packet.bytes;
        let fate = host.handle_packet(synfin_host::PacketIn { bytes, trust_checksum, segment_size }, now);
        if let Some(packet) = recorded {
            let receiver = known::state(host, self.medium, &packet.bytes, Direction::Inbound);
            let note = Note { receiver, ..Note::default() };
            self.record(&packet.as_out(), Direction::Inbound, now, |comment| {
                write!(comment, "{note}")?;
                match fate {
                    Fate::Taken => Ok(()),
                    Fate::Dropped(reason) => {
                        write!(comment, "{}dropped: {reason}", if note.is_empty() { "" } else { "; " })
                    }
                }
            });
        }
    }

    /// Sends what the host has to send, at most a batch, and what has come to the end of the path.
    pub(super) fn flush(&mut self, host: &mut Host, now: Instant) -> Flushed {
        let flushed = self.send_batch(host, now);
        // What is lost now is lost as on any link.
        let _ = self.device.flush();
        flushed
    }

    fn send_batch(&mut self, host: &mut Host, now: Instant) -> Flushed {
        if self.path.is_some() {
            self.pass_path(host, now);
        }
        if !self.retry() {
            return Flushed::Blocked;
        }
        for _ in 0..BATCH {
            let Some(packet) = host.poll_transmit(now) else {
                self.leave_path(now);
                return if self.retry() { Flushed::Drained } else { Flushed::Blocked };
            };
            self.send(packet, host, now);
            if self.is_blocked() {
                return Flushed::Blocked;
            }
        }
        Flushed::More
    }

    /// What has come to either end of the path goes on.
    fn pass_path(&mut self, host: &mut Host, now: Instant) {
        while let Some(bytes) = self.path.as_mut().and_then(|path| path.poll_incoming(now)) {
            self.hand_over(PacketIn { bytes, offload: Offload::default() }, host, now);
        }
        self.leave_path(now);
    }

    /// Takes from the path what is due, even where the device has no room: what is due stays so, and the
    /// alarm would ring without end.
    #[inline]
    fn leave_path(&mut self, now: Instant) {
        if let Some(path) = &mut self.path {
            self.arrived.extend(std::iter::from_fn(|| path.poll_outgoing(now)));
        }
    }

    fn send(&mut self, packet: synfin_host::PacketOut, host: &Host, now: Instant) {
        let (note, medium) = (packet.note, self.medium);
        self.record(&for_device(&packet), Direction::Outbound, now, |comment| match note {
            PacketNote::Tcp(reason) => {
                let sender = known::state(host, medium, &packet.header, Direction::Outbound);
                write!(comment, "{}", Note { reason: Some(reason), sender, receiver: None })
            }
            PacketNote::Udp | PacketNote::EchoReply | PacketNote::IcmpError | PacketNote::Neighbour => Ok(()),
        });
        if let Some(path) = &mut self.path {
            path.outgoing(packet.to_bytes(), now);
        } else if !offer(&mut *self.device, &for_device(&packet)) {
            self.held = Some(Box::new(packet));
        }
    }

    /// Offers again what the device had no room for. False when it still has none.
    #[inline]
    pub(super) fn retry(&mut self) -> bool {
        !self.is_blocked() || self.offer_again()
    }

    fn offer_again(&mut self) -> bool {
        if let Some(packet) = &self.held {
            if !offer(&mut *self.device, &for_device(packet)) {
                return false;
            }
            self.held = None;
        }
        while let Some(bytes) = self.arrived.front() {
            let packet = PacketOut { header: bytes, payload: Payload::EMPTY, offload: Offload::default() };
            if !offer(&mut *self.device, &packet) {
                return false;
            }
            self.arrived.pop_front();
        }
        true
    }

    fn record(
        &mut self,
        packet: &PacketOut<'_>,
        direction: Direction,
        now: Instant,
        comment: impl FnOnce(&mut String) -> fmt::Result,
    ) {
        let Some(recording) = &mut self.recording else { return };
        if let Err(error) = recording.record(packet, direction, now, comment) {
            self.recording_error = Some(error);
            self.recording = None;
        }
    }

    /// Nothing more will be sent or received.
    pub(super) fn finish(&mut self) {
        if let Some(mut recording) = self.recording.take()
            && let Err(error) = recording.recorder.finish()
        {
            self.recording_error = Some(error);
        }
    }
}

/// A recorder with what it needs.
struct Recording {
    recorder: Box<dyn Recorder>,
    clock: Clock,
    comment: String,
}

impl Recording {
    fn record(
        &mut self,
        packet: &PacketOut<'_>,
        direction: Direction,
        now: Instant,
        comment: impl FnOnce(&mut String) -> fmt::Result,
    ) -> io::Result<()> {
        self.comment.clear();
        // Writing to a string cannot fail.
        let _ = comment(&mut self.comment);
        let comment = (!self.comment.is_empty()).then_some(self.comment.as_str());
        let timestamp = self.clock.unix_nanos(now);
        self.recorder.record(&Record { packet, direction, timestamp, comment })
    }
}

/// False when the device has no room. What it refuses is lost, as on any link: a link that is down, or a
/// packet that the kernel does not like.
fn offer(device: &mut dyn Device, packet: &PacketOut<'_>) -> bool {
    !matches!(device.transmit(packet), Ok(Transmit::WouldBlock))
}

/// The same packet in the device's words.
fn for_device(packet: &synfin_host::PacketOut) -> PacketOut<'_> {
    let checksum = match packet.checksum {
        ChecksumOut::Complete => ChecksumOffload::None,
        ChecksumOut::Partial { start, offset } => ChecksumOffload::Partial { start, offset },
    };
    let segmentation = packet.segmentation.map(|segmentation| Segmentation {
        kind: if segmentation.ipv6 { SegmentationKind::Tcp6 } else { SegmentationKind::Tcp4 },
        size: segmentation.size,
        header_len: segmentation.header_len,
        ecn: false,
    });
    PacketOut {
        header: &packet.header,
        payload: Payload::of(&packet.payload),
        offload: Offload { checksum, segmentation },
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("capabilities", &self.device.capabilities())
            .field("path", &self.path.is_some())
            .field("recording", &self.recording.is_some())
            .field("blocked", &self.is_blocked())
            .finish()
    }
}
