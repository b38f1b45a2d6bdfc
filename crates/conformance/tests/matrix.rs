//! Every state against every kind of flags at every place in the sequence space (RFC 9293 section
//! 3.10.7): where it leads, what is sent, what is discarded and why.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use bytes::{Bytes, BytesMut};
use synfin_host::{
    ConnectOptions, Fate, Host, HostConfig, ListenOptions, ListenerHandle, PacketDrop, PacketIn, PacketNote,
    TcpHandle,
};
use synfin_tcp::{Config, State};
use synfin_wire::checksum::Checksum;
use synfin_wire::ip::IpHeader;
use synfin_wire::tcp::CHECKSUM_OFFSET;
use synfin_wire::{Flags, Instant, IpPacket, IpProtocol, Segment, SeqNumber, TcpHeader, TcpOptions};

const OURS: &str = "10.0.0.1";
const PEERS: &str = "10.0.0.2";
/// The peer's initial sequence number.
const IRS: SeqNumber = SeqNumber::new(5000);
const WINDOW: u32 = 1000;

const KINDS: [(&str, Flags); 8] = [
    ("NONE", Flags::NONE),
    ("ACK", Flags::ACK),
    ("SYN", Flags::SYN),
    ("RST", Flags::RST),
    ("FIN", Flags::FIN),
    ("SYN+ACK", Flags::SYN.with(Flags::ACK)),
    ("RST+ACK", Flags::RST.with(Flags::ACK)),
    ("FIN+ACK", Flags::FIN.with(Flags::ACK)),
];

/// Where the segment lies, as an offset from RCV.NXT.
const PLACES: [(&str, i64); 4] =
    [("old", -5), ("exact", 0), ("in window", 100), ("beyond", WINDOW as i64 + 100)];

/// How each row begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    In(State),
    /// SYN-RECEIVED by a simultaneous open.
    SimultaneousOpen,
}

/// One host, with a peer whose segments are written by hand.
struct Table {
    host: Host,
    listener: Option<ListenerHandle>,
    handle: Option<TcpHandle>,
    local_port: u16,
    peer_port: u16,
    now: Instant,
    /// The peer's SND.NXT, which is our RCV.NXT.
    peer_next: SeqNumber,
    /// Our SND.NXT, as seen on the wire.
    our_next: SeqNumber,
}

impl Table {
    fn new(start: Start) -> Self {
        let address: IpAddr = OURS.parse().expect("an address");
        let tcp = Config {
            receive_buffer: WINDOW as usize,
            timestamps: false,
            window_scaling: false,
            sack: false,
            quick_acks: 0,
            ..Config::default()
        };
        let host = Host::new(HostConfig { tcp, ..HostConfig::new([(address, 24)]) }, [7; 32]);
        let mut table = Self {
            host,
            listener: None,
            handle: None,
            local_port: 80,
            peer_port: 9000,
            now: Instant::from_millis(1000),
            peer_next: IRS,
            our_next: SeqNumber::new(0),
        };
        match start {
            Start::In(state) => table.bring_to(state),
            Start::SimultaneousOpen => {
                table.bring_to(State::SynSent);
                table.say(Flags::SYN);
            }
        }
        table
    }

    fn bring_to(&mut self, state: State) {
        match state {
            State::Closed => {}
            State::Listen => {
                let local = SocketAddr::new(OURS.parse().expect("an address"), self.local_port);
                self.listener = Some(self.host.listen(local, ListenOptions::default()).expect("a listener"));
            }
            State::SynSent => {
                self.local_port = 5000;
                let remote = SocketAddr::new(PEERS.parse().expect("an address"), self.peer_port);
                let local = SocketAddr::new(OURS.parse().expect("an address"), self.local_port);
                let options = ConnectOptions { local: Some(local), config: None };
                self.handle = Some(self.host.connect(remote, options, self.now).expect("an attempt"));
                self.drain();
            }
            State::SynReceived => {
                self.bring_to(State::Listen);
                self.say(Flags::SYN);
            }
            State::Established => {
                self.bring_to(State::SynSent);
                self.say(Flags::SYN | Flags::ACK);
            }
            State::FinWait1 => self.closed_after(State::Established),
            State::FinWait2 => self.said_after(State::FinWait1, Flags::ACK),
            State::CloseWait => self.said_after(State::Established, Flags::FIN | Flags::ACK),
            State::Closing => {
                self.bring_to(State::FinWait1);
                // The peer closes without having seen our FIN.
                let ack = self.our_next - 1;
                let _ = self.inject(Flags::FIN | Flags::ACK, self.peer_next, ack);
                self.peer_next += 1;
                self.drain();
            }
            State::LastAck => self.closed_after(State::CloseWait),
            State::TimeWait => self.said_after(State::FinWait2, Flags::FIN | Flags::ACK),
        }
    }

    fn closed_after(&mut self, state: State) {
        self.bring_to(state);
        let handle = self.handle.expect("a connection");
        self.host.tcp(handle).expect("a connection").close(self.now);
        self.drain();
    }

    fn said_after(&mut self, state: State, flags: Flags) {
        self.bring_to(state);
        self.say(flags);
    }

    /// The peer says the right thing at the right place.
    fn say(&mut self, flags: Flags) {
        let _ = self.inject(flags, self.peer_next, self.our_next);
        self.peer_next += u32::from(flags.syn()) + u32::from(flags.fin());
        self.drain();
    }

    fn inject(&mut self, flags: Flags, seq: SeqNumber, ack: SeqNumber) -> Fate {
        let header = TcpHeader {
            source_port: self.peer_port,
            destination_port: self.local_port,
            seq,
            ack: if flags.ack() { ack } else { SeqNumber::default() },
            flags,
            reserved: 0,
            window: 8000,
            urgent_pointer: 0,
            options: TcpOptions::default(),
        };
        self.host.handle_packet(PacketIn { bytes: packet(&header), trust_checksum: false }, self.now)
    }

    /// Everything that the host sends, as text.
    fn drain(&mut self) -> String {
        let mut sent = Vec::new();
        while let Some(out) = self.host.poll_transmit(self.now) {
            let packet = IpPacket::parse(out.to_bytes(), false).expect("an IP packet");
            let pseudo_header = packet.pseudo_header();
            let segment = Segment::parse(packet.payload, Some(&pseudo_header)).expect("a segment");
            self.our_next = self.our_next.later(segment.end());
            if self.our_next == SeqNumber::new(0) || segment.header.flags.syn() {
                self.our_next = segment.end();
            }
            let PacketNote::Tcp(reason) = out.note else { panic!("not TCP: {:?}", out.note) };
            sent.push(format!("{:?} ({})", segment.header.flags, reason.code()));
        }
        sent.join(" then ")
    }

    fn state(&mut self) -> String {
        if let (Some(listener), None) = (self.listener, self.handle) {
            self.handle = self.host.accept(listener).map(|accepted| accepted.handle);
        }
        let open = self.host.connection_count();
        match self.handle {
            Some(handle) => match self.host.tcp(handle) {
                Some(socket) => match socket.close_reason() {
                    Some(reason) => format!("{} ({})", socket.state(), reason.code()),
                    None => socket.state().to_string(),
                },
                None => "CLOSED".into(),
            },
            None if open > 0 => "SYN-RECEIVED".into(),
            None if self.listener.is_some() => "LISTEN".into(),
            None => "CLOSED".into(),
        }
    }
}

fn packet(header: &TcpHeader) -> Bytes {
    let (source, destination) = (PEERS.parse().expect("an address"), OURS.parse().expect("an address"));
    let ip = IpHeader::new(source, destination, IpProtocol::TCP);
    let len = header.len();
    let mut bytes = BytesMut::zeroed(ip.len() + len);
    let start = ip.write(len, &mut bytes);
    header.write(&mut bytes[start..]);
    let mut checksum = Checksum::with_pseudo_header(&ip.pseudo_header(len as u32));
    checksum.add(&bytes[start..]);
    let field = start + CHECKSUM_OFFSET as usize;
    bytes[field..field + 2].copy_from_slice(&checksum.finish().to_be_bytes());
    bytes.freeze()
}

#[test]
fn every_state_answers_every_segment_as_it_did() {
    let starts = State::ALL.map(Start::In).into_iter().chain([Start::SimultaneousOpen]);
    let mut matrix = String::new();
    for start in starts {
        for (kind, flags) in KINDS {
            for (place, offset) in PLACES {
                let mut table = Table::new(start);
                let before = table.state();
                let seq = table.peer_next + offset as u32;
                let fate = table.inject(flags, seq, table.our_next);
                let sent = table.drain();
                let after = table.state();
                let fate = match fate {
                    Fate::Dropped(PacketDrop::Tcp(reason)) => format!("dropped: {}", reason.code()),
                    Fate::Dropped(other) => format!("dropped: {other:?}"),
                    Fate::Taken => "taken".into(),
                };
                let sent = if sent.is_empty() { "nothing".into() } else { sent };
                let label = match start {
                    Start::In(_) => before,
                    Start::SimultaneousOpen => format!("{before}, active"),
                };
                writeln!(matrix, "{label:<22} {kind:<8} {place:<10} {after:<26} {fate:<32} sends {sent}")
                    .expect("a string");
            }
        }
    }
    insta::assert_snapshot!(matrix);
}
