//! The blocking twin: threads, no runtime of their own.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use common::{RIGHT, builders, pattern};
use synfin::Stack;
use synfin::blocking::{TcpListener, TcpStream, UdpSocket};

fn stacks() -> (Stack, Stack) {
    let (left, right) = builders();
    (left.spawn_thread().unwrap(), right.spawn_thread().unwrap())
}

#[test]
fn ten_megabytes_come_back() {
    let (left, right) = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).unwrap();
    let server = thread::spawn(move || {
        let stream = listener.incoming().next().unwrap().unwrap();
        std::io::copy(&mut &stream, &mut &stream).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
    });
    let stream = TcpStream::connect_on(&left, (RIGHT, 80)).unwrap();
    let sent = pattern(10_000_000);
    let writer = {
        let (mut stream, sent) = (stream.try_clone().unwrap(), sent.clone());
        thread::spawn(move || {
            stream.write_all(&sent).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
        })
    };
    let mut received = Vec::new();
    (&stream).read_to_end(&mut received).unwrap();
    assert!(received == sent, "what came back is not what was sent");
    writer.join().unwrap();
    server.join().unwrap();
}

#[test]
fn a_read_that_takes_too_long_would_block() {
    let (left, right) = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).unwrap();
    let mut client = TcpStream::connect_on(&left, (RIGHT, 80)).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    server.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    assert_eq!(server.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(server.set_read_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
    server.set_read_timeout(None).unwrap();
    client.write_all(b"x").unwrap();
    assert_eq!(server.read(&mut [0; 4]).unwrap(), 1);
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn shutting_reads_down_ends_a_read_that_waits() {
    let (left, right) = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).unwrap();
    let client = TcpStream::connect_on(&left, (RIGHT, 80)).unwrap();
    let reading = {
        let mut client = client.try_clone().unwrap();
        thread::spawn(move || client.read(&mut [0; 1]).unwrap())
    };
    client.shutdown(Shutdown::Read).unwrap();
    assert_eq!(reading.join().unwrap(), 0);
    drop(listener);
}

#[test]
fn nobody_there_is_refused_or_times_out() {
    let (left, _right) = stacks();
    let error = TcpStream::connect_on(&left, (RIGHT, 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let silent = "10.0.0.3:80".parse().unwrap();
    let error = TcpStream::connect_timeout_on(&left, &silent, Duration::from_millis(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[test]
fn datagrams_pass() {
    let (left, right) = stacks();
    let _default = right.set_process_default();
    let server = UdpSocket::bind((RIGHT, 53)).unwrap();
    let client = UdpSocket::bind_on(&left, "0.0.0.0:0").unwrap();
    client.send_to(b"who?", (RIGHT, 53)).unwrap();
    let mut buf = [0; 16];
    let (length, peer) = server.recv_from(&mut buf).unwrap();
    assert_eq!(&buf[..length], b"who?");
    client.connect((RIGHT, 53)).unwrap();
    server.send_to(b"me", peer).unwrap();
    assert_eq!(client.recv(&mut buf).unwrap(), 2);
}

#[test]
fn dropping_lingers_until_the_peer_has_everything() {
    let (left, right) = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).unwrap();
    let mut client = TcpStream::connect_on(&left, (RIGHT, 80)).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    assert_eq!(client.linger().unwrap(), None);
    client.set_linger(Some(Duration::from_secs(20))).unwrap();
    let other = client.try_clone().unwrap();
    assert_eq!(other.linger().unwrap(), Some(Duration::from_secs(20)));
    client.write_all(&pattern(100_000)).unwrap();
    drop(client);
    drop(other);
    assert_eq!(server.status().unwrap().octets_received, 100_000, "without a read of the server's");
    assert_eq!(server.read_to_end(&mut Vec::new()).unwrap(), 100_000);
}

#[test]
fn dropping_resets_where_it_is_told_to() {
    let (left, right) = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).unwrap();
    let client = TcpStream::connect_on(&left, (RIGHT, 80)).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    client.set_linger(Some(Duration::from_secs(20))).unwrap();
    client.set_linger(Some(Duration::ZERO)).unwrap();
    assert_eq!(client.linger().unwrap(), Some(Duration::ZERO));
    drop(client);
    assert_eq!(server.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// A task's budget is 128 calls, after which nothing is ready until the task gives way.
#[tokio::test]
async fn a_task_makes_as_many_calls_as_it_likes() {
    let (left, right) = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).unwrap();
    let mut client = TcpStream::connect_on(&left, (RIGHT, 80)).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    client.set_nonblocking(true).unwrap();
    for number in 0..1000 {
        assert_eq!(client.write(b"x").unwrap(), 1, "{number}");
    }
    drop(client);
    assert_eq!(server.read_to_end(&mut Vec::new()).unwrap(), 1000);
}
