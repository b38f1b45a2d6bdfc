//! smoltcp on the TUN, with super-segments and partial checksums in both directions.

use std::num::{NonZeroU16, NonZeroUsize};

use anyhow::Result;
use bytes::Bytes;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, Checksum, DeviceCapabilities, Medium, PacketMeta};
use smoltcp::socket::tcp::{CongestionControl, Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpCidr};
use synfin_device::tun::Tun;
use synfin_device::{Device as _, PacketOut, Payload};

use super::segment::{begin_checksum, offload};
use super::{ECHO, KERNEL, MTU, OURS, PORTS, SINK, SOURCE, wait};

/// Of each socket, each way, octets.
const BUFFER: usize = 4 << 20;
/// The longest super-segment.
const SUPER: usize = 65_000;
static ZEROS: [u8; BUFFER] = [0; BUFFER];

/// Serves until it is ended.
pub(super) fn serve(tun: Tun, polling: bool) -> Result<()> {
    let start = std::time::Instant::now();
    let now = || Instant::from_micros(start.elapsed().as_micros() as i64);
    let mut device = Device { tun, buffer: Vec::new() };
    let mut interface = Interface::new(Config::new(HardwareAddress::Ip), &mut device, now());
    interface.update_ip_addrs(|addresses| {
        addresses.push(IpCidr::new(OURS.into(), 24)).expect("there is room for one");
    });
    interface.routes_mut().add_default_ipv4_route(KERNEL)?;
    let mut sockets = SocketSet::new(Vec::new());
    let handles = PORTS.map(|port| (port, sockets.add(listening(port))));
    println!("ready");
    loop {
        interface.poll(now(), &mut device, &mut sockets);
        let mut acted = false;
        for (port, handle) in handles {
            acted |= act(&mut sockets, port, handle)?;
        }
        if acted || polling {
            continue;
        }
        let delay = interface.poll_delay(now(), &sockets).map(Into::into);
        if delay != Some(std::time::Duration::ZERO) {
            wait(&device.tun, delay)?;
        }
    }
}

fn listening(port: u16) -> Socket<'static> {
    let ring = || SocketBuffer::new(vec![0; BUFFER]);
    let mut socket = Socket::new(ring(), ring());
    socket.set_congestion_control(CongestionControl::Reno);
    socket.set_nagle_enabled(false);
    socket.set_ack_delay(None);
    socket.listen(port).expect("the port is free");
    socket
}

/// Does what the port is for; true when something was done.
fn act(sockets: &mut SocketSet<'_>, port: u16, handle: SocketHandle) -> Result<bool> {
    let socket = sockets.get_mut::<Socket<'_>>(handle);
    match socket.state() {
        State::Established => {}
        State::Closed | State::TimeWait => {
            socket.abort();
            socket.listen(port)?;
            return Ok(true);
        }
        State::CloseWait => {
            socket.abort();
            return Ok(true);
        }
        _ => return Ok(false),
    }
    match port {
        SINK if socket.can_recv() => socket.recv(|text| (text.len(), ()))?,
        SOURCE if socket.can_send() => {
            socket.send_slice(&ZEROS)?;
        }
        ECHO if socket.can_recv() => {
            let text = socket.recv(|text| (text.len(), text.to_vec()))?;
            socket.send_slice(&text)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

struct Device {
    tun: Tun,
    buffer: Vec<u8>,
}

impl phy::Device for Device {
    type RxToken<'a> = RxToken;
    type TxToken<'a> = TxToken<'a>;

    fn receive(&mut self, _: Instant) -> Option<(RxToken, TxToken<'_>)> {
        let packet = self.tun.receive().ok()??;
        Some((RxToken(packet.bytes), TxToken { device: self, size: None }))
    }

    fn transmit(&mut self, _: Instant) -> Option<TxToken<'_>> {
        Some(TxToken { device: self, size: None })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = MTU;
        capabilities.checksum.tcp = Checksum::None;
        capabilities.segmentation.tcpv4 = NonZeroUsize::new(SUPER);
        capabilities
    }
}

struct RxToken(Bytes);

impl phy::RxToken for RxToken {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

struct TxToken<'a> {
    device: &'a mut Device,
    size: Option<NonZeroU16>,
}

impl phy::TxToken for TxToken<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, fill: F) -> R {
        let Device { tun, buffer } = self.device;
        if buffer.len() < len {
            buffer.resize(len, 0);
        }
        let packet = &mut buffer[..len];
        let result = fill(packet);
        begin_checksum(packet);
        let size = self.size.map(NonZeroU16::get).filter(|_| len > MTU);
        // What the kernel has no room for is lost.
        let _ = tun.transmit(&PacketOut { header: packet, payload: Payload::EMPTY, offload: offload(size) });
        result
    }

    fn set_meta(&mut self, meta: PacketMeta) {
        self.size = meta.segmentation_offload_size;
    }
}
