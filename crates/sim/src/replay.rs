//! A connection that was captured, run again with something changed.
//!
//! What comes in: the segments of one connection as they passed the point of capture, which end the engine takes over,
//! and what is changed: a segment is lost, late or doubled behind the point of capture. What goes out: the segments
//! that would have passed there.
//!
//! The engine begins where the capture shows its end to have begun: with its initial sequence number, its options (RFC
//! 9293 section 3.7.1, RFC 7323, RFC 2018) and the clock of its timestamps. Its user makes the calls that the segments
//! show: it sends when new text was sent, closes with the FIN, aborts with the RST, and reads at once. How far an end is
//! from the point of capture is taken from the shortest answer that it gave.
//!
//! The other end says what was recorded, for as long as it hears what it heard then. From the moment at which it would
//! have heard something else, what it said is no answer any more; the engine, which has listened in its place, goes on
//! for it, and [`Replayed::engine_alone`] says from when on.
//!
//! Left out on purpose: what the text says, as TCP does not look at it; Fast Open; simultaneous opens; marks of
//! congestion; when a slow user reads; the congestion control of another stack than this one.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use synfin_host::tcp::{SegmentOut, SendReason};
use synfin_wire::{Flags, Instant, Segment, SeqNumber, TcpHeader};

mod end;
mod infer;

use end::{End, text};
use infer::Call;

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The one that opens.
    Left,
    /// The one that is opened to.
    Right,
}

impl Party {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Left, Self::Right];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }

    /// 0 for the left, 1 for the right.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A connection as it was captured.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The addresses and ports of the left and the right end.
    pub ends: [SocketAddr; 2],
    /// What passed, in the order of the capture.
    pub segments: Vec<Recorded>,
}

/// A segment that was captured.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The number of its frame.
    pub frame: u64,
    /// When it passed, counted from the first frame of the capture.
    pub at: Instant,
    /// Who sent it.
    pub from: Party,
    /// Its header.
    pub header: TcpHeader,
    /// Octets of text.
    pub len: u32,
    /// It has not arrived, as far as can be told.
    pub is_lost: bool,
    /// It is an RST that its user asked for.
    pub is_abort: bool,
}

impl Recorded {
    fn sequence_length(&self) -> u32 {
        self.len + u32::from(self.header.flags.syn()) + u32::from(self.header.flags.fin())
    }

    fn end(&self) -> SeqNumber {
        self.header.seq + self.sequence_length()
    }

    fn key(&self) -> Key {
        Key::of(&self.header, self.len)
    }
}

impl Recording {
    fn of(&self, party: Party) -> impl Iterator<Item = &Recorded> {
        self.segments.iter().filter(move |segment| segment.from == party)
    }

    fn syn(&self, party: Party) -> Option<&Recorded> {
        self.of(party).find(|segment| segment.header.flags.syn())
    }
}

/// What befalls a segment behind the point of capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is lost.
    Drop,
    /// It comes so much later.
    Delay(Duration),
    /// It comes twice.
    Duplicate,
}

/// A change to the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The number of the frame.
    pub frame: u64,
    /// What befalls it.
    pub effect: Effect,
}

/// A segment of the replay.
#[derive(Clone, Debug)]
pub struct Said {
    /// The frame that says the same, as long as nothing differs.
    pub frame: Option<u64>,
    /// When it passes the point of capture, in the time of the recording.
    pub at: Instant,
    /// Who sends it.
    pub from: Party,
    /// Its header.
    pub header: TcpHeader,
    /// Octets of text.
    pub len: u32,
    /// Why the engine sends it; `None` for what was recorded.
    pub reason: Option<SendReason>,
    /// What befalls it.
    pub effect: Option<Effect>,
}

/// A connection as it would have gone.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// What passes the point of capture, in order.
    pub said: Vec<Said>,
    /// How many of them are told before anything differs.
    pub same: usize,
    /// From when on the engine speaks for both ends: the other end has heard something that it did not hear when it was
    /// recorded.
    pub engine_alone: Option<Instant>,
    /// The changes whose segment was never sent.
    pub unmet: Vec<Change>,
    /// It went on for longer than was looked at.
    pub is_cut: bool,
}

/// Why there is no replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// The capture lacks the beginning: a SYN, or what answered it.
    NoOpening,
    /// Both ends opened at once.
    Simultaneous,
    /// A SYN carries text: the frame.
    FastOpen(u64),
    /// A change names a frame that is not of the connection.
    NoFrame(u64),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOpening => f.write_str(
                "the capture does not show how the connection was opened, and a replay begins with its SYN",
            ),
            Self::Simultaneous => f.write_str("both ends opened at once, which cannot be replayed"),
            Self::FastOpen(frame) => write!(f, "frame {frame} is a Fast Open, which cannot be replayed"),
            Self::NoFrame(frame) => write!(f, "frame {frame} is not of this connection"),
        }
    }
}

impl std::error::Error for ReplayError {}

/// Runs a recording again, with the engine in the place of one end.
///
/// # Errors
/// See [`ReplayError`].
pub fn replay(recording: &Recording, replaced: Party, changes: &[Change]) -> Result<Replayed, ReplayError> {
    let mut run = Run::new(recording, replaced, changes)?;
    run.run();
    Ok(run.finish())
}

/// How long after the last recorded segment is looked at what still happens.
const PATIENCE: Duration = Duration::from_secs(300);
/// How many more segments there may be than were recorded.
const MOST_MORE: usize = 10_000;

/// A user who answers no later than this may do so before what it answers is acknowledged.
const AT_ONCE: Duration = Duration::from_millis(1);

/// What makes a segment the same as another: what it says of numbers, and not when, or how large a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    seq: SeqNumber,
    ack: Option<SeqNumber>,
    flags: Flags,
    len: u32,
}

impl Key {
    fn of(header: &TcpHeader, len: u32) -> Self {
        let all = Flags::SYN | Flags::FIN | Flags::RST | Flags::ACK;
        let flags = Flags::from_bits(header.flags.bits() & all.bits());
        Self { seq: header.seq, ack: flags.ack().then_some(header.ack), flags, len }
    }

    /// The same transmission, whatever it acknowledges when it carries something.
    fn is_transmission_of(&self, other: &Self) -> bool {
        let takes_numbers = self.len > 0 || self.flags.syn() || self.flags.fin();
        self.seq == other.seq
            && self.len == other.len
            && self.flags == other.flags
            && (takes_numbers || self.ack == other.ack)
    }
}

/// Something that is put down for a moment. Of what happens at one moment, the first of these happens first.
#[derive(Debug)]
enum What {
    /// A segment comes to an end.
    Arrive(Party, Box<Segment>, bool),
    /// The user of an end calls; whether the segment that shows it acknowledges something new.
    Call(Party, Vec<Call>, bool),
    /// The recorded end says the segment of that index.
    Speak(usize),
}

impl What {
    const fn rank(&self) -> u8 {
        match self {
            Self::Arrive(..) => 0,
            Self::Call(..) => 1,
            Self::Speak(_) => 2,
        }
    }
}

/// A change, or a loss that was recorded, waiting for its segment.
#[derive(Debug)]
struct Fate {
    frame: u64,
    from: Party,
    key: Key,
    effect: Effect,
    /// How many transmissions of the same go before it.
    earlier: usize,
    is_change: bool,
    met: bool,
}

/// A replay on its way.
struct Run<'a> {
    recording: &'a Recording,
    replaced: Party,
    distances: [Duration; 2],
    agenda: BTreeMap<(Instant, u8, u64), What>,
    order: u64,
    ends: [End; 2],
    fates: Vec<Fate>,
    said: Vec<Said>,
    /// The number behind the last that the engine has sent, in the place of each end.
    sent: [Option<SeqNumber>; 2],
    /// How many segments the replaced end has sent.
    count: usize,
    /// The recording still holds.
    recorded: bool,
    /// A change has come into effect.
    changed: bool,
    engine_alone: Option<Instant>,
    /// When the other end will have heard something else.
    parts_at: Option<Instant>,
    deadline: Instant,
    now: Instant,
    is_cut: bool,
}

impl<'a> Run<'a> {
    fn new(recording: &'a Recording, replaced: Party, changes: &[Change]) -> Result<Self, ReplayError> {
        let syn = recording.syn(Party::Left).ok_or(ReplayError::NoOpening)?;
        if syn.header.flags.ack() {
            return Err(ReplayError::NoOpening);
        }
        match recording.syn(Party::Right) {
            Some(answer) if !answer.header.flags.ack() => return Err(ReplayError::Simultaneous),
            None if recording.of(Party::Right).next().is_none_or(|first| !first.header.flags.rst()) => {
                return Err(ReplayError::NoOpening);
            }
            _ => {}
        }
        let distances = infer::distances(recording);
        let last = recording.segments.last().map_or(Instant::ZERO, |segment| segment.at);
        let ends = Party::BOTH.map(|party| {
            let departs = |at| departure(&distances, party, at);
            End::new(infer::setting(recording, party, departs))
        });
        let mut run = Self {
            recording,
            replaced,
            distances,
            agenda: BTreeMap::new(),
            order: 0,
            ends,
            fates: fates(recording, changes)?,
            said: Vec::new(),
            sent: [None; 2],
            count: 0,
            recorded: true,
            changed: false,
            engine_alone: None,
            parts_at: None,
            deadline: last + distances[0] + distances[1] + PATIENCE,
            now: Instant::ZERO,
            is_cut: false,
        };
        for party in Party::BOTH {
            for infer::Made { at, calls, is_answer } in infer::calls(recording, party)? {
                run.put(departure(&distances, party, at), What::Call(party, calls, is_answer));
            }
        }
        let peer = replaced.other();
        for (index, segment) in recording.segments.iter().enumerate() {
            if segment.from == peer {
                run.put(departure(&distances, peer, segment.at), What::Speak(index));
            }
        }
        Ok(run)
    }

    fn put(&mut self, moment: Instant, what: What) {
        self.order += 1;
        self.agenda.insert((moment, what.rank(), self.order), what);
    }

    fn run(&mut self) {
        loop {
            let event = self.agenda.first_key_value().map(|((moment, ..), _)| *moment);
            let timer = Party::BOTH
                .into_iter()
                .filter_map(|party| self.ends[party.index()].poll_timeout().map(|moment| (moment, party)))
                .min();
            let next = match (event, timer) {
                (None, None) => return,
                (event, timer) => event.into_iter().chain(timer.map(|(moment, _)| moment)).min(),
            };
            let Some(next) = next.filter(|next| *next <= self.deadline) else {
                self.is_cut = true;
                return;
            };
            self.now = self.now.max(next);
            if self.recorded && self.parts_at.is_some_and(|moment| moment <= self.now) {
                self.part();
            }
            // What was set first happens first, and timers have been set before.
            match timer.filter(|(moment, _)| *moment <= next) {
                Some((_, party)) => {
                    self.ends[party.index()].handle_timeout(self.now);
                    self.drain(party, None);
                }
                None => {
                    let Some((_, what)) = self.agenda.pop_first() else { return };
                    self.perform(what);
                }
            }
            if self.said.len() > self.recording.segments.len() + MOST_MORE {
                self.is_cut = true;
                return;
            }
        }
    }

    /// The other end has heard something else: the engine goes on for it.
    fn part(&mut self) {
        self.recorded = false;
        self.engine_alone.get_or_insert(self.now);
    }

    fn perform(&mut self, what: What) {
        match what {
            What::Arrive(party, segment, is_super) => self.arrive(party, *segment, is_super),
            What::Call(party, calls, _) => {
                self.call(party, calls);
                self.drain(party, None);
            }
            What::Speak(index) if self.recorded => self.speak(index),
            What::Speak(_) => {}
        }
    }

    /// What comes at one moment is taken in together before anything is sent; and so is what the user says at once to what
    /// has come, as the recording shows: an acknowledgment went with it.
    fn arrive(&mut self, party: Party, segment: Segment, is_super: bool) {
        let mut next = Some((segment, is_super));
        let mut answer = None;
        while let Some((segment, is_super)) = next.take() {
            let size = is_super.then(|| self.segment_size());
            answer = self.ends[party.index()].hear(segment, size, self.now).or(answer);
            let key = self.agenda.iter().next().map(|(key, _)| *key);
            next = key.filter(|(moment, ..)| *moment <= self.now).and_then(|key| {
                match self.agenda.remove(&key) {
                    Some(What::Arrive(to, segment, is_super)) if to == party => Some((*segment, is_super)),
                    Some(other) => {
                        self.agenda.insert(key, other);
                        None
                    }
                    None => None,
                }
            });
        }
        let soon = self.now + AT_ONCE;
        let own = |what: &What| matches!(what, What::Call(of, ..) if *of == party);
        let call =
            self.agenda.iter().take_while(|((moment, ..), _)| *moment <= soon).find(|(_, what)| own(what));
        let call = call.filter(|(_, what)| matches!(what, What::Call(_, _, true))).map(|(key, _)| *key);
        if let Some(What::Call(_, calls, _)) = call.and_then(|key| self.agenda.remove(&key)) {
            self.call(party, calls);
        }
        self.drain(party, answer);
    }

    fn call(&mut self, party: Party, calls: Vec<Call>) {
        for call in calls {
            self.ends[party.index()].call(call, self.now);
        }
    }

    /// The recorded end says what it said, if that still answers what it has heard.
    fn speak(&mut self, index: usize) {
        let segment = &self.recording.segments[index];
        let unsaid = segment.header.flags.ack()
            && !segment.header.flags.rst()
            && self.sent[self.replaced.index()].is_none_or(|sent| segment.header.ack.after(sent));
        if unsaid {
            // Whatever the engine has said in its place belongs to another story, too.
            return self.part();
        }
        let mut header = segment.header.clone();
        self.translate_echo(&mut header);
        self.pass(segment.from, header, segment.len, None, Some(segment.frame));
        if self.changed
            && !self.recording.segments[index + 1..].iter().any(|later| later.from == segment.from)
        {
            self.part();
        }
    }

    /// The echo of a timestamp, as the clock of the engine would have had it: the clocks of others run at other speeds.
    fn translate_echo(&self, header: &mut TcpHeader) {
        let Some(stamps) = &mut header.options.timestamps else { return };
        let echoed = self
            .recording
            .of(self.replaced)
            .take_while(|segment| departure(&self.distances, self.replaced, segment.at) <= self.now);
        let echoed = echoed.filter(|segment| {
            segment.header.options.timestamps.is_some_and(|stamp| stamp.value == stamps.echo)
        });
        if let Some(segment) = echoed.last() {
            let offset = self.ends[self.replaced.index()].timestamp_offset();
            let clock = departure(&self.distances, self.replaced, segment.at).as_millis() as u32;
            stamps.echo = clock.wrapping_add(offset);
        }
    }

    /// Everything that the engine has to say in the place of an end.
    fn drain(&mut self, party: Party, answer: Option<SegmentOut>) {
        let now = self.now;
        let mut answer = answer;
        while let Some(out) = answer.take().or_else(|| self.ends[party.index()].poll_transmit(now)) {
            let len = out.payload_len as u32;
            let key = Key::of(&out.header, len);
            let flags = key.flags;
            let end = key.seq + len + u32::from(flags.syn()) + u32::from(flags.fin());
            let is_new = self.sent[party.index()].is_none_or(|sent| end.after(sent));
            if is_new && !flags.rst() {
                self.sent[party.index()] = Some(end);
            }
            if party != self.replaced && self.recorded {
                let again = !is_new && end != key.seq;
                if !(self.changed && again) {
                    continue;
                }
                self.part();
            }
            if party == self.replaced {
                self.compare(&key);
            }
            self.pass(party, out.header, len, Some(out.reason), None);
        }
    }

    /// Once something was changed, the first other word of the replaced end is the last that the recording holds for.
    fn compare(&mut self, key: &Key) {
        let recorded = self.recording.of(self.replaced).nth(self.count).map(Recorded::key);
        self.count += 1;
        if self.changed && recorded != Some(*key) {
            self.heard_otherwise();
        }
    }

    /// What leaves the replaced end now lets the other one hear something else.
    fn heard_otherwise(&mut self) {
        let moment = self.now + self.distances[0] + self.distances[1];
        self.parts_at = Some(self.parts_at.map_or(moment, |known| known.min(moment)));
    }

    /// A segment leaves an end, passes the point of capture, and arrives at the other, if it does.
    fn pass(
        &mut self,
        from: Party,
        header: TcpHeader,
        len: u32,
        reason: Option<SendReason>,
        frame: Option<u64>,
    ) {
        let to = from.other();
        let passes = self.now + self.distances[from.index()];
        let arrives = passes + self.distances[to.index()];
        let key = Key::of(&header, len);
        let (effect, is_change) = self.fate(from, &key, frame).unzip();
        if is_change == Some(true) {
            self.changed = true;
            if from == self.replaced {
                self.heard_otherwise();
            }
        }
        let at = arrival_in_recording(&self.distances, passes);
        self.said.push(Said { frame: None, at, from, header: header.clone(), len, reason, effect });
        let is_super = len > u32::from(self.segment_size());
        let segment = Segment { header, payload: text(len as usize) };
        let arrive = |segment| What::Arrive(to, Box::new(segment), is_super);
        match effect {
            Some(Effect::Drop) => {}
            Some(Effect::Delay(late)) => self.put(arrives + late, arrive(segment)),
            Some(Effect::Duplicate) => {
                self.put(arrives, arrive(segment.clone()));
                self.put(arrives, arrive(segment));
            }
            None => self.put(arrives, arrive(segment)),
        }
    }

    /// What befalls this segment, and whether that is a change.
    fn fate(&mut self, from: Party, key: &Key, frame: Option<u64>) -> Option<(Effect, bool)> {
        let mut found = None;
        for fate in self.fates.iter_mut().filter(|fate| !fate.met && fate.from == from) {
            let is_it = match frame {
                Some(frame) => fate.frame == frame,
                None => fate.key.is_transmission_of(key),
            };
            if !is_it {
                continue;
            }
            if frame.is_none() && fate.earlier > 0 {
                fate.earlier -= 1;
                continue;
            }
            if found.is_none() {
                fate.met = true;
                found = Some((fate.effect, fate.is_change));
            }
        }
        found
    }

    /// The text of a whole segment, octets.
    fn segment_size(&self) -> u16 {
        let mss = |party| self.recording.syn(party).and_then(|syn| syn.header.options.mss);
        let stamped =
            self.recording.segments.iter().rev().any(|segment| segment.header.options.timestamps.is_some());
        let whole = mss(Party::Left).unwrap_or(536).min(mss(Party::Right).unwrap_or(536)).max(48);
        if stamped { whole - 12 } else { whole }
    }

    fn finish(mut self) -> Replayed {
        self.said.sort_by_key(|said| said.at);
        let same = number(self.recording, &mut self.said);
        let unmet = self.fates.iter().filter(|fate| fate.is_change && !fate.met);
        let unmet = unmet.map(|fate| Change { frame: fate.frame, effect: fate.effect }).collect();
        let engine_alone = self.engine_alone.map(|moment| arrival_in_recording(&self.distances, moment));
        Replayed { said: self.said, same, engine_alone, unmet, is_cut: self.is_cut }
    }
}

/// When a segment left its end, in the time of the replay, which begins early enough.
fn departure(distances: &[Duration; 2], party: Party, at: Instant) -> Instant {
    at + distances[party.other().index()]
}

/// A moment of the replay at the point of capture, in the time of the recording.
fn arrival_in_recording(distances: &[Duration; 2], moment: Instant) -> Instant {
    let shift = (distances[0] + distances[1]).as_nanos() as u64;
    Instant::from_nanos(moment.as_nanos().saturating_sub(shift))
}

/// What befalls which segment: what was changed, and before that what was lost when it was recorded.
fn fates(recording: &Recording, changes: &[Change]) -> Result<Vec<Fate>, ReplayError> {
    let fate = |frame, effect, is_change| {
        let index = recording.segments.iter().position(|segment| segment.frame == frame);
        let index = index.ok_or(ReplayError::NoFrame(frame))?;
        let segment = &recording.segments[index];
        let key = segment.key();
        let before = recording.segments[..index].iter().filter(|other| other.from == segment.from);
        let earlier = before.filter(|other| key.is_transmission_of(&other.key())).count();
        Ok(Fate { frame, from: segment.from, key, effect, earlier, is_change, met: false })
    };
    let changed = changes.iter().map(|change| fate(change.frame, change.effect, true));
    let lost = recording.segments.iter().filter(|segment| segment.is_lost);
    let lost = lost.map(|segment| fate(segment.frame, Effect::Drop, false));
    changed.chain(lost).collect()
}

/// Gives what was said the numbers of the frames that say the same, up to the first difference; returns how many have
/// one.
fn number(recording: &Recording, said: &mut [Said]) -> usize {
    let mut differs: Option<Instant> = None;
    for party in Party::BOTH {
        let mut recorded = recording.of(party);
        for here in said.iter_mut().filter(|said| said.from == party) {
            match recorded.next() {
                Some(there) if there.key() == Key::of(&here.header, here.len) => {
                    here.frame = Some(there.frame)
                }
                _ => {
                    differs = Some(differs.map_or(here.at, |known| known.min(here.at)));
                    break;
                }
            }
        }
        if let Some(there) = recorded.next() {
            let at = there.at;
            if said.iter().filter(|said| said.from == party).all(|said| said.frame.is_some()) {
                differs = Some(differs.map_or(at, |known| known.min(at)));
            }
        }
    }
    let same = differs.map_or(said.len(), |moment| said.iter().take_while(|said| said.at < moment).count());
    for here in &mut said[same..] {
        here.frame = None;
    }
    same
}

#[cfg(test)]
mod tests;
