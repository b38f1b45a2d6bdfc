//! One host, and a peer whose segments are written by hand, in virtual time.
//!
//! The peer keeps count of both directions' numbers, so that a scenario says only what is special about a
//! segment. What the host sends is noted with its time and its reason, and read back as lines: `0.040 ACK
//! 1 ack 101: delayed-ack` is a segment sent 40 ms after the scene's mark. Numbers are relative to either
//! side's SYN; `1+100` is a hundred octets of text.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use synfin_host::{
    ConnectOptions, Fate, Host, HostConfig, HostEvent, ListenOptions, ListenerHandle, PacketDrop, PacketIn,
    PacketNote, TcpEvents, TcpHandle, TcpSocket,
};
use synfin_tcp::{CloseReason, Config, CongestionAlgorithm, DropReason, SendReason, State, Status};
use synfin_wire::checksum::Checksum;
use synfin_wire::icmp::IcmpMessage;
use synfin_wire::ip::IpHeader;
use synfin_wire::tcp::{CHECKSUM_OFFSET, SackRange};
use synfin_wire::{
    Flags, Instant, IpPacket, IpProtocol, Segment, SeqNumber, TcpHeader, TcpOptions, Timestamps,
};

/// The peer's initial sequence number.
pub(crate) const IRS: SeqNumber = SeqNumber::new(5000);

/// What the host sent, and when.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) at: Instant,
    pub(crate) reason: SendReason,
    pub(crate) header: TcpHeader,
    pub(crate) text: Bytes,
}

/// A host and its peer.
pub(crate) struct Scene {
    pub(crate) host: Host,
    pub(crate) now: Instant,
    pub(crate) handle: Option<TcpHandle>,
    pub(crate) listener: Option<ListenerHandle>,
    pub(crate) ours: SocketAddr,
    pub(crate) peers: SocketAddr,
    /// The options of the peer's SYN; those that both ends agree on it uses later.
    pub(crate) peer_options: TcpOptions,
    /// The window field of the peer's segments.
    pub(crate) peer_window: u16,
    /// The peer's SND.NXT and RCV.NXT, and the host's ISS.
    pub(crate) peer_next: SeqNumber,
    pub(crate) our_next: SeqNumber,
    pub(crate) iss: SeqNumber,
    events: Vec<TcpEvents>,
    heard: Vec<Heard>,
    mark: Instant,
    /// The last timestamp that the host sent, when it sends them.
    echo: Option<u32>,
}

/// A segment of the peer's, before it is sent: the right thing at the right place but for what is said.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    flags: Flags,
    text: usize,
    seq: Option<SeqNumber>,
    ack: Option<SeqNumber>,
    window: Option<u16>,
    urgent_pointer: u16,
    sack: Vec<(u32, u32)>,
    options: Option<TcpOptions>,
}

pub(crate) fn segment(flags: Flags) -> Said {
    let (seq, ack, window, options) = (None, None, None, None);
    Said { flags, text: 0, seq, ack, window, urgent_pointer: 0, sack: Vec::new(), options }
}

pub(crate) fn ack() -> Said {
    segment(Flags::ACK)
}

pub(crate) fn text(octets: usize) -> Said {
    Said { text: octets, ..ack() }
}

pub(crate) fn fin() -> Said {
    segment(Flags::FIN | Flags::ACK)
}

pub(crate) fn rst() -> Said {
    segment(Flags::RST)
}

impl Said {
    pub(crate) fn holding(self, octets: usize) -> Self {
        Self { text: octets, ..self }
    }

    /// At this number, counted from the peer's SYN.
    pub(crate) fn at(self, relative: u32) -> Self {
        Self { seq: Some(IRS + relative), ..self }
    }

    pub(crate) fn at_seq(self, seq: SeqNumber) -> Self {
        Self { seq: Some(seq), ..self }
    }

    pub(crate) fn ack_seq(self, ack: SeqNumber) -> Self {
        Self { ack: Some(ack), ..self }
    }

    pub(crate) fn window(self, field: u16) -> Self {
        Self { window: Some(field), ..self }
    }

    pub(crate) fn urgent(self, pointer: u16) -> Self {
        Self { flags: self.flags | Flags::URG, urgent_pointer: pointer, ..self }
    }

    /// SACK ranges, counted from the host's SYN.
    pub(crate) fn sack(self, ranges: &[(u32, u32)]) -> Self {
        Self { sack: ranges.to_vec(), ..self }
    }

    /// With these options and no others.
    pub(crate) fn options(self, options: TcpOptions) -> Self {
        Self { options: Some(options), ..self }
    }

    pub(crate) fn stamps(self, value: u32, echo: u32) -> Self {
        self.options(TcpOptions { timestamps: Some(Timestamps { value, echo }), ..TcpOptions::default() })
    }
}

/// Settings without surprises: no options but the MSS, every acknowledgment delayed, large buffers, and the RFCs' way
/// where Linux has another.
pub(crate) fn plain() -> Config {
    Config {
        window_scaling: false,
        timestamps: false,
        sack: false,
        require_timestamps: true,
        quick_acks: 0,
        syn_linear_timeouts: 0,
        receive_buffer: 65_535,
        congestion: CongestionAlgorithm::Reno,
        receive_buffer_max: 65_535,
        segment_overhead: false,
        ..Config::default()
    }
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Scene {
    pub(crate) fn new(tcp: Config) -> Self {
        Self::between("10.0.0.1", "10.0.0.2", 1500, tcp)
    }

    pub(crate) fn between(ours: &str, peers: &str, mtu: usize, tcp: Config) -> Self {
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let (ours, peers) = (address(ours), address(peers));
        let prefix = if ours.is_ipv4() { 24 } else { 64 };
        let config = HostConfig { tcp, mtu, ..HostConfig::new([(ours, prefix)]) };
        Self {
            host: Host::new(config, [7; 32]),
            now: Instant::from_millis(1000),
            handle: None,
            listener: None,
            ours: SocketAddr::new(ours, 80),
            peers: SocketAddr::new(peers, 9000),
            peer_options: TcpOptions { mss: Some(1460), ..TcpOptions::default() },
            peer_window: u16::MAX,
            peer_next: IRS,
            our_next: SeqNumber::default(),
            iss: SeqNumber::default(),
            events: Vec::new(),
            heard: Vec::new(),
            mark: Instant::from_millis(1000),
            echo: None,
        }
    }

    /// The peer offers what this host does.
    pub(crate) fn willing(mut self) -> Self {
        self.peer_options = TcpOptions {
            mss: Some(1460),
            window_scale: Some(0),
            sack_permitted: true,
            timestamps: Some(Timestamps { value: 0, echo: 0 }),
            ..TcpOptions::default()
        };
        self
    }

    /// In ESTABLISHED by an active open, with everything heard so far forgotten.
    pub(crate) fn established(mut self) -> Self {
        self.reach(State::Established);
        self.start();
        self
    }

    /// From here on time counts from zero, and what was heard is forgotten.
    pub(crate) fn start(&mut self) {
        self.drain();
        self.heard.clear();
        self.mark = self.now;
        self.events.clear();
    }

    pub(crate) fn reach(&mut self, state: State) {
        match state {
            State::Closed => {}
            State::Listen => {
                self.listener =
                    Some(self.host.listen(self.ours, ListenOptions::default()).expect("a listener"));
            }
            State::SynSent => {
                let options = ConnectOptions { local: Some(self.ours), ..ConnectOptions::default() };
                self.handle = Some(self.host.connect(self.peers, options, self.now).expect("an attempt"));
                self.drain();
            }
            State::SynReceived => {
                self.reach(State::Listen);
                self.say(segment(Flags::SYN));
            }
            State::Established => {
                self.reach(State::SynSent);
                self.say(segment(Flags::SYN | Flags::ACK));
            }
            State::FinWait1 => {
                self.reach(State::Established);
                self.close();
            }
            State::FinWait2 => {
                self.reach(State::FinWait1);
                self.say(ack());
            }
            State::CloseWait => {
                self.reach(State::Established);
                self.say(fin());
            }
            State::Closing => {
                self.reach(State::FinWait1);
                // The peer closes without having seen our FIN.
                self.say(fin().ack_seq(self.our_next - 1));
            }
            State::LastAck => {
                self.reach(State::CloseWait);
                self.close();
            }
            State::TimeWait => {
                self.reach(State::FinWait2);
                self.say(fin());
            }
        }
    }

    // What the peer does.

    /// The peer sends a segment, and the host all that it then wants to.
    pub(crate) fn say(&mut self, said: Said) -> Option<DropReason> {
        let dropped = self.inject(said);
        self.drain();
        dropped
    }

    /// The peer sends a segment; the host's answer waits.
    pub(crate) fn inject(&mut self, said: Said) -> Option<DropReason> {
        let header = self.header(&said);
        let segment = Segment { header, payload: Bytes::from(vec![b'p'; said.text]) };
        if segment.header.seq == self.peer_next && !segment.header.flags.rst() {
            self.peer_next = segment.end();
        }
        match self.receive(IpProtocol::TCP, &serialize(&segment, self.peers.ip(), self.ours.ip())) {
            Fate::Dropped(PacketDrop::Tcp(reason)) => Some(reason),
            Fate::Dropped(other) => panic!("the host took no part of it: {other:?}"),
            Fate::Taken => None,
        }
    }

    fn header(&self, said: &Said) -> TcpHeader {
        let seq = said.seq.unwrap_or(self.peer_next);
        let mut options = TcpOptions::default();
        if said.flags.syn() {
            options = self.peer_options.clone();
        }
        let stamped = self.peer_options.timestamps.is_some() && (self.echo.is_some() || said.flags.syn());
        options.timestamps =
            stamped.then(|| Timestamps { value: self.peer_clock(), echo: self.echo.unwrap_or(0) });
        let range = |&(start, end): &(u32, u32)| SackRange { start: self.iss + start, end: self.iss + end };
        options.sack = said.sack.iter().map(range).collect();
        TcpHeader {
            source_port: self.peers.port(),
            destination_port: self.ours.port(),
            seq,
            ack: if said.flags.ack() { said.ack.unwrap_or(self.our_next) } else { SeqNumber::default() },
            flags: said.flags,
            reserved: 0,
            window: said.window.unwrap_or(self.peer_window),
            urgent_pointer: said.urgent_pointer,
            options: said.options.clone().unwrap_or(options),
        }
    }

    /// The clock of the peer's timestamps, milliseconds.
    pub(crate) fn peer_clock(&self) -> u32 {
        self.now.as_millis() as u32
    }

    /// A router tells of the segment of ours that begins at `quoted`.
    pub(crate) fn router_says(&mut self, message: impl FnOnce(Bytes) -> IcmpMessage, quoted: SeqNumber) {
        self.router_says_unheard(message, quoted);
        self.drain();
    }

    /// The same, and nobody asks the host what came of it.
    pub(crate) fn router_says_unheard(
        &mut self,
        message: impl FnOnce(Bytes) -> IcmpMessage,
        quoted: SeqNumber,
    ) {
        let header = TcpHeader {
            source_port: self.ours.port(),
            destination_port: self.peers.port(),
            seq: quoted,
            ..self.header(&ack())
        };
        let segment = Segment { header, payload: Bytes::new() };
        let ip = IpHeader::new(self.ours.ip(), self.peers.ip(), IpProtocol::TCP);
        let text = serialize(&segment, self.ours.ip(), self.peers.ip());
        let message = message(packet(&ip, &text));
        let body = message.to_bytes(self.peers.ip(), self.ours.ip());
        let protocol = if self.ours.is_ipv4() { IpProtocol::ICMP } else { IpProtocol::ICMPV6 };
        let _ = self.receive(protocol, &body);
    }

    fn receive(&mut self, protocol: IpProtocol, body: &[u8]) -> Fate {
        let ip = IpHeader::new(self.peers.ip(), self.ours.ip(), protocol);
        let packet = PacketIn { bytes: packet(&ip, body), trust_checksum: false, segment_size: None };
        self.host.handle_packet(packet, self.now)
    }

    // What the user does.

    pub(crate) fn socket(&mut self) -> TcpSocket<'_> {
        if let (Some(listener), None) = (self.listener, self.handle) {
            self.handle = self.host.accept(listener).map(|accepted| accepted.handle);
        }
        let handle = self.handle.expect("a connection");
        self.host.tcp(handle).expect("a connection that was not released")
    }

    /// Sends `octets`, all of which the buffer takes.
    pub(crate) fn send(&mut self, octets: usize) {
        self.queue(octets);
        self.drain();
    }

    /// The same, and what the host makes of it waits.
    pub(crate) fn queue(&mut self, octets: usize) {
        let now = self.now;
        let data = Bytes::from(vec![b'u'; octets]);
        assert_eq!(self.socket().send(data, now), Ok(octets));
    }

    /// Reads up to `max` octets and says how many there were; none means the end.
    pub(crate) fn read(&mut self, max: usize) -> usize {
        let now = self.now;
        let mut octets = 0;
        while octets < max {
            match self.socket().receive(max - octets, now) {
                Ok(Some(bytes)) => octets += bytes.len(),
                Ok(None) => break,
                Err(error) if octets == 0 => panic!("nothing to read: {error}"),
                Err(_) => break,
            }
        }
        self.drain();
        octets
    }

    pub(crate) fn close(&mut self) {
        let now = self.now;
        self.socket().close(now);
        self.drain();
    }

    pub(crate) fn abort(&mut self) {
        let now = self.now;
        self.socket().abort(now);
        self.drain();
    }

    pub(crate) fn release(&mut self) {
        let now = self.now;
        self.socket().release(now);
        self.drain();
    }

    /// The state of the connection that the user holds, if he holds one.
    pub(crate) fn host_state(&mut self) -> Option<State> {
        let handle = self.handle?;
        self.host.tcp(handle).map(|socket| socket.state())
    }

    pub(crate) fn state(&mut self) -> State {
        self.socket().state()
    }

    pub(crate) fn closed(&mut self) -> Option<CloseReason> {
        self.socket().close_reason()
    }

    pub(crate) fn status(&mut self) -> Status {
        self.socket().status().expect("a connection")
    }

    /// Whether the host has told this since it was last asked anything.
    pub(crate) fn told(&mut self, what: fn(TcpEvents) -> bool) -> bool {
        self.drain();
        std::mem::take(&mut self.events).into_iter().any(what)
    }

    // What time does.

    /// Lets time pass; what is due on the way is done when it is due.
    pub(crate) fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.host.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.host.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// Takes a packet from somewhere else than the peer.
    pub(crate) fn take(&mut self, bytes: Bytes) {
        let _ =
            self.host.handle_packet(PacketIn { bytes, trust_checksum: false, segment_size: None }, self.now);
    }

    pub(crate) fn drain(&mut self) {
        while let Some(out) = self.host.poll_transmit(self.now) {
            assert_eq!(out.segmentation, None, "this device cuts nothing");
            let packet = IpPacket::parse(out.to_bytes(), false).expect("an IP packet");
            let pseudo_header = packet.pseudo_header();
            let PacketNote::Tcp(reason) = out.note else { continue };
            let segment = Segment::parse(packet.payload, Some(&pseudo_header)).expect("a segment");
            let end = segment.end();
            if segment.header.flags.syn() {
                self.iss = segment.header.seq;
                self.our_next = end;
            }
            if !segment.header.flags.rst() {
                self.our_next = self.our_next.later(end);
            }
            if let Some(stamps) = segment.header.options.timestamps {
                self.echo = Some(stamps.value);
            }
            let Segment { header, payload: text } = segment;
            self.heard.push(Heard { at: self.now, reason, header, text });
        }
        while let Some(event) = self.host.poll_event() {
            if let HostEvent::Tcp { events, .. } = event {
                self.events.push(events);
            }
        }
    }

    // What the peer hears.

    /// What the host sent since this was last asked.
    pub(crate) fn segments(&mut self) -> Vec<Heard> {
        self.drain();
        std::mem::take(&mut self.heard)
    }

    /// The same, as lines.
    pub(crate) fn heard(&mut self) -> Vec<String> {
        self.segments().iter().map(|heard| self.line(heard)).collect()
    }

    pub(crate) fn line(&self, heard: &Heard) -> String {
        let Heard { at, reason, header, text } = heard;
        let seconds = (*at - self.mark).as_millis() as f64 / 1000.0;
        let mut line = format!("{seconds:.3} {:?} {}", header.flags, header.seq.distance(self.iss));
        if !text.is_empty() {
            line += &format!("+{}", text.len());
        }
        if header.flags.ack() {
            line += &format!(" ack {}", header.ack.distance(IRS));
        }
        line + ": " + reason.code()
    }
}

fn packet(ip: &IpHeader, body: &[u8]) -> Bytes {
    let mut bytes = BytesMut::zeroed(ip.len());
    ip.write(body.len(), &mut bytes);
    bytes.extend_from_slice(body);
    bytes.freeze()
}

fn serialize(segment: &Segment, source: IpAddr, destination: IpAddr) -> Vec<u8> {
    let mut bytes = vec![0; segment.header.len()];
    segment.header.write(&mut bytes);
    bytes.extend_from_slice(&segment.payload);
    let ip = IpHeader::new(source, destination, IpProtocol::TCP);
    let mut checksum = Checksum::with_pseudo_header(&ip.pseudo_header(bytes.len() as u32));
    checksum.add(&bytes);
    bytes[CHECKSUM_OFFSET..CHECKSUM_OFFSET + 2].copy_from_slice(&checksum.finish().to_be_bytes());
    bytes
}
