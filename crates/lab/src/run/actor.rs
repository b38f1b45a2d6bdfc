//! The program on a host: it does what the script says, at its moments and on its events.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use bytes::Bytes;
use synfin_sim::host::tcp::SendOptions;
use synfin_sim::host::{
    ConnectOptions, FastOpen, HostEvent, ListenOptions, ListenerHandle, TcpEvents, TcpHandle,
};
use synfin_sim::program::{Context, Program, pattern};
use synfin_wire::{Instant, SeqNumber};

use super::recorder::Recorder;
use crate::plan::{Call, CallEvent, Cue, Deed, Plan};

/// How many connections a program looks after.
const MOST_SOCKETS: usize = 4_096;

pub(super) struct Actor {
    host: usize,
    address: std::net::IpAddr,
    deeds: Vec<Deed>,
    sequences: Vec<u32>,
    backlog: usize,
    flight: Option<u64>,
    recorder: Rc<RefCell<Recorder>>,
    listener: Option<ListenerHandle>,
    sockets: Vec<Socket>,
    /// What is to be done, when, and for which connection.
    alarms: Vec<(Instant, usize, Option<usize>)>,
    has_run: bool,
}

/// A connection of the program.
#[derive(Debug)]
struct Socket {
    handle: Option<TcpHandle>,
    ends: [SocketAddr; 2],
    reads: bool,
    /// Octets that may be read although it does not read on.
    allowance: u64,
    received: u64,
    sent: u64,
    /// Octets for which there was no room, and whether the last of them is urgent.
    queued: Vec<(u64, bool)>,
    ends_after: bool,
    /// Deeds that were set off by it.
    set_off: Vec<usize>,
    has_heard_end: bool,
}

impl Actor {
    pub(super) fn new(plan: &Plan, host: usize, recorder: Rc<RefCell<Recorder>>) -> Self {
        let mine = &plan.hosts[host];
        Self {
            host,
            address: mine.address,
            deeds: plan.deeds.iter().filter(|deed| deed.host == host).cloned().collect(),
            sequences: mine.sequences.clone(),
            backlog: mine.backlog,
            flight: mine.flight,
            recorder,
            listener: None,
            sockets: Vec::new(),
            alarms: Vec::new(),
            has_run: false,
        }
    }

    fn set_alarm(&mut self, at: Instant, deed: usize, socket: Option<usize>, cx: &mut Context<'_>) {
        self.alarms.push((at, deed, socket));
        cx.wake_at(at);
    }

    /// An event sets off what waits for it.
    fn fire(&mut self, socket: usize, happened: impl Fn(CallEvent) -> bool, cx: &mut Context<'_>) {
        for index in 0..self.deeds.len() {
            let Cue::When(event, after) = self.deeds[index].cue else { continue };
            if !happened(event) || self.sockets[socket].set_off.contains(&index) {
                continue;
            }
            self.sockets[socket].set_off.push(index);
            if after.is_zero() {
                self.perform(index, Some(socket), cx);
            } else {
                let at = cx.now() + after;
                self.set_alarm(at, index, Some(socket), cx);
            }
        }
    }

    fn perform(&mut self, deed: usize, socket: Option<usize>, cx: &mut Context<'_>) {
        let call = self.deeds[deed].call.clone();
        let socket = socket.or_else(|| self.sockets.len().checked_sub(1));
        let about = match &call {
            Call::Listen { .. } | Call::Unlisten | Call::Connect { .. } => None,
            _ => socket.map(|socket| self.sockets[socket].ends),
        };
        if !matches!(call, Call::Connect { .. }) {
            self.recorder.borrow_mut().call(self.host, call.to_string(), about);
        }
        let now = cx.now();
        match call {
            Call::Listen { port } => {
                let options = ListenOptions { backlog: self.backlog, ..ListenOptions::default() };
                let local = (self.address, port).into();
                if let Ok(listener) = cx.host().listen(local, options) {
                    self.listener = Some(listener);
                    self.recorder.borrow_mut().listens(self.host, local, true);
                }
            }
            Call::Unlisten => {
                if let Some(listener) = self.listener.take() {
                    self.recorder.borrow_mut().listens(self.host, (self.address, 0).into(), false);
                    cx.host().close_listener(listener, now);
                }
            }
            Call::Connect { to, from, text } => self.connect(to, from, text, cx),
            Call::Send { octets, urgent } => {
                self.with(socket, |socket| socket.queued.push((octets, urgent)), cx)
            }
            Call::StopReading => self.with(socket, |socket| socket.reads = false, cx),
            Call::ReadOn => self.with(socket, |socket| socket.reads = true, cx),
            Call::Read { octets } => self.with(socket, |socket| socket.allowance += octets, cx),
            Call::Shutdown => self.with(socket, |socket| socket.ends_after = true, cx),
            Call::Close | Call::Abort => {
                let handle = socket.and_then(|socket| self.sockets[socket].handle);
                if let Some(mut tcp) = handle.and_then(|handle| cx.host().tcp(handle)) {
                    if call == Call::Abort {
                        tcp.abort(now);
                    }
                    tcp.release(now);
                }
                if let Some(socket) = socket {
                    self.sockets[socket].handle = None;
                }
            }
        }
    }

    fn with(&mut self, socket: Option<usize>, change: impl FnOnce(&mut Socket), cx: &mut Context<'_>) {
        let Some(socket) = socket else { return };
        change(&mut self.sockets[socket]);
        self.go_on(socket, TcpEvents::default(), cx);
    }

    fn connect(&mut self, to: SocketAddr, from: Option<u16>, text: u64, cx: &mut Context<'_>) {
        let now = cx.now();
        let fast_open = if text > 0 { FastOpen::Cookie } else { FastOpen::Off };
        let local = from.map(|port| (self.address, port).into());
        let options = ConnectOptions { local, fast_open, ..ConnectOptions::default() };
        let name = format!("connect {to}");
        let Ok(handle) = cx.host().connect(to, options, now) else {
            self.recorder.borrow_mut().call(self.host, format!("{name} failed"), None);
            return;
        };
        let Some(tcp) = cx.host().tcp(handle) else { return };
        let local = tcp.local_addr();
        let ends = if self.host == 0 { [local, to] } else { [to, local] };
        self.recorder.borrow_mut().call(self.host, name, Some(ends));
        if let Some(socket) = self.adopt(handle, ends)
            && text > 0
        {
            self.with(Some(socket), |socket| socket.queued.push((text, false)), cx);
        }
    }

    fn adopt(&mut self, handle: TcpHandle, ends: [SocketAddr; 2]) -> Option<usize> {
        if self.sockets.len() >= MOST_SOCKETS {
            return None;
        }
        self.sockets.push(Socket {
            handle: Some(handle),
            ends,
            reads: true,
            allowance: 0,
            received: 0,
            sent: 0,
            queued: Vec::new(),
            ends_after: false,
            set_off: Vec::new(),
            has_heard_end: false,
        });
        Some(self.sockets.len() - 1)
    }

    /// Writes and reads as far as it goes, and sees what has happened.
    fn go_on(&mut self, index: usize, events: TcpEvents, cx: &mut Context<'_>) {
        if events.established() {
            self.fire(index, |event| event == CallEvent::Established, cx);
        }
        self.sockets[index].hear(cx);
        let received = self.sockets[index].received;
        self.fire(index, |event| matches!(event, CallEvent::Data(octets) if octets <= received), cx);
        if self.sockets[index].has_heard_end {
            self.fire(index, |event| event == CallEvent::End, cx);
        }
        let flight = self.flight;
        self.sockets[index].say(flight, cx);
        let now = cx.now();
        let socket = &mut self.sockets[index];
        let Some(mut tcp) = socket.handle.and_then(|handle| cx.host().tcp(handle)) else { return };
        if let Some(reason) = events.closed().or(tcp.close_reason()) {
            tcp.abort(now);
            tcp.release(now);
            socket.handle = None;
            self.recorder.borrow_mut().closed(self.host, socket.ends, reason);
            self.fire(index, |event| event == CallEvent::Closed, cx);
        }
    }

    fn accept(&mut self, listener: ListenerHandle, cx: &mut Context<'_>) {
        while let Some(accepted) = cx.host().accept(listener) {
            let ends = if self.host == 0 {
                [accepted.local, accepted.remote]
            } else {
                [accepted.remote, accepted.local]
            };
            self.recorder.borrow_mut().accepted(self.host);
            self.recorder.borrow_mut().call(self.host, "accept".into(), Some(ends));
            let Some(socket) = self.adopt(accepted.handle, ends) else { return };
            self.fire(socket, |event| event == CallEvent::Accepted, cx);
            self.go_on(socket, TcpEvents::default(), cx);
        }
    }
}

impl Socket {
    fn hear(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(mut tcp) = self.handle.and_then(|handle| cx.host().tcp(handle)) else { return };
        while !self.has_heard_end && (self.reads || self.allowance > 0) {
            let most =
                if self.reads { usize::MAX } else { usize::try_from(self.allowance).unwrap_or(usize::MAX) };
            match tcp.receive(most, now) {
                Ok(Some(octets)) => {
                    self.received += octets.len() as u64;
                    self.allowance = self.allowance.saturating_sub(octets.len() as u64);
                }
                Ok(None) => self.has_heard_end = true,
                Err(_) => return,
            }
        }
    }

    /// Writes what is queued: as much as TCP takes, or no more than `flight` at a time.
    fn say(&mut self, flight: Option<u64>, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(mut tcp) = self.handle.and_then(|handle| cx.host().tcp(handle)) else { return };
        while let Some((left, urgent)) = self.queued.first_mut() {
            if flight.is_some() && tcp.status().is_some_and(|status| status.send_queued > 0) {
                return;
            }
            let octets: Bytes = pattern(self.sent, flight.map_or(*left, |most| most.min(*left)));
            let is_last = octets.len() as u64 == *left;
            let options = SendOptions { urgent: *urgent && is_last, ..SendOptions::default() };
            let Ok(taken) = tcp.send_with(octets, options, now) else { return };
            self.sent += taken as u64;
            *left -= taken as u64;
            if *left == 0 {
                self.queued.remove(0);
            }
        }
        if std::mem::take(&mut self.ends_after) {
            tcp.close(now);
        }
    }
}

impl Program for Actor {
    /// A program that starts again listens as it did, and does what is still to come.
    fn start(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        let used = self.recorder.borrow().used(self.host);
        let left = self.sequences.iter().skip(used).map(|number| SeqNumber::new(*number));
        cx.host().fix_initial_sequences(left);
        self.listener = None;
        self.alarms.clear();
        self.sockets.iter_mut().for_each(|socket| socket.handle = None);
        let again = std::mem::replace(&mut self.has_run, true);
        for index in 0..self.deeds.len() {
            let Cue::At(at) = self.deeds[index].cue else { continue };
            let at = Instant::ZERO + at;
            let is_listen = matches!(self.deeds[index].call, Call::Listen { .. });
            if at > now || (at == now && !again) {
                if at == now {
                    self.perform(index, None, cx);
                } else {
                    self.set_alarm(at, index, None, cx);
                }
            } else if again && is_listen {
                self.perform(index, None, cx);
            }
        }
    }

    fn event(&mut self, event: &HostEvent, cx: &mut Context<'_>) {
        match event {
            HostEvent::Accept { listener } if Some(*listener) == self.listener => self.accept(*listener, cx),
            HostEvent::Tcp { handle, events } => {
                let found = self.sockets.iter().position(|socket| socket.handle == Some(*handle));
                if let Some(socket) = found {
                    self.go_on(socket, *events, cx);
                }
            }
            _ => {}
        }
    }

    fn wake(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        self.alarms.sort_by_key(|(at, deed, _)| (*at, *deed));
        while let Some((at, deed, socket)) = self.alarms.first().copied() {
            if at > now {
                cx.wake_at(at);
                break;
            }
            self.alarms.remove(0);
            self.perform(deed, socket, cx);
        }
    }
}
