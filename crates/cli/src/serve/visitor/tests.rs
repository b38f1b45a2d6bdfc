use std::time::Duration;

use axum::Router;
use axum::routing::get;
use synfin::net::{TcpListener, TcpStream};
use synfin::{Capabilities, CloseReason, Medium, Stack, memory};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::Visitors;
use crate::serve::http::serve_until;

const PATIENCE: Duration = Duration::from_secs(30);
/// More than both ends together hold of what nobody reads.
const LENGTH: usize = 32 << 20;

/// A server of one long page, and a client that has asked for it. The sender of the last ends the server.
async fn asked() -> (TcpStream, Stack, watch::Sender<bool>) {
    let (left, right) = memory::pair(Capabilities::new(Medium::Ip, 1500, true), 64).unwrap();
    let client = Stack::builder(left).address("10.0.0.1/24").secret([1; 32]).spawn().unwrap();
    let server = Stack::builder(right).address("10.0.0.2/24").secret([2; 32]).spawn().unwrap();
    let listener = TcpListener::bind_on(&server, "10.0.0.2:80").await.unwrap();
    let page = Router::new().route("/", get(async || vec![b'p'; LENGTH]));
    let (end, ended) = watch::channel(false);
    tokio::spawn(serve_until(Visitors::new(listener, PATIENCE), page, PATIENCE, ended));
    let mut stream = TcpStream::connect_on(&client, "10.0.0.2:80").await.unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    (stream, server, end)
}

#[tokio::test(start_paused = true)]
async fn who_acknowledges_and_never_reads_is_cut_off() {
    let (stream, server, _end) = asked().await;
    let began = Instant::now();
    assert_eq!(stream.closed().await.unwrap(), CloseReason::Reset);
    let held = began.elapsed();
    // Room that nobody is woken for, as it is little, is found by the alarm once.
    assert!(held >= PATIENCE && held <= 2 * PATIENCE, "{held:?}");
    assert_eq!(server.connection_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_reads_a_little_at_a_time_gets_everything() {
    let (mut stream, _server, _end) = asked().await;
    let (mut read, mut some) = (0, vec![0; 1 << 20]);
    loop {
        match stream.read(&mut some).await.unwrap() {
            0 => break,
            length => read += length,
        }
        sleep(PATIENCE / 2).await;
    }
    assert!(read > LENGTH, "{read}");
}
