use std::future::pending;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use axum::serve::Listener;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::watch;

use super::serve_until;

const PATIENCE: Duration = Duration::from_secs(30);

/// Brings one connection.
struct One(Option<DuplexStream>);

impl Listener for One {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.take() {
            Some(stream) => (stream, ()),
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

/// All that is answered to `said`, behind which there is silence, up to the end of the connection.
async fn answer(said: &[u8]) -> String {
    let (mut here, there) = duplex(65_536);
    let (_end, ended) = watch::channel(false);
    let page = Router::new().route("/", get(async || "the page"));
    tokio::spawn(serve_until(One(Some(there)), page, PATIENCE, ended));
    here.write_all(said).await.unwrap();
    let mut answer = String::new();
    here.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(start_paused = true)]
async fn who_keeps_silent_is_hung_up_on() {
    assert_eq!(answer(b"").await, "");
    assert_eq!(answer(b"GET / HT").await, "");
    let idle = answer(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(idle.starts_with("HTTP/1.1 200 OK\r\n") && idle.ends_with("the page"), "{idle}");
}
