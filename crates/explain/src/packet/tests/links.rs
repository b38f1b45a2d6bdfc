//! Each link type, and tunnels.

use std::io::Write;
use std::process::{Command, Stdio};

use synfin_wire::{IpHeader, IpProtocol};

use super::build::{ETHERNET, RAW, ether_type, ethernet, frame, packet, saying, v4, v6};
use super::{assert_says, other};
use crate::capture::Frame;
use crate::capture::tests::files::Pcapng;
use crate::packet::NotTcp;

const SNAP: [u8; 6] = [0xaa, 0xaa, 0x03, 0, 0, 0];

/// Every header there is, by link type, for a packet of the family.
fn headers(ip: &IpHeader) -> Vec<(u16, Vec<u8>)> {
    let ether_type = ether_type(ip);
    let ppp = if ip.is_v4() { [0x00, 0x21] } else { [0x00, 0x57] };
    let nlpid = if ip.is_v4() { 0xcc } else { 0x8e };
    let stations = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    let join = |pieces: &[&[u8]]| pieces.concat();
    let snap = join(&[&SNAP, &ether_type]);
    let length = [0x03, 0x00];
    // Of the netfilter log's last field: its own header, the packet and its text.
    let log_len = (4 + ip.len() + 32 + 5) as u8;
    let data_frame = |control: [u8; 2], len: usize| join(&[&control, &vec![0; len - 2], &snap]);
    let mut all = vec![
        (12, vec![]),
        (14, vec![]),
        (101, vec![]),
        (if ip.is_v4() { 228 } else { 229 }, vec![]),
        // Ethernet with tags, with LLC, with both.
        (1, join(&[&stations, &ether_type])),
        (1, join(&[&stations, &[0x81, 0x00, 0x00, 0x05], &ether_type])),
        (1, join(&[&stations, &[0x88, 0xa8, 0x00, 0x05, 0x81, 0x00, 0x00, 0x06], &ether_type])),
        (1, join(&[&stations, &[0x91, 0x00, 0, 1].repeat(5), &[0x81, 0x00, 0, 2].repeat(3), &ether_type])),
        (1, join(&[&stations, &[0x89, 0x26, 0, 1, 0, 2], &ether_type])),
        (1, join(&[&stations, &[0x89, 0x3f, 0, 1, 0, 2, 0, 3], &ether_type])),
        (1, join(&[&stations, &length, &snap])),
        (1, join(&[&stations, &[0x81, 0x00, 0, 1], &length, &snap])),
        (1, join(&[&stations, &length, &[0x06, 0x06, 0x03]])),
        // MPLS of one label, and of three, and PPPoE.
        (1, join(&[&stations, &[0x88, 0x47, 0, 1, 0x01, 64]])),
        (1, join(&[&stations, &[0x88, 0x48, 0, 1, 0x00, 64, 0, 1, 0x00, 64, 0, 1, 0x01, 64]])),
        (1, join(&[&stations, &[0x88, 0x64, 0x11, 0x00, 0, 9, 0, 99], &ppp])),
        (51, join(&[&[0x11, 0x00, 0, 9, 0, 99], &ppp])),
        (219, vec![0, 1, 0x01, 64]),
        // PPP: with and without address and control, protocol in one octet, Cisco's HDLC, direction before it.
        (9, join(&[&[0xff, 0x03], &ppp])),
        (9, ppp.to_vec()),
        (9, vec![ppp[1]]),
        (9, join(&[&[0x0f, 0x00], &ether_type])),
        (50, join(&[&[0xff, 0x03], &ppp])),
        (104, join(&[&[0x0f, 0x00], &ether_type])),
        (204, join(&[&[0x01, 0xff, 0x03], &ppp])),
        // Linux cooked: v1, v1 with a tag, v1 with LLC, v2.
        (113, join(&[&[0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], &ether_type])),
        (113, join(&[&[0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x81, 0x00, 0, 7], &ether_type])),
        (113, join(&[&[0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 4], &snap])),
        (276, join(&[&ether_type, &[0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0]])),
        (
            276,
            join(&[&[0x81, 0x00, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 7], &ether_type]),
        ),
        // The rest.
        (6, join(&[&[0x10, 0x40], &stations, &snap])),
        (6, join(&[&[0x10, 0x40], &stations[..6], &[0x82, 0, 0, 0, 0, 2, 0x06, 0x30, 0, 1, 0, 2], &snap])),
        (10, join(&[&[0x50], &stations, &snap])),
        (100, snap.clone()),
        (100, vec![0xfe, 0xfe, 0x03, nlpid]),
        (105, data_frame([0x08, 0x01], 24)),
        (105, data_frame([0x08, 0x03], 30)),
        (105, data_frame([0x88, 0x01], 26)),
        (105, data_frame([0x88, 0x81], 30)),
        (127, join(&[&[0, 0, 10, 0, 0, 0, 0, 0, 9, 9], &data_frame([0x08, 0x02], 24)])),
        (192, join(&[&[0, 0, 12, 0, 105, 0, 0, 0, 0, 0, 0, 0], &data_frame([0x08, 0x02], 24)])),
        (192, join(&[&[0, 0, 8, 0, 1, 0, 0, 0], &stations, &ether_type])),
        (107, vec![0x18, 0x41, 0x03, nlpid]),
        (107, join(&[&[0x18, 0x41, 0x03, 0x00, 0x80, 0, 0, 0], &ether_type])),
        (107, join(&[&[0x18, 0x41, 0x03, 0x80, 0, 0, 0], &ether_type])),
        (107, join(&[&[0x18, 0x41], &ether_type])),
        (109, vec![2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
        (117, join(&[&[61, 2, 0, 0], &[0; 60]])),
        (138, join(&[&[0; 16], &ether_type])),
        (
            239,
            vec![
                2,
                0,
                0,
                5,
                8,
                0,
                1,
                0,
                ether_type[0],
                ether_type[1],
                3,
                0,
                5,
                0,
                10,
                0,
                b'x',
                0,
                0,
                0,
                log_len,
                0,
                9,
                0,
            ],
        ),
        (
            239,
            vec![
                2,
                0,
                0,
                5,
                0,
                8,
                0,
                1,
                ether_type[0],
                ether_type[1],
                3,
                0,
                0,
                5,
                0,
                10,
                b'x',
                0,
                0,
                0,
                0,
                log_len,
                0,
                9,
            ],
        ),
    ];
    for family in if ip.is_v4() { &[2_u32][..] } else { &[24, 28, 30] } {
        all.push((0, family.to_le_bytes().to_vec()));
        all.push((0, family.to_be_bytes().to_vec()));
        all.push((108, family.to_be_bytes().to_vec()));
    }
    all
}

#[test]
fn every_link_type_is_passed_over() {
    for ip in [v4(), v6()] {
        for (link, header) in headers(&ip) {
            let bytes = [header, saying(&ip, b"hello"), vec![0xee; 3]].concat();
            assert_says(link, &bytes, &ip, b"hello");
        }
    }
}

#[test]
fn every_link_header_may_be_cut_anywhere() {
    for ip in [v4(), v6()] {
        for (link, header) in headers(&ip) {
            let bytes = [header.clone(), saying(&ip, b"hello")].concat();
            for len in 0..header.len() {
                let cut = Frame { original_len: bytes.len() as u32, ..frame(link, &bytes[..len]) };
                let reason = other(&cut);
                assert!(matches!(reason, NotTcp::Cut), "{link} {len}: {reason}");
            }
        }
    }
}

#[test]
fn what_is_not_ip_is_named() {
    let stations = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    let not_ip = |link: u16, bytes: &[&[u8]], number: u16| {
        let bytes = [&bytes.concat()[..], &[0; 40]].concat();
        assert_eq!(other(&frame(link, &bytes)), NotTcp::NotIp(number), "{link}");
    };
    not_ip(1, &[&stations, &[0x08, 0x06]], 0x0806);
    not_ip(1, &[&stations, &[0x81, 0x00, 0, 1, 0x88, 0xcc]], 0x88cc);
    not_ip(1, &[&stations, &[0x88, 0x63, 0x11, 0x09]], 0x8863);
    not_ip(1, &[&stations, &[0x88, 0x64, 0x11, 0x00, 0, 9, 0, 99, 0xc0, 0x21]], 0xc021);
    not_ip(1, &[&stations, &[0x88, 0x47, 0, 1, 0x01, 64, 0x00]], 0x8847);
    not_ip(1, &[&stations, &[0x00, 0x26, 0x42, 0x42, 0x03]], 0x4242);
    not_ip(1, &[&stations, &[0x00, 0x26, 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00]], 0x2000);
    not_ip(113, &[&[0, 4, 3, 56, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[0, 0]], 0);
    not_ip(0, &[&[7, 0, 0, 0]], 7);
    not_ip(9, &[&[0xff, 0x03, 0xc0, 0x21]], 0xc021);
    not_ip(105, &[&[0x80, 0x00]], 0); // a beacon
    not_ip(105, &[&[0x08, 0x41]], 0); // encrypted
    not_ip(105, &[&[0x48, 0x01]], 0); // no data
}

#[test]
fn tunnels_are_looked_into() {
    for ip in [v4(), v6()] {
        let inner = saying(&ip, b"hello");
        let ether_type = ether_type(&ip);
        let in_ethernet = ethernet(ether_type, &inner);
        let number = if ip.is_v4() { 4 } else { 41 };
        let chain = |next: u8| [&[0x0f, 0xc6, 1, next, 0, 0, 5, 255][..], &[0; 16]].concat();
        let port = |number: u16| [&[0xc0, 0x00][..], &number.to_be_bytes(), &[0, 0, 0, 0]].concat();
        let tunnels: Vec<(u8, Vec<u8>)> = vec![
            (number, inner.clone()),
            (47, [&[0x00, 0x00], &ether_type[..], &inner].concat()),
            (47, [&[0xb0, 0x00], &ether_type[..], &[0; 12], &inner].concat()),
            (47, [&[0x00, 0x00, 0x65, 0x58], &in_ethernet[..]].concat()),
            (47, [&[0x00, 0x00, 0x88, 0xbe], &in_ethernet[..]].concat()),
            (47, [&[0x10, 0x00, 0x88, 0xbe], &[0; 12][..], &in_ethernet].concat()),
            (47, [&[0x10, 0x00, 0x22, 0xeb], &[0; 16][..], &in_ethernet].concat()),
            (47, [&[0x10, 0x00, 0x22, 0xeb], &[0; 15][..], &[1], &[0; 8], &in_ethernet].concat()),
            (17, [&port(4789)[..], &[8, 0, 0, 0, 0, 0, 9, 0], &in_ethernet].concat()),
            (17, [&port(8472)[..], &[0x88, 0, 0, 7, 0, 0, 9, 0], &in_ethernet].concat()),
            (17, [&port(2152)[..], &[0x30, 255, 0, 0, 0, 0, 0, 9], &inner].concat()),
            (17, [&port(2152)[..], &[0x32, 255, 0, 0, 0, 0, 0, 9, 0, 5, 0, 0], &inner].concat()),
            (
                17,
                [
                    &port(2152)[..],
                    &[0x34, 255, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0x85],
                    &[1, 0x10, 1, 0xc0, 2, 0, 0, 0, 0, 0, 0, 0],
                    &inner,
                ]
                .concat(),
            ),
            (17, [&port(6081)[..], &[0, 0, 0x65, 0x58, 0, 0, 9, 0], &in_ethernet].concat()),
            (
                17,
                [&port(6081)[..], &[1, 0, ether_type[0], ether_type[1], 0, 0, 9, 0], &[0; 4], &inner]
                    .concat(),
            ),
            (17, [&port(4790)[..], &[0x0c, 0, 0, 3, 0, 0, 9, 0], &in_ethernet].concat()),
            (17, [&port(4790)[..], &[0x0c, 0, 0, 1, 0, 0, 9, 0], &inner].concat()),
            (17, [&port(4790)[..], &[0x0c, 0, 0, 4, 0, 0, 9, 0], &chain(3)[..], &in_ethernet].concat()),
            (47, [&[0x00, 0x00, 0x89, 0x4f][..], &chain(1), &inner].concat()),
            (115, [&[0, 0, 0, 7][..], &in_ethernet].concat()),
            (115, [&[0, 0, 0, 7, 0xc0, 0x0c, 0x1e, 0x5f][..], &in_ethernet].concat()),
            (115, [&[0, 0, 0, 7, 0xc0, 0x0c, 0x1e, 0x5f, 1, 2, 3, 4, 0, 0, 0, 0][..], &in_ethernet].concat()),
            (115, [&[0, 0, 0, 7][..], &inner].concat()),
            (17, [&port(1701)[..], &[0, 3, 0, 0, 0, 0, 0, 7], &in_ethernet].concat()),
            (17, [&port(1701)[..], &[0, 2, 0, 5, 0, 7, 0xff, 0x03, 0x00, 0x21], &inner].concat()),
            (
                17,
                [&port(1701)[..], &[0x4a, 2, 0, 50, 0, 5, 0, 7, 0, 1, 0, 1, 0, 2, 0, 0], &[0x21], &inner]
                    .concat(),
            ),
        ];
        for outer in [v4(), v6()] {
            for (protocol, payload) in &tunnels {
                let outer = IpHeader { protocol: IpProtocol(*protocol), hop_limit: 3, ..outer };
                let bytes = packet(&outer, payload);
                assert_says(RAW, &bytes, &ip, b"hello");
                for len in 0..bytes.len() - inner.len() + ip.len() + 20 {
                    let cut = Frame { original_len: bytes.len() as u32, ..frame(RAW, &bytes[..len]) };
                    let reason = other(&cut);
                    // Without its first octets, what UDP carries is not known to be a tunnel.
                    assert!(
                        matches!(reason, NotTcp::Cut | NotTcp::Protocol(17 | 115)),
                        "{protocol} {len}: {reason}"
                    );
                }
            }
        }
    }
}

#[test]
fn pptp_is_looked_into() {
    let ip = v4();
    let inner = [vec![0xff, 0x03, 0x00, 0x21], saying(&ip, b"hello")].concat();
    let gre = [&[0x30, 0x81, 0x88, 0x0b, 0, 60, 0, 1, 0, 0, 0, 5, 0, 0, 0, 4][..], &inner].concat();
    assert_says(RAW, &packet(&IpHeader { protocol: IpProtocol(47), ..v4() }, &gre), &ip, b"hello");
    let bare = packet(
        &IpHeader { protocol: IpProtocol(47), ..v4() },
        &[0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 1, 0, 0, 0, 4],
    );
    assert_eq!(other(&frame(RAW, &bare)), NotTcp::Protocol(47));
}

#[test]
fn a_tunnel_with_something_else_is_itself() {
    let arp = [&[0x00, 0x00, 0x08, 0x06][..], &[0; 28]].concat();
    let bytes = packet(&IpHeader { protocol: IpProtocol(47), ..v4() }, &arp);
    assert_eq!(other(&frame(RAW, &bytes)), NotTcp::Protocol(47));
    let chance = [
        &[0xc0, 0x00, 0x12, 0xb5, 0, 60, 0, 0, 8, 0, 0, 0, 0, 0, 9, 0][..],
        &ethernet([0x08, 0x00], &[0; 40]),
    ];
    let bytes = packet(&IpHeader { protocol: IpProtocol(17), ..v4() }, &chance.concat());
    assert_eq!(other(&frame(RAW, &bytes)), NotTcp::Protocol(17));
    let dns = [&[0xc0, 0x00, 0, 53, 0, 20, 0, 0][..], &[0; 12]].concat();
    let bytes = packet(&IpHeader { protocol: IpProtocol(17), ..v4() }, &dns);
    assert_eq!(other(&frame(ETHERNET, &ethernet([0x08, 0x00], &bytes))), NotTcp::Protocol(17));
}

#[test]
fn a_session_with_something_else_is_itself() {
    for inside in [vec![0; 40], [&[0xff, 0x03, 0xc0, 0x21][..], &[0; 20]].concat(), vec![0x45; 3]] {
        let session = [&[0, 0, 0, 7][..], &inside].concat();
        let bytes = packet(&IpHeader { protocol: IpProtocol(115), ..v4() }, &session);
        assert_eq!(other(&frame(RAW, &bytes)), NotTcp::Protocol(115));
    }
    let control = [&[0, 0, 0, 0][..], &ethernet(ether_type(&v4()), &saying(&v4(), b"hello"))].concat();
    let bytes = packet(&IpHeader { protocol: IpProtocol(115), ..v4() }, &control);
    assert_eq!(
        other(&frame(RAW, &bytes)),
        NotTcp::Protocol(115),
        "a number of zero is what manages the tunnel"
    );
}

#[test]
fn tunnels_in_tunnels_have_an_end() {
    let mut bytes = saying(&v4(), b"hello");
    for _ in 0..8 {
        bytes = packet(&IpHeader { protocol: IpProtocol(4), hop_limit: 9, ..v4() }, &bytes);
    }
    assert_says(RAW, &bytes, &v4(), b"hello");
    bytes = packet(&IpHeader { protocol: IpProtocol(4), ..v4() }, &bytes);
    assert!(matches!(other(&frame(RAW, &bytes)), NotTcp::Malformed(_)));
}

#[test]
fn a_pseudowire_is_looked_into() {
    let inside = ethernet(ether_type(&v4()), &saying(&v4(), b"hello"));
    let labels = [0, 1, 0, 64, 0, 2, 1, 64, 0, 0, 0, 9];
    assert_says(ETHERNET, &ethernet([0x88, 0x47], &[&labels[..], &inside].concat()), &v4(), b"hello");
}

/// One file with an interface for each header, read by tshark.
#[test]
fn tshark_reads_the_same() {
    let mut file = Pcapng::new(false);
    let mut frames = 0;
    let mut bodies = Vec::new();
    for ip in [v4(), v6()] {
        for (link, header) in headers(&ip) {
            // It does not know the link type of bare MPLS, nor a netfilter log of the other byte order unless told.
            if link == 219 || (link == 239 && header[4] == 0) {
                continue;
            }
            file = file.interface(link, 0, &[]);
            bodies.push([header, saying(&ip, b"hello"), vec![0; 3]].concat());
        }
    }
    for body in &bodies {
        file = file.enhanced(frames, 1, body, body.len() as u32, &[]);
        frames += 1;
    }
    let mut command = Command::new("tshark");
    command.args([
        "-r",
        "-",
        "-T",
        "fields",
        "-E",
        "separator=,",
        "-e",
        "frame.number",
        "-e",
        "tcp.dstport",
        "-e",
        "tcp.len",
    ]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let Ok(mut child) = child else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "tshark is needed in CI");
        eprintln!("skipped: there is no tshark");
        return;
    };
    child.stdin.take().unwrap().write_all(&file.octets).unwrap();
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let expected: Vec<String> = (1..=frames).map(|number| format!("{number},443,5")).collect();
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
}
