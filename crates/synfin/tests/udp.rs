//! Datagrams over a cable in memory.

mod common;

use std::future::poll_fn;
use std::io::ErrorKind;
use std::time::Duration;

use common::{RIGHT, pattern, stacks};
use synfin::Stack;
use synfin::net::UdpSocket;
use tokio::io::{Interest, Ready};

#[tokio::test]
async fn datagrams_pass_both_ways_whole_and_in_fragments() {
    let (left, right) = stacks();
    for (bind, server) in [("0.0.0.0:0", "10.0.0.2:0"), ("[::]:0", "[fd00::2]:0")] {
        let server = UdpSocket::bind_on(&right, server).await.unwrap();
        let client = UdpSocket::bind_on(&left, bind).await.unwrap();
        client.connect(server.local_addr().unwrap()).await.unwrap();
        for length in [0, 1, 1400, 20_000, 65_507] {
            let sent = pattern(length);
            assert_eq!(client.send(&sent).await.unwrap(), length);
            let mut buf = vec![0; 65_535];
            let (received, peer) = server.recv_from(&mut buf).await.unwrap();
            assert!(buf[..received] == sent, "{length} octets");
            server.send_to(&sent, peer).await.unwrap();
            assert_eq!(client.peek_sender().await.unwrap(), server.local_addr().unwrap());
            assert_eq!(client.peek(&mut buf).await.unwrap(), length);
            assert_eq!(client.try_peek(&mut [0; 10]).unwrap(), length.min(10));
            let mut grown = b"before".to_vec();
            assert_eq!(client.recv_buf(&mut grown).await.unwrap(), length);
            assert!(grown[6..] == sent, "{length} octets");
        }
        let error = client.send(&pattern(65_528)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    }
}

#[tokio::test]
async fn a_connected_socket_hears_its_peer_alone() {
    let (left, right) = stacks();
    let listener = UdpSocket::bind_on(&left, "10.0.0.1:0").await.unwrap();
    let peer = UdpSocket::bind_on(&right, (RIGHT, 0)).await.unwrap();
    let stranger = UdpSocket::bind_on(&right, (RIGHT, 0)).await.unwrap();
    assert_eq!(listener.send(b"to whom?").await.unwrap_err().kind(), ErrorKind::NotConnected);
    listener.connect(peer.local_addr().unwrap()).await.unwrap();
    let addr = listener.local_addr().unwrap();
    stranger.send_to(b"stranger", addr).await.unwrap();
    peer.send_to(b"peer", addr).await.unwrap();
    let datagram = listener.recv_datagram().await.unwrap();
    assert_eq!((&datagram.payload[..], datagram.local), (&b"peer"[..], addr));
    assert_eq!(listener.try_recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[tokio::test(start_paused = true)]
async fn a_port_without_socket_refuses() {
    let (left, _right) = stacks();
    let client = UdpSocket::bind_on(&left, "0.0.0.0:0").await.unwrap();
    client.connect((RIGHT, 9)).await.unwrap();
    client.send(b"anybody?").await.unwrap();
    let error = client.recv(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);

    // Being ready takes nothing away.
    client.send(b"nobody?").await.unwrap();
    let all = Interest::READABLE | Interest::ERROR;
    let ready = tokio::time::timeout(Duration::from_secs(60), client.ready(Interest::ERROR)).await;
    assert_eq!(ready.expect("nobody has heard of the error").unwrap(), Ready::ERROR);
    client.readable().await.unwrap();
    assert_eq!(client.ready(all).await.unwrap(), Ready::READABLE | Ready::ERROR);
    let error = client.take_error().unwrap().unwrap();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(client.take_error().unwrap().is_none());
    assert_eq!(client.try_recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// A cable that holds one packet, and nobody who takes it: both sockets wait, each in a task of its own.
#[tokio::test(start_paused = true)]
async fn every_socket_that_waits_for_room_is_woken() {
    let (left, right) = synfin::memory::pair(common::capabilities(false), 1).unwrap();
    let left = Stack::builder(left).address("10.0.0.1/24").spawn().unwrap();
    let target = (RIGHT.parse::<std::net::IpAddr>().unwrap(), 53).into();
    let one = UdpSocket::bind_on(&left, "10.0.0.1:0").await.unwrap();
    let other = UdpSocket::bind_on(&left, "10.0.0.1:0").await.unwrap();
    while one.try_send_to(b"fills the queue", target).is_ok() {}
    let send = |socket: UdpSocket| {
        tokio::spawn(async move { poll_fn(|cx| socket.poll_send_to(cx, b"more", target)).await })
    };
    let sending = [send(one), send(other)];
    tokio::task::yield_now().await;
    assert!(sending.iter().all(|task| !task.is_finished()), "there is no room");
    let _right = Stack::builder(right).address("10.0.0.2/24").spawn().unwrap();
    for task in sending {
        let sent = tokio::time::timeout(Duration::from_secs(60), task).await;
        assert_eq!(sent.expect("nobody has woken it").unwrap().unwrap(), 4);
    }
}

#[tokio::test]
async fn connecting_forgets_what_others_have_sent_though_it_was_seen() {
    let (left, right) = stacks();
    let bind = || UdpSocket::bind_on(&right, "10.0.0.2:0");
    let (stranger, peer) = (bind().await.unwrap(), bind().await.unwrap());
    let socket = UdpSocket::bind_on(&left, "10.0.0.1:0").await.unwrap();
    stranger.send_to(b"stranger", socket.local_addr().unwrap()).await.unwrap();
    assert_eq!(socket.peek_sender().await.unwrap(), stranger.local_addr().unwrap());
    socket.connect(peer.local_addr().unwrap()).await.unwrap();
    peer.send_to(b"peer", socket.local_addr().unwrap()).await.unwrap();
    let mut buf = [0; 16];
    assert_eq!(socket.recv(&mut buf).await.unwrap(), 4);
    assert_eq!(&buf[..4], b"peer");
}
