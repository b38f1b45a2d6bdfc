//! A whole host, and a link on which anything comes in: segments, fragments, datagrams, echo, ICMP errors about what it has
//! sent, neighbours and nonsense, over IP and over Ethernet, while its user and the clock behave as they like. Nothing
//! panics, what must hold holds, and what strangers make it hold stays within its limits.

#![no_main]

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use synfin_fuzz::Input;
use synfin_host::{
    ConnectOptions, Host, HostConfig, HostOffload, Instant, Limits, ListenOptions, ListenerHandle,
    MacAddress, Medium, PacketIn, Refusal, SynCookies, TcpHandle, UdpHandle, Unreachable,
};
use synfin_wire::IpProtocol;
use synfin_wire::checksum::{Checksum, PseudoHeader};

/// More packets than this after one event are a storm.
const STORM: usize = 1 << 14;
/// Of what the host has sent, as many packets are at hand to be answered.
const KEPT: usize = 8;
/// Handles of its user's.
const MOST: usize = 16;

const LIMITS: Limits = Limits {
    connections: 12,
    buffers: 1 << 20,
    orphans: 4,
    half_open: 4,
    requests: 4,
    request_timeout: Duration::from_secs(130),
    udp_queue: 4096,
    reassembly: 1 << 16,
    fast_open_peers: 4,
    neighbours: 4,
    transmit_queue: 64,
};

const OUR_MAC: [u8; 6] = [2, 0, 0, 0, 0, 2];
const PEER_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP_V4: u8 = 1;
const ICMP_V6: u8 = 58;

fuzz_target!(|octets: &[u8]| {
    let mut input = Input::new(octets);
    let mut bench = Bench::new(&mut input);
    while !input.is_empty() {
        bench.step(&mut input);
        bench.drain();
    }
});

struct Bench {
    host: Host,
    now: Instant,
    is_ethernet: bool,
    /// What it has sent, without Ethernet's header, the newest at the end.
    sent: VecDeque<Vec<u8>>,
    listener: ListenerHandle,
    udp: UdpHandle,
    connections: Vec<TcpHandle>,
}

impl Bench {
    fn new(input: &mut Input) -> Self {
        let choice = input.octet();
        let is_ethernet = choice & 1 != 0;
        let forwards = choice & 2 != 0;
        let mut config = HostConfig::new([(Ipv4Addr::new(10, 0, 0, 2).into(), 24), (our_v6(2).into(), 64)]);
        config.any_address = forwards;
        config.limits = LIMITS;
        if is_ethernet {
            config.medium = Medium::Ethernet(MacAddress(OUR_MAC));
            config.gateways = vec![Ipv4Addr::new(10, 0, 0, 1).into(), our_v6(1).into()];
        }
        if choice & 4 != 0 {
            config.offload = HostOffload { checksum: true, max_super_segment: 65_000, repeats_cwr: false };
        }
        if choice & 8 != 0 {
            config.syn_cookies = SynCookies::Always;
        }
        config.mtu = if choice & 16 != 0 { 1280 } else { 1500 };
        let mut host = Host::new(config, [7; 32]);
        host.set_forwarder(forwards);
        let any = |port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        let listener = host.listen(any(80), ListenOptions::default()).expect("the port is free");
        let udp =
            if forwards { host.udp_forward() } else { host.udp_bind(any(53)).expect("the port is free") };
        let now = Instant::from_millis(1000);
        Self { host, now, is_ethernet, sent: VecDeque::new(), listener, udp, connections: Vec::new() }
    }

    fn step(&mut self, input: &mut Input) {
        match input.octet() % 16 {
            0..=4 => self.answer(input),
            5 => self.open(input),
            6 => {
                let packet = input.take(200);
                self.deliver_raw(packet, input.bit());
            }
            7 => self.complain(input),
            8 => {
                let header =
                    [input.word().to_be_bytes(), input.one_of(&[53, 80, 9_u16]).to_be_bytes()].concat();
                self.datagram(input, &header);
            }
            9 => self.fragment(input),
            10 => self.echo(input),
            11 => self.neighbour(input),
            12 => {
                let millis = input.one_of(&[0, 1, 40, 200, 1_000, 30_000, 130_000, 700_000]);
                self.now += Duration::from_millis(millis);
                self.host.handle_timeout(self.now);
            }
            13 => self.decide(input),
            _ => self.user(input),
        }
    }

    /// A segment that fits one that the host has sent, more or less.
    fn answer(&mut self, input: &mut Input) {
        let which = usize::from(input.octet());
        let of_tcp: Vec<_> = self.sent.iter().filter_map(|packet| tcp_of(packet)).collect();
        let Some(&(source, destination, sent)) = of_tcp.get(which % of_tcp.len().max(1)) else { return };
        let number = |at: usize| u32::from_be_bytes([sent[at], sent[at + 1], sent[at + 2], sent[at + 3]]);
        let text = sent.len() as u32 - 4 * u32::from(sent[12] >> 4);
        let taken = text + u32::from(sent[13] & 1) + u32::from(sent[13] >> 1 & 1);
        let ports = [sent[2], sent[3], sent[0], sent[1]];
        let mut nearby = |number: u32| match input.octet() {
            octet @ 200.. => number.wrapping_add((i32::from(octet as i8) << 10) as u32),
            octet @ 150.. => number.wrapping_add(i32::from(octet as i8) as u32),
            _ => number,
        };
        let (seq, ack) = (nearby(number(8)), nearby(number(4).wrapping_add(taken)));
        let segment = segment(input, &ports, seq, ack);
        self.deliver(destination, source, TCP, segment, input.octet());
    }

    /// A segment out of the blue, most likely a SYN.
    fn open(&mut self, input: &mut Input) {
        let (peer, ours) = self.ends(input);
        let ports = [0x90, input.octet() % 8, 0, input.one_of(&[80, 80, 80, 81])];
        let (seq, ack) = (u32::from(input.word()) << 16, u32::from(input.word()));
        let segment = segment(input, &ports, seq, ack);
        self.deliver(peer, ours, TCP, segment, input.octet());
    }

    /// An ICMP error about what the host has sent, or a message of any kind.
    fn complain(&mut self, input: &mut Input) {
        let which = usize::from(input.octet());
        let Some(quoted) = self.sent.get(which % self.sent.len().max(1)).cloned() else { return };
        let Some((source, _)) = ends_of(&quoted) else { return };
        let kind = if source.is_ipv4() {
            input.one_of(&[3, 3, 4, 5, 11, 12])
        } else {
            input.one_of(&[1, 2, 2, 3, 4])
        };
        let mut message = vec![kind, input.octet() % 16, 0, 0];
        let mtu = input.one_of(&[0, 68, 576, 1280, 1400, 65_535_u32]);
        message.extend(mtu.to_be_bytes());
        let kept = quoted.len().min(input.one_of(&[0, 20, 27, 28, 40, 48, 60, 500]));
        message.extend(&quoted[..kept]);
        let peer = if source.is_ipv4() { Ipv4Addr::new(10, 0, 0, 1).into() } else { our_v6(1).into() };
        self.deliver(peer, source, icmp(source), message, input.octet());
    }

    fn datagram(&mut self, input: &mut Input, ports: &[u8]) {
        let (peer, ours) = self.ends(input);
        let len = input.one_of(&[0, 1, 512, 1400]);
        let mut datagram = ports.to_vec();
        datagram.extend((8 + len as u16).to_be_bytes());
        datagram.extend([0; 2]);
        datagram.resize(8 + len, b'd');
        self.deliver(peer, ours, UDP, datagram, input.octet());
    }

    /// A piece of a datagram, one of a few, at any place.
    fn fragment(&mut self, input: &mut Input) {
        let (peer, ours) = self.ends(input);
        let (identity, at) =
            (input.octet() % 4, u16::from(input.octet() % 16) | u16::from(input.octet() > 250) << 12);
        let (more, len) = (u16::from(input.bit()), input.one_of(&[8, 16, 64, 512, 7]));
        let protocol = input.one_of(&[UDP, TCP, ICMP_V4, ICMP_V6]);
        let text = vec![input.octet(); len];
        let packet = if peer.is_ipv4() {
            ip_header(peer, ours, protocol, text.len(), u16::from(identity), more << 13 | at, 64)
        } else {
            let mut header = ip_header(peer, ours, 44, 8 + text.len(), 0, 0, 64);
            header.extend([protocol, 0]);
            header.extend((at << 3 | more).to_be_bytes());
            header.extend([0, 0, 0, identity]);
            header
        };
        self.frame([packet, text].concat(), true);
    }

    fn echo(&mut self, input: &mut Input) {
        let (peer, ours) = self.ends(input);
        let kind = if ours.is_ipv4() { input.one_of(&[8, 0, 13]) } else { input.one_of(&[128, 129, 130]) };
        let mut message = vec![kind, 0, 0, 0, 0, 1, 0, input.octet()];
        message.extend(input.take(64));
        self.deliver(peer, ours, icmp(ours), message, input.octet());
    }

    /// ARP, or what IPv6 has in its place.
    fn neighbour(&mut self, input: &mut Input) {
        if input.bit() {
            let mut packet = [0, 1, 8, 0, 6, 4, 0, input.one_of(&[1, 2, 3])].to_vec();
            packet.extend(PEER_MAC);
            packet.extend([10, 0, 0, input.octet() % 8]);
            packet.extend(OUR_MAC);
            packet.extend([10, 0, 0, input.octet() % 4]);
            self.frame_of(packet, 0x0806, true);
            return;
        }
        let (target, from) = (input.octet() % 8, input.octet() % 8);
        let mut message =
            vec![input.one_of(&[133, 134, 135, 136, 137]), 0, 0, 0, input.octet() & 0xe0, 0, 0, 0];
        message.extend(our_v6(target.into()).octets());
        if input.bit() {
            message.extend([input.one_of(&[1, 2, 5]), input.one_of(&[1, 1, 0, 9])]);
            message.extend(PEER_MAC);
        }
        self.deliver(our_v6(from.into()).into(), our_v6(2).into(), ICMP_V6, message, 0xff);
    }

    /// What the owner of the forwarder says.
    fn decide(&mut self, input: &mut Input) {
        if let Some(request) = self.host.poll_request() {
            let refusal = input.one_of(&[
                None,
                None,
                Some(Refusal::Reset),
                Some(Refusal::Silent),
                Some(Refusal::Unreachable(Unreachable::Host)),
            ]);
            match refusal {
                Some(refusal) => self.host.refuse_request(request.id, refusal, self.now),
                None => {
                    let accepted = self.host.accept_request(request.id, self.now);
                    self.keep(accepted);
                }
            }
        }
        if let Some(request) = self.host.poll_echo() {
            if input.bit() {
                self.host.send_echo_reply(&request, self.now);
            } else {
                self.host.echo_unreachable(&request, Unreachable::Network, self.now);
            }
        }
    }

    fn user(&mut self, input: &mut Input) {
        let choice = input.octet() % 10;
        match choice {
            0 => {
                let remote = SocketAddr::new(self.ends(input).0, input.one_of(&[80, 7]));
                let opened = self.host.connect(remote, ConnectOptions::default(), self.now).ok();
                return self.keep(opened);
            }
            1 => {
                let accepted = self.host.accept(self.listener).map(|accepted| accepted.handle);
                return self.keep(accepted);
            }
            2 => {
                let (remote, payload) =
                    (SocketAddr::new(self.ends(input).0, 53), vec![0; input.word().into()]);
                let _ = self.host.udp_send_to(self.udp, payload.into(), remote, self.now);
                return;
            }
            3 => {
                if let Some(datagram) = self.host.udp_receive_from(self.udp)
                    && input.bit()
                {
                    self.host.udp_unreachable(&datagram, Unreachable::Port, self.now);
                }
                let _ = self.host.udp_take_error(self.udp);
                return;
            }
            _ => {}
        }
        let Some(place) = usize::from(input.octet()).checked_rem(self.connections.len()) else { return };
        let handle = self.connections[place];
        let Some(mut socket) = self.host.tcp(handle) else { return };
        match choice {
            4 | 5 => {
                let _ = socket.send(vec![0; input.word().into()].into(), self.now);
            }
            6 => {
                let _ = socket.receive(input.word().into(), self.now);
            }
            7 => socket.close(self.now),
            8 => socket.abort(self.now),
            _ => {
                socket.release(self.now);
                self.connections.swap_remove(place);
            }
        }
    }

    /// A user who has too many lets the oldest go.
    fn keep(&mut self, handle: Option<TcpHandle>) {
        self.connections.extend(handle);
        if self.connections.len() > MOST {
            let oldest = self.connections.remove(0);
            if let Some(socket) = self.host.tcp(oldest) {
                socket.release(self.now);
            }
        }
    }

    /// A peer's address and one that it may take for the host's.
    fn ends(&self, input: &mut Input) -> (IpAddr, IpAddr) {
        let octet = input.octet();
        let peer = 1 + 2 * (octet >> 1 & 3);
        let ours = [2, 2, 2, 9][usize::from(octet >> 3 & 3)];
        if octet & 1 == 0 {
            (Ipv4Addr::new(10, 0, 0, peer).into(), Ipv4Addr::new(10, 0, 0, ours).into())
        } else {
            (our_v6(peer.into()).into(), our_v6(ours.into()).into())
        }
    }

    /// With the checksum that it is to have, most of the time.
    fn deliver(&mut self, source: IpAddr, destination: IpAddr, protocol: u8, mut text: Vec<u8>, chance: u8) {
        let place = match protocol {
            TCP => 16,
            UDP => 6,
            _ => 2,
        };
        let length = text.len() as u32;
        let pseudo = PseudoHeader { source, destination, protocol: IpProtocol(protocol), length };
        let mut sum =
            if protocol == ICMP_V4 { Checksum::new() } else { Checksum::with_pseudo_header(&pseudo) };
        sum.add(&text);
        if chance != 0 {
            text[place..place + 2].copy_from_slice(&sum.finish().to_be_bytes());
        }
        let hop_limit = if protocol == ICMP_V6 { 255 } else { 64 };
        let header = ip_header(source, destination, protocol, text.len(), 0, 0, hop_limit);
        self.frame([header, text].concat(), chance == 1);
    }

    fn frame(&mut self, packet: Vec<u8>, trusted: bool) {
        let ether_type = if packet[0] >> 4 == 4 { 0x0800 } else { 0x86dd };
        self.frame_of(packet, ether_type, trusted);
    }

    fn frame_of(&mut self, packet: Vec<u8>, ether_type: u16, trusted: bool) {
        let link = [&OUR_MAC[..], &PEER_MAC, &ether_type.to_be_bytes()].concat();
        let bytes = if self.is_ethernet { [link, packet].concat() } else { packet };
        self.deliver_raw(bytes, trusted);
    }

    fn deliver_raw(&mut self, bytes: Vec<u8>, trust_checksum: bool) {
        let packet = PacketIn { bytes: bytes.into(), trust_checksum, segment_size: None };
        let _ = self.host.handle_packet(packet, self.now);
    }

    /// All that there is to be sent and told.
    fn drain(&mut self) {
        let mut count = 0;
        while let Some(packet) = self.host.poll_transmit(self.now) {
            count += 1;
            assert!(count < STORM, "no end of packets");
            let link = if self.is_ethernet { 14 } else { 0 };
            self.sent.push_back(packet.to_bytes()[link..].to_vec());
            if self.sent.len() > KEPT {
                self.sent.pop_front();
            }
        }
        while self.host.poll_event().is_some() {}
        self.host.check_invariants();
        assert!(self.host.connection_count() <= LIMITS.connections);
        assert!(self.host.half_open_count() <= LIMITS.half_open);
    }
}

fn our_v6(last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last)
}

fn icmp(address: IpAddr) -> u8 {
    if address.is_ipv4() { ICMP_V4 } else { ICMP_V6 }
}

/// A segment without its checksum. The ports stand one behind the other.
fn segment(input: &mut Input, ports: &[u8], seq: u32, ack: u32) -> Vec<u8> {
    let flags = input.one_of(&[0x02, 0x10, 0x12, 0x18, 0x11, 0x04, 0x14, 0x00, 0xd2, 0x38, 0xff]);
    let options = input.one_of(&[
        &[][..],
        &[2, 4, 5, 180],
        &[2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7],
        &[1, 1, 8, 10, 0, 0, 1, 0, 0, 0, 0, 9],
        &[34, 2, 1, 1],
        &[28, 4, 0, 9],
        &[2, 0, 0, 0],
        &[5, 10, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
    ]);
    let mut bytes = ports.to_vec();
    bytes.extend(seq.to_be_bytes());
    bytes.extend(ack.to_be_bytes());
    bytes.extend([((5 + options.len() / 4) as u8) << 4, flags]);
    bytes.extend(input.one_of(&[65_535, 0, 1, 1000_u16]).to_be_bytes());
    bytes.extend([0, 0, 0, input.octet() % 4]);
    bytes.extend(options);
    bytes.resize(bytes.len() + input.one_of(&[0, 0, 1, 100, 1400]), b'x');
    bytes
}

fn ip_header(
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    len: usize,
    identity: u16,
    place: u16,
    hop_limit: u8,
) -> Vec<u8> {
    let (IpAddr::V4(source), IpAddr::V4(destination)) = (source, destination) else {
        let (IpAddr::V6(source), IpAddr::V6(destination)) = (source, destination) else {
            unreachable!("both are of one family")
        };
        let mut header = vec![0x60, 0, 0, 0];
        header.extend((len as u16).to_be_bytes());
        header.extend([protocol, hop_limit]);
        header.extend(source.octets());
        header.extend(destination.octets());
        return header;
    };
    let mut header = vec![0x45, 0];
    header.extend((20 + len as u16).to_be_bytes());
    header.extend(identity.to_be_bytes());
    header.extend(place.to_be_bytes());
    header.extend([hop_limit, protocol, 0, 0]);
    header.extend(source.octets());
    header.extend(destination.octets());
    let mut sum = Checksum::new();
    sum.add(&header);
    header[10..12].copy_from_slice(&sum.finish().to_be_bytes());
    header
}

/// Source and destination of a packet.
fn ends_of(packet: &[u8]) -> Option<(IpAddr, IpAddr)> {
    let v4 = |at: usize| Some(IpAddr::from(<[u8; 4]>::try_from(packet.get(at..at + 4)?).ok()?));
    let v6 = |at: usize| Some(IpAddr::from(<[u8; 16]>::try_from(packet.get(at..at + 16)?).ok()?));
    match packet.first()? >> 4 {
        4 => Some((v4(12)?, v4(16)?)),
        6 => Some((v6(8)?, v6(24)?)),
        _ => None,
    }
}

/// A packet's ends and its segment, where it has one.
fn tcp_of(packet: &[u8]) -> Option<(IpAddr, IpAddr, &[u8])> {
    let (source, destination) = ends_of(packet)?;
    let (protocol, start) = if source.is_ipv4() { (packet[9], 20) } else { (packet[6], 40) };
    (protocol == TCP && packet.len() >= start + 20).then(|| (source, destination, &packet[start..]))
}
