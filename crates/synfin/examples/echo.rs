//! An echo server on synfin's own TCP, and a client, in one process with a cable in memory between them.
//!
//!     cargo run -p synfin --example echo

use std::io;

use synfin::net::{TcpListener, TcpStream};
use synfin::{Capabilities, Medium, Stack, memory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let (left, right) = memory::pair(Capabilities::new(Medium::Ip, 1500, true), 64)?;
    let left = Stack::builder(left).address("10.0.0.1/24").spawn()?;
    let right = Stack::builder(right).address("10.0.0.2/24").spawn()?;

    let listener = TcpListener::bind_on(&right, "10.0.0.2:7").await?;
    tokio::spawn(serve(listener));

    let mut stream = TcpStream::connect_on(&left, "10.0.0.2:7").await?;
    stream.write_all(b"from SYN to FIN").await?;
    stream.shutdown().await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    println!("{text}");

    if let Some(status) = stream.status() {
        println!(
            "{:?}, {} segments sent, SRTT {:?}",
            status.state, status.segments_sent, status.smoothed_rtt
        );
    }
    Ok(())
}

async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (mut stream, peer) = listener.accept().await?;
        println!("{peer} has connected");
        tokio::spawn(async move {
            let (mut reader, mut writer) = stream.split();
            tokio::io::copy(&mut reader, &mut writer).await
        });
    }
}
