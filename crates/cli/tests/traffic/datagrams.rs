//! UDP, DNS and echo.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process::Command;
use std::thread;

use tempfile::TempDir;

use crate::common::{output, run};
use crate::world::{alone, ip, sh};

/// Sends back in capitals what it gets.
fn echo_server(address: &str) -> u16 {
    let socket = UdpSocket::bind(address).expect("the address is free");
    let port = socket.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok((length, sender)) = socket.recv_from(&mut buffer) {
            buffer[..length].make_ascii_uppercase();
            let _ = socket.send_to(&buffer[..length], sender);
        }
    });
    port
}

#[test]
fn datagrams_go_there_and_back() {
    alone(&["bash"], || {
        for (bound, dialled) in [("127.0.0.1:0", "10.0.2.2"), ("[::1]:0", "fd00:2::2")] {
            let port = echo_server(bound);
            let script = format!(
                "exec 3<>/dev/udp/{dialled}/{port}; for word in one two; do \
                 echo $word >&3; timeout 20 dd bs=1000 count=1 status=none <&3; done"
            );
            assert_eq!(sh(&[], &script).stdout(), "ONE\nTWO\n");
        }
    });
}

#[test]
fn a_closed_udp_port_is_refused() {
    alone(&["bash"], || {
        for dialled in ["10.0.2.2", "fd00:2::2"] {
            let ended = sh(&[], &format!("exec 3<>/dev/udp/{dialled}/9; echo >&3; read -t 20 -u 3"));
            assert!(ended.stderr.contains("Connection refused"), "{ended:?}");
        }
    });
}

const KNOWN: &[u8] = b"\x05known\x04test\x00";
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 53);

/// What a name server says that knows one name (RFC 1035 section 4.1).
fn answer(query: &[u8]) -> Vec<u8> {
    let name_end = 12 + query[12..].iter().position(|octet| *octet == 0).expect("a name ends") + 1;
    let (name, question) = (&query[12..name_end], &query[12..name_end + 4]);
    let is_known = name.eq_ignore_ascii_case(KNOWN);
    let has_answer = is_known && question[name.len()..] == [0, 1, 0, 1];
    let mut message = query[..2].to_vec();
    // A response, recursion available; NXDOMAIN for other names.
    message.extend([0x81, if is_known { 0x80 } else { 0x83 }, 0, 1, 0, u8::from(has_answer), 0, 0, 0, 0]);
    message.extend(question);
    if has_answer {
        message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        message.extend(ADDRESS.octets());
    }
    message
}

/// A name server on port 53 of 127.0.0.1, and this resolv.conf, as long as its place is held.
#[must_use]
pub(crate) fn name_server(resolv_conf: &str) -> TempDir {
    let udp = UdpSocket::bind("127.0.0.1:53").expect("it is free");
    let tcp = TcpListener::bind("127.0.0.1:53").expect("it is free");
    thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, sender)) = udp.recv_from(&mut buffer) {
            let _ = udp.send_to(&answer(&buffer[..length]), sender);
        }
    });
    thread::spawn(move || {
        for mut stream in tcp.incoming().flatten() {
            let mut length = [0; 2];
            while stream.read_exact(&mut length).is_ok() {
                let mut query = vec![0; u16::from_be_bytes(length).into()];
                stream.read_exact(&mut query).expect("a query is whole");
                let message = answer(&query);
                let length = u16::try_from(message.len()).expect("it is short").to_be_bytes();
                stream.write_all(&[&length[..], &message].concat()).expect("it is waited for");
            }
        }
    });
    let place = tempfile::tempdir().expect("there is room for files");
    let file = place.path().join("resolv.conf");
    fs::write(&file, resolv_conf).expect("it can be written");
    let mounted = output(Command::new("mount").arg("--bind").arg(&file).arg("/etc/resolv.conf"));
    assert_eq!(mounted.stdout(), "");
    place
}

#[test]
fn names_are_asked_of_this_machines_resolver() {
    alone(&["dig", "getent"], || {
        let _place = name_server("nameserver 127.0.0.1\n");
        let dig = |words: &str| sh(&[], &format!("dig +short +time=10 +tries=1 {words} known.test")).stdout();
        assert_eq!(dig(""), "192.0.2.53\n");
        assert_eq!(dig("+tcp"), "192.0.2.53\n");
        assert_eq!(dig("@fd00:2::3"), "192.0.2.53\n");
        assert!(run(&["--", "getent", "ahostsv4", "known.test"]).stdout().starts_with("192.0.2.53 "));
        assert_eq!(run(&["--", "getent", "ahostsv4", "unknown.test"]).status, Some(2));
    });
}

#[test]
fn a_resolver_that_does_not_answer_is_followed_by_the_next() {
    alone(&["dig"], || {
        // The first is not there, the second says nothing.
        let _silent = UdpSocket::bind("127.0.0.3:53").expect("it is free");
        let resolv_conf = "nameserver 127.0.0.2\nnameserver 127.0.0.3\nnameserver 127.0.0.1\n";
        let _place = name_server(resolv_conf);
        let dig = "dig +short +time=20 +tries=1 known.test";
        assert_eq!(sh(&[], &format!("{dig}; {dig} +tcp")).stdout(), "192.0.2.53\n192.0.2.53\n");
    });
}

#[test]
fn where_no_resolver_is_named_this_machine_is_asked() {
    alone(&["dig"], || {
        let _place = name_server("search test\n");
        assert_eq!(sh(&[], "dig +short +time=20 +tries=1 known.test").stdout(), "192.0.2.53\n");
    });
}

#[test]
fn echo_is_answered_here_and_there() {
    alone(&["ping", "ip"], || {
        // Whom the kernel lets ask for it without root; in a user namespace there is one group alone.
        let range = "/proc/sys/net/ipv4/ping_group_range";
        fs::write(range, "0 2147483647").or_else(|_| fs::write(range, "0 0")).expect("it is ours to set");
        ip("address add 192.0.2.1/32 dev lo");
        ip("address add 2001:db8::1/128 dev lo nodad");
        for address in ["10.0.2.2", "fd00:2::2", "192.0.2.1", "2001:db8::1"] {
            let ended = run(&["--", "ping", "-n", "-c", "2", "-i", "0.01", "-W", "20", address]).stdout();
            assert!(ended.contains("2 received, 0% packet loss"), "{ended}");
        }
        let ended = run(&["--", "ping", "-n", "-c", "1", "-W", "20", "198.51.100.1"]);
        assert_eq!(ended.status, Some(1), "{ended:?}");
        assert!(ended.stdout.contains("Destination Net Unreachable"), "{ended:?}");
    });
}
