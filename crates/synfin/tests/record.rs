//! What a recorder is told, and what a path is handed.

mod common;

use std::io;
use std::sync::{Arc, Mutex};

use common::{Hole, RIGHT, builders, pattern};
use synfin::net::{TcpListener, TcpStream};
use synfin::recorder::{Direction, Options, Record, Recorder, Sniffer};
use synfin::{CloseReason, Medium};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Notes the way and the comment of each packet.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<(Direction, String)>>>);

impl Recorder for Notes {
    fn record(&mut self, record: &Record<'_>) -> io::Result<()> {
        let comment = record.comment.unwrap_or_default().to_owned();
        self.0.lock().unwrap().push((record.direction, comment));
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.lock().unwrap().push((Direction::Outbound, "finished".to_owned()));
        Ok(())
    }
}

#[tokio::test]
async fn every_packet_is_recorded_with_its_reason_and_the_state_behind_it() {
    let notes = Notes::default();
    let (left, right) = builders();
    let left = left.recorder(notes.clone()).spawn().unwrap();
    let _right = right.spawn().unwrap();
    TcpStream::connect_on(&left, (RIGHT, 80)).await.unwrap_err();
    left.shutdown();
    left.stopped().await.unwrap();
    let expected = [
        (Direction::Outbound, "syn [RFC 9293 3.10.1]; sender SYN-SENT".to_owned()),
        (Direction::Inbound, "receiver CLOSED".to_owned()),
        (Direction::Outbound, "finished".to_owned()),
    ];
    assert_eq!(*notes.0.lock().unwrap(), expected);
}

/// Fails as a full disk does.
struct Full;

impl io::Write for Full {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        // The blocks at the beginning fit.
        if buf.len() < 100 { Ok(buf.len()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_recording_that_fails_harms_nobody() {
    let options = Options { medium: Medium::Ip, interface: "", snap_len: 0 };
    let (left, right) = builders();
    let left = left.recorder(Sniffer::new(Full, options).unwrap()).spawn().unwrap();
    let right = right.spawn().unwrap();
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap();
    let (client, server) = tokio::join!(TcpStream::connect_on(&left, (RIGHT, 80)), listener.accept());
    let (mut client, (mut server, _)) = (client.unwrap(), server.unwrap());
    client.write_all(&pattern(1000)).await.unwrap();
    server.read_exact(&mut [0; 1000]).await.unwrap();
    assert_eq!(left.recording_error().unwrap().kind(), io::ErrorKind::StorageFull);
}

#[tokio::test]
async fn a_path_carries_whole_packets_of_an_mtu() {
    let (left, right) = builders();
    // The left one sends super-segments with partial checksums; the right one's path gets neither.
    let (left, right) = (left.spawn().unwrap(), right.path(Hole::default()).spawn().unwrap());
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap();
    let sent = pattern(1_000_000);
    let expected = sent.clone();
    tokio::spawn(async move {
        let mut client = TcpStream::connect_on(&left, (RIGHT, 80)).await.unwrap();
        client.write_all(&sent).await.unwrap();
        client.shutdown().await.unwrap();
        let mut back = Vec::new();
        client.read_to_end(&mut back).await.unwrap();
        assert!(back == sent, "what came back is not what was sent");
    });
    let (mut server, _) = listener.accept().await.unwrap();
    let mut received = Vec::new();
    server.read_to_end(&mut received).await.unwrap();
    assert!(received == expected, "what was received is not what was sent");
    server.write_all(&received).await.unwrap();
    server.shutdown().await.unwrap();
    assert_eq!(server.closed().await.unwrap(), CloseReason::Finished);
}
