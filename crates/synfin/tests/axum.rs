//! An axum server on synfin's listener.
#![cfg(feature = "axum")]

mod common;

use axum::Router;
use axum::routing::get;
use common::{RIGHT, stacks};
use synfin::net::{TcpListener, TcpStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn a_page_is_served() {
    let (left, right) = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap();
    let pages = Router::new().route("/", get(|| async { "hello from user space" }));
    tokio::spawn(async move { axum::serve(listener, pages).await });

    let mut stream = TcpStream::connect_on(&left, (RIGHT, 80)).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: synfin\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nhello from user space"), "{answer}");
}
