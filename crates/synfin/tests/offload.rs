//! A device that takes single segments alone: the stack deals in super-segments all the same.

mod common;

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

use common::{LEFT, RIGHT, capabilities, pattern};
use synfin::memory::Memory;
use synfin::net::{TcpListener, TcpStream};
use synfin::{Capabilities, Stack, memory};
use synfin_device::{Device, Offload, PacketIn, PacketOut, Transmit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TEXT: usize = 2 << 20;
const SEGMENT: u64 = 1448;

/// Counts what crosses it, and lets nothing pass that a plain device would not.
struct Plain {
    device: Memory,
    sent: Arc<AtomicU64>,
}

impl Device for Plain {
    fn capabilities(&self) -> Capabilities {
        self.device.capabilities()
    }

    fn receive(&mut self) -> io::Result<Option<PacketIn>> {
        self.device.receive()
    }

    fn transmit(&mut self, packet: &PacketOut<'_>) -> io::Result<Transmit> {
        assert!(packet.len() <= 1500);
        assert_eq!(packet.offload, Offload::default());
        let transmit = self.device.transmit(packet)?;
        self.sent.fetch_add(u64::from(transmit == Transmit::Sent), Ordering::Relaxed);
        Ok(transmit)
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.device.poll_fd()
    }

    fn wake(&mut self, waker: &Waker) -> bool {
        self.device.wake(waker)
    }
}

/// Two stacks over plain devices, each with how many packets its device has sent.
fn stacks() -> [(Stack, Arc<AtomicU64>); 2] {
    // A short queue: the device is often full in the middle of a super-segment.
    let (left, right) = memory::pair(capabilities(false), 16).unwrap();
    [(left, LEFT), (right, RIGHT)].map(|(device, address)| {
        let sent = Arc::new(AtomicU64::new(0));
        let device = Plain { device, sent: Arc::clone(&sent) };
        (Stack::builder(device).address(&format!("{address}/24")).spawn().unwrap(), sent)
    })
}

async fn send_and_receive(stream: TcpStream, text: &[u8]) -> Vec<u8> {
    let (mut reader, mut writer) = stream.into_split();
    let mut received = Vec::new();
    let send = async {
        writer.write_all(text).await.unwrap();
        writer.shutdown().await.unwrap();
    };
    let (_, read) = tokio::join!(send, reader.read_to_end(&mut received));
    read.unwrap();
    received
}

// Time passes only when nobody has anything to do: no timer expires for want of a processor.
#[tokio::test(start_paused = true)]
async fn a_stack_is_asked_for_few_packets_where_many_cross_the_link() {
    let [(left, left_sent), (right, right_sent)] = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (client, server) = tokio::join!(TcpStream::connect_on(&left, addr), listener.accept());
    let (there, back) = (pattern(TEXT), pattern(TEXT + 1));
    let (client, server) =
        tokio::join!(send_and_receive(client.unwrap(), &there), send_and_receive(server.unwrap().0, &back));
    assert!(client == back && server == there, "what arrives is not what was sent");
    for (stack, sent) in [(&left, &left_sent), (&right, &right_sent)] {
        let (crossed, counters) = (sent.load(Ordering::Relaxed), stack.counters());
        assert!(crossed > TEXT as u64 / SEGMENT, "{crossed} packets");
        assert!(counters.packets_out < crossed / 4, "{} packets asked for", counters.packets_out);
        assert!(counters.packets_in < crossed / 4, "{} packets taken in", counters.packets_in);
        assert_eq!(counters.dropped, 0);
    }
}
