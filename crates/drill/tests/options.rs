//! Options of one version of IP, and the packets of each.

use synfin_drill::suite::run_text;
use synfin_drill::{Form, Verdict};

/// A listener and its connection are marked by `level` and `mark`, and given a hop limit by `hops`; a `check` stands
/// before each of their packets.
fn marked(level: &str, mark: i32, hops: i32, check: [&str; 4]) -> String {
    let [syn_ack, first, second, third] = check;
    format!(
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        +0 setsockopt(3, {level}, {mark}, [0x28], 4) = 0
        +0 setsockopt(3, {level}, {hops}, [33], 4) = 0
        +0 bind(3, ..., ...) = 0
        +0 listen(3, 1) = 0
        +0 < S 0:0(0) win 65535 <mss 1000>
        +0 > {syn_ack} S. 0:0(0) ack 1 <mss 1460>
        +.05 < . 1:1(0) ack 1 win 65535
        +0 accept(3, ..., ...) = 4
        +0 getsockopt(4, {level}, {mark}, [0x28], [4]) = 0
        +0 write(4, ..., 100) = 100
        +0 > {first} P. 1:101(100) ack 1
        +.05 < . 1:1(0) ack 101 win 65535
        +0 setsockopt(4, {level}, {mark}, [0x48], 4) = 0
        +0 setsockopt(4, {level}, {hops}, [5], 4) = 0
        +0 write(4, ..., 100) = 100
        +0 > {second} P. 101:201(100) ack 1
        +.05 < . 1:1(0) ack 201 win 65535
        +0 write(4, ..., 100) = 100
        +0 > {third} P. 201:301(100) ack 1"
    )
}

const AS_SET: [&str; 4] = ["[ttl 33]", "[tos 0x28]", "[tos 0x48]", "[ttl 5]"];
const UNTOUCHED: [&str; 4] = ["[ttl 64]", "[tos 0x0]", "[tos 0x0]", "[ttl 64]"];

/// RFC 9293 section 3.9.2, MUST-48 and MUST-49: what a listener's packets are marked with, those of its connections are
/// too, the SYN-ACK among them. The options of the other version of IP have no effect on them.
#[test]
fn each_version_of_ip_has_options_of_its_own() {
    let v4 = |check| marked("SOL_IP", 1, 2, check);
    let v6 = |check| marked("SOL_IPV6", 67, 16, check);
    for (form, script) in [
        (Form::V4, v4(AS_SET)),
        (Form::Mapped, v4(AS_SET)),
        (Form::V6, v4(UNTOUCHED)),
        (Form::V6, v6(AS_SET)),
        (Form::Mapped, v6(UNTOUCHED)),
    ] {
        let report = run_text(&script, form);
        assert_eq!(report.verdict, Verdict::Passed, "{form}:\n{script}");
    }
}

/// RFC 5082 section 3: what comes from further away than the peer is, by its TTL, is not the peer's.
#[test]
fn what_comes_from_too_far_is_dropped() {
    for (form, option) in [
        (Form::V4, "SOL_IP, IP_MINTTL"),
        (Form::Mapped, "SOL_IP, IP_MINTTL"),
        (Form::V6, "SOL_IPV6, IPV6_MINHOPCOUNT"),
    ] {
        let script = format!(
            "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
            +0 bind(3, ..., ...) = 0
            +0 listen(3, 1) = 0
            +0 < S 0:0(0) win 65535 <mss 1000>
            +0 > S. 0:0(0) ack 1 <mss 1460>
            +.05 < . 1:1(0) ack 1 win 65535
            +0 accept(3, ..., ...) = 4
            +0 setsockopt(4, {option}, [256], 4) = -1 EINVAL (Invalid argument)
            +0 setsockopt(4, {option}, [100], 4) = 0
            +0 < [ttl 99] P. 1:101(100) ack 1 win 65535
            +.1 < [ttl 100] P. 1:101(100) ack 1 win 65535
            +0 > . 1:1(0) ack 101"
        );
        assert_eq!(run_text(&script, form).verdict, Verdict::Passed, "{form}");
    }
}

#[test]
fn a_socket_of_ipv4_has_no_options_of_ipv6() {
    let script = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        +0 setsockopt(3, SOL_IPV6, IPV6_TCLASS, [4], 4) = -1 ENOPROTOOPT (Protocol not available)
        +0 getsockopt(3, SOL_IPV6, IPV6_TCLASS, [0], [4]) = -1 EOPNOTSUPP (Operation not supported)";
    assert_eq!(run_text(script, Form::V4).verdict, Verdict::Passed);
}

/// The longest wait of an acknowledgment is the user's to choose, within what Linux takes.
#[test]
fn the_longest_wait_of_acknowledgments() {
    let script = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        +0 setsockopt(3, SOL_TCP, TCP_DELACK_MAX_US, [1000], 4) = -1 EINVAL (Invalid argument)
        +0 setsockopt(3, SOL_TCP, TCP_DELACK_MAX_US, [20000], 4) = 0
        +0 getsockopt(3, SOL_TCP, TCP_DELACK_MAX_US, [20000], [4]) = 0
        +0 bind(3, ..., ...) = 0
        +0 listen(3, 1) = 0
        +0 < S 0:0(0) win 65535 <mss 1000>
        +0 > S. 0:0(0) ack 1 <mss 1460>
        +.05 < . 1:1(0) ack 1 win 65535
        +0 accept(3, ..., ...) = 4
        +0 setsockopt(4, SOL_TCP, TCP_QUICKACK, [0], 4) = 0
        +0 < P. 1:101(100) ack 1 win 65535
        +.02 > . 1:1(0) ack 101";
    for form in Form::ALL {
        assert_eq!(run_text(script, form).verdict, Verdict::Passed, "{form}");
    }
}
