//! Futures that are given up: nothing is lost by it, nothing comes twice, and nobody else waits in vain.

mod common;

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use common::{RIGHT, pattern, stacks};
use synfin::Stack;
use synfin::net::{TcpListener, TcpStream, UdpSocket};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{sleep, timeout};

const AT: &str = "10.0.0.2:80";
const SHORT: Duration = Duration::from_millis(1);

async fn connected(left: &Stack, right: &Stack) -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind_on(right, AT).await.unwrap();
    let (client, server) = tokio::join!(TcpStream::connect_on(left, AT), listener.accept());
    (client.unwrap(), server.unwrap().0)
}

/// Polls once, which is enough to have it wait, and gives up.
async fn give_up<T: std::fmt::Debug>(waiting: impl Future<Output = io::Result<T>>) {
    let mut waiting = pin!(waiting);
    let polled = poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx))).await;
    assert!(polled.is_pending(), "{polled:?}");
}

#[tokio::test(start_paused = true)]
async fn reads_that_time_out_leave_what_comes_to_the_next() {
    let (left, right) = stacks();
    let (mut client, server) = connected(&left, &right).await;
    let sent = pattern(300_000);
    let text = sent.clone();
    let writer = tokio::spawn(async move {
        for (number, piece) in text.chunks(700).enumerate() {
            client.write_all(piece).await.unwrap();
            sleep(SHORT * (number as u32 % 3)).await;
        }
        client.shutdown().await.unwrap();
        client
    });
    let (mut reader, mut received, mut given_up) = (server, Vec::new(), 0);
    loop {
        let mut some = [0; 1000];
        let read = match received.len() % 3 {
            0 => timeout(SHORT, reader.read(&mut some))
                .await
                .map(|read| read.map(|length| some[..length].to_vec())),
            1 => timeout(SHORT, reader.receive_bytes(1000))
                .await
                .map(|read| read.map(|it| it.unwrap_or_default().to_vec())),
            _ => {
                let peeked = timeout(SHORT, reader.peek(&mut some)).await;
                // What was seen is still there.
                match peeked {
                    Ok(length) => {
                        let length = length.unwrap();
                        let mut seen = vec![0; length];
                        reader.read_exact(&mut seen).await.unwrap();
                        assert_eq!(seen, some[..length]);
                        Ok(Ok(seen))
                    }
                    Err(elapsed) => Err(elapsed),
                }
            }
        };
        match read {
            Ok(octets) if octets.as_ref().unwrap().is_empty() => break,
            Ok(octets) => received.extend(octets.unwrap()),
            Err(_) => given_up += 1,
        }
    }
    assert_eq!(received, sent);
    assert!(given_up > 10, "{given_up}");
    writer.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_given_up_has_sent_nothing() {
    let (left, right) = stacks();
    let (mut client, mut server) = connected(&left, &right).await;
    let mut full = 0;
    while let Ok(written) = timeout(SHORT, client.write(&[b'a'; 100_000])).await {
        full += written.unwrap();
    }
    // There is no room for either of them, and none is made for it later.
    give_up(client.write(b"b")).await;
    give_up(client.send_bytes("b".into())).await;
    let reader = tokio::spawn(async move {
        let mut received = Vec::new();
        server.read_to_end(&mut received).await.unwrap();
        received
    });
    client.write_all(b"c").await.unwrap();
    client.shutdown().await.unwrap();
    let received = reader.await.unwrap();
    assert_eq!(received.len(), full + 1);
    assert!(received.ends_with(b"ac") && !received.contains(&b'b'));
}

#[tokio::test(start_paused = true)]
async fn a_connection_waits_for_the_next_who_accepts() {
    let (left, right) = stacks();
    let listener = Arc::new(TcpListener::bind_on(&right, AT).await.unwrap());
    give_up(listener.accept()).await;
    let patient = tokio::spawn({
        let listener = Arc::clone(&listener);
        async move { listener.accept().await }
    });
    tokio::task::yield_now().await;
    // Both wait, one goes: the connection is the other's.
    give_up(listener.accept()).await;
    let mut client = TcpStream::connect_on(&left, AT).await.unwrap();
    let (mut server, peer) = patient.await.unwrap().unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    client.write_all(b"hello").await.unwrap();
    client.shutdown().await.unwrap();
    let mut text = String::new();
    server.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "hello");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_given_up_leaves_no_connection() {
    let (left, right) = stacks();
    let listener = TcpListener::bind_on(&right, AT).await.unwrap();
    give_up(TcpStream::connect_on(&left, AT)).await;
    // The next one is whole, and the one that was given up is gone from both ends, or comes as one that was reset.
    let (client, accepted) = tokio::join!(TcpStream::connect_on(&left, AT), async {
        loop {
            let (mut stream, peer) = listener.accept().await.unwrap();
            if stream.write_all(b"hello").await.is_ok() && stream.close_reason().is_none() {
                return (stream, peer);
            }
        }
    });
    let mut client = client.unwrap();
    assert_eq!(accepted.1, client.local_addr().unwrap());
    let mut text = [0; 5];
    client.read_exact(&mut text).await.unwrap();
    assert_eq!((&text, left.connection_count()), (b"hello", 1));
}

#[tokio::test(start_paused = true)]
async fn a_datagram_waits_for_the_next_who_receives() {
    let (left, right) = stacks();
    let server = UdpSocket::bind_on(&right, (RIGHT, 53)).await.unwrap();
    let client = UdpSocket::bind_on(&left, "10.0.0.1:0").await.unwrap();
    let mut room = [0; 16];
    give_up(server.recv_from(&mut room)).await;
    client.send_to(b"hello", (RIGHT, 53)).await.unwrap();
    let (length, peer) = server.recv_from(&mut room).await.unwrap();
    assert_eq!((&room[..length], peer), (&b"hello"[..], client.local_addr().unwrap()));
}
