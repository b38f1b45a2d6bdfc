//! An axum server and a client in one process, a bad network between them, and a clock that nobody waits for.
//!
//! `cargo run -p synfin --features axum --example virtual_time -- 1000` asks a thousand times, each time over a
//! network of another seed, and prints how long it took on its clock and on yours.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use synfin::net::{TcpListener, TcpStream};
use synfin::path::{Instant, Path};
use synfin::{Capabilities, Medium, Stack, memory};
use synfin_sim::{Link, LinkConfig, Loss, Probability};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A link in each direction.
struct Cable {
    outgoing: Link,
    incoming: Link,
}

impl Path for Cable {
    fn outgoing(&mut self, packet: Bytes, now: Instant) {
        self.outgoing.push(packet, now);
    }

    fn incoming(&mut self, packet: Bytes, now: Instant) {
        self.incoming.push(packet, now);
    }

    fn poll_outgoing(&mut self, now: Instant) -> Option<Bytes> {
        self.outgoing.pop(now)
    }

    fn poll_incoming(&mut self, now: Instant) -> Option<Bytes> {
        self.incoming.pop(now)
    }

    fn next_due(&self) -> Option<Instant> {
        [self.outgoing.next_due(), self.incoming.next_due()].into_iter().flatten().min()
    }
}

/// Two stacks on one cable. Everything that is left to chance comes from the seed.
fn stacks(config: LinkConfig, seed: u64) -> io::Result<(Stack, Stack)> {
    let (left, right) = memory::pair(Capabilities::new(Medium::Ip, 1500, false), 1024)?;
    let (outgoing, incoming) = Link::pair(config, seed);
    let secret = |host: u8| {
        let mut secret = [host; 32];
        secret[..8].copy_from_slice(&seed.to_le_bytes());
        secret
    };
    let left = Stack::builder(left).address("10.0.0.1/24").secret(secret(1));
    let right = Stack::builder(right).address("10.0.0.2/24").secret(secret(2));
    Ok((left.path(Cable { outgoing, incoming }).spawn()?, right.spawn()?))
}

/// Serves a page that takes a minute to make, asks for it, and returns the answer.
async fn ask(config: LinkConfig, seed: u64) -> io::Result<String> {
    let (left, right) = stacks(config, seed)?;
    let listener = TcpListener::bind_on(&right, "10.0.0.2:80").await?;
    let page = || async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        "worth the wait ".repeat(10_000)
    };
    let server =
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(page))).await });

    let mut stream = TcpStream::connect_on(&left, "10.0.0.2:80").await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: synfin\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    server.abort();
    Ok(answer)
}

/// How long that took on the clock of the network. `start_paused` is what makes it one: whenever all tasks wait,
/// the clock jumps to what they wait for.
pub(crate) fn simulate(config: LinkConfig, seed: u64) -> io::Result<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        let start = tokio::time::Instant::now();
        let answer = ask(config, seed).await?;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "seed {seed}: {answer:.100}");
        assert_eq!(answer.matches("worth the wait").count(), 10_000, "seed {seed}");
        Ok(start.elapsed())
    })
}

fn main() -> io::Result<()> {
    let seeds: u64 = std::env::args().nth(1).and_then(|seeds| seeds.parse().ok()).unwrap_or(100);
    let config = LinkConfig {
        delay: Duration::from_millis(40),
        jitter: Duration::from_millis(10),
        loss: Loss::Independent(Probability::from_percent(2)),
        ..LinkConfig::default()
    };
    let start = std::time::Instant::now();
    let mut simulated = Duration::ZERO;
    for seed in 0..seeds {
        simulated += simulate(config.clone(), seed)?;
    }
    println!("{seeds} networks: {simulated:.1?} on their clocks, {:.1?} on this one", start.elapsed());
    Ok(())
}
