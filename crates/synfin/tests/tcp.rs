//! Streams and listeners over a cable in memory.

mod common;

use std::io::ErrorKind;

use common::{LEFT, RIGHT, pattern, stacks};
use synfin::net::{TcpListener, TcpStream};
use synfin::{CloseReason, ConnectionClosed, Stack};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Both ends of a connection from left to right.
async fn connected(left: &Stack, right: &Stack) -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind_on(right, (RIGHT, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (client, server) = tokio::join!(TcpStream::connect_on(left, addr), listener.accept());
    let (client, (server, peer)) = (client.unwrap(), server.unwrap());
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
    (client, server)
}

async fn echo_ten_megabytes() {
    let (left, right) = stacks();
    let (client, server) = connected(&left, &right).await;
    let sent = pattern(10_000_000);

    let echo = tokio::spawn(async move {
        let (mut reader, mut writer) = server.into_split();
        let copied = tokio::io::copy(&mut reader, &mut writer).await.unwrap();
        writer.shutdown().await.unwrap();
        copied
    });
    let (mut reader, mut writer) = client.into_split();
    let expected = sent.clone();
    let sending = tokio::spawn(async move {
        writer.write_all(&sent).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let mut received = Vec::new();
    reader.read_to_end(&mut received).await.unwrap();
    sending.await.unwrap();
    assert_eq!(echo.await.unwrap(), expected.len() as u64);
    assert!(received == expected, "what came back is not what was sent");
}

#[tokio::test]
async fn ten_megabytes_come_back_on_one_thread() {
    echo_ten_megabytes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_megabytes_come_back_on_four_threads() {
    echo_ten_megabytes().await;
}

#[tokio::test]
async fn who_has_ended_his_direction_still_receives() {
    let (left, right) = stacks();
    let (mut client, mut server) = connected(&left, &right).await;
    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(client.write(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);

    let mut question = String::new();
    server.read_to_string(&mut question).await.unwrap();
    assert_eq!(question, "question");
    server.write_all(b"answer").await.unwrap();
    server.shutdown().await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "answer");
    assert_eq!(server.closed().await.unwrap(), CloseReason::Finished);
}

#[tokio::test]
async fn dropping_with_data_unread_resets() {
    let (left, right) = stacks();
    let (mut client, server) = connected(&left, &right).await;
    client.write_all(b"nobody reads this").await.unwrap();
    server.readable().await.unwrap();
    drop(server);
    let error = client.read(&mut [0; 16]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(ConnectionClosed::of(&error), Some(CloseReason::Reset));
}

#[tokio::test]
async fn a_port_without_listener_refuses() {
    let (left, _right) = stacks();
    let error = TcpStream::connect_on(&left, (RIGHT, 1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(ConnectionClosed::of(&error), Some(CloseReason::Refused));
}

#[tokio::test]
async fn a_listener_that_is_dropped_refuses_and_frees_its_port() {
    let (left, right) = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap();
    let again = TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AddrInUse);
    drop(listener);
    let error = TcpStream::connect_on(&left, (RIGHT, 80)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap();
    let elsewhere = TcpListener::bind_on(&right, (LEFT, 80)).await.unwrap_err();
    assert_eq!(elsewhere.kind(), ErrorKind::AddrNotAvailable);
}
