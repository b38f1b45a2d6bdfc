//! The replay itself: what happens at each moment.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use synfin_host::tcp::{SegmentOut, SendReason};
use synfin_wire::{Instant, Segment, SeqNumber, TcpHeader};

use super::end::{End, text};
use super::infer::{self, Made};
use super::{Change, Effect, Key, Party, Recorded, Recording, ReplayError, Replayed, Said};

/// How long after the last recorded segment is looked at what still happens.
const PATIENCE: Duration = Duration::from_secs(300);
/// How many more segments there may be than were recorded.
const MOST_MORE: usize = 10_000;

/// A user who answers no later than this may do so before what it answers is acknowledged.
const AT_ONCE: Duration = Duration::from_millis(1);

/// Something that is put down for a moment. Of what happens at one moment, the first of these happens first.
#[derive(Debug)]
enum What {
    /// A segment comes to an end.
    Arrive(Party, Box<Segment>, bool),
    /// The user of an end calls.
    Call(Party, Made),
    /// A call that was put off is due.
    Wake(Party),
    /// The recorded end says the segment of that index.
    Speak(usize),
}

impl What {
    const fn rank(&self) -> u8 {
        match self {
            Self::Arrive(..) => 0,
            Self::Call(..) | Self::Wake(_) => 1,
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
pub(super) struct Run<'a> {
    recording: &'a Recording,
    replaced: Party,
    distances: [Duration; 2],
    agenda: BTreeMap<(Instant, u8, u64), What>,
    order: u64,
    ends: [End; 2],
    /// Calls that are due, and that wait for what the user has yet to hear.
    held: [VecDeque<Made>; 2],
    /// How much later than recorded each user calls.
    late: [Duration; 2],
    /// When the first of those calls is due.
    woken_at: [Option<Instant>; 2],
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
    pub(super) fn new(
        recording: &'a Recording,
        replaced: Party,
        changes: &[Change],
    ) -> Result<Self, ReplayError> {
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
            held: Default::default(),
            late: [Duration::ZERO; 2],
            woken_at: [None; 2],
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
            for mut made in infer::calls(recording, party)? {
                made.at = departure(&distances, party, made.at);
                run.put(made.at, What::Call(party, made));
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

    pub(super) fn run(&mut self) {
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
            What::Call(party, made) => {
                self.held[party.index()].push_back(made);
                self.let_call(party);
                self.drain(party, None);
            }
            What::Wake(party) => {
                self.let_call(party);
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
        let own = |what: &What| matches!(what, What::Call(of, _) if *of == party);
        let call =
            self.agenda.iter().take_while(|((moment, ..), _)| *moment <= soon).find(|(_, what)| own(what));
        let call = call.filter(|(_, what)| matches!(what, What::Call(_, made) if made.is_answer));
        if let Some(key) = call.map(|(key, _)| *key)
            && let Some(What::Call(_, made)) = self.agenda.remove(&key)
        {
            self.held[party.index()].push_back(Made { at: made.at.min(self.now), ..made });
        }
        self.let_call(party);
        self.drain(party, answer);
    }

    /// A user says nothing before it has heard what it had heard when it was recorded; and what it says after that comes
    /// as much later.
    fn let_call(&mut self, party: Party) {
        let index = party.index();
        while let Some(made) = self.held[index].pop_front() {
            if made.needs > self.ends[index].heard() {
                self.held[index].push_front(made);
                return;
            }
            let due = made.at + self.late[index];
            if due > self.now {
                self.held[index].push_front(made);
                if self.woken_at[index] != Some(due) {
                    self.woken_at[index] = Some(due);
                    self.put(due, What::Wake(party));
                }
                return;
            }
            self.late[index] = self.late[index].max(self.now - made.at);
            for call in made.calls {
                self.ends[index].call(call, self.now);
            }
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

    pub(super) fn finish(mut self) -> Replayed {
        self.said.sort_by_key(|said| said.at);
        let same = number(self.recording, &mut self.said);
        let unmet = self.fates.iter().filter(|fate| fate.is_change && !fate.met);
        let unmet = unmet.map(|fate| Change { frame: fate.frame, effect: fate.effect }).collect();
        let peer = self.replaced.other();
        let has_spoken = self.said.iter().any(|said| said.from == peer && said.reason.is_some());
        let engine_alone = self
            .engine_alone
            .filter(|_| has_spoken)
            .map(|moment| arrival_in_recording(&self.distances, moment));
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
