//! Two hosts joined in memory, and a clock that only the test moves.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::{Buf, Bytes};
use synfin_tcp::{ReceiveError, SendError, SendOptions, SendReason, State};
use synfin_wire::Instant;

use crate::config::{ConnectOptions, HostConfig, ListenOptions, Medium};
use crate::counters::Fate;
use crate::event::{HostEvent, TcpHandle};
use crate::packet::{ChecksumOut, PacketIn, PacketNote, PacketOut};
use crate::{Host, MacAddress, TcpSocket};

/// Which of the two.
pub(crate) const A: usize = 0;
pub(crate) const B: usize = 1;

/// Two hosts, and everything that passed between them.
pub(crate) struct World {
    pub(crate) hosts: [Host; 2],
    pub(crate) now: Instant,
    /// Who sent what; kept only while `recording`.
    pub(crate) sent: Vec<(usize, PacketOut)>,
    pub(crate) recording: bool,
    /// Packets that this says yes to are lost.
    pub(crate) lose: fn(usize, &PacketOut) -> bool,
    /// What became of the last packet that reached each host.
    pub(crate) last_fate: [Option<Fate>; 2],
    pub(crate) events: [VecDeque<HostEvent>; 2],
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn end(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// 10.0.0.1 and fd00::1 for [`A`], .2 and ::2 for [`B`].
pub(crate) fn config(who: usize) -> HostConfig {
    let last = who + 1;
    HostConfig::new([(ip(&format!("10.0.0.{last}")), 24), (ip(&format!("fd00::{last}")), 64)])
}

/// The same behind Ethernet addresses.
pub(crate) fn ethernet(who: usize) -> HostConfig {
    let mac = MacAddress([2, 0, 0, 0, 0, who as u8 + 1]);
    HostConfig { medium: Medium::Ethernet(mac), ..config(who) }
}

/// A connection, called at the moment that it is.
pub(crate) struct Caller<'a> {
    socket: TcpSocket<'a>,
    now: Instant,
}

impl<'a> std::ops::Deref for Caller<'a> {
    type Target = TcpSocket<'a>;
    fn deref(&self) -> &TcpSocket<'a> {
        &self.socket
    }
}

impl Caller<'_> {
    pub(crate) fn send(&mut self, data: Bytes) -> Result<usize, SendError> {
        self.socket.send(data, self.now)
    }

    pub(crate) fn send_slice(&mut self, text: &[u8]) -> Result<usize, SendError> {
        self.socket.send_slice(text, SendOptions::default(), self.now)
    }

    pub(crate) fn receive(&mut self, max: usize) -> Result<Option<Bytes>, ReceiveError> {
        self.socket.receive(max, self.now)
    }

    pub(crate) fn set_nodelay(&mut self, nodelay: bool) {
        self.socket.set_nodelay(nodelay, self.now);
    }

    pub(crate) fn close(&mut self) {
        self.socket.close(self.now);
    }

    pub(crate) fn abort(&mut self) {
        self.socket.abort(self.now);
    }

    pub(crate) fn release(self) {
        self.socket.release(self.now);
    }
}

impl World {
    pub(crate) fn new(a: HostConfig, b: HostConfig) -> Self {
        Self {
            hosts: [Host::new(a, [1; 32]), Host::new(b, [2; 32])],
            now: Instant::from_millis(1000),
            sent: Vec::new(),
            recording: true,
            lose: |_, _| false,
            last_fate: [None, None],
            events: [VecDeque::new(), VecDeque::new()],
        }
    }

    pub(crate) fn plain() -> Self {
        Self::new(config(A), config(B))
    }

    /// Carries packets until both hosts are silent, at one moment.
    pub(crate) fn settle(&mut self) {
        loop {
            let mut quiet = true;
            for who in [A, B] {
                let mut batch = Vec::new();
                while let Some(packet) = self.hosts[who].poll_transmit(self.now) {
                    batch.push(packet);
                }
                quiet &= batch.is_empty();
                for packet in batch {
                    self.deliver(who, packet);
                }
                while let Some(event) = self.hosts[who].poll_event() {
                    self.events[who].push_back(event);
                }
            }
            if quiet {
                self.hosts.iter().for_each(Host::check_invariants);
                return;
            }
        }
    }

    /// Carries one packet that `from` has sent.
    pub(crate) fn deliver(&mut self, from: usize, packet: PacketOut) {
        if !(self.lose)(from, &packet) {
            let trust_checksum = packet.checksum != ChecksumOut::Complete;
            let arriving = PacketIn { bytes: packet.to_bytes(), trust_checksum, segment_size: None };
            self.last_fate[1 - from] = Some(self.hosts[1 - from].handle_packet(arriving, self.now));
        }
        if self.recording {
            self.sent.push((from, packet));
        }
    }

    /// Lets `span` pass, doing what is due when it is.
    pub(crate) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        self.settle();
        while let Some(due) = self.due().filter(|due| *due <= end) {
            assert!(due >= self.now, "a deadline in the past");
            self.now = due;
            for host in &mut self.hosts {
                host.handle_timeout(due);
            }
            self.settle();
            assert!(self.due().is_none_or(|next| next > due), "the same deadline twice");
        }
        self.now = end;
    }

    fn due(&self) -> Option<Instant> {
        self.hosts.iter().filter_map(Host::poll_timeout).min()
    }

    /// `A` connects to `B`'s listener at `b`, which is made for it.
    pub(crate) fn establish(&mut self, b: &str) -> [TcpHandle; 2] {
        let listener = self.hosts[B].listen(end(b), ListenOptions::default()).unwrap();
        let client = self.hosts[A].connect(end(b), ConnectOptions::default(), self.now).unwrap();
        self.settle();
        let accepted = self.hosts[B].accept(listener).expect("established in one round trip");
        self.hosts[B].close_listener(listener, self.now);
        self.settle();
        self.told(A);
        self.told(B);
        [client, accepted.handle]
    }

    pub(crate) fn tcp(&mut self, who: usize, handle: TcpHandle) -> Caller<'_> {
        let socket = self.hosts[who].tcp(handle).expect("the handle was not released");
        Caller { socket, now: self.now }
    }

    pub(crate) fn state(&mut self, who: usize, handle: TcpHandle) -> State {
        self.tcp(who, handle).state()
    }

    /// Sends all of `data` from one end to the other, which reads it.
    pub(crate) fn transfer(&mut self, from: usize, handles: [TcpHandle; 2], data: &Bytes) -> Vec<u8> {
        let (mut rest, mut received, now) = (data.clone(), Vec::new(), self.now);
        while received.len() < data.len() {
            if !rest.is_empty()
                && let Ok(sent) = self.tcp(from, handles[from]).send(rest.clone())
            {
                rest.advance(sent);
            }
            self.pass(Duration::from_millis(1));
            let mut reader = self.tcp(1 - from, handles[1 - from]);
            while let Ok(Some(chunk)) = reader.receive(usize::MAX) {
                received.extend_from_slice(&chunk);
            }
            assert!(self.now - now < Duration::from_secs(600), "the transfer stands still");
        }
        received
    }

    /// Why each segment was sent, and by whom, since the last time.
    pub(crate) fn reasons(&mut self) -> Vec<(usize, SendReason)> {
        let reason = |(who, packet): (usize, PacketOut)| match packet.note {
            PacketNote::Tcp(reason) => Some((who, reason)),
            _ => None,
        };
        std::mem::take(&mut self.sent).into_iter().filter_map(reason).collect()
    }

    /// What `who` was told since it was last asked.
    pub(crate) fn told(&mut self, who: usize) -> Vec<HostEvent> {
        std::mem::take(&mut self.events[who]).into()
    }
}
