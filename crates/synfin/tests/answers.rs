//! When what has come is acknowledged: with the answer where one follows, at once where none does.

mod common;

use common::{RIGHT, pattern, stacks};
use synfin::Stack;
use synfin::net::{TcpListener, TcpStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// More than two segments, so that no acknowledgment of it is delayed (RFC 9293 SHLD-19).
const QUESTION: usize = 4000;

async fn connected(left: &Stack, right: &Stack) -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind_on(right, (RIGHT, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (client, server) = tokio::join!(TcpStream::connect_on(left, addr), listener.accept());
    (client.unwrap(), server.unwrap().0)
}

#[tokio::test]
async fn an_answer_takes_the_acknowledgment_along() {
    let (left, right) = stacks();
    let (mut client, mut server) = connected(&left, &right).await;
    tokio::spawn(async move {
        let mut question = [0; QUESTION];
        while server.read_exact(&mut question).await.is_ok() {
            server.write_all(b"!").await.unwrap();
        }
    });
    let question = pattern(QUESTION);
    for _ in 0..20 {
        let before = right.counters().packets_out;
        client.write_all(&question).await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), b'!');
        assert_eq!(right.counters().packets_out - before, 1, "the acknowledgment went by itself");
    }
}

/// Time passes only when nobody has anything to do.
#[tokio::test(start_paused = true)]
async fn what_is_read_and_not_answered_is_acknowledged_at_once() {
    let (left, right) = stacks();
    let (mut client, mut server) = connected(&left, &right).await;
    tokio::spawn(async move { while server.read(&mut [0; QUESTION]).await.is_ok_and(|read| read > 0) {} });
    for _ in 0..20 {
        let begin = tokio::time::Instant::now();
        client.write_all(&pattern(QUESTION)).await.unwrap();
        client.acknowledged().await.unwrap();
        assert_eq!(begin.elapsed(), std::time::Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_reads_is_acknowledged_at_once() {
    let (left, right) = stacks();
    let (mut client, _server) = connected(&left, &right).await;
    let begin = tokio::time::Instant::now();
    client.write_all(&pattern(QUESTION)).await.unwrap();
    client.acknowledged().await.unwrap();
    assert_eq!(begin.elapsed(), std::time::Duration::ZERO);
}
