//! Two interfaces of smoltcp's, each with a set of sockets.

use std::collections::VecDeque;

use smoltcp::iface::{Config, Interface, PollIngressSingleResult, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::{self, ChecksumCapabilities, DeviceCapabilities, Medium, PacketMeta};
use smoltcp::socket::tcp::{CongestionControl, RecvError, Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpCidr};

use crate::idle;
use crate::pair::{
    BATCH, BUFFER, CLIENT, Congestion, Cutting, End, PORT, Pair, Resting, SERVER, STEP, Setting,
};

/// The rings of a socket that stays idle: nothing ever comes into them.
const IDLE_BUFFER: usize = 1024;
/// The client's ports.
const FIRST_PORT: u16 = 10_000;

/// Two ends with a clock.
pub(crate) struct SmoltcpPair {
    sides: [Side; 2],
    nanoseconds: u64,
    port: u16,
}

struct Side {
    interface: Interface,
    device: Device,
    sockets: SocketSet<'static>,
    /// The one that is not idle; made when it is wanted, behind those that are.
    socket: Option<SocketHandle>,
    congestion: CongestionControl,
}

impl Side {
    fn new(setting: &Setting, address: std::net::Ipv4Addr) -> Self {
        let mut device = Device::new(setting);
        let mut interface =
            Interface::new(Config::new(HardwareAddress::Ip), &mut device, Instant::from_micros(0));
        interface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(address.into(), 8)).expect("there is room for one");
        });
        let congestion = match setting.congestion {
            Congestion::Reno => CongestionControl::Reno,
            Congestion::Cubic => CongestionControl::Cubic,
        };
        Self { interface, device, sockets: SocketSet::new(Vec::new()), socket: None, congestion }
    }

    fn ingress(&mut self, now: Instant) {
        self.interface.poll_maintenance(now);
        while self.interface.poll_ingress_single(now, &mut self.device, &mut self.sockets)
            != PollIngressSingleResult::None
        {}
    }

    fn egress(&mut self, now: Instant) {
        while self.interface.poll_egress(now, &mut self.device, &mut self.sockets) != PollResult::None {}
    }

    /// The socket that is not idle.
    fn socket(&mut self) -> &mut Socket<'static> {
        let congestion = self.congestion;
        let sockets = &mut self.sockets;
        let handle = *self.socket.get_or_insert_with(|| sockets.add(new_socket(BUFFER, congestion)));
        self.sockets.get_mut(handle)
    }
}

fn new_socket(buffer: usize, congestion: CongestionControl) -> Socket<'static> {
    let ring = || SocketBuffer::new(vec![0; buffer]);
    let mut socket = Socket::new(ring(), ring());
    socket.set_congestion_control(congestion);
    socket
}

impl Pair for SmoltcpPair {
    fn new(setting: &Setting) -> Self {
        let sides = [Side::new(setting, CLIENT), Side::new(setting, SERVER)];
        Self { sides, nanoseconds: 0, port: FIRST_PORT }
    }

    fn connect(&mut self) {
        let [client, server] = &mut self.sides;
        server.socket().listen(PORT).expect("the port is free");
        self.port = if self.port == u16::MAX { FIRST_PORT } else { self.port + 1 };
        // A socket in TIME-WAIT is not left to the user again for 10 s, unless he forgets it. Since it connects at
        // once, no RST is sent.
        client.socket().abort();
        let handle = client.socket.expect("it was made just now");
        let socket = client.sockets.get_mut::<Socket<'_>>(handle);
        socket
            .connect(client.interface.context(), (SERVER, PORT), self.port)
            .expect("it is closed, and the port is free");
    }

    fn accept(&mut self) -> bool {
        self.sides[1].socket().state() == State::Established
    }

    fn send(&mut self, end: End, text: &[u8]) -> usize {
        self.sides[end as usize].socket().send_slice(text).expect("it is open")
    }

    fn receive(&mut self, end: End, room: &mut [u8]) -> Option<usize> {
        match self.sides[end as usize].socket().recv_slice(room) {
            Ok(octets) => Some(octets),
            Err(RecvError::Finished) => None,
            Err(error) => panic!("receive: {error}"),
        }
    }

    fn close(&mut self, end: End) {
        self.sides[end as usize].socket().close();
    }

    fn release(&mut self, end: End) {
        self.sides[end as usize].socket().close();
    }

    fn give_out(&mut self, from: End) -> usize {
        let now = self.now();
        let [client, server] = &mut self.sides;
        let (from, to) = match from {
            End::Client => (client, server),
            End::Server => (server, client),
        };
        from.egress(now);
        let packets = from.device.outbound.len();
        to.device.inbound.append(&mut from.device.outbound);
        from.device.free.append(&mut to.device.used);
        self.nanoseconds += STEP;
        packets
    }

    fn take_in(&mut self, to: End) {
        let now = self.now();
        self.sides[to as usize].ingress(now);
    }

    fn wait(&mut self) {
        let now = self.now();
        let due = self.sides.iter_mut().filter_map(|side| side.interface.poll_at(now, &side.sockets)).min();
        let due = due.expect("something is to happen").total_micros() as u64 * 1000;
        self.nanoseconds = self.nanoseconds.max(due);
    }

    fn populate(&mut self, count: usize, state: Resting) {
        assert_eq!(state, Resting::Established, "smoltcp's sockets are as large in every state");
        let now = self.now();
        let server = &mut self.sides[1];
        for index in 0..count {
            let mut socket = new_socket(IDLE_BUFFER, server.congestion);
            socket.listen(PORT).expect("the port is free");
            server.sockets.add(socket);
            server.device.arrive(&idle::syn(index));
            server.ingress(now);
            server.egress(now);
            let answer = server.device.outbound.pop_front().expect("the SYN is answered");
            server.device.arrive(&idle::answer(&answer.buffer[..answer.len]).expect("it is a SYN-ACK"));
            server.ingress(now);
            server.device.free.append(&mut server.device.used);
        }
        let established = |(_, socket): &(SocketHandle, &smoltcp::socket::Socket<'_>)| matches!(socket, smoltcp::socket::Socket::Tcp(tcp) if tcp.state() == State::Established);
        let opened = server.sockets.iter().filter(established).count();
        assert_eq!(opened, count, "not all of the idle connections have come to be");
    }

    fn time_waits(&self) -> usize {
        0
    }
}

impl SmoltcpPair {
    fn now(&self) -> Instant {
        Instant::from_micros((self.nanoseconds / 1000) as i64)
    }
}

/// A packet in a buffer that is used again and again.
struct Packet {
    buffer: Vec<u8>,
    len: usize,
}

struct Device {
    capabilities: DeviceCapabilities,
    inbound: VecDeque<Packet>,
    outbound: VecDeque<Packet>,
    /// Buffers that were read, to be given back.
    used: Vec<Packet>,
    /// Buffers to write to.
    free: Vec<Packet>,
}

impl Device {
    fn new(setting: &Setting) -> Self {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = setting.mtu;
        if !setting.checksums {
            capabilities.checksum = ChecksumCapabilities::ignored();
        }
        assert!(
            setting.cutting != Cutting::Device,
            "with IPv4 alone smoltcp is built without segmentation offload"
        );
        Self {
            capabilities,
            inbound: VecDeque::new(),
            outbound: VecDeque::new(),
            used: Vec::new(),
            free: Vec::new(),
        }
    }

    fn arrive(&mut self, packet: &[u8]) {
        self.inbound.push_back(Packet { buffer: packet.to_vec(), len: packet.len() });
    }
}

impl phy::Device for Device {
    type RxToken<'a> = RxToken<'a>;
    type TxToken<'a> = TxToken<'a>;

    fn receive(&mut self, _: Instant) -> Option<(RxToken<'_>, TxToken<'_>)> {
        let packet = self.inbound.pop_front()?;
        let receive = RxToken { packet, used: &mut self.used };
        Some((receive, TxToken { outbound: &mut self.outbound, free: &mut self.free }))
    }

    fn transmit(&mut self, _: Instant) -> Option<TxToken<'_>> {
        let room = self.outbound.len() < BATCH;
        room.then_some(TxToken { outbound: &mut self.outbound, free: &mut self.free })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        self.capabilities.clone()
    }
}

struct RxToken<'a> {
    packet: Packet,
    used: &'a mut Vec<Packet>,
}

impl phy::RxToken for RxToken<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        let result = read(&self.packet.buffer[..self.packet.len]);
        self.used.push(self.packet);
        result
    }
}

struct TxToken<'a> {
    outbound: &'a mut VecDeque<Packet>,
    free: &'a mut Vec<Packet>,
}

impl phy::TxToken for TxToken<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut packet = self.free.pop().unwrap_or(Packet { buffer: Vec::new(), len: 0 });
        if packet.buffer.len() < len {
            packet.buffer.resize(len, 0);
        }
        packet.len = len;
        let result = write(&mut packet.buffer[..len]);
        self.outbound.push_back(packet);
        result
    }

    fn set_meta(&mut self, _: PacketMeta) {}
}
