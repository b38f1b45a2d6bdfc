//! Two [`Host`]s.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use synfin_host::tcp::{CongestionAlgorithm, ReceiveError, SendError, SendOptions};
use synfin_host::{
    ConnectOptions, Host, HostConfig, HostEvent, HostOffload, Limits, ListenOptions, ListenerHandle,
    PacketIn, PacketOut, TcpHandle,
};
use synfin_wire::Instant;

use crate::cable::{Cable, HEADERS, Link, takes_checksums};
use crate::idle;
use crate::pair::{
    BATCH, BUFFER, CLIENT, Congestion, Cutting, End, PORT, Pair, Resting, SERVER, STEP, Setting,
};

/// The longest IP datagram, and so what a super-segment with its headers may have.
const LONGEST: usize = 65_535;
/// What one host holds at most; a million idle connections fit.
const CONNECTIONS: usize = 4 << 20;
/// The client has so many addresses, and takes the next one after so many connections: ports do not run out.
const ADDRESSES: u32 = 64;
const PER_ADDRESS: u32 = 16_000;
/// Idle connections come about one after so much time, and afterwards there is silence for so long: what is to be measured
/// is idle by then.
const BETWEEN: Duration = Duration::from_micros(100);
const CALM: Duration = Duration::from_secs(3);

/// Two hosts, each with its end of a cable.
pub(crate) struct SynfinPair {
    sides: [Side; 2],
    now: Instant,
    listener: ListenerHandle,
    opened: u32,
}

struct Side {
    host: Host,
    link: Link,
    /// What the link had no room for.
    held: Option<PacketOut>,
    connection: Option<TcpHandle>,
    /// The host has said that there is something to read.
    readable: bool,
}

impl Side {
    fn new(config: HostConfig, link: Link, secret: u8) -> Self {
        Self { host: Host::new(config, [secret; 32]), link, held: None, connection: None, readable: false }
    }

    fn hand_over(&mut self, packet: Vec<u8>, now: Instant) {
        let packet = PacketIn { bytes: packet.into(), trust_checksum: false, segment_size: None };
        let _ = self.host.handle_packet(packet, now);
    }

    /// Hands what there is to send to the link, as far as that has room.
    fn give_out(&mut self, now: Instant) {
        if self.held.as_ref().is_some_and(|packet| !self.link.transmit(packet)) {
            return;
        }
        self.held = None;
        while let Some(packet) = self.host.poll_transmit(now) {
            if !self.link.transmit(&packet) {
                self.held = Some(packet);
                return;
            }
        }
    }

    /// Hands what there is to send to the peer of the idle connections.
    fn talk_to_idle_peer(&mut self, now: Instant) {
        while let Some(packet) = self.host.poll_transmit(now) {
            if let Some(answer) = idle::answer(&packet.header) {
                self.hand_over(answer, now);
            }
        }
    }

    /// Does what is due, and hears what the host has to say.
    fn settle(&mut self, now: Instant) {
        if self.host.poll_timeout().is_some_and(|due| due <= now) {
            self.host.handle_timeout(now);
        }
        while let Some(event) = self.host.poll_event() {
            if let HostEvent::Tcp { handle, events } = event
                && Some(handle) == self.connection
            {
                self.readable |= events.readable();
            }
        }
    }
}

impl Pair for SynfinPair {
    fn new(setting: &Setting) -> Self {
        Self::configured(setting, |_| {})
    }

    fn connect(&mut self) {
        let address = u32::from(CLIENT) + self.opened / PER_ADDRESS % ADDRESSES;
        let local = Some(SocketAddr::from((Ipv4Addr::from(address), 0)));
        let options = ConnectOptions { local, ..ConnectOptions::default() };
        let client = &mut self.sides[0];
        let handle = client.host.connect((SERVER, PORT).into(), options, self.now);
        client.connection = Some(handle.expect("there is a port for everyone"));
        self.opened += 1;
    }

    fn accept(&mut self) -> bool {
        let server = &mut self.sides[1];
        let accepted = server.host.accept(self.listener);
        server.connection = accepted.map(|accepted| accepted.handle);
        server.connection.is_some()
    }

    fn send(&mut self, end: End, text: &[u8]) -> usize {
        let side = &mut self.sides[end as usize];
        let mut socket = side.host.tcp(side.connection.expect("it is open")).expect("it is ours");
        match socket.send_slice(text, SendOptions::default(), self.now) {
            Ok(sent) => sent,
            Err(SendError::WouldBlock) => 0,
            Err(error) => panic!("send: {error}"),
        }
    }

    fn receive(&mut self, end: End, room: &mut [u8]) -> Option<usize> {
        let side = &mut self.sides[end as usize];
        if !side.readable {
            return Some(0);
        }
        let mut socket = side.host.tcp(side.connection.expect("it is open")).expect("it is ours");
        let read = match socket.receive_slice(room, self.now) {
            Ok(read) => read,
            Err(ReceiveError::WouldBlock) => Some(0),
            Err(error) => panic!("receive: {error}"),
        };
        side.readable = socket.is_readable();
        read
    }

    fn close(&mut self, end: End) {
        let now = self.now;
        self.socket(end, |socket| socket.close(now));
    }

    fn release(&mut self, end: End) {
        let now = self.now;
        let side = &mut self.sides[end as usize];
        if let Some(socket) = side.connection.take().and_then(|handle| side.host.tcp(handle)) {
            socket.release(now);
        }
        side.readable = false;
    }

    fn give_out(&mut self, from: End) -> usize {
        let [client, server] = &mut self.sides;
        let (from, to) = match from {
            End::Client => (client, server),
            End::Server => (server, client),
        };
        from.give_out(self.now);
        let packets = Cable::carry(from.link.cable(), to.link.cable());
        self.now += Duration::from_nanos(STEP);
        packets
    }

    fn take_in(&mut self, to: End) {
        let side = &mut self.sides[to as usize];
        while let Some(packet) = side.link.receive() {
            let _ = side.host.handle_packet(packet, self.now);
        }
        side.settle(self.now);
    }

    fn wait(&mut self) {
        let due = self.sides.iter().filter_map(|side| side.host.poll_timeout()).min();
        self.now = self.now.max(due.expect("something is to happen"));
        self.sides.iter_mut().for_each(|side| side.settle(self.now));
    }

    fn populate(&mut self, count: usize, state: Resting) {
        let server = &mut self.sides[1];
        let mut accepted = 0;
        for first in (0..count).step_by(BATCH) {
            for index in first..count.min(first + BATCH) {
                server.hand_over(idle::syn(index), self.now);
            }
            if state == Resting::HalfOpen {
                while server.host.poll_transmit(self.now).is_some() {}
            } else {
                server.talk_to_idle_peer(self.now);
            }
            while let Some(new) = server.host.accept(self.listener) {
                accepted += 1;
                if state == Resting::TimeWait {
                    server.host.tcp(new.handle).expect("it is ours").release(self.now);
                }
            }
            server.talk_to_idle_peer(self.now);
            self.now += if state == Resting::Established {
                BETWEEN * BATCH as u32
            } else {
                Duration::from_nanos(STEP)
            };
            server.settle(self.now);
        }
        if state == Resting::Established {
            let end = self.now + CALM;
            while let Some(due) = server.host.poll_timeout().filter(|due| *due <= end) {
                self.now = self.now.max(due);
                server.settle(self.now);
            }
        }
        assert_eq!(server.host.connection_count(), count, "not all of the idle connections have come to be");
        let expected = if state == Resting::HalfOpen { 0 } else { count };
        assert_eq!(accepted, expected, "not all of the idle connections were accepted");
    }

    fn time_waits(&self) -> usize {
        // There is one connection at a time, and it is over.
        self.sides[0].host.connection_count()
    }
}

impl SynfinPair {
    /// As [`Pair::new`], with other changes to the settings of both hosts.
    pub(crate) fn configured(setting: &Setting, change: impl Fn(&mut HostConfig)) -> Self {
        let client = (0..ADDRESSES).map(|n| Ipv4Addr::from(u32::from(CLIENT) + n));
        let side = |mut config, secret| {
            change(&mut config);
            Side::new(config, Link::new(setting), secret)
        };
        let mut sides = [side(config(setting, client), 1), side(config(setting, [SERVER]), 2)];
        let options = ListenOptions { backlog: CONNECTIONS, ..ListenOptions::default() };
        let listener = sides[1].host.listen((SERVER, PORT).into(), options).expect("nobody else listens");
        Self { sides, now: Instant::ZERO, listener, opened: 0 }
    }

    /// What is on its way to an end is lost.
    pub(crate) fn lose(&mut self, to: End) {
        self.sides[to as usize].link.cable().cut();
    }

    fn socket(&mut self, end: End, call: impl FnOnce(&mut synfin_host::TcpSocket<'_>)) {
        let side = &mut self.sides[end as usize];
        if let Some(mut socket) = side.connection.and_then(|handle| side.host.tcp(handle)) {
            call(&mut socket);
        }
    }
}

fn config(setting: &Setting, addresses: impl IntoIterator<Item = Ipv4Addr>) -> HostConfig {
    let mut config = HostConfig::new(addresses.into_iter().map(|address| (IpAddr::V4(address), 8)));
    config.mtu = setting.mtu;
    config.offload = HostOffload {
        checksum: takes_checksums(setting),
        max_super_segment: if setting.cutting == Cutting::Never { 0 } else { LONGEST - HEADERS },
        repeats_cwr: false,
    };
    config.limits = Limits {
        connections: CONNECTIONS,
        half_open: CONNECTIONS,
        orphans: CONNECTIONS,
        ..Limits::default()
    };
    // All ends of all stacks hold as much, from the first octet on.
    config.tcp.receive_buffer = BUFFER;
    config.tcp.receive_buffer_max = BUFFER;
    config.tcp.send_buffer = BUFFER;
    config.tcp.send_buffer_max = BUFFER;
    config.tcp.congestion = match setting.congestion {
        Congestion::Reno => CongestionAlgorithm::Reno,
        Congestion::Cubic => CongestionAlgorithm::Cubic,
    };
    config
}
