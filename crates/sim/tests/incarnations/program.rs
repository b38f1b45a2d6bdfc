//! Who calls, again and again from the same port, and who answers.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use synfin_host::tcp::{CloseReason, ReceiveError};
use synfin_host::{ConnectOptions, HostEvent, ListenOptions, ListenerHandle, TcpHandle};
use synfin_sim::program::{Context, Program};

/// What is to pass in one connection. The caller's first octet is the connection's number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// Octets from the caller and from the answerer.
    pub(crate) lengths: [u64; 2],
    /// The caller closes only when the answerer has.
    pub(crate) waits: bool,
    /// The pause before it.
    pub(crate) pause: Duration,
}

/// One side of one connection.
#[derive(Debug)]
pub(crate) struct Side {
    handle: Option<TcpHandle>,
    /// 0 is the caller.
    who: usize,
    /// Which connection it is; the answerer learns it by the first octet.
    pub(crate) number: Option<usize>,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) heard_end: bool,
    pub(crate) said_end: bool,
    pub(crate) closed: Option<CloseReason>,
}

/// The octet at a place of what one side says in one connection.
fn octet(number: usize, who: usize, place: u64) -> u8 {
    if who == 0 && place == 0 {
        return number as u8;
    }
    let mut z = (number as u64) << 41 | (who as u64) << 40 | place;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z >> 56) as u8
}

impl Side {
    fn new(handle: TcpHandle, who: usize, number: Option<usize>) -> Self {
        let (heard_end, said_end) = (false, false);
        Self { handle: Some(handle), who, number, sent: 0, received: 0, heard_end, said_end, closed: None }
    }

    /// Reads, writes and closes as far as it goes.
    fn go_on(&mut self, calls: &[Call], cx: &mut Context<'_>) {
        self.hear(calls, cx);
        self.say(calls, cx);
        let now = cx.now();
        let Some(mut socket) = self.handle.and_then(|handle| cx.host().tcp(handle)) else { return };
        if let Some(reason) = socket.close_reason() {
            self.closed = Some(reason);
            self.handle = None;
            socket.abort(now);
            socket.release(now);
        } else if self.who == 1 && self.heard_end && self.said_end {
            // The answerer goes: its TIME-WAIT makes way for the next call.
            self.handle = None;
            socket.release(now);
        }
    }

    fn hear(&mut self, calls: &[Call], cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(mut socket) = self.handle.and_then(|handle| cx.host().tcp(handle)) else { return };
        while !self.heard_end {
            match socket.receive(usize::MAX, now) {
                Ok(Some(octets)) => self.check(calls, &octets),
                Ok(None) => self.heard_end = true,
                Err(ReceiveError::WouldBlock | ReceiveError::Closed(_)) => break,
            }
        }
    }

    /// Each octet is the one that was said here, in this connection.
    fn check(&mut self, calls: &[Call], octets: &Bytes) {
        for heard in octets {
            let number = *self.number.get_or_insert(usize::from(*heard));
            assert!(number < calls.len(), "an octet that nobody said");
            let said = octet(number, 1 - self.who, self.received);
            assert_eq!(*heard, said, "connection {number}, octet {}", self.received);
            self.received += 1;
        }
    }

    fn say(&mut self, calls: &[Call], cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(mut socket) = self.handle.and_then(|handle| cx.host().tcp(handle)) else { return };
        let Some(number) = self.number else { return };
        let length = calls[number].lengths[self.who];
        while self.sent < length {
            let end = length.min(self.sent + 3_000);
            let octets: Bytes = (self.sent..end).map(|place| octet(number, self.who, place)).collect();
            match socket.send(octets, now) {
                Ok(taken) => self.sent += taken as u64,
                Err(_) => return,
            }
        }
        let waits = self.who == 0 && calls[number].waits && !self.heard_end;
        if !self.said_end && !waits {
            self.said_end = true;
            socket.close(now);
        }
    }
}

/// Opens one connection after the other, all from one port.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) ends: [SocketAddr; 2],
    pub(crate) calls: Vec<Call>,
    pub(crate) sides: Vec<Side>,
    /// The host has crashed under the last of them.
    pub(crate) crashed: Vec<usize>,
}

impl Caller {
    fn next(&mut self, cx: &mut Context<'_>) {
        let Some(call) = self.calls.get(self.sides.len()) else { return };
        cx.wake_at(cx.now() + call.pause);
    }
}

impl Program for Caller {
    fn start(&mut self, cx: &mut Context<'_>) {
        if let Some(side) = self.sides.last_mut().filter(|side| side.handle.is_some()) {
            side.handle = None;
            self.crashed.push(self.sides.len() - 1);
        }
        self.next(cx);
    }

    fn event(&mut self, event: &HostEvent, cx: &mut Context<'_>) {
        let HostEvent::Tcp { handle, .. } = event else { return };
        let Some(side) = self.sides.last_mut().filter(|side| side.handle == Some(*handle)) else { return };
        side.go_on(&self.calls, cx);
        if side.closed.is_some() {
            self.next(cx);
        }
    }

    fn wake(&mut self, cx: &mut Context<'_>) {
        let number = self.sides.len();
        let busy = self.sides.last().is_some_and(|side| side.handle.is_some());
        if busy || number >= self.calls.len() {
            return;
        }
        let options = ConnectOptions { local: Some(self.ends[0]), ..ConnectOptions::default() };
        let now = cx.now();
        match cx.host().connect(self.ends[1], options, now) {
            Ok(handle) => {
                self.sides.push(Side::new(handle, 0, Some(number)));
                self.sides[number].go_on(&self.calls, cx);
            }
            // The port is in TIME-WAIT.
            Err(_) => cx.wake_at(now + Duration::from_secs(1)),
        }
    }
}

/// Answers whoever calls.
#[derive(Debug)]
pub(crate) struct Answerer {
    pub(crate) local: SocketAddr,
    pub(crate) calls: Vec<Call>,
    pub(crate) listener: Option<ListenerHandle>,
    pub(crate) sides: Vec<Side>,
}

impl Program for Answerer {
    fn start(&mut self, cx: &mut Context<'_>) {
        self.sides.iter_mut().for_each(|side| side.handle = None);
        self.listener = cx.host().listen(self.local, ListenOptions::default()).ok();
    }

    fn event(&mut self, event: &HostEvent, cx: &mut Context<'_>) {
        match event {
            HostEvent::Accept { listener } if Some(*listener) == self.listener => {
                while let Some(accepted) = cx.host().accept(*listener) {
                    let mut side = Side::new(accepted.handle, 1, None);
                    side.go_on(&self.calls, cx);
                    self.sides.push(side);
                }
            }
            HostEvent::Tcp { handle, .. } => {
                let found = self.sides.iter_mut().find(|side| side.handle == Some(*handle));
                if let Some(side) = found {
                    side.go_on(&self.calls, cx);
                }
            }
            _ => {}
        }
    }
}
