//! Against the kernel, in network namespaces made for the test. Where these are not permitted the tests say
//! so and pass, but not in CI.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread::JoinHandle;

use bytes::Bytes;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use synfin_wire::checksum::{Checksum, PseudoHeader};
use synfin_wire::ip::IpHeader;
use synfin_wire::{IpPacket, IpProtocol};

use super::*;
use crate::interface::Interface;
use crate::segment::{complete_checksum, split};
use crate::{ChecksumOffload, Payload};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
const KERNEL: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(10, 9, 0, 1)), IpAddr::V6(Ipv6Addr::new(0xfd09, 0, 0, 0, 0, 0, 0, 1))];
const BEHIND: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(10, 9, 0, 2)), IpAddr::V6(Ipv6Addr::new(0xfd09, 0, 0, 0, 0, 0, 0, 2))];
const UDP_HEADER_LEN: usize = 8;

/// Runs `work` on a thread that has a network namespace to itself. `None`: not permitted here.
fn in_namespace<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<JoinHandle<T>> {
    let permitted = std::thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET)?;
        OpenOptions::new().read(true).write(true).open(PATH).map(drop)
    });
    if let Err(error) = permitted.join().unwrap() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "no namespace with a TUN can be made: {error}");
        eprintln!("skipped: no namespace with a TUN can be made: {error}");
        return None;
    }
    Some(std::thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        work()
    }))
}

fn finish<T>(thread: Option<JoinHandle<T>>) {
    if let Some(thread) = thread {
        thread.join().unwrap();
    }
}

/// A TUN that is up, with these addresses of the kernel's.
fn tun_with(addresses: &[IpAddr]) -> Tun {
    let tun = Tun::builder().name("synfin%d").mtu(1400).build().unwrap();
    let mut interface = Interface::new(tun.name()).unwrap();
    for &address in addresses {
        interface.add_address(address, if address.is_ipv4() { 24 } else { 64 }).unwrap();
    }
    interface.up().unwrap();
    tun
}

fn wait_readable(device: &impl Device) {
    let mut fds = [PollFd::new(device.poll_fd().unwrap(), PollFlags::POLLIN)];
    let patience = PollTimeout::try_from(PATIENCE).unwrap();
    assert_eq!(poll(&mut fds, patience).unwrap(), 1, "nothing came");
}

/// The next packet that is UDP to `port`: the kernel sends other things to a new link as well.
fn next_udp(tun: &mut Tun, port: u16) -> (PacketIn, IpPacket) {
    loop {
        wait_readable(tun);
        while let Some(packet) = tun.receive().unwrap() {
            let Ok(ip) = IpPacket::parse(packet.bytes.clone(), false) else { continue };
            if ip.header.protocol == IpProtocol::UDP && ip.payload[2..4] == port.to_be_bytes() {
                return (packet, ip);
            }
        }
    }
}

/// IP and UDP headers of a datagram, with a partial checksum.
fn udp_headers(source: SocketAddr, destination: SocketAddr, payload_len: usize) -> (Vec<u8>, Offload) {
    let ip = IpHeader::new(source.ip(), destination.ip(), IpProtocol::UDP);
    let length = UDP_HEADER_LEN + payload_len;
    let mut bytes = vec![0; ip.len()];
    ip.write(length, &mut bytes);
    let start = bytes.len() as u16;
    let pseudo_header = PseudoHeader {
        source: source.ip(),
        destination: destination.ip(),
        protocol: IpProtocol::UDP,
        length: length as u32,
    };
    let partial = Checksum::with_pseudo_header(&pseudo_header).partial();
    for field in [source.port(), destination.port(), length as u16, partial] {
        bytes.extend_from_slice(&field.to_be_bytes());
    }
    (bytes, Offload { checksum: ChecksumOffload::Partial { start, offset: 6 }, segmentation: None })
}

#[test]
fn datagrams_pass_both_ways() {
    finish(in_namespace(|| {
        let mut tun = tun_with(&KERNEL);
        assert_eq!(tun.capabilities(), Capabilities::new(Medium::Ip, 1400, true));
        for (kernel, behind) in KERNEL.into_iter().zip(BEHIND) {
            let socket = UdpSocket::bind((kernel, 0)).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            let ours = SocketAddr::new(behind, 7777);
            socket.send_to(b"from the kernel", ours).unwrap();
            let (packet, ip) = next_udp(&mut tun, 7777);
            assert_eq!((ip.header.source, ip.header.destination), (kernel, behind));
            assert_eq!(&ip.payload[UDP_HEADER_LEN..], b"from the kernel");
            let start = ip.header_len as u16;
            let checksum = ChecksumOffload::Partial { start, offset: 6 };
            assert_eq!(packet.offload, Offload { checksum, segmentation: None });
            let mut bytes = packet.bytes.to_vec();
            complete_checksum(&mut bytes, checksum).unwrap();
            let mut sum = Checksum::with_pseudo_header(&ip.pseudo_header());
            sum.add(&bytes[ip.header_len..]);
            assert_eq!(sum.finish(), 0);

            // In few pieces and in more than one writev takes; the kernel completes the checksum, or we do.
            let few = [Bytes::from_static(b"to the "), Bytes::from_static(b"kernel")];
            let many: Vec<Bytes> = (0..200_u8).map(|n| Bytes::copy_from_slice(&[n])).collect();
            for payload in [&few[..], &many] {
                let expected = payload.concat();
                let theirs = socket.local_addr().unwrap();
                let (header, offload) = udp_headers(ours, theirs, expected.len());
                assert_eq!(
                    tun.transmit(&PacketOut { header: &header, payload: Payload::of(payload), offload })
                        .unwrap(),
                    Transmit::Sent
                );
                let mut whole = [header, expected.clone()].concat();
                complete_checksum(&mut whole, offload.checksum).unwrap();
                let packet =
                    PacketOut { header: &whole, payload: Payload::EMPTY, offload: Offload::default() };
                assert_eq!(tun.transmit(&packet).unwrap(), Transmit::Sent);
                for _ in 0..2 {
                    let mut received = [0; 300];
                    let (length, from) = socket.recv_from(&mut received).unwrap();
                    assert_eq!((&received[..length], from), (&expected[..], ours));
                }
            }
        }
    }));
}

/// A connection between two kernels, each in its namespace behind a TUN, with `forward` between those.
fn carry_a_connection(address: usize, forward: fn(&PacketIn, &mut Tun)) {
    const LENGTH: usize = 4 << 20;
    let (listening, server_tun) = std::sync::mpsc::channel();
    let (connecting, client_tun) = std::sync::mpsc::channel();
    // The server's namespace must outlive the connection, the last acknowledgments included.
    let (client_works, client_is_done) = std::sync::mpsc::channel::<()>();
    let server = in_namespace(move || {
        let tun = tun_with(&[BEHIND[address]]);
        let listener = TcpListener::bind((BEHIND[address], 80)).unwrap();
        listening.send(tun).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        stream.write_all(&received).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let _ = client_is_done.recv();
    });
    let Some(server) = server else { return };
    let mut behind: Tun = server_tun.recv().unwrap();
    let client = in_namespace(move || {
        connecting.send(tun_with(&[KERNEL[address]])).unwrap();
        let mut stream = TcpStream::connect((BEHIND[address], 80)).unwrap();
        let sent: Vec<u8> = (0..LENGTH).map(|n| (n / 251) as u8).collect();
        stream.write_all(&sent).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        assert!(received == sent, "what came back differs");
        drop(client_works);
    });
    let client = client.unwrap();
    let mut near: Tun = client_tun.recv().unwrap();

    let mut super_segments = 0;
    while !(client.is_finished() && server.is_finished()) {
        let mut fds = [&near, &behind].map(|tun| PollFd::new(tun.poll_fd().unwrap(), PollFlags::POLLIN));
        poll(&mut fds, 10_u8).unwrap();
        super_segments += relay(&mut near, &mut behind, forward);
        super_segments += relay(&mut behind, &mut near, forward);
    }
    client.join().unwrap();
    server.join().unwrap();
    assert!(super_segments > 0, "the kernel cut its segments itself");
}

/// Forwards what waits, and counts the super-segments among it.
fn relay(from: &mut Tun, to: &mut Tun, forward: fn(&PacketIn, &mut Tun)) -> usize {
    let mut super_segments = 0;
    while let Some(packet) = from.receive().unwrap() {
        super_segments += usize::from(packet.offload.segmentation.is_some());
        forward(&packet, to);
    }
    super_segments
}

#[test]
fn super_segments_pass_whole() {
    for address in [0, 1] {
        carry_a_connection(address, |packet, to| {
            assert_eq!(to.transmit(&packet.as_out()).unwrap(), Transmit::Sent);
        });
    }
}

#[test]
fn super_segments_pass_cut() {
    for address in [0, 1] {
        carry_a_connection(address, |packet, to| {
            for bytes in split(packet, Medium::Ip, 1400).unwrap() {
                assert!(bytes.len() <= 1400);
                let packet =
                    PacketOut { header: &bytes, payload: Payload::EMPTY, offload: Offload::default() };
                assert_eq!(to.transmit(&packet).unwrap(), Transmit::Sent);
            }
        });
    }
}

#[test]
fn a_tap_is_driven_through_a_passed_descriptor() {
    finish(in_namespace(|| {
        let tap = Tun::builder().name("tap9").medium(Medium::Ethernet).offload(false).build().unwrap();
        let mut interface = Interface::new("tap9").unwrap();
        interface.set_mtu(1300).unwrap();
        interface.add_address(KERNEL[0], 24).unwrap();
        interface.up().unwrap();
        interface.add_route(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0, Some(BEHIND[0])).unwrap();
        interface.add_route(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0, None).unwrap();
        let mut tap = Tun::from_fd(tap.into_fd(), None).unwrap();
        assert_eq!(tap.name(), "tap9");
        assert_eq!(tap.capabilities(), Capabilities::new(Medium::Ethernet, 1300, false));

        // Beyond the gateway, whose Ethernet address is asked for first: type 0x0806, ARP.
        UdpSocket::bind((KERNEL[0], 0)).unwrap().send_to(b"x", "192.0.2.1:9").unwrap();
        loop {
            wait_readable(&tap);
            let packet = tap.receive().unwrap().unwrap();
            if packet.bytes[12..14] == [0x08, 0x06] {
                assert_eq!(packet.bytes[..6], [0xff; 6]);
                break;
            }
        }
    }));
}

#[test]
fn queues_share_an_interface() {
    finish(in_namespace(|| {
        let queues = Tun::builder().build_queues(3).unwrap();
        assert_eq!(queues.len(), 3);
        assert!(queues.iter().all(|queue| queue.name() == queues[0].name()));
    }));
}

#[test]
fn what_the_kernel_refuses_is_told_apart() {
    finish(in_namespace(|| {
        let build = |name: &str| Tun::builder().name(name).build();
        let tun = build("tun7").unwrap();
        assert!(matches!(build("tun7"), Err(TunError::Busy { name }) if name == "tun7"));
        assert!(matches!(build("lo"), Err(TunError::Taken { name }) if name == "lo"));
        assert!(matches!(Tun::builder().mtu(10).build(), Err(TunError::InvalidMtu { mtu: 10 })));

        let mut tun = tun;
        let packet = |header| PacketOut { header, payload: Payload::EMPTY, offload: Offload::default() };
        let down = tun.transmit(&packet(&[0x45; 40])).unwrap_err();
        assert_eq!(down.raw_os_error(), Some(Errno::EIO as i32));
        Interface::new("tun7").unwrap().up().unwrap();
        assert_eq!(tun.transmit(&packet(&[0; 40])).unwrap_err().kind(), ErrorKind::InvalidInput);

        // Its MTU cannot be read from another namespace.
        let fd = tun.into_fd();
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        let again = fd.try_clone().unwrap();
        assert!(matches!(Tun::from_fd(again, None), Err(TunError::UnknownMtu { name }) if name == "tun7"));
        assert_eq!(Tun::from_fd(fd, Some(1234)).unwrap().capabilities().mtu, 1234);

        let missing = Interface::new("tun7").unwrap_err();
        assert!(missing.to_string().starts_with("cannot find the interface \"tun7\": "), "{missing}");
        let again = Interface::new("lo").unwrap().add_address(KERNEL[0], 33).unwrap_err();
        assert!(again.to_string().starts_with("cannot add an address to the interface \"lo\": "), "{again}");
    }));
}

#[test]
fn names_are_checked_before_anything_is_opened() {
    for name in ["sixteen-octets-x", "a/b", "a b", "a:b", ".", "..", "a\0"] {
        assert!(matches!(Tun::builder().name(name).build(), Err(TunError::InvalidName { .. })), "{name:?}");
    }
    for name in ["", "tun0", "tun%d", "fifteen-octets-"] {
        assert!(check_name(name).is_ok(), "{name:?}");
    }
}

#[test]
fn a_descriptor_of_something_else_is_refused() {
    let null = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
    assert!(matches!(Tun::from_fd(null, Some(1500)), Err(TunError::NotATun)));
    let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    assert!(matches!(Tun::from_fd(socket.into(), Some(1500)), Err(TunError::NotATun)));
}

#[test]
fn errors_of_opening_say_what_to_do() {
    let from = |errno: Errno| TunError::from_open(errno.into()).to_string();
    assert!(from(Errno::ENOENT).contains("modprobe tun"));
    assert!(from(Errno::EACCES).contains("CAP_NET_ADMIN"));
    assert!(from(Errno::EMFILE).starts_with("cannot open /dev/net/tun: "));
}
