//! What a script means for one run: in this world, with these settings.
//!
//! In: a [`Script`], a world, settings. Out: a [`Plan`]: two hosts, a link, calls, reactions and faults, each of them right.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use synfin_sim::host::{HostConfig, SynCookies};
use synfin_sim::{LinkConfig, Loss};

use crate::script::{Script, ScriptError, Statement, Word, Words};

mod call;
mod fault;
mod options;
pub(crate) mod value;

pub(crate) use call::{Call, Cue, Event as CallEvent};
pub(crate) use fault::{FaultPlan, Happening, Injection, Kind, Match, Times};
use value::Values;

/// How long a run lasts unless its script says otherwise.
const DEFAULT_RUN: Duration = Duration::from_secs(600);
/// How many things a script may ask for.
const MOST: usize = 2_000;

/// One host.
#[derive(Clone, Debug)]
pub(crate) struct HostPlan {
    pub(crate) name: String,
    pub(crate) address: IpAddr,
    pub(crate) config: HostConfig,
    /// The first sequence numbers of its connections, in their order.
    pub(crate) sequences: Vec<u32>,
    /// It takes a connection for open once its SYN-ACK has left.
    pub(crate) is_two_way: bool,
    /// How many octets its programs write before all of them are acknowledged.
    pub(crate) flight: Option<u64>,
    /// How many connections may wait at a listener.
    pub(crate) backlog: usize,
}

/// What one host does at a moment, or when something happens to it.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) host: usize,
    pub(crate) cue: Cue,
    pub(crate) call: Call,
}

/// Everything that is going to be.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) hosts: Vec<HostPlan>,
    /// From the first host to the second, and back.
    pub(crate) links: [LinkConfig; 2],
    pub(crate) deeds: Vec<Deed>,
    pub(crate) faults: Vec<FaultPlan>,
    pub(crate) happenings: Vec<(Duration, Happening)>,
    pub(crate) run: Duration,
    pub(crate) values: Vec<(String, String)>,
}

/// A plan in the making.
pub(crate) struct Planner<'a> {
    pub(crate) plan: Plan,
    pub(crate) values: &'a Values,
}

impl Plan {
    pub(crate) fn new(
        script: &Script,
        world: &str,
        settings: &[(String, String)],
    ) -> Result<Self, ScriptError> {
        let values = Values::new(script.knobs(), settings)?;
        let plan = Self {
            hosts: Vec::new(),
            links: Default::default(),
            deeds: Vec::new(),
            faults: Vec::new(),
            happenings: Vec::new(),
            run: DEFAULT_RUN,
            values: values.all().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        };
        let mut planner = Planner { plan, values: &values };
        let holds = |statement: &&Statement| statement.world.as_ref().is_none_or(|name| name == world);
        for statement in script.statements.iter().filter(holds) {
            planner.statement(statement)?;
        }
        let end = script.statements.last().map_or((1, 1), |last| last.end);
        let missing = 2usize.saturating_sub(planner.plan.hosts.len());
        if missing > 0 {
            let missing = if missing == 1 { "one is missing" } else { "both are missing" };
            let message =
                format!("a scenario has two hosts, and {missing}; add a line like: host A 10.0.1.1");
            return Err(ScriptError { line: end.0, column: end.1, message });
        }
        Ok(planner.plan)
    }
}

impl Planner<'_> {
    fn statement(&mut self, statement: &Statement) -> Result<(), ScriptError> {
        let mut words = Words::new(&statement.words, statement.end);
        let first = words.need("a statement")?;
        let most = self.plan.deeds.len().max(self.plan.faults.len()).max(self.plan.happenings.len());
        if most >= MOST {
            return Err(first.wrong("there is too much of it", "a scenario asks for at most 2000 things"));
        }
        match first.text.as_str() {
            "host" => self.host(&mut words),
            "link" => self.link(&mut words),
            "run" => {
                self.plan.run = self.values.time(words.need("how long the run lasts, like 10s")?)?;
                words.end()
            }
            "at" => self.at(&mut words),
            "when" => self.when(&mut words),
            word if Kind::of(word).is_some() => self.fault(first, Duration::ZERO, &mut words),
            _ => Err(first.wrong(
                "no statement begins so",
                "begin with title, knob, world, in, host, link, at, when, run, or drop, delay, duplicate, corrupt",
            )),
        }
    }

    /// `host NAME ADDRESS { OPTION VALUE }`; of one that was named before only the options.
    fn host(&mut self, words: &mut Words<'_>) -> Result<(), ScriptError> {
        let name = words.need("the host's name, like A")?;
        let known = self.plan.hosts.iter().position(|host| host.name == name.text);
        let index = match known {
            Some(index) => index,
            None if self.plan.hosts.len() == 2 => {
                return Err(name.wrong("there are two hosts already", "name one of them"));
            }
            None => {
                let word = words.need("the host's address, like 10.0.1.1")?;
                let fix = "write an IPv4 or IPv6 address, the two hosts' of one family and not the same";
                let address: IpAddr = word.text.parse().map_err(|_| word.wrong("no address", fix))?;
                let clash = self.plan.hosts.first().is_some_and(|other| {
                    other.address == address || other.address.is_ipv4() != address.is_ipv4()
                });
                let is_plain = !address.is_unspecified() && !address.is_multicast() && !address.is_loopback();
                if clash || !is_plain || address == IpAddr::from([255; 4]) {
                    return Err(word.wrong("not the address of a host here", fix));
                }
                let prefix = if address.is_ipv4() { 24 } else { 64 };
                let mut config = HostConfig::new([(address, prefix)]);
                config.syn_cookies = SynCookies::Off;
                self.plan.hosts.push(HostPlan {
                    name: name.text.clone(),
                    address,
                    config,
                    sequences: Vec::new(),
                    is_two_way: false,
                    flight: None,
                    backlog: 128,
                });
                self.plan.hosts.len() - 1
            }
        };
        while let Some(option) = words.next() {
            self.host_option(index, option, words)?;
        }
        Ok(())
    }

    /// `link [ WAY ] { OPTION VALUE }`
    fn link(&mut self, words: &mut Words<'_>) -> Result<(), ScriptError> {
        let mut ways = vec![0, 1];
        if let Some(word) = words.peek()
            && let Some(way) = self.way(word)
        {
            ways = vec![way?];
            words.next();
        }
        while let Some(option) = words.next() {
            let value = words.need(&format!("a value for '{}'", option.text))?;
            for way in &ways {
                let mut link = self.plan.links[*way].clone();
                self.link_option(&mut link, option, value)?;
                self.plan.links[*way] = link;
            }
        }
        Ok(())
    }

    fn link_option(&self, link: &mut LinkConfig, option: &Word, value: &Word) -> Result<(), ScriptError> {
        let values = self.values;
        match option.text.as_str() {
            "delay" => link.delay = values.time(value)?,
            "jitter" => link.jitter = values.time(value)?,
            "rate" => link.rate = Some(values.rate(value)?),
            "queue" => {
                let packets = values.number(value, 1, 100_000)? as usize;
                link.queue =
                    synfin_sim::Queue::DropTail { packets, octets: packets * synfin_sim::Queue::FULL_SIZE };
            }
            "mtu" => link.mtu = Some(values.number(value, 576, 65_535)? as usize),
            "loss" => link.loss = Loss::Independent(values.share(value)?),
            "reorder" => link.reorder = values.share(value)?,
            "duplicate" => link.duplicate = values.share(value)?,
            "corrupt" => link.corrupt = values.share(value)?,
            _ => {
                let fix = "there are delay, jitter, rate, queue, mtu, loss, reorder, duplicate and corrupt";
                return Err(option.wrong("a link has no such option", fix));
            }
        }
        Ok(())
    }

    /// `A->B`, when the word is of that form: 0 from the first host to the second, 1 back.
    fn way(&self, word: &Word) -> Option<Result<usize, ScriptError>> {
        let (from, to) = word.text.split_once("->").or_else(|| word.text.split_once('→'))?;
        let names: Vec<&str> = self.plan.hosts.iter().map(|host| host.name.as_str()).collect();
        Some(match &names[..] {
            [a, b] if from == *a && to == *b => Ok(0),
            [a, b] if from == *b && to == *a => Ok(1),
            [a, b] => Err(word.wrong("no way between the two hosts", &format!("write {a}->{b} or {b}->{a}"))),
            _ => Err(word.wrong("there are no two hosts yet", "name both hosts before")),
        })
    }

    fn need_way(&self, words: &mut Words<'_>) -> Result<usize, ScriptError> {
        let word = words.need("a way, like A->B")?;
        self.way(word).unwrap_or_else(|| Err(word.wrong("a way was expected", "write it like A->B")))
    }

    fn need_host(&self, word: &Word) -> Result<usize, ScriptError> {
        let names: Vec<&str> = self.plan.hosts.iter().map(|host| host.name.as_str()).collect();
        let fix = match &names[..] {
            [] => "name the hosts before".to_owned(),
            names => format!("there is {}", names.join(" and ")),
        };
        names
            .iter()
            .position(|name| *name == word.text)
            .ok_or_else(|| word.wrong("there is no such host", &fix))
    }

    /// `at TIME DEED`
    fn at(&mut self, words: &mut Words<'_>) -> Result<(), ScriptError> {
        let at = self.values.time(words.need("a time, like 100ms")?)?;
        let first = words.need("what happens then")?;
        match first.text.as_str() {
            "inject" => self.inject(at, words),
            "cut" | "mend" => {
                words.end()?;
                let happening = if first.text == "cut" { Happening::Cut } else { Happening::Mend };
                self.plan.happenings.push((at, happening));
                Ok(())
            }
            word if Kind::of(word).is_some() => self.fault(first, at, words),
            _ => {
                let host = self.need_host(first)?;
                let word = words.peek().map_or("", |word| word.text.as_str());
                let happening = match word {
                    "crash" => Some(Happening::Crash(host)),
                    "reboot" => Some(Happening::Reboot(host)),
                    _ => None,
                };
                if let Some(happening) = happening {
                    words.next();
                    words.end()?;
                    self.plan.happenings.push((at, happening));
                    return Ok(());
                }
                let call = self.call(words)?;
                self.plan.deeds.push(Deed { host, cue: Cue::At(at), call });
                Ok(())
            }
        }
    }

    /// `when HOST EVENT [ after TIME ] CALL`
    fn when(&mut self, words: &mut Words<'_>) -> Result<(), ScriptError> {
        let host = self.need_host(words.need("the name of a host")?)?;
        let event = self.event(words)?;
        let after = if words.take("after") {
            self.values.time(words.need("a time, like 20ms")?)?
        } else {
            Duration::ZERO
        };
        let call = self.call(words)?;
        self.plan.deeds.push(Deed { host, cue: Cue::When(event, after), call });
        Ok(())
    }

    /// `HOST:PORT`
    fn socket_address(&self, word: &Word) -> Result<SocketAddr, ScriptError> {
        let fix = "write the name of a host and a port, like B:80";
        let (name, port) = word.text.split_once(':').ok_or_else(|| word.wrong("no host and port", fix))?;
        let host = self.plan.hosts.iter().find(|host| host.name == name);
        let host = host.ok_or_else(|| word.wrong("there is no such host", fix))?;
        let port: u16 =
            port.parse().ok().filter(|port| *port > 0).ok_or_else(|| word.wrong("no port", fix))?;
        Ok((host.address, port).into())
    }
}
