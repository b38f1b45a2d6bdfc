//! A stack with two shards on a device with two queues, in memory, where the test decides which queue a packet takes.

mod common;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;

use common::{LEFT, RIGHT, capabilities, pattern};
use synfin::forward::Refusal;
use synfin::memory::{self, Memory};
use synfin::net::{TcpListener, TcpStream, UdpSocket};
use synfin::{Builder, Capabilities, ConnectOptions, Device, Medium, Stack};
use synfin_device::{PacketIn, PacketOut, Transmit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Which queue the next packets take.
type Choice = Arc<AtomicUsize>;

/// The other side of a device with several queues, as the kernel is for a TUN.
struct Fan {
    queues: Vec<Memory>,
    choice: Choice,
}

impl Device for Fan {
    fn capabilities(&self) -> Capabilities {
        self.queues[0].capabilities()
    }

    fn receive(&mut self) -> io::Result<Option<PacketIn>> {
        for queue in &mut self.queues {
            if let Some(packet) = queue.receive()? {
                return Ok(Some(packet));
            }
        }
        Ok(None)
    }

    fn transmit(&mut self, packet: &PacketOut<'_>) -> io::Result<Transmit> {
        let choice = self.choice.load(Ordering::Relaxed) % self.queues.len();
        self.queues[choice].transmit(packet)
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.queues[0].poll_fd()
    }

    fn wake(&mut self, waker: &Waker) -> bool {
        self.queues.iter_mut().all(|queue| queue.wake(waker))
    }
}

/// A stack with one shard, and one with two; the choice is the way from the first to the second.
fn builders() -> (Builder, Builder, Choice) {
    let pair = || memory::pair(capabilities(true), 256).unwrap();
    let ((one, first), (other, second)) = (pair(), pair());
    let choice = Choice::default();
    let fan = Fan { queues: vec![one, other], choice: Arc::clone(&choice) };
    let left = Stack::builder(fan).address("10.0.0.1/24");
    let right = Stack::builder(first).queues([second]).address("10.0.0.2/24");
    (left, right, choice)
}

fn stacks() -> (Stack, Stack, Choice) {
    let (left, right, choice) = builders();
    (left.spawn().unwrap(), right.spawn().unwrap(), choice)
}

async fn echo(stream: &mut TcpStream) {
    let (mut reader, mut writer) = stream.split();
    tokio::io::copy(&mut reader, &mut writer).await.unwrap();
    writer.shutdown().await.unwrap();
}

/// Sends so much, gets it back, and ends.
async fn exchange(stream: TcpStream, amount: usize) {
    let (mut reader, mut writer) = stream.into_split();
    let writing = tokio::spawn(async move {
        writer.write_all(&pattern(amount)).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let mut received = Vec::new();
    reader.read_to_end(&mut received).await.unwrap();
    writing.await.unwrap();
    assert!(received == pattern(amount));
}

#[tokio::test]
async fn one_listener_takes_the_connections_of_all_shards() {
    let (left, right, choice) = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        for _ in 0..10 {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move { echo(&mut stream).await });
        }
    });
    for turn in 0..10 {
        // The kernel keeps a flow where it was.
        choice.store(turn, Ordering::Relaxed);
        exchange(TcpStream::connect_on(&left, addr).await.unwrap(), 100_000).await;
    }
    server.await.unwrap();
    let established: Vec<u64> = right.shard_counters().iter().map(|shard| shard.established).collect();
    assert_eq!(established, [5, 5]);
    assert_eq!(right.counters().established, 10);
}

#[tokio::test]
async fn a_listener_takes_from_each_shard_in_turn() {
    let (left, right, choice) = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap();
    let mut streams = Vec::new();
    for turn in [0, 0, 0, 0, 1, 1, 1, 1] {
        choice.store(turn, Ordering::Relaxed);
        let stream = TcpStream::connect_on(&left, (RIGHT, 80)).await.unwrap();
        streams.push((stream.local_addr().unwrap(), turn));
        // Until the shard has it to be accepted: its half-open one is established by our third segment.
        while right.counters().established < streams.len() as u64 {
            tokio::task::yield_now().await;
        }
    }
    let mut turns = Vec::new();
    for _ in 0..8 {
        let (_, peer) = listener.accept().await.unwrap();
        turns.push(streams.iter().find(|(addr, _)| *addr == peer).unwrap().1);
    }
    assert_eq!(turns, [0, 1, 0, 1, 0, 1, 0, 1]);
}

#[tokio::test]
async fn a_listener_for_each_shard_takes_its_connections_alone() {
    let (left, right, choice) = stacks();
    let listeners = TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap().by_shard();
    for (turn, listener) in listeners.iter().enumerate() {
        choice.store(turn, Ordering::Relaxed);
        let stream = TcpStream::connect_on(&left, (RIGHT, 80)).await.unwrap();
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, stream.local_addr().unwrap());
    }
}

#[tokio::test]
async fn a_listener_that_goes_goes_from_every_shard() {
    let (left, right, choice) = stacks();
    for _ in 0..2 {
        let listener = TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap();
        let twice = TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap_err();
        assert_eq!(twice.kind(), ErrorKind::AddrInUse);
        drop(listener);
        for turn in 0..2 {
            choice.store(turn, Ordering::Relaxed);
            let refused = TcpStream::connect_on(&left, (RIGHT, 80)).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        }
    }
}

#[tokio::test]
async fn a_connection_of_ours_is_found_whichever_queue_its_segments_take() {
    let (left, right, choice) = stacks();
    let listener = TcpListener::bind_on(&left, (LEFT, 80)).await.unwrap();
    let server = tokio::spawn(async move {
        for _ in 0..4 {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move { echo(&mut stream).await });
        }
    });
    let mut shards = Vec::new();
    for turn in 0..4 {
        // What comes back takes one queue, the connections are of both shards in turn.
        choice.store(turn / 2, Ordering::Relaxed);
        let stream = TcpStream::connect_on(&right, (LEFT, 80)).await.unwrap();
        shards.push(stream.local_addr().unwrap().port() % 2);
        exchange(stream, 1_000_000).await;
    }
    server.await.unwrap();
    assert_eq!(shards, [0, 1, 0, 1]);
    let established: Vec<u64> = right.shard_counters().iter().map(|shard| shard.established).collect();
    assert_eq!(established, [2, 2]);
}

#[tokio::test]
async fn a_connection_of_ours_may_change_its_queue_while_it_lasts() {
    let (left, right, choice) = stacks();
    let listener = TcpListener::bind_on(&left, (LEFT, 80)).await.unwrap();
    let (accepted, stream) = tokio::join!(listener.accept(), TcpStream::connect_on(&right, (LEFT, 80)));
    let (mut theirs, mut ours) = (accepted.unwrap().0, stream.unwrap());
    for turn in 0..6 {
        choice.store(turn, Ordering::Relaxed);
        theirs.write_all(b"where are you?").await.unwrap();
        let mut buffer = [0; 14];
        ours.read_exact(&mut buffer).await.unwrap();
        ours.write_all(&buffer).await.unwrap();
        theirs.read_exact(&mut buffer).await.unwrap();
    }
    theirs.abort();
    assert_eq!(ours.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_local_port_that_is_asked_for_decides_the_shard() {
    let (left, right, choice) = stacks();
    let listener = TcpListener::bind_on(&left, (LEFT, 80)).await.unwrap();
    for port in [5000, 5001] {
        for turn in 0..2 {
            choice.store(turn, Ordering::Relaxed);
            let local: SocketAddr =
                (RIGHT.parse::<std::net::IpAddr>().unwrap(), port + 2 * turn as u16).into();
            let options = ConnectOptions { local: Some(local), ..ConnectOptions::default() };
            let addr = listener.local_addr().unwrap();
            let stream = TcpStream::open(&right, addr, options.clone()).await.unwrap();
            assert_eq!(stream.local_addr().unwrap(), local);
            let again = TcpStream::open(&right, addr, options).await.unwrap_err();
            assert_eq!(again.kind(), ErrorKind::AddrInUse);
            // Through the stream's handle, on its shard.
            let beside = TcpStream::connect_on(stream.stack(), addr).await.unwrap();
            assert_eq!(beside.local_addr().unwrap().port() % 2, port % 2);
        }
    }
}

#[tokio::test]
async fn datagrams_are_taken_from_every_queue() {
    let (left, right, choice) = stacks();
    let server = UdpSocket::bind_on(&right, (RIGHT, 53)).await.unwrap();
    let client = UdpSocket::bind_on(&left, (LEFT, 0)).await.unwrap();
    client.connect((RIGHT, 53)).await.unwrap();
    for turn in 0..4_u8 {
        choice.store(turn.into(), Ordering::Relaxed);
        client.send(&[turn; 3]).await.unwrap();
        let mut buffer = [0; 8];
        let (length, peer) = server.recv_from(&mut buffer).await.unwrap();
        server.send_to(&buffer[..length], peer).await.unwrap();
        assert_eq!(client.recv(&mut buffer).await.unwrap(), 3);
        assert_eq!(buffer[..3], [turn; 3]);
    }
}

#[tokio::test]
async fn an_icmp_error_is_heeded_whichever_queue_it_takes() {
    let (_left, right, choice) = stacks();
    for turn in 0..2 {
        choice.store(turn, Ordering::Relaxed);
        let socket = UdpSocket::bind_on(&right, (RIGHT, 0)).await.unwrap();
        socket.connect((LEFT, 9)).await.unwrap();
        socket.send(b"is anybody there?").await.unwrap();
        assert_eq!(socket.recv(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
}

#[tokio::test]
async fn requests_are_taken_from_every_shard() {
    let (left, right, choice) = builders();
    let (left, right) = (left.spawn().unwrap(), right.any_address(true).spawn().unwrap());
    let forwarder = right.forwarder().unwrap();
    assert_eq!(right.forwarder().unwrap_err().kind(), ErrorKind::AlreadyExists);
    let forwarding = tokio::spawn(async move {
        while let Some(request) = forwarder.next().await {
            match request.local().port() {
                80 => {
                    let mut stream = request.accept().unwrap();
                    tokio::spawn(async move { echo(&mut stream).await });
                }
                _ => request.refuse(Refusal::Reset),
            }
        }
    });
    for turn in 0..4 {
        choice.store(turn, Ordering::Relaxed);
        let addr: SocketAddr = "10.0.0.77:80".parse().unwrap();
        exchange(TcpStream::connect_on(&left, addr).await.unwrap(), 10_000).await;
        let refused = TcpStream::connect_on(&left, "10.0.0.77:81").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
    right.shutdown();
    forwarding.await.unwrap();
}

#[tokio::test]
async fn shards_stop_together() {
    let (left, right, _) = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap();
    assert_eq!(right.shards(), 2);
    right.shutdown();
    right.stopped().await.unwrap();
    assert_eq!(listener.accept().await.unwrap_err().kind(), ErrorKind::NetworkDown);
    assert_eq!(TcpStream::connect_on(&right, (LEFT, 80)).await.unwrap_err().kind(), ErrorKind::NetworkDown);
    drop(left);
}

#[tokio::test]
async fn a_shard_without_its_queue_stops_all() {
    let pair = || memory::pair(capabilities(true), 8).unwrap();
    let ((one, first), (other, second)) = (pair(), pair());
    let stack = Stack::builder(first).queues([second]).address("10.0.0.2/24").spawn().unwrap();
    let listener = TcpListener::bind_on(&stack, (RIGHT, 80)).await.unwrap();
    drop(other);
    assert_eq!(listener.accept().await.unwrap_err().kind(), ErrorKind::NetworkDown);
    assert_eq!(stack.stopped().await.unwrap_err().kind(), ErrorKind::NetworkDown);
    drop(one);
}

#[tokio::test]
async fn what_was_sent_arrives_though_nobody_holds_the_stack_any_more() {
    let (left, right, choice) = stacks();
    // All that comes back takes the second queue, whose shard has nothing to do once its connection is reset.
    choice.store(1, Ordering::Relaxed);
    let listener = TcpListener::bind_on(&left, (LEFT, 80)).await.unwrap();
    let mut streams = Vec::new();
    for _ in 0..2 {
        let (accepted, stream) = tokio::join!(listener.accept(), TcpStream::connect_on(&right, (LEFT, 80)));
        streams.push((accepted.unwrap().0, stream.unwrap()));
    }
    let ((idle, aborted), (mut theirs, mut ours)) = (streams.pop().unwrap(), streams.pop().unwrap());
    assert_eq!([&ours, &aborted].map(|stream| stream.local_addr().unwrap().port() % 2), [0, 1]);
    aborted.abort();
    ours.write_all(&pattern(200_000)).await.unwrap();
    drop((right, ours, aborted, idle));
    let mut received = Vec::new();
    theirs.read_to_end(&mut received).await.unwrap();
    assert!(received == pattern(200_000));
}

#[tokio::test]
async fn queues_that_cannot_be_shards_are_refused() {
    let device = |capabilities| memory::pair(capabilities, 8).unwrap().0;
    let ip = |mtu| device(Capabilities::new(Medium::Ip, mtu, true));
    let unlike = Stack::builder(ip(1500)).queues([ip(1400)]).spawn().unwrap_err();
    assert!(unlike.to_string().contains("not those of one device"), "{unlike}");
    let path = Stack::builder(ip(1500)).queues([ip(1500)]).path(common::Hole::default()).spawn().unwrap_err();
    assert!(path.to_string().contains("cannot share a path"), "{path}");
}

#[test]
fn threads_of_their_own_drive_them() {
    let (left, right, choice) = builders();
    let (left, right) = (left.spawn_thread().unwrap(), right.spawn_thread().unwrap());
    let listener = synfin::blocking::TcpListener::bind_on(&right, (RIGHT, 80)).unwrap();
    for turn in 0..4 {
        choice.store(turn, Ordering::Relaxed);
        let client = synfin::blocking::TcpStream::connect_on(&left, (RIGHT, 80)).unwrap();
        let (_, peer) = listener.accept().unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
    }
}
