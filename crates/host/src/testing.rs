//! Two hosts joined in memory, and a clock that only the test moves.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use synfin_wire::Instant;

use crate::config::{HostConfig, Medium};
use crate::counters::Fate;
use crate::event::HostEvent;
use crate::packet::{ChecksumOut, PacketIn, PacketOut};
use crate::{Host, MacAddress};

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
                    self.carry(who, packet);
                }
                while let Some(event) = self.hosts[who].poll_event() {
                    self.events[who].push_back(event);
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn carry(&mut self, from: usize, packet: PacketOut) {
        if !(self.lose)(from, &packet) {
            let trust_checksum = packet.checksum != ChecksumOut::Complete;
            let arriving = PacketIn { bytes: packet.to_bytes(), trust_checksum };
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

    /// What `who` was told since it was last asked.
    pub(crate) fn told(&mut self, who: usize) -> Vec<HostEvent> {
        std::mem::take(&mut self.events[who]).into()
    }
}
