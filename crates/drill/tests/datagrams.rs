//! Scripts about sockets that are no connections, and packets within packets.

use synfin_drill::suite::run_text;
use synfin_drill::{Form, Verdict, parse};

/// A connected socket with a peer, ready for what comes behind.
const CONNECTED: &str = "0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3
    +0 connect(3, ..., ...) = 0
    +0 write(3, ..., 10) = 10
    +0 > udp (10)\n";

fn verdict(text: &str) -> Verdict {
    run_text(text, Form::V4).verdict
}

fn fails_at(text: &str, line: u32) {
    match verdict(text) {
        Verdict::Failed(failure) => assert_eq!(failure.at.line, line, "{failure}\n{text}"),
        other => panic!("{other:?}\n{text}"),
    }
}

#[test]
fn datagrams_are_sent_and_received() {
    let sound = [
        "+.01 < udp (500)\n+0 read(3, ..., 1000) = 500",
        "+.01 < udp (500)\n+0 recv(3, ..., 100, MSG_TRUNC) = 500",
        "+0 sendto(3, ..., 20, 0, ..., ...) = 20\n+0 > udp (20)",
        "+0 < icmp unreachable port_unreachable [udp (10)]
         +0 write(3, ..., 10) = -1 ECONNREFUSED (Connection refused)
         +0 write(3, ..., 10) = 10
         +0 > udp (10)",
        "+0 setsockopt(3, SOL_IP, IP_TTL, [9], 4) = 0
         +0 setsockopt(3, SOL_IP, IP_TOS, [0x20], 4) = 0
         +0 write(3, ..., 5) = 5
         +0 > [ttl 9] udp (5)
         +0 write(3, ..., 5) = 5
         +0 > [tos 0x20] udp (5)",
        "+0 shutdown(3, SHUT_RD) = 0\n+0 read(3, ..., 10) = 0",
    ];
    for events in sound {
        let text = format!("{CONNECTED}{events}");
        assert_eq!(verdict(&text), Verdict::Passed, "{text}");
    }
}

#[test]
fn a_datagram_that_is_another_fails_at_its_line() {
    fails_at(&format!("{CONNECTED}+0 write(3, ..., 5) = 5\n+0 > udp (6)"), 6);
    fails_at(&format!("{CONNECTED}+0 > udp (6)"), 5);
    fails_at(&format!("{CONNECTED}+0 write(3, ..., 5) = 5\n+0 > . 1:1(0) ack 1"), 6);
    fails_at(&format!("{CONNECTED}+0 < udp (6)\n+0 read(3, ..., 10) = 5"), 6);
}

/// Echo requests of the user's are packets of the host's as any others, once users may send them (RFC 792).
#[test]
fn a_ping_socket_hears_its_echo() {
    let text = "0 `sysctl -qw net.ipv4.ping_group_range=\"0 2147483647\"`
        +0 socket(..., SOCK_DGRAM, IPPROTO_ICMP) = 3
        +0 bind(3, ..., ...) = 0
        +0 sendto(3, ..., 64, 0, ..., ...) = 64
        +0 > icmp echo_request [raw (64)]
        +.01 < icmp echo_reply id 8080 [raw (64)]
        +0 recv(3, ..., 100, 0) = 64";
    assert_eq!(verdict(text), Verdict::Passed);
    assert_eq!(
        verdict("0 socket(..., SOCK_DGRAM, IPPROTO_ICMP) = -1 EACCES (Permission denied)"),
        Verdict::Passed
    );
}

#[test]
fn packets_within_packets_are_read() {
    let packets = [
        "ipv4 1.1.1.1 > 2.2.2.2: . 1:1(0) ack 1 win 9",
        "ipv6 1::1 > 2::2: ipv4 1.1.1.1 > 2.2.2.2: . 1:1(0) ack 1 win 9",
        "ipv4 1.1.1.1 > 2.2.2.2: gre: ipv4 3.3.3.3 > 4.4.4.4: . 1:1(0) ack 1 win 9",
        "ipv4 1.1.1.1 > 2.2.2.2: gre: mpls (label 1, tc 0, [S], ttl 64): . 1:1(0) ack 1 win 9",
    ];
    for packet in packets {
        let text = format!("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 < {packet}");
        assert!(parse(&text).is_ok(), "{text}: {:?}", parse(&text));
    }
    for packet in
        ["ipv4 1.1.1.1 > 2.2.2.2 . 1:1(0) ack 1 win 9", "mpls (label 1048576, tc 0, ttl 64): udp (1)"]
    {
        let text = format!("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 < {packet}");
        assert_eq!(parse(&text).map_err(|error| error.at.line).err(), Some(2), "{text}");
    }
}
