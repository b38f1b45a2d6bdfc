//! `--diagram`: each connection as a ladder, when it ends.
//!
//! In: the packets that the stack sends and receives, with what the engine says of them. Out: ladders on standard
//! error. Why synfin sent a segment, and why it discarded one, is what the engine says. The states are those that the same
//! packets show to `synfin explain`, which knows the end at which they are seen exactly, and so are the reasons of the
//! command's end.
//!
//! A thread of its own draws, as a recorder must not wait for a terminal. Memory is bounded: there is a most of
//! connections and of segments that are kept, and what is beyond them is not drawn, and said not to be.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use synfin::recorder::{Direction, PacketOut, Record, Recorder, Sniffer};
use synfin_explain::capture::{Frame, LinkType};
use synfin_explain::packet::{ChecksumSeen, Dissector, Packet};
use synfin_explain::{Detail, Explainer};
use synfin_ladder::{Catalogue, Certainty, Connection, Fate, FindingKind, Language, Reason, text};
use synfin_wire::{DropReason, Instant, SendReason, SeqNumber};

use crate::drawing::layout_on;

/// How many connections are kept at a time.
const MOST_OPEN: usize = 4096;
/// How many segments of one connection are kept.
const MOST_SEGMENTS: usize = 4096;
/// How many connections may wait to be drawn.
const MOST_WAITING: usize = 256;
/// What is looked at of a packet, octets: its headers.
const FRONT: usize = 192;
/// LINKTYPE_RAW: an IP header comes first.
const RAW: LinkType = LinkType(101);

/// Watches connections, and writes a recording besides when one is asked for.
pub(super) struct Diagram {
    recording: Option<Sniffer<BufWriter<File>>>,
    dissector: Dissector,
    front: Vec<u8>,
    started: Option<u64>,
    watched: BTreeMap<Pair, Watched>,
    drawn: Option<SyncSender<Connection>>,
    artist: Option<JoinHandle<()>>,
    next_number: u64,
    not_drawn: u64,
}

/// synfin's end and the command's.
type Pair = (SocketAddr, SocketAddr);

/// A connection that is not over.
struct Watched {
    number: u64,
    explainer: Explainer,
    /// What the engine says of each segment.
    notes: Vec<Note>,
    /// The number behind the FIN of each direction, outbound first, and whether it is acknowledged.
    fins: [Option<(SeqNumber, bool)>; 2],
    is_reset: bool,
}

/// What the engine says of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Note {
    Sent(SendReason),
    Dropped(DropReason),
    Nothing,
}

impl Diagram {
    /// Draws in this language; what is recorded besides goes to `recording`.
    pub(super) fn new(recording: Option<Sniffer<BufWriter<File>>>, language: Language) -> io::Result<Self> {
        let (drawn, waiting) = sync_channel(MOST_WAITING);
        let artist = thread::Builder::new().name("diagram".into()).spawn(move || draw(&waiting, language))?;
        Ok(Self {
            recording,
            dissector: Dissector::new().verify_checksums(false),
            front: Vec::with_capacity(FRONT),
            started: None,
            watched: BTreeMap::new(),
            drawn: Some(drawn),
            artist: Some(artist),
            next_number: 1,
            not_drawn: 0,
        })
    }

    fn watch(&mut self, record: &Record<'_>) {
        let started = *self.started.get_or_insert(record.timestamp);
        let at = Instant::from_nanos(record.timestamp.saturating_sub(started));
        front_of(record.packet, &mut self.front);
        let original_len = u32::try_from(record.packet.len()).unwrap_or(u32::MAX);
        // What is noted there of states is drawn.
        let (bytes, comment) = (&self.front[..], record.comment);
        let frame = Frame { number: 1, at, link: RAW, interface: 0, bytes, original_len, comment };
        let Some(packet) = self.dissector.dissect(&frame).into_tcp() else { return };
        let is_outbound = record.direction == Direction::Outbound;
        let pair = if is_outbound {
            (packet.source, packet.destination)
        } else {
            (packet.destination, packet.source)
        };
        let opens = packet.header.flags.syn() && !packet.header.flags.ack();
        if !self.watched.contains_key(&pair) {
            // What comes late for one that is drawn already is no connection.
            if !opens {
                return;
            }
            if self.watched.len() == MOST_OPEN {
                self.not_drawn += 1;
                return;
            }
            self.watched.insert(pair, Watched::new(self.next_number));
            self.next_number += 1;
        }
        let Some(watched) = self.watched.get_mut(&pair) else { return };
        watched.observe(packet, is_outbound, Note::of(record));
        if watched.is_over()
            && let Some(watched) = self.watched.remove(&pair)
        {
            self.hand_over(watched.tell(pair));
        }
    }

    fn hand_over(&mut self, connection: Option<Connection>) {
        let (Some(connection), Some(drawn)) = (connection, &self.drawn) else { return };
        match drawn.try_send(connection) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.not_drawn += 1,
        }
    }
}

impl Recorder for Diagram {
    fn record(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.watch(record);
        self.recording.as_mut().map_or(Ok(()), |recording| Recorder::record(recording, record))
    }

    /// What is still open is drawn as it stands.
    fn finish(&mut self) -> io::Result<()> {
        let mut rest: Vec<(Pair, Watched)> = std::mem::take(&mut self.watched).into_iter().collect();
        rest.sort_by_key(|(_, watched)| watched.number);
        for (pair, watched) in rest {
            if let (Some(connection), Some(drawn)) = (watched.tell(pair), &self.drawn) {
                // Nothing else waits any more: this may.
                let _ = drawn.send(connection);
            }
        }
        self.drawn = None;
        if let Some(artist) = self.artist.take() {
            let _ = artist.join();
        }
        if self.not_drawn > 0 {
            eprintln!("synfin: {} more connections were not drawn: too many at a time", self.not_drawn);
        }
        self.recording.as_mut().map_or(Ok(()), Recorder::finish)
    }
}

impl Watched {
    fn new(number: u64) -> Self {
        let explainer = Explainer::new(Detail::First);
        Self { number, explainer, notes: Vec::new(), fins: [None; 2], is_reset: false }
    }

    fn observe(&mut self, mut packet: Packet<'_>, is_outbound: bool, note: Note) {
        let (own, other) = if is_outbound { (0, 1) } else { (1, 0) };
        let header = &packet.header;
        let is_taken = !matches!(note, Note::Dropped(_));
        if header.flags.fin() && is_taken {
            self.fins[own].get_or_insert((header.seq + packet.sequence_length(), false));
        }
        if header.flags.ack()
            && is_taken
            && let Some((end, acknowledged)) = &mut self.fins[other]
        {
            *acknowledged |= header.ack.at_or_after(*end);
        }
        self.is_reset |= header.flags.rst() && is_taken;
        if self.notes.len() < MOST_SEGMENTS {
            self.notes.push(note);
            packet.frame = self.notes.len() as u64;
            // The mark by which a capture shows whose packets have not yet left their host.
            packet.checksum = if is_outbound { ChecksumSeen::Partial } else { ChecksumSeen::Right };
            self.explainer.observe(&packet);
        }
    }

    fn is_over(&self) -> bool {
        self.is_reset || self.fins.iter().all(|fin| matches!(fin, Some((_, true))))
    }

    /// What is drawn of it.
    fn tell(self, (synfin, _): Pair) -> Option<Connection> {
        let mut connection = self.explainer.finish().into_iter().next()?;
        connection.number = self.number;
        for end in &mut connection.ends {
            end.captured_here = end.address == synfin;
            end.name = end.captured_here.then(|| "synfin".into());
        }
        // Only the fronts of packets are looked at here; nothing is missing of them, and the mark above is ours.
        let is_ours = |kind| matches!(kind, FindingKind::CutOff | FindingKind::ChecksumOffload);
        connection.findings.retain(|finding| !is_ours(finding.kind));
        for step in &mut connection.steps {
            let index = usize::try_from(step.frame - 1).unwrap_or(usize::MAX);
            (step.comment, step.note) = (None, synfin_wire::Note::default());
            match self.notes.get(index) {
                Some(Note::Sent(reason)) => {
                    step.reason = Reason::Sent(*reason);
                    step.certainty = Certainty::Seen;
                }
                Some(Note::Dropped(reason)) => step.fate = Fate::Dropped(*reason),
                Some(Note::Nothing) | None => {}
            }
        }
        Some(connection)
    }
}

impl Note {
    /// What stands in the comment: a reason where it was sent, and behind the states why it was dropped.
    fn of(record: &Record<'_>) -> Self {
        let comment = record.comment.unwrap_or_default();
        let (note, behind) = synfin_wire::Note::read(comment).unwrap_or((Default::default(), comment));
        if let Some(dropped) = behind.strip_prefix("dropped: ") {
            let code = dropped.split(' ').next().unwrap_or_default();
            let known = DropReason::ALL.iter().find(|reason| reason.code() == code);
            return known.map_or(Self::Nothing, |reason| Self::Dropped(*reason));
        }
        note.reason.map_or(Self::Nothing, Self::Sent)
    }
}

/// The front of a packet, which has all of its headers.
fn front_of(packet: &PacketOut<'_>, front: &mut Vec<u8>) {
    front.clear();
    for piece in std::iter::once(packet.header).chain(packet.payload.pieces()) {
        let room = FRONT - front.len();
        front.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}

/// Draws what is handed over, until nothing more will come.
fn draw(waiting: &Receiver<Connection>, language: Language) {
    let catalogue = Catalogue::new(language);
    while let Ok(connection) = waiting.recv() {
        let mut drawn = text::ladder(&connection, &catalogue, &layout_on(&io::stderr()));
        drawn.push('\n');
        if connection.steps.len() == MOST_SEGMENTS {
            drawn.push_str(&format!("synfin: only the first {MOST_SEGMENTS} segments of it are drawn\n"));
        }
        // Nobody may be there to read it.
        let _ = io::stderr().write_all(drawn.as_bytes());
    }
}
