//! What befalls packets, and what comes from nowhere.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use synfin_wire::Flags;

use super::Planner;
use crate::script::{ScriptError, Word, Words};

/// What a link does to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Drop,
    Delay(Duration),
    Duplicate,
    Corrupt,
}

/// Which packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    Any,
    Syn,
    SynAck,
    /// An ACK and nothing else.
    Ack,
    Data,
    Fin,
    Rst,
}

/// How many of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    Nth(u64),
    First(u64),
    All,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FaultPlan {
    pub(crate) way: usize,
    pub(crate) kind: Kind,
    pub(crate) which: Match,
    pub(crate) times: Times,
    pub(crate) from: Duration,
}

/// Something that happens to machines or comes from nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    Cut,
    Mend,
    Crash(usize),
    Reboot(usize),
    Inject(Injection),
}

/// A segment that nobody has sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Injection {
    pub(crate) to: usize,
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) flags: Flags,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) octets: u64,
    /// It bears a timestamp that its sender used long ago.
    pub(crate) is_stamped: bool,
}

impl Kind {
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "drop" => Some(Self::Drop),
            "delay" => Some(Self::Delay(Duration::ZERO)),
            "duplicate" => Some(Self::Duplicate),
            "corrupt" => Some(Self::Corrupt),
            _ => None,
        }
    }
}

impl Planner<'_> {
    /// `drop|delay|duplicate|corrupt WAY [ KIND ] [ #N | first N | all ] [ by TIME ]`
    pub(super) fn fault(
        &mut self,
        word: &Word,
        from: Duration,
        words: &mut Words<'_>,
    ) -> Result<(), ScriptError> {
        let Some(mut kind) = Kind::of(&word.text) else {
            return Err(word.wrong("no fault", "write drop, delay, duplicate or corrupt"));
        };
        let way = self.need_way(words)?;
        let (mut which, mut times) = (Match::Any, Times::Nth(1));
        let mut is_delayed = false;
        while let Some(word) = words.next() {
            match word.text.as_str() {
                "any" => which = Match::Any,
                "syn" => which = Match::Syn,
                "syn-ack" => which = Match::SynAck,
                "ack" => which = Match::Ack,
                "data" => which = Match::Data,
                "fin" => which = Match::Fin,
                "rst" => which = Match::Rst,
                "all" => times = Times::All,
                "first" => {
                    let number = words.need("how many")?;
                    times = Times::First(self.values.number(number, 1, 1_000_000)?);
                }
                "by" if matches!(kind, Kind::Delay(_)) => {
                    kind = Kind::Delay(self.values.time(words.need("a time, like 3s")?)?);
                    is_delayed = true;
                }
                other => {
                    let number = other.strip_prefix('#').and_then(|digits| digits.parse().ok());
                    let fix = "write any, syn, syn-ack, ack, data, fin or rst, then #N, first N or all; behind delay also by TIME";
                    times = match number.filter(|number| *number > 0) {
                        Some(number) => Times::Nth(number),
                        None => return Err(word.wrong("it says neither which packets nor how many", fix)),
                    };
                }
            }
        }
        if matches!(kind, Kind::Delay(_)) && !is_delayed {
            return Err(words.missing("how long it is delayed, like: by 3s"));
        }
        self.plan.faults.push(FaultPlan { way, kind, which, times, from });
        Ok(())
    }

    /// `inject WAY FLAGS seq N [ ack N ] [ from PORT ] [ to PORT ] [ data N ] [ address A ] [ count N ] [ every TIME ]`
    pub(super) fn inject(&mut self, at: Duration, words: &mut Words<'_>) -> Result<(), ScriptError> {
        let way = self.need_way(words)?;
        let (from, to) = if way == 0 { (0, 1) } else { (1, 0) };
        let flags = flags(words.need("flags, like syn or syn,ack")?)?;
        let (mut seq, mut ack, mut octets, mut count) = (0, 0, 0, 1);
        let (mut source_port, mut port) = (40_000u16, 80u16);
        let mut source = self.plan.hosts[from].address;
        let mut every = Duration::from_millis(1);
        let mut is_stamped = false;
        let values = self.values;
        while let Some(option) = words.next() {
            let value = words.need(&format!("a value for '{}'", option.text))?;
            let number = |least, most| values.number(value, least, most);
            match option.text.as_str() {
                "seq" => seq = number(0, u32::MAX.into())? as u32,
                "ack" => ack = number(0, u32::MAX.into())? as u32,
                "from" => source_port = number(1, 65_535)? as u16,
                "to" => port = number(1, 65_535)? as u16,
                "data" => octets = number(1, 1_000)?,
                "stamp" => match value.text.as_str() {
                    "old" => is_stamped = true,
                    _ => return Err(value.wrong("no timestamp", "write stamp old")),
                },
                "count" => count = number(1, 5_000)?,
                "every" => every = values.time(value)?,
                "address" => {
                    let fix = "write an address of the hosts' family";
                    let address: IpAddr = value.text.parse().map_err(|_| value.wrong("no address", fix))?;
                    if address.is_ipv4() != source.is_ipv4() {
                        return Err(value.wrong("another family", fix));
                    }
                    source = address;
                }
                _ => {
                    let fix = "there are seq, ack, from, to, data, stamp, address, count and every";
                    return Err(option.wrong("inject has no such option", fix));
                }
            }
        }
        if self.plan.happenings.len() + count as usize > 10_000 {
            return Err(words.missing("less: at most 10000 segments are injected"));
        }
        let destination = SocketAddr::new(self.plan.hosts[to].address, port);
        for number in 0..count {
            let source = (source, source_port.wrapping_add(number as u16).max(1)).into();
            let seq = seq.wrapping_add((number as u32).wrapping_mul(1_000_003));
            let injection = Injection { to, source, destination, flags, seq, ack, octets, is_stamped };
            let moment = at + every.saturating_mul(number as u32);
            self.plan.happenings.push((moment, Happening::Inject(injection)));
        }
        Ok(())
    }
}

fn flags(word: &Word) -> Result<Flags, ScriptError> {
    word.text.split(',').try_fold(Flags::NONE, |flags, name| {
        let flag = match name {
            "syn" => Flags::SYN,
            "ack" => Flags::ACK,
            "fin" => Flags::FIN,
            "rst" => Flags::RST,
            "psh" => Flags::PSH,
            "urg" => Flags::URG,
            _ => {
                return Err(
                    word.wrong("no flags", "write syn, ack, fin, rst, psh and urg with commas between")
                );
            }
        };
        Ok(flags.with(flag))
    })
}
