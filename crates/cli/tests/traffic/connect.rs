//! `synfin connect` to the kernel.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::common::{Ended, SYNFIN, output};
use crate::transfer::noise;
use crate::world::{Running, alone, ip, open_connections, server, server_once, until};

fn connect(destination: &str, input: &str) -> Ended {
    let mut child = Command::new(SYNFIN)
        .args(["connect", destination])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("synfin can be started");
    // It may have ended already, with an error.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    child.wait_with_output().expect("it is our child").into()
}

#[test]
fn what_goes_there_comes_back() {
    alone(&[], || {
        for (bound, host) in [("0.0.0.0:0", "10.0.0.1"), ("[::]:0", "[fd00::1]")] {
            let server = server(bound, |mut stream| {
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                let mut line = String::new();
                while lines.read_line(&mut line).unwrap() > 0 {
                    stream.write_all(line.to_uppercase().as_bytes()).unwrap();
                    line.clear();
                }
                stream.write_all(b"that was all\n").unwrap();
            });
            let mut client = Running::synfin(&["connect", &format!("{host}:{}", server.port())]);
            for (said, heard) in [("hello\n", "HELLO"), ("again\n", "AGAIN")] {
                client.say(said);
                assert_eq!(client.line(), heard);
            }
            client.hang_up();
            assert_eq!(client.rest(), "that was all\n");
            assert_eq!(client.status(), Some(0));
            until("no connection is left", || open_connections().is_empty());
        }
    });
}

/// Many a router has the first address of 10.0.0.0/24.
#[test]
fn where_somebody_else_is_in_the_network_another_serves() {
    alone(&["ip"], || {
        ip("tuntap add lan0 mode tun");
        ip("address add 10.0.0.5/24 dev lan0");
        let server = server("0.0.0.0:0", |mut stream| stream.write_all(b"hello\n").unwrap());
        let ended = connect(&format!("198.18.0.1:{}", server.port()), "");
        let told = "synfin: 10.0.0.1 is in the network of lan0, 10.0.0.5/24: on the link this machine's kernel is \
                    198.18.0.1 instead\n";
        assert_eq!((ended.status, &*ended.stdout, &*ended.stderr), (Some(0), "hello\n", told));
    });
}

#[test]
fn where_ipv6_is_off_ipv4_serves() {
    alone(&[], || {
        fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1").expect("it is ours to set");
        let server = server("0.0.0.0:0", |mut stream| stream.write_all(b"hello\n").unwrap());
        let heard = connect(&format!("10.0.0.1:{}", server.port()), "").stdout();
        assert_eq!(heard, "hello\n");
        let told = "synfin: IPv6 is off on synfin0: let interfaces have it \
                    (`sysctl net.ipv6.conf.default.disable_ipv6=0`, and net.ipv6.conf.synfin0.disable_ipv6 where it \
                    exists already), or use IPv4";
        connect("[fd00::1]:7", "").fails(2, told);
        output(Command::new(SYNFIN).args(["serve", "/", "--listen", "[fd00::2]:80"])).fails(2, told);
    });
}

#[test]
fn a_full_disk_is_no_lost_connection() {
    alone(&[], || {
        let server = server("0.0.0.0:0", |mut stream| {
            // The client may have gone by then.
            let _ = stream.write_all(b"hello\n");
        });
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ended = Command::new(SYNFIN)
            .args(["connect", &format!("10.0.0.1:{}", server.port())])
            .stdin(Stdio::null())
            .stdout(full)
            .output()
            .expect("synfin can be started");
        let told = "synfin: standard output cannot be written: No space left on device (os error 28)";
        Ended::from(ended).fails(1, told);
    });
}

#[test]
fn who_waits_is_told_for_what() {
    alone(&[], || {
        for words in [&["connect", "10.0.0.99:7"][..], &["perf", "client", "10.0.0.99", "-p", "7"]] {
            let mut child = Command::new(SYNFIN)
                .args(words)
                .stdin(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("synfin can be started");
            let mut told = String::new();
            BufReader::new(child.stderr.take().expect("it is piped")).read_line(&mut told).unwrap();
            assert!(told.starts_with("synfin: 10.0.0.99 port 7 does not answer: trying on."), "{told}");
            child.kill().unwrap();
            child.wait().unwrap();
        }
    });
}

#[test]
fn megabytes_go_there_and_come_back() {
    alone(&["cmp"], || {
        let server = server("0.0.0.0:0", |stream| {
            let (mut from, mut to) = (&stream, &stream);
            std::io::copy(&mut from, &mut to).unwrap();
        });
        let place = tempfile::tempdir().unwrap();
        noise(&place.path().join("file"), 10_000_000);
        let script = "\"$0\" connect 10.0.0.1:$1 <file >back && cmp file back";
        let ended = output(
            Command::new("sh")
                .args(["-c", script, SYNFIN, &server.port().to_string()])
                .current_dir(place.path()),
        );
        assert_eq!(ended.stdout(), "");
    });
}

#[test]
fn a_peer_that_closes_first_still_hears() {
    alone(&[], || {
        let (server, heard) = server_once("0.0.0.0:0", |mut stream| {
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        });
        connect(&format!("10.0.0.1:{}", server.port()), "hello\n").stdout();
        assert_eq!(heard.join().unwrap(), "hello\n");
    });
}

#[test]
fn failures_are_told_in_one_line() {
    alone(&[], || {
        connect("10.0.0.1:9", "").fails(
            1,
            "synfin: cannot connect to 10.0.0.1 port 9: connection refused: \
             the peer refused the connection [RFC 9293 3.10.7.3]",
        );
        connect("127.0.0.1:9", "").fails(
            2,
            "synfin: 127.0.0.1 is this machine's loopback, which no link leads to: use 10.0.0.1 or [fd00::1], \
             where what listens on all addresses answers",
        );
        let server = server("0.0.0.0:0", |mut stream: TcpStream| {
            // Closing with something unread is a reset.
            let _ = stream.write_all(b"x");
            let _ = stream.peek(&mut [0]);
        });
        let ended = connect(&format!("10.0.0.1:{}", server.port()), "unread");
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), "x"), "{ended:?}");
        assert!(ended.stderr.contains(": connection reset: the peer reset the connection"), "{ended:?}");
    });
}

#[test]
fn an_interruption_resets() {
    alone(&[], || {
        let (server, outcome) = server_once("0.0.0.0:0", |mut stream| {
            stream.write_all(b"hello\n").unwrap();
            stream.read(&mut [0]).map_err(|error| error.kind())
        });
        let mut client = Running::synfin(&["connect", &format!("10.0.0.1:{}", server.port())]);
        assert_eq!(client.line(), "hello");
        client.signal(Signal::SIGINT);
        assert_eq!(client.status(), Some(128 + 2));
        assert_eq!(outcome.join().unwrap(), Err(ErrorKind::ConnectionReset));
    });
}
