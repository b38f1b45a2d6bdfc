//! `--socks5`: through a proxy of the test's own (RFC 1928).

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::common::run;
use crate::datagrams::name_server;
use crate::world::{alone, server, sh};

const SUCCEEDED: u8 = 0;
const REFUSED: u8 = 5;

/// A proxy without passwords, for one connection after the other, and whom it was asked for.
fn proxy() -> (SocketAddr, Receiver<SocketAddr>) {
    proxy_for(None)
}

/// A proxy that wants this login, or none.
fn proxy_for(login: Option<&'static [u8]>) -> (SocketAddr, Receiver<SocketAddr>) {
    let (asked, asked_for) = channel();
    let address = server("127.0.0.1:0", move |mut client| {
        let Some(destination) = greet(&mut client, login).expect("the client speaks SOCKS5") else { return };
        asked.send(destination).expect("the test waits");
        let peer = TcpStream::connect(destination);
        let reply = if peer.is_ok() { SUCCEEDED } else { REFUSED };
        client.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).expect("it waits for the reply");
        if let Ok(peer) = peer {
            splice(&client, &peer);
        }
    });
    (address, asked_for)
}

/// The greeting and the request: where the client wants to go, if it may (RFC 1929).
fn greet(client: &mut TcpStream, login: Option<&[u8]>) -> io::Result<Option<SocketAddr>> {
    let [version, methods] = read(client)?;
    assert_eq!(version, 5);
    let mut offered = vec![0; methods.into()];
    client.read_exact(&mut offered)?;
    if let Some(login) = login {
        if !offered.contains(&2) {
            client.write_all(&[5, 0xff])?;
            return Ok(None);
        }
        client.write_all(&[5, 2])?;
        let mut given = vec![0; login.len()];
        client.read_exact(&mut given)?;
        assert_eq!(given, login);
        client.write_all(&[1, 0])?;
    } else {
        client.write_all(&[5, 0])?;
    }
    let [5, 1, 0, kind] = read(client)? else { panic!("a CONNECT was expected") };
    let ip = match kind {
        1 => Ipv4Addr::from(read::<4>(client)?).into(),
        4 => Ipv6Addr::from(read::<16>(client)?).into(),
        _ => panic!("an address was expected, and not a name"),
    };
    Ok(Some(SocketAddr::new(ip, u16::from_be_bytes(read(client)?))))
}

fn read<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut octets = [0; N];
    stream.read_exact(&mut octets)?;
    Ok(octets)
}

/// Carries both directions to their ends.
fn splice(one: &TcpStream, other: &TcpStream) {
    let carry = |mut from: &TcpStream, mut to: &TcpStream| {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    };
    thread::scope(|scope| {
        scope.spawn(|| carry(one, other));
        carry(other, one);
    });
}

#[test]
fn connections_go_through_the_proxy() {
    alone(&["nc"], || {
        let (proxy, asked_for) = proxy();
        for (bound, dialled) in [("127.0.0.1:0", "10.0.2.2"), ("[::1]:0", "fd00:2::2")] {
            let server = server(bound, |mut stream| {
                let mut text = String::new();
                stream.read_to_string(&mut text).expect("the end comes through");
                stream.write_all(text.to_uppercase().as_bytes()).expect("the other direction is open");
            });
            let script = format!("echo hello | nc -N {dialled} {}", server.port());
            assert_eq!(sh(&["--socks5", &proxy.to_string()], &script).stdout(), "HELLO\n");
            assert_eq!(asked_for.recv().unwrap(), server);
        }
    });
}

#[test]
fn a_refusal_of_the_proxys_is_a_refusal() {
    alone(&["bash"], || {
        let (proxy, _asked_for) = proxy();
        let ended = sh(&["--socks5", &proxy.to_string()], "exec 3<>/dev/tcp/10.0.2.2/9");
        assert!(ended.stderr.contains("Connection refused"), "{ended:?}");
    });
}

#[test]
fn a_proxy_may_want_to_know_who_asks() {
    alone(&["nc"], || {
        let (proxy, _asked_for) = proxy_for(Some(b"\x01\x02me\x06secret"));
        let server = server("127.0.0.1:0", |mut stream| stream.write_all(b"hello\n").unwrap());
        let script = format!("nc -N 10.0.2.2 {} </dev/null", server.port());
        assert_eq!(sh(&["--socks5", &format!("me:secret@{proxy}")], &script).stdout(), "hello\n");
        let ended = sh(&["--socks5", &proxy.to_string()], &script);
        let told = format!("synfin: the proxy 127.0.0.1 port {} does not let synfin in: ", proxy.port());
        assert!(ended.stderr.contains(&told), "{ended:?}");
    });
}

#[test]
fn a_proxy_that_is_not_there_leads_nowhere() {
    alone(&["bash"], || {
        let ended = sh(&["--socks5", "127.0.0.1:9"], "for i in 1 2; do : 3<>/dev/tcp/10.0.2.2/80; done");
        assert_eq!(ended.stderr.matches("bash: connect: Network is unreachable").count(), 2, "{ended:?}");
        let told = "synfin: cannot reach the proxy 127.0.0.1 port 9: Connection refused (os error 111)\n";
        assert_eq!(ended.stderr.matches(told).count(), 1, "{ended:?}");
        // The page is synfin's own, with or without a proxy.
        assert_eq!(
            run(&["--socks5", "127.0.0.1:9", "--", "bash", "-c", "exec 3<>/dev/tcp/10.0.2.4/80"]).stdout(),
            ""
        );
    });
}

#[test]
fn names_are_asked_through_the_proxy() {
    alone(&["dig"], || {
        let _place = name_server("nameserver 127.0.0.1\n");
        let (proxy, asked_for) = proxy();
        let proxy = proxy.to_string();
        for options in [&["--socks5", &proxy][..], &["--socks5", &proxy, "--dns", "127.0.0.1"]] {
            let ended = sh(options, "dig +short +time=10 +tries=1 known.test");
            assert_eq!(ended.stdout(), "192.0.2.53\n");
            assert_eq!(asked_for.recv().unwrap().to_string(), "127.0.0.1:53");
        }
    });
}

#[test]
fn a_resolver_that_the_proxy_does_not_reach_is_told() {
    alone(&["dig"], || {
        let _place = name_server("nameserver 127.0.0.1\n");
        let (proxy, _asked_for) = proxy();
        let options = ["--socks5", &proxy.to_string(), "--dns", "127.0.0.9"];
        let ended = sh(&options, "dig +short +time=10 +tries=1 known.test");
        let told = "synfin: the proxy does not lead to the resolver 127.0.0.9: name one that it reaches with --dns ADDRESS";
        assert!(ended.stderr.contains(told), "{ended:?}");
    });
}

#[test]
fn what_the_proxy_does_not_carry_is_refused() {
    alone(&["bash", "ping"], || {
        let (proxy, _asked_for) = proxy();
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        socket.set_nonblocking(true).expect("it can be");
        let port = socket.local_addr().expect("it is bound").port();
        let options = ["--socks5", &proxy.to_string()];
        let ended = sh(&options, &format!("exec 3<>/dev/udp/10.0.2.2/{port}; echo >&3; read -t 20 -u 3"));
        assert!(ended.stderr.contains("Connection refused"), "{ended:?}");
        assert_eq!(socket.recv(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let ended = sh(&options, "ping -n -c 1 -W 20 192.0.2.1");
        assert!(ended.stdout.contains("Packet filtered"), "{ended:?}");
    });
}
