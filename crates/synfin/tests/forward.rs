//! The forwarder's side: a stack that answers for every address.

mod common;

use std::io::{self, ErrorKind};

use bytes::Bytes;
use synfin::forward::{Refusal, Unreachable};
use synfin::net::{TcpStream, UdpSocket};
use synfin::{CloseReason, ConnectionClosed, Stack, memory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

/// A stack to which the whole world is on its link, and one that answers for it.
fn inside_and_outside() -> (Stack, Stack) {
    let (left, right) = memory::pair(common::capabilities(true), 64).unwrap();
    let inside = Stack::builder(left).address("10.0.0.1/0").address("fd00::1/0").spawn().unwrap();
    let outside = Stack::builder(right).any_address(true).spawn().unwrap();
    (inside, outside)
}

fn connect(stack: &Stack, addr: &'static str) -> JoinHandle<io::Result<TcpStream>> {
    let stack = stack.clone();
    tokio::spawn(async move { TcpStream::connect_on(&stack, addr).await })
}

#[tokio::test]
async fn a_request_is_answered_only_when_it_is_accepted() {
    let (inside, outside) = inside_and_outside();
    let forwarder = outside.forwarder().unwrap();
    assert_eq!(outside.forwarder().unwrap_err().kind(), ErrorKind::AlreadyExists);
    for addr in ["192.0.2.7:80", "[2001:db8::7]:80"] {
        let connecting = connect(&inside, addr);
        let request = forwarder.next().await.unwrap();
        assert_eq!(request.local(), addr.parse().unwrap());
        assert!(!connecting.is_finished());

        let mut stream = request.accept().unwrap();
        // Written before the handshake is complete.
        stream.write_all(b"welcome").await.unwrap();
        let mut client = connecting.await.unwrap().unwrap();
        client.write_all(b"thanks").await.unwrap();
        client.shutdown().await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "thanks");
        drop(stream);
        text.clear();
        client.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "welcome");
    }
}

#[tokio::test]
async fn a_request_is_refused_by_reset_by_icmp_or_by_being_dropped() {
    let (inside, outside) = inside_and_outside();
    let forwarder = outside.forwarder().unwrap();
    let addr = "192.0.2.7:80";

    let connecting = connect(&inside, addr);
    forwarder.next().await.unwrap().refuse(Refusal::Reset);
    assert_eq!(connecting.await.unwrap().unwrap_err().kind(), ErrorKind::ConnectionRefused);

    let connecting = connect(&inside, addr);
    drop(forwarder.next().await.unwrap());
    assert_eq!(connecting.await.unwrap().unwrap_err().kind(), ErrorKind::ConnectionRefused);

    let connecting = connect(&inside, addr);
    forwarder.next().await.unwrap().refuse(Refusal::Unreachable(Unreachable::Port));
    let error = connecting.await.unwrap().unwrap_err();
    assert_eq!(ConnectionClosed::of(&error), Some(CloseReason::Unreachable));

    drop(forwarder);
    let error = connect(&inside, addr).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_stack_that_stops_withdraws_its_requests() {
    let (inside, outside) = inside_and_outside();
    let forwarder = outside.forwarder().unwrap();
    let _client = TcpStream::start(&inside, "192.0.2.7:80".parse().unwrap(), Default::default()).unwrap();
    let request = forwarder.next().await.unwrap();
    outside.shutdown();
    request.withdrawn().await;
    assert_eq!(request.accept().unwrap_err().kind(), ErrorKind::NetworkDown);
    assert!(forwarder.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_never_decided_is_withdrawn() {
    let (inside, outside) = inside_and_outside();
    let forwarder = outside.forwarder().unwrap();
    let _client = TcpStream::start(&inside, "192.0.2.7:80".parse().unwrap(), Default::default()).unwrap();
    let request = forwarder.next().await.unwrap();
    request.withdrawn().await;
    assert_eq!(request.accept().unwrap_err().kind(), ErrorKind::ConnectionAborted);
}

#[tokio::test]
async fn datagrams_to_anybody_are_answered_in_his_name() {
    let (inside, outside) = inside_and_outside();
    let forwarder = outside.udp_forwarder().unwrap();
    let client = UdpSocket::bind_on(&inside, "0.0.0.0:0").await.unwrap();
    client.connect("192.0.2.53:53").await.unwrap();
    client.send(b"who?").await.unwrap();
    let datagram = forwarder.recv().await.unwrap();
    assert_eq!((&datagram.payload[..], datagram.local), (&b"who?"[..], "192.0.2.53:53".parse().unwrap()));
    forwarder.send_from(datagram.local, datagram.remote, Bytes::from_static(b"me")).unwrap();
    let mut buf = [0; 16];
    assert_eq!(client.recv(&mut buf).await.unwrap(), 2);

    client.send(b"who?").await.unwrap();
    let datagram = forwarder.recv().await.unwrap();
    forwarder.unreachable(&datagram, Unreachable::Host);
    assert_eq!(client.recv(&mut buf).await.unwrap_err().kind(), ErrorKind::HostUnreachable);
}
