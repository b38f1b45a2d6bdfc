//! Against the kernel, over a veth in a network namespace made for the test. Where that is not permitted, or `ip` is
//! missing, the tests say so and pass, but not in CI.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Command;
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use synfin_wire::checksum::Checksum;
use synfin_wire::ip::IpHeader;
use synfin_wire::{IpPacket, IpProtocol};

use super::*;
use crate::Payload;

/// The end that is taken over, and the kernel's.
const OURS: &str = "taken0";
const PEER: &str = "peer0";
const OUR_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
const KERNEL: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const OUR_MAC: &str = "02:00:00:00:00:02";
const UDP_HEADER_LEN: usize = 8;

/// Runs `work` on a thread that has a network namespace to itself, with a veth that is up.
fn with_veth(work: impl FnOnce() + Send + 'static) {
    let thread = thread::spawn(|| {
        let made = unshare(CloneFlags::CLONE_NEWNET)
            .map_err(io::Error::from)
            .and_then(|()| ip(&format!("link add {OURS} address {OUR_MAC} type veth peer name {PEER}")));
        if let Err(error) = made {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "no namespace with a veth can be made: {error}"
            );
            eprintln!("skipped: no namespace with a veth can be made: {error}");
            return;
        }
        for words in [
            &format!("address add {KERNEL}/24 dev {PEER}"),
            &format!("link set {PEER} up"),
            &format!("link set {OURS} up"),
            &format!("neighbour add {OUR_ADDRESS} lladdr {OUR_MAC} dev {PEER}"),
        ] {
            ip(words).unwrap();
        }
        work();
    });
    thread.join().unwrap();
}

fn ip(words: &str) -> io::Result<()> {
    let output = Command::new("ip").args(words.split(' ')).output()?;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(io::Error::other(format!("ip {words}: {error}"))) }
}

fn link(name: &str) -> String {
    let output = Command::new("ip").args(["-details", "link", "show", name]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn take() -> Xdp {
    Xdp::builder(OURS).build().unwrap()
}

/// The next UDP datagram in a frame for us: the kernel sends other things to a new link as well.
fn next_datagram(xdp: &mut Xdp) -> Bytes {
    loop {
        while let Some(frame) = xdp.receive().unwrap() {
            assert_eq!(frame.offload, Offload::default());
            let Ok(packet) = IpPacket::parse(frame.bytes.slice(ETHERNET_HEADER_LEN..), false) else {
                continue;
            };
            if packet.header.protocol == IpProtocol::UDP && packet.header.destination == OUR_ADDRESS {
                return packet.payload.slice(UDP_HEADER_LEN..);
            }
        }
        let mut fds = [PollFd::new(xdp.poll_fd().unwrap(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut fds, PollTimeout::from(20_000_u16)).unwrap(), 1, "nothing came");
    }
}

/// A frame to the kernel with a whole checksum, all but its payload.
fn headers(xdp: &Xdp, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let length = (UDP_HEADER_LEN + payload.len()) as u16;
    let mut udp = [[0x12, 0x34], to.port().to_be_bytes(), length.to_be_bytes(), [0; 2]].concat();
    let ip = IpHeader::new(OUR_ADDRESS.into(), to.ip(), IpProtocol::UDP);
    let mut sum = Checksum::with_pseudo_header(&ip.pseudo_header(length.into()));
    sum.add(&udp);
    sum.add(payload);
    udp[6..8].copy_from_slice(&sum.finish().to_be_bytes());
    let mut frame = peer_mac().to_vec();
    frame.extend(xdp.mac_address());
    frame.extend([0x08, 0x00]);
    let mut header = [0; 20];
    ip.write(length.into(), &mut header);
    frame.extend(header);
    frame.extend(udp);
    frame
}

fn peer_mac() -> [u8; 6] {
    ethernet_address(PEER).unwrap()
}

#[test]
fn frames_go_both_ways_many_more_than_a_ring_holds() {
    with_veth(|| {
        let mut xdp = take();
        assert_eq!(xdp.capabilities(), Capabilities::new(Medium::Ethernet, 1500, false));
        assert_eq!(xdp.mac_address(), [2, 0, 0, 0, 0, 2]);
        let kernel = UdpSocket::bind((KERNEL, 0)).unwrap();
        kernel.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        let to = kernel.local_addr().unwrap();
        let mut buffer = [0; 1500];
        // A few at a time, which no queue drops; over all, each frame is used several times.
        for round in 0..400_u16 {
            let payload = |number: u8| {
                let mut payload = vec![number; 1 + usize::from(round) * 3 + usize::from(number)];
                payload[0] = round as u8;
                payload
            };
            for number in 0..32 {
                kernel.send_to(&payload(number), (OUR_ADDRESS, 9)).unwrap();
            }
            for number in 0..32 {
                let payload = Bytes::from(payload(number));
                assert_eq!(next_datagram(&mut xdp), payload, "{number} of round {round}");
                let header = headers(&xdp, to, &payload);
                // In two pieces, one of them empty, as a stack gives them.
                let pieces = [payload.slice(..1), Bytes::new(), payload.slice(1..)];
                let packet =
                    PacketOut { header: &header, payload: Payload::of(&pieces), offload: Offload::default() };
                assert_eq!(xdp.transmit(&packet).unwrap(), Transmit::Sent);
            }
            xdp.flush().unwrap();
            for number in 0..32 {
                let (length, _) = kernel.recv_from(&mut buffer).unwrap();
                assert_eq!(buffer[..length], payload(number), "{number} of round {round}");
            }
        }
    });
}

#[test]
fn what_is_sent_without_a_flush_goes_when_the_ring_is_full() {
    with_veth(|| {
        let mut xdp = take();
        let kernel = UdpSocket::bind((KERNEL, 0)).unwrap();
        let header = headers(&xdp, kernel.local_addr().unwrap(), b"!");
        let payload = [Bytes::from_static(b"!")];
        let packet =
            PacketOut { header: &header, payload: Payload::of(&payload), offload: Offload::default() };
        for _ in 0..10_000 {
            assert_eq!(xdp.transmit(&packet).unwrap(), Transmit::Sent);
        }
    });
}

#[test]
fn the_interface_is_the_kernels_again_once_it_is_dropped() {
    with_veth(|| {
        assert!(!link(OURS).contains("xdp"));
        let xdp = take();
        assert!(link(OURS).contains("xdpgeneric"), "{}", link(OURS));
        let twice = Xdp::builder(OURS).build().unwrap_err();
        assert!(matches!(twice, XdpError::Busy { .. }), "{twice}");
        drop(xdp);
        assert!(!link(OURS).contains("xdp"), "{}", link(OURS));
        drop(take());
    });
}

#[test]
fn a_driver_that_can_runs_the_program_itself() {
    with_veth(|| {
        let mut xdp = Xdp::builder(OURS).native(true).build().unwrap();
        assert!(!link(OURS).contains("xdpgeneric"), "{}", link(OURS));
        let kernel = UdpSocket::bind((KERNEL, 0)).unwrap();
        kernel.send_to(b"to the driver", (OUR_ADDRESS, 9)).unwrap();
        assert_eq!(&next_datagram(&mut xdp)[..], b"to the driver");
    });
}

#[test]
fn an_interface_that_goes_is_an_error() {
    with_veth(|| {
        let mut xdp = take();
        while xdp.receive().unwrap().is_some() {}
        ip(&format!("link delete {PEER}")).unwrap();
        let gone = loop {
            match xdp.receive() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("nothing is said"),
                Err(error) => break error,
            }
        };
        assert_eq!(gone.raw_os_error(), Some(nix::libc::ENETDOWN), "{gone}");
    });
}

#[test]
fn a_packet_that_does_not_fit_is_refused() {
    with_veth(|| {
        let mut xdp = take();
        let long = vec![0; 1515];
        let packet = PacketOut { header: &long, payload: Payload::EMPTY, offload: Offload::default() };
        assert_eq!(xdp.transmit(&packet).unwrap_err().kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn an_interface_that_cannot_be_had_is_told_by_name_and_with_advice() {
    with_veth(|| {
        let error = |name: &str| Xdp::builder(name).build().unwrap_err().to_string();
        assert!(error("nowhere0").contains("no interface \"nowhere0\""), "{}", error("nowhere0"));
        assert!(error("lo").contains("has no Ethernet address"), "{}", error("lo"));
        ip(&format!("link set {OURS} mtu 3826")).unwrap();
        drop(take());
        ip(&format!("link set {OURS} mtu 3827")).unwrap();
        let advice = format!("ip link set {OURS} mtu 3826");
        assert!(error(OURS).contains(&advice), "{}", error(OURS));
        ip("link add many0 numrxqueues 2 numtxqueues 2 type veth peer name many1").unwrap();
        assert!(error("many0").contains("ethtool -L many0 combined 1"), "{}", error("many0"));
    });
}

#[test]
fn without_permission_it_says_what_it_takes() {
    let error = XdpError::new("bind to the queue", "eth0", io::Error::from_raw_os_error(nix::libc::EPERM));
    assert!(error.to_string().contains("CAP_BPF"), "{error}");
}
