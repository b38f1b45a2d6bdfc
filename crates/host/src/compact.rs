//! What is held of connections that there may be very many of.
//!
//! In: an entry whose connection is half-open, in TIME-WAIT or has been quiet for a while, and of which nobody waits to
//! hear. Out: the same entry again, once it is touched. A slot of the table is 16 octets, and holds either; what acts on
//! a connection knows only entries, so nothing is decided here and nothing that an answer depends on is left out.
//!
//! Left out on purpose: what is half-open by its owner's will, or signs its segments before it is established or when it
//! is over. There are few of these, and they stay as they are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use synfin_tcp::{Config, HalfOpen, Identity, Resting, RestingTimeWait, State, TimeWait};
use synfin_wire::Instant;

use crate::event::{ListenerHandle, TcpEvents};
use crate::md5::Md5Key;
use crate::pages;
use crate::table::{Entry, HalfOpenPhase, Owner, Pair, Phase, Wishes};

/// A place in the table, with its version.
#[derive(Debug)]
pub(crate) enum Slot {
    Vacant,
    Whole(u32, Box<Entry>),
    HalfOpenV4(u32, Box<HalfOpenForm<Ipv4Addr>>),
    HalfOpenV6(u32, Box<HalfOpenForm<Ipv6Addr>>),
    TimeWaitV4(u32, Box<TimeWaitForm<Ipv4Addr>>),
    TimeWaitV6(u32, Box<TimeWaitForm<Ipv6Addr>>),
    Resting(u32, Box<RestingForm>),
}

const _: () = assert!(size_of::<Slot>() <= 16);
// As allocators have it, with eight octets of their own: 112 and 64.
const _: () = assert!(size_of::<HalfOpenForm<Ipv4Addr>>() <= 104);
const _: () = assert!(size_of::<TimeWaitForm<Ipv4Addr>>() <= 56);

/// A listener's half-open connection.
#[derive(Clone, Debug)]
pub(crate) struct HalfOpenForm<A> {
    half_open: HalfOpen,
    config: Arc<Config>,
    listener: ListenerHandle,
    ends: Ends<A>,
}

/// TIME-WAIT whose owner has gone.
#[derive(Clone, Debug)]
pub(crate) struct TimeWaitForm<A> {
    /// Its tag is the DSCP of its packets.
    time_wait: RestingTimeWait,
    config: Arc<Config>,
    ends: Ends<A>,
}

/// A connection with which nothing goes on, and what the host remembers about it.
#[derive(Clone, Debug)]
pub(crate) struct RestingForm {
    connection: Resting,
    pair: PackedPair,
    config: Arc<Config>,
    md5_key: Option<Md5Key>,
    owner: Owner,
    events: TcpEvents,
    dscp: u8,
    orphan: bool,
    reported: bool,
}

/// A [`Pair`] without the room that it has to spare.
#[derive(Clone, Copy, Debug)]
struct PackedPair {
    addresses: [IpAddr; 2],
    ports: [u16; 2],
}

impl PackedPair {
    fn new(pair: &Pair) -> Self {
        Self {
            addresses: [pair.local.ip(), pair.remote.ip()],
            ports: [pair.local.port(), pair.remote.port()],
        }
    }

    fn pair(&self) -> Pair {
        let Self { addresses: [local, remote], ports: [local_port, remote_port] } = *self;
        Pair { local: (local, local_port).into(), remote: (remote, remote_port).into() }
    }
}

/// Two addresses of one family. The ports are in the connection's [`Identity`].
#[derive(Clone, Copy, Debug)]
struct Ends<A> {
    local: A,
    remote: A,
}

impl pages::Slot for Slot {
    const VACANT: Self = Self::Vacant;

    fn version(&self) -> Option<u32> {
        match self {
            Self::Vacant => None,
            Self::Whole(version, _)
            | Self::HalfOpenV4(version, _)
            | Self::HalfOpenV6(version, _)
            | Self::TimeWaitV4(version, _)
            | Self::TimeWaitV6(version, _)
            | Self::Resting(version, _) => Some(*version),
        }
    }
}

impl Slot {
    /// The two ends; `None` of a vacant slot.
    pub(crate) fn pair(&self) -> Option<Pair> {
        match self {
            Self::Vacant => None,
            Self::Whole(_, entry) => Some(entry.pair),
            Self::HalfOpenV4(_, form) => Some(form.pair()),
            Self::HalfOpenV6(_, form) => Some(form.pair()),
            Self::TimeWaitV4(_, form) => Some(form.pair()),
            Self::TimeWaitV6(_, form) => Some(form.pair()),
            Self::Resting(_, form) => Some(form.pair.pair()),
        }
    }

    /// Whether the connection is between these ends.
    pub(crate) fn is_of(&self, pair: &Pair) -> bool {
        match self {
            Self::Whole(_, entry) => entry.pair == *pair,
            _ => self.pair() == Some(*pair),
        }
    }

    /// Whether it is a connection between these ends that is found by them, and not in a compact form.
    pub(crate) fn is_indexed_of(&self, pair: &Pair) -> bool {
        matches!(self, Self::Whole(_, entry) if entry.is_indexed_of(pair))
    }

    /// When the connection is to be looked at.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Vacant => None,
            Self::Whole(_, entry) => entry.poll_timeout(),
            Self::HalfOpenV4(_, form) => form.half_open.poll_timeout(),
            Self::HalfOpenV6(_, form) => form.half_open.poll_timeout(),
            Self::TimeWaitV4(_, form) => form.time_wait.poll_timeout(),
            Self::TimeWaitV6(_, form) => form.time_wait.poll_timeout(),
            Self::Resting(_, form) => form.connection.poll_timeout(),
        }
    }

    /// Who holds the handle.
    pub(crate) fn owner(&self) -> Owner {
        match self {
            Self::Whole(_, entry) => entry.owner,
            Self::HalfOpenV4(_, form) => Owner::Listener(form.listener),
            Self::HalfOpenV6(_, form) => Owner::Listener(form.listener),
            Self::Resting(_, form) => form.owner,
            Self::Vacant | Self::TimeWaitV4(..) | Self::TimeWaitV6(..) => Owner::Nobody,
        }
    }

    /// A connection that has heard its peer, and is not at rest.
    pub(crate) fn was_heard(&self) -> bool {
        matches!(self, Self::Whole(_, entry) if entry.was_heard())
    }

    /// TIME-WAIT in whatever form.
    pub(crate) fn is_time_wait(&self) -> bool {
        match self {
            Self::Whole(_, entry) => entry.state() == State::TimeWait,
            _ => self.is_time_wait_form(),
        }
    }

    /// It waits to go to rest.
    pub(crate) fn is_in_line(&self) -> bool {
        matches!(self, Self::Whole(_, entry) if entry.is_in_line())
    }

    /// It is TIME-WAIT in its compact form.
    pub(crate) fn is_time_wait_form(&self) -> bool {
        matches!(self, Self::TimeWaitV4(..) | Self::TimeWaitV6(..))
    }

    /// The entry that a compact form stands for.
    pub(crate) fn unpacked(&self) -> Option<Box<Entry>> {
        let entry = match self {
            Self::Vacant | Self::Whole(..) => return None,
            Self::HalfOpenV4(_, form) => form.entry(),
            Self::HalfOpenV6(_, form) => form.entry(),
            Self::TimeWaitV4(_, form) => form.entry(),
            Self::TimeWaitV6(_, form) => form.entry(),
            Self::Resting(_, form) => form.entry(),
        };
        Some(Box::new(entry))
    }

    /// Brings the entry back that a compact form stands for.
    pub(crate) fn unpack(&mut self) {
        if let (Some(entry), Some(version)) = (self.unpacked(), pages::Slot::version(self)) {
            *self = Self::Whole(version, entry);
        }
    }

    /// Makes the compact form of an entry whose stage has one, as long as nothing waits to be done with it.
    pub(crate) fn pack(&mut self) {
        if let Self::Whole(version, entry) = self
            && let Some(form) = packed(*version, entry)
        {
            *self = form;
        }
    }
}

fn packed(version: u32, entry: &Entry) -> Option<Slot> {
    if !entry.is_at_rest() {
        return None;
    }
    if let Phase::Connection(connection) = &entry.phase {
        return connection
            .rest()
            .map(|connection| Slot::Resting(version, Box::new(RestingForm::new(connection, entry))));
    }
    // A half-open form has no room for a mark of its own.
    let is_marked = matches!(entry.phase, Phase::HalfOpen(_)) && entry.dscp != entry.config.dscp & 0x3f;
    if entry.md5_key.is_some() || entry.orphan || is_marked {
        return None;
    }
    Some(match (&entry.phase, entry.owner, AnyEnds::of(&entry.pair)?) {
        (Phase::HalfOpen(phase), Owner::Listener(listener), AnyEnds::V4(ends)) => {
            Slot::HalfOpenV4(version, Box::new(HalfOpenForm::new(phase, entry, listener, ends)))
        }
        (Phase::HalfOpen(phase), Owner::Listener(listener), AnyEnds::V6(ends)) => {
            Slot::HalfOpenV6(version, Box::new(HalfOpenForm::new(phase, entry, listener, ends)))
        }
        (Phase::TimeWait(time_wait), Owner::Nobody, AnyEnds::V4(ends)) => {
            Slot::TimeWaitV4(version, Box::new(TimeWaitForm::new(time_wait, entry, ends)?))
        }
        (Phase::TimeWait(time_wait), Owner::Nobody, AnyEnds::V6(ends)) => {
            Slot::TimeWaitV6(version, Box::new(TimeWaitForm::new(time_wait, entry, ends)?))
        }
        _ => return None,
    })
}

impl RestingForm {
    fn new(connection: Resting, entry: &Entry) -> Self {
        Self {
            connection,
            pair: PackedPair::new(&entry.pair),
            config: Arc::clone(&entry.config),
            md5_key: entry.md5_key.clone(),
            owner: entry.owner,
            events: entry.events,
            dscp: entry.dscp,
            orphan: entry.orphan,
            reported: entry.reported,
        }
    }

    fn entry(&self) -> Entry {
        let phase = Phase::Connection(self.connection.wake());
        let mut entry = Entry::new(self.pair.pair(), Arc::clone(&self.config), phase, self.owner);
        entry.md5_key = self.md5_key.clone();
        entry.events = self.events;
        entry.dscp = self.dscp;
        entry.orphan = self.orphan;
        entry.reported = self.reported;
        entry
    }

    /// The key with which its segments are signed.
    pub(crate) fn md5_key(&self) -> Option<&Md5Key> {
        self.md5_key.as_ref()
    }
}

impl<A: Copy + Into<IpAddr>> HalfOpenForm<A> {
    fn new(phase: &HalfOpenPhase, entry: &Entry, listener: ListenerHandle, ends: Ends<A>) -> Self {
        Self { half_open: phase.half_open.clone(), config: Arc::clone(&entry.config), listener, ends }
    }

    fn pair(&self) -> Pair {
        self.ends.pair(&self.half_open.identity())
    }

    fn entry(&self) -> Entry {
        let numbers = self.half_open.numbers();
        let phase = HalfOpenPhase {
            half_open: self.half_open.clone(),
            iss: numbers.iss,
            irs: numbers.irs.unwrap_or_default(),
            wishes: Wishes::default(),
        };
        let owner = Owner::Listener(self.listener);
        Entry::new(self.pair(), Arc::clone(&self.config), Phase::HalfOpen(Box::new(phase)), owner)
    }
}

impl<A: Copy + Into<IpAddr>> TimeWaitForm<A> {
    fn new(time_wait: &TimeWait, entry: &Entry, ends: Ends<A>) -> Option<Self> {
        let time_wait = time_wait.rest(entry.dscp)?;
        Some(Self { time_wait, config: Arc::clone(&entry.config), ends })
    }

    fn pair(&self) -> Pair {
        self.ends.pair(&self.time_wait.identity())
    }

    fn entry(&self) -> Entry {
        let phase = Phase::TimeWait(Box::new(self.time_wait.wake()));
        let mut entry = Entry::new(self.pair(), Arc::clone(&self.config), phase, Owner::Nobody);
        entry.dscp = self.time_wait.tag();
        entry
    }
}

/// Ends of either family.
enum AnyEnds {
    V4(Ends<Ipv4Addr>),
    V6(Ends<Ipv6Addr>),
}

impl AnyEnds {
    fn of(pair: &Pair) -> Option<Self> {
        match (pair.local.ip(), pair.remote.ip()) {
            (IpAddr::V4(local), IpAddr::V4(remote)) => Some(Self::V4(Ends { local, remote })),
            (IpAddr::V6(local), IpAddr::V6(remote)) => Some(Self::V6(Ends { local, remote })),
            _ => None,
        }
    }
}

impl<A: Copy + Into<IpAddr>> Ends<A> {
    fn pair(&self, identity: &Identity) -> Pair {
        Pair {
            local: (self.local, identity.local_port).into(),
            remote: (self.remote, identity.remote_port).into(),
        }
    }
}
