//! The one machine that packetdrill plays on, its clock, and the calls that wait.
//!
//! packetdrill has two threads: one that plays the script, and one for calls that the script expects to block. That a
//! call blocks it sees by its thread sleeping, so such a call really sleeps here, until the machine has something new.
//! Time passes in the thread that plays: where it sleeps, waits for a packet, or itself makes a call that waits. Before
//! it moves on, the thread that sleeps has had its turn; the moment at which its call returned is what it is told the
//! time to be, however far the other one has come by then.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use bytes::Bytes;
use nix::libc::{EDEADLK, ENOSYS};
use synfin_drill::Form;
use synfin_drill::calls::{Machine, Outcome, Refusal};
use synfin_wire::Instant;

use crate::settings::Settings;

/// How long a packet, or the return of a call that is not expected to block, is waited for.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// How far the clock moves when it is read: packetdrill spins on it.
const CREEP: Duration = Duration::from_micros(1);

/// How long a thread of packetdrill's is given to take its lock, in the world's time: nothing tells that it has.
const REAL_MOMENT: Duration = Duration::from_millis(2);

static STAGE: Mutex<Option<Stage>> = Mutex::new(None);
/// Something has happened that a call may wait for, or a call that waits has had its turn.
static TURN: Condvar = Condvar::new();

thread_local! {
    /// When this thread's last call returned, if it waited and the time was not asked for since.
    static RETURNED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Everything that packetdrill's calls act on.
#[derive(Debug)]
pub(crate) struct Stage {
    machine: Machine,
    form: Form,
    mtu: Option<u16>,
    settings: Settings,
    /// There was a socket: settings are now for the next one.
    begun: bool,
    /// The thread that plays the script.
    player: ThreadId,
    /// How many times the machine may have come to something new.
    news: u64,
    sleeper: Option<Sleeper>,
    /// A call that waited has returned, and packetdrill may not have noticed.
    returned: bool,
}

/// A call that waits in the other thread.
#[derive(Clone, Copy, Debug)]
struct Sleeper {
    /// What news it has seen.
    seen: u64,
    /// When it returns in any case.
    until: Option<Instant>,
}

/// The stage, held by this thread alone.
struct Held(MutexGuard<'static, Option<Stage>>);

/// Sets the stage. `flags` are an address form and, behind a comma, `mtu=` and a number; either may be missing.
pub(crate) fn open(flags: &str) -> Result<(), String> {
    let (mut form, mut mtu) = (Form::V4, None);
    for flag in flags.split(',').filter(|flag| !flag.is_empty()) {
        match flag.strip_prefix("mtu=") {
            Some(number) => mtu = Some(number.parse().map_err(|_| format!("`{number}` is no MTU"))?),
            None => form = flag.parse()?,
        }
    }
    let stage = Stage {
        machine: Machine::new(form, mtu, ""),
        form,
        mtu,
        settings: Settings::read(),
        begun: false,
        player: std::thread::current().id(),
        news: 0,
        sleeper: None,
        returned: false,
    };
    *lock() = Some(stage);
    Ok(())
}

/// Clears the stage, and says what the script has asked for in vain.
pub(crate) fn close() {
    let Some(stage) = lock().take() else { return };
    let asked: Vec<&str> = stage.machine.unheeded().collect();
    if !asked.is_empty() {
        eprintln!("synfin-witness: without effect here: {}", asked.join(", "));
    }
}

/// What a socket tells of itself; `None` where there is no stage or no such socket on it.
pub(crate) fn tcp_info(fd: i32) -> Option<Vec<(&'static str, i64)>> {
    lock().as_mut()?.machine.tcp_info(fd)
}

/// Sockets are of IPv6.
pub(crate) fn has_v6_sockets() -> bool {
    hold().form != Form::V4
}

/// Packets are of IPv4.
pub(crate) fn has_v4_packets() -> bool {
    hold().form.is_v4()
}

/// Before a socket is made: what the script's commands have set meanwhile. Those before the first one are what the host
/// begins with.
pub(crate) fn take_settings() {
    let mut held = hold();
    let stage = &mut *held;
    let changes = stage.settings.changes();
    if stage.begun {
        stage.machine.configure(&changes);
        return;
    }
    stage.begun = true;
    let now = stage.machine.now();
    stage.machine = Machine::new(stage.form, stage.mtu, &changes);
    stage.machine.advance(now);
}

/// Makes a call, again and again while it waits. It fails with a number of Linux's.
pub(crate) fn call<T>(mut attempt: impl FnMut(&mut Machine) -> Outcome<T>) -> Result<T, i32> {
    let mut held = hold();
    let plays = std::thread::current().id() == held.player;
    loop {
        let result = match attempt(&mut held.machine) {
            Ok(value) => Ok(value),
            Err(Refusal::Errno(number)) => Err(number),
            Err(Refusal::Unsupported(what)) => {
                eprintln!("synfin-witness: unsupported: {what}");
                Err(ENOSYS)
            }
            Err(Refusal::Block { until }) if plays => {
                held = held.settle();
                let end = held.machine.now() + PATIENCE;
                if !held.step(until, end) {
                    eprintln!("synfin-witness: a call blocks and never returns");
                    return Err(EDEADLK);
                }
                continue;
            }
            Err(Refusal::Block { until }) => {
                held = held.sleep(until);
                continue;
            }
        };
        if plays {
            held.settle();
        } else {
            RETURNED.set(Some(held.machine.now()));
            held.machine.settle();
            held.sleeper = None;
            held.returned = true;
            TURN.notify_all();
        }
        return result;
    }
}

/// A packet arrives.
pub(crate) fn deliver(packet: Bytes) {
    let mut held = hold();
    held.machine.deliver(packet);
    held.settle();
}

/// The next packet and when it was sent; `None` when there will be none.
pub(crate) fn next_packet() -> Option<(Instant, Bytes)> {
    let held = hold();
    let end = held.machine.now() + PATIENCE;
    held.pass(end, |stage| stage.machine.has_packet()).machine.next_packet()
}

/// Sleeps. packetdrill has let go of its own lock meanwhile, so this is when a thread whose call has returned can say so.
pub(crate) fn pass(span: Duration) {
    let held = hold();
    let end = held.machine.now() + span;
    let mut held = held.pass(end, |_| false);
    if std::mem::take(&mut held.returned) {
        drop(held);
        std::thread::sleep(REAL_MOMENT);
    }
}

/// The present: for a call that has waited, when it returned.
pub(crate) fn now() -> Instant {
    if let Some(returned) = RETURNED.take() {
        return returned;
    }
    let held = hold();
    let end = held.machine.now() + CREEP;
    held.pass(end, |_| false).machine.now()
}

fn lock() -> MutexGuard<'static, Option<Stage>> {
    STAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hold() -> Held {
    Held(lock())
}

impl Held {
    /// Collects what the machine has to say, and lets the call that waits have its turn, until neither has more.
    fn settle(mut self) -> Self {
        loop {
            self.machine.settle();
            if self.sleeper.is_none() {
                return self;
            }
            self.news += 1;
            let news = self.news;
            TURN.notify_all();
            self = self.wait_while(|stage| stage.sleeper.is_some_and(|sleeper| sleeper.seen != news));
            if self.sleeper.is_some() {
                return self;
            }
        }
    }

    /// Lets time pass until `done`, or until `end` at the latest.
    fn pass(mut self, end: Instant, done: impl Fn(&Stage) -> bool) -> Self {
        loop {
            self = self.settle();
            let until = self.sleeper.and_then(|sleeper| sleeper.until);
            if done(&self) {
                return self;
            }
            if !self.step(until, end) {
                self.machine.advance(end);
                return self.settle();
            }
        }
    }

    /// Goes to what happens next: the machine's doing or `until`; false when nothing does before `end`.
    fn step(&mut self, until: Option<Instant>, end: Instant) -> bool {
        let next = [self.machine.next_deadline(), until].into_iter().flatten().min();
        let next = next.filter(|next| *next <= end);
        if let Some(next) = next {
            self.machine.advance(next);
        }
        next.is_some()
    }

    /// Waits for news, or for `until`.
    fn sleep(mut self, until: Option<Instant>) -> Self {
        let seen = self.news;
        self.sleeper = Some(Sleeper { seen, until });
        TURN.notify_all();
        self.wait_while(|stage| stage.news == seen)
    }

    fn wait_while(self, mut condition: impl FnMut(&Stage) -> bool) -> Self {
        let waited = TURN.wait_while(self.0, |stage| stage.as_ref().is_some_and(&mut condition));
        Self(waited.unwrap_or_else(PoisonError::into_inner))
    }
}

impl Deref for Held {
    type Target = Stage;
    fn deref(&self) -> &Stage {
        self.0.as_ref().expect("packetdrill sets the stage before it plays")
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut Stage {
        self.0.as_mut().expect("packetdrill sets the stage before it plays")
    }
}
